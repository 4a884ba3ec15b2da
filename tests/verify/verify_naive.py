"""Cases made on the spot: naive torch computes what a source function gives, autograd its gradients.

Nothing of the evaluator or the compiler is used: the formulas are loops over items, written from the papers. They have
what the published cases leave out: other sizes, ties, duplicates, extreme temperatures, first visits, full rings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from cldsl.verify import Case
from cldsl.verify.cases import Array

#: A tensor and the names of its axes.
Named = tuple[Tensor, str]


def case(
    name: str,
    source: str,
    params: Mapping[str, Any],
    inputs: Mapping[str, Named],
    compute: Callable[..., Mapping[str, Tensor | Named]],
    gradients: Sequence[str] = (),
) -> Case:
    """A case whose outputs are compute(**inputs): tensors, with their axes where they have any.

    gradients: "OUTPUT/INPUT" of an output without axes, by autograd. An output called "gradient OUTPUT/NAME" is one
    that `compute` took itself; one called "only NAME" is there for a gradient and left out.
    """
    leaves = {key: data.detach().clone().requires_grad_(data.is_floating_point()) for key, (data, _) in inputs.items()}
    found = {key: _named(value) for key, value in compute(**leaves).items()}
    taken = {key.removeprefix("gradient "): each for key, each in found.items() if key.startswith("gradient ")}
    for key in gradients:
        output, _, wrt = key.partition("/")
        value = found[output][0] if output in found else found[f"only {output}"][0]
        (gradient,) = torch.autograd.grad(value, [leaves[wrt]], retain_graph=True)
        taken[key] = (gradient, inputs[wrt][1])
    kept = {key: each for key, each in found.items() if not key.startswith(("gradient ", "only "))}
    arrays = [{key: _array(each) for key, each in part.items()} for part in (inputs, kept, taken)]
    return Case(name, source, dict(params), *arrays)


def without(known: Case, *inputs: str) -> Case:
    """The case without some inputs."""
    return replace(known, inputs={key: each for key, each in known.inputs.items() if key not in inputs})


def _named(value: Tensor | Named) -> Named:
    return value if isinstance(value, tuple) else (value, "")


def _array(value: Named) -> Array:
    return Array(value[0].detach(), tuple(value[1].split()))


def random(*shape: int, seed: int) -> Tensor:
    """Normal numbers of a seed."""
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def shuffled(size: int, count: int, seed: int) -> Tensor:
    """`count` different numbers below `size`."""
    return torch.randperm(size, generator=torch.Generator().manual_seed(seed))[:count]


def unit(x: Tensor) -> Tensor:
    """Rows of length 1."""
    return x / x.norm(dim=-1, keepdim=True)


def dist2(a: Tensor, b: Tensor) -> Tensor:
    """Squared distances along the last axis."""
    return ((a - b) ** 2).sum(-1)


def cos(a: Tensor, b: Tensor) -> Tensor:
    """Cosines along the last axis."""
    return (a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1))


def cross_entropy(logits: Tensor) -> Tensor:
    """Of the first of some logits."""
    return torch.logsumexp(logits, 0) - logits[0]
