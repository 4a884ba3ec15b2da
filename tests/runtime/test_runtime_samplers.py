"""Batches chosen by a sampler in a run: the table that a block reads when it begins, and going on in the middle of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from cldsl import runtime as rt
from cldsl.data.table import Table
from cldsl.runtime.errors import RunError
from cldsl.runtime.lengths import batches_of, train_batches
from cldsl.runtime.main import fit
from cldsl.runtime.options import RunOptions
from cldsl.runtime.streams import Data

ROWS = Table({"id": np.arange(24), "label": np.repeat(np.arange(3), 8), "pixel": np.arange(24, dtype=np.float32)})


class Staged(rt.Program):
    """The first block writes a key for each row, the second one's batches share it; `seen` are the ids of its steps."""

    spec = "staged"
    streams: ClassVar = {"points": rt.Stream(default={"train": ROWS})}
    phases = (
        rt.Train("train_1", "points", options={"batch": 6, "epochs": 1}, sampler=rt.Sampler("quota", "label")),
        rt.Train(
            "train_2", "points", {"batch": 4, "epochs": 3}, "s.cl:9", sampler=rt.Sampler("together", "id", table="key")
        ),
    )
    stop: ClassVar[int] = -1
    seen: ClassVar[list[list[int]]] = []

    key: Tensor
    key_present: Tensor

    def build(self) -> None:
        self.weight = rt.learn(torch.tensor(1.0))
        self.key = rt.state(self, "key", torch.zeros(24), present=torch.zeros(24, dtype=torch.bool))
        self.optimiser("by_1", "sgd", modules=[self.weight])

    def train_1(self, batch: dict[str, Tensor], clock: rt.Clock) -> dict[str, Any]:
        assert batch["label"].bincount().tolist() == [2, 2, 2]
        self.key[batch["id"]] = (batch["id"] % 2).float()
        self.key_present[batch["id"]] = True
        self.minimize("by_1", self.weight * batch["pixel"].mean(), rate=1e-3)
        return {}

    def train_2(self, batch: dict[str, Tensor], clock: rt.Clock) -> dict[str, Any]:
        if clock.step == self.stop:
            raise InterruptedError
        self.seen.append(batch["id"].tolist())
        self.minimize("by_1", self.weight * batch["pixel"].mean(), rate=1e-3)
        return {}


def _run(out: Path, resume: bool = False) -> None:
    options = RunOptions.model_validate({"out": out, "quiet": True, "seed": 3, "save_every": 1, "resume": resume})
    fit(Staged, options, source_text="staged")


def test_a_table_is_read_when_its_block_begins_and_a_run_goes_on_within_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Staged, "seen", [])
    _run(tmp_path / "whole")
    whole = list(Staged.seen)
    assert len(whole) == 3 * 6 and all(len({row % 2 for row in rows}) == 1 for rows in whole)
    assert [rows[0] % 2 for rows in whole] == [0, 1] * 9

    monkeypatch.setattr(Staged, "seen", [])
    monkeypatch.setattr(Staged, "stop", 8)
    with pytest.raises(InterruptedError):
        _run(tmp_path / "cut")
    monkeypatch.setattr(Staged, "stop", -1)
    _run(tmp_path / "cut", resume=True)
    assert Staged.seen == whole


def test_what_cannot_be_sampled_is_told_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Staged(seed=3)
    data, options = Data(Staged.streams, {}, torch.device("cpu")), RunOptions()
    assert set(train_batches(program, data, options)) == {0}  # the other block's depend on what the first writes
    second = Staged.phases[1]
    assert isinstance(second, rt.Train)
    with pytest.raises(RunError, match=r"train_2 \(s.cl:9\): no row has a value of key"):
        batches_of(program, second, data, options)
    program.key_present[:3] = True
    with pytest.raises(RunError, match=r"train_2 \(s.cl:9\): together: no key has the 4 rows of a batch"):
        batches_of(program, second, data, options)
