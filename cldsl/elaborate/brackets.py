"""Brackets after a value: selection, slices, renaming, splitting and merging, parts of joined axes, entries of lists."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from cldsl.catalogue import nearest
from cldsl.elaborate.core import Core
from cldsl.elaborate.folding import constant
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import Function, ListValue, ModelValue, Row, RowSet, Thing, Uneven, Value  # fmt: skip
from cldsl.graph.nodes import Axis, Node
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span


class Brackets(Core):
    """`x[...]`: docs/language.md, section 2."""

    def _index(self, expr: ast.Index, scope: Scope) -> Thing:
        base = self.thing(expr.value, scope)
        if isinstance(base, ListValue):
            return self._list_entry(base, expr, scope)
        if isinstance(base, (Function, ModelValue)):
            raise Mistake(
                expr.span,
                "call-expected",
                "a def or model with brackets is applied to arguments",
                "",
                "write `f[axis](x)`",
            )
        if isinstance(base, Uneven):
            return self._uneven_index(base, expr, scope)
        if isinstance(base, RowSet) and base.ranked and len(base.parts) == 1 and len(expr.items) == 1:
            item = expr.items[0]
            if isinstance(item, ast.Slice) and item.axis == "rank":
                return self._list_slice(base, item, scope)
        if isinstance(base, Value) and base.over_rows:
            return self._pair_draw(base, expr, scope)
        value = self.as_value(base, expr.value.span)
        return self.indexed(value, expr.items, scope)

    def _list_slice(self, base: RowSet, item: ast.Slice, scope: Scope) -> RowSet:
        """`hard[rank = 1 : 3]`: rows of the list, ranked anew from 0, with their coordinates and attributes."""
        part = base.parts[0]
        size = part.axis.size or 0
        low = 0 if item.low is None else self.static_int(item.low, scope)
        high = size if item.high is None else min(size, self.static_int(item.high, scope))
        rank = Axis(self.fresh_axis("rank"), max(0, high - low))
        place = self.a.pointwise("add", self.a.iota(rank), self.a.const(low))
        mask = None if part.mask is None else self.a.gather(Value(part.mask), part.axis, place, checked=False).node
        return RowSet((self.rows.picked(part, place, rank, mask),), True)

    def indexed(self, value: Value, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """Selections are simultaneous: every index is evaluated before any axis goes."""
        places = [(item, self.value(item.value, scope)) for item in items if isinstance(item, ast.Select)]
        for select, place in places:
            axis = self._own_axis(value, scope.axis(select.axis), select.span)
            if axis is None:
                continue
            if axis.name in place.names:  # the index has the axis it selects along: out of the way first
                other = f"{axis.name}_at"
                value = self.a.rename(value, {axis.name: other})
                axis = Axis(other, axis.size)
            known = place.target == scope.axis(select.axis)
            value = self.a.gather(value, axis, place, checked=not known)
        value, swapped = self._swapped(value, items, scope)
        for item in items:
            if isinstance(item, ast.Slice):
                value = self._sliced(value, item, scope)
            elif item in swapped:
                continue
            elif isinstance(item, ast.Rename):
                value = self._renamed(value, item, scope)
            elif isinstance(item, ast.Comprehension):
                value = self._part_of(value, item, scope)
            elif isinstance(item, ast.AxisName) and item.condition is not None:
                test = self.a.truth(self.value(item.condition, scope))
                value = Value(value.node, self.a.both(value.mask, test), value.parts)
            elif not isinstance(item, ast.Select):
                raise Mistake(
                    item.span,
                    "selection-expected",
                    "brackets after a value select, slice, rename or filter",
                    "",
                    "write `x[axis = e]`",
                )
        return value

    def _own_axis(self, value: Value, name: str, span: Span) -> Axis | None:
        for axis in value.axes:
            if axis.name == name:
                return axis
        if value.mask is not None and name in value.mask.names:
            return value.mask.axis(name)
        if not self.knows_axis(name):
            raise Mistake(
                span,
                "no-axis",
                f"the value has no axis {name}",
                f"its axes are {', '.join(value.names) or 'none'}",
                nearest(name, value.names),
            )
        return None  # selecting along an axis the value lacks is the identity

    def _sliced(self, value: Value, item: ast.Slice, scope: Scope) -> Value:
        axis = self._own_axis(value, scope.axis(item.axis), item.span)
        if axis is None:
            return value
        low = 0 if item.low is None else self.static_int(item.low, scope)
        high = axis.size if item.high is None else self.static_int(item.high, scope)
        if high is None:
            raise Mistake(
                item.span,
                "unknown-size",
                f"the size of axis {axis.name} is not known",
                "",
                "write where the slice ends",
            )
        if axis.size is not None:
            high = min(high, axis.size)
        name = axis.name
        fresh = self.fresh_axis(name)

        def cut(node: Node) -> Node:
            return (
                self.a._renamed(
                    self.graph.make("slice", node, axis=name, start=low, stop=max(low, high)), {name: fresh}
                )
                if name in node.names
                else node
            )

        mask = None if value.mask is None else cut(value.mask)
        result = Value(cut(value.node), mask)
        self.slices[fresh] = name
        return (
            result
            if self.knows_axis(name) and self.sizes[name] is not None and self.sizes[name] != high - low
            else self.a.rename(result, {fresh: name})
        )

    def _swapped(
        self, value: Value, items: Sequence[ast.AxisItem], scope: Scope
    ) -> tuple[Value, Sequence[ast.AxisItem]]:
        """Renamings of which one takes the name that another gives up, `A[item -> j, j -> item]`, at once."""
        single = [item for item in items if isinstance(item, ast.Rename) and len(item.old) == len(item.new) == 1]
        pairs = {scope.axis(item.old[0]): scope.axis(item.new[0][0]) for item in single}
        if not set(pairs.values()) & set(pairs) or len(pairs) < 2:
            return value, ()
        for item in single:
            self._own_axis(value, scope.axis(item.old[0]), item.span)
        return replace(self.a.rename(value, pairs), parts=value.parts), single

    def _renamed(self, value: Value, item: ast.Rename, scope: Scope) -> Value:
        old = [scope.axis(name) for name in item.old]
        own = (*value.names, *(value.mask.names if value.mask is not None else ()))
        old = [
            name if name in own else next((each for each in own if self.slices.get(each) == name), name) for name in old
        ]
        axes = [self._own_axis(value, name, item.span) for name in old]
        if any(axis is None for axis in axes):
            return value
        kept = [axis for axis in axes if axis is not None]
        new = [scope.axis(name) for name, _ in item.new]
        if len(old) == 1 and len(new) == 1:
            declared = self.sizes.get(new[0])
            if declared is None:
                self.sizes[new[0]] = kept[0].size
            return replace(self.a.rename(value, {old[0]: new[0]}), parts=value.parts)
        if len(new) == 1:
            size: int | None = 1
            for axis in kept:
                size = None if size is None or axis.size is None else size * axis.size
            merged = self.declare_axis(new[0], size, item.span)
            return self.a.merge(value, kept, merged)
        if len(old) == 1:
            return self._split(value, kept[0], item, scope)
        raise Mistake(
            item.span, "rename", "a renaming is one to one, one to several or several to one", "", "rename in two steps"
        )

    def _split(self, value: Value, axis: Axis, item: ast.Rename, scope: Scope) -> Value:
        sizes = [
            self.sizes.get(scope.axis(name)) if size is None else self.static_int(size, scope)
            for name, size in item.new
        ]
        unknown = [n for n, size in enumerate(sizes) if size is None]
        if len(unknown) == 1 and axis.size is not None:
            rest = math.prod(size for size in sizes if size is not None)
            sizes[unknown[0]] = axis.size // rest
        if None in sizes or (axis.size is not None and math.prod(s for s in sizes if s is not None) != axis.size):
            raise Mistake(
                item.span,
                "split-sizes",
                f"axis {axis.name} has {axis.size} entries, its parts have {sizes}",
                "",
                "let the sizes multiply to the size of the axis",
            )
        parts = [
            self.declare_axis(scope.axis(name), size, item.span)
            for (name, _), size in zip(item.new, sizes, strict=True)
        ]
        return self.a.split(value, axis.name, parts)

    def _part_of(self, value: Value, item: ast.Comprehension, scope: Scope) -> Value:
        """`plan[pool in item]`: the entries of a joined axis that came from `item`."""
        name = scope.axis(item.variable)
        joined = dict(value.parts).get(name) or self.joined.get(name)
        if joined is None or not isinstance(item.source, ast.Name):
            raise Mistake(
                item.span,
                "no-joined-axis",
                f"{item.variable} is no joined axis",
                "only an axis made by `cat[(a, b) -> c]` knows its parts",
                "join axes first: `cat[(slot, item) -> pool](x, y)`",
            )
        wanted = scope.axis(item.source.id)
        for axis, start in joined:
            if axis.name == wanted:
                if axis.size is None:
                    raise Mistake(
                        item.span,
                        "unknown-size",
                        f"the size of axis {axis.name} is not known",
                        "",
                        "do it in a train block, where sizes are known",
                    )
                size = axis.size

                def cut(node: Node, start: int = start, size: int = size) -> Node:
                    if name not in node.names:
                        return node
                    if node.op == "concat" and node.attr("axis") == name:  # what was joined, unjoined
                        for place, piece in enumerate(node.inputs):
                            if (
                                sum(each.axis(name).size or 0 for each in node.inputs[:place]) == start
                                and piece.axis(name).size == size
                            ):
                                return self.a._renamed(piece, {name: wanted})
                    return self.a._renamed(
                        self.graph.make("slice", node, axis=name, start=start, stop=start + size), {name: wanted}
                    )

                return Value(cut(value.node), None if value.mask is None else cut(value.mask))
        raise Mistake(
            item.span,
            "no-such-part",
            f"{item.variable} has no part {wanted}",
            f"it joins {', '.join(axis.name for axis, _ in joined)}",
            "name one of its parts",
        )

    def _list_entry(self, base: ListValue, expr: ast.Index, scope: Scope) -> Thing:
        item = expr.items[0]
        inner: ast.Expr
        if len(expr.items) == 1 and isinstance(item, ast.Position):
            inner = item.value
        elif len(expr.items) == 1 and isinstance(item, ast.AxisName):
            inner = ast.Name(item.name, span=item.span)
        else:
            raise Mistake(
                expr.span, "position-expected", "a list is indexed by a position", "", "write `[1, 0.1][v % 2]`"
            )
        place = self.value(inner, scope)
        known = constant(place.node)
        if known is not None:
            if known != int(known) or not 0 <= known < len(base.items):
                raise Mistake(
                    expr.span,
                    "out-of-range",
                    f"the list has {len(base.items)} entries, position {known} is none of them",
                    "",
                    "count from 0",
                )
            return base.items[int(known)]
        result = self.as_value(base.items[-1], expr.span)
        for n in range(len(base.items) - 2, -1, -1):
            result = self.a.choose(
                self.a.pointwise("eq", place, self.a.const(n)), self.as_value(base.items[n], expr.span), result
            )
        return result

    def _uneven_index(self, base: Uneven, expr: ast.Index, scope: Scope) -> Thing:
        item = expr.items[0]
        if len(expr.items) != 1 or not isinstance(item, (ast.Select, ast.Slice)) or item.axis != base.axis.name:
            raise Mistake(
                expr.span,
                "uneven",
                f"axis {base.axis.name} is uneven: select along it first",
                "",
                "select one index: `x[v = 0]`",
            )
        if isinstance(item, ast.Select):
            place = self.static_int(item.value, scope)
            for start, stop, value in base.pieces:
                if start <= place < stop:
                    return self.a.gather(value, Axis(base.axis.name, stop - start), self.a.const(place - start))
            raise Mistake(
                item.span, "out-of-range", f"axis {base.axis.name} has {base.axis.size} entries", "", "count from 0"
            )
        raise Mistake(
            expr.span, "uneven", "slices of an uneven axis are not executed by this version", "", "select one index"
        )

    def _pair_draw(self, base: Value, expr: ast.Index, scope: Scope) -> Thing:
        """`share[a, k]`: a draw over pairs of rows at two bound rows."""
        rows = []
        for item in expr.items:
            name = item.name if isinstance(item, ast.AxisName) else ""
            row = self.lookup(name, scope, item.span) if name else None
            if not isinstance(row, Row):
                raise Mistake(
                    item.span, "row-expected", "a draw over rows is read at bound rows", "", "write `share[a, k]`"
                )
            rows.append(row)
        if len(rows) != len(base.over_rows):
            raise Mistake(
                expr.span,
                "row-count",
                f"this draw ranges over {len(base.over_rows)} rows",
                "",
                "read it at as many rows: `share[a, k]`",
            )
        return self.a.rename(
            Value(base.node, base.mask),
            {old: row.part.axis.name for old, row in zip(base.over_rows, rows, strict=True)},
        )
