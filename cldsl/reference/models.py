"""Models: modules over named axes, copies, families, their weights (docs/language.md, section 6).

A model is a torch module supplied by the caller or built by the registry in float64, or a callable of the caller's that
maps (tensor, axes) to (tensor, axes). One application is one call: all rows of its argument are one population.
"""

from __future__ import annotations

import copy
import inspect
import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cldsl.reference.arithmetic import arithmetic
from cldsl.reference.errors import EvaluationError
from cldsl.reference.scope import ModelRef, Outputs, Scope, Thing
from cldsl.reference.selection import at, need, stacked
from cldsl.reference.values import Mask, Value, both, constant, real
from cldsl.semantics.program import Program
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span

if TYPE_CHECKING:
    from cldsl.reference.world import World

Named = tuple[Tensor, tuple[str, ...]]
Function = Callable[[Named], Named]
Module = "nn.Module | Function"


#: The axis of a vector that holds every output of a model; no spec can name it.
EVERY = "every output"


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights as a value: tensors by parameter name, and the model that they are applied as."""

    tensors: Mapping[str, Tensor]
    ref: ModelRef


class Models:
    """The modules of a program by name; a member of a composite copy is called `t.g`."""

    def __init__(self, program: Program, supplied: Mapping[str, nn.Module | Function], seed: int) -> None:
        self.items = {item.name: item for item in program.all(ast.Model)}
        self.seed = seed
        self.world: World
        self.modules: dict[str, list[nn.Module | Function]] = {}
        self._apart: tuple[str, ...] = ()
        self._weights: Mapping[str, Tensor] | None = None
        for name, module in supplied.items():
            # a module of the caller's stays as it is: the evaluator moves a copy
            own = copy.deepcopy(module).to(torch.float64) if isinstance(module, nn.Module) else module
            members = getattr(own, "members", None)
            family = isinstance(members, nn.ModuleList) and bool(self.items[name].family)
            self._store(name, list(members) if family and members is not None else [own])

    # ---- what a model is

    def kind(self, name: str) -> tuple[str, tuple[str, ...]]:
        """("copy" | "fresh" | "frozen" | "module", the models it is made of)."""
        value = self.items[name].value
        if (
            isinstance(value, ast.Call)
            and isinstance(value.function, ast.Name)
            and value.function.id in ("copy", "fresh", "frozen")
        ):
            members = tuple(each.value.id for each in value.arguments if isinstance(each.value, ast.Name))
            return value.function.id, members
        return "module", ()

    def ref(self, name: str) -> ModelRef:
        """The model of this name."""
        return ModelRef(name, frozen=self.kind(name)[0] in ("copy", "frozen"))

    def member(self, ref: ModelRef, name: str) -> ModelRef:
        """`f.eval`, or `t.g` of a copy of several."""
        if name == "eval":
            return ModelRef(ref.name, ref.member, True, ref.frozen, ref.indices)
        if name not in self.kind(ref.name)[1]:
            raise EvaluationError(f"the model {ref.name} has no member {name}")
        return ModelRef(ref.name, name, ref.evaluating, ref.frozen, ref.indices)

    def trainable(self, name: str) -> bool:
        """Whether `minimize` may move it."""
        return self.kind(name)[0] in ("module", "fresh")

    def _key(self, ref: ModelRef) -> str:
        members = self.kind(ref.name)[1]
        return f"{ref.name}.{ref.member}" if ref.member is not None and len(members) > 1 else ref.name

    def _signature(self, ref: ModelRef) -> ast.Model:
        """The item that says which axes are consumed and made."""
        item = self.items[ref.name]
        members = self.kind(ref.name)[1]
        if item.consumes is not None or not members:
            return item
        if len(members) > 1 and ref.member is None:
            raise EvaluationError(f"{ref.name} is a copy of several: apply {ref.name}.{members[0]}")
        return self._signature(ModelRef(ref.member or members[0]))

    # ---- modules

    def _store(self, name: str, modules: list[nn.Module | Function]) -> None:
        """Keep a module; those declared as its copies start equal to it, at the program's start."""
        self.modules[name] = modules
        for other in self.items:
            kind, members = self.kind(other)
            if kind in ("copy", "frozen") and name in members:
                key = f"{other}.{name}" if len(members) > 1 else other
                if key not in self.modules:
                    self._store(key, [copy.deepcopy(m) if isinstance(m, nn.Module) else m for m in modules])

    def _built(self, ref: ModelRef, sizes: tuple[int, ...]) -> list[nn.Module | Function]:
        key = self._key(ref)
        if key not in self.modules:
            kind, members = self.kind(ref.name)
            if kind in ("copy", "frozen"):
                self._built(ModelRef(ref.member or members[0]), sizes)
            else:
                self._store(key, self._made(ref.name, sizes))
        return self.modules[key]

    def _arguments(self, name: str) -> tuple[str, list[Any], dict[str, Any]]:
        """The registry's name of a module, and the arguments of its call."""
        item = self._signature(ModelRef(name))
        source = self.items[name] if self.kind(name)[0] == "module" else item
        call = source.value
        if not isinstance(call, ast.Call) or not isinstance(call.function, ast.Name):
            raise EvaluationError("a model is a call of the registry", source.span)
        scope = Scope(file=source.span.file)
        plain = [(each.name, _plain(self.world.interpreter.evaluate(each.value, scope))) for each in call.arguments]
        args = [value for each, value in plain if each is None]
        return call.function.id, args, {each: value for each, value in plain if each is not None}

    def _made(self, name: str, sizes: tuple[int, ...]) -> list[nn.Module | Function]:
        from cldsl.modules.build import build

        entry, args, named = self._arguments(name)
        item = self._signature(ModelRef(name))
        produces = 1 if self._outputs(item) else len(item.produces)
        scope = Scope(file=item.span.file)
        number = 1
        for axis in self.items[name].family:
            if isinstance(axis, ast.Select):
                number *= self.world.interpreter.integer(axis.value, scope)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(zlib.crc32(f"{self.seed}/{name}".encode()))
            return [build(entry, args, named, sizes, produces).to(torch.float64) for _ in range(number)]

    @staticmethod
    def _outputs(item: ast.Model) -> list[tuple[str, tuple[str, ...]]]:
        """Named outputs with their axes."""
        return [
            (out.name, tuple(each.name for each in out.axes if isinstance(each, ast.AxisName)))
            for out in item.produces
            if out.axes is not None
        ]

    def parameters(self, name: str) -> dict[str, nn.Parameter]:
        """The parameters of a model by name, those of families and composites prefixed."""
        found: dict[str, nn.Parameter] = {}
        for key, modules in self.modules.items():
            if key != name and not key.startswith(f"{name}."):
                continue
            for index, module in enumerate(modules):
                if isinstance(module, nn.Module):
                    prefix = key[len(name) + 1 :] + "." if key != name else ""
                    prefix += f"{index}." if len(modules) > 1 else ""
                    found.update({prefix + each: p for each, p in module.named_parameters()})
        return found

    # ---- application

    @contextmanager
    def apart(self, axes: tuple[str, ...]) -> Iterator[None]:
        """Inside, models see one index of these axes at a time."""
        before, self._apart = self._apart, (*self._apart, *axes)
        try:
            yield
        finally:
            self._apart = before

    @contextmanager
    def together(self) -> Iterator[None]:
        """Inside, models see all indices: a let is one value, whoever reads it first."""
        before, self._apart = self._apart, ()
        try:
            yield
        finally:
            self._apart = before

    def apply(
        self, ref: ModelRef, values: Sequence[Value], span: Span, weights: Mapping[str, Tensor] | None = None
    ) -> Value | Outputs:
        """The model mapped over all axes that it does not consume, its outputs by name where they have names.

        weights: applied instead of its own. Raises EvaluationError where an axis is missing.
        """
        taken = [self._consumed(ref), *(_names(each) for each in self._signature(ref).further)]
        if len(values) != len(taken):
            raise EvaluationError(f"{ref.name} takes {len(taken)} arguments, {len(values)} are given", span)
        value = values[0]
        before, self._weights = self._weights, weights
        try:
            if len(values) > 1:
                return self._several(ref, values, taken, span)
            whole = self._applied(ref, value, span)
        finally:
            self._weights = before
        item = self._signature(ref)
        outputs = self._outputs(item)
        return (
            self._parted(item.name, whole, [need(value, axis) for axis in self._consumed(ref)], outputs)
            if outputs
            else whole
        )

    def _parted(self, name: str, whole: Value, sizes: list[int], outputs: list[tuple[str, tuple[str, ...]]]) -> Outputs:
        """The outputs of one vector that holds all of them, one after another."""
        from cldsl.modules.catalog import outputs as sizes_of_outputs

        entry, args, named = self._arguments(name)
        rows = tuple(axis for axis in whole.axes if axis != EVERY)
        data = whole.ordered((*rows, EVERY))
        values, start = {}, 0
        for (output, axes), own in zip(outputs, sizes_of_outputs(entry, args, named, tuple(sizes)), strict=True):
            shape = [size or 0 for size in own]
            stop = start + math.prod(shape)
            part = data[..., start:stop].reshape([*data.shape[:-1], *shape])
            values[output] = Value(part, (*rows, *axes), whole.present)
            start = stop
        return Outputs(values)

    def _several(self, ref: ModelRef, values: Sequence[Value], taken: list[list[str]], span: Span) -> Value:
        """A model of several arguments is given, for each row, the entries of the first, then those of the second."""
        for axis in self._apart:
            sizes = [value.size(axis) for value in values]
            size = next((each for each in sizes if each is not None), None)
            if size is not None:
                pieces = [
                    [value if value.size(axis) is None else at(value, {axis: constant(i)}) for value in values]
                    for i in range(size)
                ]
                return stacked([self._several(ref, each, taken, span) for each in pieces], axis)
        present, rows, sizes_of_rows, wanted = None, [], {}, []
        for value, consumed in zip(values, taken, strict=True):
            if value.present is not None and set(value.present.axes) & set(consumed):
                raise EvaluationError(f"{ref.name} takes what may be absent: write `else 0`", span)
            present = both(present, value.present)
            rows += [axis for axis in value.axes if axis not in consumed and axis not in rows]
            sizes_of_rows.update({axis: need(value, axis) for axis in value.axes if axis not in consumed})
            wanted += [need(value, axis) for axis in consumed]
        shape = [sizes_of_rows[axis] for axis in rows]
        flat = [
            real(value.ordered((*rows, *consumed))).expand([*shape, *(need(value, axis) for axis in consumed)])
            for value, consumed in zip(values, taken, strict=True)
        ]
        packed = torch.cat([each.reshape(math.prod(shape), -1) for each in flat], 1)
        key = self._key(ref)
        module = (self.modules[key] if key in self.modules else self._built(ref, tuple(wanted)))[0]
        if not isinstance(module, nn.Module):
            raise EvaluationError(f"{ref.name} takes several arguments: supply a module", span)
        data = packed.reshape([*shape, packed.shape[-1]])
        return self._mapped(module, ref, Value(data, (*rows, "packed"), present), ["packed"], span)

    def _applied(self, ref: ModelRef, value: Value, span: Span) -> Value:
        for axis in self._apart:
            size = value.size(axis)
            if size is not None:
                pieces = [at(value, {axis: constant(index)}) for index in range(size)]
                return stacked([self._applied(ref, piece, span) for piece in pieces], axis)
        modules = self._modules(ref, value)
        family = [each.axis for each in self.items[ref.name].family if isinstance(each, ast.Select)]
        if not family:
            return self._call(modules[0], ref, value, span)
        axis = family[0]
        if axis in ref.indices:
            return self._picked(ref, value, ref.indices[axis], axis, span)
        if value.size(axis) is None:
            return stacked([self._call(module, ref, value, span) for module in modules], axis)
        made = [self._call(m, ref, at(value, {axis: constant(index)}), span) for index, m in enumerate(modules)]
        return stacked(made, axis)

    def _picked(self, ref: ModelRef, value: Value, index: Value, axis: str, span: Span) -> Value:
        """`w[v = e](x)`: the member that the index names, and no other is applied where the index is one number."""
        modules = self._modules(ref, value)
        if not index.all_axes and index.present is None:
            if not 0 <= int(index.data) < len(modules):
                raise EvaluationError(f"{ref.name} has no member {int(index.data)}", span)
            return self._call(modules[int(index.data)], ref, value, span)
        member = f"{axis}@member"  # an axis of its own: the value and the index may have the family's
        whole = stacked([self._call(module, ref, value, span) for module in modules], member)
        return at(whole, {member: index})

    def _consumed(self, ref: ModelRef) -> list[str]:
        return _names(self._signature(ref).consumes or ())

    def _modules(self, ref: ModelRef, value: Value) -> list[nn.Module | Function]:
        key = self._key(ref)
        if key in self.modules:
            return self.modules[key]
        return self._built(ref, tuple(need(value, axis) for axis in self._consumed(ref)))

    def _modules_of(self, ref: ModelRef) -> list[nn.Module | Function]:
        return self.modules[self._key(ref)]

    def _call(self, module: nn.Module | Function, ref: ModelRef, value: Value, span: Span) -> Value:
        if not isinstance(module, nn.Module):
            data, axes = module((value.data, value.axes))
            return Value(data, axes, value.present)
        return self._mapped(module, ref, value, self._consumed(ref), span)

    def _mapped(self, module: nn.Module, ref: ModelRef, value: Value, consumed: list[str], span: Span) -> Value:
        """The module on the rows that are there."""
        sizes = [need(value, axis) for axis in consumed]
        rows = tuple(axis for axis in value.axes if axis not in consumed)
        data = real(value.ordered((*rows, *consumed)))
        shape = data.shape[: len(rows)]
        flat = data.reshape([-1, *sizes])
        present = value.present
        item = self._signature(ref)
        made = (EVERY,) if self._outputs(item) else tuple(output.name for output in item.produces)
        if present is not None and set(present.axes) & set(consumed):
            if "present" not in inspect.signature(module.forward).parameters:
                raise EvaluationError(f"{ref.name} takes what may be absent: write `else 0`", span)
            # the module is told which of the entries along the first axis that it takes are there
            there = present.to((*rows, consumed[0])).expand([*shape, sizes[0]])
            filled = torch.where(there.reshape([*there.shape, *[1] * (len(sizes) - 1)]), data, 0.0)
            result = self._forward(module, ref, filled.reshape([-1, *sizes]), span, there.reshape([-1, sizes[0]]))
            kept = present if consumed[0] in made else Mask(there.any(-1), rows)
            return Value(result.reshape([*shape, *result.shape[1:]]), (*rows, *made), kept)
        if present is None:
            result = self._forward(module, ref, flat, span)
        else:
            # absent rows are no rows: they are not part of the population
            here = present.to(rows).expand(shape).reshape(-1)
            found = self._forward(module, ref, flat[here], span)
            result = torch.zeros([len(flat), *found.shape[1:]], dtype=found.dtype).index_put(
                (here.nonzero()[:, 0],), found
            )
        return Value(result.reshape([*shape, *result.shape[1:]]), (*rows, *made), present)

    def _forward(self, module: nn.Module, ref: ModelRef, data: Tensor, span: Span, *told: Tensor) -> Tensor:
        """One call, in training mode within `train`; the same step draws the same dropout masks. told: what is there."""
        clock = self.world.clock
        module.train(bool(clock["training"]) and not ref.evaluating)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(zlib.crc32(f"{self.seed}/{span}/{clock['step']}".encode()))
            if self._weights is not None:
                index = next((i for i, each in enumerate(self._modules_of(ref)) if each is module), 0)
                prefix = f"{index}." if len(self._modules_of(ref)) > 1 else ""
                own = {n.removeprefix(prefix): each for n, each in self._weights.items() if n.startswith(prefix)}
                held = {name: each.detach().clone() for name, each in module.named_buffers()}
                made: Tensor = torch.func.functional_call(module, {**held, **own}, (data, *told))
                return made
            if not ref.frozen:
                result: Tensor = module(data, *told)
                return result
            weights = {name: p.detach() for name, p in module.named_parameters()}
            called: Tensor = torch.func.functional_call(module, weights, (data, *told))
            return called

    # ---- weights

    def mixed(self, old: Thing, new: Thing, keep: Value, span: Span) -> Thing:
        """`mix(t, f, keep)`: by parameter name, buffers aside; on values, entry by entry."""
        if isinstance(old, Value) and isinstance(new, Value):
            rest = arithmetic("-", constant(1), keep, None)
            return arithmetic("+", arithmetic("*", keep, old, None), arithmetic("*", rest, new, None), None)
        if not isinstance(old, ModelRef):
            raise EvaluationError("mix takes two values or two models", span)
        source = self.weights(new, span)
        share = float(keep.data.detach())
        own = self.parameters(old.name)
        return Weights({name: share * own[name].detach() + (1 - share) * source[name] for name in own}, old)

    def weights(self, thing: Thing, span: Span) -> dict[str, Tensor]:
        """The weights of a model, of several `(f, g)`, or as mixed."""
        if isinstance(thing, Weights):
            return dict(thing.tensors)
        if isinstance(thing, ModelRef):
            return {name: p.detach().clone() for name, p in self.parameters(thing.name).items()}
        if isinstance(thing, tuple) and all(isinstance(each, ModelRef) for each in thing):
            return {
                f"{each.name}.{name}": tensor for each in thing for name, tensor in self.weights(each, span).items()
            }
        raise EvaluationError("weights of models are needed here", span)

    def assign(self, name: str, thing: Thing, span: Span) -> None:
        """`t <- e`: the parameters of t become those of e."""
        tensors = self.weights(thing, span)
        for each, parameter in self.parameters(name).items():
            if each not in tensors:
                raise EvaluationError(f"nothing is assigned to the parameter {each} of {name}", span)
            with torch.no_grad():
                parameter.copy_(tensors[each])


def _names(axes: Sequence[ast.AxisItem]) -> list[str]:
    return [
        axis.name if isinstance(axis, ast.AxisName) else axis.axis
        for axis in axes
        if isinstance(axis, (ast.AxisName, ast.Select))
    ]


def _plain(thing: Thing) -> Any:
    """A constant of the spec as a Python value."""
    if isinstance(thing, Value):
        return thing.data.detach().item()
    if isinstance(thing, tuple):
        return [_plain(each) for each in thing]
    return thing
