"""`kmeans`: centres of clusters of rows, as a node.

Input: the call. Output: a Value over the clusters that `start` has; a row, or a first centre, is there where all of it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cldsl.catalogue import nearest
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import Value
from cldsl.graph.nodes import Node
from cldsl.syntax import ast

if TYPE_CHECKING:
    from cldsl.elaborate.library import Library

_BY = ("distance", "dot", "cosine")
_WRITTEN = "write `kmeans[item -> cluster](x, start = c, rounds = 20)`"


def kmeans(library: Library, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Value:
    """`kmeans[item -> cluster](x, start = c, rounds = 20, by = "distance")`: [..., cluster, dim], constant."""
    elaborator, arithmetic = library.x, library.a
    if len(items) != 1 or not isinstance(items[0], ast.Rename) or len(items[0].new) != 1 or len(items[0].old) != 1:
        raise Mistake(
            expr.span, "axes-expected", "kmeans names the axis of the rows and that of the clusters", "", _WRITTEN
        )
    library.options(expr, 1, "start", "rounds", "by")
    given = {argument.name: argument for argument in expr.arguments}
    if "start" not in given:
        raise Mistake(expr.span, "argument-missing", "kmeans begins with centres", "it draws none by itself", _WRITTEN)
    axis, cluster = scope.axis(items[0].old[0]), scope.axis(items[0].new[0][0])
    x = elaborator.value(given[None].value, scope)
    start = elaborator.value(given["start"].value, scope)
    library.carries(x, (axis, "dim"), given[None].value.span)
    library.carries(start, (cluster, "dim"), given["start"].value.span)
    for value, name, argument in ((x, cluster, given[None]), (start, axis, given["start"])):
        if name in value.names:
            raise Mistake(
                argument.value.span,
                "axis-twice",
                f"this has the axis {name} of the {'clusters' if name == cluster else 'rows'} already",
                "rows and clusters have axes of their own",
                f"give it another name: `[{name} -> other]`",
            )
    rounds = elaborator.static_int(given["rounds"].value, scope) if "rounds" in given else 20
    if rounds < 0:
        raise Mistake(given["rounds"].span, "rounds", f"there are no {rounds} rounds", "", "give 0 or more")
    by = library.option(expr, "by", "distance", scope)
    if by not in _BY:
        mend = nearest(str(by), _BY) or 'write `by = "distance"`, `"dot"` or `"cosine"`'
        raise Mistake(given["by"].span, "clusters-by", f"clusters are by {', '.join(_BY)}, not by {by}", "", mend)
    sides = ((x, axis), (start, cluster))
    masks = [_whole(library, value, name) for value, name in sides]
    inputs = [arithmetic.cast(x.node, "real"), arithmetic.cast(start.node, "real")]
    if any(mask is not None for mask in masks):
        for (value, name), mask in zip(sides, masks, strict=True):
            inputs.append(mask or arithmetic.spread(elaborator.graph.const(True), [value.node.axis(name)]))
    node = elaborator.graph.make("kmeans", *inputs, axes=(axis, cluster, "dim"), rounds=rounds, by=by, span=expr.span)
    return Value(node, masks[1])


def _whole(library: Library, value: Value, axis: str) -> Node | None:
    """Where a row along the axis is there: where all of it is."""
    if value.mask is None:
        return None
    mask = value.mask
    if "dim" in mask.names:
        mask = library.x.graph.make("reduce", mask, kind="all", over=("dim",))
    return library.a.spread(mask, [value.node.axis(axis)])
