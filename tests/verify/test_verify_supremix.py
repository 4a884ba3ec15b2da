"""Unseen cases of mixed pairs: wide and empty windows, equal labels, real-valued labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "supremix.cl"
SOURCE = "Dingyijiang1/Mixup-Your-Own-Pairs@d6152e0: imdb-wiki/train_supremix.py, mixing_func; imdb-wiki/supremix_loss.py, SupConLoss_v2"

#: A candidate: whether it is a positive, its vector, its label.
Candidate = tuple[bool, Tensor, Tensor]


def mixtures(z: Tensor, label: Tensor, share: Tensor, i: int, window: float) -> tuple[list[Candidate], list[Candidate]]:
    """The soft and the exact mixtures of an anchor."""
    soft: list[Candidate] = []
    exact: list[Candidate] = []
    for k in range(len(z)):
        if label[k] != label[i]:
            a = share[i, k].detach()
            soft.append((False, (a * z[i] + (1 - a) * z[k]).detach(), a * label[i] + (1 - a) * label[k]))
        for j in range(len(z)):
            if label[i] - window < label[j] < label[i] < label[k] < label[i] + window:
                b = (label[k] - label[i]) / (label[k] - label[j])
                exact.append((True, (b * z[j] + (1 - b) * z[k]).detach(), label[i]))
    return soft, exact


def losses(p: Mapping[str, Any]) -> Any:
    def loss(anchor: Tensor, label: Tensor, parts: Sequence[tuple[list[Candidate], float]]) -> Tensor:
        """Of an anchor, each group of candidates with a shift of its own."""
        logits = [
            (positive, row @ anchor / p["temperature"] - shift, other)
            for rows, shift in parts
            for positive, row, other in rows
        ]
        weights = [(label - other).abs().detach() + 1 if p["use_weight"] else torch.ones(()) for _, _, other in logits]
        mass = torch.stack([w * logit.exp() for w, (_, logit, _) in zip(weights, logits, strict=True)]).sum()
        return mass.log() - torch.stack([logit for positive, logit, _ in logits if positive]).mean()

    def compute(z: Tensor, label: Tensor, anchor_share: Tensor) -> Mapping[str, Tensor | naive.Named]:
        flat, ages = torch.cat([z[:, 0], z[:, 1]]), label.repeat(2)
        common, literal, counts = [], [], []
        for i in range(len(flat)):
            real: list[Candidate] = [
                (bool(ages[k].detach() == ages[i].detach()), flat[k], ages[k]) for k in range(len(flat)) if k != i
            ]
            soft, exact = mixtures(flat, ages, anchor_share, i, p["window"])
            counts.append((len(soft), len(exact)))
            common.append(loss(flat[i], ages[i], [([*real, *soft, *exact], 0.0)]))
            top = float((flat @ flat[i]).detach().max() / p["temperature"])
            other = max([0.0, *(float((row @ flat[i]).detach()) / p["temperature"] for _, row, _ in [*soft, *exact])])
            literal.append(loss(flat[i], ages[i], [(real, top), ([*soft, *exact], other)]))
        found: dict[str, Tensor | naive.Named] = {
            "loss": torch.stack(common).mean(),
            "loss_literal_code_two_shifts": torch.stack(literal).mean(),
        }
        found["negative_mixtures_per_anchor"] = torch.tensor([soft for soft, _ in counts]), "anchor"
        return {**found, "positive_mixtures_per_anchor": (torch.tensor([exact for _, exact in counts]), "anchor")}

    return compute


def made(labels: Sequence[float], window: float, temperature: float, weighted: bool, dim: int = 3) -> Case:
    params = {
        "items": len(labels), "views": 2, "dim": dim, "window": window, "temperature": temperature, "weight_distance": "L1_inv",
        "use_weight": weighted, "mix_negatives": True, "mix_positives": True,
    }  # fmt: skip
    inputs = {"z": (naive.unit(naive.random(len(labels), 2, dim, seed=6)), "item view dim")}
    inputs["label"] = torch.tensor(labels, dtype=torch.float64), "item"
    inputs["anchor_share"] = naive.random(2 * len(labels), 2 * len(labels), seed=1).sigmoid() / 2, "anchor other"
    return naive.case("unseen", SOURCE, params, inputs, losses(params), ["loss/z", "loss_literal_code_two_shifts/z"])


CASES = {
    "a wide window": made([1, 4, 9, 4, 30], 20, 0.2, weighted=True, dim=4),
    "an empty window": made([1, 2, 3], 0.5, 0.5, weighted=True),
    "one label": made([2, 2, 2], 2, 0.5, weighted=False),
    "labels between": made([1.5, 2.25, 3, 1.5], 4, 0.7, weighted=False),
}


@pytest.mark.parametrize("name", CASES)
def test_unseen(name: str) -> None:
    for result in verify(SPEC, [CASES[name]]):
        assert result.ok, f"{result.level}: {result.message}"
