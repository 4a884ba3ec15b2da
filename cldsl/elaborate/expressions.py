"""Expressions to values: one method per class of the tree. docs/language.md, sections 2 to 5.

Names of the file come from `top`, which the session around (elaborate/session.py) provides: it knows the block's stream, the
clock, what is held and how often each module was moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from cldsl.catalogue import nearest
from cldsl.elaborate.arithmetic import Arithmetic
from cldsl.elaborate.folding import constant
from cldsl.elaborate.reductions import REDUCTIONS, Reductions
from cldsl.elaborate.relations import Relations
from cldsl.elaborate.rows import Rows
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.values import (
    Broken, Distribution, Function, ListValue, ModelValue, Relation, Row, RowSet, TextValue, Thing, Uneven, Value,
)  # fmt: skip
from cldsl.graph.nodes import Axis, Graph, GraphError, Node
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span

_BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "^": "pow", "==": "eq", "!=": "ne", "<": "lt",
    "<=": "le", ">": "gt", ">=": "ge",
}  # fmt: skip
MAX_APART = 256
MAX_SIZE = 2**31


class Expressions:
    """Elaborates expressions over one graph."""

    def __init__(self, graph: Graph, sizes: dict[str, int | None]) -> None:
        from cldsl.elaborate.library import Library  # the library calls back into expressions

        self.graph = graph
        self.a = Arithmetic(graph)
        self.sizes = sizes
        self.rows = Rows(self)
        self.relations = Relations(self)
        self.reductions = Reductions(self)
        self.library = Library(self)
        self.free_axes: set[str] = set()
        self._fresh = 0
        self._depth = 0

    # ---- provided by the session

    def top(self, name: str, span: Span) -> Thing | None:
        """The thing a name of the file stands for, or None."""
        raise NotImplementedError

    def definition(self, name: str, file: str) -> ast.Def | None:
        raise NotImplementedError

    def names_in_reach(self, scope: Scope) -> list[str]:
        raise NotImplementedError

    def apply_model(self, model: ModelValue, argument: Thing, scope: Scope, span: Span) -> Thing:
        raise NotImplementedError

    def unexecuted(self) -> frozenset[str]:
        """Names that a construct of a later version declares."""
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
            raise Mistake(span, "axis-size", f"axis {name} has {size:g} entries", f"an axis has from 0 to {MAX_SIZE - 1}", "write another size")
        known = self.sizes.get(name)
        if known is not None and size is not None and known != size:
            raise Mistake(span, "two-sizes", f"axis {name} has {known} entries elsewhere, {size} here", "one axis name has one size", "give one of them another name")
        if known is None:
            self.sizes[name] = size
        return Axis(name, self.sizes[name])

    def apart_count(self, size: int | None, span: Span) -> int:
        """How often something is computed apart, once for each index."""
        if size == 0:
            raise Mistake(span, "no-copies", "there is no index to compute this for", "the axis has no entries", "take at least one: `x[v = 2]`")
        if size is None or size > MAX_APART:
            raise Mistake(span, "too-many-apart", f"this is computed apart for each index, at most {MAX_APART} times", f"the axis has {'no known size' if size is None else f'{size} entries'}", "compute it along the axis at once")
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
            return thing.part.vector if thing.part.mask is None else Value(thing.part.vector.node, thing.part.vector.mask)
        if isinstance(thing, RowSet) and len(thing.parts) == 1:
            part = thing.parts[0]
            if part.axis.name != "rank" and thing.ranked:
                part = self.rows.renamed(part, "rank")
            return Value(part.vector.node, self.a.both(part.vector.mask, part.mask))
        if isinstance(thing, Broken):
            raise Consequence
        what = {
            Relation: "a relation", Function: "a def", ModelValue: "a model", TextValue: "a text", ListValue: "a list",
            Distribution: "a distribution", Uneven: "a value of uneven sizes", RowSet: "a union of rows",
        }[type(thing)]  # fmt: skip
        raise Mistake(span, "value-expected", f"{what} stands where a value is expected", *_value_hint(thing))

    def thing(self, expr: ast.Expr, scope: Scope) -> Thing:
        self._depth += 1
        try:
            if self._depth > 400:
                raise Mistake(expr.span, "too-deep", "definitions nest too deep", "a def that calls itself never ends", "write what it computes without itself")
            return _VISIT[type(expr)](self, expr, scope)
        except RecursionError:
            raise Mistake(expr.span, "too-deep", "definitions nest too deep", "each rests on the next, a long way down", "compute a step of it under a name that is used before") from None
        except GraphError as error:
            raise Mistake(expr.span, "axes-do-not-meet", str(error), "", "rename one of the axes: `x[item -> j]`") from None
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
        raise Mistake(span, "not-constant", "this must be known before the program runs", "it depends on data, on the clock or on a size that is not known", "use a number or a param")

    def static_int(self, expr: ast.Expr, scope: Scope) -> int:
        value = self.static(expr, scope)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value != int(value):
            raise Mistake(expr.span, "whole-number-expected", f"a whole number is expected, not {value}", "", "write a whole number")
        return int(value)

    # ---- atoms

    def _name(self, expr: ast.Name, scope: Scope) -> Thing:
        found = self.lookup(expr.id, scope, expr.span)
        if found is not None:
            if isinstance(found, Broken):
                raise Consequence
            return found
        known = {"true": True, "false": False, "inf": math.inf}
        if expr.id in known:
            return self.a.const(known[expr.id])
        if expr.id == "absent":
            return self.a.absent()
        axis = scope.axis(expr.id)
        if self.knows_axis(axis):
            return self.a.iota(self.axis(axis, expr.span))
        if expr.id in self.unexecuted():
            raise Consequence
        raise Mistake(expr.span, "unknown-name", f"nothing is called {expr.id}", "", nearest(expr.id, [*self.names_in_reach(scope), *self.sizes]))

    def _number(self, expr: ast.Number, scope: Scope) -> Thing:
        return self.a.const(expr.value)

    def _text(self, expr: ast.Text, scope: Scope) -> Thing:
        return TextValue(expr.value)

    def _list(self, expr: ast.ListOf | ast.TupleOf, scope: Scope) -> Thing:
        return ListValue(tuple(self.thing(item, scope) for item in expr.items))

    def _set(self, expr: ast.SetOf, scope: Scope) -> Thing:
        return self.rows.united([self.rows.comprehended(line, scope) for line in expr.lines])

    def _attribute(self, expr: ast.Attribute, scope: Scope) -> Thing:
        if isinstance(expr.value, ast.Name):
            base = self.lookup(expr.value.id, scope, expr.value.span)
            if isinstance(base, ModelValue):
                return self._model_part(base, expr)
        base = self.thing(expr.value, scope)
        if isinstance(base, Row):
            return self._row_attribute(base, expr, scope)
        if isinstance(base, ModelValue):
            return self._model_part(base, expr)
        raise Mistake(expr.span, "no-attribute", f"only a row, a relation or a model has attributes, not this ({expr.name})", "", "a row is bound by `c in SOURCE`")

    def _row_attribute(self, row: Row, expr: ast.Attribute, scope: Scope) -> Thing:
        if expr.name in ("positive", "negative", "candidate"):
            if row.relation is None:
                raise Mistake(expr.span, "no-relation", f"{row.variable} is no anchor of a relation", "sets belong to the rows of `a in R`", "bind it by `[a in R]`")
            return self.relations.set_of(row.relation, row, expr.name, expr.span)
        found = self.rows.attribute(row, expr.name, scope, expr.span)
        if found is None:
            if self._somewhere(expr.name, scope):
                return self.a.absent()
            axes = ", ".join([*row.part.coords, *row.part.attached])
            raise Mistake(expr.span, "no-such-attribute", f"the row {row.variable} has no {expr.name}", f"its coordinates and attributes are {axes or 'none'}; a tensor over its axes may be read too", nearest(expr.name, [*row.part.coords, *row.part.attached, *self.names_in_reach(scope)]))
        return found

    def _somewhere(self, name: str, scope: Scope) -> bool:
        """A coordinate or attribute that another source of a union has: the row lacks it, so it is absent."""
        return self.knows_axis(scope.axis(name)) or self.lookup(name, scope, Span()) is not None or name in self.reductions.attributes

    def _model_part(self, model: ModelValue, expr: ast.Attribute) -> Thing:
        if expr.name == "eval":
            return replace(model, evaluated=True)
        for plan in model.plans:
            if plan.name == f"{model.name}.{expr.name}":
                return ModelValue((plan,), plan.name, model.evaluated)
        parts = [plan.name.removeprefix(f"{model.name}.") for plan in model.plans]
        if parts != [model.name]:
            raise Mistake(expr.span, "no-such-attribute", f"{model.name} has no part {expr.name}", f"it holds {', '.join(parts)}", nearest(expr.name, parts))
        return self.model_weight(model, expr.name, expr.span)

    def model_weight(self, model: ModelValue, name: str, span: Span) -> Thing:
        raise NotImplementedError

    # ---- operators

    def _unary(self, expr: ast.Unary, scope: Scope) -> Thing:
        value = self.value(expr.operand, scope)
        if expr.op == "not":
            return self.a.logic("not", value, span=expr.span)
        return self.a.pointwise("neg", value, span=expr.span)

    def _binary(self, expr: ast.Binary, scope: Scope) -> Thing:
        if expr.op in ("and", "or"):
            left, right = self.value(expr.left, scope), self.value(expr.right, scope)
            return self.a.logic(expr.op, left, right, span=expr.span)
        if expr.op in ("|", ".."):
            return self.rows.source(expr, scope)
        if expr.op == "in":
            return self._member(expr, scope)
        sides = [self.thing(side, scope) for side in (expr.left, expr.right)]
        if expr.op in ("==", "!=") and all(isinstance(side, Row) for side in sides):
            left_row, right_row = sides
            assert isinstance(left_row, Row) and isinstance(right_row, Row)
            if left_row.part.vector.node.dtype != "int":
                same = self.rows.same(left_row, right_row)
                return same if expr.op == "==" else self.a.logic("not", same)
        if all(isinstance(side, TextValue) for side in sides) and expr.op in ("==", "!="):
            return self.a.const((sides[0] == sides[1]) == (expr.op == "=="))
        left, right = (self.as_value(side, node.span) for side, node in zip(sides, (expr.left, expr.right), strict=True))
        if expr.op == "^" and constant(right.node) == 2:
            return self.a.pointwise("mul", left, left, span=expr.span)
        return self.a.pointwise(_BINARY[expr.op], left, right, guards=scope.all_guards(), span=expr.span)

    def _member(self, expr: ast.Binary, scope: Scope) -> Thing:
        """`x in SET`: some row of the set equals x (its index, or the row itself)."""
        item = self.thing(expr.left, scope)
        found = self.a.const(False)
        for part in self.rows.source(expr.right, scope).parts:
            inner, row = self.rows.bind("_member", part, scope)
            test = self.rows.same(item, row) if isinstance(item, Row) else self.a.pointwise("eq", self.as_value(item, expr.left.span), row.part.vector)
            reduced = self.a.reduce("any", test, [row.part.axis], row.part.mask)
            found = self.a.logic("or", found, reduced)
        return found

    def _choose(self, expr: ast.Choose, scope: Scope) -> Thing:
        condition = self.value(expr.condition, scope)
        test = self.a.truth(condition)
        known = constant(test)
        if known is not None:
            if known:
                return self.thing(expr.then, scope)
            return self.a.absent() if expr.other is None else self.thing(expr.other, scope)
        self.a.written |= {test, self.a.negated(test)}
        yes = Scope(scope, guards=(test,))
        no = Scope(scope, guards=(self.a.negated(test),))
        then = self.thing(expr.then, yes)
        if expr.other is None:
            if isinstance(then, RowSet):
                return RowSet(tuple(part.with_mask(self.a.both(part.mask, test)) for part in then.parts), then.ranked)
            return self.a.choose(condition, self.as_value(then, expr.then.span), None, expr.span)
        other = self.value(expr.other, no)
        return self.a.choose(condition, self.as_value(then, expr.then.span), other, expr.span)

    def _fill(self, expr: ast.Fill, scope: Scope) -> Thing:
        return self.a.fill(self.value(expr.value, scope), self.value(expr.other, scope), expr.span)

    # ---- brackets

    def _index(self, expr: ast.Index, scope: Scope) -> Thing:
        base = self.thing(expr.value, scope)
        if isinstance(base, ListValue):
            return self._list_entry(base, expr, scope)
        if isinstance(base, (Function, ModelValue)):
            raise Mistake(expr.span, "call-expected", "a def or model with brackets is applied to arguments", "", "write `f[axis](x)`")
        if isinstance(base, Uneven):
            return self._uneven_index(base, expr, scope)
        if isinstance(base, Value) and base.over_rows:
            return self._pair_draw(base, expr, scope)
        value = self.as_value(base, expr.value.span)
        return self.indexed(value, expr.items, scope)

    def indexed(self, value: Value, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """Selections are simultaneous: every index is evaluated before any axis goes."""
        places = [(item, self.value(item.value, scope)) for item in items if isinstance(item, ast.Select)]
        renamed = {}
        for n, (item, place) in enumerate(places):
            axis = self._own_axis(value, scope.axis(item.axis), item.span)
            if axis is None:
                continue
            if axis.name in place.names:  # the index has the axis it selects along: out of the way first
                other = f"{axis.name}_at"
                renamed[other] = axis.name
                value = self.a.rename(value, {axis.name: other})
                axis = Axis(other, axis.size)
            known = place.target == item.axis
            value = self.a.gather(value, axis, place, checked=not known)
            places[n] = (item, place)
        for item in items:
            if isinstance(item, ast.Slice):
                value = self._sliced(value, item, scope)
            elif isinstance(item, ast.Rename):
                value = self._renamed(value, item, scope)
            elif isinstance(item, ast.Comprehension):
                value = self._part_of(value, item, scope)
            elif isinstance(item, ast.AxisName) and item.condition is not None:
                test = self.a.truth(self.value(item.condition, scope))
                value = Value(value.node, self.a.both(value.mask, test), value.parts)
            elif not isinstance(item, ast.Select):
                raise Mistake(item.span, "selection-expected", "brackets after a value select, slice, rename or filter", "", "write `x[axis = e]`")
        return value

    def _own_axis(self, value: Value, name: str, span: Span) -> Axis | None:
        for axis in value.axes:
            if axis.name == name:
                return axis
        if value.mask is not None and name in value.mask.names:
            return value.mask.axis(name)
        if not self.knows_axis(name):
            raise Mistake(span, "no-axis", f"the value has no axis {name}", f"its axes are {', '.join(value.names) or 'none'}", nearest(name, value.names))
        return None  # selecting along an axis the value lacks is the identity

    def _sliced(self, value: Value, item: ast.Slice, scope: Scope) -> Value:
        axis = self._own_axis(value, scope.axis(item.axis), item.span)
        if axis is None:
            return value
        low = 0 if item.low is None else self.static_int(item.low, scope)
        high = axis.size if item.high is None else self.static_int(item.high, scope)
        if high is None:
            raise Mistake(item.span, "unknown-size", f"the size of axis {axis.name} is not known", "", "write where the slice ends")
        if axis.size is not None:
            high = min(high, axis.size)
        name = axis.name
        fresh = self.fresh_axis(name)

        def cut(node: Node) -> Node:
            return self.a._renamed(self.graph.make("slice", node, axis=name, start=low, stop=max(low, high)), {name: fresh}) if name in node.names else node

        mask = None if value.mask is None else cut(value.mask)
        result = Value(cut(value.node), mask)
        self.slices[fresh] = name
        return result if self.knows_axis(name) and self.sizes[name] is not None and self.sizes[name] != high - low else self.a.rename(result, {fresh: name})

    slices: dict[str, str] = {}  # noqa: RUF012  (a sliced axis of another size, until a rename gives it its name)

    def _renamed(self, value: Value, item: ast.Rename, scope: Scope) -> Value:
        old = [scope.axis(name) for name in item.old]
        own = (*value.names, *(value.mask.names if value.mask is not None else ()))
        old = [name if name in own else next((each for each in own if self.slices.get(each) == name), name) for name in old]
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
        raise Mistake(item.span, "rename", "a renaming is one to one, one to several or several to one", "", "rename in two steps")

    def _split(self, value: Value, axis: Axis, item: ast.Rename, scope: Scope) -> Value:
        sizes = [self.sizes.get(scope.axis(name)) if size is None else self.static_int(size, scope) for name, size in item.new]
        unknown = [n for n, size in enumerate(sizes) if size is None]
        if len(unknown) == 1 and axis.size is not None:
            rest = math.prod(size for size in sizes if size is not None)
            sizes[unknown[0]] = axis.size // rest
        if None in sizes or axis.size is not None and math.prod(s for s in sizes if s is not None) != axis.size:
            raise Mistake(item.span, "split-sizes", f"axis {axis.name} has {axis.size} entries, its parts have {sizes}", "", "let the sizes multiply to the size of the axis")
        parts = [self.declare_axis(scope.axis(name), size, item.span) for (name, _), size in zip(item.new, sizes, strict=True)]
        return self.a.split(value, axis.name, parts)

    def _part_of(self, value: Value, item: ast.Comprehension, scope: Scope) -> Value:
        """`plan[pool in item]`: the entries of a joined axis that came from `item`."""
        name = scope.axis(item.variable)
        joined = dict(value.parts).get(name) or self.joined.get(name)
        if joined is None or not isinstance(item.source, ast.Name):
            raise Mistake(item.span, "no-joined-axis", f"{item.variable} is no joined axis", "only an axis made by `cat[(a, b) -> c]` knows its parts", "join axes first: `cat[(slot, item) -> pool](x, y)`")
        wanted = scope.axis(item.source.id)
        for axis, start in joined:
            if axis.name == wanted:
                if axis.size is None:
                    raise Mistake(item.span, "unknown-size", f"the size of axis {axis.name} is not known", "", "do it in a train block, where sizes are known")
                size = axis.size

                def cut(node: Node, start: int = start, size: int = size) -> Node:
                    if name not in node.names:
                        return node
                    if node.op == "concat" and node.attr("axis") == name:  # what was joined, unjoined
                        for place, piece in enumerate(node.inputs):
                            if sum(each.axis(name).size or 0 for each in node.inputs[:place]) == start and piece.axis(name).size == size:
                                return self.a._renamed(piece, {name: wanted})
                    return self.a._renamed(self.graph.make("slice", node, axis=name, start=start, stop=start + size), {name: wanted})

                return Value(cut(value.node), None if value.mask is None else cut(value.mask))
        raise Mistake(item.span, "no-such-part", f"{item.variable} has no part {wanted}", f"it joins {', '.join(axis.name for axis, _ in joined)}", "name one of its parts")

    joined: dict[str, tuple[tuple[Axis, int], ...]] = {}  # noqa: RUF012  (axes made by cat, program-wide)

    def _list_entry(self, base: ListValue, expr: ast.Index, scope: Scope) -> Thing:
        item = expr.items[0]
        inner: ast.Expr
        if len(expr.items) == 1 and isinstance(item, ast.Position):
            inner = item.value
        elif len(expr.items) == 1 and isinstance(item, ast.AxisName):
            inner = ast.Name(item.name, span=item.span)
        else:
            raise Mistake(expr.span, "position-expected", "a list is indexed by a position", "", "write `[1, 0.1][v % 2]`")
        place = self.value(inner, scope)
        known = constant(place.node)
        if known is not None:
            if known != int(known) or not 0 <= known < len(base.items):
                raise Mistake(expr.span, "out-of-range", f"the list has {len(base.items)} entries, position {known} is none of them", "", "count from 0")
            return base.items[int(known)]
        result = self.as_value(base.items[-1], expr.span)
        for n in range(len(base.items) - 2, -1, -1):
            result = self.a.choose(self.a.pointwise("eq", place, self.a.const(n)), self.as_value(base.items[n], expr.span), result)
        return result

    def _uneven_index(self, base: Uneven, expr: ast.Index, scope: Scope) -> Thing:
        item = expr.items[0]
        if len(expr.items) != 1 or not isinstance(item, (ast.Select, ast.Slice)) or item.axis != base.axis.name:
            raise Mistake(expr.span, "uneven", f"axis {base.axis.name} is uneven: select along it first", "", "select one index: `x[v = 0]`")
        if isinstance(item, ast.Select):
            place = self.static_int(item.value, scope)
            for start, stop, value in base.pieces:
                if start <= place < stop:
                    return self.a.gather(value, Axis(base.axis.name, stop - start), self.a.const(place - start))
            raise Mistake(item.span, "out-of-range", f"axis {base.axis.name} has {base.axis.size} entries", "", "count from 0")
        raise Mistake(expr.span, "uneven", "slices of an uneven axis are not executed by this version", "", "select one index")

    def _pair_draw(self, base: Value, expr: ast.Index, scope: Scope) -> Thing:
        """`share[a, k]`: a draw over pairs of rows at two bound rows."""
        rows = []
        for item in expr.items:
            name = item.name if isinstance(item, ast.AxisName) else ""
            row = self.lookup(name, scope, item.span) if name else None
            if not isinstance(row, Row):
                raise Mistake(item.span, "row-expected", "a draw over rows is read at bound rows", "", "write `share[a, k]`")
            rows.append(row)
        if len(rows) != len(base.over_rows):
            raise Mistake(expr.span, "row-count", f"this draw ranges over {len(base.over_rows)} rows", "", "read it at as many rows: `share[a, k]`")
        return self.a.rename(Value(base.node, base.mask), {old: row.part.axis.name for old, row in zip(base.over_rows, rows, strict=True)})

    # ---- calls

    def _call(self, expr: ast.Call, scope: Scope) -> Thing:
        target = expr.function
        items: tuple[ast.AxisItem, ...] = ()
        if isinstance(target, ast.Index):
            items, target = target.items, target.value
        if isinstance(target, ast.Attribute):
            return self._call_attribute(expr, target, items, scope)
        if not isinstance(target, ast.Name):
            raise Mistake(expr.span, "not-callable", "only a name can be applied", "", "apply a def, a model or a function of the library")
        found = self.lookup(target.id, scope, target.span)
        if isinstance(found, Function):
            return self.call_def(found.definition, items, expr, scope)
        if isinstance(found, ModelValue):
            return self._apply(found, items, expr, scope)
        if isinstance(found, Relation):
            return self._call_relation(found, "logit", expr, scope)
        if isinstance(found, Broken):
            raise Consequence
        if found is not None:
            raise Mistake(target.span, "not-callable", f"{target.id} is a value, not a def", "", "apply a def, a model or a function of the library")
        contrast = self.contrast(target.id)
        if contrast is not None:
            return self.relation(contrast, expr, scope)
        if target.id in REDUCTIONS and (items or len(expr.arguments) == 1):
            return self.reductions.call(target.id, items, expr, scope)
        return self.library.call(target.id, items, expr, scope)

    def contrast(self, name: str) -> ast.Contrast | None:
        raise NotImplementedError

    def _apply(self, model: ModelValue, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        if len(expr.arguments) < 1:
            raise Mistake(expr.span, "argument-missing", f"{model.name} is applied to a value", "", f"write `{model.name}(x)`")
        if len(expr.arguments) > 1:
            raise Mistake(expr.arguments[1].span, "not-executed", "models of several arguments are not executed by this version", "", "")
        return self.apply_model(model, self.thing(expr.arguments[0].value, scope), scope, expr.span)

    def _call_attribute(self, expr: ast.Call, target: ast.Attribute, items: tuple[ast.AxisItem, ...], scope: Scope) -> Thing:
        base = self.thing(target.value, scope)
        if isinstance(base, ModelValue):
            model = self._model_part(base, target)
            assert isinstance(model, ModelValue)
            return self._apply(model, items, expr, scope)
        if isinstance(base, Relation):
            return self._call_relation(base, target.name, expr, scope)
        raise Mistake(target.span, "not-callable", f"{target.name} cannot be applied here", "", "apply a def, a model or a function of the library")

    def _call_relation(self, relation: Relation, what: str, expr: ast.Call, scope: Scope) -> Thing:
        rows = [self.thing(argument.value, scope) for argument in expr.arguments]
        if not all(isinstance(row, Row) for row in rows) or not 1 <= len(rows) <= 2:
            raise Mistake(expr.span, "rows-expected", "a relation is applied to an anchor and a candidate", "both are rows bound around", "write `R(a, c)` under `[a in R]` and `c in a.positive`")
        anchor, candidate = rows[0], rows[-1]
        assert isinstance(anchor, Row) and isinstance(candidate, Row)
        if what in ("logit", "similarity", "weight") and len(rows) == 2:
            return self.relations.pair(relation, anchor, candidate, what, expr.span)
        if what == "temperature" and len(rows) == 1:
            return self.relations.temperature(relation, anchor, expr.span)
        if len(rows) == 1:
            return self.relations.let(relation, anchor, what, expr.span)
        raise Mistake(expr.span, "no-such-pair-value", f"a relation has no pair value {what}", "", nearest(what, ["similarity", "temperature", "weight"]))

    def relation(self, contrast: ast.Contrast, expr: ast.Call | None, scope: Scope) -> Relation:
        """A contrast applied to its arguments (none: expr is None)."""
        given: dict[str, Thing] = {}
        arguments = expr.arguments if expr is not None else ()
        for parameter, argument in zip(contrast.parameters, arguments, strict=False):
            given[argument.name or parameter.name] = self.thing(argument.value, scope)
        for parameter in contrast.parameters:
            if parameter.name not in given:
                if parameter.default is None:
                    span = expr.span if expr is not None else contrast.span
                    raise Mistake(span, "argument-missing", f"contrast {contrast.name} needs {parameter.name}", "", "give it")
                given[parameter.name] = self.thing(parameter.default, scope)
        return Relation(contrast, Scope(None, given))

    def call_def(self, definition: ast.Def, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        """A def applied: its body in a scope of its parameters; `[a in R]` gives a value per anchor."""
        inner = Scope(scope, closed=True)
        axis_parameters = [item.name for item in definition.axis_parameters if isinstance(item, ast.AxisName)]
        if len(items) != len(axis_parameters):
            raise Mistake(expr.span, "axis-arguments", f"{definition.name} takes {len(axis_parameters)} axes in brackets, {len(items)} given", "", "name the axes in brackets: `f[axis](x)`")
        for name, item in zip(axis_parameters, items, strict=True):
            if not isinstance(item, ast.AxisName):
                raise Mistake(item.span, "axis-expected", "an axis is named here", "", "write the name of an axis: `[item]`")
            inner.aliases[name] = scope.axis(item.name)
        names = [parameter.name for parameter in definition.parameters]
        for place, argument in enumerate(expr.arguments):
            if argument.name is None and place >= len(names):
                raise Mistake(argument.span, "too-many-arguments", f"{definition.name} takes {len(names)} arguments", "", "leave the others out")
            name = argument.name if argument.name is not None else names[place]
            if name not in names:
                raise Mistake(argument.span, "no-such-argument", f"{definition.name} has no argument {name}", "", nearest(name, names))
            inner.names[name] = self.argument(argument.value, scope)
        for parameter in definition.parameters:
            if parameter.name not in inner.names:
                if parameter.default is None:
                    raise Mistake(expr.span, "argument-missing", f"{definition.name} needs the argument {parameter.name}", "", f"its arguments are {', '.join(names)}")
                inner.names[parameter.name] = self.thing(parameter.default, Scope(None))
        self._depth += 8
        try:
            if self._depth > 390:
                raise Mistake(expr.span, "too-deep", f"{definition.name} calls itself", "a def without end", "write what it computes without itself")
            return self._body(definition, inner, expr)
        finally:
            self._depth -= 8

    def argument(self, expr: ast.Expr, scope: Scope) -> Thing:
        if isinstance(expr, ast.Name) and self.lookup(expr.id, scope, expr.span) is None:
            contrast = self.contrast(expr.id)
            if contrast is not None:
                return self.relation(contrast, None, scope)
        return self.thing(expr, scope)

    def _body(self, definition: ast.Def, inner: Scope, expr: ast.Call) -> Thing:
        anchors = [item for item in definition.axes if isinstance(item, ast.Comprehension)]
        if not anchors:
            return self._lines(definition, inner)
        if len(anchors) > 1 or not isinstance(anchors[0].source, ast.Name):
            raise Mistake(anchors[-1].span, "one-anchor", "a def has one row in its result", "", "write `[a in R]`")
        line = anchors[0]
        relation = inner.find(anchors[0].source.id)
        if not isinstance(relation, Relation):
            raise Mistake(expr.span, "relation-expected", f"{definition.name} is applied to a relation", "", "a contrast's name stands here")
        if relation.flipped:
            part = self.relations.flipped_anchors(relation, expr.span)
        else:
            part = self.relations.anchors(relation, inner).parts[0]
        scope, row = self.rows.bind(line.variable, part, inner, relation)
        scope.closed = False
        mask = row.part.mask
        if relation.flipped:
            mask = self.a.both(mask, self._paired(relation, row, scope, expr.span))
        value = self.as_value(self._lines(definition, scope), definition.value.span)
        self.guard_own_axes(value.node, row, definition.value, scope)
        value = Value(self.a.spread(value.node, [row.part.axis]), self.a.both(value.mask, mask))
        return self.a.split(value, row.part.axis.name, row.part.row_axes)

    def _paired(self, relation: Relation, row: Row, scope: Scope, span: Span) -> Node | None:
        """Where a row of a flipped relation is in a pair; None where that is proven."""
        found: Node | None = None
        for each in self.relations.set_of(relation, row, "candidate", span).parts:
            _, other = self.rows.bind("p", each, scope)
            test = self.a.reduce("any", self.a.const(True), [other.part.axis], other.part.mask).node
            if self.a.unless_proven(test) is None:
                return None
            found = test if found is None else self.a.fold("or", found, test)
        return found

    def _lines(self, definition: ast.Def, scope: Scope) -> Thing:
        for line in definition.body:
            if not isinstance(line, ast.Let):
                raise Mistake(line.span, "not-executed", "a def with statements is not executed by this version", "loops belong to a later version", "")
            scope.names[line.name] = self.let_in(line, scope)
        return self.thing(definition.value, scope)

    # ---- lets

    def let_in(self, line: ast.Let, scope: Scope) -> Thing:
        """A let's right side, with the axes its left side adds or checks."""
        binders = [item for item in line.axes if isinstance(item, ast.Comprehension)]
        if binders:
            return self._made_rows(line, binders, scope)
        fresh = [item for item in line.axes if isinstance(item, ast.Select)]
        if fresh:
            return self._per_index(line, fresh, scope, lambda inner: self.thing(line.value, inner))
        thing = self.thing(line.value, scope)
        if line.axes and isinstance(thing, Value):
            self._annotated(thing, line)
        return thing

    def _annotated(self, value: Value, line: ast.Let) -> None:
        wanted = {item.name for item in line.axes if isinstance(item, ast.AxisName)}
        if wanted != set(value.names):
            raise Mistake(line.span, "annotation", f"{line.name} has the axes [{', '.join(value.names)}], not [{', '.join(sorted(wanted))}]", "an annotation is verified", "write the axes that the value has, or change the value")

    def _per_index(self, line: ast.Let, fresh: list[ast.Select], scope: Scope, body: Callable[[Scope], Thing]) -> Thing:
        item = fresh[0]
        axis = self.declare_axis(item.axis, self.static_int(item.value, scope), item.span)
        pieces = []
        for index in range(self.apart_count(axis.size, item.span)):
            inner = scope.child(**{item.axis: self.a.const(index)})
            self.site = (*self.site, (item.axis, index))
            try:
                pieces.append(self.as_value(self._per_index(line, fresh[1:], inner, body) if len(fresh) > 1 else body(inner), line.span))
            finally:
                self.site = self.site[:-1]
        return self.stacked(pieces, axis)

    site: tuple[tuple[str, int], ...] = ()
    #: index of each axis that `each` visits now
    apart: dict[str, int] = {}  # noqa: RUF012  (replaced, never changed in place)
    #: functions that a statement or a later version gives meaning to, with the reason
    later: dict[str, str] = {}  # noqa: RUF012

    def stacked(self, pieces: Sequence[Value], axis: Axis) -> Value:
        axes = {each.name: each for value in pieces for each in value.axes}
        nodes = [self.a.spread(node, list(axes.values())) for node in self.a.widened([value.node for value in pieces])]
        node = self.graph.make("stack", *nodes, axis=axis)
        if all(value.mask is None for value in pieces):
            return Value(node)
        masks = [value.mask if value.mask is not None else self.graph.const(True) for value in pieces]
        own = {each.name: each for mask in masks for each in mask.axes}
        return Value(node, self.graph.make("stack", *(self.a.spread(mask, list(own.values())) for mask in masks), axis=axis))

    def _made_rows(self, line: ast.Let, binders: list[ast.Comprehension], scope: Scope) -> Thing:
        """`let mixed[j in z, k in z] = rows(..., age = e) if P`: a tensor over the rows j, k, absent where there is no row."""
        inner = scope
        keep: Node | None = None
        axes: list[Axis] = []
        for comp in binders:
            rows = self.rows.comprehended(comp, inner)
            if len(rows.parts) != 1:
                raise Mistake(comp.span, "one-source", "made rows range over single sources", "", "write one `let` for each source")
            inner, row = self.rows.bind(comp.variable, rows.parts[0], inner)
            keep = self.a.both(keep, row.part.mask)
            axes.append(row.part.axis)
        if keep is not None:
            inner.guards = (keep,)
        value = self.as_value(self.thing(line.value, inner), line.value.span)
        node = self.a.spread(value.node, axes)
        return Value(node, self.a.both(value.mask, keep), rows=value.rows)

    # ---- checks

    def guard_own_axes(self, node: Node, row: Row, expr: ast.Expr, scope: Scope) -> None:
        """An axis that the row ranges over, left free in its body: a bare `label` beside `a`."""
        left = {axis.name for axis in row.part.row_axes} & set(node.names)
        if not left or row.part.axis.name in left:
            return
        axis = sorted(left)[0]
        for each in ast.walk(expr):
            if isinstance(each, ast.Name):
                thing = self.lookup(each.id, scope, each.span)
                if isinstance(thing, Value) and axis in thing.names:
                    raise Mistake(each.span, "free-axis", f"{each.id} still has the axis {axis}, which {row.variable} ranges over", "it would be taken for every row at once", f"write `{row.variable}.{each.id}`")
        raise Mistake(expr.span, "free-axis", f"the axis {axis}, which {row.variable} ranges over, is left free", "it would be taken for every row at once", f"read the value at a row: `{row.variable}.NAME`")


def _value_hint(thing: Thing) -> tuple[str, str]:
    if isinstance(thing, Relation):
        return ("a relation has a value per pair", "apply a loss: `mean(infonce(R))`")
    if isinstance(thing, Distribution):
        return ("chance has a name", "declare it: `draw u ~ ...` or `view x ~ ...`")
    if isinstance(thing, Uneven):
        return ("its axes have no single size", "apply a model first")
    if isinstance(thing, TextValue):
        return ("a text chooses", 'compare it: `mode == "soft"`')
    return ("", "name a tensor, or apply this to one")


_VISIT: dict[type, Callable[[Expressions, ast.Expr, Scope], Thing]] = {  # type: ignore[assignment]
    ast.Name: Expressions._name,
    ast.Number: Expressions._number,
    ast.Text: Expressions._text,
    ast.ListOf: Expressions._list,
    ast.TupleOf: Expressions._list,
    ast.SetOf: Expressions._set,
    ast.Attribute: Expressions._attribute,
    ast.Unary: Expressions._unary,
    ast.Binary: Expressions._binary,
    ast.Choose: Expressions._choose,
    ast.Fill: Expressions._fill,
    ast.Index: Expressions._index,
    ast.Call: Expressions._call,
}
