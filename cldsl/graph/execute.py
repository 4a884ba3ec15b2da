"""A small interpreter of functions in torch: the graph's own meaning, one function for each operator.

Input: a Function, tensors for its input leaves, callables for its models. Output: its outputs as tensors, dims in the
order of the axes, differentiable. It is plain and slow, and shares nothing with runtime/ and codegen/, which are
tested against it. What a mask leaves out gets a stand-in before the operation, so it gives neither value nor
gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from cldsl.graph import moves, reductions, scalars
from cldsl.graph.named import Run, fit
from cldsl.graph.nodes import POINTWISE, Axis, Function, GraphError, Node, topological

#: (kind, name) of an input leaf -> its tensor, dims in the order of the leaf's axes.
Inputs = Mapping[tuple[str, str], Tensor]
#: Takes x [..., *consumed] and the names of the consumed axes, gives [..., *produced].
Model = Callable[..., Tensor]


def run(
    function: Function,
    inputs: Inputs,
    models: Mapping[str, Model] | None = None,
    clock: Mapping[str, float] | None = None,
    dtype: torch.dtype = torch.float64,
) -> dict[str, Tensor]:
    """The outputs of a function by name.

    models: by the `model` attribute, or by `NAME.eval` for calls in evaluation mode where that key is there. clock:
    values of clock inputs by name; `inputs` may hold them too. Raises GraphError where something is missing or
    misshapen.
    """
    given = dict(inputs)
    given.update({("clock", name): torch.tensor(value) for name, value in (clock or {}).items()})
    order = topological(node for _, node in function.outputs)
    state = Run(dtype, _sizes(order, given))
    values: dict[Node, Tensor] = {}
    for node in order:
        parts = [values[each] for each in node.inputs]
        if node.op == "input":
            made = _input(node, given, state)
        elif node.op == "call":
            made = _call(node, parts, models or {})
        else:
            made = _rule(node.op)(state, node, parts)
        if made.dim() != len(node.axes):
            raise GraphError(f"{node!r} ({node.span.short}) became a tensor of {made.dim()} dims")
        values[node] = made.to(state.dtypes[node.dtype])
    return {name: values[node] for name, node in function.outputs}


def _rule(op: str) -> Callable[[Run, Node, list[Tensor]], Tensor]:
    if op in POINTWISE:
        return scalars.pointwise
    for rules in (moves.RULES, reductions.RULES):
        if op in rules:
            return rules[op]
    raise GraphError(f"the interpreter has no rule for {op}")


def _input(node: Node, given: Inputs, state: Run) -> Tensor:
    key = (node.attr("kind"), node.attr("name"))
    if key not in given:
        raise GraphError(f"no value for the {key[0]} {key[1]} ({node.span.short})")
    x = given[key]
    expected = tuple(state.size(axis) for axis in node.axes)
    if tuple(x.shape) != expected:
        raise GraphError(f"{key[1]} has the shape {tuple(x.shape)}, not {expected} over {', '.join(node.names)}")
    return x


def _call(node: Node, parts: list[Tensor], models: Mapping[str, Model]) -> Tensor:
    name, consumed = node.attr("model"), tuple(node.attr("consumes"))
    evaluated = f"{name}.eval"
    member = dict(node.attrs).get("member")
    if member is not None:
        name, evaluated = f"{name}[{member}]", f"{evaluated}[{member}]"
    model = models.get(evaluated if node.attr("mode") == "eval" and evaluated in models else name)
    if model is None:
        raise GraphError(f"no model {name} ({node.span.short})")
    rest = tuple(each for each in node.inputs[0].names if each not in consumed)
    x = fit(parts[0], node.inputs[0].names, (*rest, *consumed))
    told = [fit(each, mask.names, (*rest, consumed[0])) for each, mask in zip(parts[1:], node.inputs[1:], strict=True)]
    return model(x, consumed, *told)


def _sizes(order: list[Node], given: Inputs) -> dict[str, int]:
    """Sizes of the axes that are known only now: read off the inputs, carried through renames and merges."""
    sizes: dict[str, int] = {}
    for node in order:
        sizes.update({axis.name: axis.size for axis in node.axes if axis.size is not None and axis.name not in sizes})
        if node.op == "input" and (node.attr("kind"), node.attr("name")) in given:
            shape = given[(node.attr("kind"), node.attr("name"))].shape
            sizes.update({axis.name: size for axis, size in zip(node.axes, shape, strict=False) if axis.size is None})
    for node in order:
        if node.op == "rename":
            for old, new in node.attr("pairs"):
                if old in sizes:
                    sizes.setdefault(new, sizes[old])
        elif node.op == "merge" and all(each in sizes for each in node.attr("old")):
            sizes.setdefault(node.attr("new").name, _product(sizes[each] for each in node.attr("old")))
    return sizes


def _product(sizes: Any) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


__all__ = ["Axis", "Inputs", "Model", "run"]
