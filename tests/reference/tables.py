"""The reference cases as a table: spec, variant, what is supplied, which expression is which output."""

from __future__ import annotations

import torch

from .cases import Case, Supply
from .golden import Golden, Named, stacked


def _dcl(case: str, variant: str | None, loss: str, weighted: bool = False) -> Case:
    def views(part: str, name: str) -> Supply:
        return lambda g: stacked("v", [g.named(f"{part}/{name}{n}", "item dim") for n in (1, 2)])

    outputs: dict[str, Supply] = {
        f"mean({loss})": lambda g: g.named("outputs/loss", ""),
        f"mean[item]({loss}[v = 0])": lambda g: g.named("outputs/loss_12", ""),
        f"mean[item]({loss}[v = 1])": lambda g: g.named("outputs/loss_21", ""),
    }
    if weighted:
        outputs["w"] = lambda g: g.named("outputs/weight_12", "item")
    params = {"tau": "tau", "sigma": "sigma"} if weighted else {"tau": "tau"}
    return Case(
        f"dcl/{case}",
        "dcl",
        variant,
        params,
        {"x": views("inputs", "embedding_")},
        outputs,
        {(f"mean({loss})", "x"): views("gradients", "loss/embedding_")},
    )


DCL = [
    _dcl("dcl-exact", None, "decoupled(pull)"),
    _dcl("dcl", "as_published", "leaky(pull)"),
    _dcl("dclw", "weighted", "decoupled(pull, w)", weighted=True),
    _dcl("dclw-detached", "weighted_detached", "decoupled(pull, w)", weighted=True),
]

# states carry no gradient: where a case asks for the candidates' gradient, the bank is a trained tensor
TRAINED_BANK = """
use std.losses (infonce, simple_loss, hardness_entropy)
variant case:
    learn bank[sample, dim] ~ normal(0, 1)
    let id[item] = item
    def gap(R)[a in R] = max(0, max[n in a.negative](R(a, n)) - max[p in a.positive](R(a, p)))
    let s = dot(z, bank)
    let unlike = not (sample == id)
    contrast pull:
        similarity s[item = a.item, sample = c.sample]
    contrast hardest from pull:
        let kept = 3
"""


def _index(axis: str, size: str) -> Supply:
    return lambda g: (torch.arange(int(g.params[size])), (axis,))


