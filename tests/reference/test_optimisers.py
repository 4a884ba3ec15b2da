"""The optimisers' formulas against torch's own, over five steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from cldsl.reference.optimisers import OPTIMISERS, Memory

START = torch.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("name", "options", "theirs"),
    [
        ("sgd", {"lr": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1)),
        (
            "sgd",
            {"lr": 0.1, "momentum": 0.9, "decay": 0.01},
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        ),
        (
            "sgd",
            {"lr": 0.1, "momentum": 0.9, "nesterov": True},
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        ),
        ("adam", {"lr": 0.1, "decay": 0.02}, lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.02)),
        (
            "adamw",
            {"lr": 0.1, "decay": 0.02, "betas": (0.8, 0.99), "eps": 1e-6},
            lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.02, betas=(0.8, 0.99), eps=1e-6),
        ),
    ],
)
def test_as_torch(
    name: str, options: dict[str, Any], theirs: Callable[[list[torch.Tensor]], torch.optim.Optimizer]
) -> None:
    own, memory = START.clone(), Memory()
    other = START.clone().requires_grad_(True)
    optimiser = theirs([other])
    for step in range(5):
        gradient = (own * (step + 1)).sin()
        other.grad = gradient.clone()
        own = OPTIMISERS[name](own, gradient, options, memory)
        optimiser.step()
        assert torch.allclose(own, other.detach(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", ["lars", "larc"])
def test_scaled_step_has_the_length_of_trust_times_the_weights(name: str) -> None:
    gradient = START.cos()
    moved = OPTIMISERS[name](START, gradient, {"lr": 1.0, "momentum": 0.0}, {})
    assert float((moved - START).norm()) == pytest.approx(1e-3 * float(START.norm()), rel=1e-6)


def test_lars_leaves_vectors_unscaled_and_undecayed() -> None:
    vector = START[0]
    moved = OPTIMISERS["lars"](vector, vector.cos(), {"lr": 1.0, "momentum": 0.0, "decay": 0.5}, {})
    assert torch.equal(moved, vector - vector.cos())


def test_larc_without_weights_takes_the_raw_gradient() -> None:
    zero = torch.zeros(2, 2, dtype=torch.float64)
    assert torch.equal(OPTIMISERS["larc"](zero, START, {"lr": 1.0, "decay": 0.5, "momentum": 0.0}, {}), -START)
