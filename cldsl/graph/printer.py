"""A function of the graph as text: one line for each node, inputs before users.

    function loss grad  # tiny.cl:30
      %0 = input(kind=learn, name=z) : real[item=4, dim=8] as "z"  # tiny.cl:12
      %1 = reduce(%0; kind=sum, over=(item, dim)) : real[]
      return loss=%1

Input: a Function. Output: text that graph/reader.py reads back. Nodes are numbered by their place in the text, so
equal functions have equal text whatever graph they come from. A place in the spec is kept as file name and line;
columns are not.
"""

from __future__ import annotations

import json
import re
from typing import Any

from cldsl.graph.nodes import Axis, Function, GraphError, Node, topological
from cldsl.syntax.diagnostics import NOWHERE, Span

#: Words that are not texts when they stand bare.
RESERVED = frozenset({"true", "false", "none", "inf", "nan"})
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")


def show(function: Function, marks: bool = True) -> str:
    """The text of a function. marks: with labels, places in the spec and the doc line, which are no part of its
    meaning.
    """
    head = f"function {word(function.name)}{' grad' if function.grad else ''}"
    lines = [head + (_place(function.span) if marks else "")]
    if marks and function.doc:
        lines.append(f"  doc {json.dumps(function.doc)}")
    numbers: dict[Node, int] = {}
    for node in topological(node for _, node in function.outputs):
        numbers[node] = len(numbers)
        lines.append(f"  {line(node, numbers, marks)}")
    outputs = ", ".join(f"{word(name)}=%{numbers[node]}" for name, node in function.outputs)
    lines.append(f"  return {outputs}".rstrip())
    return "\n".join(lines) + "\n"


def same(left: Function, right: Function) -> bool:
    """Whether two functions, perhaps of two graphs, are equal but for labels and places."""
    return show(left, marks=False) == show(right, marks=False)


def line(node: Node, numbers: dict[Node, int], marks: bool = True) -> str:
    """One node's line, its inputs under the given numbers."""
    inputs = ", ".join(f"%{numbers[each]}" for each in node.inputs)
    attrs = ", ".join(f"{key}={value(each)}" for key, each in node.attrs)
    between = "; " if inputs and attrs else ""
    text = f"%{numbers[node]} = {node.op}({inputs}{between}{attrs}) : {node.dtype}[{', '.join(map(_typed, node.axes))}]"
    if not marks:
        return text
    return text + (f" as {json.dumps(node.label)}" if node.label else "") + _place(node.span)


def value(item: Any) -> str:
    """An attribute's value: number, truth value, text, new axis (`rank[4]`, size unknown `item[?]`), or a tuple of
    these.

    Tables nest as deep as they have axes, so recursion is bounded by the rank. Raises GraphError for anything else.
    """
    if item is None:
        return "none"
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, (int, float)):
        return repr(item)
    if isinstance(item, str):
        return word(item)
    if isinstance(item, Axis):
        return f"{word(item.name)}[{'?' if item.size is None else item.size}]"
    if isinstance(item, tuple):
        return f"({', '.join(map(value, item))})"
    if isinstance(item, Function):  # what a gradient is taken of: shown by its name, it is not read back
        return word(item.name)
    if isinstance(item, Node):
        return word(str(item.attr("name")))
    raise GraphError(f"{type(item).__name__} is no value of an attribute")


def word(text: str) -> str:
    """A text, bare where it reads as one."""
    return text if _BARE.match(text) and text not in RESERVED else json.dumps(text)


def _typed(axis: Axis) -> str:
    return word(axis.name) if axis.size is None else f"{word(axis.name)}={axis.size}"


def _place(span: Span) -> str:
    return "" if span == NOWHERE else f"  # {span.short}"
