"""A small program of the shape that the compiler emits, by hand: what the runtime's tests train.

A linear encoder with dropout and a momentum copy, a queue with presence, a learned scale, noise as views, two
optimisers, evaluations. From step TINY_SLOW on a step takes so long that a test can send a signal meanwhile;
TINY_BREAK is the step whose loss is not a number.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from cldsl import runtime as rt
from cldsl.data.table import Table


def table(rows: int, key: int) -> Table:
    """pixel[item, 8] around one of 4 centres, label[item]."""
    source = np.random.default_rng(key)
    label = source.integers(0, 4, rows)
    centres = np.random.default_rng(99).normal(size=(4, 8))
    pixel = (centres[label] + 0.3 * source.normal(size=(rows, 8))).astype(np.float32)
    return Table({"pixel": pixel, "label": label.astype(np.int64)})


class Program(rt.Program):
    """spec tiny: rows of noise and label."""

    spec = "tiny"
    title = "A tiny method"
    streams: ClassVar = {"points": rt.Stream(default={"train": table(96, 1), "test": table(24, 2)})}
    phases = (
        rt.Train("train_1", stream="points", options={"batch": 16, "epochs": 4}, line="tiny.cl:7"),
        rt.Evaluate("on_1", stream="points", options={"split": "test"}, every=("epoch", 2), line="tiny.cl:12"),
        rt.Train("train_2", stream="points", options={"batch": 32, "steps": 5}, line="tiny.cl:15"),
        rt.Evaluate("on_2", stream="points", options={"split": "test"}, line="tiny.cl:18"),
    )

    f: nn.Sequential
    Q: Tensor
    Q_present: Tensor
    at: Tensor

    def build(self) -> None:
        self.f = nn.Sequential(rt.module("linear", [6], {}, consumes=(8,), produces=1), nn.Dropout(0.2))
        self.t = rt.copy_of(self.f)
        self.scale = rt.learn(torch.tensor(1.0))
        self.Q = rt.state(self, "Q", torch.zeros(32, 6), present=torch.zeros(32, dtype=torch.bool))
        self.at = rt.state(self, "at", torch.tensor(0))
        self.optimiser("by_1", "sgd", modules=[self.f, (self.scale, 0.1)], momentum=0.9, decay=1e-4, clip=5.0)
        self.optimiser("by_2", "adam", modules=[self.f, self.scale])

    def draws_1(self, batch: dict[str, Tensor], clock: rt.Clock) -> Tensor:
        source = rt.generator(self.seed, "noise", clock.step)
        return rt.draw("normal", (0, 0.1), (2, *batch["pixel"].shape), source, device=self.device)

    def objective_1(self, pixel: Tensor, noise: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        z = nn.functional.normalize(rt.apply(self.f, pixel + noise[0], 1), dim=-1)
        with torch.no_grad():
            k = nn.functional.normalize(rt.apply(self.t, pixel + noise[1], 1), dim=-1)
        far = (z @ self.Q.T * self.scale.exp()).masked_fill(~self.Q_present, -math.inf)
        logits = torch.cat([(z * k).sum(-1, keepdim=True) * self.scale.exp(), far], 1)
        return (logits.logsumexp(1) - logits[:, 0]).mean(), {"k": k}

    def train_1(self, batch: dict[str, Tensor], clock: rt.Clock) -> dict[str, Any]:
        if clock.step >= int(os.environ.get("TINY_SLOW", "1000")):
            time.sleep(0.4)
        rt.ema_(self.t, self.f, keep=0.9)
        loss, held = self.run(self.objective_1)(batch["pixel"], self.draws_1(batch, clock))
        if str(clock.step) == os.environ.get("TINY_BREAK"):
            loss = loss * math.nan
        self.minimize("by_1", loss, rate=0.1 * (1 - clock.progress))
        rows = (torch.arange(len(held["k"])) + self.at) % 32
        self.assign("Q", self.Q.index_copy(0, rows, held["k"]), self.Q_present.index_fill(0, rows, True))
        self.assign("at", (self.at + len(rows)) % 32)
        return {"loss": loss, "uniform": math.log(33), "temperature": torch.exp(-self.scale)}

    def train_2(self, batch: dict[str, Tensor], clock: rt.Clock) -> dict[str, Any]:
        loss, _ = self.run(self.objective_1)(batch["pixel"], self.draws_1(batch, clock))
        self.minimize("by_2", loss, rate=1e-3, skip=[self.scale] if clock.step < 3 else [])
        return {"loss": loss}

    def on_1(self, data: Callable[[str], dict[str, Tensor]], clock: rt.Clock) -> dict[str, Any]:
        z = rt.chunked(self.f, data("test")["pixel"], 1, rows=10)
        return {"spread": z.std(0).mean(), "step": clock.step}

    def on_2(self, data: Callable[[str], dict[str, Tensor]], clock: rt.Clock) -> dict[str, Any]:
        return {"spread": rt.apply(self.f, data("train")["pixel"], 1).std(0)}


if __name__ == "__main__":
    rt.main(Program)
