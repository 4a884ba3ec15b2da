"""An objective of a compiled spec as a function of supplied tensors, and as an nn.Module.

Input: a compilation, an expression, the axes of what is supplied. Output: an `Objective`, called with tensors by name
and the module that holds the rest (models, learned tensors, states). It takes no step and draws nothing: a draw that
the objective reads is supplied, as is the clock (`step = 3`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from cldsl.catalogue import CatalogueError
from cldsl.codegen import argument_of, emit_function, load_function
from cldsl.codegen.functions import key_of
from cldsl.codegen.scope import Scope
from cldsl.compiler import Compilation, coupled_models, optimise_function
from cldsl.elaborate import Given, function
from cldsl.graph.nodes import Function, Node
from cldsl.syntax import ast

if TYPE_CHECKING:
    from cldsl.api import Compiled

#: Inputs that a program's module holds itself.
HELD = frozenset({"learn", "state", "present", "pointer", "weight"})


class Objective:
    """One emitted function. `reads`: names it takes from the caller; `holds`: names it takes from the module."""

    def __init__(self, compilation: Compilation, value: str | ast.Expr, given: Mapping[str, Given]) -> None:
        """Raises SpecError where the expression does not fit the spec or the tensors."""
        made, _ = function(compilation.program, {"loss": value}, given, name="loss_of")
        options = compilation.options
        coupled = coupled_models(compilation.plan)
        made = optimise_function(made, options.level, options.verify, options.memory, coupled)
        self._scope = Scope(compilation.plan)
        self._leaves = made.inputs
        self._models = made.models
        self._axes = tuple(node.names for _, node in made.outputs)
        self._call = _loaded(made, self._scope)
        own = [leaf for leaf in self._leaves if leaf.attr("kind") in HELD]
        self.reads: tuple[str, ...] = tuple(str(leaf.attr("name")) for leaf in self._leaves if leaf not in own)
        self.holds: tuple[str, ...] = tuple(self._own_name(leaf) for leaf in own)
        self.models: tuple[str, ...] = tuple(self._model_name(model) for model in self._models)

    def __call__(self, tensors: Mapping[str, Tensor], module: nn.Module | None) -> Tensor:
        """The value, NaN at its absent entries. Raises CatalogueError for what nobody supplies, and where all is absent."""
        self._demand(tensors, module)
        arguments = {str(argument_of(key_of(leaf))): self._value(leaf, tensors, module) for leaf in self._leaves}
        models = {model: getattr(module, name) for model, name in zip(self._models, self.models, strict=True)}
        found: Tensor | tuple[Tensor, Tensor] = self._call(models=models, **arguments)
        if not isinstance(found, tuple):
            return found
        value, present = found
        if present.dim() == 0 and not bool(present):
            raise CatalogueError("the objective is absent on these tensors: it is over nothing", "write `else 0` in it")
        names = tuple(dict.fromkeys(name for own in self._axes for name in own))
        value, present = (_spread(each, own, names) for each, own in zip(found, self._axes, strict=True))
        return value.where(present, float("nan"))

    def _demand(self, tensors: Mapping[str, Tensor], module: nn.Module | None) -> None:
        missing = [name for name in self.reads if name not in tensors]
        if missing:
            listed = ", ".join(f"{name} = ..." for name in missing)
            raise CatalogueError(f"the objective reads {', '.join(missing)}: give {listed}, or a let made of it")
        if module is None and (self.holds or self.models):
            read = [str(leaf.attr("name")).partition("@")[0] for leaf in self._leaves if leaf.attr("kind") in HELD]
            held = ", ".join(dict.fromkeys((*self._models, *read)))
            raise CatalogueError(f"the objective reads {held} of the program: give module = program.module()")

    def _value(self, leaf: Node, tensors: Mapping[str, Tensor], module: nn.Module | None) -> Tensor:
        if leaf.attr("kind") not in HELD:
            return tensors[str(leaf.attr("name"))]
        assert module is not None
        value: Tensor = operator.attrgetter(self._own_name(leaf))(module)
        sizes = tuple(axis.size for axis in leaf.axes)
        if any(wanted not in (None, size) for wanted, size in zip(sizes, value.shape, strict=True)):
            raise CatalogueError(
                f"{leaf.attr('name')} is {list(value.shape)} in the module, the tensors given make it {list(sizes)}"
            )
        return value

    def _own_name(self, leaf: Node) -> str:
        """The attribute of the module that holds this input."""
        kind, own = leaf.attr("kind"), str(leaf.attr("name")).partition("@")[0]
        if kind == "weight":
            model, _, parameter = own.partition(".")
            return f"{self._model_name(model)}.{parameter}"
        if kind == "pointer":
            return str(self._scope.attribute(f"{own}_pointer"))
        return str(self._scope.attribute(own)) + ("_present" if kind == "present" else "")

    def _model_name(self, model: str) -> str:
        return str(self._scope.attribute(self._scope.frozen(model) or model))


def _spread(tensor: Tensor, own: Sequence[str], names: Sequence[str]) -> Tensor:
    """The tensor over all of `names`, in their order, with size 1 where it has no such axis."""
    ordered = tensor.permute([own.index(name) for name in names if name in own])
    return ordered[tuple(slice(None) if name in own else None for name in names)]


def _loaded(made: Function, scope: Scope) -> Callable[..., Any]:
    families = {model: axis for model in made.models if (axis := scope.family(model)) is not None}
    return load_function(emit_function(made, families), made.name)


class Criterion(nn.Module):
    """An objective as a module: its parameters and buffers are the learned tensors, states and models that it reads."""

    def __init__(self, compiled: Compiled, objective: str | None, examples: Mapping[str, Any], seed: int) -> None:
        super().__init__()
        self._compiled, self._objective = compiled, objective
        reached = compiled.objective_on(objective, examples)
        if reached.holds or reached.models:
            whole = compiled.module(seed)
            _keep(self, whole, reached.models, reached.holds)

    def forward(self, **tensors: Any) -> Tensor:
        """The objective on tensors by name, as `Compiled.loss`."""
        return self._compiled.loss(self._objective, module=self, **tensors)


def _keep(criterion: nn.Module, whole: nn.Module, models: Sequence[str], holds: Sequence[str]) -> None:
    """Register what an objective reads, and nothing else, under the names of the program."""
    parts = dict.fromkeys((*models, *(name.partition(".")[0] for name in holds)))
    for name in parts:
        part = getattr(whole, name)
        if isinstance(part, nn.Module):
            criterion.add_module(name, part)
        elif isinstance(part, nn.Parameter):
            criterion.register_parameter(name, part)
        else:
            criterion.register_buffer(name, part)
