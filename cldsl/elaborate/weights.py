"""Weights as values: sums of models and gradients, and the gradient of a number for a model or a value.

Input: expressions whose sides are models or weights; `grad(E, x)`. Output: WeightsValue, which is applied like the model
whose weights it stands for; of a value, its gradient. docs/language.md, section 6. What E computes from x is a function of
its own (the attribute `body`), of which the operator `grad` takes the gradient; what does not depend on x stands outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import ModelValue, Thing, Value, WeightsValue
from cldsl.graph.nodes import Function, Node, topological
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span

if TYPE_CHECKING:
    from cldsl.elaborate.calls import Models

_CLOSED = frozenset({"const", "iota", "table"})


def weights_of(s: Models, thing: Thing, span: Span) -> WeightsValue | None:
    """A model or weights as weights; None for anything else."""
    if isinstance(thing, WeightsValue) or not isinstance(thing, ModelValue):
        return thing if isinstance(thing, WeightsValue) else None
    if len(thing.plans) != 1:
        raise Mistake(
            span, "which-model", f"{thing.name} holds several models", "", f"name one: `{thing.plans[0].name}`"
        )
    own = thing.plan.name
    version = s.versions.get(own, 0)
    s.needs[-1].add(("model", own, version))
    s.shared.used.add(own.split(".")[0])
    s.shared.models[own].applied = True  # its weights are read: it is made
    return WeightsValue(own_weights(s, own, version, span), thing)


def own_weights(s: Models, model: str, version: int, span: Span) -> Node:
    """The weights of a module, as they are when it has moved so often."""
    name = f"{model}@{version}" if version else model
    return s.graph.leaf("input", (), "weights", span, kind="weights", name=name)


def combined(s: Models, op: str, left: Thing, right: Thing, span: Span) -> WeightsValue | None:
    """`f + g`, `f - g`, `c * f`, `f * c`, `f / c`; None where neither side is weights. Raises Mistake for any other."""
    one, other = weights_of(s, left, span), weights_of(s, right, span)
    if one is None and other is None:
        return None
    graph = s.graph
    if one is not None and other is not None and op in ("+", "-"):
        if _kind(s, one) != _kind(s, other):
            raise Mistake(
                span,
                "weights-do-not-meet",
                f"{one.model.name} and {other.model.name} have other weights",
                "weights meet by name: their models are of one kind and size",
                "take weights of one model, of its copies, or their gradients",
            )
        sign = graph.const(1.0 if op == "+" else -1.0)
        return WeightsValue(graph.make("blend", graph.const(1.0), one.node, sign, other.node, span=span), one.model)
    factor, own = (left, other) if one is None else (right, one)
    if own is None or weights_of(s, factor, span) is not None or not (op == "*" or (op == "/" and one is not None)):
        raise Mistake(
            span,
            "weights-arithmetic",
            f"`{op}` is not defined for weights",
            "weights are added, subtracted, and multiplied by numbers",
            "write `f - 0.1 * grad(L, f)`",
        )
    number = s.as_value(factor, span)
    if number.axes or number.mask is not None:
        raise Mistake(span, "scalar-expected", "weights are multiplied by one number", "", "write one number")
    share = s.a.cast(number.node, "real")
    if op == "/":
        share = graph.make("div", graph.const(1.0), share, span=span)
    return WeightsValue(graph.make("blend", share, own.node, span=span), own.model)


def _kind(s: Models, weights: WeightsValue) -> tuple[object, ...]:
    info = s.shared.models[weights.model.plan.name]
    while info.of is not None:
        info = s.shared.models[info.of]
    return info.entry, info.args, info.named, info.family, info.consumes, info.sizes_in


def gradient(s: Models, expr: ast.Call, scope: Scope) -> Thing:
    """`grad(E, x)`. Raises Mistake where E is not one present number, or does not depend on x."""
    if len(expr.arguments) != 2 or any(argument.name for argument in expr.arguments):
        raise Mistake(
            expr.span,
            "argument-count",
            "grad takes a number and what it is differentiated for",
            "",
            "write `grad(L, f)`",
        )
    loss, place = (argument.value for argument in expr.arguments)
    if not isinstance(place, ast.Name):
        raise Mistake(
            place.span,
            "name-expected",
            "a gradient is taken for a name",
            "",
            "name the value: `let y = ...`, `grad(L, y)`",
        )
    value = s.value(loss, scope)
    mask = None if value.mask is None else s.a.unless_proven(value.mask)
    if value.axes or mask is not None:
        raise Mistake(
            loss.span,
            "scalar-expected",
            "a gradient is taken of one number that is there",
            f"this has the axes [{', '.join(value.names)}]" if value.axes else "this may be over nothing",
            "write `sum(...)`" if value.axes else "write `else 0`",
        )
    thing = s.thing(place, scope)
    weights = weights_of(s, thing, place.span)
    target = s.as_value(thing, place.span) if weights is None else None
    at = weights.node if weights is not None else target.node if target is not None else None
    assert at is not None
    implicit = thing.plan.name if isinstance(thing, ModelValue) else None
    found = _slope(s, s.a.cast(value.node, "real"), at, implicit)
    if found is None or (target is not None and at.dtype != "real"):
        raise Mistake(
            expr.span,
            "no-gradient",
            f"the value does not depend on {place.id}",
            "its gradient would be zero everywhere",
            f"compute it from {place.id}",
        )
    if weights is not None:
        return WeightsValue(found, weights.model)
    assert target is not None
    return Value(found, target.mask)


def _slope(s: Models, loss: Node, at: Node, implicit: str | None) -> Node | None:
    """The operator `grad` at a node; implicit: the model whose plain calls are at these weights too."""
    graph = s.graph
    version = s.versions.get(implicit, 0) if implicit is not None else 0

    def own(node: Node) -> bool:
        plain = node.op == "call" and node.inputs[-1].dtype != "weights"
        return plain and node.attr("model") == implicit and int(node.attr("version")) == version

    order = topological([loss])
    dependent: set[Node] = set()
    for node in order:
        if node is at or own(node) or any(each in dependent for each in node.inputs):
            dependent.add(node)
    if loss not in dependent:
        return None
    leaf = graph.leaf("input", at.axes, at.dtype, kind="given", name=f"at_{at.number}")
    outside: dict[Node, Node] = {}

    def read(node: Node) -> Node:
        if node in made or node.op in _CLOSED:
            return made.get(node, node)
        if node not in outside:
            outside[node] = graph.leaf("input", node.axes, node.dtype, kind="given", name=f"given_{node.number}")
        return outside[node]

    def held(node: Node) -> list[Node]:
        """The weights that a plain call has inside: those of the place, or what the module's own are outside."""
        if node.op != "call" or node.inputs[-1].dtype == "weights":
            return []
        return [leaf] if own(node) else [read(own_weights(s, node.attr("model"), int(node.attr("version")), node.span))]

    made: dict[Node, Node] = {at: leaf}
    for node in order:
        if node in dependent and node is not at:
            made[node] = graph.again(node, (*map(read, node.inputs), *held(node)))
    body = Function("slope", (("loss", made[loss]),), span=loss.span)
    return graph.make("grad", at, *outside, body=body, leaves=(leaf, *outside.values()), span=loss.span)
