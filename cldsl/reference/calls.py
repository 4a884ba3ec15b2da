"""Calls: reductions, functions of the library, defs, relations, models (docs/language.md, sections 3, 5 and 7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cldsl.reference import functions as lib
from cldsl.reference.assignment import sinkhorn, soft_sort
from cldsl.reference.clusters import kmeans
from cldsl.reference.errors import EvaluationError
from cldsl.reference.indexing import mentioned
from cldsl.reference.models import Weights
from cldsl.reference.reducing import KEEPING, Reducing
from cldsl.reference.reductions import REDUCTIONS
from cldsl.reference.registered import metric
from cldsl.reference.relations import Flipped, Relation
from cldsl.reference.rows import Rows
from cldsl.reference.rowsets import unbound, ungridded
from cldsl.reference.scope import Closure, Made, ModelRef, Scope, Template, Thing
from cldsl.reference.selection import cat, stacked
from cldsl.reference.transport import transport
from cldsl.reference.values import Value, constant
from cldsl.reference.weights import gradient
from cldsl.syntax import ast

if TYPE_CHECKING:
    from cldsl.reference.expressions import Interpreter


class Calls:
    """Evaluated with the interpreter it is given."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.reducing = Reducing(interpreter)
        self._library: dict[str, Callable[[ast.Call, Sequence[ast.AxisItem], Scope], Thing]] = {
            "stop": self.stop,
            "present": lambda node, items, scope: lib.present(self.argument(node, 0, scope)),
            "full": lambda node, items, scope: lib.full(self.argument(node, 0, scope)),
            "size": self.size,
            "onehot": self.onehot,
            "stack": self.stack,
            "cat": self.cat,
            "each": self.each,
            "rows": self.rows,
            "sinkhorn": self.sinkhorn,
            "soft_sort": self.soft_sort,
            "kmeans": self.kmeans,
            "flip": self.flip,
            "push": self.push,
            "mix": self.mix,
            "grad": lambda node, items, scope: gradient(node, scope, self.interpreter),
            "frozen": self.frozen,
        }

    # ---- dispatch

    def call(self, node: ast.Call, scope: Scope) -> Thing:
        """`f(x)`, `f[axis](x)`, `R.similarity(a, c)`, `t.g(x)`."""
        callee, items = (
            (node.function.value, node.function.items) if isinstance(node.function, ast.Index) else (node.function, ())
        )
        if isinstance(callee, ast.Attribute):
            return self._method(node, callee, scope)
        thing = (
            self.interpreter.find(callee.id, scope)
            if isinstance(callee, ast.Name)
            else self.interpreter.evaluate(callee, scope)
        )
        if isinstance(thing, Closure):
            return self.define(thing, node, items, scope)
        if isinstance(thing, Relation):
            anchor, candidate = self._pair(node, scope)
            return thing.logit(anchor, candidate)
        if isinstance(thing, Template):
            return self._applied(thing, node, scope)
        if isinstance(thing, ModelRef):
            whole = thing if not items else self.interpreter.evaluate(node.function, scope)
            assert isinstance(whole, ModelRef)
            return self.interpreter.world.models.apply(whole, self.arguments(node, scope.rows_only()), node.span)
        if isinstance(thing, Weights):
            values = self.arguments(node, scope.rows_only())
            return self.interpreter.world.models.apply(thing.ref, values, node.span, thing.tensors)
        if not isinstance(callee, ast.Name):
            raise EvaluationError("this cannot be called")
        return self.library(callee.id, node, items, scope)

    def library(self, name: str, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Thing:
        """A function of the language itself."""
        if name in ("max", "min") and not items and len(node.arguments) == 2:
            return lib.apply_pointwise(name, self.arguments(node, scope), scope.context)
        if name in REDUCTIONS:
            return self.reducing.reduction(name, node, items, scope)
        if name in KEEPING:
            return self.reducing.keeping(name, node, items, scope)
        if name in lib.POINTWISE:
            return lib.apply_pointwise(name, self.arguments(node, scope), scope.context)
        if name in lib.ALONG:
            return self.along(name, node, items, scope)
        if name in self._library:
            return self._library[name](node, items, scope)
        return metric(name, node, scope, self.interpreter)

    def _method(self, node: ast.Call, callee: ast.Attribute, scope: Scope) -> Thing:
        thing = self.interpreter.evaluate(callee.value, scope)
        if isinstance(thing, Weights) and callee.name == "eval":
            ref = self.interpreter.world.models.member(thing.ref, "eval")
            values = self.arguments(node, scope.rows_only())
            return self.interpreter.world.models.apply(ref, values, node.span, thing.tensors)
        if isinstance(thing, ModelRef):
            ref = self.interpreter.world.models.member(thing, callee.name)
            return self.interpreter.world.models.apply(ref, self.arguments(node, scope.rows_only()), node.span)
        if not isinstance(thing, Relation):
            raise EvaluationError(f"this has no {callee.name} to call")
        things = [self.interpreter.evaluate(each.value, scope) for each in node.arguments]
        rows = [each for each in things if isinstance(each, Rows)]
        if len(rows) != len(things) or not rows:
            raise EvaluationError("a relation is read at rows")
        last = rows[1] if len(rows) > 1 else None
        if callee.name == "temperature":
            return thing.temperature(rows[0], last)
        if callee.name in ("similarity", "weight", "logit"):
            if last is None:
                raise EvaluationError(f"{callee.name} is one of a pair: an anchor and a candidate")
            if callee.name == "weight":
                return thing.weight(last)
            return thing.similarity(rows[0], last) if callee.name == "similarity" else thing.logit(rows[0], last)
        return thing.named(callee.name, rows[0])

    def _pair(self, node: ast.Call, scope: Scope) -> tuple[Rows, Rows]:
        things = [self.interpreter.evaluate(each.value, scope) for each in node.arguments]
        if len(things) != 2 or not isinstance(things[0], Rows) or not isinstance(things[1], Rows):
            raise EvaluationError("a relation is read at two rows, R(a, c)")
        return things[0], things[1]

    def _applied(self, template: Template, node: ast.Call, scope: Scope) -> Relation:
        inner = Scope(file=template.contrast.span.file)
        self._parameters(template.contrast.parameters, node, scope, inner)
        return Relation(template.contrast, inner, self.interpreter)

    # ---- arguments

    def argument(self, node: ast.Call, position: int, scope: Scope) -> Value:
        """The value of a positional argument."""
        given = [each.value for each in node.arguments if each.name is None]
        if position >= len(given):
            raise EvaluationError(f"argument {position + 1} is missing")
        return self.interpreter.value(given[position], scope)

    def arguments(self, node: ast.Call, scope: Scope) -> list[Value]:
        """The values of all arguments."""
        return [self.interpreter.value(each.value, scope) for each in node.arguments]

    def option(self, node: ast.Call, name: str, default: float, scope: Scope) -> float:
        """A number given by name."""
        for each in node.arguments:
            if each.name == name:
                return self.interpreter.number(each.value, scope)
        return default

    def _parameters(self, parameters: Sequence[ast.Parameter], node: ast.Call, scope: Scope, inner: Scope) -> None:
        """Bind arguments to parameters in `inner`; arguments are evaluated where the call stands."""
        outer = scope.rows_only()
        names = [parameter.name for parameter in parameters]
        free = [name for name in names if name not in {each.name for each in node.arguments}]
        for each in node.arguments:
            if each.name is not None and each.name not in names:
                raise EvaluationError(f"there is no parameter {each.name}", each.span)
            if each.name is None and not free:
                raise EvaluationError("too many arguments", each.span)
            inner.values[each.name or free.pop(0)] = self.interpreter.evaluate(each.value, outer)
        for parameter in parameters:
            if parameter.name not in inner.values:
                if parameter.default is None:
                    raise EvaluationError(f"the argument {parameter.name} is missing")
                inner.values[parameter.name] = self.interpreter.evaluate(parameter.default, inner)

    # ---- defs

    def define(self, closure: Closure, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Thing:
        """A def applied: one value per anchor where its result ranges over rows, `def f(R)[a in R]`."""
        definition = closure.definition
        inner = Scope(file=closure.file)
        names = mentioned(items, scope)
        if len(names) != len(definition.axis_parameters):
            raise EvaluationError(f"{definition.name} takes {len(definition.axis_parameters)} axes in brackets")
        for parameter, name in zip(definition.axis_parameters, names, strict=True):
            inner.axes[mentioned([parameter], inner)[0]] = name
        self._parameters(definition.parameters, node, scope, inner)
        over = [item for item in definition.axes if isinstance(item, ast.Comprehension)]
        bound: list[Rows] = []
        for item in over:
            rows, inner = self.interpreter.sources.comprehension(item, inner)
            bound.append(rows)
        for line in definition.body:
            if isinstance(line, ast.Let):
                inner.lazy[line.name] = line
            elif isinstance(line, ast.Draw):
                inner.lazy.update({name: line for name, _ in line.targets})
            else:
                raise EvaluationError("a def holds lets, draws and its value", line.span)
        rest = [item for item in definition.axes if item not in over]
        thing = self.interpreter.over_new_axes(
            rest if not over else [],
            inner,
            lambda place: self.interpreter.evaluate(definition.value, place),
            definition,
        )
        if not bound:
            return thing
        value = self.interpreter.as_value(thing, definition.value)
        for item, rows in zip(over, bound, strict=True):
            unbound(value.all_axes, rows, item.variable)
        for rows in reversed(bound):
            value = ungridded(value.masked(rows.here.present), rows)
        return value

    # ---- along axes, shape, constants

    def along(self, name: str, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """unit, dot, cos, norm, sq, dist2 on `dim`, or on the axes in brackets."""
        axes = mentioned(items, scope) or ["dim"]
        number, function = lib.ALONG[name]
        values = self.arguments(node, scope.without(axes))
        if len(values) != number:
            raise EvaluationError(f"{name} takes {number} argument(s), {len(values)} given")
        return function(*values, axes, scope.without(axes).context)

    def stop(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Thing:
        """A constant; made rows keep their attributes."""
        thing = self.interpreter.evaluate(node.arguments[0].value, scope)
        if isinstance(thing, Made):
            return Made(lib.stop(thing.value), thing.attributes)
        return lib.stop(self.interpreter.as_value(thing, node))

    def size(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """`size(axis)`."""
        name = node.arguments[0].value
        if not isinstance(name, ast.Name):
            raise EvaluationError("size takes the name of an axis")
        return constant(self.interpreter.size(scope.axis(name.id), scope))

    def onehot(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """`onehot[class](label)`."""
        axis = mentioned(items, scope)[0]
        return lib.onehot(self.argument(node, 0, scope.without([axis])), axis, self.interpreter.size(axis, scope))

    def stack(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """`stack[v](x, y)`."""
        axis = mentioned(items, scope)[0]
        return stacked(self.arguments(node, scope.without([axis])), axis)

    def cat(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """`cat[slot](x, y)`; `cat[(slot, item) -> pool](x, y)` joins axes and knows the parts."""
        inner = scope.without(mentioned(items, scope))
        values = self.arguments(node, inner)
        if len(items) == 1 and isinstance(items[0], ast.AxisName):
            return cat(values, scope.axis(items[0].name))
        if len(items) != 1 or not isinstance(items[0], ast.Rename) or len(items[0].old) != len(values):
            raise EvaluationError("cat takes one axis, or (one axis for each value) -> a new one")
        old, new = [scope.axis(name) for name in items[0].old], scope.axis(items[0].new[0][0])
        parts = []
        for value, axis in zip(values, old, strict=True):
            size = value.size(axis)
            if size is None:
                raise EvaluationError(
                    f"the axis {axis} is needed and missing: the value is over [{', '.join(value.all_axes)}]"
                )
            parts.append((axis, size))
        result = cat([value.renamed({axis: new}) for value, axis in zip(values, old, strict=True)], new)
        return Value(result.data, result.axes, result.present, {**result.parts, new: tuple(parts)})

    def each(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """`each[v](f(x))`: the expression apart for every index: models see one index at a time."""
        with self.interpreter.world.models.apart(tuple(mentioned(items, scope))):
            return self.argument(node, 0, scope)

    def rows(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Made:
        """`rows(x, age = e)`."""
        attributes = {each.name: self.interpreter.value(each.value, scope) for each in node.arguments if each.name}
        return Made(self.argument(node, 0, scope), attributes)

    def sinkhorn(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """`sinkhorn[word, item](s, rounds = 3, until = 1e-3, masses = (p, q))`."""
        axes = mentioned(items, scope)
        inner = scope.without(axes)
        value, rounds = self.argument(node, 0, inner), int(self.option(node, "rounds", 3, scope))
        given = next((each.value for each in node.arguments if each.name == "masses"), None)
        if len(axes) != 2 or (given is None and all(each.name != "until" for each in node.arguments)):
            return sinkhorn(value, axes, rounds)
        masses = None
        if isinstance(given, (ast.TupleOf, ast.ListOf)) and len(given.items) == 2:
            masses = (self.interpreter.value(given.items[0], inner), self.interpreter.value(given.items[1], inner))
        elif given is not None:
            raise EvaluationError("masses are two, one for each axis")
        return transport(value, (axes[0], axes[1]), rounds, self.option(node, "until", 0, scope), masses)

    def soft_sort(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """`soft_sort[slot -> place](x, steepness = 1)`."""
        axes = mentioned(items, scope)
        if len(axes) != 2:
            raise EvaluationError("soft_sort takes [slot -> place]")
        value = self.argument(node, 0, scope.without(axes))
        return soft_sort(value, axes[0], axes[1], self.option(node, "steepness", 1, scope))

    def kmeans(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """`kmeans[item -> cluster](x, start = c, rounds = 20, by = "distance")`."""
        axes = mentioned(items, scope)
        if len(axes) != 2:
            raise EvaluationError("kmeans takes [item -> cluster]")
        inner = scope.without(axes)
        given = {each.name: each.value for each in node.arguments}
        if "start" not in given:
            raise EvaluationError("kmeans begins with the centres `start`")
        start = self.interpreter.value(given["start"], inner)
        rounds = int(self.option(node, "rounds", 20, scope))
        by = self.interpreter.evaluate(given["by"], scope) if "by" in given else "distance"
        return kmeans(self.argument(node, 0, inner), start, axes[0], axes[1], rounds, str(by))

    def flip(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Relation:
        """`flip(R)`."""
        thing = self.interpreter.evaluate(node.arguments[0].value, scope)
        if not isinstance(thing, Relation):
            raise EvaluationError("flip takes a relation")
        return Flipped(thing)

    def frozen(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> ModelRef:
        """`frozen(f)`: the gradient passes through to the input alone."""
        thing = self.interpreter.evaluate(node.arguments[0].value, scope)
        if not isinstance(thing, ModelRef):
            raise EvaluationError("frozen takes a model")
        return ModelRef(thing.name, thing.member, thing.evaluating, True, thing.indices)

    # ---- state

    def push(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """`push[slot](Q, k, order = "front")`."""
        axis = mentioned(items, scope)[0]
        order = next((self.interpreter.evaluate(a.value, scope) for a in node.arguments if a.name == "order"), "ring")
        state, keys = self.argument(node, 0, scope), self.argument(node, 1, scope)
        return self.interpreter.world.rings.push(axis, state, keys, str(order))

    def mix(self, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Thing:
        """`mix(t, f, keep = 0.99)` = keep t + (1 - keep) f."""
        positional = [each.value for each in node.arguments if each.name is None]
        named = [each.value for each in node.arguments if each.name == "keep"]
        keep = self.interpreter.value((named or positional[2:])[0], scope)
        old, new = (self.interpreter.evaluate(each, scope) for each in positional[:2])
        return self.interpreter.world.models.mixed(old, new, keep, node.span)
