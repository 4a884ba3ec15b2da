"""A small tree of Python: what the emitter builds instead of pasting text.

Expressions know their precedence from one table; statements hold expressions. Names are `Identifier`s, texts become
constants through repr(), so nothing of a spec can turn into code. `printer.py` makes text of the tree. No evaluation
happens here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cldsl.codegen.names import Identifier

#: Binding strength of each operator, weakest first.
PRECEDENCE = {
    "if": 1,
    "or": 2,
    "and": 3,
    "not": 4,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 5),
    "|": 6,
    "&": 7,
    **dict.fromkeys(("+", "-"), 8),
    **dict.fromkeys(("*", "/", "%", "@"), 9),
    **dict.fromkeys(("negative", "~"), 10),
    "**": 11,
    "atom": 12,
}


@dataclass(frozen=True)
class Name:
    """A variable, or a dotted path of names such as torch.nn."""

    path: tuple[str, ...]

    def __post_init__(self) -> None:
        for part in self.path:
            if part != "self" and not isinstance(part, Identifier):
                Identifier(part)


@dataclass(frozen=True)
class Literal:
    """A constant: number, truth value, None, text, or a tuple, list or dict of constants."""

    value: Any


@dataclass(frozen=True)
class Attribute:
    value: Expression
    name: str

    def __post_init__(self) -> None:
        Identifier(self.name)


@dataclass(frozen=True)
class Call:
    function: Expression
    args: tuple[Expression, ...] = ()
    named: tuple[tuple[str, Expression], ...] = ()

    def __post_init__(self) -> None:
        for key, _ in self.named:
            Identifier(key)


@dataclass(frozen=True)
class Subscript:
    """value[items]; an item is an expression or a Range."""

    value: Expression
    items: tuple[Expression | Range, ...]


@dataclass(frozen=True)
class Range:
    """start:stop in brackets; None is left out."""

    start: Expression | None = None
    stop: Expression | None = None


@dataclass(frozen=True)
class Unary:
    """op is "-", "~" or "not"."""

    op: str
    operand: Expression


@dataclass(frozen=True)
class Binary:
    op: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Choice:
    """then if test else other."""

    test: Expression
    then: Expression
    other: Expression


@dataclass(frozen=True)
class Listed:
    """A display: kind is "tuple" or "list"."""

    kind: str
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Mapped:
    """A dict display with constant keys."""

    items: tuple[tuple[Any, Expression], ...]


@dataclass(frozen=True)
class Starred:
    """*value, or **value with two stars, as an argument."""

    value: Expression


Expression = Name | Literal | Attribute | Call | Subscript | Unary | Binary | Choice | Listed | Mapped | Starred


# ---- statements


@dataclass(frozen=True)
class Assign:
    """targets = value; several targets unpack."""

    targets: tuple[Expression, ...]
    value: Expression
    comment: str = ""


@dataclass(frozen=True)
class Do:
    """An expression for its effect."""

    value: Expression
    comment: str = ""


@dataclass(frozen=True)
class Return:
    value: Expression | None = None
    comment: str = ""


@dataclass(frozen=True)
class Branch:
    """if test: body."""

    test: Expression
    body: tuple[Statement, ...]
    comment: str = ""


@dataclass(frozen=True)
class Remark:
    """A comment on a line of its own."""

    text: str


@dataclass(frozen=True)
class Define:
    """def name(parameters): a docstring and a body."""

    name: str
    parameters: tuple[str, ...]
    body: tuple[Statement, ...]
    doc: str = ""
    returns: str = ""
    #: of the emitter, never a spec's text
    decorators: tuple[Expression, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.name, *self.parameters):
            if name != "self":
                Identifier(name)


Statement = Assign | Do | Return | Branch | Remark | Define


# ---- short forms


def name(*path: str) -> Name:
    """A variable or a dotted path: name("rt", "unit")."""
    return Name(path)


def call(function: str | Expression, *args: Expression, **named: Expression) -> Call:
    """A call; a function given as text is a dotted path: call("torch.exp", x)."""
    target = Name(tuple(function.split("."))) if isinstance(function, str) else function
    return Call(target, args, tuple(named.items()))


def method(value: Expression, method_name: str, *args: Expression, **named: Expression) -> Call:
    """value.method(args)."""
    return Call(Attribute(value, method_name), args, tuple(named.items()))


def constant(value: Any) -> Literal:
    return Literal(value)


def display(values: tuple[Expression, ...], kind: str = "tuple") -> Listed:
    return Listed(kind, values)
