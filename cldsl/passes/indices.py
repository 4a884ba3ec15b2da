"""Known masks as indices of their true entries, and known indices as short nodes.

Input: numpy arrays over named axes. Output: arrays of positions, and nodes that compute them: an index with a
repeating offset, or a table where it is small. A long irregular table has no node: it would be a program of numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cldsl.graph.nodes import Axis, Graph, Node
from cldsl.passes.arrays import Array
from cldsl.passes.rewrite import spread
from cldsl.passes.stretches import STRETCH, beyond, stretches

#: Entries of the largest table that is written down.
TABLE = 1024
#: Positions [anchors..., k], rising in each row, and which of them there are (None: all).
Listed = tuple[Array, Array | None]
#: Rows after which a pattern of offsets repeats, at most.
PERIOD = 16


def listed(parts: Sequence[Node], known: dict[Node, Array], axes: tuple[Axis, ...]) -> Listed | None:
    """Positions of the common true entries of masks along the last axis, and which of them there are.

    Places beyond a row's count repeat its first position, or hold the row's own number. None where the masks cannot be
    had, select nothing, or leave more than half of a row.
    """
    first, size = axes[0], axes[-1].size or 0
    order = beyond(parts, known, first.name)
    if order is None or (len(axes) == 1 and size > STRETCH):
        return None
    counts, columns = [], []
    for arrays in stretches(parts, known, first, order):
        mask = _joined(parts, arrays, axes)
        count = mask.sum(-1)
        if count.max(initial=0) * 2 > size and len(axes) > 1:
            return None
        counts.append(count)
        columns.append(np.nonzero(mask)[-1])
    if len(axes) == 1:
        return _rows(np.asarray(counts[0]), columns[0], axes) if counts else None
    if sum(len(count) for count in counts) != first.size:
        return None
    return _rows(np.concatenate(counts), np.concatenate(columns), axes)


def _joined(parts: Sequence[Node], arrays: Sequence[Array], axes: tuple[Axis, ...]) -> Array:
    """The conjunction of masks over these axes, dims in their order; the first axis may be a stretch."""
    names = tuple(axis.name for axis in axes)
    held = [dict(zip(part.names, array.shape, strict=True)) for part, array in zip(parts, arrays, strict=True)]
    sizes = {name: size for each in held for name, size in each.items()}
    total: Array = np.ones([sizes[name] for name in names], dtype=np.bool_)
    for part, array, own in zip(parts, arrays, held, strict=True):
        turned = array.transpose([part.names.index(name) for name in names if name in part.names])
        total &= turned.reshape([own.get(name, 1) for name in names])
    return total


def _rows(counts: Array, columns: Array, axes: tuple[Axis, ...]) -> Listed | None:
    """Columns, row after row, as an array [..., k] beside which of its places are meant."""
    size, k = axes[-1].size or 0, int(counts.max(initial=0))
    if k == 0 or k * 2 > size:
        return None
    if (counts == k).all():
        return columns.reshape(*counts.shape, k), None
    valid = np.arange(k) < counts[..., None]
    starts = (np.cumsum(counts) - counts.reshape(-1)).reshape(counts.shape)
    own = np.minimum(np.arange(counts.shape[0]), size - 1).reshape(-1, *([1] * (counts.ndim - 1)))
    first = np.where(counts > 0, columns[np.minimum(starts, columns.size - 1)], own)
    places = np.broadcast_to(first[..., None], valid.shape).copy()
    places[valid] = columns
    return places, valid


def index_node(graph: Graph, places: Array, axes: tuple[Axis, ...], size: int) -> Node | None:
    """Positions [anchors..., pick] in an axis of this size as a node; None where only a long table would do."""
    pick = axes[-1]
    if len(axes) == 2:
        anchor = axes[0]
        rows = np.arange(anchor.size or 0)[:, None]
        own = graph.leaf("iota", (anchor,), "int", axis=anchor.name)
        straight = _periodic(places - rows)
        if straight is not None:
            return _added(graph, own, straight, axes)
        around = _periodic((places - rows) % size)
        if around is not None:
            moved = _added(graph, own, around, axes)
            return graph.make("mod", moved, graph.const(size))
    if len(axes) == 1 and (places == places[0] + np.arange(places.shape[0])).all():
        own = graph.leaf("iota", (pick,), "int", axis=pick.name)
        return own if places[0] == 0 else graph.make("add", own, graph.const(int(places[0])))
    return table_node(graph, places, axes)


def table_node(graph: Graph, array: Array, axes: tuple[Axis, ...]) -> Node | None:
    """An array over these axes as a table, or as a repeating one; None where it would be long."""
    pattern = _periodic(array)
    if len(axes) > 1 and pattern is not None:
        return _repeated(graph, pattern, axes)
    return _table(graph, array, axes) if array.size <= TABLE else None


def _periodic(array: Array) -> Array | None:
    """The shortest stretch of rows that the array repeats; None where it is too long."""
    rows = array.shape[0]
    for period in range(1, min(PERIOD, rows // 2 if rows > 1 else 1) + 1):
        if (array == array[np.arange(rows) % period]).all():
            stretch: Array = array[:period]
            return stretch
    return None


def _added(graph: Graph, own: Node, offsets: Array, axes: tuple[Axis, ...]) -> Node:
    """The anchor's own number plus offsets [period, pick]."""
    if offsets.size == 1:
        shift = int(offsets.flat[0])
        moved = own if shift == 0 else graph.make("add", own, graph.const(shift))
        return spread(graph, moved, axes)
    return graph.make("add", own, _repeated(graph, offsets, axes))


def _repeated(graph: Graph, pattern: Array, axes: tuple[Axis, ...]) -> Node:
    """A pattern [period, rest...] repeated along the first axis."""
    if pattern.shape[0] == 1:
        return _table(graph, pattern[0], axes[1:])
    anchor = axes[0]
    phase = Axis(f"{anchor.name}_phase", pattern.shape[0])
    own = graph.leaf("iota", (anchor,), "int", axis=anchor.name)
    turn = graph.make("mod", own, graph.const(pattern.shape[0]))
    return graph.make("gather", _table(graph, pattern, (phase, *axes[1:])), turn, axis=phase.name)


def _table(graph: Graph, array: Array, axes: tuple[Axis, ...]) -> Node:
    dtype = "bool" if array.dtype == np.bool_ else "int"
    return graph.leaf("table", axes, dtype, values=_tuples(array.tolist()))


def _tuples(values: Any) -> Any:
    """Nested lists as nested tuples, as deep as there are axes."""
    return tuple(_tuples(each) for each in values) if isinstance(values, list) else values
