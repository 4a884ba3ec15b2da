"""Entropic transport with given masses and a stopping test, lane by lane, as products (docs/language.md, section 7)."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from cldsl.reference.selection import need
from cldsl.reference.values import Value, real


def transport(
    value: Value, axes: tuple[str, str], rounds: int, until: float, masses: tuple[Value, Value] | None
) -> Value:
    """A plan [..., *axes] from scores. Without masses: those at which the entries of the last axis sum to 1."""
    parts = (value, *(masses or ()))
    rest = tuple(dict.fromkeys(name for part in parts for name in part.all_axes if name not in axes))
    sizes = [next(size for size in (part.size(name) for part in parts) if size is not None) for name in rest]
    shape = [*sizes, *(need(value, axis) for axis in axes)]
    full = (*rest, *axes)
    scores = real(value.ordered(full)).expand(shape)
    ok = torch.ones(shape, dtype=torch.bool) if value.present is None else value.present.to(full).expand(shape)
    given = None if masses is None else [real(mass.ordered(full)).expand(shape) for mass in masses]
    plan = torch.zeros(shape, dtype=torch.float64)
    for place in itertools.product(*(range(size) for size in sizes)):
        rows, columns = ok[place].any(1).nonzero().flatten(), ok[place].any(0).nonzero().flatten()
        if not len(rows):
            continue
        kernel = torch.where(ok[place], torch.exp(torch.where(ok[place], scores[place], 0.0)), 0.0)[rows][:, columns]
        if given is None:
            first, last = torch.full((len(rows),), len(columns) / len(rows)), torch.ones(len(columns))
        else:
            first, last = given[0][place][rows, 0], given[1][place][0, columns]
        lane = _balanced(kernel, first.double(), last.double(), rounds, until)
        plan = plan.index_put((*(torch.tensor(i) for i in place), rows[:, None], columns[None, :]), lane)
    return Value(plan, full, value.present, value.parts)


def _balanced(kernel: Tensor, first: Tensor, last: Tensor, rounds: int, until: float) -> Tensor:
    row, column = torch.ones_like(first), torch.ones_like(last)
    for _ in range(rounds):
        new = first / (kernel @ column)
        moved = float((new.log() - row.log()).detach().abs().sum())
        row = new
        column = last / (row @ kernel)
        if moved < until:
            break
    return row[:, None] * kernel * column
