"""Blocks inside `every`, and `on` blocks that write: the program that the trainer drives against the evaluator, end to end."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cldsl.compiler import Options, compile_spec, load_program
from cldsl.reference import Evaluator
from cldsl.runtime.main import fit
from cldsl.runtime.options import RunOptions
from tests.equivalence.stepping import float64

SPEC = """spec inner "Inner blocks"
data small: x[item, width], label[item] -> class, id[item] -> sample from "small.npz"
data large: y[row, width] from "large.npz"
model f(width -> dim) = linear(3)
state C[class = 2, dim] = 1, home[sample] -> class = 0, seen = 0, level = 0, spread[class = 2] = 0
draw pick[class = 2] ~ integer(0, 5)
let z = f(x)
let near = argmin[class](dist2(z, C))

on small(split = "train"):
    let start = z[item = pick]
    C <- start
    C <- 0.5 * C + 0.5 * mean[item if argmin[class](dist2(z, C)) == class](z) else C
    home[sample = id] <- near
    report sum_of_centres = sum(C)

train on small(batch = 3, epochs = 4):
    minimize mean(dist2(z, C[class = home[sample = id]])) by sgd(lr = 0.1)
    every 2 epochs:
        on small(split = "train"):
            home[sample = id] <- near
            spread <- sum[item if near == class](norm(z))
            report crowd = sum(home)
        seen <- seen + sum(spread)
        train on large(batch = 2, epochs = 1):
            level <- level + step
            minimize mean(sq(f(y))) + 0.1 * level by sgd(lr = 0.05)
        seen <- seen + level
    seen <- seen + 0.01 * level

on small(split = "train"):
    report end = seen + sum(f(x))
"""


def data(path: Path) -> None:
    source = np.random.default_rng(0)
    small = {"x": source.normal(size=(8, 4)), "label": np.arange(8) % 2}
    large = {"y": source.normal(size=(6, 4))}
    np.savez(path / "small.npz", x=small["x"], label=small["label"])
    np.savez(path / "large.npz", **large)


Recorded = list[tuple[str, dict[str, torch.Tensor], dict[str, Any]]]


def recorded(program: Any, into: Recorded) -> None:
    """Every step of the program also writes down its batch and its clock."""
    for block in ("train_1", "train_2"):
        own = getattr(program, block)

        def step(batch: dict[str, torch.Tensor], clock: Any, own: Any = own, block: str = block) -> Any:
            names = ("step", "steps", "epoch", "epochs", "steps_per_epoch", "progress")
            into.append((block, dict(batch), {name: getattr(clock, name) for name in names}))
            return own(batch, clock)

        object.__setattr__(program, block, step)


def named(batch: dict[str, torch.Tensor]) -> dict[str, Any]:
    axes = {"x": ("item", "width"), "label": ("item",), "id": ("item",), "y": ("row", "width")}
    return {name: (tensor, axes[name]) for name, tensor in batch.items()}


@pytest.mark.parametrize("level", [0, 2])
def test_against_the_evaluator(level: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data(tmp_path)
    compilation = compile_spec("inner.cl", Options(level=level, sizes={"width": 4}), SPEC)
    made = load_program(compilation)
    options = RunOptions.model_validate({"quiet": True, "device": "cpu", "compile": "off"})
    program = made(seed=3, sizes={"small": 8, "small.label": 2, "small.id": 8, "large": 6})
    first = copy.deepcopy(program.f)
    told: Recorded = []
    recorded(program, told)
    drawn: list[torch.Tensor] = []
    whole: dict[str, torch.Tensor] = {}
    chance = program.draws_on_1

    def overheard(columns: dict[str, torch.Tensor], clock: Any) -> dict[str, torch.Tensor]:
        whole.update(columns)
        drawn.append(chance(columns, clock)["pick"])
        return {"pick": drawn[-1]}

    object.__setattr__(program, "draws_on_1", overheard)
    reports = fit(program, options)
    with float64():
        sizes = {"class": 2, "sample": 8, "width": 4, "dim": 3}
        evaluator = Evaluator(compilation.program, {}, {}, sizes, {"f": first.double()})
        seen = dict(evaluator.visit(named(whole), {"pick": (drawn[0], ("class",))}, block=0))
        outer = [(place, batch, clock) for place, (block, batch, clock) in enumerate(told) if block == "train_1"]
        for place, batch, clock in outer:
            inner = [each for each in told[place + 1 : place + 3] if each[0] == "train_2"]
            evaluator.feed("small", [named(whole)])
            evaluator.feed("large", [named(each[1]) for each in inner])
            told_now = evaluator.step(named(batch), clock=clock)
            seen |= told_now
        seen |= evaluator.visit(named(whole), block=1)
    assert len(outer) == 8 and len(drawn) == 1
    assert [clock["step"] for block, _, clock in told if block == "train_2"] == [0, 1, 2, 3]
    for name in ("sum_of_centres", "crowd", "end"):
        assert reports[name] == pytest.approx(float(seen[name].data), rel=1e-4), name
    home, _ = evaluator.read("home")
    assert torch.equal(program.home, home)
    for state in ("C", "spread", "seen", "level"):
        right, axes = evaluator.read(state)
        assert torch.allclose(getattr(program, state).double(), right, rtol=1e-4, atol=1e-5), (state, axes)
