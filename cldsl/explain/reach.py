"""Gradient reach: which objective moves each model and learned tensor, and where the gradient of the others is cut.

Input: a plan (as elaborated, before passes). Output: text, one line for each trainable member, copy and state.
A cut is an operator through which no gradient passes although something behind it could be moved: `stop`, an index, a
comparison, an order. A held value and a state are constants as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cldsl.elaborate.reach import is_cut
from cldsl.graph.nodes import COMPARISONS, CONSTANT, Function, Node, topological
from cldsl.graph.plan import Minimize, ModelPlan, Objective, ProgramPlan, TrainPlan
from cldsl.syntax.diagnostics import NOWHERE, Span


@dataclass
class Reached:
    """What one objective's gradient does. cuts: member -> places where a path to it is cut."""

    function: Function
    members: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    cuts: dict[str, list[str]] = field(default_factory=dict)


def reach(plan: ProgramPlan) -> str:
    """A line for each trainable model and learned tensor, then for what is never trained."""
    found = [_reached(phase.function(term.function)) for phase, term in _terms(plan)]
    moved = _moved(plan)
    lines = [_member(name, "model", span, found, moved) for name, span in _models(plan)]
    lines += [_member(each.name, "learn", each.span, found, moved) for each in plan.tensors if each.kind == "learn"]
    lines += [_still(model) for model in plan.models if model.kind in ("copy", "frozen")]
    lines += [
        f"state {each.name} ({each.span.short}): a constant for every gradient, written by `<-` alone"
        for each in plan.tensors
        if each.kind == "state"
    ]
    return "\n".join(lines) if lines else "nothing is trainable"


def _terms(plan: ProgramPlan) -> Iterator[tuple[TrainPlan, Objective]]:
    for phase in plan.phases:
        if isinstance(phase, TrainPlan):
            for action in phase.actions:
                if isinstance(action, Minimize):
                    for term in action.terms:
                        yield phase, term


def _moved(plan: ProgramPlan) -> dict[str, list[str]]:
    """Member -> the places of the objectives that move it."""
    moved: dict[str, list[str]] = {}
    for optimiser in plan.optimisers:
        for name, factor in optimiser.members:
            moved.setdefault(name, []).append(
                f"{optimiser.span.short} by {optimiser.entry}" + (f" at {factor:g} of its rate" if factor != 1 else "")
            )
    return moved


def _models(plan: ProgramPlan) -> list[tuple[str, Span]]:
    return [(model.name, model.span) for model in plan.models if model.kind in ("module", "fresh")]


def _member(name: str, kind: str, span: Span, found: Sequence[Reached], moved: dict[str, list[str]]) -> str:
    head = f"{kind} {name} ({span.short}): "
    cuts = list(dict.fromkeys(cut for each in found for cut in each.cuts.get(name, [])))
    if name in moved:
        also = f"; other paths are cut: {', '.join(cuts)}" if cuts else ""
        return f"{head}moved by minimize at {', '.join(moved[name])}{also}"
    if any(name in each.members for each in found):
        return f"{head}reached, but not listed in `over`; it stays as it is"
    if cuts:
        return f"{head}never moved; the gradient is cut: {', '.join(cuts)}"
    if any(name in each.read for each in found):
        return f"{head}never moved; its gradient is cut at a value that is held from before"
    return f"{head}never moved; no objective reads it"


def _still(model: ModelPlan) -> str:
    head = f"model {model.name} ({model.span.short}): "
    if model.kind == "copy":
        return f"{head}a copy of {model.of}, moved by `<-` alone; no gradient passes into its parameters"
    return f"{head}{model.of} frozen; the gradient passes through to its input, its parameters stay"


def _reached(function: Function) -> Reached:
    loss = dict(function.outputs)["loss"]
    order = topological([loss])
    below = _members_below(order)
    reached = Reached(function, read=set().union(*below.values()) if below else set())
    live: set[Node] = {loss}
    for node in reversed(order):
        if node not in live:
            continue
        own = _own(node)
        if own is not None:
            reached.members.add(own)
        for place, each in enumerate(node.inputs):
            if node.op not in CONSTANT and not is_cut(node, place):
                live.add(each)
            elif each.dtype in ("real", "weights") or node.op == "stop":
                for name in sorted(below[each]):
                    reached.cuts.setdefault(name, []).append(_why(node, each, place))
    return reached


def _own(node: Node) -> str | None:
    """The member whose parameters this node reads."""
    if node.op == "call":
        return str(node.attr("model")) if node.inputs[-1].dtype != "weights" else None
    if node.op == "input" and node.attr("kind") in ("learn", "weights"):
        return str(node.attr("name")).split("@")[0]
    return None


def _members_below(order: Sequence[Node]) -> dict[Node, frozenset[str]]:
    below: dict[Node, frozenset[str]] = {}
    for node in order:
        own = _own(node)
        found = frozenset() if own is None else frozenset((own,))
        below[node] = found.union(*(below[each] for each in node.inputs))
    return below


_REASONS = {
    "argmax": "an argmax", "topk": "the choice of a `top`", "kmeans": "centres of clusters", "onehot": "a one-hot code", "floor": "floor",
    "ceil": "ceil", "round": "round", "sign": "sign", "gather": "an index", "where": "a condition", "cast": "a cast",
}  # fmt: skip


def _why(node: Node, value: Node, place: int) -> str:
    span = next((each.span for each in (node, value) if each.span != NOWHERE), NOWHERE)
    name = node.label or value.label
    where = f" at {span.short}" if span != NOWHERE else f" ({name})" if name else ""
    if node.op == "stop":
        return f"stop{where}"
    if node.op in COMPARISONS:
        return f"a comparison{where}"
    if node.op in _REASONS:
        return _REASONS[node.op] + where
    return f"{node.op}{where}" if place == 0 else f"a condition of {node.op}{where}"
