"""Scalars of the clock and of constants as plain Python: rates, guards, keeps.

Input: a node without axes over constants and clock inputs. Output: an expression on numbers, such as `1e-3 *
clock.step`. The functions that Python lacks come from the runtime (rt.cos). Tensors are lower.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cldsl.codegen.folding import folded
from cldsl.codegen.names import Identifier
from cldsl.codegen.statements import Binary, Choice, Expression, Literal, Unary, call, name
from cldsl.graph.nodes import POINTWISE, Node, topological

SYMBOLS: Mapping[str, str] = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "pow": "**",
    "mod": "%",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}
_WORDS = {"and": "and", "or": "or"}
_BUILTIN = {"abs": "abs", "maximum": "max", "minimum": "min", "round": "round"}
_CASTS = {"real": "float", "int": "int", "bool": "bool"}
_RUNTIME = frozenset(
    ["exp", "log", "sqrt", "sign", "floor", "ceil", "sin", "cos", "tanh", "sigmoid", "relu", "atan", "erf", "isfinite"]
)
#: Their short names belong to the tensors' helpers.
_OF_NUMBERS = frozenset({"logaddexp", "softplus", "bce"})


class NotScalar(Exception):
    """A node that is no arithmetic of numbers."""


def is_constant(node: Node) -> bool:
    """Whether the node is arithmetic of constants alone."""
    if node.op == "const":
        return True
    if node.axes or node.op not in POINTWISE:
        return False
    return all(each.op == "const" or (each.op in POINTWISE and not each.axes) for each in topological([node]))


def clock_leaf(leaf: Node) -> Expression:
    """A clock input as an attribute of the step's clock. Raises NotScalar for another input."""
    if leaf.attr("kind") != "clock":
        raise NotScalar(
            f"a rate, guard or keep reads {leaf.attr('kind')} {leaf.attr('name')}; it may read the clock only"
        )
    return name("clock", Identifier(leaf.attr("name")))


def scalar(node: Node, leaf: Callable[[Node], Expression] = clock_leaf) -> Expression:
    """The node as Python arithmetic. Raises NotScalar where it is none."""
    made: dict[Node, Expression] = {}
    for each in topological([node]):
        made[each] = folded(_one(each, [made[i] for i in each.inputs], leaf))
    return made[node]


def _one(node: Node, inputs: list[Expression], leaf: Callable[[Node], Expression]) -> Expression:
    op = node.op
    if node.axes:
        raise NotScalar(f"{op} has the axes {', '.join(node.names)}; a scalar is wanted")
    if op == "const":
        return Literal(node.attr("value"))
    if op == "input":
        return leaf(node)
    if op in SYMBOLS:
        return Binary(SYMBOLS[op], inputs[0], inputs[1])
    if op in _WORDS:
        return Binary(_WORDS[op], inputs[0], inputs[1])
    if op == "neg":
        return Unary("-", inputs[0])
    if op == "not":
        return Unary("not", inputs[0])
    if op == "where":
        return Choice(inputs[0], inputs[1], inputs[2])
    if op == "stop":
        return inputs[0]
    if op == "cast":
        return call(_CASTS[node.attr("to")], inputs[0])
    if op in _BUILTIN:
        return call(_BUILTIN[op], *inputs)
    if op in _RUNTIME:
        return call(f"rt.{op}", *inputs)
    if op in _OF_NUMBERS:
        return call(f"rt.{op}_of_numbers", *inputs)
    raise NotScalar(f"{op} is no arithmetic of numbers")
