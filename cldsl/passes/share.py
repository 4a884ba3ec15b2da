"""Nodes that are equal up to the names of their axes become one node and renames of it.

Input: a function. Output: one with each such value computed once: the similarities of a row to positives and to
negatives of one source, a similarity matrix and its transpose. Building a graph already shares nodes that are equal
outright. It does not reorder arithmetic beyond exchanging the operands of a commutative operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cldsl.graph.nodes import Axis, Function, Graph, Node, topological
from cldsl.passes.rewrite import finish, marks, renewed

_COMMUTATIVE = frozenset(["dot", "add", "mul", "maximum", "minimum", "and", "or", "eq", "ne", "logaddexp"])
#: Attributes that hold names of axes of the inputs.
_NAMED = frozenset({"over", "axis", "axes", "old", "consumes"})
#: A rename of these is no saving: they are free.
_FREE = frozenset({"input", "const", "table", "iota", "expand"})


@dataclass(frozen=True)
class _Form:
    """A node as a class of equal values and the names it gives to the class's axes."""

    kind: int
    names: tuple[str, ...]


def share(function: Function, graph: Graph) -> Function:
    """Common subexpressions up to renaming.

    >>> from cldsl.passes.example import after
    >>> after(share, '''
    ... %0 = input(kind=learn, name=z) : real[row=4, dim=2]
    ... %1 = rename(%0; pairs=((row, p))) : real[p=4, dim=2]
    ... %2 = dot(%0, %1; over=(dim)) : real[row=4, p=4]
    ... %3 = rename(%0; pairs=((row, n))) : real[n=4, dim=2]
    ... %4 = dot(%0, %3; over=(dim)) : real[row=4, n=4]
    ... return positive=%2, negative=%4
    ... ''')
    %0 = input(kind=learn, name=z) : real[row=4, dim=2]
    %1 = rename(%0; pairs=((row, p))) : real[p=4, dim=2]
    %2 = dot(%0, %1; over=(dim)) : real[row=4, p=4]
    %3 = rename(%2; pairs=((p, n))) : real[row=4, n=4]
    return positive=%2, negative=%3
    """
    kinds: dict[Any, int] = {}
    forms: dict[Node, _Form] = {}
    first: dict[int, Node] = {}
    made: dict[Node, Node] = {}
    for node in topological(node for _, node in function.outputs):
        form = forms[node] = _form(node, forms, kinds)
        known = first.setdefault(form.kind, node)
        if known is node or node.op in _FREE:
            made[node] = renewed(graph, node, made)
            continue
        pairs = tuple(sorted((old, new) for old, new in zip(forms[known].names, form.names, strict=True) if old != new))
        made[node] = graph.make("rename", made[known], pairs=pairs, **marks(node)) if pairs else made[known]
    return finish(function, graph, made)


def _form(node: Node, forms: dict[Node, _Form], kinds: dict[Any, int]) -> _Form:
    if node.op == "rename":
        names = dict(node.attr("pairs"))
        inner = forms[node.inputs[0]]
        return _Form(inner.kind, tuple(names.get(name, name) for name in inner.names))
    if not node.inputs:
        return _leaf(node, kinds)
    inputs = [forms[each] for each in node.inputs]
    if node.op in _COMMUTATIVE:
        inputs.sort(key=lambda form: form.kind)
    places: dict[str, int] = {}
    for form in inputs:
        for name in form.names:
            places.setdefault(name, len(places))
    attrs = tuple((key, _neutral(value, places, key in _NAMED)) for key, value in node.attrs)
    arguments = tuple((form.kind, tuple(places[name] for name in form.names)) for form in inputs)
    kind = kinds.setdefault((node.op, attrs, arguments, node.dtype), len(kinds))
    known = [name for name in places if name in node.names and name not in _new(node)]
    return _Form(kind, (*known, *_new(node)))


def _leaf(node: Node, kinds: dict[Any, int]) -> _Form:
    """Inputs are themselves; an index or a table is known by its size and values."""
    if node.op in ("iota", "table"):
        values = None if node.op == "iota" else _neutral(node.attr("values"), {}, False)
        key: Any = (node.op, values, tuple(axis.size or axis.name for axis in node.axes), node.dtype)
    else:
        key = (node.op, id(node))
    return _Form(kinds.setdefault(key, len(kinds)), node.names)


def _new(node: Node) -> tuple[str, ...]:
    """The axes that the node makes, in the order of its attributes."""
    found: list[str] = []
    for _, value in node.attrs:
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Axis):
                found.append(each.name)
    return tuple(found)


def _neutral(value: Any, places: dict[str, int], named: bool) -> Any:
    """An attribute without names of axes: those of inputs as places, new axes as sizes; numbers with their type."""
    if isinstance(value, tuple):
        return tuple(_neutral(each, places, named) for each in value)
    if isinstance(value, Axis):
        return ("new", value.size if value.size is not None else value.name)
    if isinstance(value, str) and named and value in places:
        return ("at", places[value])
    return (type(value).__name__, value)
