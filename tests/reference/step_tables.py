"""The reference cases of several steps: what is supplied at each step, what the states are after it."""

from __future__ import annotations

from .cases import Steps
from .golden import Golden, Named, stacked


def _plain(variant: str, base: str, body: str) -> str:
    """A variant whose train block takes the step that the case takes."""
    return f"\nvariant {variant} from {base}:\n    train from this:\n{body}"


HARDNESS = [
    Steps(
        "hardness-aware/memory_bank_hard_3steps",
        "hardness-aware",
        3,
        "case",
        {"tau": "temperature", "nearest": "kept", "keep": "bank_momentum"},
        {"bank": lambda g: g.named("inputs/bank_init", "sample dim")},
        {
            "x": lambda g, n: g.named(f"inputs/x_step{n}", "item width"),
            "id": lambda g, n: g.named(f"inputs/index_step{n}", "item"),
        },
        reads={
            "bank": lambda g, n: g.named(f"outputs/bank_after_step{n}", "sample dim"),
            "g.weight": lambda g, n: g.named(f"outputs/weight_after_step{n}", "axis0 axis1"),
        },
        gradients={"g.weight": lambda g, n: g.named(f"gradients/loss_step{n}/weight", "axis0 axis1")},
        weight=lambda g: g.tensor("inputs/weight_init"),
        extra=_plain("case", "as_published", "        minimize mean(capped(pull)) by sgd(lr = 0.3)\n"),
    ),
    Steps(
        "hardness-aware/memory_bank_simple_2steps",
        "hardness-aware",
        2,
        "case",
        {"keep": "bank_momentum"},
        {"bank": lambda g: g.named("inputs/bank_init", "sample dim")},
        {
            "x": lambda g, n: g.named(f"inputs/x_step{n}", "item width"),
            "id": lambda g, n: g.named(f"inputs/index_step{n}", "item"),
        },
        reads={
            "bank": lambda g, n: g.named(f"outputs/bank_after_step{n}", "sample dim"),
            "g.weight": lambda g, n: g.named(f"outputs/weight_after_step{n}", "axis0 axis1"),
        },
        gradients={"g.weight": lambda g, n: g.named(f"gradients/loss_step{n}/weight", "axis0 axis1")},
        weight=lambda g: g.tensor("inputs/weight_init"),
        extra=_plain("case", "as_published_simple", "        minimize mean(flat(pull)) by sgd(lr = 0.3)\n"),
    ),
]

CACR = [
    Steps(
        "cacr/momentum_queue_3steps",
        "cacr",
        3,
        "case",
        {"views": "views", "keep": "ema_momentum", "attract": "tau_pos", "repel": "tau_neg"},
        {"Q": lambda g: g.named("inputs/queue_init", "slot dim")},
        {"x": lambda g, n: g.named(f"inputs/x_step{n}", "v item width")},
        reads={
            "Q": lambda g, n: g.named(f"outputs/queue_after_step{n}", "slot dim"),
            "pointer of slot": lambda g, n: g.named(f"outputs/queue_ptr_after_step{n}", ""),
            "g.weight": lambda g, n: g.named(f"outputs/encoder_weight_after_step{n}", "axis0 axis1"),
            "t.g.weight": lambda g, n: g.named(f"outputs/key_encoder_weight_after_step{n}", "axis0 axis1"),
        },
        gradients={"g.weight": lambda g, n: g.named(f"gradients/loss_step{n}/encoder_weight", "axis0 axis1")},
        reports={
            "close": lambda g, n: g.named(f"outputs/attraction_step{n}", ""),
            "apart": lambda g, n: g.named(f"outputs/repulsion_step{n}", ""),
        },
        weight=lambda g: g.tensor("inputs/encoder_weight_init"),
        extra=_plain("case", "momentum", "        minimize close + apart by sgd(lr = 0.5)\n"),
    )
]

