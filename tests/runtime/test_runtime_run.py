"""Whole runs: order of blocks, what is written, watched, shown, and how mistakes end."""

from __future__ import annotations

import io
import json
import math
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import runtime_tiny
import torch
from rich.console import Console

from cldsl import runtime as rt
from cldsl.runtime import checkpoint, trainer
from cldsl.runtime.clock import Clock
from cldsl.runtime.errors import RunError, RunFailed, Stopped
from cldsl.runtime.main import fit, main
from cldsl.runtime.monitor import Monitor
from cldsl.runtime.options import RunOptions
from cldsl.runtime.phases import Train
from cldsl.runtime.progress import Display
from cldsl.runtime.reports import Reports
from cldsl.runtime.watch import Watch


def options(**given: Any) -> RunOptions:
    return RunOptions.model_validate({"quiet": True, "device": "cpu", **given})


class Trace(runtime_tiny.Program):
    """Writes down what the trainer calls."""

    def build(self) -> None:
        super().build()
        self.calls: list[tuple[Any, ...]] = []

    def train_1(self, batch: Any, clock: Clock) -> dict[str, Any]:
        self.calls.append(
            ("train_1", clock.step, clock.epoch, self.training, torch.is_grad_enabled(), len(batch["label"]))
        )
        return {"loss": 1.0}

    def train_2(self, batch: Any, clock: Clock) -> dict[str, Any]:
        self.calls.append(("train_2", clock.step, clock.steps, self.training))
        return {"loss": torch.tensor(1.0)}

    def on_1(self, data: Any, clock: Clock) -> dict[str, Any]:
        self.calls.append(("on_1", clock.step, self.training, torch.is_grad_enabled(), len(data("test")["label"])))
        return {"spread": 1}

    def on_2(self, data: Any, clock: Clock) -> dict[str, Any]:
        self.calls.append(("on_2", clock.step))
        return {"level": 2}


def test_blocks_run_in_order_and_are_evaluated_before_within_and_after() -> None:
    program = Trace()
    reports = fit(program, options())
    names = [call[:2] for call in program.calls]
    expected = [("on_1", 0), ("on_2", 0), *(("train_1", step) for step in range(12)), ("on_1", 12)]
    expected += [*(("train_1", step) for step in range(12, 24)), ("on_1", 24)]
    expected += [*(("train_2", step) for step in range(5)), ("on_2", 5)]
    assert names == expected
    assert program.calls[2] == ("train_1", 0, 0, True, True, 16) and program.calls[0] == ("on_1", 0, False, False, 24)
    assert [call[2] for call in program.calls if call[0] == "train_1"] == [0] * 6 + [1] * 6 + [2] * 6 + [3] * 6
    assert reports == {"before/spread": 1, "before/level": 2, "spread": 1, "level": 2}


def test_a_block_that_writes_is_not_evaluated_before_training() -> None:
    class Writing(Trace):
        phases = (*Trace.phases[:3], rt.Evaluate("on_2", stream="points", writes=True))

    program = Writing()
    assert fit(program, options(steps=1)) == {"before/spread": 1, "spread": 1, "level": 2}


def test_caps_shorten_the_blocks_and_the_batch_is_the_users() -> None:
    program = Trace()
    fit(program, options(epochs=1, batch=48))
    assert [call for call in program.calls if call[0].startswith("train")] == [
        ("train_1", 0, 0, True, True, 48),
        ("train_1", 1, 0, True, True, 48),
        ("train_2", 0, 2, True),
        ("train_2", 1, 2, True),
    ]
    program = Trace()
    fit(program, options(steps=0))
    assert [call[0] for call in program.calls] == ["on_1", "on_2", "on_1", "on_2"]


def test_training_learns_and_a_run_is_the_function_of_its_seed() -> None:
    def last(seed: int) -> tuple[float, dict[str, Any]]:
        program = runtime_tiny.Program(seed)
        return float(program.f[0](torch.ones(8)).sum().detach()), fit(program, options())

    (first, reports), (again, same), (_, other) = last(1), last(1), last(2)
    assert first == again and reports == same and reports["spread"] != other["spread"]
    assert reports["before/spread"] != reports["spread"] and len(reports["on_2/spread"]) == 6


