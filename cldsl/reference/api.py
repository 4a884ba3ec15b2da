"""The evaluator as its users see it: expressions, gradients and steps of a program, from supplied tensors.

Input: a resolved program, columns and other supplied values as (tensor, axis names). Output: values and gradients in
float64. Any let, draw, view, state, trained tensor or param can be supplied and then replaces its definition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from cldsl.reference.errors import EvaluationError
from cldsl.reference.models import Function, Models
from cldsl.reference.scope import Scope
from cldsl.reference.steps import Outcome, Steps, gradient
from cldsl.reference.values import Mask, Value
from cldsl.reference.world import Iteration, World
from cldsl.semantics.program import Program, declared
from cldsl.syntax import ast
from cldsl.syntax.parser import parse_expression

#: a tensor and the names of its axes; a number has none
Named = tuple[Tensor, Sequence[str]]


class Evaluator:
    """A program with its state. `models` maps a name to a torch module, or to a callable on (tensor, axes)."""

    def __init__(
        self,
        program: Program,
        columns: Mapping[str, Named | float],
        given: Mapping[str, Named | float] | None = None,
        sizes: Mapping[str, int] | None = None,
        models: Mapping[str, nn.Module | Function] | None = None,
        clock: Mapping[str, float | int | bool] | None = None,
        seed: int = 0,
    ) -> None:
        self.program = program
        self.world = World(program, sizes or {}, Models(program, models or {}, seed), seed)
        self.world.clock.update(clock or {})
        self.steps = Steps(self.world)
        self.lasting: dict[str, Value] = {}
        for block in program.body:
            if isinstance(block, (ast.Train, ast.On)):
                self._declare(block.body)
        self._begin({**columns, **(given or {})}, lasting=True)

    def _declare(self, body: Sequence[ast.Statement]) -> None:
        """What blocks and those inside them declare."""
        for item in body:
            self.world.declarations.update({name: item for name in declared(item)})
            if isinstance(item, (ast.Every, ast.Train, ast.On)):
                self._declare(item.body)

    # ---- supplied values

    def _begin(self, supplied: Mapping[str, Named | float], lasting: bool = False) -> None:
        """A new iteration. Cells are set, other supplied values hold for the iteration (for all, if `lasting`)."""
        known = {**self.world.declarations, **self.world.columns}
        self.world.now = Iteration()
        values = {name: _value(each) for name, each in supplied.items()}
        values = {name: value.masked(_presence(values, name)) for name, value in values.items() if "." not in name}
        for name, value in values.items():
            item = self.world.declarations.get(name)
            if name not in known:
                raise EvaluationError(f"{name} is supplied and no such name is declared")
            if isinstance(item, ast.Cell):
                self.world.cells[name] = self.world.stored(item, value)
                self.world.moved(name)
            elif lasting:
                self.lasting[name] = value
        for name, value in {**self.lasting, **values}.items():
            if not isinstance(self.world.declarations.get(name), ast.Cell):
                self.world.now.supplied[name] = _leaf(value)

    # ---- what can be asked

    def value(self, expression: str | ast.Expr) -> Value:
        """The value of an expression at file level, in an iteration of its own."""
        self._begin({})
        return self._evaluate(expression)

    def grad(self, expression: str | ast.Expr, wrt: Sequence[str]) -> dict[str, Named]:
        """d expression / d name for supplied values, trained tensors, and parameters of models (`g.weight`)."""
        self._begin({})
        self._wanted(wrt)
        value = self._evaluate(expression)
        leaves = self._wanted(wrt)
        found = gradient(value.data, leaves)
        axes = {name: self._axes(name) for name in wrt}
        return {name: (found.get(name, torch.zeros_like(leaves[name])), axes[name]) for name in wrt}

    def step(
        self,
        columns: Mapping[str, Named | float] | None = None,
        given: Mapping[str, Named | float] | None = None,
        *,
        train: str | None = None,
        clock: Mapping[str, float | int | bool] | None = None,
        wrt: Sequence[str] = (),
        reports: Mapping[str, str] | None = None,
    ) -> dict[str, Value]:
        """One iteration of a train block: its reports, `loss` (`loss 1` and so on for further terms), and
        `gradient of NAME` for the names in `wrt`. `reports` are further expressions, evaluated as reports are."""
        self.world.clock.update(clock or {})
        self._begin({**(columns or {}), **(given or {})})
        nodes = {name: parse_expression(text) for name, text in (reports or {}).items()}
        outcome = self.steps.run(self._train(train), lambda: self._wanted(wrt), nodes)
        self.world.clock["step"] = int(self.world.clock["step"]) + 1
        per_epoch = int(self.world.clock["steps_per_epoch"])
        if per_epoch > 1:
            self.world.clock["epoch"] = int(self.world.clock["step"]) // per_epoch
        self.world.clock["progress"] = self.world.clock["step"] / max(1, int(self.world.clock["steps"]))
        return self._told(outcome)

    def visit(
        self, columns: Mapping[str, Named | float], given: Mapping[str, Named | float] | None = None, *, block: int = 0
    ) -> dict[str, Value]:
        """An `on` block of the file, the first or that of a number, over all rows: its reports without metrics."""
        self._begin({**columns, **(given or {})})
        blocks = self.program.all(ast.On)
        return self._told(self.steps.visit(blocks[block]))

    def feed(self, stream: str, batches: Sequence[Mapping[str, Named | float]]) -> None:
        """What the inner blocks on a stream go through, each time."""
        self.steps.streams[stream] = [{name: _value(each) for name, each in batch.items()} for batch in batches]

    def read(self, name: str) -> Named:
        """A state or a trained tensor as it is now, or a parameter of a model (`g.weight`)."""
        item = self.world.declarations.get(name)
        if isinstance(item, ast.Cell):
            value = self.world.cell(item)
            return value.data.detach(), value.axes
        parameter = self._wanted([name])[name].detach()
        return parameter, _unnamed(parameter)

    # ---- inside

    def _evaluate(self, expression: str | ast.Expr) -> Value:
        node = parse_expression(expression) if isinstance(expression, str) else expression
        return self.world.interpreter.value(node, Scope(file=self.program.file))

    def _train(self, name: str | None) -> ast.Train:
        blocks = [item for item in self.program.all(ast.Train) if name is None or item.name == name]
        if len(blocks) != 1:
            raise EvaluationError(f"{len(blocks)} train blocks fit: name one")
        return blocks[0]

    def _told(self, outcome: Outcome) -> dict[str, Value]:
        told: dict[str, Value] = {}
        for number, loss in enumerate(outcome.losses):
            told["loss" if number == 0 else f"loss {number}"] = loss
        for name, found in outcome.gradients.items():
            told[f"gradient of {name}"] = Value(found, self._axes(name))
        for name, value in outcome.reports.items():
            if value.present is not None and not bool(value.present.data.any()):
                raise EvaluationError(f"the report {name} is absent: write `else`")
            told[name] = value
        return {name: Value(value.data.detach(), value.axes, value.present) for name, value in told.items()}

    def _wanted(self, names: Sequence[str]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for name in names:
            item = self.world.declarations.get(name)
            model, _, parameter = name.partition(".")
            if name in self.world.now.supplied:
                found[name] = self.world.now.supplied[name].data
            elif isinstance(item, ast.Cell):
                found[name] = self.world.cell(item).data
            elif parameter and parameter in self.world.models.parameters(model):
                found[name] = self.world.models.parameters(model)[parameter]
            else:
                raise EvaluationError(f"{name} is no supplied value, cell or parameter")
        return found

    def _axes(self, name: str) -> tuple[str, ...]:
        if name in self.world.now.supplied:
            return self.world.now.supplied[name].axes
        item = self.world.declarations.get(name)
        return self.world.cell(item).axes if isinstance(item, ast.Cell) else _unnamed(self._wanted([name])[name])


def _value(given: Named | float) -> Value:
    """A supplied tensor or number; not-a-number entries of a supplied tensor are taken as they are."""
    if isinstance(given, (int, float)):
        return Value(torch.as_tensor(given, dtype=torch.int64 if isinstance(given, int) else torch.float64))
    tensor, axes = given
    kind = torch.float64 if tensor.is_floating_point() else torch.bool if tensor.dtype == torch.bool else torch.int64
    return Value(tensor.detach().to(kind), tuple(axes))


def _presence(values: Mapping[str, Value], name: str) -> Mask | None:
    """Where the rows of a ragged column have an entry, supplied as `NAME.present`; None: everywhere."""
    given = values.get(f"{name}.present")
    return None if given is None else Mask(given.data.to(torch.bool), given.axes)


def _leaf(value: Value) -> Value:
    """A supplied value that gradients may be asked for."""
    if not value.data.is_floating_point():
        return value
    return Value(value.data.clone().requires_grad_(True), value.axes, value.present)


def _unnamed(tensor: Tensor) -> tuple[str, ...]:
    """Names for the axes of a parameter, which have none."""
    return tuple(f"axis{number}" for number in range(tensor.dim()))