HARDNESS = [
    Case(
        "hardness-aware/infonce_relative_penalties",
        "hardness-aware",
        "case",
        {"tau": "temperature"},
        {
            "z": lambda g: g.named("inputs/z", "item dim"),
            "bank": lambda g: g.named("inputs/candidate", "sample dim"),
            "id": lambda g: g.named("inputs/positive_index", "item"),
        },
        {
            "mean(infonce(pull))": lambda g: g.named("outputs/loss", ""),
            "softmax[sample](s / tau)": lambda g: g.named("outputs/probability", "item sample"),
            "softmax[sample if unlike](s / tau) else 0": lambda g: g.named("outputs/relative_penalty", "item sample"),
            "hardness_entropy(pull)": lambda g: g.named("outputs/penalty_entropy", "item"),
            "mean(gap(pull))": lambda g: g.named("outputs/small_tau_limit", ""),
        },
        {
            ("mean(infonce(pull))", "z"): lambda g: g.named("gradients/loss/z", "item dim"),
            ("mean(infonce(pull))", "bank"): lambda g: g.named("gradients/loss/candidate", "sample dim"),
        },
        extra=TRAINED_BANK,
    ),
    Case(
        "hardness-aware/infonce_relative_penalties",
        "hardness-aware",
        "case",
        {"tau": "temperature"},
        {
            "z": lambda g: g.named("inputs/z", "item dim"),
            "bank": lambda g: g.named("inputs/candidate", "sample dim"),
            "id": lambda g: g.named("inputs/positive_index", "item"),
            "s": lambda g: (g.tensor("inputs/z") @ g.tensor("inputs/candidate").T, ("item", "sample")),
        },
        {"mean(infonce(pull))": lambda g: g.named("outputs/loss", "")},
        {("mean(infonce(pull))", "s"): lambda g: g.named("gradients/loss/similarity", "item sample")},
        extra=TRAINED_BANK,
    ),
    Case(
        "hardness-aware/hard_threshold",
        "hardness-aware",
        "case",
        {"tau": "temperature", "lam": "simple_lambda"},
        {
            "z": lambda g: g.named("inputs/z", "item dim"),
            "bank": lambda g: g.named("inputs/candidate", "sample dim"),
            "id": _index("item", "anchors"),
        },
        {
            "hardest.cut": lambda g: g.named("outputs/threshold", "item"),
            "s >= hardest.cut and unlike": lambda g: g.named("outputs/hard_mask", "item sample"),
            "mean(infonce(hardest))": lambda g: g.named("outputs/hard_contrastive", ""),
            "mean(simple_loss(pull, lam))": lambda g: g.named("outputs/simple", ""),
            "mean(simple_loss(hardest, lam))": lambda g: g.named("outputs/hard_simple", ""),
        },
        {
            ("mean(infonce(hardest))", "z"): lambda g: g.named("gradients/hard_contrastive/z", "item dim"),
            ("mean(infonce(hardest))", "bank"): lambda g: g.named("gradients/hard_contrastive/candidate", "sample dim"),
            ("mean(simple_loss(pull, lam))", "z"): lambda g: g.named("gradients/simple/z", "item dim"),
            ("mean(simple_loss(pull, lam))", "bank"): lambda g: g.named("gradients/simple/candidate", "sample dim"),
            ("mean(simple_loss(hardest, lam))", "z"): lambda g: g.named("gradients/hard_simple/z", "item dim"),
            ("mean(simple_loss(hardest, lam))", "bank"): lambda g: g.named(
                "gradients/hard_simple/candidate", "sample dim"
            ),
        },
        extra=TRAINED_BANK,
    ),
    Case(
        "hardness-aware/uniformity_tolerance",
        "hardness-aware",
        None,
        {},
        {"z": lambda g: g.named("inputs/z", "item dim"), "label": lambda g: g.named("inputs/label", "item")},
        {
            "uniformity(z, t = 2)": lambda g: g.named("outputs/uniformity_log", ""),
            "log(mean[i in item, j in item if i < j](exp(-2 * dist2(z[item = i], z[item = j]))))": (
                lambda g: g.named("outputs/uniformity_log", "")
            ),
            "tolerance(z, label)": lambda g: g.named("outputs/tolerance_same_class_mean", ""),
            "mean[i in z, j in z if i.item < j.item and i.label == j.label](dot(i, j))": (
                lambda g: g.named("outputs/tolerance_same_class_mean", "")
            ),
            'tolerance(z, label, over = "all")': lambda g: g.named("outputs/tolerance_indicator_mean", ""),
            "count[i in z, j in z if i.item < j.item and i.label == j.label](i)": (
                lambda g: g.named("outputs/same_class_pairs", "")
            ),
        },
    ),
]