def test_the_run_folder_holds_what_was_run_and_measured(tmp_path: Path) -> None:
    out = tmp_path / "a" / "run"
    reports = fit(runtime_tiny.Program, options(out=out, log_every=4), source_text="# program", spec_text="spec tiny")
    assert (out / "spec.cl").read_text() == "spec tiny" and (out / "program.py").read_text() == "# program"
    assert json.loads((out / "reports.json").read_text()) == reports
    assert {"python", "torch", "numpy", "cldsl", "git", "device"} <= json.loads(
        (out / "versions.json").read_text()
    ).keys()
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines if line["phase"] == "train_1" and "train/loss" in line]
    assert steps == [0, 3, 7, 11, 15, 19, 23]
    first = next(line for line in lines if line["phase"] == "train_1")
    assert {"train/loss", "train/uniform", "time/step", "time/data_wait", "throughput/samples_per_s"} <= first.keys()
    assert lines[0]["phase"] == "before" and "before/spread" in lines[0]
    record = json.loads((out / "checkpoints" / "last.json").read_text())
    assert record["phase"] == 4 and record["spec"] == "tiny" and record["format"] == 1


def test_an_occupied_folder_is_kept_unless_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "metrics.jsonl").write_text("old\n")
    with pytest.raises(RunError, match="is not empty"):
        fit(Trace, options(out=tmp_path))
    fit(Trace, options(out=tmp_path, overwrite=True))
    assert (tmp_path / "notes.txt").read_text() == "mine" and "old" not in (tmp_path / "metrics.jsonl").read_text()
    with pytest.raises(RunError, match="cannot be a run folder"):
        fit(Trace, options(out=tmp_path / "notes.txt"))


def test_a_signal_ends_the_run_after_a_whole_step(tmp_path: Path) -> None:
    class Signalled(Trace):
        def train_1(self, batch: Any, clock: Clock) -> dict[str, Any]:
            if clock.step == 3:
                signal.raise_signal(signal.SIGINT)
            return super().train_1(batch, clock)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Stopped, match="stopped by SIGINT after 4 steps of train_1; saved in") as stopped:
        fit(Signalled, options(out=tmp_path / "run"))
    assert stopped.value.signal == signal.SIGINT and signal.getsignal(signal.SIGINT) is before
    assert json.loads((tmp_path / "run" / "checkpoints" / "last.json").read_text())["step"] == 4


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_BREAK", "8")
    with pytest.raises(RunFailed, match=r"loss is nan at step 8 of train_1 \(tiny.cl:7\)"):
        fit(runtime_tiny.Program, options(out=tmp_path, save_every=6))
    assert json.loads((tmp_path / "checkpoints" / "last.json").read_text())["step"] == 6


def test_checkpoints_without_a_number_of_steps_are_at_ends_of_epochs_and_not_too_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def saved(out: Path, pause: float) -> list[tuple[int, int]]:
        monkeypatch.setattr(trainer, "PAUSE", pause)
        places = []
        monkeypatch.setattr(
            checkpoint, "save", lambda stem, tensors, record: places.append((record["phase"], record["step"]))
        )
        fit(Trace, options(out=out))
        return places

    ends = [(1, 0), (2, 0), (3, 0), (4, 0)]
    assert saved(tmp_path / "a", 1000.0) == ends
    assert saved(tmp_path / "b", 0.0) == [(0, 6), (0, 12), (0, 18), *ends[:2], (2, 3), *ends[2:]]


def test_a_metric_of_several_numbers_reports_each() -> None:
    reports = Reports()
    found = {"retrieval": {"r1": 0.5, "r5": torch.tensor(0.75)}, "curve": torch.tensor([1, 2])}
    assert reports.add("on_1", found, before=False, keep=True) == {
        "eval/retrieval/r1": 0.5,
        "eval/retrieval/r5": 0.75,
        "eval/curve": [1.0, 2.0],
    }
    assert reports.add("on_2", {"curve": 3}, before=True, keep=True) == {"before/on_2/curve": 3.0}
    assert list(reports.values) == ["retrieval/r1", "retrieval/r5", "curve", "before/on_2/curve"]


def test_values_that_wait_are_judged_at_their_own_step() -> None:
    monitor = Monitor(Display(quiet=True), flush_every=5)
    monitor.begin(Train("train_1", "x", line="a.cl:3"), 20, 0, 0)
    monitor.add(Clock.of(0, 20, 20), {"loss": torch.tensor(1.0)}, 4, 0.0)
    monitor.add(Clock.of(1, 20, 20), {"loss": torch.tensor(math.inf)}, 4, 0.0)
    with pytest.raises(RunFailed, match=r"loss is inf at step 1 of train_1 \(a.cl:3\)"):
        monitor.flush()


# ---- the command line


