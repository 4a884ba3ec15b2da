"""What a legal function is. Run after each pass under `verify`; a breach is a bug of the compiler.

Input: a Function. Output: nothing, or a GraphError that names the node and its place in the spec. Checked: arity,
attributes, the type inferred anew, distinct axes, masks that are bool, indices that are int, leaves that are
complete, constants that are no NaN, no cycle. The values of axes known only at run time are not checked here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from cldsl.graph.nodes import OPERATORS, Function, GraphError, Node, infer, topological
from cldsl.graph.reader import LEAVES

DTYPES = frozenset({"real", "int", "bool", "weights"})
INPUT_KINDS = frozenset(
    {"column", "draw", "state", "present", "pointer", "learn", "clock", "given", "weight", "weights", "held"}
)
REDUCTIONS = frozenset({"sum", "mean", "max", "min", "prod", "logsumexp", "any", "all"})
#: Operators whose input at this position, if there is one, is a mask.
MASK_AT = {
    "reduce": 1,
    "softmax": 1,
    "log_softmax": 1,
    "argmax": 1,
    "topk": 1,
    "sort": 1,
    "sinkhorn": 1,
    "transport": 3,
    "soft_sort": 2,
    "where": 0,
}
#: Operators whose input at this position is an index.
INDEX_AT = {"gather": 1, "put": 1, "onehot": 0, "push": 2}


def check(function: Function) -> None:
    """Raise GraphError for the first node, inputs before users, that cannot be."""
    _acyclic(node for _, node in function.outputs)
    names = [name for name, _ in function.outputs]
    if len(set(names)) != len(names):
        raise GraphError(f"function {function.name} has two outputs of one name among {', '.join(names)}")
    for node in topological(node for _, node in function.outputs):
        for test in _TESTS:
            fault = test(node)
            if fault:
                raise GraphError(f"{node!r} ({node.label or node.op}, {node.span.short}): {fault}")
    if function.grad:
        loss = dict(function.outputs).get("loss")
        if loss is not None and (loss.axes or loss.dtype != "real"):
            raise GraphError(f"function {function.name} takes a gradient of `loss`, which is no real number")


def _acyclic(outputs: Iterable[Node]) -> None:
    """Depth first, without recursion: a node met while it is open is on a cycle."""
    closed: set[Node] = set()
    opened: set[Node] = set()
    stack = [(node, False) for node in outputs]
    while stack:
        node, ready = stack.pop()
        if ready:
            opened.discard(node)
            closed.add(node)
        elif node in opened:
            raise GraphError(f"{node!r} ({node.span.short}): a cycle")
        elif node not in closed:
            opened.add(node)
            stack.append((node, True))
            stack.extend((each, False) for each in node.inputs if each not in closed)


def _operator(node: Node) -> str:
    operator = OPERATORS.get(node.op)
    if operator is None:
        return f"no operator {node.op}"
    if not operator.least <= len(node.inputs) <= operator.most:
        return f"takes {operator.least} to {operator.most} inputs, not {len(node.inputs)}"
    keys = tuple(key for key, _ in node.attrs)
    if keys not in (operator.attrs, (*operator.attrs, operator.also)):
        return f"has the attributes {operator.attrs}, not {keys}"
    return ""


def _axes(node: Node) -> str:
    names = node.names
    if len(set(names)) != len(names):
        return f"two axes of one name among {', '.join(names)}"
    if node.dtype not in DTYPES:
        return f"no dtype {node.dtype}"
    return "" if all(each.size is None or each.size >= 0 for each in node.axes) else "an axis of negative size"


def _inferred(node: Node) -> str:
    if node.op in LEAVES:
        return ""
    try:
        axes, dtype = infer(node.op, node.inputs, dict(node.attrs))
    except GraphError as error:
        return str(error)
    if (axes, dtype) == (node.axes, node.dtype):
        return ""
    return f"is {dtype}[{', '.join(map(str, axes))}], not {node.dtype}[{', '.join(map(str, node.axes))}]"


def _roles(node: Node) -> str:
    mask, index = MASK_AT.get(node.op), INDEX_AT.get(node.op)
    if mask is not None and len(node.inputs) > mask and node.inputs[mask].dtype != "bool":
        return f"its mask is {node.inputs[mask].dtype}"
    if index is not None and node.inputs[index].dtype == "bool":
        return "its index is bool"
    if node.op == "gather" and node.inputs[1].dtype != "int" and not _clocked(node.inputs[1]):
        return f"its index is {node.inputs[1].dtype}"
    if node.op == "reduce" and node.attr("kind") not in REDUCTIONS:
        return f"no reduction {node.attr('kind')}"
    if node.op in ("sinkhorn", "transport") and (node.attr("rounds") < 1 or len(node.attr("axes")) != 2):
        return "needs two axes and at least one round"
    if node.op == "kmeans":
        return _clustering(node)
    return ""


def _clustering(node: Node) -> str:
    if len(node.inputs) == 3 or any(each.dtype != "bool" for each in node.inputs[2:]):
        return "takes masks of rows and centres, both bool, or none"
    if len(node.attr("axes")) != 3 or node.attr("rounds") < 0 or node.attr("by") not in ("distance", "dot", "cosine"):
        return "needs three axes, a number of rounds, and distance, dot or cosine"
    return ""


def _clocked(node: Node) -> bool:
    """A number of the clock may be real and is made whole where it is an index."""
    return not node.axes


def _leaf(node: Node) -> str:
    if node.op == "input":
        kind, name = node.attr("kind"), node.attr("name")
        if kind not in INPUT_KINDS or not name:
            return f"an input of kind {kind!r} named {name!r}"
        return "presence is bool" if kind == "present" and node.dtype != "bool" else ""
    if node.op == "const":
        return _number(node.attr("value"), node.dtype) or ("a constant has no axes" if node.axes else "")
    if node.op == "table":
        return _table(node.attr("values"), node)
    if node.op == "iota":
        named = node.attr("axis")
        own = node.names == (named if isinstance(named, str) else named.name,)
        return "" if own and node.dtype == "int" else "an index along one axis, int"
    return ""


def _number(value: Any, dtype: str) -> str:
    if isinstance(value, float) and math.isnan(value):
        return "a constant that is no number (NaN)"
    kind = "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "real"
    return "" if kind == dtype or (kind, dtype) == ("int", "real") else f"the value {value!r} is {kind}"


def _table(values: Any, node: Node) -> str:
    level: list[Any] = [values]
    for axis in node.axes:
        if any(not isinstance(each, tuple) or len(each) != axis.size for each in level):
            return f"its values have not the size of axis {axis}"
        level = [item for each in level for item in each]
    return next((fault for fault in (_number(each, node.dtype) for each in level) if fault), "")


_TESTS: tuple[Callable[[Node], str], ...] = (_operator, _axes, _leaf, _inferred, _roles)
