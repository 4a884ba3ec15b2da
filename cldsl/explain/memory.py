"""Sizes and work of each function: operators, the largest tensors by their axes, bytes, floating point operations.

Input: a plan (after the passes of a level). Output: text. Sizes are counted, not measured: 4 bytes for a real, 8 for an
index, 1 for a truth value; renamed, merged, split, sliced or widened axes are views and cost nothing. Models' calls are
not counted as work, their results are as tensors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cldsl.data.catalog import source
from cldsl.explain.table import plural, quantity, table
from cldsl.graph.nodes import Axis, Function, Node, topological, union
from cldsl.graph.plan import OnPlan, ProgramPlan, TrainPlan
from cldsl.strips.cost import BYTES, peak

#: Their results share memory with their input.
_VIEWS = frozenset({"rename", "merge", "split", "slice", "expand", "stop"})
#: They compute nothing in floating point.
_MOVES = _VIEWS | {
    "input",
    "const",
    "table",
    "iota",
    "gather",
    "put",
    "concat",
    "stack",
    "onehot",
    "push",
    "cast",
    "call",
}
_SHOWN = 5


@dataclass(frozen=True)
class Cost:
    """Of one function. flops: without models; kept: bytes if nothing is freed before the gradient."""

    operators: int
    flops: int
    peak: int
    kept: int
    largest: tuple[tuple[Node, int], ...]
    calls: tuple[str, ...]


def memory(plan: ProgramPlan) -> str:
    """A paragraph for each function of each block."""
    blocks = []
    for phase in plan.phases:
        sizes = row_sizes(plan, phase)
        for function in phase.functions:
            blocks.append(_paragraph(phase.name, function, cost(function, sizes), sizes))
    return "\n".join(blocks)


def row_sizes(plan: ProgramPlan, phase: TrainPlan | OnPlan) -> dict[str, int]:
    """The rows of an `on` block's stream by its axis, where the catalogue knows them."""
    if isinstance(phase, TrainPlan):
        return {}
    stream = next(each for each in plan.streams if each.name == phase.stream)
    rows = source(stream.default).rows.get(str(dict(phase.options).get("split", "test")))
    return {stream.columns[0].axes[0].name: rows} if rows is not None and stream.columns else {}


def cost(function: Function, sizes: Mapping[str, int]) -> Cost:
    """Count a function. sizes: of axes that the plan leaves open; an axis that stays unknown counts once."""
    order = topological(node for _, node in function.outputs)
    own = {node: _bytes(node, sizes) for node in order if node.op not in _VIEWS and node.op not in ("const", "input")}
    largest = sorted(((node, own[node]) for node in own), key=lambda pair: -pair[1])
    calls = tuple(dict.fromkeys(str(node.attr("model")) for node in order if node.op == "call"))
    flops = sum(_flops(node, sizes) for node in order)
    return Cost(
        len(order),
        flops,
        peak(order, own, _VIEWS, [n for _, n in function.outputs]),
        sum(own.values()),
        tuple(largest),
        calls,
    )


def _elements(axes: Iterable[Axis], sizes: Mapping[str, int]) -> int:
    return math.prod(axis.size if axis.size is not None else sizes.get(axis.name, 1) for axis in axes)


def _bytes(node: Node, sizes: Mapping[str, int]) -> int:
    return BYTES[node.dtype] * _elements(node.axes, sizes)


def _flops(node: Node, sizes: Mapping[str, int]) -> int:
    if node.op in _MOVES:
        return 0
    every = _elements(union(node.axes, *(each.axes for each in node.inputs)), sizes)
    if node.op == "dot":
        return 2 * every
    if node.op in ("softmax", "log_softmax", "unit") or (node.op == "reduce" and node.attr("kind") == "logsumexp"):
        return 3 * every  # an exponential or a square, a sum, a division or a difference
    if node.op in ("sinkhorn", "transport"):
        return every * (1 + 4 * int(node.attr("rounds")))
    if node.op == "kmeans":
        return every * 4 * int(node.attr("rounds"))  # a product for the nearest, a product for the means
    return every


def _paragraph(phase: str, function: Function, found: Cost, sizes: Mapping[str, int]) -> str:
    kept = f", {quantity(found.kept, 'B')} if all is kept for the gradient" if function.grad else ""
    lines = [
        f"{phase}.{function.name}: {plural(found.operators, 'operator')}, {quantity(found.flops, 'FLOP')}, "
        f"peak {quantity(found.peak, 'B')}{kept}"
    ]
    if found.calls:
        lines[0] += f"; calls of {', '.join(found.calls)} are not in the FLOP"
    rows = [
        [_shape(node, sizes), quantity(size, "B"), node.op, node.span.short if node.span.file != "<spec>" else ""]
        for node, size in found.largest[:_SHOWN]
    ]
    return "\n".join([*lines, table(rows, right=(1,), indent=4)])


def _shape(node: Node, sizes: Mapping[str, int]) -> str:
    axes = [f"{a.name}={a.size if a.size is not None else sizes.get(a.name, '?')}" for a in node.axes]
    name = f"{node.label} " if node.label else ""
    return f"{name}[{', '.join(axes)}]"
