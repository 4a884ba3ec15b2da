"""The helpers that emitted programs may name, beside the base class: name -> "module:attribute", as `rt` loads them.

A table and nothing else; importing it imports no torch.
"""

from __future__ import annotations

_OPS = [
    "real",
    "table",
    "onehot",
    "stack",
    "cat",
    "total",
    "mean",
    "product",
    "largest",
    "smallest",
    "some",
    "every",
    "logsumexp",
    "log_softmax",
    "softmax",
    "logaddexp",
    "softplus",
    "bce",
    "norm",
    "unit",
    "argmax",
    "topk",
    "sort",
    "take",
    "entry",
    "put",
]
_CALLS = [
    "apply",
    "apply_eval",
    "apply_frozen",
    "apply_eval_frozen",
    "apply_family",
    "apply_eval_family",
    "apply_family_frozen",
    "apply_eval_family_frozen",
    "chunked_family",
    "family_of",
]
_CUTS = ["Cut", "Whole", "Along", "Gathered"]
_NUMBERS = [
    "exp",
    "log",
    "sqrt",
    "sign",
    "floor",
    "ceil",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "relu",
    "atan",
    "erf",
    "isfinite",
]
_WEIGHTS = ["weights", "weights_frozen", "blend", "apply_with", "apply_eval_with", "grad"]

HELPERS: dict[str, str] = {
    **{name: f"cldsl.runtime.ops:{name}" for name in _OPS},
    **{name: f"cldsl.runtime.calls:{name}" for name in _CALLS},
    **{name: f"cldsl.runtime.virtual:{name}" for name in _WEIGHTS},
    "strips": "cldsl.runtime.stripwise:strips",
    "pairs": "cldsl.runtime.tiles:pairs",
    "tiled": "cldsl.runtime.tiles:tiled",
    **{name: f"cldsl.runtime.cuts:{name}" for name in _CUTS},
    **{name: f"cldsl.runtime.viewing:{name}" for name in ("pipelines", "view", "view_and_box", "start")},
    **{name: f"cldsl.runtime.scalar:{name}" for name in _NUMBERS},
    **{f"{name}_of_numbers": f"cldsl.runtime.scalar:{name}" for name in ("logaddexp", "softplus", "bce")},
    "cached": "cldsl.runtime.recompute:cached",
    "push": "cldsl.runtime.rings:push",
    "sinkhorn": "cldsl.runtime.assignment:sinkhorn",
    "soft_sort": "cldsl.runtime.assignment:soft_sort",
    "transport": "cldsl.runtime.masses:transport",
    "kmeans": "cldsl.runtime.clusters:kmeans",
    "metric": "cldsl.runtime.measure:metric",
}
