"""The public face: `check`, `compile`, `run`, `parse`. Everything else may change without notice.

program = cldsl.compile("method.cl", set={"tau": 0.2})
program.loss(z=z)                 a loss on named tensors, in the axes' order of the spec
program.criterion(z=z)            the same as an nn.Module that holds what the loss learns
program.module()                  the whole program as an nn.Module
program.source                    the emitted Python file
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cldsl.catalogue import CatalogueError
from cldsl.compiler import Compilation, Options, compile_spec, load_program
from cldsl.elaborate import Given, examine
from cldsl.elaborate.axes import CLOCK
from cldsl.graph.nodes import Axis
from cldsl.planning.budget import memory_bytes
from cldsl.semantics.resolve import resolve_file
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, SpecError
from cldsl.syntax.parser import parse

if TYPE_CHECKING:
    import torch

    from cldsl.objective import Objective

__all__ = ["Compiled", "Diagnostic", "SpecError", "check", "compile", "parse", "run"]


def check(spec: str | Path, variant: str | None = None, set: Mapping[str, Any] | None = None) -> list[Diagnostic]:
    """Every finding about a spec, errors first by place; an empty list is a clean spec. Imports no torch."""
    try:
        program = resolve_file(spec, variant, _texts(set))
    except SpecError as error:
        return list(error.diagnostics)
    return examine(program)[1]


def compile(
    spec: str | Path,
    variant: str | None = None,
    set: Mapping[str, Any] | None = None,
    data: Mapping[str, str] | None = None,
    level: int = 2,
    memory: int | str | None = None,
) -> Compiled:
    """A spec as a program. set: params by name. data: sources by stream. level 0 emits it as written, 2 optimised.
    memory: what a step may fill, in bytes or as "512MB"; None: no bound.

    Raises SpecError with every mistake of the spec, CatalogueError for a memory that is no size.
    """
    sizes: dict[str, int] = {}
    if data:
        from cldsl.running import chosen_sources, source_sizes  # opens the metadata of the sources

        program = resolve_file(spec, variant, _texts(set))
        data = chosen_sources(program, data)
        sizes = source_sizes(program, data)
    options = Options(variant, _texts(set), dict(data or {}), sizes, level, memory=memory_bytes(memory))
    return Compiled(compile_spec(spec, options))


def run(spec: str | Path, **options: Any) -> dict[str, float]:
    """Compile and train a spec; the reports by name. Options are those of `compile` and of `cldsl run`."""
    from cldsl.running import run_spec

    return run_spec(spec, **options)


class Compiled:
    """A compiled spec."""

    def __init__(self, compilation: Compilation) -> None:
        self.compilation = compilation
        self._losses: dict[tuple[Any, ...], Objective] = {}

    @property
    def source(self) -> str:
        """The emitted Python file, standalone but for torch and cldsl.runtime."""
        return self.compilation.source

    def module(self, seed: int = 0) -> torch.nn.Module:
        """A fresh nn.Module holding the spec's models, tensors and states, with the step's functions as methods."""
        module: torch.nn.Module = load_program(self.compilation)(seed=seed)
        return module

    def loss(self, objective: str | None = None, module: torch.nn.Module | None = None, **tensors: Any) -> torch.Tensor:
        """The objective on supplied values: any let, view, draw, column, learn or state tensor of the spec by name.

        objective: an expression of the spec (default: what its first `minimize` minimises). A tensor's axes are those
        of the let (`item, v, dim` for `z`), in the order of the spec, or given as (tensor, ("v", "item", "dim")); a
        number stands for a 0-d tensor (`step = 3`). module: what `module()` or `criterion()` made, where the objective
        reads models, learned tensors or states that are not supplied.
        Raises SpecError where a name is unknown or axes do not fit, CatalogueError for what nobody supplies.
        """
        return self.objective_on(objective, tensors)({name: _tensor(value) for name, value in tensors.items()}, module)

    def criterion(self, objective: str | None = None, seed: int = 0, **examples: Any) -> torch.nn.Module:
        """The objective as an nn.Module, called with tensors by name; its parameters are what the objective learns.

        examples: tensors of the names, axes and dtypes that will be supplied; sizes of a batch may change later.
        """
        from cldsl.objective import Criterion

        return Criterion(self, objective, examples, seed)

    def objective_on(self, objective: str | None, tensors: Mapping[str, Any]) -> Objective:
        """The function behind `loss` for tensors of these names, axes and sizes; made once for each."""
        from cldsl.objective import Objective

        given = {name: self._given(name, value) for name, value in tensors.items()}
        key = (objective, tuple(sorted(given.items(), key=lambda item: item[0])))
        if key not in self._losses:
            expr: str | ast.Expr = objective if objective is not None else self.objective()
            self._losses[key] = Objective(self.compilation, expr, given)
        return self._losses[key]

    def _given(self, name: str, value: Any) -> Given:
        tensor = _tensor(value)
        axes = tuple(value[1]) if isinstance(value, tuple) else self._axes_of(name, tensor.dim())
        if len(axes) != tensor.dim():
            raise CatalogueError(f"{name} has {tensor.dim()} axes, {len(axes)} are named: {', '.join(axes)}")
        dtype = "bool" if str(tensor.dtype) == "torch.bool" else "real" if tensor.is_floating_point() else "int"
        return Given(tuple(Axis(a, s) for a, s in zip(axes, tensor.shape, strict=True)), dtype)

    def _axes_of(self, name: str, count: int) -> tuple[str, ...]:
        """The axes of a name as the spec gives them: of a column, a tensor, or what the let elaborates to."""
        if count == 0 and name in CLOCK:
            return ()
        for item in self.compilation.program.all(ast.Let):
            written = [axis.name for axis in item.axes if isinstance(axis, ast.AxisName)]
            if item.name != name or not written or len(written) != len(item.axes):
                continue
            if len(written) != count:
                raise CatalogueError(f"{name} has the axes [{', '.join(written)}], the tensor has {count}")
            return tuple(written)  # `let z[item, v, dim] = ...`: the order that a reader sees
        from cldsl.elaborate.naming import axes_of

        return axes_of(self.compilation.program, name, count)

    def objective(self) -> ast.Expr:
        """What the first `minimize` of the spec minimises."""
        for item in self.compilation.program.body:
            if isinstance(item, ast.Train):
                for line in item.body:
                    if isinstance(line, ast.Minimize):
                        return line.terms[0].value
        raise CatalogueError("the spec has no minimize: name an objective")


def _tensor(value: Any) -> torch.Tensor:
    """The tensor of (tensor, axes), a tensor itself, a number as a 0-d tensor."""
    import torch

    return torch.as_tensor(value[0] if isinstance(value, tuple) else value)


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Params given as Python values, as the language writes them."""

    def text(value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return value
        if isinstance(value, (list, tuple)):
            return "[" + ", ".join(text(item) for item in value) + "]"
        return repr(value)

    return {name: text(value) for name, value in (values or {}).items()}
