"""Operators of the interpreter that make or move entries: leaves, shapes, indices.

Input: a node and its inputs' tensors. Output: a tensor over the node's axes. No entry's value changes here.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from cldsl.graph.named import Run, fit, full
from cldsl.graph.nodes import Node


def _const(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    return torch.tensor(node.attr("value"), dtype=run.dtypes[node.dtype])


def _table(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    shape = [run.size(axis) for axis in node.axes]
    return torch.tensor(node.attr("values"), dtype=run.dtypes[node.dtype]).reshape(shape)


def _iota(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    return torch.arange(run.size(node.axes[0]))


def _expand(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    return parts[0].expand(run.size(node.attr("axis")), *parts[0].shape)


def _rename(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    return parts[0]


def _merge(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    old, names = tuple(node.attr("old")), node.inputs[0].names
    rest = tuple(name for name in names if name not in old)
    return fit(parts[0], names, (*old, *rest)).flatten(0, len(old) - 1)


def _split(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    names = node.inputs[0].names
    rest = tuple(name for name in names if name != node.attr("old"))
    sizes = [run.size(axis) for axis in node.attr("new")]
    moved = fit(parts[0], names, (node.attr("old"), *rest))
    return moved.reshape(*sizes, *moved.shape[1:])


def _slice(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    start, stop = node.attr("start"), node.attr("stop")
    return parts[0].narrow(node.names.index(node.attr("axis")), start, stop - start)


def _concat(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    axis, rest = node.attr("axis"), node.names[1:]
    joined = []
    for part, each in zip(parts, node.inputs, strict=True):
        count = part.shape[each.names.index(axis)]
        joined.append(
            full(part, each.names, node.names, (count, *_shape(node, parts, rest))).to(run.dtypes[node.dtype])
        )
    return torch.cat(joined, 0)


def _stack(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    rest = node.names[1:]
    sizes = _shape(node, parts, rest)
    dtype = run.dtypes[node.dtype]
    return torch.stack([full(x, n.names, rest, sizes).to(dtype) for x, n in zip(parts, node.inputs, strict=True)], 0)


def _shape(node: Node, parts: list[Tensor], names: tuple[str, ...]) -> list[int]:
    """The size of each named axis, as the inputs have it."""
    found = {
        name: size
        for part, each in zip(parts, node.inputs, strict=True)
        for name, size in zip(each.names, part.shape, strict=True)
    }
    return [found[name] for name in names]


def _gather(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    """x at the index along the axis: both are opened to the result's axes, then picked entry by entry."""
    x, index = node.inputs
    axis, names = node.attr("axis"), node.names
    sizes = _shape(node, parts, names)
    count = parts[0].shape[x.names.index(axis)]
    # the result may carry an axis of the same name as the one that is gone: then it comes from the index
    rows = fit(parts[0], x.names, (*(name if name != axis else "" for name in names), axis))
    rows = rows.expand(*sizes, count)
    places = fit(parts[1].long(), index.names, names).expand(*rows.shape[:-1])
    return rows.gather(-1, places.unsqueeze(-1)).squeeze(-1)


def _put(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    """Row by row, so that the last of repeated indices wins; an index outside the axis writes nothing."""
    x, index, value = node.inputs
    axis = node.attr("axis")
    made = parts[0]
    places = fit(parts[1].long(), index.names, index.names).reshape(-1)
    position = torch.arange(made.shape[x.names.index(axis)])
    for turn in range(places.numel()):
        names, row = value.names, parts[2].to(made.dtype)
        stands = index.names[0] if index.axes else axis
        if stands in names:
            at = names.index(stands)
            row = row.select(at, turn)
            names = names[:at] + names[at + 1 :]
        hit = fit(position == places[turn], (axis,), x.names)
        made = torch.where(hit, fit(row, names, x.names), made)
    return made


def _push(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    ring, rows, _ = node.inputs
    axis = node.attr("axis")
    at = ring.names.index(axis)
    size, count = parts[0].shape[at], parts[1].shape[rows.names.index(axis)]
    shape = [count if place == at else length for place, length in enumerate(parts[0].shape)]
    fresh = full(parts[1].to(parts[0].dtype), rows.names, ring.names, shape)
    if node.attr("order") == "front":
        return torch.cat([fresh, parts[0]], at).narrow(at, 0, size)
    made = parts[0]
    for turn in range(count):
        place = (int(parts[2]) + turn) % size
        hit = fit(torch.arange(size) == place, (axis,), ring.names)
        made = torch.where(hit, fresh.narrow(at, turn, 1), made)
    return made


def _onehot(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    return parts[0].unsqueeze(-1) == torch.arange(run.size(node.attr("axis")))


RULES: dict[str, Callable[[Run, Node, list[Tensor]], Tensor]] = {
    "const": _const,
    "table": _table,
    "iota": _iota,
    "expand": _expand,
    "rename": _rename,
    "merge": _merge,
    "split": _split,
    "slice": _slice,
    "concat": _concat,
    "stack": _stack,
    "gather": _gather,
    "put": _put,
    "push": _push,
    "onehot": _onehot,
}
