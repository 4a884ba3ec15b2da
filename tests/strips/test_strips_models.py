"""A network on pairs inside strips: its weights are inputs of the strip, and move as they do without strips."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from cldsl.compiler import Options, compile_spec, load_program
from cldsl.runtime import visits
from cldsl.runtime.clock import Clock

TEXT = """spec pairs "A network on pairs"
use std.losses (infonce)
data digits: image[item, channel, row, column], label[item] -> class from "digits-8x8"
view x[v = 2] ~ crop(image, 8, scale = (0.5, 1))
model f(channel, row, column -> dim) = conv([4, 6], norm = "none")
model h(dim -> score) = mlp([5, 1], norm = NORM)
let z = unit(f(x))
contrast pull:
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.item != a.item
    similarity  sum[score](h(a * c))
    temperature 0.5
train on digits(batch = 10, epochs = 1):
    minimize mean(infonce(pull)) by adam(lr = 1e-2)
on digits(split = "test"):
    report knn = knn(f(image), label, k = 5)
"""


def _compiled(norm: str, memory: int | None) -> Any:
    return compile_spec("pairs.cl", Options(memory=memory), TEXT.replace("NORM", f'"{norm}"'))


def _visits(compilation: Any) -> list[Any]:
    return [visit for phase in compilation.plan.phases for function in phase.functions for visit in function.visits]


def _losses(compilation: Any, compiled: bool = False) -> list[float]:
    program = load_program(compilation)(seed=1, compile=compiled)
    image = torch.rand(10, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    batch = {"image": image, "label": torch.arange(10) % 3}
    return [float(program.train_1(batch, Clock(step, 4, 4, 1))["loss"]) for step in range(3)]


@pytest.mark.parametrize("compiled", [False, True])
def test_weights_of_a_network_on_pairs_move(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "BACKEND", "eager")
    monkeypatch.setattr(torch, "compile", _eagerly(torch.compile))
    torch._dynamo.reset()
    strips = _compiled("none", 20000)
    (visit,) = _visits(strips)
    assert visit.body.models == ("h",) and visit.height < visit.rows
    found = _losses(strips, compiled)
    wanted = _losses(_compiled("none", None))
    assert found == pytest.approx(wanted, rel=1e-5)
    assert wanted[0] != wanted[2]


def test_batch_statistics_keep_the_network_whole() -> None:
    """A strip would normalise by itself: the network is applied to all pairs at once, what follows goes in strips."""
    made = _visits(_compiled("batch", 20000))
    assert all(visit.body.models == () for visit in made)


def _eagerly(compile: Any) -> Any:
    return lambda function, **options: compile(function, **{**options, "backend": "eager"})
