"""The tree of a spec: one frozen dataclass per construct, each with its span. Equality ignores spans.

Input to: the formatter, the resolver, the evaluator, the elaborator. It knows nothing of meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Union

from cldsl.syntax.diagnostics import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Node:
    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


# ---- expressions


@dataclass(frozen=True, slots=True)
class Name(Node):
    id: str


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: float | int


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """`a.item`, `f.eval`, `pull.slope`"""

    value: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Argument(Node):
    name: str | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: Expr
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`value[items]`: a selection, a renaming, a reduction's or a def's axes; the meaning follows from the value."""

    value: Expr
    items: tuple[AxisItem, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """op: "-" or "not" """

    op: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """op: + - * / % ^ == != < <= > >= and or in | .."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Choose(Node):
    """`then if condition else other`; without `else` the value is absent where the condition is false."""

    then: Expr
    condition: Expr
    other: Expr | None


@dataclass(frozen=True, slots=True)
class Fill(Node):
    """`value else other`: other where value is absent"""

    value: Expr
    other: Expr


@dataclass(frozen=True, slots=True)
class SetOf(Node):
    """`{c in S if P top k by E, ...}`"""

    lines: tuple[Comprehension, ...]


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class TupleOf(Node):
    items: tuple[Expr, ...]


Expr = Union[Name, Number, Text, Attribute, Call, Index, Unary, Binary, Choose, Fill, SetOf, ListOf, TupleOf]


# ---- what stands in brackets


@dataclass(frozen=True, slots=True)
class Comprehension(Node):
    """`c in SOURCE if P top k by E weight w`; `variable` is None never: a bare axis is an AxisName."""

    variable: str
    source: Expr
    condition: Expr | None = None
    top: Expr | None = None
    by: Expr | None = None
    weight: Expr | None = None


@dataclass(frozen=True, slots=True)
class AxisName(Node):
    """`item`, ragged `word*`, `word if m` (a filter along the axis), or `x` of `unit(x)`-like positional indices"""

    name: str
    ragged: bool = False
    condition: Expr | None = None


@dataclass(frozen=True, slots=True)
class Select(Node):
    """`axis = e`: a declared size on the left of a definition, a selection on the right"""

    axis: str
    value: Expr
    ragged: bool = False


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """`axis = low : high`, either end may be missing"""

    axis: str
    low: Expr | None
    high: Expr | None


@dataclass(frozen=True, slots=True)
class Rename(Node):
    """`a -> b`, `a -> (b, c = 8)`, `(a, b) -> c`: rename, split, merge"""

    old: tuple[str, ...]
    new: tuple[tuple[str, Expr | None], ...]


@dataclass(frozen=True, slots=True)
class Position(Node):
    """A bare expression in brackets: the position in a list, `[1, 0.1][v % 2]`"""

    value: Expr


AxisItem = Union[Comprehension, AxisName, Select, Slice, Rename, Position]


# ---- declarations


@dataclass(frozen=True, slots=True)
class Use(Node):
    path: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Header(Node):
    name: str
    texts: tuple[str, ...]
    parent: str | None
    parent_is_file: bool = False


@dataclass(frozen=True, slots=True)
class Domain(Node):
    """The type of a param: `real > 0 <= 1`, `int in 1 .. 5`, `text("a", "b")`"""

    kind: str
    arguments: tuple[Argument, ...]
    bounds: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True)
class Param(Node):
    name: str
    domain: Domain | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Column(Node):
    name: str
    axes: tuple[AxisItem, ...]
    target: str | None


@dataclass(frozen=True, slots=True)
class Data(Node):
    name: str
    columns: tuple[Column, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Output(Node):
    """What a model produces: an axis (`name`, perhaps with a size), or a named output with its own axes"""

    name: str
    size: Expr | None
    axes: tuple[AxisItem, ...] | None
    ragged: bool = False


@dataclass(frozen=True, slots=True)
class Model(Node):
    """`model f[v = 2](channel, y, x -> width) = value`; models declared in one line each hold their own value"""

    name: str
    family: tuple[AxisItem, ...]
    consumes: tuple[AxisItem, ...] | None
    produces: tuple[Output, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Cell(Node):
    """A `learn` tensor (kind "learn") or a `state` (kind "state"); drawn says `~`"""

    kind: str
    name: str
    axes: tuple[AxisItem, ...]
    target: str | None
    value: Expr | None
    drawn: bool


@dataclass(frozen=True, slots=True)
class Draw(Node):
    """`draw` or `view`: names with the axes the distribution lacks"""

    kind: str
    targets: tuple[tuple[str, tuple[AxisItem, ...]], ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Let(Node):
    name: str
    axes: tuple[AxisItem, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    name: str
    default: Expr | None


@dataclass(frozen=True, slots=True)
class Def(Node):
    """`def NAME[axis parameters](parameters)[result axes] = value`, or a block of declarations and its last line"""

    name: str
    axis_parameters: tuple[AxisItem, ...]
    parameters: tuple[Parameter, ...]
    axes: tuple[AxisItem, ...]
    body: tuple[Statement, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Role(Node):
    """kind "anchor", "positive" or "negative"; only an anchor line may bind more than one row"""

    kind: str
    rows: tuple[Comprehension, ...]


@dataclass(frozen=True, slots=True)
class Pair(Node):
    """kind "logit", "similarity" or "temperature" """

    kind: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Contrast(Node):
    name: str
    parameters: tuple[Parameter, ...]
    parent: str | None
    lines: tuple[Role | Pair | Let | Draw, ...]


# ---- statements


@dataclass(frozen=True, slots=True)
class Stream(Node):
    """`photos(batch = 256) if P`"""

    value: Expr
    condition: Expr | None


@dataclass(frozen=True, slots=True)
class Train(Node):
    name: str | None
    streams: tuple[Stream, ...]
    parent: str | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class On(Node):
    streams: tuple[Stream, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Loop(Node):
    variable: str
    source: Expr
    condition: Expr | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Every(Node):
    period: Expr
    unit: str
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Assign(Node):
    place: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Term(Node):
    value: Expr
    over: tuple[Expr, ...]
    by: Expr | None


@dataclass(frozen=True, slots=True)
class Minimize(Node):
    terms: tuple[Term, ...]
    block: bool = False


@dataclass(frozen=True, slots=True)
class Report(Node):
    name: str
    axes: tuple[AxisItem, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Variant(Node):
    name: str
    text: str | None
    parent: str | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Claim(Node):
    """`claim knn: baseline < this`: orderings of variants by a report"""

    report: str
    orderings: tuple[tuple[str, str, str], ...]


Statement = Union[Param, Data, Model, Cell, Draw, Let, Def, Contrast, Train, On, Loop, Every, Assign, Minimize, Report]
Item = Union[Header, Use, Statement, Variant, Claim]


@dataclass(frozen=True, slots=True)
class File(Node):
    """A parsed file in the order of its text"""

    items: tuple[Item, ...]


def children(node: object) -> Iterator[Node]:
    """The nodes directly below, in the order of the text."""
    if not isinstance(node, Node):
        return
    for name in _fields_of(type(node)):
        yield from _nodes(getattr(node, name))


def _fields_of(kind: type[Node]) -> tuple[str, ...]:
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(each.name for each in fields(kind) if each.name != "span")
    return _FIELDS[kind]


_FIELDS: dict[type, tuple[str, ...]] = {}


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)


def walk(node: object) -> Iterator[Node]:
    """The node and everything below it, parents first; without recursion, so that depth is no limit."""
    stack: list[Node] = [node] if isinstance(node, Node) else list(_nodes(node))
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(children(current))))
