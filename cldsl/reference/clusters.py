"""Lloyd's algorithm as plain loops over rows and clusters (docs/language.md, section 7)."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from cldsl.reference.errors import EvaluationError
from cldsl.reference.selection import need
from cldsl.reference.values import Mask, Value, real


def kmeans(x: Value, start: Value, axis: str, cluster: str, rounds: int, by: str) -> Value:
    """Centres [..., cluster, dim] of the rows of x along `axis`; a row, or a first centre, is there where all of it is."""
    count, clusters, width = need(x, axis), need(start, cluster), need(start, "dim")
    own = (axis, cluster, "dim")
    rest = tuple(dict.fromkeys(name for value in (x, start) for name in value.all_axes if name not in own))
    sizes = [next(size for size in (x.size(name), start.size(name)) if size is not None) for name in rest]
    rows, there = _filled(x, (*rest, axis, "dim"), [*sizes, count, width])
    first, kept = _filled(start, (*rest, cluster, "dim"), [*sizes, clusters, width])
    found = torch.zeros(*sizes, clusters, width, dtype=torch.float64)
    for place in itertools.product(*(range(size) for size in sizes)):
        present = [j for j in range(clusters) if bool(kept[place][j])]
        members = [rows[place][i] for i in range(count) if bool(there[place][i])]
        for j, centre in _moved(members, {j: first[place][j] for j in present}, rounds, by).items():
            found[(*place, j)] = centre
    mask = None if start.present is None else Mask(kept, (*rest, cluster))
    return Value(found, (*rest, cluster, "dim"), mask)


def _filled(value: Value, axes: tuple[str, ...], shape: list[int]) -> tuple[Tensor, Tensor]:
    """The data over these axes without gradient, and whether each row along the last of them is there."""
    data = real(value.ordered(axes)).detach().expand(shape)
    here = torch.ones(shape, dtype=torch.bool) if value.present is None else value.present.to(axes).expand(shape)
    return data, here.all(-1)


def _moved(rows: list[Tensor], centres: dict[int, Tensor], rounds: int, by: str) -> dict[int, Tensor]:
    """The centres after so many rounds; one without rows stays."""
    for _ in range(rounds if centres else 0):
        members: dict[int, list[Tensor]] = {j: [] for j in centres}
        for row in rows:
            members[min(centres, key=lambda j: _farness(row, centres[j], by))].append(row)
        centres = {j: torch.stack(own).mean(0) if own else centres[j] for j, own in members.items()}
    return centres


def _farness(row: Tensor, centre: Tensor, by: str) -> float:
    if by == "distance":
        far = (row - centre).square().sum()
    elif by == "cosine":
        far = -torch.dot(row, centre) / centre.norm().clamp(min=1e-12)
    elif by == "dot":
        far = -torch.dot(row, centre)
    else:
        raise EvaluationError(f'kmeans goes by "distance", "dot" or "cosine", not {by!r}')
    return float(far)
