"""A case of several steps through an emitted program.

Input: a Setup and a level of optimisation. Output: what each step logs, and the gradients of what it minimises.

The program is run as it is emitted; only `minimize` is overheard, before it moves anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from cldsl import elaborate as elaboration
from cldsl.codegen import emit, load
from cldsl.compiler import optimise
from cldsl.elaborate.moments import replaced
from cldsl.graph.nodes import Function, Graph
from cldsl.graph.plan import Log, ProgramPlan, TrainPlan
from cldsl.runtime.clock import Clock
from cldsl.runtime.program import PRESENT, Program
from cldsl.semantics.program import Program as Resolved
from cldsl.syntax import ast
from cldsl.verify.asked import asked
from cldsl.verify.cases import Array
from cldsl.verify.compare import Found, masked
from cldsl.verify.double import double
from cldsl.verify.setup import Setup

#: How the report of a report's presence is called.
HERE = "presence_of_"


class Overheard(Program):
    """What a `minimize` sees: its loss, and the gradients with respect to `wanted` (name -> leaf)."""

    wanted: Mapping[str, Tensor]
    heard: dict[str, Tensor]
    loss: Tensor | None

    def minimize_all(self, terms: Any) -> None:
        """As the program does, after taking the gradients that are wanted."""
        for _, loss, *_ in terms:
            names = [name for name, leaf in self.wanted.items() if leaf.requires_grad]
            leaves = [self.wanted[name] for name in names]
            gradients = torch.autograd.grad(loss, leaves, retain_graph=True, allow_unused=True)
            for name, gradient in zip(names, gradients, strict=True):
                if gradient is not None:
                    before = self.heard.get(name)
                    self.heard[name] = gradient.clone() if before is None else before + gradient
            self.loss = loss.detach() if self.loss is None else self.loss
        super().minimize_all(terms)


@dataclass(frozen=True)
class At(Clock):
    """A clock that stands where a case says."""

    at_epoch: int = 0

    @property
    def epoch(self) -> int:
        """The case's epoch."""
        return self.at_epoch


def steps(prepared: Setup, level: int, memory: int | None = None) -> Found:
    """Every step of the case. Raises SpecError, GraphError, RunFailed."""
    plan = elaboration.elaborate(rows_first(with_presence(prepared.program)), prepared.sizes)
    # a case asks for gradients of its columns, which are data to a program: while it is optimised they are leaves
    given = plan.map_functions(lambda each: relabelled(each, "column", "given"))
    plan = optimise(given, level, verify=True, memory=memory)
    plan = plan.map_functions(lambda each: relabelled(each, "given", "column"))
    (phase,) = [each for each in plan.phases if isinstance(each, TrainPlan)]
    found = Found()
    with double():
        program = _built(prepared, plan, level)
        for step in range(prepared.case.steps):
            _step(prepared, plan, phase, program, step, found)
    return found


def with_presence(program: Resolved) -> Resolved:
    """The program with reports over axes as two: the value, and where it is present."""
    return replace(program, body=tuple(_told(item) if isinstance(item, ast.Train) else item for item in program.body))


def rows_first(program: Resolved) -> Resolved:
    """The program with the axis `item` of its columns first, where a stream has its rows."""
    body = tuple(
        replace(item, columns=tuple(replace(each, axes=tuple(sorted(each.axes, key=_is_row))) for each in item.columns))
        if isinstance(item, ast.Data)
        else item
        for item in program.body
    )
    return replace(program, body=body)


def _is_row(axis: ast.AxisItem) -> bool:
    return not (isinstance(axis, ast.AxisName) and axis.name == "item")


def _told(block: ast.Train) -> ast.Train:
    body: list[ast.Statement] = []
    for item in block.body:
        if not isinstance(item, ast.Report) or not item.axes:
            body.append(item)
            continue
        here = ast.Call(ast.Name("present"), (ast.Argument(None, item.value, span=item.span),), span=item.span)
        body.append(replace(item, value=ast.Fill(item.value, ast.Number(0, span=item.span), span=item.span)))
        body.append(replace(item, name=HERE + item.name, value=here))
    return replace(block, body=tuple(body))


