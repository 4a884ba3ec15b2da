"""Entropic transport: given masses, lanes that rest apart, absent rows."""

from __future__ import annotations

import torch
from torch import Tensor

from cldsl.runtime.assignment import sinkhorn
from cldsl.runtime.masses import transport


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).unsqueeze(-1)


def test_the_sums_are_the_masses() -> None:
    first, last = column(0.2, 0.5, 0.3), column(0.1, 0.4, 0.25, 0.25).T
    plan = transport(random(3, 4), first, last, (0, 1), 2000, 1e-12)
    torch.testing.assert_close(plan.sum(1), first[:, 0])
    torch.testing.assert_close(plan.sum(0), last[0])


def test_without_a_test_it_is_the_balanced_plan() -> None:
    scores = random(3, 4)
    plan = transport(scores, torch.tensor(4 / 3).double(), torch.tensor(1.0).double(), (0, 1), 3, 0.0)
    torch.testing.assert_close(plan, sinkhorn(scores, (0, 1), 3))


def test_each_lane_rests_by_itself() -> None:
    scores = torch.stack([0.01 * random(3, 4), 5 * random(3, 4, seed=1)])
    ones = torch.ones((), dtype=torch.float64)
    together = transport(scores, 4 / 3 * ones, ones, (1, 2), 500, 1e-3)
    for lane in range(2):
        torch.testing.assert_close(together[lane], transport(scores[lane], 4 / 3 * ones, ones, (0, 1), 500, 1e-3))


def test_a_captured_graph_does_every_round_and_holds() -> None:
    scores, ones = random(3, 4), torch.ones((), dtype=torch.float64)
    torch._dynamo.reset()

    def plan(x: Tensor) -> Tensor:
        return transport(x, 4 / 3 * ones, ones, (0, 1), 12, 0.05)

    captured = torch.compile(plan, backend="eager", fullgraph=True)
    torch.testing.assert_close(captured(scores), plan(scores))


def test_absent_entries_take_no_part() -> None:
    scores, mask = random(3, 4), torch.ones(3, 4, dtype=torch.bool)
    mask[:, 2] = False
    ones = torch.ones((), dtype=torch.float64)
    spoiled = torch.where(mask, scores, torch.full_like(scores, torch.inf))
    found = transport(spoiled, ones, ones, (0, 1), 30, 1e-6, mask)
    kept = [0, 1, 3]
    torch.testing.assert_close(found[:, kept], transport(scores[:, kept], ones, ones, (0, 1), 30, 1e-6))
    assert (found[:, 2] == 0).all()