ISOGCLR = [
    Steps(
        "isogclr/unimodal_3steps",
        "isogclr",
        3,
        None,
        {"gamma": "gamma", "rho": "rho", "eta": "eta_init", "beta": "beta_u", "tau0": "tau_init"},
        {},
        {
            "z": lambda g, n: g.named(f"inputs/z_step{n}", "item v dim"),
            "id": lambda g, n: g.named(f"inputs/index_step{n}", "item"),
        },
        clock=lambda n: {"epoch": (0, 0, 1)[n]},
        reads={
            name: lambda g, n, name=name: g.named(f"outputs/{name}_after_step{n}", "sample")  # type: ignore[misc]
            for name in ("s", "u", "tau")
        },
        gradients={"z": lambda g, n: g.named(f"gradients/loss_step{n}/z_step{n}", "item v dim")},
        sizes={"sample": 6},
    )
]

_TABLES = {"si": "s_I", "st": "s_T", "ui": "u_I", "ut": "u_T", "bi": "b_I", "bt": "b_T", "ti": "tau_I", "tt": "tau_T"}


def _bimodal(case: str, variant: str, params: dict[str, str], index: str, extra: str) -> Steps:
    epochs = (0, 0, 1) if index == "index" else (1, 1, 1)
    return Steps(
        f"isogclr/{case}",
        "isogclr-bimodal",
        3,
        variant,
        params,
        {},
        {
            "zi": lambda g, n: g.named(f"inputs/image_z_step{n}", "item dim"),
            "zt": lambda g, n: g.named(f"inputs/text_z_step{n}", "item dim"),
            "id": lambda g, n: g.named(f"inputs/{index}_step{n}", "item"),
        },
        clock=lambda n: {"epoch": epochs[n]},
        reads={
            name: lambda g, n, table=table: g.named(f"outputs/{table}_after_step{n}", "sample")  # type: ignore[misc]
            for name, table in _TABLES.items()
        },
        gradients={
            "zi": lambda g, n: g.named(f"gradients/loss_step{n}/image_z_step{n}", "item dim"),
            "zt": lambda g, n: g.named(f"gradients/loss_step{n}/text_z_step{n}", "item dim"),
        },
        sizes={"sample": 6},
        extra=extra,
    )


# the authors' repository keeps the own pair in the expectation and divides by B - 1
OWN_PAIR = """
variant repository:
    def top_pair(R, mine)[a in R] = max[n in a.candidate](gap(R, mine, a, n))
    def expected(R, mine, shift)[a in R] = (
        sum[n in a.candidate](exp(gap(R, mine, a, n) - a.shift)) / count[n in a.negative](n)
    )
    def surrogate(R, mine, shift, now)[a in R]:
        let own = mean[p in a.positive](R.similarity(a, p))
        sum[n in a.candidate](
            stop(exp(gap(R, mine, a, n) - a.shift) / (a.now + tiny)) * (R.similarity(a, n) - own)
        ) / count[n in a.negative](n)
    def slope(R, mine, shift, now)[a in R]:
        let pull = sum[n in a.candidate](exp(gap(R, mine, a, n) - a.shift) / (a.now + tiny) * gap(R, mine, a, n))
        log(a.now) + a.shift + rho - pull / count[n in a.negative](n)
"""

# the library masks the own pair, sums instead of averaging, halves the two sides, and warms its averages in epoch 0
LIBRARY = """
variant library:
    def moving(old, before, after, fresh) = (
        fresh if epoch == 0 and sum(old) == 0 else (1 - gamma) * old * exp(before - after) + gamma * fresh
    )
    let now_i = moving(si[sample = id], bi[sample = id], shift_i, fresh_i)
    let now_t = moving(st[sample = id], bt[sample = id], shift_t, fresh_t)
    let both = mean(surrogate(images, mi, shift_i, now_i)) + mean(surrogate(texts, mt, shift_t, now_t))
    train from this:
        minimize (size(item) - 1) * both / 2 by sgd(lr = 0)
"""

ISOGCLR += [
    _bimodal(
        "bimodal_3steps",
        "repository",
        {"gamma": "gamma", "rho": "rho_init", "eta": "eta_init", "beta": "beta_u", "tau0": "tau_init", "tiny": "eps"},
        "image_index",
        OWN_PAIR,
    ),
    _bimodal(
        "bimodal_library_3steps",
        "library",
        {
            "gamma": "gamma",
            "rho": "rho",
            "eta": "eta",
            "beta": "beta",
            "tau0": "tau",
            "high": "tau_max",
            "bound": "inf",
        },
        "index",
        LIBRARY,
    ),
]


