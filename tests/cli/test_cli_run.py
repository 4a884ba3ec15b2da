"""`cldsl run`: reports, run folders, going on, batches, failures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_tiny import TINY, cldsl, write
from torch import Tensor

import cldsl as face
from cldsl.running import prepare
from cldsl.runtime.errors import Stopped
from cldsl.runtime.phases import Train
from cldsl.runtime.trainer import Trainer


def test_reports_before_and_after_and_the_default_folder(tmp_path: Path) -> None:
    write(tmp_path)
    result = cldsl("run", "tiny.cl", "--quiet", "--variant", "still", "--seed", "3", cwd=tmp_path)
    assert result.exit_code == 0, result.output
    head, row, written = result.output.splitlines()
    assert head.split() == ["report", "before", "after"]
    assert row.split()[0] == "norm" and row.split()[1] == row.split()[2]  # its rate is 0
    assert written == "written to runs/tiny-still-3"
    folder = tmp_path / "runs" / "tiny-still-3"
    reports = json.loads((folder / "reports.json").read_text(encoding="utf-8"))
    assert set(reports) == {"norm", "before/norm"}
    kept = (folder / "spec.cl").read_text(encoding="utf-8")
    assert "param rate: real >= 0 = 0" in kept and "variant" not in kept


def test_a_run_that_goes_on_ends_as_one_that_never_stopped(tmp_path: Path) -> None:
    write(tmp_path)
    cldsl("run", "tiny.cl", "--quiet", "--out", "whole", cwd=tmp_path)
    _cut_short(tmp_path / "parts", tmp_path)
    result = cldsl("run", "tiny.cl", "--quiet", "--out", "parts", "--save-every", "7", "--resume", cwd=tmp_path)
    assert result.exit_code == 0, result.output
    whole, parts = (
        json.loads((tmp_path / name / "reports.json").read_text(encoding="utf-8")) for name in ("whole", "parts")
    )
    assert whole == parts


def _cut_short(folder: Path, where: Path) -> None:
    """Leave a run as a signal would: with a checkpoint in the middle of its block."""
    steps: list[int] = []
    whole_step = Trainer._step

    def stop(self: Trainer, phase: Train, batch: dict[str, Tensor], wait: float) -> None:
        steps.append(1)
        if len(steps) > 20:
            raise Stopped("stopped", 2)
        whole_step(self, phase, batch, wait)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "_step", stop)
        result = cldsl("run", "tiny.cl", "--quiet", "--out", folder.name, "--save-every", "7", cwd=where)
    assert result.exit_code == 130, result.output
    assert not (folder / "reports.json").exists()


def test_a_folder_that_holds_a_run_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path)
    words = ["run", "tiny.cl", "--quiet", "--steps", "2", "--out", "r"]
    assert cldsl(*words, cwd=tmp_path).exit_code == 0
    again = cldsl(*words, cwd=tmp_path)
    assert again.exit_code == 2
    assert (
        again.output == "error: r is not empty; --resume to go on, --overwrite to replace its run, or another --out\n"
    )
    assert cldsl(*words, "--overwrite", cwd=tmp_path).exit_code == 0
    other = cldsl(*words, "--resume", "--set", "tau=0.5", cwd=tmp_path)
    assert other.exit_code == 2 and "another spec" in other.output
    both = cldsl(*words, "--resume", "--overwrite", cwd=tmp_path)
    assert both.exit_code == 2 and "exclude each other" in both.output


def test_a_run_goes_on_with_the_memory_it_was_begun_with(tmp_path: Path) -> None:
    write(tmp_path)
    words = ["run", "tiny.cl", "--quiet", "--steps", "2", "--out", "r", "--memory"]
    assert cldsl(*words, "64kB", cwd=tmp_path).exit_code == 0
    assert cldsl(*words, "64000", "--resume", cwd=tmp_path).exit_code == 0
    other = cldsl(*words, "1MB", "--resume", cwd=tmp_path)
    assert other.exit_code == 2
    assert '"memory": 64000' in other.output and '"memory": 1000000' in other.output
    assert cldsl(*words[:-1], "--resume", cwd=tmp_path).exit_code == 2


@pytest.mark.parametrize("command", ["compile", "run", "explain"])
def test_a_memory_that_is_no_size_is_the_users_mistake(command: str, tmp_path: Path) -> None:
    write(tmp_path)
    result = cldsl(command, "tiny.cl", "--memory=5 lots", cwd=tmp_path)
    assert result.exit_code == 2
    assert result.output == "error: --memory: 5 lots is no size; write 512MB, 2GiB or a number of bytes\n"


def test_a_run_that_fails_exits_with_1(tmp_path: Path) -> None:
    write(
        tmp_path, TINY.replace("adam(lr = rate)", "sgd(lr = rate)").replace("let z = unit(g(f(x)))", "let z = g(f(x))")
    )
    result = cldsl("run", "tiny.cl", "--quiet", "--set", "rate=1e30", "--out", "r", cwd=tmp_path)
    assert result.exit_code == 1, result.output
    assert result.output.startswith("error: ") and "tiny.cl:" in result.output
    assert not (tmp_path / "r" / "reports.json").exists()


def test_another_batch_changes_the_sizes_that_are_compiled(tmp_path: Path) -> None:
    path = write(tmp_path, TINY.replace("mean(infonce(pull))", "mean(infonce(pull)) * size(item)"))
    assert "item = 32" in prepare(path, None, {}, {}).source
    smaller = prepare(path, None, {}, {}, batch=8)
    assert "item = 8" in smaller.source and "32" not in smaller.source.split("class Program")[1]


def test_the_resolved_text_is_a_spec_that_means_the_same(tmp_path: Path) -> None:
    path = write(tmp_path)
    first = prepare(path, "still", {}, {})
    again = prepare(write(tmp_path, first.spec_text, "again.cl"), None, {}, {})
    assert again.spec_text == first.spec_text


def test_run_by_another_program_returns_reports_and_writes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path)
    reports = face.run(path, variant="still", set={"tau": 0.5}, steps=2, seed=1, quiet=True)
    assert reports["norm"] == reports["before/norm"]
    assert list(tmp_path.iterdir()) == [path]
