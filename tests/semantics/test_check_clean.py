"""What is right gives no finding: the shipped specs and one small spec for each construct of docs/language.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from cldsl.elaborate import examine
from cldsl.semantics.resolve import resolve_file
from cldsl.syntax.diagnostics import render

ROOT = Path(__file__).resolve().parents[2]
CASES = sorted((Path(__file__).parent / "pass").glob("*.cl"))
SPECS = sorted((ROOT / "specs").glob("*.cl"))


def findings(path: Path, variant: str | None) -> list[str]:
    program = resolve_file(path, variant)
    plan, found = examine(program)
    assert found or plan is not None
    return [render(each, program.sources.get(each.span.file, "")) for each in found]


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_a_construct_is_clean(path: Path) -> None:
    for variant in [None, *(each.name for each in resolve_file(path).variants)]:
        assert findings(path, variant) == []


@pytest.mark.parametrize("path", SPECS, ids=[path.stem for path in SPECS])
def test_a_shipped_spec_is_clean_in_every_variant(path: Path) -> None:
    for variant in [None, *(each.name for each in resolve_file(path).variants)]:
        assert findings(path, variant) == [], variant


def test_the_cases_are_many() -> None:
    assert len(CASES) >= 40 and len(SPECS) >= 8
