"""`<-`: states, learn tensors, rows of tables, rings and copies. docs/language.md, section 8."""

from __future__ import annotations

from cldsl.elaborate.objectives import Objectives
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import ModelValue, Value
from cldsl.elaborate.writing import Writing
from cldsl.graph.nodes import Node
from cldsl.graph.plan import Mix
from cldsl.syntax import ast


class Assignments(Objectives, Writing):
    """The assignments of a block."""

    def _assign(self, item: ast.Assign) -> None:
        name, index = self._target(item)
        model = self.s.items.get(name)
        if isinstance(model, ast.Model):
            self._mix(item, name)
            return
        cell = model
        if not isinstance(cell, ast.Cell):
            raise Mistake(
                item.place.span,
                "not-assignable",
                f"{name} is no state, learn tensor or model",
                "only these are moved by `<-`",
                "assign to a state, a learn tensor or a model",
            )
        self.shared.used.add(name)
        current = self.s.cell(cell, item.span)
        value, mask = self._new_value(item, cell, current, index)
        self.shared.trained.append(value)
        self.pending.append(("assign", (item, cell, value, mask, self.moment)))
        if cell.kind == "state":
            self.s.now[name] = Value(value, mask, target=cell.target)
        else:
            self.s.minimizing = False
            self.moment += 1
            version = self.s.versions.get(name, 0) + 1
            self.s.versions[name] = version
            self.created[(name, version)] = self.moment
        self._stale(item, name)

    def _mix(self, item: ast.Assign, name: str) -> None:
        """`t <- mix(t, f, keep)` or `t <- f`."""
        target = self.s.top(name, item.span)
        assert isinstance(target, ModelValue)
        call = item.value
        keep: Node = self.graph.const(0.0)
        sources: list[ast.Expr]
        if isinstance(call, ast.Call) and isinstance(call.function, ast.Name) and call.function.id == "mix":
            plain = [a.value for a in call.arguments if a.name is None]
            named = {a.name: a.value for a in call.arguments if a.name is not None}
            if len(plain) == 3:
                named["keep"] = plain.pop()
            if len(plain) != 2 or set(named) != {"keep"} or plain[0] != ast.Name(name):
                raise Mistake(
                    call.span,
                    "mix",
                    "mix takes the model that is moved, what it follows, and how much it keeps",
                    "",
                    f"write `{name} <- mix({name}, f, keep = 0.99)`",
                )
            keep = self.s.scalar(named["keep"], "the kept share")
            sources = list(plain[1].items) if isinstance(plain[1], ast.TupleOf) else [plain[1]]
        else:
            sources = list(call.items) if isinstance(call, ast.TupleOf) else [call]
        if any(plan.kind == "frozen" for plan in target.plans):
            raise Mistake(
                item.place.span,
                "not-a-copy",
                f"{name} is frozen; it has the weights of the model it is made of",
                "`<-` moves models that have their own",
                "assign to that model, or to a copy of it",
            )
        models = [self.s.thing(source, Scope()) for source in sources]
        if not all(isinstance(model, ModelValue) for model in models) or len(models) != len(target.plans):
            raise Mistake(
                call.span,
                "mix",
                f"{name} holds {len(target.plans)} model(s), {len(models)} given",
                "",
                "name a model for each part",
            )
        pairs = tuple(
            (plan.name, model.plan.name)
            for plan, model in zip(target.plans, models, strict=True)
            if isinstance(model, ModelValue)
        )
        self.pending.append(("mix", Mix(pairs, keep, item.span)))
        self.moment += 1
        for own, _ in pairs:
            version = self.s.versions.get(own, 0) + 1
            self.s.versions[own] = version
            self.created[(own, version)] = self.moment

    def _stale(self, item: ast.Assign, name: str) -> None:
        """A held value that read this state before now, and that a later statement reads again."""
        position = next((n for n, each in enumerate(self.block.body) if each is item), len(self.block.body))
        for let, held in self.s.held.items():
            if not any(kind == "state" and what == name for kind, what, _ in held.needs):
                continue
            for later in self.block.body[position + 1 :]:
                if isinstance(later, ast.Report):
                    continue
                for node in ast.walk(later):
                    if isinstance(node, ast.Name) and node.id == let and isinstance(later, ast.Minimize):
                        self.shared.warn(
                            node.span,
                            "stale",
                            f"{let} was read from {name} before {name} was written at {item.span.short}",
                            "a held value is not evaluated anew when a state changes",
                            "move the assignment below, or write the formula where it is used",
                        )
