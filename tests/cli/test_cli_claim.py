"""`cldsl claim`: verdicts, runs that are reused, failures that are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_tiny import TINY, cldsl, write

from cldsl.claims import judge


@pytest.mark.parametrize(
    ("left", "relation", "right", "verdict"),
    [
        ([1.0, 1.1], "<", [2.0, 2.1], "holds"),
        ([1.0, 2.0], "<", [1.2, 2.2], "holds weakly"),
        ([2.0, 2.1], "<", [1.0, 1.1], "does not hold"),
        ([1.0, 1.0], "<", [1.0, 1.0], "does not hold"),
        ([1.0, 2.0], "~", [1.2, 2.2], "holds"),
        ([1.0, 1.1], "~", [2.0, 2.1], "does not hold"),
        ([1.0], "<", [2.0], "holds weakly: one seed has no spread"),
        ([2.0], "<", [1.0], "does not hold"),
        ([1.0], "~", [1.0], "undecided: one seed has no spread"),
    ],
)
def test_verdicts(left: list[float], relation: str, right: list[float], verdict: str) -> None:
    assert judge("r", "a", relation, "b", left, right, len(left)).verdict == verdict


def test_the_spread_is_the_pooled_standard_deviation() -> None:
    found = judge("r", "a", "<", "b", [0.0, 2.0, 4.0], [1.0, 2.0, 3.0], 3)
    assert found.spread == pytest.approx(((4.0 + 1.0) / 2) ** 0.5)
    assert found.difference == 0.0


def test_a_missing_value_decides_nothing() -> None:
    assert judge("r", "a", "<", "b", [1.0], [2.0, 3.0], 2).verdict == "undecided: runs are missing"


def test_claims_are_measured_and_a_second_time_read(tmp_path: Path) -> None:
    write(tmp_path)
    words = ["claim", "tiny.cl", "--seeds", "2", "--steps", "3", "--json", "claims.json"]
    first = cldsl(*words, cwd=tmp_path)
    assert first.exit_code == 0, first.output
    found = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))
    assert [claim["claim"] for claim in found["claims"]] == ["norm: still < this", "norm: still ~ this"]
    still, this = found["reports"]["norm"]["still"], found["reports"]["norm"]["this"]
    assert still["mean"] == still["untrained"] == this["untrained"] != this["mean"]
    assert len(still["values"]) == 2 and still["sd"] > 0
    assert [run["reused"] for run in found["runs"]] == [False] * 4
    assert "norm: still < this" in first.output and "2 seeds" in first.output
    again = cldsl(*words, cwd=tmp_path)
    second = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))
    assert [run["reused"] for run in second["runs"]] == [True] * 4
    assert second["reports"] == found["reports"] and second["claims"] == found["claims"]
    assert "4 of 4 runs were there already" in again.output
    cldsl(*words, "--set", "tau=0.5", cwd=tmp_path)
    third = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))
    assert [run["reused"] for run in third["runs"]] == [False] * 4


def test_a_finished_run_counts_and_one_with_other_options_stays_as_it_is(tmp_path: Path) -> None:
    write(tmp_path)
    cldsl("run", "tiny.cl", "--quiet", "--steps", "3", cwd=tmp_path)
    kept = (tmp_path / "runs" / "tiny-this-0" / "reports.json").read_text(encoding="utf-8")
    same = cldsl("claim", "tiny.cl", "--seeds", "1", "--steps", "3", cwd=tmp_path)
    assert "1 of 2 runs were there already: runs/tiny-this-0" in same.output
    other = cldsl("claim", "tiny.cl", "--seeds", "1", "--steps", "2", cwd=tmp_path)
    assert "there already" not in other.output
    assert (tmp_path / "runs" / "tiny-this-0" / "reports.json").read_text(encoding="utf-8") == kept


def test_a_run_that_fails_is_told(tmp_path: Path) -> None:
    text = TINY.replace("adam(lr = rate)", "sgd(lr = rate)").replace("let z = unit(g(f(x)))", "let z = g(f(x))")
    write(tmp_path, text.replace("param rate = 0", "param rate = 1e30"))
    result = cldsl("claim", "tiny.cl", "--seeds", "1", "--json", "claims.json", cwd=tmp_path)
    assert result.exit_code == 1, result.output
    assert "failed: still, seed 0: " in result.output
    assert "undecided: runs are missing" in result.output
    found = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))
    assert [each["variant"] for each in found["failed"]] == ["still"]
    assert found["claims"][0]["difference"] is None


def test_a_place_that_cannot_be_written_is_told_before_the_runs(tmp_path: Path) -> None:
    write(tmp_path)
    result = cldsl("claim", "tiny.cl", "--json", "no/where.json", cwd=tmp_path)
    assert result.exit_code == 2 and "there is no folder no" in result.output
    assert not (tmp_path / "runs").exists()


def test_the_better_end_of_a_metric_is_told(tmp_path: Path) -> None:
    text = TINY.replace("report norm = mean(norm(f(image)[width -> dim]))", "report norm = knn(f(image), label, k = 5)")
    write(tmp_path, text)
    assert (
        "norm (higher is better), 1 seed"
        in cldsl("claim", "tiny.cl", "--seeds", "1", "--steps", "1", cwd=tmp_path).output
    )
