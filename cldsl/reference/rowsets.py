"""Making and comparing sets of rows: from tensors and ranges, unions, row identity, back to the tensor's axes."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping, Sequence

import torch

from cldsl.reference.arithmetic import compare, conjunction
from cldsl.reference.errors import EvaluationError
from cldsl.reference.reductions import reduce
from cldsl.reference.rows import Filtered, Getter, Leaf, Renamed, Rows, Union
from cldsl.reference.selection import at, merged, split
from cldsl.reference.values import Mask, Value, truth

_fresh = itertools.count(1)


def rows_of(value: Value, ranged: Sequence[str], axis: str, attributes: Mapping[str, Value] | None = None) -> Leaf:
    """The rows of a tensor: `ranged` are flattened into `axis`, the other axes stay in the row's value."""
    sizes = {}
    for name in ranged:
        size = value.size(name)
        if size is None:
            raise EvaluationError(f"the rows need the axis {name}: the tensor is over [{', '.join(value.all_axes)}]")
        sizes[name] = size
    flat = merged(value.over(ranged, sizes), ranged, axis)
    grid = tuple(sizes.items())
    leaf = Leaf(axis, flat, grid, {}, (value.key, tuple(sorted(ranged))))
    coordinates = {name: Value(leaf.index(name), (axis,)) for name in ranged}
    attached = {}
    for name, each in (attributes or {}).items():
        known = {a: coordinates[a] for a in each.all_axes if a in coordinates}
        attached[name] = at(each, known) if known else each
    return Leaf(axis, flat, grid, coordinates, leaf.origin, attached)


def index_rows(name: str, size: int, axis: str, low: int = 0) -> Leaf:
    """The indices of an axis, or of a range: a row is its index."""
    index = Value(torch.arange(low, low + size), (axis,))
    return Leaf(axis, index, ((name, size),), {name: index}, ("axis", name, low))


def same_row(first: Rows, second: Rows) -> Value:
    """`c == a`: the same tensor and the same coordinates; false where either is absent."""
    numbers: dict[Hashable, int] = {}
    for leaf in (*first.leaves(), *second.leaves()):
        numbers.setdefault(leaf.origin, len(numbers))

    def read(rows: Rows, getter: Getter) -> Value:
        found = rows.read(getter)
        assert found is not None
        return found

    def origin(leaf: Leaf) -> Value:
        return Value(torch.full((leaf.size(),), numbers[leaf.origin]), (leaf.axis,))

    alike = compare("==", read(first, origin), read(second, origin))
    return conjunction(alike, compare("==", read(first, Leaf.place), read(second, Leaf.place)))


def united(parts: Sequence[Rows], axis: str, disjoint: bool = False) -> Rows:
    """The union; a row that occurs in an earlier part is not repeated, unless the union is to be disjoint."""
    kept: list[Rows] = []
    for part in parts:
        new = part
        for earlier in () if disjoint else kept:
            if {leaf.origin for leaf in part.leaves()} & {leaf.origin for leaf in earlier.leaves()}:
                twice = reduce("any", same_row(earlier, new), [str(earlier.axis)], {})
                new = Filtered(new, Mask(~twice.data, twice.axes))
        # a part that adds no row is left out: the rows stay those of one tensor
        if new is part or bool(truth(new.here).data.any()):
            kept.append(new)
    return kept[0] if len(kept) == 1 else Union(tuple(kept), axis)


def ungridded(value: Value, rows: Rows) -> Value:
    """A value with one entry per row as a value over the axes of the rows' tensor, absent where there is no row.

    Rows of several tensors, or of a list, have no common axes: the value keeps their flat axis.
    """
    leaf = next(rows.leaves())
    plain: Rows = rows
    while isinstance(plain, (Renamed, Filtered)):
        plain = plain.base
    if rows.axis is None or not isinstance(plain, Leaf):
        return value
    full = value.over([rows.axis], {rows.axis: leaf.size()})
    return split(full, rows.axis, leaf.grid)


def unbound(axes: Sequence[str], rows: Rows, name: str) -> None:
    """Raise EvaluationError where a value still carries an axis that a row variable binds: bare `label` beside `a`."""
    for leaf in rows.leaves():
        for axis in leaf.coordinates:
            if axis in axes:
                raise EvaluationError(
                    f"a value still carries the axis {axis}, which {name} ranges over: write {name}.NAME"
                )


def fresh(name: str) -> str:
    """A row axis of its own for every binding of a variable."""
    return f"{name}@{next(_fresh)}"


def bind(rows: Rows, name: str) -> Rows:
    """The rows along a fresh axis: two variables over one source range independently."""
    axis = fresh(name)
    return Renamed(rows, {str(rows.axis): axis}, axis, rows.home)
