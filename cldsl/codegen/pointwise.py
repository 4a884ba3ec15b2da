"""Pointwise operators as Python text over tensors, after their inputs have been aligned.

Input: a node and the lowering that holds its inputs. Output: one expression. Numbers stay Python numbers where torch
accepts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cldsl.codegen.scalars import SYMBOLS
from cldsl.codegen.statements import Binary, Call, Expression, Literal, Unary, call, method
from cldsl.graph.nodes import Node

if TYPE_CHECKING:
    from cldsl.codegen.lower import Lowering

_TORCH = [
    "abs",
    "exp",
    "log",
    "sqrt",
    "sign",
    "floor",
    "ceil",
    "round",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "relu",
    "atan",
    "erf",
    "isfinite",
]
_ARITHMETIC = frozenset(["neg", "abs", "sign", "add", "sub", "mul", "mod", "pow", "maximum", "minimum"])
#: torch reads `true + true` as `or`, and refuses `-` on truth values.
_NEVER_BOOL = frozenset({"neg", "sub", "mod", "pow", "abs", "sign"})


def pointwise(low: Lowering, node: Node) -> Expression:
    """The text of a pointwise node."""
    parts = [_operand(low, node, each) for each in node.inputs]
    op = node.op
    if op in SYMBOLS:
        return Binary(SYMBOLS[op], parts[0], parts[1])
    if op in ("and", "or"):
        return Binary("&" if op == "and" else "|", parts[0], parts[1])
    if op == "not":
        return Unary("~", parts[0])
    if op == "neg":
        return Unary("-", parts[0])
    if op == "stop":
        return method(parts[0], "detach")
    if op == "cast":
        return _cast(node, parts[0])
    if op in _TORCH:
        return call(f"torch.{op}", parts[0])
    if op in ("maximum", "minimum"):
        return _bound(low, node, parts)
    if op == "where":
        return _where(low, node, parts)
    return call(f"rt.{op}", *parts)  # softplus, logaddexp, bce


def _operand(low: Lowering, node: Node, each: Node) -> Expression:
    part = low.toward(each, node.names)
    if node.op not in _ARITHMETIC or each.dtype != "bool":
        return part
    if node.op in _NEVER_BOOL or all(other.dtype == "bool" for other in node.inputs):
        return Literal(int(part.value)) if isinstance(part, Literal) else method(part, "long")
    return part


def _cast(node: Node, part: Expression) -> Expression:
    if node.attr("to") == "real":
        return call("rt.real", part)
    return method(part, "long" if node.attr("to") == "int" else "bool")


def _bound(low: Lowering, node: Node, parts: list[Expression]) -> Expression:
    """Against a number clamp(min = ...) or clamp(max = ...), both in one where they are nested."""
    keyword = "min" if node.op == "maximum" else "max"
    for part, other, own in ((parts[0], parts[1], node.inputs[1]), (parts[1], parts[0], node.inputs[0])):
        if not low.plain(own):
            continue
        if isinstance(part, Call) and part.function.__class__.__name__ == "Attribute":
            known = dict(part.named)
            if getattr(part.function, "name", "") == "clamp" and set(known) == {"min"} and keyword == "max":
                return Call(part.function, part.args, (*part.named, ("max", other)))
        return method(part, "clamp", **{keyword: other})
    return call(f"torch.{node.op}", *parts)


def _where(low: Lowering, node: Node, parts: list[Expression]) -> Expression:
    test = node.inputs[0]
    if low.plain(test):
        chosen = node.inputs[1] if low.text(test) == Literal(True) else node.inputs[2]
        if isinstance(low.text(test), Literal) and chosen.axes == node.axes and not low.plain(chosen):
            return low.text(chosen)
        parts[0] = low.tensor(test)
    return call("torch.where", *parts)