def relabelled(function: Function, old: str, new: str) -> Function:
    """The function with its real inputs of one kind as inputs of another."""
    graph = Graph()
    leaves = {
        leaf: graph.leaf("input", leaf.axes, leaf.dtype, leaf.span, leaf.label, kind=new, name=leaf.attr("name"))
        for leaf in function.inputs
        if leaf.attr("kind") == old and leaf.dtype == "real"
    }
    nodes = replaced(graph, [node for _, node in function.outputs], leaves)
    return replace(
        function, outputs=tuple((name, node) for (name, _), node in zip(function.outputs, nodes, strict=True))
    )


def _built(prepared: Setup, plan: ProgramPlan, level: int) -> Overheard:
    loaded = load(emit(plan, level), plan.name)
    program: Overheard = type("Overheard", (Overheard, loaded), {})(seed=0, sizes={})
    program.to(torch.float64)
    known = {tensor.name for tensor in plan.tensors}
    for name, start in prepared.starts.items():
        if name in known:
            program.assign(
                _attribute(program, name),
                start.array.data,
                None if start.present is None else _presence(program, name, start.present),
            )
    return program


def _attribute(program: Program, name: str) -> str:
    """The attribute of a tensor of the spec; a program renames what would clash with its own names."""
    renamed: Mapping[str, str] = getattr(program, "names", {})
    return next((own for own, meant in renamed.items() if meant == name), name)


def _presence(program: Program, name: str, present: Array) -> Tensor:
    """The presence over the axes that the program keeps it over: `dim` is left out."""
    kept = program.get_buffer(_attribute(program, name) + PRESENT)
    data = present.data
    for place in reversed(range(len(present.axes))):
        if present.axes[place] == "dim" and data.dim() > kept.dim():
            data = data.select(place, 0)
    return data


def _step(prepared: Setup, plan: ProgramPlan, phase: TrainPlan, program: Overheard, step: int, found: Found) -> None:
    columns = {name: _rows_first(array) for name, array in prepared.columns(step).items()}
    batch = {
        name: array.data.detach().clone().requires_grad_(array.data.is_floating_point())
        for name, array in columns.items()
    }
    learned = {
        tensor.name: program.get_parameter(_attribute(program, tensor.name))
        for tensor in plan.tensors
        if tensor.kind == "learn"
    }
    program.wanted, program.heard, program.loss = {**batch, **learned}, {}, None
    stood = prepared.clock(step)
    clock = At(step, stood["steps"], stood["steps_per_epoch"], stood["epochs"], at_epoch=stood["epoch"])
    logs = getattr(program, phase.name)(batch, clock)
    arrays = {name: Array(logs[name].clone(), axes) for name, axes in _logged(phase).items()}
    for name, array in arrays.items():
        if not name.startswith(HERE):
            found.outputs[step, name] = masked(array, arrays.get(HERE + name))
    if program.loss is not None:
        found.outputs.setdefault((step, "loss"), Array(program.loss, ()))
    axes_of = {**{name: array.axes for name, array in columns.items()}, **_learned_axes(plan)}
    for name, wrts in asked(prepared).items():
        for wrt in wrts:
            meant = prepared.meant(wrt)
            if meant in program.heard:
                found.gradients[step, name, wrt] = Array(program.heard[meant], axes_of[meant])


def _rows_first(array: Array) -> Array:
    axes = tuple(sorted(array.axes, key=lambda axis: axis != "item"))
    return Array(array.data.permute([array.axes.index(axis) for axis in axes]).contiguous(), axes)


def _learned_axes(plan: ProgramPlan) -> dict[str, tuple[str, ...]]:
    return {tensor.name: tuple(axis.name for axis in tensor.axes) for tensor in plan.tensors}


def _logged(phase: TrainPlan) -> dict[str, tuple[str, ...]]:
    """The axes of each report, as the function that computes it has them."""
    outputs = {name: node.names for made in phase.functions for name, node in made.outputs}
    return {action.name: outputs[action.output] for action in phase.actions if isinstance(action, Log)}
