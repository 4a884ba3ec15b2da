"""Two readings, two numbers: a plausible misreading of a method, written as a spec, gives another value.

`right` is the number of the published case, `other` that of the misreading, which `extra` writes down as a variant.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import step_tables, tables
from .cases import Case, Steps


@dataclass(frozen=True)
class Reading:
    """`step` is the step whose loss is compared, None for a case of one step. `read` asks for an entry of a state.

    `published` and `case` give the right number, `expression` and the case with `extra` the other one.
    """

    place: str
    case: Case | Steps
    extra: str
    right: float
    other: float
    published: str = ""
    expression: str = ""
    step: int | None = None
    read: tuple[str, int] | None = None

    @property
    def misread(self) -> Case | Steps:
        """The case of the misreading: the variant that `extra` writes."""
        return replace(self.case, variant="misread", extra=self.case.extra + self.extra) if self.extra else self.case

    def __str__(self) -> str:
        return self.place


DCL, INFO, MOCHI = tables.DCL[0], tables.HARDNESS[2], tables.MOCHI[0]
GROCO, CACR, SUPREMIX = tables.GROCO[1], tables.CACR[0], tables.SUPREMIX[0]
UNIMODAL, QUEUE = step_tables.ISOGCLR[0], step_tables.SWAV[1]

SWAP = "mean[maker, crop, item if crop != maker](swap)"
STEP = "over C if step >= frozen_steps by sgd(lr = 0.5)"
PUSH = 'Q <- push[slot](Q, lead, order = "front")'

READINGS = [
    Reading(
        "dcl: one log over both views, or one per view",
        DCL,
        """
variant misread:
    def per_view(R)[a in R] = (
        logsumexp[n in a.negative if n.v == a.v](R(a, n)) + logsumexp[n in a.negative if n.v != a.v](R(a, n))
        - mean[p in a.positive](R(a, p))
    )
""",
        0.6222,
        2.1897,
        "mean(decoupled(pull))",
        "mean(per_view(pull))",
    ),
    Reading(
        "dcl: positive outside the denominator, or inside",
        DCL,
        "",
        0.6222,
        1.4880,
        "mean(decoupled(pull))",
        "mean(infonce(pull))",
    ),
    Reading(
        "mochi: other keys of the batch ignored, or negatives",
        MOCHI,
        """
variant misread from case:
    contrast pull:
        negative c in Q
        negative c in k if c.item != a.item
        negative c in two
        negative c in one
""",
        1.2563,
        1.4674,
        "mean(infonce(pull))",
        "mean(infonce(pull))",
    ),
    Reading(
        "mochi: each anchor's hardest rows, or the first anchor's for all",
        MOCHI,
        """
variant misread from case:
    contrast pull:
        let hard = {n in Q top hardest by dot(q[item = 0], n)}
""",
        1.2563,
        1.0462,
        "mean(infonce(pull))",
        "mean(infonce(pull))",
    ),
    Reading(
        "mochi: ranks index the sorted list, or the queue",
        MOCHI,
        """
variant misread from case:
    contrast pull:
        let two = stop(unit(a.share * Q[slot = a.i] + (1 - a.share) * Q[slot = a.j]))
        let one = stop(unit(a.own * a + (1 - a.own) * Q[slot = a.r]))
""",
        1.2563,
        0.8438,
        "mean(infonce(pull))",
        "mean(infonce(pull))",
    ),
    Reading(
        "swav: the queue read then pushed, or pushed first",
        QUEUE,
        f"""
variant misread from queued:
    train on photos(batch = 2, epochs = 1):
        C <- unit(C)
        {PUSH}
        minimize {SWAP} {STEP}
""",
        2.3321,
        5.4833,
        step=2,
    ),
    Reading(
        "swav: a half-filled queue is unused, or its written part is used",
        QUEUE,
        "\nvariant misread from queued:\n    let past = dot(Q, C)\n",
        4.1770,
        5.6137,
        step=1,
    ),
    Reading(
        "swav: plan normalised words then rows, or rows then words",
        QUEUE,
        """
variant misread from queued:
    let plan = sinkhorn[pool, word](cat[(slot, item) -> pool](past, dot(lead, C)) / eps, rounds = 3)
