"""Tree to text, with parentheses only where precedence asks for them.

Input: any node of the tree. Output: its text, such that parsing it gives an equal tree. Comments and the layout of a
file are not its business: that is the formatter's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cldsl.syntax import ast

INDENT = "    "

#: How loosely each operator binds (0 is the loosest, 11 an atom), and what its left and right operand must reach.
_ANY, _OR, _NOT, _COMPARE, _UNION, _RANGE, _SUM, _PRODUCT, _UNARY, _POWER, _POSTFIX = 0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11
_BINARY: dict[str, tuple[int, int, int]] = {
    "or": (_OR, _OR, 2),
    "and": (2, 2, _NOT),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), (_COMPARE, _UNION, _UNION)),
    "|": (_UNION, _UNION, _RANGE),
    "..": (_RANGE, _SUM, _SUM),
    **dict.fromkeys("+-", (_SUM, _SUM, _PRODUCT)),
    **dict.fromkeys("*/%", (_PRODUCT, _PRODUCT, _UNARY)),
    "^": (_POWER, _POSTFIX, _UNARY),
}


def unparse(node: ast.Node) -> str:
    """The node as text; a statement with a block spans lines and does not end with a line break."""
    return _WRITERS[type(node)](node)


# ---- expressions


def _at(node: ast.Node, level: int) -> str:
    """The text of an expression where the grammar wants one that binds at least so tightly."""
    text = unparse(node)
    return f"({text})" if _level(node) < level else text


def _level(node: ast.Node) -> int:
    if isinstance(node, ast.Binary):
        return _BINARY[node.op][0]
    if isinstance(node, ast.Unary):
        return _NOT if node.op == "not" else _UNARY
    return _ANY if isinstance(node, (ast.Choose, ast.Fill)) else _POSTFIX


def _number(node: ast.Number) -> str:
    return repr(node.value).replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def _binary(node: ast.Binary) -> str:
    _, left, right = _BINARY[node.op]
    gap = "" if node.op == "^" else " "
    return f"{_at(node.left, left)}{gap}{node.op}{gap}{_at(node.right, right)}"


def _unary(node: ast.Unary) -> str:
    return f"not {_at(node.operand, _NOT)}" if node.op == "not" else f"-{_at(node.operand, _UNARY)}"


def _choose(node: ast.Choose) -> str:
    text = f"{_at(node.then, _OR)} if {_at(node.condition, _OR)}"
    return text if node.other is None else f"{text} else {unparse(node.other)}"


def _list(nodes: Iterable[ast.Node]) -> str:
    return ", ".join(unparse(node) for node in nodes)


def _argument(node: ast.Argument) -> str:
    return unparse(node.value) if node.name is None else f"{node.name} = {unparse(node.value)}"


# ---- what stands in brackets


def _axes(items: tuple[ast.AxisItem, ...]) -> str:
    return f"[{_list(items)}]" if items else ""


def _clause(word: str, value: ast.Expr | None) -> str:
    return "" if value is None else f" {word} {_at(value, _OR)}"


def _comprehension(node: ast.Comprehension) -> str:
    row = f"{node.variable} in {_at(node.source, _UNION)}"
    clauses = (("if", node.condition), ("top", node.top), ("by", node.by), ("weight", node.weight))
    return row + "".join(_clause(word, value) for word, value in clauses)


def _axis_name(node: ast.AxisName) -> str:
    return f"{node.name}{'*' * node.ragged}{_clause('if', node.condition)}"


def _slice(node: ast.Slice) -> str:
    low = "" if node.low is None else f" {unparse(node.low)}"
    return f"{node.axis} ={low} :" + ("" if node.high is None else f" {unparse(node.high)}")


def _rename(node: ast.Rename) -> str:
    old = node.old[0] if len(node.old) == 1 else f"({', '.join(node.old)})"
    if len(node.new) == 1 and node.new[0][1] is None:
        return f"{old} -> {node.new[0][0]}"
    return f"{old} -> ({', '.join(name + _equal(size) for name, size in node.new)})"


def _equal(value: ast.Expr | None) -> str:
    return "" if value is None else f" = {unparse(value)}"


# ---- declarations


def _from(parent: str | None, is_file: bool = False) -> str:
    return "" if parent is None else f' from "{parent}"' if is_file else f" from {parent}"


def _header(node: ast.Header) -> str:
    texts = "".join(f' "{text}"' for text in node.texts)
    return f"spec {node.name}{texts}{_from(node.parent, node.parent_is_file)}"


def _domain(node: ast.Domain) -> str:
    arguments = f"({_list(node.arguments)})" if node.arguments else ""
    bounds = (f" {op} {_at(value, _RANGE if op == 'in' else _SUM)}" for op, value in node.bounds)
    return node.kind + arguments + "".join(bounds)


def _param(node: ast.Param) -> str:
    domain = "" if node.domain is None else f": {unparse(node.domain)}"
    return f"param {node.name}{domain}{_equal(node.value)}"


def _target(target: str | None) -> str:
    return "" if target is None else f" -> {target}"


def _data(node: ast.Data) -> str:
    sources = ", ".join(f'"{source}"' for source in node.sources)
    return f"data {node.name}: {_list(node.columns)}{f' from {sources}' if sources else ''}"


def _output(node: ast.Output) -> str:
    return f"{node.name}{'*' * node.ragged}{_equal(node.size)}{_axes(node.axes or ())}"


def _consumed(axis: ast.AxisItem) -> str:
    """An axis that a model takes; its size ends before the `|` of the next argument."""
    if isinstance(axis, ast.Select):
        return f"{axis.axis}{'*' * axis.ragged} = {_at(axis.value, _SUM)}"
    return unparse(axis)


def _model(node: ast.Model) -> str:
    taken = " | ".join(", ".join(map(_consumed, each)) for each in (node.consumes or (), *node.further))
    signature = "" if node.consumes is None else f"({taken} -> {_list(node.produces)})"
    return f"model {node.name}{_axes(node.family)}{signature}{_equal(node.value)}"


def _cell(node: ast.Cell) -> str:
    value = "" if node.value is None else f" {'~' if node.drawn else '='} {unparse(node.value)}"
    return f"{node.kind} {node.name}{_axes(node.axes)}{_target(node.target)}{value}"


def _draw(node: ast.Draw) -> str:
    targets = ", ".join(name + _axes(axes) for name, axes in node.targets)
    return f"{node.kind} {targets} ~ {unparse(node.value)}"


def _def(node: ast.Def) -> str:
    head = f"def {node.name}{_axes(node.axis_parameters)}({_list(node.parameters)}){_axes(node.axes)}"
    return _block(head, (*node.body, node.value)) if node.body else f"{head} = {unparse(node.value)}"


def _contrast(node: ast.Contrast) -> str:
    parameters = f"({_list(node.parameters)})" if node.parameters else ""
    return _block(f"contrast {node.name}{parameters}{_from(node.parent)}", node.lines)


# ---- statements


def _block(head: str, body: Iterable[ast.Node]) -> str:
    lines = [INDENT + line for node in body for line in unparse(node).split("\n")]
    return "\n".join([head + ":", *lines]) if lines else head


def _stream(node: ast.Stream) -> str:
    return _at(node.value, _OR) + _clause("if", node.condition)


def _train(node: ast.Train) -> str:
    name = "" if node.name is None else f" {node.name}"
    streams = f" on {_list(node.streams)}" if node.streams else ""
    return _block(f"train{name}{streams}{_from(node.parent)}", node.body)


def _loop(node: ast.Loop) -> str:
    return _block(f"loop {node.variable} in {_at(node.source, _UNION)}{_clause('if', node.condition)}", node.body)


def _term(node: ast.Term) -> str:
    over = f" over {_list(node.over)}" if node.over else ""
    return unparse(node.value) + over + ("" if node.by is None else f" by {unparse(node.by)}")


def _minimize(node: ast.Minimize) -> str:
    return _block("minimize", node.terms) if node.block else f"minimize {unparse(node.terms[0])}"


def _variant(node: ast.Variant) -> str:
    text = "" if node.text is None else f' "{node.text}"'
    return _block(f"variant {node.name}{text}{_from(node.parent)}", node.body)


def _claim(node: ast.Claim) -> str:
    return f"claim {node.report}: " + ", ".join(" ".join(ordering) for ordering in node.orderings)


_WRITERS: dict[type[ast.Node], Callable[[Any], str]] = {
    ast.Name: lambda n: n.id,
    ast.Number: _number,
    ast.Text: lambda n: f'"{n.value}"',
    ast.Attribute: lambda n: f"{_at(n.value, _POSTFIX)}.{n.name}",
    ast.Argument: _argument,
    ast.Call: lambda n: f"{_at(n.function, _POSTFIX)}({_list(n.arguments)})",
    ast.Index: lambda n: f"{_at(n.value, _POSTFIX)}{_axes(n.items)}",
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.Choose: _choose,
    ast.Fill: lambda n: f"{_at(n.value, _OR)} else {unparse(n.other)}",
    ast.SetOf: lambda n: f"{{{_list(n.lines)}}}",
    ast.ListOf: lambda n: f"[{_list(n.items)}]",
    ast.TupleOf: lambda n: f"({_list(n.items)})",
    ast.Comprehension: _comprehension,
    ast.AxisName: _axis_name,
    ast.Select: lambda n: f"{n.axis}{'*' * n.ragged}{_equal(n.value)}",
    ast.Slice: _slice,
    ast.Rename: _rename,
    ast.Position: lambda n: _at(n.value, _OR),
    ast.Use: lambda n: f"use {'.'.join(n.path)} ({', '.join(n.names)})",
    ast.Header: _header,
    ast.Domain: _domain,
    ast.Param: _param,
    ast.Column: lambda n: f"{n.name}{_axes(n.axes)}{_target(n.target)}",
    ast.Data: _data,
    ast.Output: _output,
    ast.Model: _model,
    ast.Cell: _cell,
    ast.Draw: _draw,
    ast.Let: lambda n: f"let {n.name}{_axes(n.axes)}{_equal(n.value)}",
    ast.Parameter: lambda n: n.name + _equal(n.default),
    ast.Def: _def,
    ast.Role: lambda n: f"{n.kind} {_list(n.rows)}",
    ast.Pair: lambda n: f"{n.kind} {unparse(n.value)}",
    ast.Contrast: _contrast,
    ast.Stream: _stream,
    ast.Train: _train,
    ast.On: lambda n: _block(f"on {_list(n.streams)}", n.body),
    ast.Loop: _loop,
    ast.Every: lambda n: _block(f"every {_at(n.period, _SUM)} {n.unit}", n.body),
    ast.Assign: lambda n: f"{_at(n.place, _POSTFIX)} <- {unparse(n.value)}",
    ast.Term: _term,
    ast.Minimize: _minimize,
    ast.Report: lambda n: f"report {n.name}{_axes(n.axes)}{_equal(n.value)}",
    ast.Variant: _variant,
    ast.Claim: _claim,
    ast.File: lambda n: "\n".join(unparse(item) for item in n.items),
}
