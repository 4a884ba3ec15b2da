"""`cldsl verify`: what it prints and its exit code; the comparison itself has tests of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from cli_tiny import cldsl, write

from cldsl.verify import CaseResult


@pytest.mark.parametrize(("good", "code"), [(True, 0), (False, 1)])
def test_a_failed_case_exits_with_1(good: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    bounds: list[int | None] = []

    def judged(
        spec: str, cases: str, bindings: str | None, levels: Sequence[str], memory: int | None
    ) -> list[CaseResult]:
        asked.extend([spec, cases, bindings, *levels])
        bounds.append(memory)
        return [CaseResult("one", "b", level, good, 0.5, "" if good else "loss is off", 1) for level in levels]

    monkeypatch.setattr("cldsl.verify.verify", judged)
    result = cldsl("verify", write(tmp_path), "--cases", tmp_path)
    assert result.exit_code == code
    assert asked == [str(tmp_path / "tiny.cl"), str(tmp_path), None, "eval", "0", "2"]
    assert ("loss is off" in result.output) is not good
    asked.clear()
    cldsl("verify", write(tmp_path), "--cases", tmp_path, "--level", "0", "--memory", "2kB")
    assert asked[3:] == ["0"]
    assert bounds == [None, 2000]


def test_no_cases_are_no_success(tmp_path: Path) -> None:
    result = cldsl("verify", write(tmp_path), "--cases", tmp_path)
    assert result.exit_code == 2
    assert result.output.startswith("error: ") and result.output.count("\n") == 1
