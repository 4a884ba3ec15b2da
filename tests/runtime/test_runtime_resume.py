"""A run that was killed or stopped and goes on ends with the same bits as one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import runtime_tiny
import torch
from safetensors.torch import load_file

import cldsl
from cldsl.runtime import checkpoint
from cldsl.runtime.errors import RunError
from cldsl.runtime.main import fit
from cldsl.runtime.options import RunOptions

SCRIPT = Path(runtime_tiny.__file__)
PACKAGE = str(Path(cldsl.__file__).parents[1])
SOURCE = SCRIPT.read_text(encoding="utf-8")


def run(out: Path, **options: Any) -> dict[str, Any]:
    given = RunOptions.model_validate(
        {"out": out, "quiet": True, "seed": 3, "save_every": 7, "log_every": 1, **options}
    )
    return fit(runtime_tiny.Program, given, source_text=SOURCE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    run(out)
    return out


def interrupted(out: Path, number: int) -> subprocess.CompletedProcess[str]:
    """The program as a process of its own, signalled some steps after its second periodic checkpoint."""
    words = [sys.executable, str(SCRIPT), "--out", str(out), "--seed", "3", "--save-every", "7", "--log-every", "1"]
    env = {**os.environ, "TINY_SLOW": "16", "OMP_NUM_THREADS": "1", "PYTHONPATH": PACKAGE}
    process = subprocess.Popen(words, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    log = out / "metrics.jsonl"
    end = time.monotonic() + 60
    while not (log.exists() and '"step": 15' in log.read_text()):
        assert process.poll() is None and time.monotonic() < end, process.communicate()
        time.sleep(0.01)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


def assert_same_bits(left: Path, right: Path) -> None:
    a, b = (load_file(folder / "checkpoints" / "last.safetensors") for folder in (left, right))
    assert a.keys() == b.keys() and any(name.endswith("/momentum_buffer") for name in a)
    for name in a:
        assert torch.equal(a[name], b[name]), name


def measured(out: Path) -> list[dict[str, Any]]:
    """metrics.jsonl without what a clock on the wall gave."""
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if not k.startswith(("time/", "throughput/"))} for line in lines]


@pytest.mark.parametrize("number, code", [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 143)])
def test_resumed_run_has_the_bits_of_an_uninterrupted_one(
    whole: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "run"
    done = interrupted(out, number)
    assert done.returncode == code, done.stderr
    record = json.loads((out / "checkpoints" / "last.json").read_text())
    assert record["phase"] == 0 and 14 <= record["step"] < 24
    assert ("go on with --resume" in done.stderr) == (number == signal.SIGTERM)
    run(out, resume=True)
    assert_same_bits(whole, out)
    assert measured(out) == measured(whole)
    assert json.loads((out / "reports.json").read_text()) == json.loads((whole / "reports.json").read_text())


def test_another_seed_has_other_bits(whole: Path, tmp_path: Path) -> None:
    run(tmp_path / "run", seed=4)
    with pytest.raises(AssertionError):
        assert_same_bits(whole, tmp_path / "run")


def test_a_finished_run_resumes_to_its_reports(whole: Path) -> None:
    before = (whole / "checkpoints" / "last.safetensors").read_bytes()
    assert run(whole, resume=True)["before/spread"] == json.loads((whole / "reports.json").read_text())["before/spread"]
    assert (whole / "checkpoints" / "last.safetensors").read_bytes() == before


def test_a_checkpoint_of_another_spec_is_refused(whole: Path) -> None:
    options = RunOptions(out=whole, resume=True, quiet=True, seed=3)
    with pytest.raises(RunError, match="was written by another spec"):
        fit(runtime_tiny.Program, options, spec_text="spec other")


def test_a_checkpoint_of_other_options_is_refused(whole: Path) -> None:
    with pytest.raises(RunError, match=r'written with options .*"batch": null.*, this run has .*"batch": 8'):
        run(whole, resume=True, batch=8)


def test_resume_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no checkpoint"):
        run(tmp_path / "run", resume=True)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    stem = tmp_path / "last"
    checkpoint.save(stem, {"x": torch.ones(3)}, {"digest": "a"})
    path = stem.with_suffix(".safetensors")
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(RunError, match="is not a readable checkpoint"):
        checkpoint.load(stem, {"digest": "a"})


def test_a_checkpoint_keeps_tied_tensors_scalars_and_truths(tmp_path: Path) -> None:
    x = torch.arange(6.0).reshape(2, 3)
    tensors = {"x": x, "transposed": x.T, "scalar": torch.tensor(4), "mask": torch.tensor([True, False])}
    checkpoint.save(tmp_path / "last", tensors, {"digest": "a", "step": 3})
    held, record = checkpoint.load(tmp_path / "last", {"digest": "a"})
    assert all(torch.equal(held[name], tensors[name]) for name in tensors) and record["step"] == 3
    assert not list(tmp_path.glob("*.part"))
