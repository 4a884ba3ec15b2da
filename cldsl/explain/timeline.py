"""The time line of a program: its blocks in order, and in each what every statement reads and writes.

Input: a plan (as elaborated, before passes) and the texts of its files. Output: text. Reads are those of the functions
that a statement evaluates; a held value is computed once in a step and read by later statements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from cldsl.explain.table import joined
from cldsl.graph.nodes import Function, Node, topological
from cldsl.graph.plan import (
    Advance,
    Assign,
    DrawPlan,
    Guarded,
    Level,
    Log,
    Minimize,
    Mix,
    OnPlan,
    ProgramPlan,
    Run,
    TrainPlan,
)
from cldsl.syntax.diagnostics import NOWHERE, Span

#: kind of input -> what it is called; a state's presence goes with the state.
_KINDS = {
    "column": "columns", "draw": "draws", "state": "states", "learn": "learned", "pointer": "pointers",
    "held": "held", "clock": "clock", "given": "given", "weight": "weights",
}  # fmt: skip


def timeline(plan: ProgramPlan, sources: Mapping[str, str]) -> str:
    """Every block of the program as numbered lines."""
    blocks = []
    for phase in plan.phases:
        chosen = [f"{name} = {value}" for name, value in phase.options]
        if isinstance(phase, TrainPlan) and phase.sampler is not None:
            own = ", ".join(f"{name} = {value}" for name, value in phase.sampler.options)
            by = phase.sampler.table or phase.sampler.by
            chosen.append(f"sampler = {phase.sampler.entry}({by}{', ' + own if own else ''})")
        options = ", ".join(chosen)
        word = "train on" if isinstance(phase, TrainPlan) else "on"
        head = f"{phase.name}: {word} {phase.stream}({options})  {phase.span.short}"
        lines = _train(plan, phase, sources) if isinstance(phase, TrainPlan) else _on(phase)
        blocks.append("\n".join([head, *lines]))
    return "\n\n".join(blocks)


def _train(plan: ProgramPlan, phase: TrainPlan, sources: Mapping[str, str]) -> Iterator[str]:
    for draw in phase.draws:
        yield f"   ~  {_drawn(draw)}"
    steps = list(_flat(phase.actions))
    places = {step.span for _, step in steps if isinstance(step, Minimize)}
    watched = [step.name for _, step in steps if isinstance(step, (Level, Log)) and _watches(step, places)]
    for place, (guard, step) in enumerate([each for each in steps if not _watches(each[1], places)], 1):
        yield f"  {place:2}  {_head(step, sources)}{guard}"
        for word, names in _effects(plan, phase, step):
            yield f"      {word:7} {names}"
    if watched:
        yield f"      {'logs':7} {joined(watched)}"


def _watches(action: object, objectives: Collection[Span]) -> bool:
    """Whether an action logs what the compiler watches of an objective, beside the reports of the text."""
    return isinstance(action, Level) or (isinstance(action, Log) and action.span in objectives)


def _flat(actions: Iterable[object], guard: str = "") -> Iterator[tuple[str, object]]:
    for action in actions:
        if isinstance(action, Guarded):
            yield from _flat(action.actions, f"  (every {action.period} {action.unit})")
        else:
            yield guard, action


def _drawn(draw: DrawPlan) -> str:
    axes = ", ".join(map(str, draw.axes))
    if draw.kind == "view":
        stages = " then ".join(stage.name for stage in draw.pipelines[0]) if draw.pipelines else "nothing"
        parts = [f"{name} for {first} to {last - 1}" for name, first, last in draw.parts]
        uneven = f"; {draw.copies} in stretches of equal size: {joined(parts)}" if len(parts) > 1 else ""
        return f"{draw.name}[{axes}] of {draw.column}: {stages}{uneven}"
    return f"{draw.name}[{axes}] ~ {draw.distribution[0] if draw.distribution else '?'}"


def _head(action: object, sources: Mapping[str, str]) -> str:
    span: Span = getattr(action, "span", NOWHERE)
    if isinstance(action, Run):
        return f"{span.short}  needed first: values of `{_line(span, sources)}`"
    if isinstance(action, Advance):
        return f"pointer of {action.ring} moves by {action.rows} of {action.size}"
    return f"{span.short}  {_line(span, sources)}"


def _line(span: Span, sources: Mapping[str, str]) -> str:
    lines = sources.get(span.file, "").split("\n")
    text = lines[span.line - 1] if 0 < span.line <= len(lines) else ""
    text = text.split("  #")[0].strip()
    return text if len(text) <= 110 else text[:107] + "..."


def _effects(plan: ProgramPlan, phase: TrainPlan, action: object) -> Iterator[tuple[str, str]]:
    if isinstance(action, Mix):
        yield "reads", "models " + joined([source for _, source in action.pairs]) + _clock([action.keep])
        yield "writes", "models " + joined([target for target, _ in action.pairs])
    elif isinstance(action, Run):
        function = phase.function(action.function)
        yield "reads", reads(function)
        yield "holds", joined([name for name, _ in function.outputs])
    elif isinstance(action, Minimize):
        yield from _minimized(plan, phase, action)
    elif isinstance(action, Assign):
        yield "reads", joined([each for each in (action.output, action.mask) if each]) + " (held)"
        yield "writes", action.tensor
    elif isinstance(action, Log):
        yield "reads", f"{action.output} (held)"


def _minimized(plan: ProgramPlan, phase: TrainPlan, action: Minimize) -> Iterator[tuple[str, str]]:
    for term in action.terms:
        function = phase.function(term.function)
        optimiser = next(each for each in plan.optimisers if each.name == term.optimiser)
        held = [name for name, _ in function.outputs if name != "loss"]
        yield "reads", reads(function)
        if held:
            yield "holds", joined(held)
        guarded = {name: guard for name, guard in term.guards}
        names = [
            name
            + (f" (rate x {factor:g})" if factor != 1 else "")
            + (f" (while a guard holds{_clock([guarded[name]])})" if name in guarded else "")
            for name, factor in optimiser.members
        ]
        yield "moves", f"{joined(names)} by {optimiser.entry}{_clock([term.rate], ', its rate')}"


def _clock(nodes: Iterable[Node], of: str = "") -> str:
    names = [str(node.attr("name")) for node in topological(nodes) if node.op == "input"]
    return f"{of} reads the clock: {joined(names)}" if of and names else f"; clock {joined(names)}" if names else ""


def _on(phase: OnPlan) -> Iterator[str]:
    for function in phase.functions:
        yield f"      {'reads':7} {reads(function)}"
    for report in phase.reports:
        where = f"rows of {report.known}" if report.known else report.fit
        fitted = f", fitted on {where}" if where else ""
        metric = f"{report.metric}({joined(report.outputs)}){fitted}" if report.metric else joined(report.outputs)
        yield f"      {'reports':7} {report.name} = {metric}  {report.span.short}"
    for assign in phase.assigns:
        yield f"      {'writes':7} {assign.tensor}"


def reads(function: Function) -> str:
    """What a function takes from outside: columns, draws, states, learned tensors, held values, the clock, models."""
    found: dict[str, list[str]] = {}
    for node in function.inputs:
        word = _KINDS.get(str(node.attr("kind")))
        if word is not None:
            name = str(node.attr("name"))
            found.setdefault(word, []).extend([name] if name not in found.get(word, []) else [])
    models = [
        f"{node.attr('model')}{'.eval' if node.attr('mode') == 'eval' else ''}"
        for node in topological(n for _, n in function.outputs)
        if node.op == "call"
    ]
    if models:
        found["models"] = list(dict.fromkeys(models))
    return "; ".join(f"{word} {joined(names)}" for word, names in found.items()) or "nothing"
