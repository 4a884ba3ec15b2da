"""The compiler on one page: the stages by name, what each takes and what it gives.

    parse      text                      -> ast.File          (syntax/)
    resolve    ast.File, variant, sets   -> Program           (semantics/: imports, inheritance, variants, overrides)
    elaborate  Program                   -> ProgramPlan       (elaborate/: names, axes, presence, reach, order; typed graph)
    optimise   Function                  -> Function          (passes/: equivalences, in the order of PASSES)
    plan       ProgramPlan, memory       -> ProgramPlan       (planning/: which encoders are applied in chunks)
    emit       ProgramPlan               -> text              (codegen/: one readable Python file)
    load       text                      -> Program class     (codegen/: the file as a class)

`resolve` calls `parse`. What travels between stages is immutable. Diagnostics are collected and raised once, as SpecError.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cldsl import elaborate as elaboration
from cldsl.graph.nodes import Function, Graph
from cldsl.graph.plan import ProgramPlan
from cldsl.semantics.program import Program
from cldsl.semantics.resolve import resolve, resolve_file

LEVELS = (0, 2)


@dataclass(frozen=True)
class Options:
    """What a compilation depends on beside the spec. sets: param -> expression text. data: stream -> source.

    memory: bytes that a step may fill, None without bound: the device then decides what fits.
    """

    variant: str | None = None
    sets: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    level: int = 2
    verify: bool = False
    memory: int | None = None


@dataclass(frozen=True)
class Compilation:
    """A program in all its forms, and the seconds each stage took."""

    program: Program
    plan: ProgramPlan
    source: str
    options: Options
    seconds: tuple[tuple[str, float], ...]


def compile_spec(spec: str | Path, options: Options = Options(), text: str | None = None) -> Compilation:
    """A spec file (or a text with the name of its file) through every stage. Raises SpecError."""
    from cldsl.codegen import emit

    timer = _Timer()
    program = timer("resolve", lambda: _resolved(spec, text, options))
    plan = timer("elaborate", lambda: elaboration.elaborate(program, options.sizes, options.data))
    optimised = timer("optimise", lambda: optimise(plan, options.level, options.verify, options.memory))
    source = timer("emit", lambda: emit(optimised, options.level))
    return Compilation(program, optimised, source, options, tuple(timer.taken))


def load_program(compilation: Compilation) -> Any:
    """The class that the emitted file defines."""
    from cldsl.codegen import load

    return load(compilation.source, compilation.plan.name)


def optimise(plan: ProgramPlan, level: int, verify: bool = False, memory: int | None = None) -> ProgramPlan:
    """Every function of the plan through the passes of the level; above 0, encoders that memory bounds are cached.

    memory: bytes that a step may fill.
    """
    coupled = coupled_models(plan) if level == max(LEVELS) else {}
    optimised = plan.map_functions(lambda function: optimise_function(function, level, verify, memory, coupled))
    if level == 0 or memory is None:
        return optimised
    from cldsl.planning.encoders import cached

    return cached(optimised, memory)


def optimise_function(
    function: Function,
    level: int,
    verify: bool = False,
    memory: int | None = None,
    coupled: Mapping[str, frozenset[str] | None] | None = None,
) -> Function:
    """One function through the passes of the level, at the highest with the parts that are computed in strips.

    coupled: what `coupled_models` tells: models that are not called strip by strip.
    """
    optimised = _passed(function, level, verify)
    if level < max(LEVELS):
        return optimised
    from cldsl.strips import study

    return study(optimised, memory, coupled or {}).function


def optimise_passes(plan: ProgramPlan, level: int) -> ProgramPlan:
    """Every function through the passes alone, before it is decided how it is computed."""
    return plan.map_functions(lambda function: _passed(function, level, False))


def _passed(function: Function, level: int, verify: bool) -> Function:
    from cldsl import passes

    return passes.optimise(function, Graph(), level, verify=verify)


def coupled_models(plan: ProgramPlan) -> dict[str, frozenset[str] | None]:
    """Models whose rows depend on each other (batch statistics) or draw (dropout), by name: None. Of any other family of
    members its axis: a member belongs to an index, so that no strip may cut it."""
    from cldsl.modules.catalog import bind_module, module_entry

    kinds = {model.name: model for model in plan.models}
    found: dict[str, frozenset[str] | None] = {}
    for model in plan.models:
        own = model
        while own.of is not None and own.of in kinds:
            own = kinds[own.of]
        entry = module_entry(own.entry)
        if own.batch_statistics or entry.draws(bind_module(entry, own.args, dict(own.named))):
            found[model.name] = None
        elif model.family is not None:
            found[model.name] = frozenset([model.family.name])
    return found


def _resolved(spec: str | Path, text: str | None, options: Options) -> Program:
    if text is not None:
        return resolve(text, str(spec), options.variant, options.sets)
    return resolve_file(spec, options.variant, options.sets)


class _Timer:
    def __init__(self) -> None:
        self.taken: list[tuple[str, float]] = []

    def __call__(self, stage: str, work: Any) -> Any:
        start = time.perf_counter()
        result = work()
        self.taken.append((stage, time.perf_counter() - start))
        return result
