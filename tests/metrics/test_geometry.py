"""Uniformity, tolerance and their kin against a recorded case and against naive double loops."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.metrics import inputs
from cldsl.metrics.geometry import alignment, effective_classes, effective_rank, tolerance, uniformity

# The recorded case: seven unit rows of four numbers, three classes.
RECORDED = [
    [0.7064181844644823, 0.06377939671564146, 0.5003460939896931, -0.49654740301581546],
    [0.3907200608099824, -0.7468441916575057, 0.5070369983783763, 0.18020840641750563],
    [0.16913323235008235, -0.04345199862278, 0.7924377559678688, 0.5844213175844182],
    [-0.09928628202622446, -0.9440787268184371, -0.210117019559905, 0.23389833231887378],
    [-0.7369165185888883, -0.2499325357477151, 0.05253810379750124, -0.6258813943990608],
    [-0.926835628862451, -0.21787347881802163, -0.01092944088724275, 0.3055935398871687],
    [-0.1164988706853396, 0.3180933925079645, 0.9040557872573775, 0.26062950772745963],
]
LABEL = [0, 1, 0, 2, 1, 1, 0]


def recorded() -> tuple[Tensor, Tensor]:
    return torch.tensor(RECORDED, dtype=torch.float64), torch.tensor(LABEL)


def test_recorded_case() -> None:
    z, label = recorded()
    assert uniformity(z, t=2.0) == pytest.approx(-2.606073055402559, rel=1e-12)
    assert tolerance(z, label) == pytest.approx(0.2545723797343971, rel=1e-12)
    assert tolerance(z, label, over="all") == pytest.approx(0.07273496563839917, rel=1e-12)


@pytest.mark.parametrize("block", [1, 20, 1 << 22])
def test_uniformity_is_the_double_loop_in_any_chunks(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "BLOCK", block)
    z = 3 * torch.randn(9, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    pairs = [math.exp(-0.7 * float((a - b).square().sum())) for a, b in itertools.combinations(z, 2)]
    assert uniformity(z, t=0.7) == pytest.approx(math.log(sum(pairs) / len(pairs)), rel=1e-12)


def test_uniformity_does_not_underflow() -> None:
    z = torch.tensor([[0.0], [100.0]])
    assert uniformity(z) == pytest.approx(-20000.0)
    assert uniformity(torch.zeros(3, 2)) == pytest.approx(0.0, abs=1e-15)
    with pytest.raises(CatalogueError, match="needs two rows"):
        uniformity(z[:1])


def test_uniformity_never_holds_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    whole = torch.logsumexp

    def spy(x: Tensor, dim: int) -> Tensor:
        seen.append(x.numel())
        return whole(x, dim)

    monkeypatch.setattr(inputs, "BLOCK", 1000)
    monkeypatch.setattr(torch, "logsumexp", spy)
    uniformity(torch.randn(200, 3))
    assert max(seen) <= 1000


def test_tolerance_uses_directions_and_is_zero_without_pairs() -> None:
    z, label = recorded()
    stretched = z * torch.arange(1, 8, dtype=torch.float64)[:, None]
    assert tolerance(stretched, label) == pytest.approx(tolerance(z, label), rel=1e-12)
    assert tolerance(z, torch.arange(7)) == 0.0
    assert tolerance(z, torch.arange(7), over="all") == 0.0
    with pytest.raises(CatalogueError, match="7 rows but 6 labels"):
        tolerance(z, label[:6])


def test_alignment_by_hand() -> None:
    assert alignment(torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[1.0, 0.0], [3.0, 4.0]])) == 14.5
    with pytest.raises(CatalogueError, match="one shape"):
        alignment(torch.zeros(2, 3), torch.zeros(2, 2))


def test_effective_rank_by_hand() -> None:
    assert effective_rank(torch.eye(5)) == pytest.approx(5.0)
    assert effective_rank(torch.ones(5, 3)) == pytest.approx(1.0)
    assert effective_rank(torch.ones(5, 3), centre=True) == 0.0
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert effective_rank(torch.tensor([[3.0, 0.0], [0.0, 1.0]])) == pytest.approx(math.exp(entropy))


def test_effective_classes_by_hand() -> None:
    p = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert effective_classes(p) == pytest.approx(2.0)
    assert effective_classes(p, each=True) == pytest.approx(1.0)
