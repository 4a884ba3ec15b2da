"""Draws: the same from the same (seed, name, step, index), other from any other, and of the right law."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from scipy import stats

from cldsl.runtime import draws
from cldsl.runtime.clock import Clock


def test_a_seed_is_the_same_everywhere_and_each_part_counts() -> None:
    assert draws.stable_seed(0, "x", 1) == 45598104689014761
    parts: list[tuple[Any, ...]] = [
        (0, "x", 1),
        (1, "x", 1),
        (0, "y", 1),
        (0, "x", 2),
        (0, "x", 1, 0),
        (0, "x", "1"),
        (0, "x1"),
    ]
    assert len({draws.stable_seed(*each) for each in parts}) == len(parts)


def test_a_draw_does_not_depend_on_what_was_drawn_before() -> None:
    def x(step: int, index: tuple[int, ...] = ()) -> torch.Tensor:
        return draws.draw("normal", (0, 1), (3, 2), draws.generator(7, "x", step, index=index))

    first = x(5)
    torch.rand(10)
    assert torch.equal(first, x(5)) and not torch.equal(first, x(6)) and not torch.equal(first, x(5, (1,)))


@pytest.mark.parametrize(
    "name, args, law",
    [
        ("uniform", (-1, 3), stats.uniform(-1, 4)),
        ("normal", (2, 0.5), stats.norm(2, 0.5)),
        ("beta", (2, 8), stats.beta(2, 8)),
        ("beta", (0.3, 0.4), stats.beta(0.3, 0.4)),
        ("beta", (1, 1), stats.uniform(0, 1)),
    ],
)
def test_reals_follow_their_law(name: str, args: tuple[float, ...], law: Any) -> None:
    drawn = draws.draw(name, args, (4000,), draws.generator(0, name, 0), dtype=torch.float64)
    assert stats.kstest(drawn.numpy(), law.cdf).pvalue > 0.01
    single = draws.draw(name, args, (4000,), draws.generator(0, name, 0))
    assert single.dtype == torch.float32 and torch.equal(single, drawn.float())


def test_beta_of_tiny_parameters_is_a_number() -> None:
    drawn = draws.beta(draws.generator(0, "x", 0), (1000,), 1e-3, 1e-3)
    assert drawn.isfinite().all() and ((drawn >= 0) & (drawn <= 1)).all()


def test_whole_numbers_include_both_ends() -> None:
    drawn = draws.draw("integer", (3, 5), (600,), draws.generator(0, "x", 0))
    assert drawn.dtype == torch.int64 and sorted(set(drawn.tolist())) == [3, 4, 5]
    assert drawn.bincount()[3:].min() > 150


def test_truths_choices_and_orders() -> None:
    truth = draws.draw("bernoulli", (0.25,), (4000,), draws.generator(0, "x", 0))
    assert truth.dtype == torch.bool and abs(float(truth.float().mean()) - 0.25) < 0.03
    chosen = draws.choice(draws.generator(0, "x", 0), (300,), [0.5, 2.0])
    assert sorted(set(chosen.tolist())) == [0.5, 2.0]
    orders = draws.draw("permutation", (), (50, 6), draws.generator(0, "x", 0))
    assert (
        torch.equal(orders.sort(-1).values, torch.arange(6).expand(50, 6))
        and len(set(map(tuple, orders.tolist()))) > 40
    )


def test_the_clock_counts_epochs_and_becomes_tensors() -> None:
    clock = Clock.of(7, 10, 3)
    assert (clock.epoch, clock.epochs, clock.progress) == (2, 4, 0.7)
    named = clock.as_tensors(dtype=torch.float64)
    assert named.pop("training") and not replace(clock, training=False).as_tensors()["training"]
    assert all(value.dim() == 0 and value.dtype == torch.float64 for value in named.values())
    assert {name: float(value) for name, value in named.items()} == {
        "step": 7, "steps": 10, "epoch": 2, "epochs": 4, "steps_per_epoch": 3, "progress": 0.7,
    }  # fmt: skip
    assert math.isfinite(Clock.of(0, 0, 0).progress)
