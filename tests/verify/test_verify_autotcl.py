"""Unseen cases of learned augmentation: one series, short windows, segments with an offset, ties, gates at their edges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "autotcl.cl"
CODE = "AslanDing/AutoTCL@2ca0060"
K = 16


def mmd(x: Tensor, v: Tensor) -> Tensor:
    """Pooled series [item, dim] of both sides."""
    both, b = torch.cat([x, v]), len(x)
    apart = torch.stack([torch.stack([naive.dist2(a, c) for c in both]) for a in both])
    width = apart.detach().sum() / (len(both) ** 2 - len(both)) / 4
    kernel = sum(torch.exp(-apart / (width * 2**power)) for power in range(5))
    assert isinstance(kernel, Tensor)
    return (kernel[:b, :b] + kernel[b:, b:] - kernel[:b, b:] - kernel[b:, :b]).mean()


def local(z: Tensor, start: int) -> Tensor:
    """The first series [time, dim] alone; nothing where it is shorter than the segments."""
    length = z.shape[1] // K
    if length == 0:
        return 0 * z.sum()
    first = naive.unit(z[0])
    part = [first[start + n * length : start + (n + 1) * length].max(0).values for n in range(K)]
    losses = []
    for a in range(K):
        positive = part[a] @ part[a + 1 if a + 1 < K else a - 1]
        skipped = {0: 2, K - 1: K - 3}.get(a)
        others = [part[a] @ part[c] for c in range(K) if abs(c - a) > 1 and c != skipped]
        losses.append(torch.logsumexp(torch.stack([positive, *others]), 0) - positive)
    return torch.stack(losses).mean()


def losses(items: int, time: int, start: int = 0, twins: bool = False) -> Case:
    def compute(z_x: Tensor, z_v: Tensor) -> Mapping[str, Tensor]:
        x, v = z_x.max(1).values, z_v.max(1).values
        scores = naive.unit(x) @ naive.unit(v).T
        return {
            "loss_mmd": mmd(x, v),
            "loss_global": (torch.logsumexp(scores, 1) - scores.diagonal()).mean(),
            "loss_local": local(z_x, start),
        }

    x, v = naive.random(items, time, 3, seed=1), naive.random(items, time, 3, seed=2)
    if twins:
        v[0], v[1] = x[0], v[2]
    named = {"z_x": (x, "item time dim"), "z_v": (v, "item time dim")}
    params = {"temperature": 1.0, "segments": K, "segment_start": start, "kernel_mul": 2.0, "kernel_num": 5}
    reached = [f"loss_{name}/{side}" for name in ("mmd", "global") for side in named]
    reached += ["loss_local/z_x"] if time >= K else []
    return naive.case(
        "unseen", f"{CODE}: models/losses.py, mmdx, infoNCE, local_infoNCE", params, named, compute, reached
    )


def mask(hard: bool, bias: float, stretch: float, channels: int = 1, even: bool = False) -> Case:
    items, time = 3, 7

    def compute(
        weight_h: Tensor, weight_s: Tensor, x: Tensor, uniform: Tensor, probe: Tensor, select0: Tensor, select1: Tensor
    ) -> Mapping[str, Tensor | naive.Named]:
        noise = (2 * bias - 1) * uniform + 1 - bias
        gate = torch.sigmoid(torch.log(noise) - torch.log(1 - noise) + weight_h)
        soft = (gate * (1 + stretch) - stretch).clamp(0, 1)
        made = soft + ((torch.sign(soft - 0.5) + 1) / 2 - soft).detach() if hard else soft
        view = weight_s * made * x
        terms = []
        for row in range(items):
            for a, b in zip(select0.tolist(), select1.tolist(), strict=True):
                for channel in range(channels):
                    h = weight_h[row, :, channel]
                    far = (h[a] - h[b]).abs()
                    terms.append((far if b - a > 1 else 1 - far) + (h[a] - h[a - 1]).abs() + (h[a] - h[a + 1]).abs())
        axes = "item time channel"
        return {
            "mask_soft": (soft, axes),
            "mask": (made, axes),
            "x_aug": (view, axes),
            "probe_value": (view * probe).sum(),
            "loss_sparse": torch.relu(weight_h.sum(2).mean() - 0.4),
            "loss_consistency": torch.stack(terms).mean(),
        }

    shape = items, time, channels
    h = torch.sigmoid(naive.random(*shape, seed=3))
    uniform = torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    if even:  # the gate is a half exactly, the weights are 0: the rounded gate is neither open nor closed
        h, uniform = torch.zeros_like(h), torch.full_like(uniform, 0.5)
    inputs = {
        "weight_h": (h, "item time channel"),
        "weight_s": (torch.sigmoid(naive.random(*shape, seed=5)), "item time channel"),
        "x": (naive.random(*shape, seed=6), "item time channel"),
        "uniform": (uniform, "item time channel"),
        "probe": (naive.random(*shape, seed=7), "item time channel"),
        "select0": (torch.tensor([1, 4, 5]), "item"),
        "select1": (torch.tensor([4, 1, 5]), "item"),
    }
    params = {"hard": hard, "gumbel_bias": bias, "gamma_zeta": stretch, "zeta": 1.0, "reg_threshold": 0.4}
    source = f"{CODE}: AutoTCL_CoST.py, _sample_graph, get_features, regular_consistency, fit"
    reached = ["probe_value/weight_h", "probe_value/weight_s", "loss_sparse/weight_h", "loss_consistency/weight_h"]
    return naive.case("unseen", source, params, inputs, compute, reached)


CASES = {
    "one series": losses(1, 20),
    "windows shorter than the segments": losses(3, 9),
    "segments of three with an offset": losses(4, 55, start=7),
    "views that are the series, and twins": losses(4, 16, twins=True),
    "a hard gate, stretched to close": mask(True, 0.001, 0.6),
    "a hard gate of two channels": mask(True, 0.2, 0.05, channels=2),
    "a soft gate of three channels, stretched": mask(False, 0.01, 0.8, channels=3),
    "a gate that is a half": mask(True, 0.05, 0.0, even=True),
}


@pytest.mark.parametrize("name", CASES)
def test_unseen(name: str) -> None:
    for result in verify(SPEC, [CASES[name]]):
        assert result.ok, f"{result.level}: {result.message}"
