"""The verification of a spec by its cases: each case at each level, judged.

Input: a spec, cases, bindings. Output: CaseResults. The levels are the evaluator ("eval") and the emitted programs at
-O0 ("0") and -O2 ("2"). A case without a binding, an output without a report and a gradient that is not computed fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cldsl.catalogue import CatalogueError
from cldsl.graph.nodes import GraphError
from cldsl.reference.errors import EvaluationError
from cldsl.runtime.errors import RunFailed
from cldsl.syntax.diagnostics import SpecError
from cldsl.verify import evaluator_level, formula_level, steps_level
from cldsl.verify.bindings import Binding, binding_files, find
from cldsl.verify.bindings import bindings as bindings_of
from cldsl.verify.cases import Case, load_cases
from cldsl.verify.compare import TOLERANCE, Found, compare
from cldsl.verify.setup import Setup, setup

LEVELS = ("eval", "0", "2")

#: What a wrong program may die of. A case that it dies of is a failure of the program, not of the verification.
CRASHES = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True)
class CaseResult:
    """A case at a level: the binding that served it, the worst relative error, how many values were compared.

    `message` names what failed, the worst first; it is empty where all is well.
    """

    case: str
    binding: str
    level: str
    ok: bool
    worst: float
    message: str
    compared: int


def verify(
    spec: str | Path,
    cases: str | Path | Sequence[Case],
    bindings: str | Path | None = None,
    levels: Sequence[str] = LEVELS,
    memory: int | None = None,
) -> list[CaseResult]:
    """Every case at every level, in order. cases: a folder, a file, or cases.

    bindings: a file of variants (default: specs/cases/NAME.cl beside the spec). memory: bytes that a step may fill.
    Raises CaseError for a spec without bindings or a place without cases, SpecError for a binding file with mistakes.
    """
    known = bindings_of([bindings] if bindings is not None else binding_files(spec))
    listed = load_cases(cases) if isinstance(cases, (str, Path)) else cases
    return [result for case in listed for result in verify_case(known, case, levels, memory)]


def verify_case(
    known: Sequence[Binding], case: Case, levels: Sequence[str] = LEVELS, memory: int | None = None
) -> list[CaseResult]:
    """One case at each level."""
    try:
        binding = find(known, case)
    except CatalogueError as error:
        return [_failed(case, "", level, error) for level in levels]
    try:
        prepared = setup(binding, case)
    except (CatalogueError, SpecError, EvaluationError) as error:
        return [_failed(case, binding.variant, level, error) for level in levels]
    return [_judged(prepared, level, memory) for level in levels]


def _judged(prepared: Setup, level: str, memory: int | None) -> CaseResult:
    case, variant = prepared.case, prepared.binding.variant
    try:
        found = _runner(prepared, level, memory)(prepared)
    except (CatalogueError, SpecError, EvaluationError, GraphError, RunFailed, *CRASHES) as error:
        return _failed(case, variant, level, error)
    expected = [each for each in case.expected() if each.name not in prepared.undefined]
    axes = {name: [each.name for each in item.axes if hasattr(each, "name")] for name, item in prepared.reports.items()}
    known = {each.wrt: prepared.axes(each.wrt) for each in expected if each.wrt is not None}
    differences = compare(found, expected, axes, known)
    bad = [each for each in differences if not each.error <= TOLERANCE]
    worst = max((each.error for each in differences), default=0.0)
    message = "; ".join(str(each) for each in bad[:3]) + (f"; {len(bad) - 3} more" if len(bad) > 3 else "")
    if not differences:
        message = "nothing is compared: the case expects nothing that the binding defines"
    return CaseResult(case.name, variant, level, not message, worst, message, len(differences))


def _runner(prepared: Setup, level: str, memory: int | None) -> Callable[[Setup], Found]:
    if level == "eval":
        return evaluator_level.steps if prepared.stepwise else evaluator_level.formulas
    number = int(level)
    compiled = steps_level.steps if prepared.stepwise else formula_level.formulas
    return lambda each: compiled(each, number, memory)


def _failed(case: Case, variant: str, level: str, error: Exception) -> CaseResult:
    message = "; ".join(str(error).splitlines()) or type(error).__name__
    mend = getattr(error, "mend", "")
    return CaseResult(case.name, variant, level, False, float("inf"), f"{message}; {mend}" if mend else message, 0)