""",
        5.2623,
        6.8337,
        step=0,
    ),
    Reading(
        "swav: a crop does not predict its own code, or does",
        QUEUE,
        f"\nvariant misread from queued:\n    train from this:\n        minimize mean(swap) {STEP}\n        {PUSH}\n",
        5.2623,
        4.2735,
        step=0,
    ),
    Reading(
        "groco: negatives of the same view, or of all views",
        GROCO,
        """
variant misread from case:
    contrast order:
        negative c in y if c.item != a.item top hardest by cos(a, c)
""",
        0.4200,
        0.4723,
        "mean(grouped(order))",
        "mean(grouped(order))",
    ),
    Reading(
        "groco: both lists rising before the sorter, or hardest first",
        GROCO,
        """
variant misread from case:
    def grouped(R)[a in R]:
        let low = -sort[n in a.negative](-R(a, n))
        let high = sort[p in a.positive](R(a, p))
        let k = count[n in a.negative](n)
        let M = soft_sort[slot -> place](cat[slot](low[rank -> slot], high[rank -> slot]), steepness = steepness)
        let below = clamp(sum[place if place < k](M), 0, 1)
        let above = clamp(sum[place if place >= k](M), 0, 1)
        mean[slot](bce(below, slot < k) + bce(above, slot >= k)) / 2
""",
        0.4200,
        0.3966,
        "mean(grouped(order))",
        "mean(grouped(order))",
    ),
    Reading(
        "hardness: hardest negatives and the positive, or top k of the whole row",
        INFO,
        """
variant misread from case:
    def row(R)[a in R] = logsumexp[n in bank top 3 by dot(a, n)](R(a, n)) - mean[p in a.positive](R(a, p))
""",
        1.5533,
        1.3933,
        "mean(infonce(hardest))",
        "mean(row(pull))",
    ),
    Reading(
        "cacr: repulsion weights within one pair of views, or over all other views",
        CACR,
        """
variant misread:
    contrast repulsion:
        anchor   a in z
        negative c in z if c.item != a.item and c.v != a.v
    let apart = mean(pushed(repulsion, repel))
""",
        0.9177,
        1.1339,
        "close + apart",
        "close + apart",
    ),
    Reading(
        "cacr: view pairs v < w, or both orders",
        CACR,
        "\nvariant misread:\n    let apart = mean[item, v, w if v != w](pushed(repulsion, repel))\n",
        0.9177,
        0.9871,
        "close + apart",
        "close + apart",
    ),
    Reading(
        "isogclr: weights from the new average, or the stored one",
        UNIMODAL,
        """
variant misread:
    let stored = batch if epoch == 0 else s[sample = id]
    train from this:
        minimize mean[item](sum[v](surrogate(pull, stored))) by sgd(lr = 0)
""",
        1.4425,
        1.2512,
        step=2,
    ),
    Reading(
        "isogclr: the temperature from u just written, or as it was",
        UNIMODAL,
        """
variant misread:
    train on photos(batch = 4, epochs = 1):
        minimize mean[item](sum[v](surrogate(pull, now))) by sgd(lr = 0)
        s[sample = id] <- mean[v](now)
        tau[sample = id] <- clamp(tau[sample = id] - eta * u[sample = id], low, high)
        u[sample = id] <- (1 - beta) * u[sample = id] + beta * steep
""",
        0.1147,
        0.1000,
        read=("tau", 0),
        step=2,
    ),
    Reading(
        "supremix: one denominator, or its own for each positive",
        SUPREMIX,
        "\nuse std.losses (infonce)\nvariant misread from case:\n    param magnify = true\n",
        3.9250,
        3.7486,
        "mean(supcon(order))",
        "mean(infonce(order))",
    ),
    Reading(
        "supremix: weight by the mixed label, or by the parent's",
        SUPREMIX,
        """
variant misread from case:
    contrast order:
        let soft[k in z] = rows(stop(share[a, k] * a + (1 - share[a, k]) * k), age = k.age) if k.age != a.age
""",
        3.9250,
        4.0793,
        "mean(supcon(order))",
        "mean(supcon(order))",
    ),
]
