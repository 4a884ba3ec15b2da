"""Each optimiser against a loop over parameters, in float64; rates, clipping and what is left alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import cldsl
from cldsl.catalogue import CatalogueError
from cldsl.runtime.optimisers.catalog import OPTIMISERS, bind_optimiser, optimiser_entry
from cldsl.runtime.optimisers.rule import Rule

STEPS = 4
RATES = (0.3, 0.2, 0.1, 0.05)


def tensors(seed: int) -> list[Tensor]:
    """A matrix, a bias, a matrix of zeros, a scalar, a matrix whose gradient is zero (see `gradients`)."""
    source = torch.Generator().manual_seed(seed)
    shapes: list[tuple[int, ...]] = [(3, 4), (5,), (2, 2), (), (2, 3)]
    made = [torch.randn(shape, generator=source, dtype=torch.float64) for shape in shapes]
    made[2].zero_()
    return made


def gradients(step: int) -> list[Tensor]:
    made = tensors(100 + step)
    made[2] += 0.5
    made[4].zero_()
    return made


def sgd(
    p: Tensor, g: Tensor, s: dict[str, Any], lr: float, momentum: float, decay: float, nesterov: bool = False
) -> Any:
    g = g + decay * p
    s["v"] = g if "v" not in s else momentum * s["v"] + g
    return p - lr * (g + momentum * s["v"] if nesterov else s["v"])


def adam(
    p: Tensor, g: Tensor, s: dict[str, Any], lr: float, decay: float, betas: tuple[float, float], apart: bool
) -> Any:
    p = p * (1 - lr * decay) if apart else p
    g = g if apart else g + decay * p
    s["t"] = s.get("t", 0) + 1
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    return p - lr * (s["m"] / (1 - betas[0] ** s["t"])) / ((s["v"] / (1 - betas[1] ** s["t"])).sqrt() + 1e-8)


def lars(p: Tensor, g: Tensor, s: dict[str, Any], lr: float, decay: float, trust: float, exclude: bool) -> Any:
    if p.dim() > 1 or not exclude:
        g = g + decay * p
        own, its = float(p.norm()), float(g.norm())
        g = g * (trust * own / (its + 1e-8) if own > 0 and its > 0 else 1.0)
    s["v"] = 0.9 * s.get("v", 0) + g
    return p - lr * s["v"]


def larc(p: Tensor, g: Tensor, s: dict[str, Any], lr: float, decay: float, trust: float) -> Any:
    own, its = float(p.norm()), float(g.norm())
    if own > 0 and its > 0:
        g = (g + decay * p) * (trust * own / (its + decay * own + 1e-8))
    return sgd(p, g, s, lr, 0.9, 0.0)


CASES: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("sgd", {}, sgd, {"momentum": 0.0, "decay": 0.0}),
    ("sgd", {"momentum": 0.9, "decay": 0.1}, sgd, {"momentum": 0.9, "decay": 0.1}),
    (
        "sgd",
        {"momentum": 0.9, "nesterov": True, "decay": 0.1},
        sgd,
        {"momentum": 0.9, "decay": 0.1, "nesterov": True},
    ),
    ("adam", {"decay": 0.1}, adam, {"decay": 0.1, "betas": (0.9, 0.999), "apart": False}),
    ("adamw", {"betas": [0.8, 0.9]}, adam, {"decay": 0.01, "betas": (0.8, 0.9), "apart": True}),
    ("lars", {"decay": 0.1}, lars, {"decay": 0.1, "trust": 1e-3, "exclude": True}),
    (
        "lars",
        {"decay": 0.1, "exclude": False, "trust": 0.02},
        lars,
        {"decay": 0.1, "trust": 0.02, "exclude": False},
    ),
    ("larc", {"decay": 0.1}, larc, {"decay": 0.1, "trust": 1e-3}),
]


@pytest.mark.parametrize("entry, options, loop, constants", CASES)
def test_steps_equal_a_loop_over_parameters(entry: str, options: dict[str, Any], loop: Any, constants: Any) -> None:
    parameters = [nn.Parameter(value.clone()) for value in tensors(0)]
    rule = Rule("by_1", entry, [(parameter, 1.0) for parameter in parameters], options)
    expected, states = tensors(0), [{} for _ in parameters]  # type: list[Tensor], list[dict[str, Any]]
    for step, rate in enumerate(RATES):
        rule.place(gradients(step))
        rule.set_rate(rate)
        rule.inner.step()
        expected = [loop(p, g, s, rate, **constants) for p, g, s in zip(expected, gradients(step), states, strict=True)]
    for parameter, value in zip(parameters, expected, strict=True):
        torch.testing.assert_close(parameter.detach(), value, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("entry", [entry.name for entry in OPTIMISERS])
def test_what_gets_no_gradient_or_is_left_out_stays_with_its_moments(entry: str) -> None:
    a, b, c = (nn.Parameter(torch.ones(2, 2)) for _ in range(3))
    rule = Rule("by_1", entry, [(a, 1.0), (b, 1.0), (c, 1.0)], {"decay": 0.5})
    rule.set_rate(0.1)
    rule.place([torch.ones(2, 2), torch.ones(2, 2), None])
    rule.inner.step()
    held = {name: value.clone() for name, value in rule.state({id(a): "a", id(b): "b", id(c): "c"}).items()}
    before = b.detach().clone()
    rule.place([torch.ones(2, 2), torch.ones(2, 2), None], skip=[b])
    rule.inner.step()
    after = rule.state({id(a): "a", id(b): "b", id(c): "c"})
    assert torch.equal(b, before) and torch.equal(c, torch.ones(2, 2)) and not torch.equal(a, before)
    assert not any(name.startswith("c/") for name in after)
    assert all(torch.equal(after[name], held[name]) for name in held if name.startswith("b/"))


def test_a_zero_gradient_still_decays() -> None:
    a = nn.Parameter(torch.ones(2))
    rule = Rule("by_1", "adamw", [(a, 1.0)], {"decay": 0.5})
    rule.set_rate(0.1)
    rule.place([torch.zeros(2)])
    rule.inner.step()
    torch.testing.assert_close(a.detach(), torch.full((2,), 0.95))


def test_a_member_has_its_own_share_of_the_rate_and_counts_once() -> None:
    a, b = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    rule = Rule("by_1", "sgd", [(a, 1.0), (b, 0.1), (a, 5.0)], {})
    start = [p.detach().clone() for p in rule.parameters]
    rule.set_rate(1.0)
    rule.place([torch.ones(2, 2), torch.ones(2, 2)])
    rule.inner.step()
    torch.testing.assert_close(a.weight.detach(), start[0] - 1.0)
    torch.testing.assert_close(b.weight.detach(), start[1] - 0.1)


def test_clip_bounds_the_norm_over_all_parameters() -> None:
    a, b = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))
    rule = Rule("by_1", "sgd", [(a, 1.0), (b, 1.0)], {"clip": 1.0})
    rule.place([torch.tensor([3.0]), torch.tensor([4.0])])
    rule.clip_gradients()
    assert a.grad is not None and b.grad is not None
    torch.testing.assert_close(torch.cat([a.grad, b.grad]), torch.tensor([0.6, 0.8]), rtol=1e-5, atol=0)
    rule.place([torch.tensor([0.3]), torch.tensor([0.4])])
    rule.clip_gradients()
    torch.testing.assert_close(torch.cat([a.grad, b.grad]), torch.tensor([0.3, 0.4]))


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("sgdd", {}, "no optimiser is called sgdd"),
        ("sgd", {"weight_decay": 0.1}, "sgd has no argument weight_decay"),
        ("sgd", {"momentum": 1.5}, "momentum must be at most 1"),
        ("sgd", {"nesterov": True}, "nesterov needs momentum"),
        ("adam", {"betas": [0.9, 1.0]}, "betas lie from 0 to below 1"),
        ("adam", {"betas": 0.9}, "betas must be a pair of numbers"),
    ],
)
def test_options_that_do_not_fit_are_told(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        bind_optimiser(optimiser_entry(name), (0.1,), options)


def test_nothing_to_move_is_told() -> None:
    frozen = nn.Linear(2, 2).requires_grad_(False)
    with pytest.raises(CatalogueError, match="has nothing to move"):
        Rule("by_1", "sgd", [(frozen, 1.0)], {})


def test_the_catalogue_and_the_package_load_without_torch() -> None:
    code = "import sys, cldsl.runtime, cldsl.runtime.optimisers.catalog as c\n"
    code += "print(bool({'torch', 'numpy', 'pydantic'} & sys.modules.keys()), len(c.OPTIMISERS))"
    root = Path(cldsl.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.split() == ["False", str(len(OPTIMISERS))]
