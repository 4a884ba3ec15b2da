"""Unseen cases of contrasted bags: a bag of one tile, gates, classes of one bag, both ends of the schedule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "sc-mil.cl"
SOURCE = "none (paper equations)"
WEIGHTS = {
    "V": "att feat",
    "U": "att feat",
    "w": "att",
    "W1": "proj feat",
    "b1": "proj",
    "Wc": "class feat",
    "bc": "class",
}


def beta(p: Mapping[str, Any]) -> float:
    part = p["t"] / p["T"]
    cosine = 0.5 * (1 + math.cos(math.pi * part))
    return float({"linear": 1 - part, "parabolic": 1 - part**2, "cosine": cosine}[p["schedule"]])


def joint(z: Tensor, scores: Tensor, label: Tensor, p: Mapping[str, Any]) -> dict[str, Tensor | naive.Named]:
    anchors, found = [], []
    for i in range(len(z)):
        others = [j for j in range(len(z)) if j != i]
        positive = [j for j in others if label[j] == label[i]]
        mass = torch.logsumexp(torch.stack([z[i] @ z[j] / p["tau"] for j in others]), 0)
        terms = [mass - z[i] @ z[j] / p["tau"] for j in positive]
        anchors.append(sum(terms[1:], terms[0]) / len(terms) if terms else 0 * mass)
        found.append(bool(terms))
    each = torch.stack(anchors)
    contrast, entropy = each.sum() / max(1, sum(found)), torch.nn.functional.cross_entropy(scores, label)
    return {
        "per_anchor": (each, "bag"),
        "has_positive": (torch.tensor(found).long(), "bag"),
        "loss_scl_mean_over_all": each.mean(),
        "loss_scl_mean_over_anchors_with_positive": contrast,
        "loss_ce": entropy,
        "beta": torch.tensor(beta(p), dtype=torch.float64),
        "loss": beta(p) * contrast + (1 - beta(p)) * entropy,
    }


@pytest.mark.parametrize(
    ("label", "tau", "schedule", "t"),
    [
        ((0, 0, 0, 0, 0, 1, 1, 2), 0.05, "cosine", 3),
        ((0, 1), 0.5, "linear", 1),
        ((0, 1, 1, 0), 0.1, "parabolic", 10),
        ((2, 2, 2), 1.0, "parabolic", 0),
    ],
)
def test_the_objective(label: tuple[int, ...], tau: float, schedule: str, t: int) -> None:
    params = {"tau": tau, "schedule": schedule, "t": t, "T": 10}

    def compute(bag_embedding: Tensor, class_logits: Tensor, label: Tensor) -> Mapping[str, Tensor | naive.Named]:
        return joint(naive.unit(bag_embedding), class_logits, label, params)

    inputs = {
        "bag_embedding": (naive.random(len(label), 3, seed=1), "bag dim"),
        "class_logits": (naive.random(len(label), 3, seed=2), "bag class"),
        "label": (torch.tensor(label), "bag"),
    }
    gradients = ("loss/bag_embedding", "loss/class_logits", "loss_scl_mean_over_all/bag_embedding")
    for result in verify(SPEC, [naive.case("objective", SOURCE, params, inputs, compute, gradients)]):
        assert result.ok, result.message
        assert result.worst <= 1e-12


@pytest.mark.parametrize("gated", [False, True])
def test_bags_of_one_tile_and_of_several(gated: bool) -> None:
    params = {"tau": 0.5, "gated": gated, "schedule": "parabolic", "t": 2, "T": 10}
    lengths, label = (1, 4, 3, 1, 2), torch.tensor([0, 1, 0, 1, 1])

    def compute(
        instance: Tensor, mask: Tensor, label: Tensor, V: Tensor, w: Tensor, W1: Tensor, b1: Tensor, Wc: Tensor,
        bc: Tensor, U: Tensor | None = None,
    ) -> Mapping[str, Tensor | naive.Named]:  # fmt: skip
        shares, bags = torch.zeros_like(mask), []
        for i, length in enumerate(lengths):
            x = instance[i, :length]
            inner = torch.tanh(x @ V.T) if U is None else torch.tanh(x @ V.T) * torch.sigmoid(x @ U.T)
            share = torch.softmax(inner @ w, 0)
            shares = shares.index_put((torch.tensor(i), torch.arange(length)), share)
            bags.append(share @ x)
        bag = torch.stack(bags)
        z, scores = naive.unit(bag @ W1.T + b1), bag @ Wc.T + bc
        losses = joint(z, scores, label, params)
        return {
            "attention": (shares, "bag instance"),
            "bag_embedding": (bag, "bag feat"),
            "projection": (z, "bag proj"),
            "class_logits": (scores, "bag class"),
            "loss_scl": losses["loss_scl_mean_over_anchors_with_positive"],
            "loss_ce": losses["loss_ce"],
            "loss": losses["loss"],
        }

    sizes = {"att": 4, "feat": 3, "proj": 2, "class": 2}
    weights = {
        name: (naive.random(*(sizes[axis] for axis in axes.split()), seed=seed), axes)
        for seed, (name, axes) in enumerate(WEIGHTS.items())
        if gated or name != "U"
    }
    inputs: dict[str, naive.Named] = {
        "instance": (naive.random(5, 4, 3, seed=20), "bag instance feat"),
        "mask": (torch.tensor([[float(t < length) for t in range(4)] for length in lengths]).double(), "bag instance"),
        "label": (label, "bag"),
        **weights,
    }
    known = naive.case("bags", SOURCE, params, inputs, compute, [f"loss/{name}" for name in ("instance", *weights)])
    for result in verify(SPEC, [known]):
        assert result.ok, result.message
        assert result.worst <= 1e-12
