"""What a compiled spec is before it is text: modules, tensors, draws, and each phase as ordered actions over pure functions.

Made by the elaborator (semantics/), rewritten function by function by the passes, printed by `explain`, emitted by codegen.
A pure function (nodes.Function) reads `input` leaves and returns named outputs; an action applies effects in the order of the text.
An input leaf of kind "held" takes the output of that name of an earlier function of the same step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from typing import Any

from cldsl.graph.nodes import Axis, Function, Node
from cldsl.syntax.diagnostics import NOWHERE, Span
from cldsl.syntax.record import record


@record(frozen=True)
class ColumnPlan:
    name: str
    axes: tuple[Axis, ...]  # the first is the stream's item axis
    dtype: str
    target: str | None  # the axis its indices point to
    ragged: int = 0  # its presence lies along so many of its first axes; 0: it is present everywhere


@record(frozen=True)
class StreamPlan:
    """A `data` declaration: default is its small source, production the other one (or None)."""

    name: str
    default: str
    production: str | None
    columns: tuple[ColumnPlan, ...]
    span: Span = NOWHERE


@record(frozen=True)
class ModelPlan:
    """A module. kind "module" is built from the registry; "copy", "fresh" and "frozen" refer to `of`. Names may be dotted (t.f).

    family: the axis of a family of members, else None. batch_statistics: its rows depend on each other in training mode.
    """

    name: str
    kind: str
    entry: str
    args: tuple[Any, ...]
    named: tuple[tuple[str, Any], ...]
    consumes: tuple[Axis, ...]
    produces: tuple[Axis, ...]
    of: str | None = None
    family: Axis | None = None
    batch_statistics: bool = False
    span: Span = NOWHERE


@record(frozen=True)
class TensorPlan:
    """A `learn` or `state` tensor. init: ("value", number) | ("draw", name, args) | ("absent",) | ("given",).

    masked: some entries may be absent; then a bool companion over `mask_axes` travels with it. ring: the axis whose pointer it follows.
    """

    kind: str
    name: str
    axes: tuple[Axis, ...]
    dtype: str
    init: tuple[Any, ...]
    masked: bool = False
    mask_axes: tuple[Axis, ...] = ()
    ring: str | None = None
    span: Span = NOWHERE


@record(frozen=True)
class StagePlan:
    """One primitive stage of a view pipeline with constant arguments."""

    name: str
    args: tuple[tuple[str, Any], ...]


@record(frozen=True)
class DrawPlan:
    """A random value of a step.

    kind "view": `column` is transformed by `pipelines`, one for each index of the copy axis `copies` (or a single one, copies None);
    parts: the sizes group of an uneven axis: ((input name, first index, last index + 1), ...), one part when even. box: name of the geometry output.
    kind "draw": an independent entry for each coordinate of `axes` from `distribution` (name, constant args).
    """

    kind: str
    name: str
    axes: tuple[Axis, ...]
    dtype: str
    column: str | None = None
    copies: Axis | None = None
    pipelines: tuple[tuple[StagePlan, ...], ...] = ()
    parts: tuple[tuple[str, int, int], ...] = ()
    box: str | None = None
    distribution: tuple[Any, ...] = ()
    span: Span = NOWHERE


@record(frozen=True)
class OptimiserPlan:
    """One optimiser: registry entry, constant options (no rate), the models and learn tensors it moves with their rate factors."""

    name: str
    entry: str
    options: tuple[tuple[str, Any], ...]
    members: tuple[tuple[str, float], ...]
    span: Span = NOWHERE


# ---- actions of one iteration


@record(frozen=True)
class Mix:
    """target <- keep target + (1 - keep) source, model by model (pairs of names); keep is a scalar node of the clock; keep 0: a copy."""

    pairs: tuple[tuple[str, str], ...]
    keep: Node
    span: Span = NOWHERE


@record(frozen=True)
class Run:
    """Evaluate a function without gradient; its outputs are held for later actions."""

    function: str
    span: Span = NOWHERE


@record(frozen=True)
class Objective:
    """One term of a minimize: the function whose output "loss" is minimised, by an optimiser at a rate (a scalar clock node).

    guards: (member, scalar bool clock node): while false the member gets no step. Its other outputs are held for later actions.
    """

    function: str
    optimiser: str
    rate: Node
    guards: tuple[tuple[str, Node], ...] = ()
    span: Span = NOWHERE


@record(frozen=True)
class Minimize:
    """All gradients are taken, then all steps."""

    terms: tuple[Objective, ...]
    span: Span = NOWHERE


@record(frozen=True)
class Assign:
    """A tensor takes a held output whole; mask names the held output that becomes its presence (or None). pointer: (ring axis, rows pushed)."""

    tensor: str
    output: str
    mask: str | None = None
    span: Span = NOWHERE


@record(frozen=True)
class Advance:
    """The pointer of a ring axis moves by a number of rows, modulo its size."""

    ring: str
    rows: int
    size: int
    span: Span = NOWHERE


@record(frozen=True)
class Log:
    """A scalar held output logged under a name."""

    name: str
    output: str
    span: Span = NOWHERE


@record(frozen=True)
class Level:
    """A scalar of the clock logged under a name: a temperature, the loss' level when all candidates are alike."""

    name: str
    value: Node
    span: Span = NOWHERE


