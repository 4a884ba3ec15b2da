"""Weights as values and gradients of numbers (docs/language.md, section 6).

`f - c * grad(E, f)` is weights of the model f, applied as f is; `grad(E, x)` of a value is a value. Gradients are taken
with their graph, so that what is computed from them has gradients too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cldsl.reference.errors import EvaluationError
from cldsl.reference.models import Weights
from cldsl.reference.scope import ModelRef, Scope, Thing
from cldsl.reference.values import Value, real
from cldsl.syntax import ast

if TYPE_CHECKING:
    from cldsl.reference.expressions import Interpreter


def weights_of(thing: Thing, interpreter: Interpreter) -> Weights | None:
    """A model or weights as weights that carry a gradient; None for anything else."""
    if isinstance(thing, Weights):
        return thing
    if not isinstance(thing, ModelRef):
        return None
    found: Mapping[str, Tensor] = interpreter.world.models.parameters(thing.name)
    return Weights({name: each.detach() if thing.frozen else each for name, each in found.items()}, thing)


def combined(op: str, left: Thing, right: Thing, interpreter: Interpreter, node: ast.Binary) -> Weights | None:
    """Sums of weights and their multiples; None where neither side is weights."""
    one, other = weights_of(left, interpreter), weights_of(right, interpreter)
    if one is None and other is None:
        return None
    if one is not None and other is not None:
        if op not in ("+", "-") or set(one.tensors) != set(other.tensors):
            raise EvaluationError("weights of one kind are added and subtracted", node.span)
        sign = 1.0 if op == "+" else -1.0
        return Weights({name: each + sign * other.tensors[name] for name, each in one.tensors.items()}, one.ref)
    own, factor, place = (one, right, node.right) if one is not None else (other, left, node.left)
    assert own is not None
    number = real(interpreter.as_value(factor, place).data)
    if number.dim() or op not in ("*", "/") or (op == "/" and one is None):
        raise EvaluationError("weights are multiplied by numbers", node.span)
    share = number if op == "*" else 1 / number
    return Weights({name: share * each for name, each in own.tensors.items()}, own.ref)


def gradient(node: ast.Call, scope: Scope, interpreter: Interpreter) -> Thing:
    """`grad(E, x)`; x is the name of a model, of weights, or of a value."""
    if len(node.arguments) != 2 or not isinstance(node.arguments[1].value, ast.Name):
        raise EvaluationError("grad takes a number and a name", node.span)
    loss, place = node.arguments[0].value, node.arguments[1].value
    with torch.enable_grad():
        thing = interpreter.evaluate(place, scope)
        weights = weights_of(thing, interpreter)
        if weights is not None:
            value = interpreter.value(loss, scope)
            found = torch.autograd.grad(
                value.data, list(weights.tensors.values()), create_graph=True, allow_unused=True, retain_graph=True
            )
            slopes = zip(weights.tensors.items(), found, strict=True)
            return Weights({n: torch.zeros_like(t) if each is None else each for (n, t), each in slopes}, weights.ref)
        x = interpreter.as_value(thing, place)
        leaf = x.data + 0 if x.data.requires_grad else x.data.detach().requires_grad_()
        own = Value(leaf, x.axes, x.present, x.parts, x.key)
        value = interpreter.world.with_other(place.id, own, lambda: interpreter.value(loss, scope))
        (slope,) = torch.autograd.grad(value.data, [leaf], create_graph=True, allow_unused=True, retain_graph=True)
        return Value(torch.zeros_like(leaf) if slope is None else slope, x.axes, x.present)
