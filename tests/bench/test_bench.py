"""The benchmark itself, small and in this process: who agrees, what a refusal says, what the table looks like."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.bench import contenders, measure, processes, text
from tests.bench.cases import NAMED
from tests.bench.contenders import FLOOR, OURS_EAGER, PLAIN_EAGER, stepping
from tests.bench.floor import floor
from tests.bench.jobs import Job, Outcome
from tests.bench.peers import LIGHTLY, METRIC, OPEN_CLIP, PEERS, SENTENCE
from tests.bench.rows import History, Options, Row, table
from tests.bench.shipped_cases import CASES

EAGER = (OURS_EAGER, PLAIN_EAGER, FLOOR)


def here(job: Job) -> list[Outcome]:
    """A job in this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other libraries, at their import
        return list(measure.perform(job))


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """What a job sets stays in its process, which is this one."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", CASES)
def test_ours_agrees_with_the_reference_in_float64(name: str) -> None:
    assert here(Job("check", name, (OURS_EAGER,), 64, 16)) == [Outcome(OURS_EAGER)]


@pytest.mark.parametrize("name", [case.name for case in NAMED])
def test_libraries_agree_or_are_not_installed(name: str) -> None:
    who = tuple(library for library, losses in PEERS.items() if name in losses)
    assert [
        outcome for outcome in here(Job("check", name, who, 64, 16)) if outcome.state not in ("ok", "missing")
    ] == []


def test_another_value_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = stepping(lambda tensors: tensors["z"].square().sum())
    monkeypatch.setattr(measure, "build", lambda *_: wrong)
    (outcome,) = here(Job("check", "dcl", (PLAIN_EAGER,), 64, 16))
    assert outcome.state == "differs" and outcome.note.startswith("differs: the loss by ")


def test_another_gradient_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    right = contenders.build

    def halved(who: str, case: object, tensors: dict[str, torch.Tensor]) -> object:
        step = right(who, case, tensors)  # type: ignore[arg-type]

        def function(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
            loss = step(tensors)
            tensors["z"].grad.mul_(0.5)  # type: ignore[union-attr]
            return loss

        return function

    monkeypatch.setattr(measure, "build", halved)
    (outcome,) = here(Job("check", "dcl", (PLAIN_EAGER,), 64, 16))
    assert outcome.note.startswith("differs: the gradient of z by 5.0e-01")


def test_a_library_that_is_absent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.peers.importlib.import_module", _absent)
    for who, name in ((METRIC, "nt-xent"), (SENTENCE, "clip"), (LIGHTLY, "dcl"), (OPEN_CLIP, "clip")):
        (outcome,) = here(Job("check", name, (who,), 64, 16))
        assert outcome.state == "missing" and outcome.note.startswith("not installed: ")


def _absent(name: str) -> None:
    raise ModuleNotFoundError(f"No module named {name!r}")


@pytest.mark.parametrize(("name", "sizes"), [("nt-xent", [64, 32]), ("clip", [32])])
def test_the_table_of_eager_contenders(name: str, sizes: list[int]) -> None:
    rows = list(table(CASES[name], EAGER, sizes, Options(repeat=2, memory=None), here, dim=8))
    assert [(row.rows, row.who) for row in rows] == [(size, who) for size in sorted(sizes) for who in EAGER]
    assert all(row.milliseconds and row.ratio is None and row.megabytes is not None for row in rows)
    assert {row.note.partition(":")[0] for row in rows} <= {"", "noisy"}


def test_the_first_call() -> None:
    (outcome,) = here(Job("first", "dcl", (OURS_EAGER,), 32, 8))
    assert outcome.build and outcome.first and outcome.seconds


def test_a_refused_allocation_says_what_was_asked_for() -> None:
    job = Job("probe", "clip", (PLAIN_EAGER,), 16384, 8, memory=0.5)
    (outcome,) = processes.in_process(job)
    assert (outcome.state, outcome.note) == ("refused", f"refused: asked for {16384 * 16384 * 4:,} bytes")


def test_a_step_over_the_limit_is_told() -> None:
    (outcome,) = processes.in_process(Job("probe", "nt-xent", (PLAIN_EAGER,), 4096, 128, step_limit=0.001))
    assert (outcome.state, outcome.note) == ("slow", "over 0.001 s")


def test_slow_ones_are_foretold() -> None:
    started = []

    def run(job: Job) -> list[Outcome]:
        started.append((job.task, job.rows))
        return [Outcome(who, seconds=10.0 * (job.task != "check")) for who in job.who]

    found = list(table(CASES["nt-xent"], [PLAIN_EAGER], [64, 128], Options(limit=30), run))
    assert [row.note for row in found] == ["rounds: 2", "over 30 s (about 40 s expected)"]
    assert ("probe", 128) not in started
    assert History([(512, 1.0), (1024, 8.0)]).foretold(2048) == pytest.approx(64)


def test_a_floor_is_matrix_products() -> None:
    z = torch.randn(3, 2, 4)
    assert float(floor("z", "z", 3)({"z": z})) == 0
    with pytest.raises(ValueError, match="2, 3 or 4"):
        floor("z", "z", 5)


def test_the_text_of_the_table(tmp_path: Path) -> None:
    rows = [
        Row("clip", 1024, "a", 1234.5, 1.0, 12.34),
        Row("clip", 1024, "b", note="refused: asked for 8 bytes"),
        Row("dcl", 512, "a", 1.234, 1.0, 0.0),
    ]
    page = tmp_path / "page.md"
    page.write_text(f"before\n{text.BEGIN}\nold\n{text.END}\nafter\n", encoding="utf-8")
    text.write_between(page, text.shown(rows))
    assert page.read_text(encoding="utf-8") == f"before\n{text.BEGIN}\n\n{SHOWN}\n\n{text.END}\nafter\n"
    page.write_text("no markers", encoding="utf-8")
    with pytest.raises(ValueError, match="once each"):
        text.write_between(page, "")


SHOWN = """\
| loss |  rows | who | median ms | ratio to ours | peak MB | note                       |
|------|------:|-----|----------:|--------------:|--------:|----------------------------|
| clip | 1,024 | a   |     1,234 |          1.00 |    12.3 |                            |
|      |       | b   |         - |             - |       - | refused: asked for 8 bytes |
| dcl  |   512 | a   |      1.23 |          1.00 |    0.00 |                            |"""
