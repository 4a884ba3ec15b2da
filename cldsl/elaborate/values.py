"""What an expression elaborates to: a tensor with its presence, a set of rows, a relation, a model, a text, a list, a distribution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from typing import Any, Union

from cldsl.graph.nodes import Axis, Node
from cldsl.graph.plan import ModelPlan, StagePlan
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import NOWHERE, Span
from cldsl.syntax.record import record


@record(frozen=True, eq=False)
class Value:
    """A tensor; where the bool node `mask` is false it is absent (None: present everywhere).

    parts: for a joined axis, what was joined: axis name -> ((part's axis, start, size), ...).
    rows: attached attributes of made rows (`rows(x, age = e)`).
    target: the axis that an index points to.
    """

    node: Node
    mask: Node | None = None
    parts: tuple[tuple[str, tuple[tuple[Axis, int], ...]], ...] = ()
    rows: tuple[tuple[str, Value], ...] = ()
    target: str | None = None
    #: for a draw over pairs of rows: (row axes of each position)
    over_rows: tuple[str, ...] = ()

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The value's own axes; its presence may have more."""
        return self.node.axes

    @property
    def names(self) -> tuple[str, ...]:
        return self.node.names


@record(frozen=True, eq=False)
class Uneven:
    """A value whose other axes have sizes that depend on the index of one axis: one value for each stretch of equal sizes."""

    axis: Axis
    pieces: tuple[tuple[int, int, Value], ...]


@record(frozen=True, eq=False)
class Part:
    """Rows of one source along one flat axis.

    vector: the rows' values over the axis (None: the row is an index); coords: coordinates; attached: attributes.
    read: takes a value over (a subset of) `row_axes` to the rows of this part. identity: what the rows are rows of.
    mask: which rows there are, perhaps by outer rows. weight: elaborated per pair by the line's expression.
    """

    axis: Axis
    vector: Value
    coords: dict[str, Value]
    attached: dict[str, Value]
    row_axes: tuple[Axis, ...]
    read: Callable[[Value], Value]
    identity: object
    mask: Node | None = None
    line: ast.Comprehension | None = None
    flat: Value | None = None  # position among the rows of the identity, for row equality

    def with_mask(self, mask: Node | None) -> Part:
        return replace(self, mask=mask)


@record(frozen=True, eq=False)
class RowSet:
    """A union of parts. ranked: it is the list of a `top`, its axis is a rank."""

    parts: tuple[Part, ...]
    ranked: bool = False


@record(frozen=True, eq=False)
class Row:
    """A bound row: the variable of a comprehension standing for the rows of one part."""

    variable: str
    part: Part
    relation: Relation | None = None


@record(frozen=True, eq=False)
class Relation:
    """A contrast applied: its lines in the scope of its definition. flipped: roles exchanged."""

    contrast: ast.Contrast
    scope: Any
    flipped: bool = False
    memo: dict[Any, Any] = field(default_factory=dict)


@record(frozen=True, eq=False)
class Function:
    """A def, with the scope it is called in for names it does not declare."""

    definition: ast.Def
    scope: Any


@record(frozen=True, eq=False)
class ModelValue:
    """A model, or one of its parts (`t.f`); evaluated: `f.eval`."""

    plans: tuple[ModelPlan, ...]
    name: str
    evaluated: bool = False

    @property
    def plan(self) -> ModelPlan:
        return self.plans[0]


@record(frozen=True, eq=False)
class Outputs:
    """What an application of a model with named outputs makes. pick: an output's value by its name."""

    model: str
    names: tuple[str, ...]
    pick: Callable[[str], Value]


@record(frozen=True)
class WeightsValue:
    """Weights that may stand for those of a model: a node of dtype "weights"; evaluated: `g.eval`."""

    node: Node
    model: ModelValue
    evaluated: bool = False


@record(frozen=True)
class TextValue:
    text: str


@record(frozen=True, eq=False)
class ListValue:
    items: tuple[Thing, ...]


@record(frozen=True, eq=False)
class Distribution:
    """A random value not yet drawn: a view (stages over a column) or a law (name, constant arguments)."""

    column: Value | None = None
    column_name: str = ""
    stages: tuple[StagePlan, ...] = ()
    law: str = ""
    arguments: tuple[Any, ...] = ()


@record(frozen=True, eq=False)
class Broken:
    """Stands for what could not be elaborated; whatever touches it is broken too, silently."""

    span: Span = NOWHERE


Thing = Union[
    Value,
    Uneven,
    RowSet,
    Row,
    Relation,
    Function,
    ModelValue,
    WeightsValue,
    Outputs,
    TextValue,
    ListValue,
    Distribution,
    Broken,
]
