"""What a name can stand for, and where names are looked up: the innermost scope first.

A scope also knows the entries that matter (`context`): the filters and branches around an expression, so that an entry
which nobody reads meets no operation (docs/language.md, section 2, rule 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cldsl.reference.rows import Picked, Rows, free_axes
from cldsl.reference.values import Mask, Value, both, narrowed, truth
from cldsl.syntax import ast


@dataclass(frozen=True, eq=False)
class Closure:
    """A def, with the file it stands in."""

    definition: ast.Def

    @property
    def file(self) -> str:
        return self.definition.span.file


@dataclass(frozen=True, eq=False)
class Template:
    """A contrast with parameters, not yet applied."""

    contrast: ast.Contrast


@dataclass(frozen=True, eq=False)
class ModelRef:
    """A model, a member of a composite (`t.g`), its evaluation mode (`f.eval`), members of a family (`w[v = e]`)."""

    name: str
    member: str | None = None
    evaluating: bool = False
    frozen: bool = False
    indices: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Outputs:
    """What a model with named outputs makes of a value."""

    values: Mapping[str, Value]


@dataclass(frozen=True, eq=False)
class Made:
    """`rows(x, age = e)`: values and attributes that become rows where they are ranged over."""

    value: Value
    attributes: Mapping[str, Value]


@dataclass(frozen=True, eq=False)
class PairDraw:
    """A draw over rows, `draw s[a in z, k in z]`: its axes are `a.item`, `k.item` and so on, read as `s[a, k]`."""

    value: Value
    variables: tuple[str, ...]


Thing = object


class Scope:
    """Names, definitions evaluated at first need, axis parameters, and the context of an expression."""

    def __init__(
        self,
        parent: Scope | None = None,
        values: Mapping[str, Thing] | None = None,
        *,
        file: str | None = None,
        context: Mask | None = None,
    ) -> None:
        self.parent = parent
        self.values: dict[str, Thing] = dict(values or {})
        self.lazy: dict[str, ast.Let | ast.Draw] = {}
        self.axes: dict[str, str] = {}
        self.file: str | None = file if file is not None or parent is None else parent.file
        self.context: Mask | None = context if context is not None or parent is None else parent.context
        #: states as they were when a relation first read them
        self.snapshot: dict[str, Value] | None = parent.snapshot if parent is not None else None

    def bound(self, name: str, rows: Rows) -> Scope:
        """A scope in which `name` is bound to rows; only entries of present rows matter in it."""
        inner = Scope(self, {name: rows})
        mask = rows.here.present
        inner.context = both(self.context, None if mask is None else truth(rows.here))
        return inner

    def where(self, mask: Mask | None) -> Scope:
        """A scope in which only the entries of `mask` matter as well."""
        inner = Scope(self)
        inner.context = both(self.context, mask)
        return inner

    def without(self, axes: Iterable[str]) -> Scope:
        """A scope whose context says nothing of `axes`: they are selected from or bound anew inside."""
        taken = set(axes)
        if self.context is None or not taken & set(self.context.axes):
            return self
        inner = Scope(self)
        inner.context = narrowed(self.context, [axis for axis in self.context.axes if axis not in taken])
        return inner

    def rows_only(self) -> Scope:
        """A scope whose context speaks of row axes alone, whose names nothing can bind anew."""
        if self.context is None:
            return self
        return self.without(axis for axis in self.context.axes if "@" not in axis)

    def axis(self, name: str) -> str:
        """An axis parameter of a def stands for the axis it was given."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.axes:
                return scope.axes[name]
            scope = scope.parent
        return name

    def carried(self) -> set[str]:
        """The axes that the row variables in reach already carry; they are not ranged again."""
        found: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            for value in scope.values.values():
                # a list that is only named is no row around
                if isinstance(value, Rows) and not (isinstance(value, Picked) and value.ranked):
                    found.update(free_axes(value))
            scope = scope.parent
        return found

    def size(self, axis: str) -> int | None:
        """The size of an axis that a value in reach has, the innermost first."""
        scope: Scope | None = self
        while scope is not None:
            for value in reversed(list(scope.values.values())):
                size = value.size(axis) if isinstance(value, Value) else None
                if size is not None:
                    return size
            scope = scope.parent
        return None

    def row_axes(self) -> set[str]:
        """The axes along which the rows in reach stand: inside a def with `a in R` they are not the value's own."""
        found: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            for value in scope.values.values():
                if isinstance(value, Rows):
                    found.update(axis for axis in (value.axis, *free_axes(value)) if axis is not None and "@" in axis)
            scope = scope.parent
        return found
