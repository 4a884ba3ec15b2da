"""Expressions: one method for each class of the tree (docs/language.md, sections 1 to 4).

Input: a node and the scope it stands in. Output: a value, rows, a relation, a list, a text. The world answers for names
that no scope holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch

from cldsl.reference import arithmetic as ops
from cldsl.reference.calls import Calls
from cldsl.reference.errors import EvaluationError
from cldsl.reference.indexing import Indexing
from cldsl.reference.relations import Relation
from cldsl.reference.rows import Picked, Rows
from cldsl.reference.rowsets import same_row
from cldsl.reference.scope import Made, ModelRef, Outputs, Scope, Thing
from cldsl.reference.selection import stacked
from cldsl.reference.sources import Sources
from cldsl.reference.values import Mask, Value, absent, constant, truth
from cldsl.reference.weights import combined
from cldsl.syntax import ast

if TYPE_CHECKING:
    from cldsl.reference.world import World

_LITERALS: dict[str, Callable[[], Value]] = {
    "true": lambda: constant(True),
    "false": lambda: constant(False),
    "inf": lambda: constant(math.inf),
    "absent": absent,
}
_SETS = ("positive", "negative", "candidate")


class Interpreter:
    """Evaluates nodes of the tree in a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sources = Sources(self)
        self.indexing = Indexing(self)
        self.calls = Calls(self)
        self._methods: dict[type, Callable[..., Thing]] = {
            ast.Name: self.name,
            ast.Number: lambda node, scope: constant(node.value),
            ast.Text: lambda node, scope: node.value,
            ast.Attribute: self.attribute,
            ast.Call: self.calls.call,
            ast.Index: self.indexing.index,
            ast.Unary: self.unary,
            ast.Binary: self.binary,
            ast.Choose: self.choose,
            ast.Fill: self.fill,
            ast.SetOf: self.sources.set_of,
            ast.ListOf: lambda node, scope: tuple(self.evaluate(item, scope) for item in node.items),
            ast.TupleOf: lambda node, scope: tuple(self.evaluate(item, scope) for item in node.items),
        }

    # ---- entry points

    def evaluate(self, node: ast.Expr, scope: Scope) -> Thing:
        """What the node denotes. Raises EvaluationError with the place of the innermost node that fails."""
        try:
            return self._methods[type(node)](node, scope)
        except EvaluationError as error:
            raise error.at(node.span) from None

    def value(self, node: ast.Expr, scope: Scope) -> Value:
        """The node as a value; a row stands for its vector."""
        return self.as_value(self.evaluate(node, scope), node)

    def as_value(self, thing: Thing, node: ast.Node) -> Value:
        """A thing as a value. Raises EvaluationError for relations, models, texts and lists."""
        if isinstance(thing, Value):
            return thing
        if isinstance(thing, Picked) and thing.ranked and thing.axis is not None:
            return thing.vector.renamed({thing.axis: "rank"})
        if isinstance(thing, Rows):
            return thing.vector
        if isinstance(thing, Made):
            return thing.value
        raise EvaluationError("a value is needed here", node.span)

    def mask(self, node: ast.Expr, scope: Scope) -> Mask:
        """A condition; what is absent reads as false."""
        return truth(self.value(node, scope))

    def number(self, node: ast.Expr, scope: Scope) -> float:
        """A single number."""
        value = self.value(node, scope)
        if value.all_axes or value.present is not None:
            raise EvaluationError("one present number is needed here", node.span)
        return float(value.data.detach())

    def integer(self, node: ast.Expr, scope: Scope) -> int:
        """A single whole number."""
        number = self.number(node, scope)
        if number != int(number):
            raise EvaluationError(f"a whole number is needed here, not {number}", node.span)
        return int(number)

    # ---- names

    def find(self, name: str, scope: Scope) -> Thing | None:
        """What a name stands for: the scopes outwards, the file a def stands in, the program; None for none."""
        each: Scope | None = scope
        while each is not None:
            if name in each.values:
                return each.values[name]
            if name in each.lazy:
                # evaluated where it is defined, not where it is read
                line = each.lazy.pop(name)
                each.values[name] = self.world.definition(name, line, each)
                return each.values[name]
            each = each.parent
        if scope.file is not None:
            closure = self.world.library(scope.file, name)
            if closure is not None:
                return closure
        return self.world.find(name, scope.snapshot)

    def name(self, node: ast.Name, scope: Scope) -> Thing:
        """A name; an axis name is the index along the axis."""
        axis = scope.axis(node.id)
        thing = self.find(node.id, scope) if axis == node.id else None
        if thing is not None:
            return thing
        if node.id in _LITERALS:
            return _LITERALS[node.id]()
        return Value(torch.arange(self.size(axis, scope)), (axis,))

    def size(self, axis: str, scope: Scope) -> int:
        """The size of an axis: of a value in reach, else of the program."""
        size = scope.size(axis)
        return self.world.size(axis) if size is None else size

    def attribute(self, node: ast.Attribute, scope: Scope) -> Thing:
        """`a.item`, `a.positive`, `f.eval`, `t.g`, `pull.slope`."""
        thing = self.evaluate(node.value, scope)
        if isinstance(thing, Rows):
            if node.name in _SETS and isinstance(thing.home, Relation):
                return thing.home.rows(node.name, thing)
            tensor = self.find(node.name, scope)
            found = thing.attribute(node.name, tensor if isinstance(tensor, Value) else None)
            if found is None:
                raise EvaluationError(f"no row of this set has {node.name}")
            return found
        if isinstance(thing, ModelRef):
            return self.world.models.member(thing, node.name)
        if isinstance(thing, Relation):
            return thing.tensor(node.name)
        if isinstance(thing, Outputs) and node.name in thing.values:
            return thing.values[node.name]
        raise EvaluationError(f"this has no {node.name}")

    # ---- operators

    def unary(self, node: ast.Unary, scope: Scope) -> Value:
        """- and not."""
        value = self.value(node.operand, scope)
        return ops.negation(value) if node.op == "not" else ops.negative(value, scope.context)

    def binary(self, node: ast.Binary, scope: Scope) -> Thing:
        """Arithmetic, comparison, logic; `in`; a union or a range is a set of rows."""
        if node.op in ("|", ".."):
            return self.sources.rows(node, scope)
        left = self.evaluate(node.left, scope)
        if node.op == "in":
            return self._member(self.as_value(left, node.left), node.right, scope)
        right = self.evaluate(node.right, scope)
        if node.op in ("==", "!=") and isinstance(left, Rows) and isinstance(right, Rows):
            same = same_row(left, right)
            return ops.negation(same) if node.op == "!=" else same
        if node.op in ("==", "!=") and isinstance(left, str) and isinstance(right, str):
            return constant((left == right) == (node.op == "=="))
        weights = combined(node.op, left, right, self, node)
        if weights is not None:
            return weights
        x, y = self.as_value(left, node.left), self.as_value(right, node.right)
        if node.op == "and":
            return ops.conjunction(x, y)
        if node.op == "or":
            return ops.disjunction(x, y)
        if node.op in ("==", "!=", "<", "<=", ">", ">="):
            return ops.compare(node.op, x, y)
        return ops.arithmetic(node.op, x, y, scope.context)

    def _member(self, value: Value, among: ast.Expr, scope: Scope) -> Value:
        """`x in 0 .. 3`, `x in [1, 2]`."""
        if isinstance(among, ast.Binary) and among.op == "..":
            low, high = self.value(among.left, scope), self.value(among.right, scope)
            return ops.conjunction(ops.compare(">=", value, low), ops.compare("<", value, high))
        things = self.evaluate(among, scope)
        if not isinstance(things, tuple):
            raise EvaluationError("a list or a range is needed after `in`", among.span)
        found = constant(False)
        for thing in things:
            found = ops.disjunction(found, ops.compare("==", value, self.as_value(thing, among)))
        return found

    def choose(self, node: ast.Choose, scope: Scope) -> Thing:
        """`then if condition else other`; each branch is evaluated where it is taken."""
        mask = self.mask(node.condition, scope)
        untaken = Mask(~mask.data, mask.axes)
        then = self.evaluate(node.then, scope.where(mask))
        if isinstance(then, Made) and node.other is None:
            return Made(then.value.masked(mask), then.attributes)
        other = absent() if node.other is None else self.evaluate(node.other, scope.where(untaken))
        if not all(isinstance(each, (Value, Rows)) for each in (then, other)):
            if mask.axes:
                raise EvaluationError("only values can be chosen entry by entry")
            return then if bool(mask.data) else other
        return ops.choose(mask, self.as_value(then, node.then), self.as_value(other, node))

    def fill(self, node: ast.Fill, scope: Scope) -> Value:
        """`value else other`."""
        value = self.value(node.value, scope)
        if value.present is None:
            return value
        untaken = Mask(~value.present.data, value.present.axes)
        return ops.fill(value, self.value(node.other, scope.where(untaken)))

    # ---- definitions with axes on their left

    def let(self, node: ast.Let, scope: Scope) -> Thing:
        """A formula: rows or new axes on its left are ranged over, other axes are an annotation that is verified."""
        if any(isinstance(item, ast.Comprehension) for item in node.axes):
            return self.sources.made(node, scope)
        return self.over_new_axes(node.axes, scope, lambda inner: self.evaluate(node.value, inner), node)

    def over_new_axes(
        self, items: Sequence[ast.AxisItem], scope: Scope, body: Callable[[Scope], Thing], node: ast.Node
    ) -> Thing:
        """`let y[v = 2] = f(x)`: the body apart for v = 0 and v = 1, v being the index in it."""
        new = [item for item in items if isinstance(item, ast.Select)]
        if not new:
            thing = body(scope)
            if items and isinstance(thing, Value):
                self._verify(thing, items, scope, node)
            return thing
        axis = scope.axis(new[0].axis)
        size = self.world.declared_size(axis, new[0].value, scope)
        rest = [item for item in items if item is not new[0]]
        named = [item for item in rest if isinstance(item, ast.Select)]
        values = []
        for index in range(size):
            inner = Scope(scope, {new[0].axis: constant(index)})
            values.append(self.as_value(self.over_new_axes(named, inner, body, node), node))
        result = stacked(values, axis)
        if any(isinstance(item, ast.AxisName) for item in items):
            self._verify(result, items, scope, node)
        return result

    def _verify(self, value: Value, items: Sequence[ast.AxisItem], scope: Scope, node: ast.Node) -> None:
        named = {
            scope.axis(item.name if isinstance(item, ast.AxisName) else item.axis)
            for item in items
            if isinstance(item, (ast.AxisName, ast.Select))
        }
        found = {axis for axis in value.all_axes if "@" not in axis}
        if named != found:
            written, real = ", ".join(sorted(named)), ", ".join(sorted(found))
            raise EvaluationError(f"the value is over [{real}], not over [{written}]", node.span)
