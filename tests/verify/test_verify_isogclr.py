"""Unseen cases of individual temperatures: later epochs, first visits in them, clipped slopes, other sizes and rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "isogclr.cl"
REPOSITORY = "zhqiu/contrastive-learning-iSogCLR@c20903b: "
LIBRARY = "Optimization-AI/LibAUC@812f98f: libauc/losses/contrastive.py, GCLoss_v2.forward (individual_learnable)"


class Table:
    """Numbers of each sample."""

    def __init__(self, samples: int, tau: float) -> None:
        self.s, self.u, self.b = (torch.zeros(samples, dtype=torch.float64) for _ in range(3))
        self.tau = torch.full((samples,), tau, dtype=torch.float64)

    def turned(self, k: Tensor, slope: Tensor, beta: float, eta: float, low: float, high: float) -> None:
        """The slope is smoothed, the temperature takes a step and is kept in its range."""
        self.u[k] = (1 - beta) * self.u[k] + beta * slope
        self.tau[k] = (self.tau[k] - eta * self.u[k]).clamp(low, high)

    def after(self, step: int, names: Mapping[str, str]) -> dict[str, naive.Named]:
        return {f"{name}_after_step{step}": (getattr(self, own).clone(), "sample") for name, own in names.items()}


def one_modality(p: Mapping[str, Any], epochs: Sequence[int]) -> Any:
    def anchor(z: Tensor, i: int, v: int, tau: Tensor, old: Tensor, epoch: int) -> tuple[Tensor, Tensor, Tensor]:
        similar = torch.stack([z[j, w] @ z[i, v] for j in range(len(z)) for w in range(2) if j != i])
        scaled = (similar / tau).detach()
        now = scaled.exp().mean()
        if epoch:
            now = (1 - p["gamma"]) * old + p["gamma"] * now
        loss = (scaled.exp() / now * similar).mean() - z[i, v] @ z[i, 1 - v]
        return loss, now, now.log() + p["rho"] - (scaled.exp() / now * scaled).mean()

    def compute(**values: Tensor) -> Mapping[str, Tensor | naive.Named]:
        table = Table(p["samples"], p["tau_init"])
        found: dict[str, Tensor | naive.Named] = {}
        for step in range(p["steps"]):
            z, index = values[f"z_step{step}"], values[f"index_step{step}"]
            rows = [
                [anchor(z, i, v, table.tau[k].clone(), table.s[k].clone(), epochs[step]) for v in range(2)]
                for i, k in enumerate(index)
            ]
            loss = torch.stack([each[0] for row in rows for each in row]).sum() / len(z)
            for k, row in zip(index, rows, strict=True):
                table.s[k] = (row[0][1] + row[1][1]) / 2
                slope = ((row[0][2] + row[1][2]) / 2).clamp(-p["grad_clip"], p["grad_clip"])
                table.turned(k, slope, p["beta_u"], p["eta_init"], p["tau_min"], p["tau_max"])
            found[f"loss_step{step}"] = loss
            found[f"gradient loss_step{step}/z_step{step}"] = torch.autograd.grad(loss, [z])[0], "item view dim"
            found.update(table.after(step, {"s": "s", "u": "u", "tau": "tau"}))
        return found

    return compute


def side(p: Mapping[str, Any], table: Table, similar: Tensor, index: Tensor, epoch: int, library: bool) -> Tensor:
    """The loss of one side, its table moved."""
    own = torch.diagonal(similar)
    gamma = 1.0 if library and epoch == 0 and float(table.s[index].sum()) == 0 else p["gamma"]
    terms = []
    for i, k in enumerate(index):
        difference = similar[i] - own[i]
        scaled = (difference / table.tau[k]).detach()
        top = torch.maximum(table.b[k], scaled.max())
        shares = (scaled - top).exp()
        if library:
            shares[i] = 0
        now = (1 - gamma) * table.s[k] * (table.b[k] - top).exp() + gamma * shares.sum() / (len(index) - 1)
        weights = shares / (now.clamp(min=p["eps"]) if library else now + p["eps"])
        terms.append((weights * difference).sum() / (1 if library else len(index) - 1))
        slope = now.log() + top + p["rho" if library else "rho_init"] - (weights * scaled).sum() / (len(index) - 1)
        if not library:
            slope = slope.clamp(-p["grad_clip"], p["grad_clip"])
        table.s[k], table.b[k] = now, top
        table.turned(
            k,
            slope,
            p["beta" if library else "beta_u"],
            p["eta" if library else "eta_init"],
            p["tau_min"],
            p["tau_max"],
        )
    return torch.stack(terms).mean()


def two_modalities(p: Mapping[str, Any], epochs: Sequence[int], library: bool) -> Any:
    def compute(**values: Tensor) -> Mapping[str, Tensor | naive.Named]:
        tables = {name: Table(p["samples"], p["tau" if library else "tau_init"]) for name in "IT"}
        found: dict[str, Tensor | naive.Named] = {}
        for step in range(p["steps"]):
            leaves = {name: values[f"{name}_z_step{step}"] for name in ("image", "text")}
            similar = leaves["image"] @ leaves["text"].T
            loss = torch.zeros((), dtype=torch.float64)
            for name, word, each in (("I", "image_", similar), ("T", "text_", similar.T)):
                index = values[f"{'' if library else word}index_step{step}"]
                loss = loss + side(p, tables[name], each, index, epochs[step], library) / (2 if library else 1)
                found.update(tables[name].after(step, {f"{own}_{name}": own for own in ("s", "u", "b", "tau")}))
            found[f"loss_step{step}"] = loss
            for name, gradient in zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True):
                found[f"gradient loss_step{step}/{name}_z_step{step}"] = gradient, "item dim"
        return found

    return compute


def one_case(samples: int, items: int, epochs: Sequence[int]) -> Case:
    params = {
        "gamma": 0.6, "tau_init": 0.2, "tau_min": 0.05, "tau_max": 0.9, "rho": 0.3, "eta_init": 0.1, "beta_u": 0.4, "samples": samples,
        "items": items, "views": 2, "grad_clip": 0.5, "steps": len(epochs), "epoch_of_each_step": str(list(epochs)),
    }  # fmt: skip
    inputs: dict[str, naive.Named] = {}
    for step in range(len(epochs)):
        inputs[f"index_step{step}"] = naive.shuffled(samples, items, seed=step), "item"
        inputs[f"z_step{step}"] = naive.unit(naive.random(items, 2, 3, seed=20 + step)), "item view dim"
    return naive.case(
        "unseen",
        REPOSITORY + "unimodal_exps/losses.py, SogCLR_DRO_Loss.forward",
        params,
        inputs,
        one_modality(params, epochs),
    )


def two_case(samples: int, items: int, epochs: Sequence[int], library: bool, tau: float = 0.05) -> Case:
    params: dict[str, Any] = {
        "gamma": 0.7,
        "samples": samples,
        "items": items,
        "steps": len(epochs),
        "tau_min": 0.01,
        "tau_max": 0.9,
    }
    own: dict[str, Any] = {
        "tau_init": tau,
        "rho_init": 5.0,
        "eta_init": 0.02,
        "beta_u": 0.8,
        "eta_sched": "const",
        "grad_clip": 1.5,
        "eps": 1e-10,
    }
    if library:
        own = {"tau": tau, "rho": 5.0, "eta": 0.02, "beta": 0.8, "epoch_of_each_step": str(list(epochs)), "eps": 1e-20}
    params.update(own)
    inputs: dict[str, naive.Named] = {}
    for step in range(len(epochs)):
        for n, name in enumerate(("",) if library else ("image_", "text_")):
            inputs[f"{name}index_step{step}"] = naive.shuffled(samples, items, seed=step + 50 * n), "item"
        for n, name in enumerate(("image", "text")):
            inputs[f"{name}_z_step{step}"] = naive.unit(naive.random(items, 3, seed=20 + 20 * n + step)), "item dim"
    source = LIBRARY if library else REPOSITORY + "bimodal_exps/models/losses.py, SogCLR_DRO_Loss.forward"
    return naive.case("unseen", source, params, inputs, two_modalities(params, epochs, library))


CASES = {
    "three epochs": one_case(9, 3, [0, 0, 1, 2]),
    "first visits after the first epoch": one_case(5, 5, [1, 1]),
    "the library, first visits in a later epoch": two_case(8, 3, [0, 0, 1, 1], library=True),
    "the repository, cold": two_case(7, 5, [0, 0, 0], library=False, tau=0.02),
    "the repository, two items": two_case(4, 2, [0, 0], library=False),
}


@pytest.mark.parametrize("name", CASES)
def test_unseen(name: str) -> None:
    for result in verify(SPEC, [CASES[name]]):
        assert result.ok, f"{result.level}: {result.message}"
