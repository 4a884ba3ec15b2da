"""`sinkhorn` with masses or a stopping test, as a node.

Input: the call, its scores and their mask over both axes. Output: a Value. Without masses they are those at which each
entry of the last axis sums to 1, as without a stopping test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import Value
from cldsl.graph.nodes import Node
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span

if TYPE_CHECKING:
    from cldsl.elaborate.library import Library


def transport(
    library: Library, value: Value, axes: tuple[str, ...], mask: Node | None, expr: ast.Call, scope: Scope
) -> Value:
    """The plan over the value's axes."""
    graph = library.x.graph
    given = next((argument.value for argument in expr.arguments if argument.name == "masses"), None)
    masses = _given(library, given, axes, scope) if given is not None else _even(library, value, axes, mask, expr.span)
    inputs = [library.a.cast(each, "real") for each in (value.node, *masses)] + ([] if mask is None else [mask])
    rounds, until = library.option(expr, "rounds", 3, scope), library.option(expr, "until", 0, scope)
    node = graph.make("transport", *inputs, axes=axes, rounds=int(rounds), until=float(until), span=expr.span)
    return Value(node, value.mask)


def _given(library: Library, given: ast.Expr, axes: tuple[str, ...], scope: Scope) -> list[Node]:
    found = []
    for item, other in zip(
        given.items if isinstance(given, (ast.TupleOf, ast.ListOf)) else (), reversed(axes), strict=False
    ):
        mass = library.x.value(item, scope)
        if other in mass.names or mass.mask is not None:
            raise Mistake(
                item.span, "masses", "the masses of an axis are one number for each of its entries",
                f"this is over [{', '.join(mass.names)}]" if other in mass.names else "some may be absent",
                "write `masses = (1 / size(word), 1 / size(item))`",
            )  # fmt: skip
        found.append(mass.node)
    if len(found) != 2:
        raise Mistake(
            given.span, "masses", "masses are two, one for each axis", "", "write `masses = (1 / size(word), 1 / size(item))`"
        )  # fmt: skip
    return found


def _even(library: Library, value: Value, axes: tuple[str, ...], mask: Node | None, span: Span) -> list[Node]:
    """What an entry of the first axis weighs so that each of the last weighs 1: the last's number over the first's."""
    graph, arithmetic = library.x.graph, library.a
    one = graph.const(1.0)
    if mask is None:
        counts = [library.size_value(value.node.axis(axis), span).node for axis in axes]
    else:
        first, last = axes
        some = [graph.make("reduce", mask, kind="any", over=(over,)) for over in (last, first)]
        counts = [arithmetic.count(each, (axis,)) for each, axis in zip(some, axes, strict=True)]
    share = arithmetic.pointwise("div", Value(counts[1]), arithmetic.pointwise("maximum", Value(counts[0]), Value(one)))
    return [share.node, one]
