"""`train_k`: one iteration, its actions in the order of the text.

Input: a train block. Output: the `Define` of its method; the functions it runs are methods of their own (functions.py).
"""

from __future__ import annotations

from cldsl.codegen.functions import arguments
from cldsl.codegen.layout import permuted
from cldsl.codegen.names import RESERVED, Identifier, Names
from cldsl.codegen.scalars import scalar
from cldsl.codegen.scope import Scope
from cldsl.codegen.statements import (
    Assign,
    Attribute,
    Binary,
    Branch,
    Call,
    Choice,
    Define,
    Do,
    Expression,
    Listed,
    Literal,
    Mapped,
    Name,
    Return,
    Statement,
    Subscript,
    call,
    display,
    method,
    name,
)
from cldsl.graph.nodes import Axis, Function
from cldsl.graph.plan import (
    Action,
    Advance,
    Enter,
    Guarded,
    Level,
    Log,
    Minimize,
    Mix,
    Objective,
    Run,
    TrainPlan,
    flattened,
)
from cldsl.graph.plan import Assign as Put


class Step:
    """The statements of one train block, and the names of what is held."""

    def __init__(self, scope: Scope, phase: TrainPlan, draws: Identifier | None) -> None:
        self.scope, self.phase, self.draws = scope, phase, draws
        self.names = Names(RESERVED)
        self.held: dict[str, Identifier] = {}
        self.logs: list[tuple[str, Expression]] = []

    def define(self) -> Define:
        """The method of the block."""
        body = self._head()
        body += self._actions(self.phase.actions)
        if any(isinstance(action, Guarded) for action in self.phase.actions):
            body.insert(0, Assign((name("logs"),), Mapped(())))
            body.append(Return(name("logs")))
        else:
            body.append(Return(Mapped(tuple(self.logs))))
        doc = f"One iteration on {self.phase.stream} ({self.phase.span.short}); what is logged, by name."
        return Define(self.scope.method(self.phase.name), ("self", "batch", "clock"), tuple(body), doc=doc)

    def _head(self) -> list[Statement]:
        kinds = {leaf.attr("kind") for function in self.phase.functions for leaf in arguments(function)}
        found: list[Statement] = []
        if self.draws is not None:
            found.append(Assign((name("draws"),), call(f"self.{self.draws}", name("batch"), name("clock"))))
        if "clock" in kinds:
            found.append(Assign((name("now"),), call("clock.as_tensors", name("self", "device"))))
        return found

    def _actions(self, actions: tuple[Action | Guarded, ...]) -> list[Statement]:
        found: list[Statement] = []
        guarded = any(isinstance(action, Guarded) for action in self.phase.actions)
        for action in actions:
            if isinstance(action, Guarded):
                body = tuple(self._actions(action.actions))
                found.append(Branch(_due(action), body, action.span.short))
                continue
            start = len(self.logs)
            found += self._action(action)
            if guarded:
                for key, value in self.logs[start:]:
                    found.append(Assign((Subscript(name("logs"), (Literal(key),)),), value))
        return found

    def _action(self, action: Action) -> list[Statement]:
        if isinstance(action, Mix):
            return [self._mix(action)]
        if isinstance(action, Run):
            return [self._run(self.phase.function(action.function), action.span.short)]
        if isinstance(action, Minimize):
            return self._minimize(action)
        if isinstance(action, Put):
            return [assignment(self.scope, action, self.held, self.phase.functions)]
        if isinstance(action, Advance):
            return [self._advance(action)]
        if isinstance(action, Enter):
            period = _period(action.period, action.unit)
            return [Do(call("self.enter", Literal(action.block), name("clock"), period), action.span.short)]
        if isinstance(action, Level):
            self.logs.append((action.name, scalar(action.value)))
            return []
        assert isinstance(action, Log)
        value = method(Name((self.held[action.output],)), "detach")
        self.logs.append((action.name, value))
        return []

    # ---- one action each

    def _own(self, text: str) -> Expression:
        return Attribute(name("self"), self.scope.attribute(text))

    def _mix(self, action: Mix) -> Statement:
        targets = [self._own(target) for target, _ in action.pairs]
        sources = [self._own(source) for _, source in action.pairs]
        moved = targets[0] if len(targets) == 1 else Listed("list", tuple(targets))
        origin = sources[0] if len(sources) == 1 else Listed("list", tuple(sources))
        keep = scalar(action.keep)
        if keep == Literal(0) or keep == Literal(0.0):
            return Do(call("rt.copy_", moved, origin), action.span.short)
        return Do(call("rt.ema_", moved, origin, keep), action.span.short)

    def _arguments(self, function: Function) -> tuple[Expression, ...]:
        return tuple(argument(leaf.attr("kind"), str(leaf.attr("name")), self.held) for leaf in arguments(function))

    def _run(self, function: Function, comment: str, minimised: bool = False) -> Statement:
        """Call a function and hold its outputs."""
        outputs = [key for key, _ in function.outputs]
        if minimised:
            outputs.sort(key=lambda key: key != "loss")
        called = call("self.run", Attribute(name("self"), self.scope.method(self.phase.name, function.name)))
        values = self._arguments(function)
        targets = []
        for key in outputs:
            self.held[key] = self.names.fresh(key)
            targets.append(Name((self.held[key],)))
        return Assign(tuple(targets), Call(called, values), comment)

    def _minimize(self, action: Minimize) -> list[Statement]:
        found: list[Statement] = []
        terms: list[tuple[Expression, ...]] = []
        for term in action.terms:
            found.append(self._run(self.phase.function(term.function), term.span.short, minimised=True))
            loss = Name((self.held["loss"],))
            single = self._losses() == 1
            self.logs.append(("loss" if single else str(loss.path[0]), method(loss, "detach")))
            skip = self._skip(term)
            terms.append((Literal(term.optimiser), loss, scalar(term.rate), *skip))
        if len(terms) == 1:
            (optimiser, loss_, rate, *skipped) = terms[0]
            named = {"rate": rate, **({"skip": skipped[0]} if skipped else {})}
            found.append(Do(call("self.minimize", optimiser, loss_, **named), action.span.short))
        else:
            listed = Listed("list", tuple(display(term) for term in terms))
            found.append(Do(call("self.minimize_all", listed), action.span.short))
        return found

    def _losses(self) -> int:
        return sum(len(action.terms) for action in flattened(self.phase.actions) if isinstance(action, Minimize))

    def _skip(self, term: Objective) -> tuple[Expression, ...]:
        """What a false guard leaves out: `[] if clock.step >= 31 else [self.C]`, one after the other."""
        result: Expression | None = None
        for member, guard in term.guards:
            left_out = Choice(scalar(guard), Listed("list", ()), Listed("list", (self._own(member),)))
            result = left_out if result is None else Binary("+", result, left_out)
        return () if result is None else (result,)

    def _advance(self, action: Advance) -> Statement:
        written = self.scope.attribute(f"{action.ring}_pointer")
        moved = Binary("+", Attribute(name("self"), written), Literal(action.rows))
        value = Binary("%", moved, Literal(action.size))
        return Do(call("self.assign", Literal(str(written)), value), action.span.short)


