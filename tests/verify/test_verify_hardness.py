"""Unseen cases of the hardness-aware losses: ties at the threshold, whole rows kept, low temperatures, other sizes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "hardness-aware.cl"
AUTHOR = "WangFeng18/UnsupervisedLearningCodes@4f817da: objective.py, {}; WangFeng18/InvariancePropagation@cad924e: objective.py, MemoryBank_v1.update_points"


def equations(tau: float, kept: int, weight: float) -> Any:
    def compute(z: Tensor, candidate: Tensor) -> Mapping[str, Tensor | naive.Named]:
        thresholds, masks, hard, simple, hard_simple = [], [], [], [], []
        for i in range(len(z)):
            scores = candidate @ z[i]
            others = [j for j in range(len(scores)) if j != i]
            threshold = scores[others].detach().sort(descending=True).values[kept - 1]
            close = [j for j in others if scores[j] >= threshold]
            thresholds.append(threshold)
            masks.append(torch.tensor([j in close for j in range(len(scores))]))
            hard.append(naive.cross_entropy(scores[[i, *close]] / tau))
            simple.append(weight * scores[others].sum() - scores[i])
            hard_simple.append(weight * scores[close].sum() - scores[i])
        means = {"hard_contrastive": hard, "simple": simple, "hard_simple": hard_simple}
        found: dict[str, Tensor | naive.Named] = {name: torch.stack(rows).mean() for name, rows in means.items()}
        return {
            **found,
            "threshold": (torch.stack(thresholds), "anchor"),
            "hard_mask": (torch.stack(masks), "anchor candidate"),
        }

    return compute


def bank_steps(params: Mapping[str, Any], hard: bool) -> Any:
    def objective(z: Tensor, bank: Tensor, index: Tensor) -> Tensor:
        scores = z @ bank.T
        own = scores[torch.arange(len(index)), index]
        if not hard:
            return (scores.mean(1) - own).mean()
        shares = torch.exp(scores / params["temperature"])
        return -torch.log(
            shares[torch.arange(len(index)), index] / shares.topk(params["kept"], dim=1).values.sum(1) + 1e-7
        ).mean()

    def compute(bank_init: Tensor, weight_init: Tensor, **values: Tensor) -> Mapping[str, Tensor | naive.Named]:
        bank, weight = bank_init.detach(), weight_init.detach()
        found: dict[str, Tensor | naive.Named] = {}
        for step in range(params["steps"]):
            weight.requires_grad_(True)
            index = values[f"index_step{step}"]
            z = naive.unit(values[f"x_step{step}"] @ weight.T)
            loss = objective(z, bank, index)
            (gradient,) = torch.autograd.grad(loss, [weight])
            weight, bank = (weight - params["sgd_lr"] * gradient).detach(), bank.clone()
            bank[index] = naive.unit(params["bank_momentum"] * bank[index] + (1 - params["bank_momentum"]) * z.detach())
            found[f"loss_step{step}"] = loss
            found[f"bank_after_step{step}"] = bank, "slot dim"
            found[f"weight_after_step{step}"] = weight, "dim feature"
            found[f"gradient loss_step{step}/weight"] = gradient, "dim feature"
        return found

    return compute


def bank_case(name: str, kept: int | str, tau: float | str) -> Case:
    params = {
        "samples": 10,
        "items": 4,
        "temperature": tau,
        "kept": kept,
        "bank_momentum": 0.3,
        "sgd_lr": 0.2,
        "steps": 3,
    }
    inputs = {
        "bank_init": (naive.random(10, 3, seed=1) * 0.4, "slot dim"),
        "weight_init": (naive.random(3, 5, seed=2), "dim feature"),
    }
    for step in range(3):
        inputs[f"x_step{step}"] = naive.random(4, 5, seed=10 + step), "item feature"
        inputs[f"index_step{step}"] = naive.shuffled(10, 4, seed=step), "item"
    return naive.case("unseen", AUTHOR.format(name), params, inputs, bank_steps(params, isinstance(kept, int)))


def tied() -> Case:
    z, candidate = naive.unit(naive.random(4, 3, seed=1)), naive.unit(naive.random(9, 3, seed=2))
    candidate[5], candidate[7] = candidate[6], candidate[6]
    inputs = {"z": (z, "anchor dim"), "candidate": (candidate, "candidate dim")}
    gradients = [f"{name}/{wrt}" for name in ("hard_contrastive", "simple", "hard_simple") for wrt in inputs]
    source = "paper equations (hard contrastive loss with per-anchor threshold s_alpha; simple loss)"
    params = {"temperature": 0.1, "kept_negatives": 2, "simple_lambda": 0.3}
    return naive.case("unseen", source, params, inputs, equations(0.1, 2, 0.3), gradients)


CASES = {
    "ties at the threshold": tied(),
    "few are kept, cold": bank_case("HardNegativePointLoss", 3, 0.07),
    "the whole row is kept": bank_case("HardNegativePointLoss", 10, 0.5),
    "simple": bank_case("FlatLoss", "all", "unused"),
}


@pytest.mark.parametrize("name", CASES)
def test_unseen(name: str) -> None:
    for result in verify(SPEC, [CASES[name]]):
        assert result.ok, f"{result.level}: {result.message}"
