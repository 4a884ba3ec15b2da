"""The text of a function back as a Function: the inverse of graph/printer.py.

Input: text and, if wanted, the Graph to make the nodes in. Output: a Function. Every stated type is compared with the
inferred one. Raises GraphError with the number of the line. It reads what the printer writes (and blank lines), not a
language for people.
"""

from __future__ import annotations

import json
import re
from typing import Any

from cldsl.graph.nodes import Axis, Function, Graph, GraphError, Node
from cldsl.syntax.diagnostics import NOWHERE, Span

#: Operators whose type is stated.
LEAVES = frozenset({"input", "const", "table", "iota"})
_TOKEN = re.compile(
    r"""\s*(?:(?P<node>%\d+)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?(?:inf\b|\d+(?:\.\d+)?(?:e[+-]?\d+)?))"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)|(?P<mark>[=(),;:\[\]?])|(?P<place>\#.*))"""
)
_CONSTANTS = {"true": True, "false": False, "none": None}


class _Line:
    """The tokens of one line, read from the left."""

    def __init__(self, text: str, number: int) -> None:
        self.number = number
        self.tokens: list[tuple[str, str]] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise self.error(f"cannot read {text[at:].strip()!r}")
            at = found.end()
            self.tokens.append((str(found.lastgroup), str(found.group(str(found.lastgroup)))))
        self.tokens.append(("end", ""))
        self.at = 0

    def error(self, message: str) -> GraphError:
        return GraphError(f"line {self.number}: {message}")

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at]

    def take(self, wanted: str) -> str:
        """The text of the next token, which is of this kind or this mark."""
        kind, text = self.peek()
        if wanted not in (kind, text):
            raise self.error(f"{wanted} expected, not {text or 'the end'}")
        self.at += 1
        return text

    def skip(self, text: str) -> bool:
        if self.peek()[1] != text or self.peek()[0] == "text":
            return False
        self.at += 1
        return True

    def word(self) -> str:
        kind, text = self.peek()
        self.at += 1
        if kind == "text":
            return str(json.loads(text))
        if kind != "word":
            raise self.error(f"a name expected, not {text or 'the end'}")
        return text

    def place(self) -> Span:
        """The place at the end of the line, or nowhere."""
        kind, text = self.peek()
        if kind != "place":
            self.take("end")
            return NOWHERE
        file, _, line = text[1:].strip().rpartition(":")
        if not line.isdigit():
            raise self.error(f"{text} is no place in a spec")
        return Span(file, int(line), 1, int(line), 1)

    def value(self) -> Any:
        """An attribute's value; nests as deep as a table has axes."""
        kind, text = self.peek()
        if kind == "number":
            self.at += 1
            return float(text) if any(mark in text for mark in ".en") else int(text)
        if self.skip("("):
            items = []
            while not self.skip(")"):
                items.append(self.value())
                if self.peek()[1] != ")":
                    self.take(",")
            return tuple(items)
        if kind == "word" and text in _CONSTANTS:
            self.at += 1
            return _CONSTANTS[text]
        name = self.word()
        return Axis(name, self._size()) if self.skip("[") else name

    def _size(self) -> int | None:
        size = None if self.skip("?") else int(self.take("number"))
        self.take("]")
        return size


def read(text: str, graph: Graph | None = None) -> Function:
    """The function that a text describes, its nodes made in `graph` (or a new one)."""
    graph = Graph() if graph is None else graph
    lines = [_Line(each, number) for number, each in enumerate(text.splitlines(), 1) if each.strip()]
    if len(lines) < 2:
        raise GraphError("line 1: a function has a head and a return")
    head, nodes = lines[0], dict[str, Node]()
    head.take("function")
    name, grad, span, doc = head.word(), head.skip("grad"), head.place(), ""
    for line in lines[1:-1]:
        if line.skip("doc"):
            doc = line.word()
            line.take("end")
        else:
            _node(line, graph, nodes)
    return Function(name, _outputs(lines[-1], nodes), grad, span, doc)


def _node(line: _Line, graph: Graph, nodes: dict[str, Node]) -> None:
    name = line.take("node")
    line.take("=")
    op = line.word()
    inputs, attrs = _arguments(line, nodes)
    line.take(":")
    dtype = line.word()
    axes = _axes(line)
    label = line.word() if line.skip("as") else ""
    span = line.place()
    if op in LEAVES:
        nodes[name] = graph.leaf(op, axes, dtype, span, label, **attrs)
        return
    try:
        made = graph.make(op, *inputs, span=span, label=label, **attrs)
    except GraphError as error:
        raise line.error(str(error)) from error
    if (made.axes, made.dtype) != (axes, dtype):
        raise line.error(f"{name} is {made.dtype}[{', '.join(map(str, made.axes))}], not what the line says")
    nodes[name] = made


def _arguments(line: _Line, nodes: dict[str, Node]) -> tuple[list[Node], dict[str, Any]]:
    inputs: list[Node] = []
    attrs: dict[str, Any] = {}
    line.take("(")
    while not line.skip(")"):
        if line.peek()[0] == "node":
            inputs.append(_known(line, nodes))
        else:
            key = line.word()
            line.take("=")
            attrs[key] = line.value()
        if line.peek()[1] != ")" and not line.skip(";"):
            line.take(",")
    return inputs, attrs


def _axes(line: _Line) -> tuple[Axis, ...]:
    axes = []
    line.take("[")
    while not line.skip("]"):
        name = line.word()
        axes.append(Axis(name, int(line.take("number")) if line.skip("=") else None))
        if line.peek()[1] != "]":
            line.take(",")
    return tuple(axes)


def _outputs(line: _Line, nodes: dict[str, Node]) -> tuple[tuple[str, Node], ...]:
    line.take("return")
    outputs = []
    while line.peek()[0] != "end":
        name = line.word()
        line.take("=")
        outputs.append((name, _known(line, nodes)))
        if line.peek()[0] != "end":
            line.take(",")
    return tuple(outputs)


def _known(line: _Line, nodes: dict[str, Node]) -> Node:
    name = line.take("node")
    if name not in nodes:
        raise line.error(f"{name} is not defined above")
    return nodes[name]
