"""Every published case of the specs, through the evaluator and the emitted programs at -O0 and -O2."""

from __future__ import annotations

from pathlib import Path

import pytest

from cldsl.verify import LEVELS, load_cases, verify
from cldsl.verify.bindings import binding_files, bindings, find
from cldsl.verify.setup import setup

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
SPECS = tuple(sorted(path.name for path in GOLDEN.iterdir() if path.is_dir()))
CASES = [(spec, path.stem) for spec in SPECS for path in sorted((GOLDEN / spec).glob("*.json"))]


def test_there_are_cases() -> None:
    assert len(CASES) >= 90 and {spec for spec, _ in CASES} == set(SPECS)


@pytest.mark.parametrize(("spec", "name"), CASES)
def test_public_case(spec: str, name: str) -> None:
    path = GOLDEN / spec / f"{name}.json"
    results = verify(ROOT / "specs" / f"{spec}.cl", path)
    # over several steps an optimiser divides the rounding of a small gradient by its own size
    limit = 1e-12 if load_cases(path)[0].steps <= 1 else 1e-10
    assert [result.level for result in results] == list(LEVELS)
    for result in results:
        assert result.ok, f"{result.level}: {result.message}"
        assert result.worst <= limit


@pytest.mark.parametrize("spec", SPECS)
def test_every_value_is_compared(spec: str) -> None:
    """As many values as the files hold, but those a binding declares as not defined."""
    known = bindings(binding_files(ROOT / "specs" / f"{spec}.cl"))
    for case in load_cases(GOLDEN / spec):
        undefined = setup(find(known, case), case).undefined & {each.name for each in case.expected()}
        (result,) = verify(ROOT / "specs" / f"{spec}.cl", [case], levels=["eval"])
        assert result.compared == len(case.expected()) - len(undefined)
        assert result.binding == find(known, case).variant