CACR = [
    Case(
        "cacr/euclidean_views3_items5",
        "cacr",
        None,
        {"alpha": "alpha", "beta": "beta", "attract": "tau_pos", "repel": "tau_neg", "views": "3"},
        {"z": lambda g: g.named("inputs/z", "v item dim")},
        {
            "close": lambda g: g.named("outputs/attraction", ""),
            "apart": lambda g: g.named("outputs/repulsion", ""),
            "close + apart": lambda g: g.named("outputs/loss", ""),
            "softmax[w if w != 2](attract * dist2(z[v = 2], z[v -> w]))": (
                lambda g: g.named("outputs/attraction_weights_last_query_view", "item w")
            ),
            "softmax[other if other != item](-repel * dist2(z[v = 1], z[v = 2][item -> other]))": (
                lambda g: g.named("outputs/repulsion_weights_last_view_pair", "item other")
            ),
        },
        {("close + apart", "z"): lambda g: g.named("gradients/loss/z", "v item dim")},
    ),
    Case(
        "cacr/euclidean_views2_ablation_none",
        "cacr",
        "uniform",
        {"alpha": "alpha", "beta": "beta", "views": "2"},
        {"z": lambda g: g.named("inputs/z", "v item dim")},
        {
            "close": lambda g: g.named("outputs/attraction", ""),
            "apart": lambda g: g.named("outputs/repulsion", ""),
            "close + apart": lambda g: g.named("outputs/loss", ""),
            "softmax[w if w != 1](dist2(z[v = 1], z[v -> w]))": (
                lambda g: g.named("outputs/attraction_weights_last_query_view", "item w")
            ),
            "softmax[other if other != item](-dist2(z[v = 0], z[v = 1][item -> other]))": (
                lambda g: g.named("outputs/repulsion_weights_last_view_pair", "item other")
            ),
        },
        {("close + apart", "z"): lambda g: g.named("gradients/loss/z", "v item dim")},
    ),
    Case(
        "cacr/rbf_momentum_key_queries2",
        "cacr",
        "case",
        {"views": "3", "heat": "temperature"},
        {"x": lambda g: stacked("v", [g.named("inputs/k", "item dim"), *_slices(g, "inputs/q")])},
        {
            "mean(ranked(queries))": lambda g: g.named("outputs/loss", ""),
            "softmax[v if v > 0](dist2(k[v = 0], z) / heat)": lambda g: g.named("outputs/query_weights", "v item"),
        },
        {("mean(ranked(queries))", "x"): (lambda g: stacked("v", [_zero(g), *_slices(g, "gradients/loss/q")]))},
        extra="""
variant case from rbf:                                        # one key for each item: that of view 0
    contrast queries:
        anchor a in k if a.v == 0
""",
    ),
]


def _slices(g: Golden, key: str) -> list[Named]:
    return [(tensor, ("item", "dim")) for tensor in g.tensor(key)]


def _zero(g: Golden) -> Named:
    tensor, axes = g.named("inputs/k", "item dim")
    return tensor * 0, axes


def _supremix(case: str, extra: dict[str, str]) -> Case:
    def share(g: Golden) -> Named:
        # anchors are the block of view 0, then that of view 1
        return g.tensor("inputs/anchor_share").reshape(2, 4, 2, 4), ("a.v", "a.item", "k.v", "k.item")

    return Case(
        f"supremix/{case}",
        "supremix",
        "case",
        {"T": "temperature", "window": "window", **extra},
        {
            "z": lambda g: g.named("inputs/z", "item v dim"),
            "age": lambda g: g.named("inputs/label", "item"),
            "share": share,
        },
        {
            "mean(supcon(order))": lambda g: g.named("outputs/loss", ""),
            "mixed(order)": lambda g: (g.tensor("outputs/negative_mixtures_per_anchor").reshape(2, 4), ("v", "item")),
            "straddling(order)": lambda g: (
                g.tensor("outputs/positive_mixtures_per_anchor").reshape(2, 4),
                ("v", "item"),
            ),
        },
        {("mean(supcon(order))", "z"): lambda g: g.named("gradients/loss/z", "item v dim")},
        extra="""
variant case:
    def mixed(R)[a in R] = count[c in R.soft(a)](c)
    def straddling(R)[a in R] = count[c in R.exact(a)](c)
""",
    )


SUPREMIX = [_supremix("window3_L1inv", {}), _supremix("window5_noweight", {"magnify": "false"})]

