"""What every part of the elaborator of expressions stands on: axes and their sizes, look-up of names, constants.

The chain of classes is core.py, brackets.py, applying.py, expressions.py; the session (session.py) provides what a block knows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cldsl.catalogue import nearest
from cldsl.elaborate.arithmetic import Arithmetic
from cldsl.elaborate.depth import LIMIT
from cldsl.elaborate.folding import constant
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.values import (
    Broken,
    Distribution,
    Function,
    ListValue,
    ModelValue,
    Outputs,
    Relation,
    Row,
    RowSet,
    TextValue,
    Thing,
    Uneven,
    Value,
    WeightsValue,
)  # fmt: skip
from cldsl.graph.nodes import Axis, Graph, GraphError, Node
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span

if TYPE_CHECKING:
    from cldsl.elaborate.library import Library
    from cldsl.elaborate.reductions import Reductions
    from cldsl.elaborate.relations import Relations
    from cldsl.elaborate.rows import Rows

MAX_APART = 256
MAX_SIZE = 2**31


class Core:
    """Axes, names, constants; `visit` is the tree walk of the last class of the chain."""

    graph: Graph
    a: Arithmetic
    sizes: dict[str, int | None]
    rows: Rows
    relations: Relations
    reductions: Reductions
    library: Library
    free_axes: set[str]
    _fresh: int
    _depth: int
    #: the indices of `let y[v = 2]` around, which tell two applications of one text apart
    site: tuple[tuple[str, int], ...] = ()
    #: the axes along which models are applied apart, of `each` around
    apart: tuple[str, ...] = ()
    #: functions that a statement or a later version gives meaning to, with the reason
    later: dict[str, str] = {}  # noqa: RUF012  (replaced, never changed in place)
    #: a sliced axis of another size, until a rename gives it its name
    slices: dict[str, str]
    #: axes made by `cat[(a, b) -> c]`, and what they join
    joined: dict[str, tuple[tuple[Axis, int], ...]]

    # ---- provided by the session

    def top(self, name: str, span: Span) -> Thing | None:
        """The thing a name of the file stands for, or None."""
        raise NotImplementedError

    def definition(self, name: str, file: str) -> ast.Def | None:
        raise NotImplementedError

    def names_in_reach(self, scope: Scope) -> list[str]:
        raise NotImplementedError

    def apply_model(
        self,
        model: ModelValue,
        argument: Thing,
        scope: Scope,
        span: Span,
        weights: Node | None = None,
        member: int | None = None,
        others: Sequence[Thing] = (),
    ) -> Thing:
        raise NotImplementedError

    def unexecuted(self) -> frozenset[str]:
        """Names that a construct of a later version declares."""
        raise NotImplementedError

    def contrast(self, name: str) -> ast.Contrast | None:
        raise NotImplementedError

    def apply_member(self, model: ModelValue, argument: Thing, item: ast.Select, scope: Scope, span: Span) -> Thing:
        raise NotImplementedError

    def model_weight(self, model: ModelValue, name: str, span: Span) -> Thing:
        raise NotImplementedError

    def visit(self, expr: ast.Expr, scope: Scope) -> Thing:
        raise NotImplementedError

    def weights(self, op: str, left: Thing, right: Thing, span: Span) -> Thing | None:
        """Arithmetic of models, where a side is one."""
        raise NotImplementedError

    def slope(self, expr: ast.Call, scope: Scope) -> Thing:
        """`grad(E, x)`."""
        raise NotImplementedError

    def model_part(self, model: ModelValue, expr: ast.Attribute) -> Thing:
        """`t.f`, `f.eval`, `f.weight` of a model."""
        raise NotImplementedError

    def finite(self, expr: ast.Expr) -> Any:
        """A compile-time constant without infinities."""
        raise NotImplementedError

    # ---- names and axes

    def fresh_axis(self, stem: str) -> str:
        self._fresh += 1
        return f"{stem}_{self._fresh}"

    def knows_axis(self, name: str) -> bool:
        return name in self.sizes

    def axis(self, name: str, span: Span) -> Axis:
        if name not in self.sizes:
            raise Mistake(span, "no-axis", f"no axis is called {name}", "", nearest(name, self.sizes))
        return Axis(name, self.sizes[name])

    def declare_axis(self, name: str, size: int | None, span: Span) -> Axis:
        if size is not None and not 0 <= size < MAX_SIZE:
            raise Mistake(
                span,
                "axis-size",
                f"axis {name} has {size:g} entries",
                f"an axis has from 0 to {MAX_SIZE - 1}",
                "write another size",
            )
        known = self.sizes.get(name)
        if known is not None and size is not None and known != size:
            raise Mistake(
                span,
                "two-sizes",
                f"axis {name} has {known} entries elsewhere, {size} here",
                "one axis name has one size",
                "give one of them another name",
            )
        if known is None:
            self.sizes[name] = size
        return Axis(name, self.sizes[name])

    def apart_count(self, size: int | None, span: Span) -> int:
        """How often something is computed apart, once for each index."""
        if size == 0:
            raise Mistake(
                span,
                "no-copies",
                "there is no index to compute this for",
                "the axis has no entries",
                "take at least one: `x[v = 2]`",
            )
        if size is None or size > MAX_APART:
            raise Mistake(
                span,
                "too-many-apart",
                f"this is computed apart for each index, at most {MAX_APART} times",
                f"the axis has {'no known size' if size is None else f'{size} entries'}",
                "compute it along the axis at once",
            )
        return size

    def lookup(self, name: str, scope: Scope, span: Span) -> Thing | None:
        found = scope.find(name)
        if found is not None:
            return found
        definition = self.definition(name, span.file)
        if definition is not None:
            return Function(definition, None)
        return self.top(name, span)

    # ---- entry points

    def value(self, expr: ast.Expr, scope: Scope) -> Value:
        """The expression as a tensor. Raises Mistake where it is none."""
        return self.as_value(self.thing(expr, scope), expr.span)

    def as_value(self, thing: Thing, span: Span) -> Value:
        if isinstance(thing, Value):
            return thing
        if isinstance(thing, Row):
            return (
                thing.part.vector if thing.part.mask is None else Value(thing.part.vector.node, thing.part.vector.mask)
            )
        if isinstance(thing, RowSet) and len(thing.parts) == 1:
            part = thing.parts[0]
            if part.axis.name != "rank" and thing.ranked:
                part = self.rows.renamed(part, "rank")
            return Value(part.vector.node, self.a.both(part.vector.mask, part.mask))
        if isinstance(thing, Broken):
            raise Consequence
        what = {
            Relation: "a relation", Function: "a def", ModelValue: "a model", WeightsValue: "weights of a model", TextValue: "a text", ListValue: "a list",
            Distribution: "a distribution", Uneven: "a value of uneven sizes", Outputs: "several outputs of a model", RowSet: "a union of rows",
        }[type(thing)]  # fmt: skip
        raise Mistake(span, "value-expected", f"{what} stands where a value is expected", *_value_hint(thing))

    def thing(self, expr: ast.Expr, scope: Scope) -> Thing:
        self._depth += 1
        try:
            if self._depth > LIMIT:
                raise Mistake(
                    expr.span,
                    "too-deep",
                    "definitions nest too deep",
                    "a def that calls itself never ends",
                    "write what it computes without itself",
                )
            return self.visit(expr, scope)
        except RecursionError:
            raise Mistake(
                expr.span,
                "too-deep",
                "definitions nest too deep",
                "each rests on the next, a long way down",
                "compute a step of it under a name that is used before",
            ) from None
        except GraphError as error:
            raise Mistake(
                expr.span, "axes-do-not-meet", str(error), "", "rename one of the axes: `x[item -> j]`"
            ) from None
        finally:
            self._depth -= 1

    def static(self, expr: ast.Expr, scope: Scope) -> float | int | bool | str | tuple[object, ...]:
        """A compile-time constant: a number, truth value, text, or a tuple of them."""
        if isinstance(expr, (ast.TupleOf, ast.ListOf)):
            return tuple(self.static(item, scope) for item in expr.items)
        thing = self.thing(expr, scope)
        return self.static_of(thing, expr.span)

    def static_of(self, thing: Thing, span: Span) -> float | int | bool | str | tuple[object, ...]:
        if isinstance(thing, TextValue):
            return thing.text
        if isinstance(thing, ListValue):
            return tuple(self.static_of(item, span) for item in thing.items)
        if isinstance(thing, Value):
            known = constant(thing.node)
            if known is not None:
                return known  # type: ignore[no-any-return]
        raise Mistake(
            span,
            "not-constant",
            "this must be known before the program runs",
            "it depends on data, on the clock or on a size that is not known",
            "use a number or a param",
        )

    def static_int(self, expr: ast.Expr, scope: Scope) -> int:
        value = self.static(expr, scope)
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not math.isfinite(value)
            or value != int(value)
        ):
            raise Mistake(
                expr.span,
                "whole-number-expected",
                f"a whole number is expected, not {value}",
                "",
                "write a whole number",
            )
        return int(value)


def _value_hint(thing: Thing) -> tuple[str, str]:
    if isinstance(thing, Relation):
        return ("a relation has a value per pair", "apply a loss: `mean(infonce(R))`")
    if isinstance(thing, Distribution):
        return ("chance has a name", "declare it: `draw u ~ ...` or `view x ~ ...`")
    if isinstance(thing, Uneven):
        return ("its axes have no single size", "apply a model first")
    if isinstance(thing, Outputs):
        return (f"{thing.model} makes {', '.join(thing.names)}", f"name one: `{thing.model}(x).{thing.names[0]}`")
    if isinstance(thing, TextValue):
        return ("a text chooses", 'compare it: `mode == "soft"`')
    return ("", "name a tensor, or apply this to one")
