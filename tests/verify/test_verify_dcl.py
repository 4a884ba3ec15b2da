"""Unseen cases of the decoupled loss: two items, small sigma, a temperature at which the additive mask leaks, duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "dcl.cl"
LEAK = -103.61632918473205
THIRD = "raminnakhli/Decoupled-Contrastive-Learning@0b9b76d: loss/dcl.py, "
LIBRARY = "lightly-ai/lightly@30b2e45: lightly/loss/dcl_loss.py, "
PAPER = "paper Eq. 6"


def direction(a: Tensor, b: Tensor, w: Tensor, tau: float, kind: str) -> tuple[Tensor, Tensor]:
    """Means over the anchors `a`: of the loss of that kind, and with exact exclusion."""
    rows, exact = [], []
    for i in range(len(a)):
        same, cross = a @ a[i] / tau, b @ a[i] / tau
        others = [j for j in range(len(a)) if j != i]
        own = w[i] * cross[i]
        exact.append(torch.logsumexp(torch.cat([same[others], cross[others]]), 0) - own)
        if kind == "leaky":
            shift = torch.zeros(len(a), dtype=torch.float64)
            shift[i] = LEAK
            rows.append(torch.logsumexp(torch.cat([same + shift, cross + shift]), 0) - own)
        elif kind == "two logarithms":
            rows.append(torch.logsumexp(same[others], 0) + torch.logsumexp(cross[others], 0) - own)
        else:
            rows.append(exact[-1])
    return torch.stack(rows).mean(), torch.stack(exact).mean()


def losses(tau: float, sigma: float | None, detached: bool, kind: str) -> Any:
    def compute(embedding_1: Tensor, embedding_2: Tensor) -> Mapping[str, Tensor | naive.Named]:
        z = [torch.nn.functional.normalize(e, dim=1, eps=1e-12) for e in (embedding_1, embedding_2)]
        similar = (z[0] * z[1]).sum(1)
        w = torch.ones(len(similar), dtype=torch.float64)
        if sigma is not None:
            w = 2 - len(w) * torch.softmax((similar.detach() if detached else similar) / sigma, 0)
        one, exact_one = direction(z[0], z[1], w, tau, kind)
        two, exact_two = direction(z[1], z[0], w, tau, kind)
        found: dict[str, Tensor | naive.Named] = {"loss_12": one, "loss_21": two, "loss": (one + two) / 2}
        found["loss_exact_exclusion"] = (exact_one + exact_two) / 2
        return found if sigma is None else {**found, "weight_12": (w, "item")}

    return compute


def made(
    source: str,
    kind: str,
    items: int,
    tau: float,
    sigma: float | None = None,
    detached: bool = False,
    twins: bool = False,
) -> Case:
    one = naive.random(items, 4, seed=2)
    two = one + 0.5 * naive.random(items, 4, seed=3)
    if twins:
        one[1], two[1] = one[0], two[0]
    params = {
        "tau": tau,
        "sigma": "none" if sigma is None else sigma,
        "weight_detached": detached,
        "normalize_eps": 1e-12,
    }
    inputs = {"embedding_1": (one, "item dim"), "embedding_2": (two, "item dim")}
    gradients = ["loss/embedding_1", "loss/embedding_2"]
    return naive.case("unseen", source, params, inputs, losses(tau, sigma, detached, kind), gradients)


CASES = {
    "two items": made(PAPER, "exact", 2, 0.2),
    "two items, leaky": made(THIRD + "DCL", "leaky", 2, 0.07),
    "the mask leaks": made(THIRD + "DCL", "leaky", 5, 0.005),
    "the mask leaks, weighted": made(THIRD + "DCLW", "leaky", 5, 0.005, 0.5),
    "small sigma": made(THIRD + "DCLW", "leaky", 5, 0.07, 0.02),
    "small sigma, detached": made(PAPER, "exact", 5, 0.07, 0.02, detached=True),
    "exact and weighted": made(PAPER, "exact", 6, 0.07, 0.3),
    "exact, cold": made(PAPER, "exact", 4, 0.005),
    "duplicates": made(THIRD + "DCL", "leaky", 4, 0.07, twins=True),
    "library": made(LIBRARY + "DCLLoss", "two logarithms", 5, 0.1),
    "library, weighted": made(LIBRARY + "DCLWLoss", "two logarithms", 5, 0.1, 0.5, detached=True),
}


@pytest.mark.parametrize("name", CASES)
def test_unseen(name: str) -> None:
    for result in verify(SPEC, [CASES[name]]):
        assert result.ok, f"{result.level}: {result.message}"


def test_the_leak_is_seen() -> None:
    """At the temperature of the leak the two readings differ: the comparison is able to fail."""
    leaky = CASES["the mask leaks"]
    (result,) = verify(
        SPEC, [Case(leaky.name, PAPER, leaky.params, leaky.inputs, leaky.outputs, leaky.gradients)], levels=["0"]
    )
    assert not result.ok
    assert "relative error" in result.message