MOCHI = [
    Case(
        "mochi/mochi-loss",
        "mochi",
        "case",
        {"tau": "tau", "hardest": "n_hard", "start": "0"},
        {
            "x": lambda g: stacked(
                "v", [g.at_step("inputs/query", 0, "item dim"), g.at_step("inputs/key", 0, "item dim")]
            ),
            "Q": lambda g: g.named("inputs/queue_init", "slot dim"),
            "i": lambda g: (g.tensor("inputs/pair_rank")[0, 0], ("item", "mix")),
            "j": lambda g: (g.tensor("inputs/pair_rank")[0, 1], ("item", "mix")),
            "share": lambda g: g.at_step("inputs/alpha", 0, "item mix"),
            "r": lambda g: g.at_step("inputs/mix_rank", 0, "item blend"),
            "own": lambda g: g.at_step("inputs/beta", 0, "item blend"),
        },
        {
            "mean(infonce(pull))": lambda g: (g.tensor("outputs/loss_per_step")[0], ()),
            "slots(pull)": lambda g: g.at_step("outputs/hard_slots", 0, "item rank"),
            "logits(pull)": lambda g: (g.tensor("outputs/logits_step0").sort(-1).values, ("item", "rank")),
        },
        {
            ("mean(infonce(pull))", "x"): (
                lambda g: stacked("v", [g.at_step("gradients/loss/query", 0, "item dim"), _none(g)])
            )
        },
        extra="""
variant case:
    def slots(R)[a in R]:
        let hard = R.hard(a)
        let each[rank = hardest] = hard[rank = rank].slot
        each
    def logits(R)[a in R] = sort[c in a.candidate](R(a, c))
""",
    )
]


def _none(g: Golden) -> Named:
    tensor, axes = g.at_step("inputs/key", 0, "item dim")
    return tensor * 0, axes


SWAV = [
    Case(
        "swav/sinkhorn",
        "swav",
        None,
        {"eps": "epsilon"},
        {"score": lambda g: g.named("inputs/scores", "item word")},
        {
            "sinkhorn[word, item](score / eps, rounds = 3)": lambda g: g.named("outputs/assignment", "item word"),
            "sum[word](sinkhorn[word, item](score / eps, rounds = 3))": lambda g: g.named("outputs/row_sum", "item"),
            "sum[item](sinkhorn[word, item](score / eps, rounds = 3))": lambda g: g.named("outputs/column_sum", "word"),
        },
    )
]


def _groco(views: int) -> Case:
    return Case(
        f"groco/groco-{views}views",
        "groco",
        "case",
        {"hardest": "topk_neg", "steepness": "steepness", "views": "n_views", "full": "n_pos_views"},
        {"x": lambda g: g.named("inputs/projection", "v item dim")},
        {
            "mean[v](mean[item](grouped(order)))": lambda g: g.named("outputs/loss", ""),
            "mean[item](grouped(order))": lambda g: g.named("outputs/loss_per_anchor_view", "v"),
            "listed(order)": lambda g: g.named("outputs/similarities_preordered", "v item slot"),
            "soft_sort[slot -> place](listed(order), steepness = steepness)": (
                lambda g: g.named("outputs/permutation", "v item slot place")
            ),
        },
        {("mean[v](mean[item](grouped(order)))", "x"): lambda g: g.named("gradients/loss/projection", "v item dim")},
        extra="""
variant case:
    def listed(R)[a in R]:
        let low = sort[n in a.negative](R(a, n))
        let high = sort[p in a.positive](R(a, p))
        cat[slot](low[rank -> slot], high[rank -> slot])
""",
    )


GROCO = [
    _groco(2),
    _groco(3),
    Case(
        "groco/baseline-ntxent-topk-stopgrad",
        "groco",
        "top_baseline",
        {"hardest": "topk_neg"},
        {"x": lambda g: g.named("inputs/projection", "v item dim")},
        {"mean(infonce(pull))": lambda g: g.named("outputs/loss", "")},
        {("mean(infonce(pull))", "x"): lambda g: g.named("gradients/loss/projection", "v item dim")},
    ),
]

CASES = [*DCL, *HARDNESS, *CACR, *SUPREMIX, *MOCHI, *SWAV, *GROCO]
