"""Which encoders are applied in chunks, so that a step stays within its memory.

Input: a plan and a number of bytes. Output: for every call in training what it keeps for the gradient and what becomes
of it, and from that the rows that each module takes at a time. Half of the memory is for what encoders keep. Where all
of it fits, every call stays whole. Else modules are cached, those that keep most first, until the others fit into a
half of that share; the other half is for one chunk, applied again in the backward pass.

A chunk may stand for the whole only where rows do not depend on each other: batch statistics and dropout forbid it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cldsl.graph.nodes import Function, Node, topological
from cldsl.graph.plan import ModelPlan, ProgramPlan, TrainPlan
from cldsl.modules.catalog import bind_module, module_entry
from cldsl.planning.activations import row_bytes

#: The share of the memory that encoders may fill.
SHARE = 2
#: What keeps less than this part of the encoders' share is not worth the work of applying it twice.
LITTLE = 100

STATISTICS = "batch statistics: a chunk would normalise by itself"
CHANCE = "dropout: a chunk would draw other masks"
FOREIGN = "its code is not ours: it may hold batch statistics"
OPEN = "sizes known only at run time"
GIVEN = "its weights are a value"
TOLD = "it is told which entries are there"


@dataclass(frozen=True)
class Call:
    """A call of a module in a step. rows: of the whole call; each: bytes kept for one row, None where not known.

    members: modules of a family, each of which takes its part of the rows. chunk: rows at a time, None for a whole
    call. forbidden: why it may not be cached. kept: bytes of the whole call.
    """

    function: str
    node: Node
    module: str
    rows: int
    each: int | None
    forbidden: str = ""
    gradient: bool = True
    members: int = 1
    chunk: int | None = None

    @property
    def kept(self) -> int:
        """Bytes that the whole call keeps, as far as they are known."""
        return self.rows * (self.each or 0) if self.gradient else 0


def cached(plan: ProgramPlan, memory: int) -> ProgramPlan:
    """The plan that says how many rows at a time its modules take. memory: bytes of a step."""
    return replace(plan, cached=tuple({c.module: c.chunk for c in calls(plan, memory) if c.chunk is not None}.items()))


def calls(plan: ProgramPlan, memory: int) -> list[Call]:
    """Every call in training, in the order of the steps, with what becomes of it."""
    reader = _Reader({each.name: each for each in plan.models}, {})
    functions = [each for phase in plan.phases if isinstance(phase, TrainPlan) for each in phase.functions]
    found = [call for function in functions for call in reader.calls(function)]
    sizes = {name: _chunk_rows(own, memory // SHARE // 2) for name, own in _chosen(found, memory // SHARE).items()}
    return [replace(call, chunk=sizes[call.module]) if call.module in sizes else call for call in found]


def _chosen(found: list[Call], share: int) -> dict[str, list[Call]]:
    """The modules to be cached and their calls."""
    kept = sum(call.kept for call in found)
    if kept <= share:
        return {}
    by_module: dict[str, list[Call]] = {}
    for call in found:
        by_module.setdefault(call.module, []).append(call)
    free = {name: own for name, own in by_module.items() if not any(call.forbidden for call in own)}
    weights = {name: sum(call.kept for call in own) for name, own in free.items()}
    chosen = {}
    for name in sorted(free, key=lambda name: -weights[name]):
        if kept <= share // 2 or weights[name] < share // LITTLE:
            break
        kept -= weights[name]
        chosen[name] = free[name]
    return chosen


def _chunk_rows(own: list[Call], share: int) -> int:
    """Rows of a chunk: as many as fit, in chunks of one size where a divisor is near, else of nearly one size."""
    rows, each = max(call.rows // call.members for call in own), max(call.each or 1 for call in own)
    most = max(1, min(rows, share // each))
    even = next((size for size in range(most, most // 2, -1) if rows % size == 0), None)
    return even if even is not None else -(-rows // -(-rows // most))


# ---- one call


@dataclass(frozen=True)
class _Reader:
    """models: of the plan by name; known: bytes by row of those that were measured."""

    models: dict[str, ModelPlan]
    known: dict[str, int]

    def calls(self, function: Function) -> list[Call]:
        """The calls of a function."""
        keeping = _keeping(function, self.models) if function.grad else set()
        nodes = [node for node in topological(each for _, each in function.outputs) if node.op == "call"]
        return [self._call(function, node, node in keeping) for node in nodes]

    def _call(self, function: Function, node: Node, gradient: bool) -> Call:
        model = self.models[node.attr("model")]
        base = model.of if model.kind == "frozen" and model.of in self.models else model.name
        assert base is not None
        sizes = [axis.size for axis in node.inputs[0].axes if axis.name not in node.attr("consumes")]
        rows = 0 if None in sizes else math.prod(size for size in sizes if size is not None)
        forbidden = _forbidden(model, node) or (
            GIVEN if node.inputs[-1].dtype == "weights" else TOLD if len(node.inputs) > 1 else "" if rows else OPEN
        )
        each = None if forbidden in (FOREIGN, OPEN) else self._each(model)
        members = model.family.size or 1 if model.family is not None else 1
        return Call(function.name, node, base, rows, each, forbidden, gradient, members)

    def _each(self, model: ModelPlan) -> int:
        if model.name not in self.known:
            sizes = tuple(axis.size for axis in model.consumes if axis.size is not None)
            named = dict(model.named)
            self.known[model.name] = row_bytes(model.entry, model.args, named, sizes, len(model.produces))
        return self.known[model.name]


def _forbidden(model: ModelPlan, node: Node) -> str:
    entry = module_entry(model.entry)
    if entry.open or len(node.attr("consumes")) != len(model.consumes):  # several arguments are rows of one width
        return FOREIGN
    if any(axis.size is None for axis in (*model.consumes, *model.produces)):
        return OPEN
    if node.attr("mode") != "train":
        return ""
    if model.batch_statistics:
        return STATISTICS
    return CHANCE if entry.draws(bind_module(entry, model.args, dict(model.named))) else ""


def _keeping(function: Function, models: dict[str, ModelPlan]) -> set[Node]:
    """The calls whose inner values autograd keeps: a gradient comes to them, and goes on to weights or to the input."""
    order = topological(node for _, node in function.outputs)
    moving: set[Node] = set()
    for node in order:
        own = node.op == "input" and node.attr("kind") in ("learn", "weight", "weights")
        if node.op == "call":
            own = models[node.attr("model")].kind in ("module", "fresh")
        if own or (node.op != "stop" and any(each in moving for each in node.inputs)):
            moving.add(node)
    reached: set[Node] = set()
    for node in reversed(order):
        if any(name == "loss" and node is output for name, output in function.outputs) or node in reached:
            reached.add(node)
            reached |= set(_differentiable(node))
    return {node for node in reached & moving if node.op == "call"}


def _differentiable(node: Node) -> Iterable[Node]:
    return () if node.op == "stop" else (each for each in node.inputs if each.dtype in ("real", "weights"))
