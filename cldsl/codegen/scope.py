"""Names of a whole program: an attribute for each module, tensor and view, a method for each function and phase.

Input: a ProgramPlan. Output: a `Scope`, which gives each its Python name, unique in the class. Decides names only.
"""

from __future__ import annotations

from cldsl.codegen.functions import Surroundings
from cldsl.codegen.names import Identifier, Names, taken
from cldsl.graph.plan import ModelPlan, ProgramPlan, TensorPlan
from cldsl.graph.strips import Visit


class Scope:
    """Python names of a plan's parts. Raises NameRefused for a name that is no ASCII identifier."""

    def __init__(self, plan: ProgramPlan) -> None:
        self.plan = plan
        self.models: dict[str, ModelPlan] = {each.name: each for each in plan.models}
        self.tensors: dict[str, TensorPlan] = {each.name: each for each in plan.tensors}
        self.attributes = Names(taken())
        self.methods: dict[tuple[str, str], Identifier] = {}
        for phase in plan.phases:
            self.methods[phase.name, ""] = self.attributes.fresh(phase.name)
            for function in phase.functions:
                self.methods[phase.name, function.name] = self.attributes.fresh(function.name)
        for part in (*self.models, *self.tensors):
            self.attributes.of(part)
        #: the functions of strips, which stand before the class
        self.strips: dict[Visit, Identifier] = {}
        names = Names({*taken(), "Program"})
        for phase in plan.phases:
            for function in phase.functions:
                for visit in function.visits:
                    self.strips[visit] = names.fresh(visit.name)

    def attribute(self, text: str) -> Identifier:
        return self.attributes.of(text)

    def method(self, phase: str, function: str = "") -> Identifier:
        """The method of a phase, or of one of its functions."""
        return self.methods[phase, function]

    def family(self, model: str) -> str | None:
        """The axis of a family of modules; a copy or a frozen model has that of its original."""
        plan = self.models[model]
        if plan.family is not None:
            return plan.family.name
        return self.family(plan.of) if plan.of in self.models and plan.of is not None else None

    def frozen(self, model: str) -> str | None:
        """The model whose weights a frozen one reads, else None."""
        plan = self.models[model]
        return plan.of if plan.kind == "frozen" and plan.of in self.models else None

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(self.attribute, self.family, self.frozen, self.strips.__getitem__)

    def rings(self) -> list[str]:
        """The ring axes, each with one pointer: those that a step moves or reads."""
        found = [tensor.ring for tensor in self.plan.tensors if tensor.ring is not None]
        for phase in self.plan.phases:
            leaves = [leaf for function in phase.functions for leaf in function.inputs]
            found += [str(leaf.attr("name")) for leaf in leaves if leaf.attr("kind") == "pointer"]
        return list(dict.fromkeys(found))

    def renamed(self) -> dict[str, str]:
        """Spec name -> attribute, where they differ."""
        parts = [*(each.name for each in self.plan.models), *(each.name for each in self.plan.tensors)]
        return {part: str(self.attribute(part)) for part in parts if self.attribute(part) != part}