def _mochi(g: Golden, n: int) -> Named:
    return stacked("v", [g.at_step("inputs/query", n, "item dim"), g.at_step("inputs/key", n, "item dim")])


def _query_gradient(g: Golden, n: int) -> Named:
    tensor, axes = g.at_step("gradients/loss/query", n, "item dim")
    return stacked("v", [(tensor, axes), (tensor * 0, axes)])


MOCHI = [
    Steps(
        "mochi/mochi-4steps-warmup",
        "mochi",
        4,
        "case",
        {"tau": "tau", "hardest": "n_hard"},
        {"Q": lambda g: g.named("inputs/queue_init", "slot dim")},
        {
            "x": _mochi,
            "i": lambda g, n: (g.tensor("inputs/pair_rank")[n, 0], ("item", "mix")),
            "j": lambda g, n: (g.tensor("inputs/pair_rank")[n, 1], ("item", "mix")),
            "share": lambda g, n: g.at_step("inputs/alpha", n, "item mix"),
            "r": lambda g, n: g.at_step("inputs/mix_rank", n, "item blend"),
            "own": lambda g, n: g.at_step("inputs/beta", n, "item blend"),
        },
        loss=lambda g, n: g.tensor("outputs/loss_per_step")[n],
        reads={
            "Q": lambda g, n: g.at_step("outputs/queue_after_step", n, "slot dim"),
            "pointer of slot": lambda g, n: g.at_step("outputs/pointer_after_step", n, ""),
        },
        gradients={"x": _query_gradient},
        reports={
            "slots(pull)": lambda g, n: g.at_step("outputs/hard_slots", n, "item rank"),
            "logits(pull)": lambda g, n: (g.tensor(f"outputs/logits_step{n}").sort(-1).values, ("item", "rank")),
        },
        # the case counts steps from 1: a type is active when step + 1 > start
        extra="""
variant case:
    def slots(R)[a in R]:
        let hard = R.hard(a)
        let each[rank = hardest] = hard[rank = rank].slot
        each
    def logits(R)[a in R] = sort[c in a.candidate](R(a, c))
    contrast pull:
        negative c in Q
        negative c in two if step >= 1
        negative c in one if step >= 2
""",
    )
]


def _swav(case: str, variant: str, number: int, extra: str) -> Steps:
    reads = {"C": lambda g, n: g.at_step("outputs/prototypes_after_step", n, "word dim")}
    if variant == "queued":
        reads["Q"] = lambda g, n: g.at_step("outputs/queue_after_step", n, "maker slot dim")
    return Steps(
        f"swav/{case}",
        "swav",
        number,
        variant,
        {
            "crops": "n_crops",
            "tau": "temperature",
            "eps": "epsilon",
            "frozen_steps": "freeze_prototypes_niters",
            "slots": "queue_length",
        }
        if variant == "queued"
        else {"crops": "n_crops", "tau": "temperature", "eps": "epsilon", "frozen_steps": "freeze_prototypes_niters"},
        {"C": lambda g: g.named("inputs/prototypes_init", "word dim")},
        {"x": lambda g, n: g.at_step("inputs/embedding", n, "crop item dim")},
        loss=lambda g, n: g.tensor("outputs/loss_per_step")[n],
        reads=reads,
        gradients={
            "x": lambda g, n: g.at_step("gradients/loss/embedding", n, "crop item dim"),
            # while the prototypes are frozen the published code drops their gradient and records zeros
            "C": lambda g, n: (
                None
                if n < g.params["freeze_prototypes_niters"]
                else g.at_step("gradients/loss/prototypes", n, "word dim")
            ),
        },
        reports={"code": lambda g, n: g.at_step("outputs/assignment", n, "maker item word")},
        extra=extra,
    )


STEP = """    train from this:
        minimize mean[maker, crop, item if crop != maker](swap) over C if step >= frozen_steps by sgd(lr = 0.5)
"""
SWAV = [
    _swav("multicrop-loss", "plain", 1, f"\nvariant plain:\n{STEP}"),
    _swav(
        "queue-4steps",
        "queued",
        4,
        f'\nvariant queued from queue:\n{STEP}        Q <- push[slot](Q, lead, order = "front")\n',
    ),
]

STEPS = [*HARDNESS, *CACR, *ISOGCLR, *MOCHI, *SWAV]
