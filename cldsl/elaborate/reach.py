"""Gradient reach: which models and learn tensors an objective's gradient arrives at, and where the others are cut."""

from __future__ import annotations

from collections.abc import Iterator

from cldsl.elaborate.shared import Shared
from cldsl.graph.nodes import COMPARISONS, CONSTANT, Node, topological
from cldsl.semantics.program import declared
from cldsl.semantics.spots import spot
from cldsl.syntax.diagnostics import NOWHERE, Diagnostic, Span

_TRAINED = ("module", "fresh")


def judge(shared: Shared) -> None:
    """Every trainable member that a train block computes with and that no objective's gradient reaches."""
    reached: set[str] = set()
    for loss, _ in shared.losses:
        reached.update(members_reached(loss, shared))
    nodes = topological([*(loss for loss, _ in shared.losses), *shared.trained])
    used = {name: node for node in nodes if (name := member_of(node, shared)) is not None}
    for name, node in used.items():
        if name not in reached:
            _unreached(shared, name, node)


def _unreached(shared: Shared, name: str, node: Node) -> None:
    cuts: dict[tuple[str, Span], None] = {}
    for loss, span in shared.losses:
        for word, place in cuts_of(loss, name, shared):
            cuts[(word, place if place != NOWHERE else span)] = None
    why = (
        "no objective reads it"
        if not cuts
        else "the gradient is cut by " + ", ".join(f"{word} at {place.short}" for word, place in cuts)
    )
    span = shared.models[name].span if name in shared.models else shared.tensors[name].span
    place = spot(span, name.split(".")[0], shared.program.sources)
    shared.complain(
        Diagnostic(
            place, "no-gradient", f"{name} is trained by no objective", why, _mend(shared, name), "warning", tuple((at, f"the gradient ends here, at {word}") for word, at in cuts),
        )
    )  # fmt: skip


def _mend(shared: Shared, name: str) -> str:
    if name in shared.models:
        return f"let its gradient through, or declare that it rests: `frozen({name.split('.')[0]})`"
    return "let its gradient through, or declare it a state"


def members_reached(loss: Node, shared: Shared) -> list[str]:
    """Trainable members that the gradient of the loss reaches, in the order of the spec."""
    live: set[Node] = {loss}
    found: set[str] = set()
    for node in reversed(topological([loss])):
        if node not in live or node.op in CONSTANT:
            continue
        name = member_of(node, shared)
        if name is not None:
            found.add(name)
        for place, each in enumerate(node.inputs):
            if not is_cut(node, place):
                live.add(each)
    order = [name for item in shared.program.body for name in declared(item)]
    parts = list(shared.models)
    return sorted(found, key=lambda name: (order.index(name.split(".")[0]), parts.index(name) if name in parts else 0))


def cuts_of(loss: Node, name: str, shared: Shared) -> Iterator[tuple[str, Span]]:
    """Where each path from the loss to a member ends first: (what ends it, its place)."""
    order = topological([loss])
    below: set[Node] = set()
    for node in order:
        if member_of(node, shared) == name or any(each in below for each in node.inputs):
            below.add(node)
    live: set[Node] = {loss}
    for node in reversed(order):
        if node not in live or node not in below:
            continue
        if node.op in CONSTANT:
            yield _word(node), node.span
            continue
        for place, each in enumerate(node.inputs):
            if each not in below:
                continue
            if is_cut(node, place):
                yield _cut_word(node, place), _span_near(node, each)
            else:
                live.add(each)


def _cut_word(node: Node, place: int) -> str:
    each = node.inputs[place]
    if (node.op == "where" and place == 0) or each.dtype == "bool" or each.op == "where":
        return "a condition"
    return "an index" if node.op in ("gather", "put") or each.op not in CONSTANT else _word(each)


def _word(node: Node) -> str:
    if node.op == "stop":
        return "`stop`"
    if node.op in COMPARISONS or node.op in ("and", "or", "not", "isfinite"):
        return "a comparison"
    return {"topk": "`top`", "argmax": "`argmax`", "kmeans": "`kmeans`"}.get(node.op, f"`{node.op}`")


def _span_near(node: Node, below: Node) -> Span:
    return below.span if below.span != NOWHERE else node.span


def member_of(node: Node, shared: Shared) -> str | None:
    """The trainable model or learn tensor that a node applies or reads."""
    if node.op == "input" and node.attr("kind") == "weights":
        info = shared.models.get(str(node.attr("name")).split("@")[0])
        return info.name if info is not None and info.kind in _TRAINED else None
    if node.op == "call":
        if node.inputs[-1].dtype == "weights":
            return None
        info = shared.models.get(node.attr("model"))
        return info.name if info is not None and info.kind in _TRAINED else None
    if node.op == "input" and node.attr("kind") in ("learn", "given"):
        name = str(node.attr("name")).split("@")[0]
        if node.attr("kind") == "learn" or any(t.kind == "learn" and t.name == name for t in shared.tensors.values()):
            return name
    return None


def is_cut(node: Node, place: int) -> bool:
    """Whether an operator passes no gradient to this input."""
    if node.op == "where" and place == 0:
        return True
    if node.op in ("reduce", "softmax", "log_softmax", "sort", "sinkhorn") and place == 1:
        return True
    if node.op == "gather" and place == 1:
        return True
    if node.op == "reduce" and node.attr("kind") in ("any", "all"):
        return True
    if node.op in ("put", "push") and place == (1 if node.op == "put" else 2):
        return True
    return (
        (node.op == "soft_sort" and place == 2)
        or (node.op == "transport" and place == 3)
        or node.inputs[place].dtype not in ("real", "weights")
    )
