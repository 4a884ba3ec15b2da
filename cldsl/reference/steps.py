"""One iteration of a train block, statement by statement (docs/language.md, section 8)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor

from cldsl.metrics.catalog import METRICS
from cldsl.reference.errors import EvaluationError
from cldsl.reference.optimisers import OPTIMISERS, Memory
from cldsl.reference.scope import Scope
from cldsl.reference.values import Value
from cldsl.reference.world import Iteration, World
from cldsl.reference.writing import replaced, written
from cldsl.syntax import ast

K = TypeVar("K")
#: tensors by name, as they are when a gradient is taken
Wanted = Callable[[], Mapping[str, Tensor]]
#: (model or trained tensor, parameter; "" for a tensor)
Target = tuple[str, str]


@dataclass
class Member:
    """What a term moves, at which share of the rate; `guarded` says that it gets no step now."""

    name: str
    scale: float = 1.0
    guarded: bool = False


@dataclass
class Outcome:
    """What an iteration reports: the minimised values, gradients for supplied values, reports."""

    losses: list[Value] = field(default_factory=list)
    gradients: dict[str, Tensor] = field(default_factory=dict)
    reports: dict[str, Value] = field(default_factory=dict)


class Steps:
    """Runs iterations in a world; keeps the optimisers' memories between them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.memories: dict[tuple[ast.Term, str, str], Memory] = {}
        #: the last term with an optimiser, of this iteration, by what exactly it moves
        self.owners: dict[frozenset[str], ast.Term] = {}
        self.wanted: Wanted = dict
        #: steps of each inner block so far: its clock counts on
        self.entered: dict[ast.Train | ast.On, int] = {}
        #: for inner blocks: the batches of a stream, each with the columns by name
        self.streams: dict[str, Sequence[Mapping[str, Value]]] = {}

    def run(self, train: ast.Train, wanted: Wanted, reports: Mapping[str, ast.Expr]) -> Outcome:
        """One iteration; `wanted` gives the tensors whose gradients are asked for, `reports` further reports."""
        outcome = Outcome()
        self.wanted, self.owners = wanted, {}
        later: list[tuple[str, ast.Expr]] = list(reports.items())
        self._body(train.body, Scope(file=train.span.file), outcome, later)
        self._end(later, Scope(file=train.span.file), outcome)
        return outcome

    def _end(self, later: Sequence[tuple[str, ast.Expr]], scope: Scope, outcome: Outcome) -> None:
        """What stands at the end of a body: its reports, from what is held, and the pointers of the rings it pushed."""
        self.world.now.reporting = True
        for name, node in later:
            outcome.reports[name] = self.world.interpreter.value(node, scope)
        self.world.now.reporting = False
        self.world.rings.commit()

    def _every(self, item: ast.Every, scope: Scope, outcome: Outcome) -> None:
        """A guarded block; what is first needed inside is held to its end."""
        before = dict(self.world.now.held)
        later: list[tuple[str, ast.Expr]] = []
        self._body(item.body, scope, outcome, later)
        self._end(later, scope, outcome)
        self.world.now.held = before

    def _body(
        self, body: Sequence[ast.Statement], scope: Scope, outcome: Outcome, later: list[tuple[str, ast.Expr]]
    ) -> None:
        for item in body:
            if isinstance(item, ast.Assign):
                self.assign(item, scope)
            elif isinstance(item, ast.Minimize):
                self.minimize(item, scope, outcome)
            elif isinstance(item, ast.Report):
                # evaluated at the end of the iteration, from what is held
                later.append((item.name, item.value))
            elif isinstance(item, ast.Every):
                if self._due(item, scope):
                    self._every(item, scope, outcome)
            elif isinstance(item, (ast.Train, ast.On)):
                self._enter(item, scope, outcome)
            elif not isinstance(item, (ast.Let, ast.Draw, ast.Def, ast.Contrast)):
                raise EvaluationError("this version does not execute this statement in a train block", item.span)

    def _enter(self, item: ast.Train | ast.On, scope: Scope, outcome: Outcome) -> None:
        """An inner block, whole: a train block batch by batch, an `on` block over all its rows in evaluation mode."""
        value = item.streams[0].value
        name = value.function if isinstance(value, ast.Call) else value
        assert isinstance(name, ast.Name)
        now, clock = self.world.now, dict(self.world.clock)
        for step, columns in enumerate(self.streams[name.id]):
            self.world.now = Iteration(supplied={**now.supplied, **columns})
            self.world.clock.update(training=isinstance(item, ast.Train))
            if isinstance(item, ast.Train):
                self.world.clock.update(step=self.entered.get(item, 0) + step)
            later: list[tuple[str, ast.Expr]] = []
            self._body(item.body, scope, outcome, later)
            self._end(self._measured(item, later), scope, outcome)
        self.entered[item] = self.entered.get(item, 0) + len(self.streams[name.id])
        self.world.now = now
        self.world.clock.update(clock)

    def visit(self, block: ast.On) -> Outcome:
        """An `on` block, in the world's iteration: what it writes, and those of its reports that call no metric."""
        outcome, scope = Outcome(), Scope(file=block.span.file)
        later: list[tuple[str, ast.Expr]] = []
        self.world.clock["training"] = False
        self._body(block.body, scope, outcome, later)
        self._end(self._measured(block, later), scope, outcome)
        self.world.clock["training"] = True
        return outcome

    def _measured(self, block: ast.Train | ast.On, later: list[tuple[str, ast.Expr]]) -> list[tuple[str, ast.Expr]]:
        """The reports that are values; a metric of an `on` block is not the evaluator's business."""
        if isinstance(block, ast.Train):
            return later
        names = {metric.name for metric in METRICS} - set(self.world.declarations)
        return [(name, node) for name, node in later if not _calls(node, names)]

    def _due(self, item: ast.Every, scope: Scope) -> bool:
        period = self.world.interpreter.integer(item.period, scope)
        if item.unit.startswith("epoch"):
            period *= int(self.world.clock["steps_per_epoch"])
        return (int(self.world.clock["step"]) + 1) % period == 0

    # ---- minimize

    def minimize(self, item: ast.Minimize, scope: Scope, outcome: Outcome) -> None:
        """All gradients, then all steps. Values that depend on moved modules are evaluated anew."""
        now = self.world.now
        now.minimizing, now.anew = True, {}
        try:
            plans = [self._planned(term, scope, outcome) for term in item.terms]
        finally:
            now.minimizing, now.anew = False, {}
        for term, members, gradients in plans:
            self._step(term, members, gradients, scope)

    def _planned(
        self, term: ast.Term, scope: Scope, outcome: Outcome
    ) -> tuple[ast.Term, list[Member], dict[Target, Tensor]]:
        loss = self.world.interpreter.value(term.value, scope)
        if loss.all_axes:
            raise EvaluationError(
                f"minimize takes one number: this is over [{', '.join(loss.all_axes)}]", term.value.span
            )
        if loss.present is not None and not bool(loss.present.data):
            raise EvaluationError("minimize takes a present value: this one is absent, write `else`", term.value.span)
        outcome.losses.append(loss)
        self._wanted(loss, outcome)
        members = self._members(term, scope)
        targets = {target: p for member in members for target, p in self.targets(member.name).items()}
        gradients = gradient(loss.data, targets)
        reached = {name for name, _ in gradients}
        for member in members:
            if term.over and member.name not in reached:
                raise EvaluationError(f"the objective does not reach {member.name}", term.span)
        return term, members, gradients

    def _wanted(self, loss: Value, outcome: Outcome) -> None:
        for name, found in gradient(loss.data, self.wanted()).items():
            outcome.gradients[name] = outcome.gradients.get(name, torch.zeros_like(found)) + found

    def targets(self, name: str) -> dict[Target, Tensor]:
        """The tensors of a model or of a trained tensor by name."""
        item = self.world.declarations.get(name)
        if isinstance(item, ast.Cell):
            return {(name, ""): self.world.cell(item).data}
        return {(name, each): p for each, p in self.world.models.parameters(name).items()}

    def _members(self, term: ast.Term, scope: Scope) -> list[Member]:
        """What the term moves: what `over` names, else every trainable model and tensor."""
        if term.over:
            return [self._member(each, scope) for each in term.over]
        models = [name for name in self.world.models.items if self.world.models.trainable(name)]
        cells = [
            name
            for name, item in self.world.declarations.items()
            if isinstance(item, ast.Cell) and item.kind == "learn" and name in self.world.cells
        ]
        return [Member(name) for name in (*models, *cells)]

    def _member(self, node: ast.Expr, scope: Scope) -> Member:
        if isinstance(node, ast.Choose) and node.other is None:
            inner = self._member(node.then, scope)
            inner.guarded = not bool(self.world.interpreter.mask(node.condition, scope).data)
            return inner
        if isinstance(node, ast.Binary) and node.op == "*":
            inner = self._member(node.right, scope)
            inner.scale *= self.world.interpreter.number(node.left, scope)
            return inner
        name = node.id if isinstance(node, ast.Name) else ""
        item = self.world.declarations.get(name)
        learned = isinstance(item, ast.Cell) and item.kind == "learn"
        if not learned and not (isinstance(item, ast.Model) and self.world.models.trainable(name)):
            raise EvaluationError("`over` names trainable models and tensors", node.span)
        return Member(name)

    def _step(
        self, term: ast.Term, members: Sequence[Member], gradients: Mapping[Target, Tensor], scope: Scope
    ) -> None:
        """One step of the optimiser for every tensor that has a gradient and no false guard."""
        term = self._owner(term, frozenset(name for name, _ in gradients))
        kind, options = self._optimiser(term, scope)
        moving = {(m.name, each): m for m in members for name, each in gradients if name == m.name and not m.guarded}
        clip = options.pop("clip", None)
        size = torch.stack([gradients[target].norm() for target in moving]).norm() if moving else torch.tensor(0.0)
        # 1e-6 as in torch.nn.utils.clip_grad_norm_, which is what a norm of the gradient is clipped with
        shrink = min(1.0, clip / (float(size) + 1e-6)) if isinstance(clip, float) else 1.0
        for target, member in moving.items():
            memory = self.memories.setdefault((term, *target), {})
            before = self.targets(target[0])[target]
            rate = options["lr"]
            assert isinstance(rate, float)
            after = OPTIMISERS[kind](
                before.detach(), gradients[target] * shrink, {**options, "lr": rate * member.scale}, memory
            )
            self._move(target, before, after)
        for name in {name for name, _ in moving}:
            self.world.moved(name)

    def _owner(self, term: ast.Term, moved: frozenset[str]) -> ast.Term:
        """The term whose optimiser makes the step: the own one, or without `by` the last that moves the same."""
        if term.by is not None:
            self.owners[moved] = term
        elif moved in self.owners:
            return self.owners[moved]
        return term

    def _move(self, target: Target, before: Tensor, after: Tensor) -> None:
        item = self.world.declarations.get(target[0])
        if isinstance(item, ast.Cell):
            old = self.world.cells[target[0]]
            self.world.cells[target[0]] = self.world.stored(item, Value(after, old.axes, old.present))
        else:
            with torch.no_grad():
                before.copy_(after)

    def _optimiser(self, term: ast.Term, scope: Scope) -> tuple[str, dict[str, float | bool | tuple[float, ...]]]:
        """The optimiser's name and options; rates are expressions of the clock, read before the step."""
        by = term.by
        if not isinstance(by, ast.Call) or not isinstance(by.function, ast.Name) or by.function.id not in OPTIMISERS:
            raise EvaluationError(f"`by` names one of {', '.join(OPTIMISERS)}", term.span)
        options: dict[str, float | bool | tuple[float, ...]] = {}
        for each in by.arguments:
            thing = self.world.interpreter.evaluate(each.value, scope)
            if isinstance(thing, tuple):
                options[str(each.name)] = tuple(
                    float(self.world.interpreter.as_value(one, each).data.detach()) for one in thing
                )
            else:
                value = self.world.interpreter.as_value(thing, each).data.detach()
                options[each.name or "lr"] = bool(value) if value.dtype == torch.bool else float(value)
        if "lr" not in options:
            raise EvaluationError("an optimiser needs a rate, lr = ...", by.span)
        return by.function.id, options

    # ---- assignments

    def assign(self, item: ast.Assign, scope: Scope) -> None:
        """`X <- e`, `X[axis = index] <- e`, `t <- mix(...)`: acts where it stands, without gradient."""
        place = item.place.value if isinstance(item.place, ast.Index) else item.place
        if not isinstance(place, ast.Name):
            raise EvaluationError("`<-` writes to a state, a trained tensor or a model", item.span)
        target = self.world.declarations.get(place.id)
        thing = self.world.interpreter.evaluate(item.value, scope)
        if isinstance(target, ast.Model):
            self.world.models.assign(place.id, thing, item.span)
            self.world.moved(place.id)
            return
        if not isinstance(target, ast.Cell):
            raise EvaluationError("`<-` writes to a state, a trained tensor or a model", item.span)
        value = self.world.interpreter.as_value(thing, item.value)
        old = self.world.cell(target)
        if isinstance(item.place, ast.Index):
            new = written(old, self._indices(item.place, scope), value)
        else:
            new = replaced(old, value)
        self.world.cells[place.id] = self.world.stored(target, new)
        if target.kind == "learn":
            self.world.moved(place.id)

    def _indices(self, place: ast.Index, scope: Scope) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for each in place.items:
            if not isinstance(each, ast.Select):
                raise EvaluationError("rows are written at indices, X[axis = index] <- e", each.span)
            found[each.axis] = self.world.interpreter.value(each.value, scope)
        return found


def _calls(node: ast.Expr, names: Collection[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.function, ast.Name) and node.function.id in names


def gradient(loss: Tensor, targets: Mapping[K, Tensor]) -> dict[K, Tensor]:
    """The gradient for each target that the loss reaches."""
    if not loss.requires_grad or not targets:
        return {}
    found = torch.autograd.grad(loss, list(targets.values()), allow_unused=True, retain_graph=True)
    return {name: each for name, each in zip(targets, found, strict=True) if each is not None}