def assignment(scope: Scope, action: Put, held: dict[str, Identifier], functions: tuple[Function, ...]) -> Statement:
    """A state or learned tensor takes what is held, with its axes in the tensor's order."""
    tensor = next(each for each in scope.plan.tensors if each.name == action.tensor)
    axes_of = {key: node.names for function in functions for key, node in function.outputs}

    def value(output: str, wanted: tuple[Axis, ...]) -> Expression:
        names, own = tuple(axis.name for axis in wanted), axes_of[output]
        return permuted(Name((held[output],)), own, names) if set(own) == set(names) else Name((held[output],))

    named: dict[str, Expression] = {}
    if action.mask is not None:
        named["present"] = value(action.mask, tensor.mask_axes)
    target = Literal(str(scope.attribute(action.tensor)))
    return Do(call("self.assign", target, value(action.output, tensor.axes), **named), action.span.short)


def argument(kind: str, own: str, held: dict[str, Identifier], columns: Expression | None = None) -> Expression:
    """What a caller passes for an input of a kind. Raises KeyError for an output that is not held."""
    if kind == "column":
        return Subscript(columns or name("batch"), (Literal(own),))
    if kind == "draw":
        return Subscript(name("draws"), (Literal(own),))
    if kind == "clock":
        return Subscript(name("now"), (Literal(own),))
    return Name((held[own],))


def _due(action: Guarded) -> Expression:
    period = _period(action.period, action.unit)
    return Binary("==", Binary("%", Binary("+", name("clock", "step"), Literal(1)), period), Literal(0))


def _period(number: int, unit: str) -> Expression:
    """In steps."""
    if not unit.startswith("epoch"):
        return Literal(number)
    epoch = name("clock", "steps_per_epoch")
    return epoch if number == 1 else Binary("*", Literal(number), epoch)
