"""Modules applied as a spec asks: as in evaluation, with frozen weights, member by member of a family.

Input: a module (or Family) and x [*rows, *consumed]; for one that asks, which entries are there. Output: [*rows, *produced]; of a family [member, *rows,
*produced]. Gradient passes to x in every case. A module that `rt.cached` has marked is applied a chunk of rows at a
time, with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from cldsl.modules.build import Family, along_rows, build, family
from cldsl.modules.build import apply as whole
from cldsl.runtime.chunks import chunked
from cldsl.runtime.one_chunk import mode
from cldsl.runtime.recompute import in_chunks, mark_of


def apply(module: nn.Module, x: Tensor, consumed: int, present: Tensor | None = None) -> Tensor:
    """As in training, batch statistics over all leading axes."""
    mark = mark_of(module)
    return whole(module, x, consumed, present) if mark is None else in_chunks(module, mark, x, consumed)


def apply_eval(module: nn.Module, x: Tensor, consumed: int, present: Tensor | None = None) -> Tensor:
    """As in evaluation: running statistics, no dropout; the module's mode is as before afterwards."""
    mark = mark_of(module)
    if mark is not None:
        return in_chunks(module, mark, x, consumed, evaluates=True)
    with mode(module, evaluates=True):
        return whole(module, x, consumed, present)


def apply_frozen(module: nn.Module, x: Tensor, consumed: int, present: Tensor | None = None) -> Tensor:
    """With the present weights as constants."""
    mark = mark_of(module)
    if mark is not None:
        return in_chunks(module, mark, x, consumed, frozen=True)
    weights = {name: parameter.detach() for name, parameter in module.named_parameters()}
    return whole(lambda *rows: cast(Tensor, torch.func.functional_call(module, weights, rows)), x, consumed, present)


def apply_eval_frozen(module: nn.Module, x: Tensor, consumed: int, present: Tensor | None = None) -> Tensor:
    """As in evaluation, with the present weights as constants."""
    mark = mark_of(module)
    if mark is not None:
        return in_chunks(module, mark, x, consumed, evaluates=True, frozen=True)
    with mode(module, evaluates=True):
        return apply_frozen(module, x, consumed, present)


def apply_family(members: Family, x: Tensor, consumed: int, present: Tensor | None = None) -> Tensor:
    """Member i on slice i of the first axis."""
    return _each(apply, members, x, consumed, present)


def apply_eval_family(members: Family, x: Tensor, consumed: int, present: Tensor | None = None) -> Tensor:
    """Member i on slice i of the first axis, as in evaluation."""
    return _each(apply_eval, members, x, consumed, present)


def chunked_family(members: Family, x: Tensor, consumed: int, present: Tensor | None = None) -> Tensor:
    """Member i on slice i of the first axis, a chunk of rows at a time."""
    return _each(chunked, members, x, consumed, present)


def apply_family_frozen(members: Family, x: Tensor, consumed: int, present: Tensor | None = None) -> Tensor:
    """Member i on slice i of the first axis, weights as constants."""
    return _each(apply_frozen, members, x, consumed, present)


def apply_eval_family_frozen(members: Family, x: Tensor, consumed: int, present: Tensor | None = None) -> Tensor:
    """Member i on slice i of the first axis, as in evaluation, weights as constants."""
    return _each(apply_eval_frozen, members, x, consumed, present)


def _each(verb: Callable[..., Tensor], members: Family, x: Tensor, consumed: int, present: Tensor | None) -> Tensor:
    parts = zip(members.members, x.unbind(0), strict=True)
    if present is None:
        return torch.stack([verb(module, part, consumed) for module, part in parts])
    there = along_rows(x, consumed, present).unbind(0)
    return torch.stack([verb(m, part, consumed, present=each) for (m, part), each in zip(parts, there, strict=True)])


def family_of(
    count: int, name: str, args: Sequence[Any], named: Mapping[str, Any], consumes: tuple[int, ...], produces: int
) -> Family:
    """A family of `count` modules of one call of the catalogue, each with its own first weights."""
    return family([lambda: build(name, args, named, consumes, produces)] * count)
