"""What the names of a program stand for in one iteration, and the hold rule (docs/language.md, sections 6 and 8).

A let, a draw, a relation is a formula, evaluated at first need and held. Inside `minimize`, what depends on a module
moved since is evaluated anew, with the same draws; assignments and reports see held values. A state is read as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch

from cldsl.reference.draws import Draws
from cldsl.reference.errors import EvaluationError
from cldsl.reference.expressions import Interpreter
from cldsl.reference.models import Models
from cldsl.reference.relations import Relation
from cldsl.reference.rings import Rings
from cldsl.reference.scope import Closure, Outputs, PairDraw, Scope, Template, Thing
from cldsl.reference.values import Value, constant
from cldsl.semantics.program import Program, declared
from cldsl.semantics.samplers import sampled_columns, sampler_of
from cldsl.syntax import ast

CLOCK: dict[str, float | int | bool] = {
    "step": 0, "steps": 1, "epoch": 0, "epochs": 1, "steps_per_epoch": 1, "progress": 0.0, "training": True,
}  # fmt: skip


@dataclass
class Held:
    """A held value and the versions of the modules it depends on, as they were."""

    thing: Thing
    versions: dict[str, int]


@dataclass
class Iteration:
    """What is known in one iteration: columns and supplied values, what is held, what a minimize evaluated anew."""

    supplied: dict[str, Value] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    draws: dict[str, Thing] = field(default_factory=dict)
    anew: dict[str, Thing] = field(default_factory=dict)
    minimizing: bool = False
    reporting: bool = False


class World:
    """Answers for the names of one program, with the interpreter of its expressions."""

    def __init__(self, program: Program, sizes: Mapping[str, int], models: Models, seed: int) -> None:
        self.program = program
        self.sizes = dict(sizes)
        self.models = models
        self.draws = Draws(seed)
        self.rings = Rings()
        self.clock = dict(CLOCK)
        self.cells: dict[str, Value] = {}
        self.versions: dict[str, int] = {}
        self.now = Iteration()
        self.declarations: dict[str, ast.Statement] = {name: item for item in program.body for name in declared(item)}
        declared_columns = {c.name: c for data in program.all(ast.Data) for c in data.columns}
        self.columns = {**declared_columns, **sampled_columns(program)}
        self._body_files = {item.span.file for item in program.all(ast.Def)}
        self._pending: set[str] = set()
        models.world = self
        self.interpreter = Interpreter(self)

    # ---- names

    def library(self, file: str, name: str) -> Closure | None:
        """A def of a library file, seen from inside that file."""
        if file in self._body_files or file == self.program.file:
            return None
        found = self.program.libraries.get(file, {}).get(name)
        return None if found is None else Closure(found)

    def find(self, name: str, snapshot: dict[str, Value] | None = None) -> Thing | None:
        """What a name of the program stands for now; None for no name. `snapshot` keeps states as first read."""
        item = self.declarations.get(name)
        if name in self.now.supplied:
            return self._supplied(name, item)
        if isinstance(item, ast.Cell) and item.kind == "state" and snapshot is not None:
            if name not in snapshot:
                snapshot[name] = self.cell(item)
            return snapshot[name]
        if item is not None:
            return self._declared(name, item)
        if name in self.columns:
            raise EvaluationError(f"the column {name} is not supplied")
        if name in self.program.imported:
            return Closure(self.program.imported[name])
        return constant(self.clock[name]) if name in self.clock else None

    def _supplied(self, name: str, item: ast.Statement | None) -> Thing:
        value = self.now.supplied[name]
        brackets = next((axes for each, axes in item.targets if each == name), ()) if isinstance(item, ast.Draw) else ()
        variables = tuple(each.variable for each in brackets if isinstance(each, ast.Comprehension))
        return PairDraw(value, variables) if variables else value

    def _declared(self, name: str, item: ast.Statement) -> Thing | None:
        root = Scope(file=item.span.file)
        if isinstance(item, ast.Param):
            return self.interpreter.evaluate(item.value, root)
        if isinstance(item, ast.Def):
            return Closure(item)
        if isinstance(item, ast.Model):
            return self.models.ref(name)
        if isinstance(item, ast.Cell):
            return self.cell(item)
        if isinstance(item, ast.Contrast) and (whole := self.contrast(item)).parameters:
            return Template(whole)
        if isinstance(item, ast.Draw):
            return self.draw(name, item, root)
        if isinstance(item, ast.Let):
            with self.models.together():
                return self.hold(name, lambda: self.interpreter.let(item, root))
        if isinstance(item, ast.Contrast):
            return self.hold(name, lambda: Relation(self.contrast(item), root, self.interpreter))
        return None

    def contrast(self, item: ast.Contrast) -> ast.Contrast:
        """A contrast with the lines that it inherits: a kind of line that it writes replaces all of that kind."""
        if item.parent is None:
            return item
        parent = self.declarations.get(item.parent)
        if not isinstance(parent, ast.Contrast):
            raise EvaluationError(f"there is no contrast {item.parent}", item.span)
        from cldsl.semantics.merge import Merger

        return Merger([]).contrast(self.contrast(parent), item)

    def definition(self, name: str, line: ast.Let | ast.Draw, scope: Scope) -> Thing:
        """A let or a draw inside a contrast or a def."""
        if isinstance(line, ast.Let):
            return self.interpreter.let(line, scope)
        return self.draws.sample(name, line, scope, self, self.interpreter)

    # ---- the hold rule

    def hold(self, name: str, compute: Callable[[], Thing]) -> Thing:
        """The held value of a formula, or its value by `compute` at first need."""
        now = self.now
        known = now.held.get(name)
        if known is not None and (not now.minimizing or known.versions == self._versions(name)):
            return known.thing
        if now.minimizing and name in now.anew:
            return now.anew[name]
        if name in self._pending:
            raise EvaluationError(f"{name} is defined by itself")
        self._pending.add(name)
        try:
            thing = compute()
        finally:
            self._pending.discard(name)
        if known is None and not now.reporting:
            now.held[name] = Held(thing, self._versions(name))
        elif now.minimizing:
            now.anew[name] = thing
        return thing

    def draw(self, name: str, item: ast.Draw, scope: Scope) -> Thing:
        """A draw is held for the step, whatever moves."""
        if name not in self.now.draws:
            self.now.draws[name] = self.draws.sample(name, item, scope, self, self.interpreter)
        return self.now.draws[name]

    def with_other(self, name: str, value: Value, compute: Callable[[], Value]) -> Value:
        """What `compute` gives where a name has this value, with the draws of the iteration."""
        before = self.now
        self.now = replace(before, supplied={**before.supplied, name: value}, held={}, anew={})
        try:
            return compute()
        finally:
            self.now = before

    def moved(self, name: str) -> None:
        """A module or a trained tensor has other weights now."""
        self.versions[name] = self.versions.get(name, 0) + 1

    def _versions(self, name: str) -> dict[str, int]:
        return {each: self.versions.get(each, 0) for each in self.reach(name)}

    def reach(self, name: str, below: frozenset[str] = frozenset()) -> frozenset[str]:
        """The modules and trained tensors that a name's formula mentions, directly or through other formulas."""
        item = self.declarations.get(name) or self.program.imported.get(name)
        if isinstance(item, ast.Model) or (isinstance(item, ast.Cell) and item.kind == "learn"):
            return frozenset([name])
        if item is None or name in below or isinstance(item, (ast.Param, ast.Cell, ast.Data)):
            return frozenset()
        found: set[str] = set()
        for other in self._mentioned(item):
            if other not in self.now.supplied:
                found |= self.reach(other, below | {name})
        return frozenset(found)

    def _mentioned(self, item: ast.Statement) -> set[str]:
        names: set[str] = set()
        for node in ast.walk(item):
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                composite = isinstance(node.value, ast.Name) and isinstance(
                    self.declarations.get(node.value.id), ast.Model
                )
                if not composite:
                    names.add(node.name)
            elif isinstance(node, ast.Contrast) and node.parent is not None:
                names.add(node.parent)
        return names

    # ---- cells

    def cell(self, item: ast.Cell) -> Value:
        """A state as it is now (a constant), or a trained tensor (a leaf)."""
        if item.name not in self.cells:
            self.cells[item.name] = self._first(item)
        return self.cells[item.name]

    def _first(self, item: ast.Cell) -> Value:
        root = Scope(file=item.span.file)
        axes: dict[str, int] = {}
        for axis in item.axes:
            if isinstance(axis, ast.Select):
                axes[axis.axis] = self.declared_size(axis.axis, axis.value, root)
            elif isinstance(axis, ast.AxisName):
                axes[axis.name] = self.size(axis.name)
        if item.value is None:
            raise EvaluationError(f"{item.name} has no first value", item.span)
        if item.drawn:
            value = self.draws.distribution(item.name, item.value, axes, root, self.interpreter, 0)
        else:
            value = self.interpreter.value(item.value, root)
        return self.stored(item, value.over([a for a in axes if a not in value.axes], axes))

    def stored(self, item: ast.Cell, value: Value) -> Value:
        """What a cell keeps: a constant for a state, a leaf for a trained tensor. Numbers are real unless they are
        indices of an axis (`state tag[slot] -> class`)."""
        data = value.data.detach().clone()
        if item.kind == "learn" or (item.target is None and data.dtype == torch.int64):
            data = data.to(torch.float64)
        if item.target is not None:
            data = data.to(torch.int64)
        data.requires_grad_(item.kind == "learn")
        return Value(data, value.axes, value.present)

    # ---- sizes

    def known_size(self, axis: str) -> int | None:
        """The size of an axis, as given, supplied, held or declared; None where nothing says it."""
        if axis in self.sizes:
            return self.sizes[axis]
        things = [each.thing for each in self.now.held.values()]
        held = [
            each for thing in things for each in (thing.values.values() if isinstance(thing, Outputs) else (thing,))
        ]
        for value in (*self.now.supplied.values(), *self.cells.values(), *held, *self.now.draws.values()):
            size = value.size(axis) if isinstance(value, Value) else None
            if size is not None:
                return size
        written = self._sampled(axis)
        if written is not None:
            return written
        for column in self.columns.values():
            if column.target == axis and column.name in self.now.supplied:
                return int(self.now.supplied[column.name].data.max()) + 1
        return self._written(axis)

    def _sampled(self, axis: str) -> int | None:
        """The size of an axis that a sampler's columns point to."""
        for train in self.program.all(ast.Train):
            entry, call = sampler_of(train) or (None, None)
            argument = dict(entry.axes).get(axis) if entry is not None else None
            for each in call.arguments if call is not None and argument is not None else ():
                if each.name == argument:
                    return self.interpreter.integer(each.value, Scope(file=train.span.file))
        return None

    def _written(self, axis: str) -> int | None:
        for item in self.program.body:
            for node in ast.walk(item) if isinstance(item, (ast.Cell, ast.Draw, ast.Let)) else ():
                written = isinstance(node, ast.Select) and node.axis == axis
                if written and any(node is each for each in _brackets(item)):
                    assert isinstance(node, ast.Select)
                    return self.interpreter.integer(node.value, Scope(file=item.span.file))
        return None

    def size(self, axis: str) -> int:
        """The size of an axis. Raises EvaluationError where nothing says it."""
        size = self.known_size(axis)
        if size is None:
            raise EvaluationError(f"nothing is called {axis}: no value, and no axis with a size known here")
        return size

    def declared_size(self, axis: str, written: ast.Expr, scope: Scope) -> int:
        """The size of an axis as written, unless a supplied tensor has the axis."""
        for value in self.now.supplied.values():
            size = value.size(axis)
            if size is not None:
                return size
        return self.sizes[axis] if axis in self.sizes else self.interpreter.integer(written, scope)


def _brackets(item: ast.Statement) -> list[ast.AxisItem]:
    if isinstance(item, ast.Draw):
        return [axis for _, axes in item.targets for axis in axes]
    return list(item.axes) if isinstance(item, (ast.Cell, ast.Let)) else []
