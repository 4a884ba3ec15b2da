"""The compiler on one page: the stages by name, what each takes and what it gives.

    parse      text                      -> ast.File          (syntax/)
    resolve    ast.File, variant, sets   -> Program           (semantics/: imports, inheritance, variants, overrides)
    elaborate  Program                   -> ProgramPlan       (elaborate/: names, axes, presence, reach, order; typed graph)
    optimise   Function                  -> Function          (passes/: equivalences, in the order of PASSES)
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
    """What a compilation depends on beside the spec. sets: param -> expression text. data: stream -> source."""

    variant: str | None = None
    sets: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    level: int = 2
    verify: bool = False


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
    optimised = timer("optimise", lambda: optimise(plan, options.level, options.verify))
    source = timer("emit", lambda: emit(optimised, options.level))
    return Compilation(program, optimised, source, options, tuple(timer.taken))


def load_program(compilation: Compilation) -> Any:
    """The class that the emitted file defines."""
    from cldsl.codegen import load

    return load(compilation.source, compilation.plan.name)


def optimise(plan: ProgramPlan, level: int, verify: bool = False) -> ProgramPlan:
    """Every function of the plan through the passes of the level."""
    return plan.map_functions(lambda function: optimise_function(function, level, verify))


def optimise_function(function: Function, level: int, verify: bool = False) -> Function:
    from cldsl import passes

    return passes.optimise(function, Graph(), level, verify=verify)


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
