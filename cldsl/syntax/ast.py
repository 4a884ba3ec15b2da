"""The tree of a spec: one frozen record per construct, each with its span. Equality ignores spans.

Input to: the formatter, the resolver, the evaluator, the elaborator. It knows nothing of meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, fields
from typing import Union

from cldsl.syntax.diagnostics import NOWHERE, Span
from cldsl.syntax.record import record


@record(frozen=True)
class Node:
    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


# ---- expressions


@record(frozen=True)
class Name(Node):
    id: str


@record(frozen=True)
class Number(Node):
    value: float | int


@record(frozen=True)
class Text(Node):
    value: str


@record(frozen=True)
class Attribute(Node):
    """`a.item`, `f.eval`, `pull.slope`"""

    value: Expr
    name: str


@record(frozen=True)
class Argument(Node):
    name: str | None
    value: Expr


@record(frozen=True)
class Call(Node):
    function: Expr
    arguments: tuple[Argument, ...]


@record(frozen=True)
class Index(Node):
    """`value[items]`: a selection, a renaming, a reduction's or a def's axes; the meaning follows from the value."""

    value: Expr
    items: tuple[AxisItem, ...]


@record(frozen=True)
class Unary(Node):
    """op: "-" or "not" """

    op: str
    operand: Expr


@record(frozen=True)
class Binary(Node):
    """op: + - * / % ^ == != < <= > >= and or in | .."""

    op: str
    left: Expr
    right: Expr


@record(frozen=True)
class Choose(Node):
    """`then if condition else other`; without `else` the value is absent where the condition is false."""

    then: Expr
    condition: Expr
    other: Expr | None


@record(frozen=True)
class Fill(Node):
    """`value else other`: other where value is absent"""

    value: Expr
    other: Expr


@record(frozen=True)
class SetOf(Node):
    """`{c in S if P top k by E, ...}`"""

    lines: tuple[Comprehension, ...]


@record(frozen=True)
class ListOf(Node):
    items: tuple[Expr, ...]


@record(frozen=True)
class TupleOf(Node):
    items: tuple[Expr, ...]


Expr = Union[Name, Number, Text, Attribute, Call, Index, Unary, Binary, Choose, Fill, SetOf, ListOf, TupleOf]


# ---- what stands in brackets


@record(frozen=True)
class Comprehension(Node):
    """`c in SOURCE if P top k by E weight w`; `variable` is None never: a bare axis is an AxisName."""

    variable: str
    source: Expr
    condition: Expr | None = None
    top: Expr | None = None
    by: Expr | None = None
    weight: Expr | None = None


@record(frozen=True)
class AxisName(Node):
    """`item`, ragged `word*`, `word if m` (a filter along the axis), or `x` of `unit(x)`-like positional indices"""

    name: str
    ragged: bool = False
    condition: Expr | None = None


@record(frozen=True)
class Select(Node):
    """`axis = e`: a declared size on the left of a definition, a selection on the right"""

    axis: str
    value: Expr
    ragged: bool = False


@record(frozen=True)
class Slice(Node):
    """`axis = low : high`, either end may be missing"""

    axis: str
    low: Expr | None
    high: Expr | None


@record(frozen=True)
class Rename(Node):
    """`a -> b`, `a -> (b, c = 8)`, `(a, b) -> c`: rename, split, merge"""

    old: tuple[str, ...]
    new: tuple[tuple[str, Expr | None], ...]


@record(frozen=True)
class Position(Node):
    """A bare expression in brackets: the position in a list, `[1, 0.1][v % 2]`"""

    value: Expr


AxisItem = Union[Comprehension, AxisName, Select, Slice, Rename, Position]


# ---- declarations


@record(frozen=True)
class Use(Node):
    path: tuple[str, ...]
    names: tuple[str, ...]


@record(frozen=True)
class Header(Node):
    name: str
    texts: tuple[str, ...]
    parent: str | None
    parent_is_file: bool = False


@record(frozen=True)
class Domain(Node):
    """The type of a param: `real > 0 <= 1`, `int in 1 .. 5`, `text("a", "b")`"""

    kind: str
    arguments: tuple[Argument, ...]
    bounds: tuple[tuple[str, Expr], ...]


@record(frozen=True)
class Param(Node):
    name: str
    domain: Domain | None
    value: Expr


@record(frozen=True)
class Column(Node):
    name: str
    axes: tuple[AxisItem, ...]
    target: str | None


@record(frozen=True)
class Data(Node):
    name: str
    columns: tuple[Column, ...]
    sources: tuple[str, ...]


@record(frozen=True)
class Output(Node):
    """What a model produces: an axis (`name`, perhaps with a size), or a named output with its own axes"""

    name: str
    size: Expr | None
    axes: tuple[AxisItem, ...] | None
    ragged: bool = False


@record(frozen=True)
class Model(Node):
    """`model f[v = 2](channel, y, x -> width) = value`; models declared in one line each hold their own value

    further: what it consumes of its second and later arguments, `f(time, dim | word, dim -> time, dim)`.
    """

    name: str
    family: tuple[AxisItem, ...]
    consumes: tuple[AxisItem, ...] | None
    produces: tuple[Output, ...]
    value: Expr
    further: tuple[tuple[AxisItem, ...], ...] = ()


@record(frozen=True)
class Cell(Node):
    """A `learn` tensor (kind "learn") or a `state` (kind "state"); drawn says `~`"""

    kind: str
    name: str
    axes: tuple[AxisItem, ...]
    target: str | None
    value: Expr | None
    drawn: bool


@record(frozen=True)
class Draw(Node):
    """`draw` or `view`: names with the axes the distribution lacks"""

    kind: str
    targets: tuple[tuple[str, tuple[AxisItem, ...]], ...]
    value: Expr


@record(frozen=True)
class Let(Node):
    name: str
    axes: tuple[AxisItem, ...]
    value: Expr


@record(frozen=True)
class Parameter(Node):
    name: str
    default: Expr | None


@record(frozen=True)
class Def(Node):
    """`def NAME[axis parameters](parameters)[result axes] = value`, or a block of declarations and its last line"""

    name: str
    axis_parameters: tuple[AxisItem, ...]
    parameters: tuple[Parameter, ...]
    axes: tuple[AxisItem, ...]
    body: tuple[Statement, ...]
    value: Expr


@record(frozen=True)
class Role(Node):
    """kind "anchor", "positive" or "negative"; only an anchor line may bind more than one row"""

    kind: str
    rows: tuple[Comprehension, ...]


@record(frozen=True)
class Pair(Node):
    """kind "logit", "similarity" or "temperature" """

    kind: str
    value: Expr


@record(frozen=True)
class Contrast(Node):
    name: str
    parameters: tuple[Parameter, ...]
    parent: str | None
    lines: tuple[Role | Pair | Let | Draw, ...]


# ---- statements


@record(frozen=True)
class Stream(Node):
    """`photos(batch = 256) if P`"""

    value: Expr
    condition: Expr | None


@record(frozen=True)
class Train(Node):
    name: str | None
    streams: tuple[Stream, ...]
    parent: str | None
    body: tuple[Statement, ...]


@record(frozen=True)
class On(Node):
    streams: tuple[Stream, ...]
    body: tuple[Statement, ...]


@record(frozen=True)
class Loop(Node):
    variable: str
    source: Expr
    condition: Expr | None
    body: tuple[Statement, ...]


@record(frozen=True)
class Every(Node):
    period: Expr
    unit: str
    body: tuple[Statement, ...]


@record(frozen=True)
class Assign(Node):
    place: Expr
    value: Expr


@record(frozen=True)
class Term(Node):
    value: Expr
    over: tuple[Expr, ...]
    by: Expr | None


@record(frozen=True)
class Minimize(Node):
    terms: tuple[Term, ...]
    block: bool = False


@record(frozen=True)
class Report(Node):
    name: str
    axes: tuple[AxisItem, ...]
    value: Expr


@record(frozen=True)
class Variant(Node):
    name: str
    text: str | None
    parent: str | None
    body: tuple[Statement, ...]


@record(frozen=True)
class Claim(Node):
    """`claim knn: baseline < this`: orderings of variants by a report"""

    report: str
    orderings: tuple[tuple[str, str, str], ...]


Statement = Union[Param, Data, Model, Cell, Draw, Let, Def, Contrast, Train, On, Loop, Every, Assign, Minimize, Report]
Item = Union[Header, Use, Statement, Variant, Claim]


@record(frozen=True)
class File(Node):
    """A parsed file in the order of its text"""

    items: tuple[Item, ...]


def children(node: object) -> Iterator[Node]:
    """The nodes directly below, in the order of the text."""
    return iter(_below(node)) if isinstance(node, Node) else iter(())


def _below(node: Node) -> list[Node]:
    """Kept with the node, which does not change: a tree is walked many times, and by each variant."""
    kept: list[Node] | None = node.__dict__.get(_BELOW)
    if kept is not None:
        return kept
    kind = type(node)
    names = _FIELDS.get(kind)
    if names is None:
        names = _FIELDS[kind] = tuple(each.name for each in fields(kind) if each.name != "span")
    found: list[Node] = []
    for name in names:
        value = getattr(node, name)
        if isinstance(value, Node):
            found.append(value)
        elif isinstance(value, tuple):
            _gather(value, found)
    node.__dict__[_BELOW] = found
    return found


_FIELDS: dict[type, tuple[str, ...]] = {}
_BELOW = " below"  # no field can have this name


def _gather(values: tuple[object, ...], found: list[Node]) -> None:
    for value in values:
        if isinstance(value, Node):
            found.append(value)
        elif isinstance(value, tuple):
            _gather(value, found)


def walk(node: object) -> Iterator[Node]:
    """The node and everything below it, parents first; without recursion, so that depth is no limit."""
    stack: list[Node] = []
    if isinstance(node, Node):
        stack.append(node)
    elif isinstance(node, tuple):
        _gather(node, stack)
    while stack:
        current = stack.pop()
        yield current
        stack += reversed(_below(current))