@record(frozen=True)
class Enter:
    """A whole block is gone through, here: an inner `train` or `on`. period, unit: those of the guarded block around it."""

    block: str
    period: int
    unit: str
    span: Span = NOWHERE


Action = Mix | Run | Minimize | Assign | Advance | Log | Level | Enter


@record(frozen=True)
class Guarded:
    """Actions of an `every N epochs|steps` block: done in the last step of every N."""

    period: int
    unit: str
    actions: tuple[Any, ...]
    span: Span = NOWHERE


@record(frozen=True)
class SamplerPlan:
    """How a train block's batches are chosen: an entry, the column that groups rows, or the state indexed by that column."""

    entry: str
    by: str
    table: str | None
    options: tuple[tuple[str, Any], ...]


@record(frozen=True)
class TrainPlan:
    """A `train` block: functions by name, draws, and its actions in order. inner: another block enters it.

    stream says how long an epoch is; beside: further streams that each step takes a batch of, with their options.
    """

    name: str
    stream: str
    options: tuple[tuple[str, Any], ...]
    draws: tuple[DrawPlan, ...]
    functions: tuple[Function, ...]
    actions: tuple[Any, ...]
    span: Span = NOWHERE
    inner: bool = False
    sampler: SamplerPlan | None = None
    beside: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()

    def function(self, name: str) -> Function:
        return next(each for each in self.functions if each.name == name)


def flattened(actions: Iterable[Any]) -> Iterator[Any]:
    """Every action, those of guarded blocks in their place."""
    for action in actions:
        if isinstance(action, Guarded):
            yield from flattened(action.actions)
        else:
            yield action


@record(frozen=True)
class ReportPlan:
    """A report of an `on` block: a plain output (metric None), or a metric entry over outputs with constant options.

    present: the output that tells which rows of the others there are (None: all).
    fit: the split that the metric is fitted on. known: instead, the output that is true at the rows it is fitted on; the
    score is that of the others.
    """

    name: str
    metric: str | None
    outputs: tuple[str, ...]
    options: tuple[tuple[str, Any], ...] = ()
    fit: str | None = None
    known: str | None = None
    span: Span = NOWHERE
    present: str | None = None


@record(frozen=True)
class OnPlan:
    """An `on` block: one function over whole columns in evaluation mode, what it writes, and reports of its outputs.

    draws: the chance of a block that writes. inner: a train block enters it.
    """

    name: str
    stream: str
    options: tuple[tuple[str, Any], ...]
    functions: tuple[Function, ...]
    reports: tuple[ReportPlan, ...]
    assigns: tuple[Assign, ...] = ()
    span: Span = NOWHERE
    draws: tuple[DrawPlan, ...] = ()
    inner: bool = False


@record(frozen=True)
class ProgramPlan:
    """The whole program, in the order of the spec."""

    name: str
    title: str
    link: str
    file: str
    variant: str | None
    params: tuple[tuple[str, Any], ...]
    streams: tuple[StreamPlan, ...]
    models: tuple[ModelPlan, ...]
    tensors: tuple[TensorPlan, ...]
    optimisers: tuple[OptimiserPlan, ...]
    phases: tuple[TrainPlan | OnPlan, ...]
    notes: tuple[str, ...] = field(default=())
    #: modules that are applied at most so many rows at a time and recomputed for the gradient (planning/encoders.py)
    cached: tuple[tuple[str, int], ...] = field(default=())

    def map_functions(self, change: Any) -> ProgramPlan:
        """The plan with every function replaced by change(function)."""
        phases = tuple(replace(phase, functions=tuple(change(f) for f in phase.functions)) for phase in self.phases)
        return replace(self, phases=phases)
