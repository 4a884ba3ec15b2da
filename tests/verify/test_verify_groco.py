"""Unseen cases of learning by sorting: lists of two lengths, gradients of candidates, ties, steepness, NT-Xent of views."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "groco.cl"
REPOSITORY = "ninatu/learning_by_sorting@47c074e: learning_by_sorting/losses/"
SORTED = REPOSITORY + "groco.py, GroCo; diffsort 0.2.0: functional.execute_sort"


def network(x: Tensor, steepness: float) -> Tensor:
    """[slot, place] of one list, swap after swap."""
    values, columns = list(x), list(torch.eye(len(x), dtype=torch.float64))
    for layer in range(len(x)):
        for low in range(layer % 2, len(x) - 1, 2):
            keep = 0.5 + torch.atan(steepness * (values[low + 1] - values[low])) / math.pi
            for both in (values, columns):
                a, b = both[low], both[low + 1]
                both[low], both[low + 1] = keep * a + (1 - keep) * b, (1 - keep) * a + keep * b
    return torch.stack(columns, 1)


def grouped(nearest: int, steepness: float, full: int, stopped: bool) -> Any:
    def compute(projection: Tensor) -> Mapping[str, Tensor | naive.Named]:
        candidates = projection.detach() if stopped else projection
        views, items = projection.shape[:2]
        losses = []
        for v in range(views):
            shares, targets = [], []
            for i in range(items):
                here = projection[v, i]
                high = torch.stack([naive.cos(here, candidates[w, i]) for w in range(full) if w != v]).sort().values
                low = torch.stack([naive.cos(here, candidates[v, j]) for j in range(items) if j != i])
                low = low.topk(nearest).values.sort().values
                mixed = network(torch.cat([low, high]), steepness)
                shares.append(torch.stack([mixed[:, :nearest].sum(1), mixed[:, nearest:].sum(1)]).clamp(0, 1))
                is_low = (torch.arange(len(mixed)) < nearest).double()
                targets.append(torch.stack([is_low, 1 - is_low]))
            losses.append(torch.nn.functional.binary_cross_entropy(torch.stack(shares), torch.stack(targets)))
        each = torch.stack(losses)
        return {"loss": each.mean(), "loss_per_anchor_view": (each, "view")}

    return compute


def pairs_of_views(tau: float, full: int) -> Any:
    """The mean of the two-view loss over pairs, one of them full; other items' views are all negatives."""

    def compute(projection: Tensor) -> Mapping[str, Tensor]:
        views, items = projection.shape[:2]
        parts = []
        for v in range(views):
            for w in range(views):
                if v == w or min(v, w) >= full:
                    continue
                for i in range(items):
                    here = projection[v, i]
                    others = [naive.cos(here, projection[u, j]) for u in range(views) for j in range(items) if j != i]
                    parts.append(naive.cross_entropy(torch.stack([naive.cos(here, projection[w, i]), *others]) / tau))
        return {"loss": torch.stack(parts).mean()}

    return compute


def sorted_case(
    views: int, nearest: int, steepness: float, full: int, stopped: bool, projection: Tensor | None = None
) -> Case:
    projection = naive.random(views, 5, 4, seed=3) if projection is None else projection
    params = {"steepness": steepness, "topk_neg": nearest, "n_views": views, "n_pos_views": full, "stop_grad": stopped}
    compute = grouped(nearest, steepness, full, stopped)
    return naive.case(
        "unseen", SORTED, params, {"projection": (projection, "view item dim")}, compute, ["loss/projection"]
    )


def softmax_case(views: int, full: int | None) -> Case:
    source = REPOSITORY + "nt_xent_all_combinations.py, NT_XentAllCombinations"
    params = {"tau": 0.1, "n_views": views, "n_pos_views": full}
    inputs = {"projection": (naive.random(views, 4, 4, seed=5), "view item dim")}
    compute = pairs_of_views(0.1, views if full is None else full)
    return naive.case("unseen", source, params, inputs, compute, ["loss/projection"])


def tied() -> Tensor:
    """Two equal items, a positive that points away, an equal positive."""
    projection = naive.random(2, 6, 4, seed=1)
    projection[:, 1] = projection[:, 2]
    projection[1, 0] = -projection[0, 0]
    projection[1, 3] = projection[0, 3]
    return projection


CASES = {
    "two list lengths": sorted_case(4, 3, 1.0, 2, stopped=True),
    "two list lengths, candidates move": sorted_case(4, 2, 1.0, 2, stopped=False),
    "steep": sorted_case(2, 3, 50.0, 2, stopped=True),
    "steep, candidates move": sorted_case(3, 3, 50.0, 3, stopped=False),
    "ties": sorted_case(2, 4, 1.0, 2, stopped=True, projection=tied()),
    "NT-Xent of three views": softmax_case(3, 3),
    "NT-Xent with small crops": softmax_case(3, 2),
    "NT-Xent of all views": softmax_case(3, None),
}


@pytest.mark.parametrize("name", CASES)
def test_unseen(name: str) -> None:
    for result in verify(SPEC, [CASES[name]]):
        assert result.ok, f"{result.level}: {result.message}"