def ends(argv: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(runtime_tiny.Program, argv)
    told = capsys.readouterr()
    return int(end.value.code or 0), told.out, told.err


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--data", "photo=digits"], "error: --data: there is no stream photo"),
        (["--data", "points"], "error: --data takes NAME=SOURCE, not points"),
        (["--data", "points=production"], "error: the stream points has no production source"),
        (["--batch", "1000"], "error: a batch of 1000 is larger than the table of 96 rows"),
        (["--batch", "some"], "error: --batch: Input should be a valid integer"),
        (["--epochs", "-1"], "error: --epochs: Input should be greater than or equal to 0"),
        (["--device", "nothing"], "error: there is no device nothing"),
        (["--device", "cuda:99"], "error: cuda:99 is not available here"),
        (["--resume"], "error: resume needs the run folder, out"),
        (["--resume", "--overwrite", "--out", "x"], "error: resume and overwrite exclude each other"),
    ],
)
def test_a_users_mistake_is_one_line_and_code_2(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = ends(argv, capsys)
    assert (code, out) == (2, "") and err.startswith(message) and err.count("\n") == 1


def test_a_failed_run_is_code_1(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_BREAK", "0")
    code, _, err = ends(["--quiet", "--device", "cpu"], capsys)
    assert code == 1 and err.startswith("error: loss is nan at step 0 of train_1 (tiny.cl:7)") and err.count("\n") == 1


def test_a_run_prints_its_reports(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ends(["--steps", "2", "--device", "cpu", "--no-compile", "--precision", "bf16"], capsys)
    assert code == 0 and {"before/spread", "spread", "on_2/spread"} <= json.loads(out).keys()
    assert "train_1 epoch 1/1 step 2/2" in err and "uniform 3.497" in err and "data wait" in err


def test_every_option_is_a_flag(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ends(["--help"], capsys)
    flags = {name: "--" + name.replace("_", "-") for name in RunOptions.model_fields}
    assert code == 0 and all(flag in out for name, flag in flags.items() if name != "memory")
    assert flags["memory"] not in out  # a program was written for its memory


def test_tensorboard_missing_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    code, _, err = ends(["--tensorboard", "--out", str(tmp_path / "run")], capsys)
    assert code == 2 and "pip install 'cldsl[tensorboard]'" in err and err.count("\n") == 1


def test_tensorboard_gets_the_numbers_of_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scalars: list[tuple[str, float, int]] = []

    class Writer:
        def __init__(self, path: str) -> None:
            assert path == str(tmp_path / "run" / "tensorboard")

        def add_scalar(self, name: str, value: float, step: int) -> None:
            scalars.append((name, value, step))

        def close(self) -> None:
            scalars.append(("closed", 0.0, 0))

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", SimpleNamespace(SummaryWriter=Writer))
    fit(Trace, options(out=tmp_path / "run", tensorboard=True, epochs=1))
    assert [step for name, _, step in scalars if name == "train/loss"] == [0, 5, 6, 8]
    assert ("before/spread", 1.0, 0) in scalars and ("eval/level", 2.0, 9) in scalars
    assert scalars[-1][0] == "closed" and not any(name == "phase" for name, _, _ in scalars)


# ---- watching and showing


def test_a_loss_that_stays_at_its_uniform_level_is_told_once_after_warm_up() -> None:
    watch, told = Watch(patience=5), []
    for step in range(40):
        loss = 3.0 if step != 8 else 1.0
        told += [
            (step, text)
            for text in watch.check("train_1", "a.cl:3", Clock.of(step, 40, 40), {"loss": loss, "uniform": 3.02})
        ]
    assert [step for step, _ in told] == [13] and "train_1 (a.cl:3): the loss has stayed within 1% of 3.02" in told[0][
        1
    ]


def test_a_loss_that_falls_is_not_told() -> None:
    watch = Watch(patience=5)
    assert not [w for s in range(40) for w in watch.check("t", "", Clock.of(s, 40, 40), {"loss": 2.9, "uniform": 3.02})]


def test_embeddings_that_collapse_are_told_once() -> None:
    watch = Watch(patience=3, warm=0.0)
    told = [w for s in range(9) for w in watch.check("t", "", Clock.of(s, 9, 9), {"embedding_std": 1e-5})]
    assert told == ["t: embeddings hardly differ (std 1e-05): they collapse"]
    assert not watch.check("t", "", Clock.of(0, 9, 9), {"embedding_std": 0.1})


def test_a_terminal_has_a_bar_and_shows_warnings() -> None:
    text = io.StringIO()
    display = Display(console=Console(file=text, force_terminal=True, width=120))
    display.begin("train_1", 10, 4)
    display.update("train_1", Clock.of(5, 10, 10), {"train/loss": 2.0, "train/temperature": 0.1})
    display.warn("careful")
    display.end()
    assert "6/10" in text.getvalue() and "loss 2  temperature 0.1" in text.getvalue() and "careful" in text.getvalue()


def test_quiet_shows_warnings_alone() -> None:
    text = io.StringIO()
    display = Display(quiet=True, console=Console(file=text))
    display.begin("train_1", 10, 0)
    display.update("train_1", Clock.of(9, 10, 10), {"train/loss": 2.0})
    display.say("done")
    display.warn("careful")
    assert text.getvalue() == "warning: careful\n"
