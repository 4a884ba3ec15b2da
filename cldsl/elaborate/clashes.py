"""Names that could mean two things: shadowing inside a contrast or a def, a value and an axis of one name.

Input: a Program. Output: diagnostics. It reads the tree alone. docs/language.md, section 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cldsl.semantics.program import Program, declared
from cldsl.semantics.spots import spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span

Bound = Mapping[str, Span]


def judge(program: Program) -> list[Diagnostic]:
    """Every clash of the program's own file."""
    return [*_Shadows(program).judged(), *_axis_and_value(program)]


class _Shadows:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.found: list[Diagnostic] = []

    def judged(self) -> list[Diagnostic]:
        for item in self.program.body:
            if isinstance(item, ast.Contrast):
                self._contrast(item)
            elif isinstance(item, ast.Def):
                self._def(item)
        return self.found

    def _contrast(self, item: ast.Contrast) -> None:
        bound: Bound = {parameter.name: parameter.span for parameter in item.parameters}
        for line in item.lines:
            if isinstance(line, ast.Role) and line.kind == "anchor":
                bound = self._items(line.rows, bound)
        for line in item.lines:
            if isinstance(line, ast.Let):
                bound = self._let(line, bound)
            elif isinstance(line, ast.Role) and line.kind != "anchor":
                self._items(line.rows, bound)
            elif isinstance(line, ast.Pair):
                self._read(line.value, bound)

    def _def(self, item: ast.Def) -> None:
        bound: Bound = {parameter.name: parameter.span for parameter in item.parameters}
        bound = self._items([axis for axis in item.axes if isinstance(axis, ast.Comprehension)], bound)
        for line in item.body:
            if isinstance(line, ast.Let):
                bound = self._let(line, bound)
        self._read(item.value, bound)

    def _let(self, line: ast.Let, bound: Bound) -> Bound:
        self._read(line.value, self._items(line.axes, bound))
        return self._bind(line.name, line.span, bound)

    def _items(self, items: Iterable[ast.AxisItem], bound: Bound) -> Bound:
        for item in items:
            if isinstance(item, ast.Comprehension):
                self._read(item.source, bound)
                bound = self._bind(item.variable, item.span, bound)
                for each in (item.condition, item.top, item.by, item.weight):
                    if each is not None:
                        self._read(each, bound)
            else:
                for child in ast.children(item):
                    self._read(child, bound)
        return bound

    def _bind(self, name: str, span: Span, bound: Bound) -> Bound:
        place = spot(span, name, self.program.sources)
        if name in bound:
            self.found.append(
                Diagnostic(
                    place, "shadowed", f"{name} is already a name here", "shadowing inside a contrast or a def is an error", "give one of them another name",
                    related=((bound[name], "it is bound here"),),
                )
            )  # fmt: skip
        return {**bound, name: place}

    def _read(self, node: ast.Node, bound: Bound) -> None:
        if isinstance(node, ast.Call) and isinstance(node.function, ast.Index):
            inner = self._items(node.function.items, bound)
            for argument in node.arguments:
                self._read(argument.value, inner)
        elif isinstance(node, ast.SetOf):
            for line in node.lines:
                self._items([line], bound)
        elif isinstance(node, ast.Index):
            self._read(node.value, bound)
            self._items(node.items, bound)
        else:
            for child in ast.children(node):
                self._read(child, bound)


def _axis_and_value(program: Program) -> Iterator[Diagnostic]:
    """A name that is an axis as well as a value, in a bracket that could mean either: a source of rows, a position in a list."""
    values: dict[str, Span] = {}
    axes: set[str] = set()
    for item in program.body:
        if not isinstance(item, (ast.Def, ast.Contrast)):
            values.update({name: spot(item.span, name, program.sources) for name in declared(item)})
        if isinstance(item, ast.Data):
            for column in item.columns:
                values[column.name] = spot(column.span, column.name, program.sources)
                axes.update(axis.name for axis in column.axes if isinstance(axis, ast.AxisName))
                axes.update([column.target] if column.target is not None else [])
        for node in ast.walk(item):
            if isinstance(node, ast.Select):
                axes.add(node.axis)
            elif isinstance(node, ast.Output):
                axes.add(node.name)
    both = axes & set(values)
    if not both:
        return
    for item in program.body:
        local = {node.variable for node in ast.walk(item) if isinstance(node, ast.Comprehension)}
        local |= {
            node.name for node in ast.walk(item) if isinstance(node, (ast.Parameter, ast.Let)) and node is not item
        }
        for node in ast.walk(item):
            for name, span in _either(node):
                if name in both - local:
                    yield Diagnostic(
                        span, "name-clash", f"{name} is an axis and a value; this could mean either", "brackets name axes, and values too",
                        "give one of them another name", related=((values[name], "the value"),),
                    )  # fmt: skip


def _either(node: ast.Node) -> Iterator[tuple[str, Span]]:
    """Names in the brackets of a node that may be an axis or a value."""
    if isinstance(node, ast.Call) and isinstance(node.function, ast.Index):
        for item in node.function.items:
            if isinstance(item, ast.Comprehension) and isinstance(item.source, ast.Name):
                yield item.source.id, item.source.span
    elif isinstance(node, ast.Index) and isinstance(node.value, ast.ListOf):
        for each in node.items:
            if isinstance(each, ast.AxisName):
                yield each.name, each.span
