"""Modules applied as a spec asks: as in evaluation, with frozen weights, member by member of a family.

Input: a module (or Family) and x [*rows, *consumed]. Output: [*rows, *produced]; of a family [member, *rows,
*produced]. Gradient passes to x in every case. A module that `rt.cached` has marked is applied a chunk of rows at a
time, with the same result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from cldsl.modules.build import Family, build, family
from cldsl.modules.build import apply as whole
from cldsl.runtime.chunks import chunked
from cldsl.runtime.one_chunk import mode
from cldsl.runtime.recompute import in_chunks, mark_of


def apply(module: nn.Module, x: Tensor, consumed: int) -> Tensor:
    """As in training, batch statistics over all leading axes."""
    mark = mark_of(module)
    return whole(module, x, consumed) if mark is None else in_chunks(module, mark, x, consumed)


def apply_eval(module: nn.Module, x: Tensor, consumed: int) -> Tensor:
    """As in evaluation: running statistics, no dropout; the module's mode is as before afterwards."""
    mark = mark_of(module)
    if mark is not None:
        return in_chunks(module, mark, x, consumed, evaluates=True)
    with mode(module, evaluates=True):
        return whole(module, x, consumed)


def apply_frozen(module: nn.Module, x: Tensor, consumed: int) -> Tensor:
    """With the present weights as constants."""
    mark = mark_of(module)
    if mark is not None:
        return in_chunks(module, mark, x, consumed, frozen=True)
    split = x.dim() - consumed
    lead, own = x.shape[:split], x.shape[split:]
    weights = {name: parameter.detach() for name, parameter in module.named_parameters()}
    y = cast(Tensor, torch.func.functional_call(module, weights, (x.reshape(math.prod(lead), *own),)))
    return y.reshape(*lead, *y.shape[1:])


def apply_eval_frozen(module: nn.Module, x: Tensor, consumed: int) -> Tensor:
    """As in evaluation, with the present weights as constants."""
    mark = mark_of(module)
    if mark is not None:
        return in_chunks(module, mark, x, consumed, evaluates=True, frozen=True)
    with mode(module, evaluates=True):
        return apply_frozen(module, x, consumed)


def apply_family(members: Family, x: Tensor, consumed: int) -> Tensor:
    """Member i on slice i of the first axis."""
    return torch.stack([apply(m, part, consumed) for m, part in _pairs(members, x)])


def apply_eval_family(members: Family, x: Tensor, consumed: int) -> Tensor:
    """Member i on slice i of the first axis, as in evaluation."""
    return torch.stack([apply_eval(m, part, consumed) for m, part in _pairs(members, x)])


def chunked_family(members: Family, x: Tensor, consumed: int) -> Tensor:
    """Member i on slice i of the first axis, a chunk of rows at a time."""
    return torch.stack([chunked(m, part, consumed) for m, part in _pairs(members, x)])


def apply_family_frozen(members: Family, x: Tensor, consumed: int) -> Tensor:
    """Member i on slice i of the first axis, weights as constants."""
    return torch.stack([apply_frozen(m, part, consumed) for m, part in _pairs(members, x)])


def apply_eval_family_frozen(members: Family, x: Tensor, consumed: int) -> Tensor:
    """Member i on slice i of the first axis, as in evaluation, weights as constants."""
    return torch.stack([apply_eval_frozen(m, part, consumed) for m, part in _pairs(members, x)])


def _pairs(members: Family, x: Tensor) -> list[tuple[nn.Module, Tensor]]:
    return list(zip(members.members, x.unbind(0), strict=True))


def family_of(
    count: int, name: str, args: Sequence[Any], named: Mapping[str, Any], consumes: tuple[int, ...], produces: int
) -> Family:
    """A family of `count` modules of one call of the catalogue, each with its own first weights."""
    return family([lambda: build(name, args, named, consumes, produces)] * count)
