"""Unseen cases of weighted negatives on graphs: films that share every cluster, lone members, ties of PathSim, empty rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "meow.cl"
CODE = "jianxiangyu/MEOW@6a072d7: code_meow/module"
Outputs = Mapping[str, Tensor | naive.Named]


def losses(tau: float, lam: float) -> Callable[..., Outputs]:
    def compute(z_coarse: Tensor, z_fine: Tensor, **parts: Tensor) -> Outputs:
        count, numbers = len(z_coarse), range(len([name for name in parts if name.startswith("cluster")]))
        weight = torch.zeros(count, count, dtype=torch.float64)
        protos = torch.zeros((), dtype=torch.float64)
        for m in numbers:
            mine, centre, heat = parts[f"cluster_{m}"], parts[f"prototype_{m}"], parts[f"density_{m}"]
            for i in range(count):
                for j in range(count):
                    weight[i, j] += float(mine[i] != mine[j])
                row = torch.stack([z_coarse[i] @ c / h for c, h in zip(centre.detach(), heat.detach(), strict=True)])
                mass = count / len(centre) * row.exp().sum()
                protos = protos - (row[mine[i]].exp() / mass).log() / count / len(numbers)
        info = torch.zeros((), dtype=torch.float64)
        for i in range(count):
            below = sum(weight[i, j] * (z_coarse[i] @ z_fine[j] / tau).exp() for j in range(count))
            info = info - ((z_coarse[i] @ z_fine[i] / tau).exp() / below).log() / count
        return {"weight": (weight, "node other"), "loss_info": info, "loss_proto": protos, "loss": info + lam * protos}

    return compute


def loss_case(count: int, tau: float, *clusterings: list[int]) -> Case:
    inputs: dict[str, naive.Named] = {
        name: (naive.unit(naive.random(count, 4, seed=seed)), "node dim")
        for seed, name in enumerate(("z_coarse", "z_fine"))
    }
    for m, mine in enumerate(clusterings):
        size = max(mine) + 1
        inputs[f"cluster_{m}"] = torch.tensor(mine), "node"
        inputs[f"prototype_{m}"] = naive.unit(naive.random(size, 4, seed=5 + m)), "cluster dim"
        inputs[f"density_{m}"] = naive.random(size, seed=8 + m).exp(), "cluster"
    params = {"tau": tau, "lam_proto": 0.5, "clusterings": len(clusterings)}
    return naive.case(
        "unseen", f"{CODE}/contrast.py, InfoNce, ProtoNCE", params, inputs, losses(tau, 0.5),
        ["loss/z_coarse", "loss/z_fine", "loss_proto/z_coarse"],
    )  # fmt: skip


def densities(tau: float) -> Callable[..., Outputs]:
    def compute(x: Tensor, **centroids: Tensor) -> Outputs:
        found: dict[str, Tensor | naive.Named] = {}
        for m in range(len(centroids)):
            centre = centroids[f"centroid_raw_{m}"]
            mine = [int((centre @ row).argmax()) for row in x]
            spread = []
            for c in range(len(centre)):
                own = [math.sqrt(float((x[i] @ centre[c]).detach())) for i in range(len(x)) if mine[i] == c]
                spread.append(sum(own) / len(own) / math.log(len(own) + 5) if len(own) > 1 else None)
            most = max(each for each in spread if each is not None)
            level = np.array([most if each is None else each for each in spread])
            level = level.clip(np.percentile(level, 10), np.percentile(level, 90))
            found[f"cluster_{m}"] = torch.tensor(mine), "node"
            found[f"prototype_{m}"] = naive.unit(centre), "cluster dim"
            found[f"density_{m}"] = torch.tensor(tau * level / level.mean()), "cluster"
        return found

    return compute


def density_case() -> Case:
    """A cluster of nobody, one of a single node."""
    x = naive.unit(naive.random(9, 3, seed=2).abs())
    far = torch.cat([x[:3], 0.01 * x[3:4]])
    lone = torch.cat([0.9 * x[:4], 3 * x[4:5], 0.8 * x[5:6]])
    inputs = {"x": (x, "node dim"), "centroid_raw_0": (far, "cluster dim"), "centroid_raw_1": (lone, "cluster dim")}
    return naive.case("unseen", f"{CODE}/cluster.py, run_kmeans", {"tau": 0.9}, inputs, densities(0.9))


def links_case() -> Case:
    """Nodes that no path leaves; ties, of which the lowest numbers are kept."""
    links = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 1, 1], [1, 1, 0], [0, 0, 0]])
    count = links @ links.T

    def compute(path_count: Tensor) -> Outputs:
        size = len(path_count)
        alike = torch.zeros(size, size, dtype=torch.float64)
        for i in range(size):
            for j in range(size):
                both = path_count[i, i] + path_count[j, j]
                alike[i, j] = 2 * path_count[i, j] / both if both > 0 else 0
        kept = torch.zeros(size, size, dtype=torch.int64)
        for i in range(size):
            for j in sorted(range(size), key=lambda j: (-float(alike[i, j]), j))[:2]:
                kept[i, j] = path_count[i, j]
        degree = kept.sum(1).double()
        root = torch.where(degree > 0, degree, torch.ones_like(degree)).rsqrt() * (degree > 0)
        return {
            "pathsim": (alike, "node other"),
            "top_adj": (kept, "node other"),
            "adj_norm": (root[:, None] * kept.T * root, "node other"),
        }

    return naive.case(
        "unseen",
        f"{CODE}/preprocess.py, pathsim, normalize_adj",
        {"k": 2},
        {"path_count": (count, "node other")},
        compute,
    )


CASES = {
    "two clusterings": loss_case(7, 0.4, [0, 1, 2, 0, 1, 2, 3], [0, 0, 1, 1, 1, 0, 1]),
    "one clustering, a lone film": loss_case(5, 0.9, [0, 0, 0, 0, 1]),
    "densities": density_case(),
    "links": links_case(),
}


@pytest.mark.parametrize("name", CASES)
def test_unseen(name: str) -> None:
    for result in verify(SPEC, [CASES[name]]):
        assert result.ok, f"{result.level}: {result.message}"
