"""Unseen cases of swapped assignments: fewer items than prototypes, one crop that makes codes, filled queues, twins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "swav.cl"
SOURCE = "facebookresearch/swav@06b1b7c: main_swav.py, train + distributed_sinkhorn (apex stubbed)"


def sinkhorn(scores: Tensor, epsilon: float, rounds: int = 3) -> Tensor:
    """[item, prototype]: prototypes first, items last and exact."""
    plan = torch.exp(scores / epsilon)
    plan = plan / plan.sum()
    for _ in range(rounds):
        plan = plan / plan.sum(0, keepdim=True) / plan.shape[1]
        plan = plan / plan.sum(1, keepdim=True) / plan.shape[0]
    return plan * plan.shape[0]


def codes(z: Tensor, prototypes: Tensor, rows: Tensor | None, epsilon: float) -> Tensor:
    """The codes of one crop, balanced together with the queue's rows where it is full."""
    scores = (z @ prototypes.T).detach()
    if rows is None or bool((rows[-1] == 0).all()):
        return sinkhorn(scores, epsilon)
    return sinkhorn(torch.cat([rows @ prototypes.T, scores]).detach(), epsilon)[-len(z) :]


def steps(params: Mapping[str, Any]) -> Any:
    makers: Sequence[int] = params["crops_for_assign"]

    def objective(z: Tensor, prototypes: Tensor, targets: Sequence[Tensor]) -> Tensor:
        terms = []
        for maker, target in zip(makers, targets, strict=True):
            others = [crop for crop in range(len(z)) if crop != maker]
            each = [
                -(target * torch.log_softmax(z[o] @ prototypes.T / params["temperature"], 1)).sum(1).mean()
                for o in others
            ]
            terms.append(torch.stack(each).mean())
        return torch.stack(terms).mean()

    def compute(
        prototypes_init: Tensor, embedding: Tensor, queue_init: Tensor | None = None
    ) -> Mapping[str, Tensor | naive.Named]:
        prototypes = prototypes_init.detach()
        queue = None if queue_init is None else queue_init.detach()
        losses: list[Tensor] = []
        plans: list[Tensor] = []
        moved: list[Tensor] = []
        queues: list[Tensor] = []
        gradients: list[Tensor] = []
        for step in range(len(embedding)):
            prototypes = naive.unit(prototypes).detach().requires_grad_(True)
            z = naive.unit(embedding[step])
            targets = [
                codes(z[crop], prototypes, None if queue is None else queue[n], params["epsilon"])
                for n, crop in enumerate(makers)
            ]
            loss = objective(z, prototypes, targets)
            (gradient,) = torch.autograd.grad(loss, [prototypes], retain_graph=True)
            if step < params["freeze_prototypes_niters"]:
                gradient = torch.zeros_like(gradient)
            prototypes = (prototypes - params["lr"] * gradient).detach()
            if queue is not None:
                queue = torch.cat([z[makers].detach(), queue], 1)[:, : queue.shape[1]]
                queues.append(queue)
            for values, value in (
                (losses, loss),
                (plans, torch.stack(targets)),
                (moved, prototypes),
                (gradients, gradient),
            ):
                values.append(value)
        found: dict[str, Tensor | naive.Named] = {
            "only loss": torch.stack(losses).sum(),
            "loss_per_step": (torch.stack(losses), "step"),
        }
        found["assignment"] = torch.stack(plans), "step assign_crop item prototype"
        found["prototypes_after_step"] = torch.stack(moved), "step prototype dim"
        found["gradient loss/prototypes"] = torch.stack(gradients), "step prototype dim"
        return (
            found
            if queue is None
            else {**found, "queue_after_step": (torch.stack(queues), "step assign_crop slot dim")}
        )

    return compute


def made(
    count: int,
    crops: int,
    items: int,
    words: int,
    makers: Sequence[int],
    slots: int = 0,
    filled: int = 0,
    frozen: int = 0,
    twins: bool = False,
) -> Case:
    params = {
        "temperature": 0.1, "epsilon": 0.05, "sinkhorn_iterations": 3, "crops_for_assign": list(makers), "n_crops": crops,
        "queue_length": slots, "freeze_prototypes_niters": frozen, "lr": 0.5, "optimizer": "plain SGD", "world_size": 1,
    }  # fmt: skip
    embedding = naive.random(count, crops, items, 4, seed=1)
    if twins:
        embedding[:, :, 1] = embedding[:, :, 0]
    inputs = {
        "prototypes_init": (naive.random(words, 4, seed=2), "prototype dim"),
        "embedding": (embedding, "step crop item dim"),
    }
    if slots:
        queue = torch.zeros(len(makers), slots, 4, dtype=torch.float64)
        queue[:, :filled] = naive.unit(naive.random(len(makers), filled, 4, seed=3))
        inputs["queue_init"] = queue, "assign_crop slot dim"
    return naive.case("unseen", SOURCE, params, inputs, steps(params), ["loss/embedding"])


def plan_case() -> Case:
    scores = naive.unit(naive.random(3, 4, seed=8)) @ naive.unit(naive.random(7, 4, seed=9)).T

    def compute(scores: Tensor) -> Mapping[str, naive.Named]:
        plan = sinkhorn(scores, 0.05)
        return {
            "assignment": (plan, "item prototype"),
            "row_sum": (plan.sum(1), "item"),
            "column_sum": (plan.sum(0), "prototype"),
        }

    source = "facebookresearch/swav@06b1b7c: main_swav.py, distributed_sinkhorn"
    return naive.case(
        "unseen", source, {"epsilon": 0.05, "iterations": 3}, {"scores": (scores, "item prototype")}, compute
    )


CASES = {
    "fewer items than prototypes": made(1, 3, 2, 5, [0, 1]),
    "one crop makes codes": made(2, 3, 4, 3, [0]),
    "another crop makes codes": made(2, 3, 4, 3, [1]),
    "twins": made(1, 4, 4, 3, [0, 1], twins=True),
    "a full queue at the start": made(3, 3, 2, 3, [0, 1], slots=4, filled=4),
    "a queue half full, frozen": made(3, 3, 2, 3, [0, 1], slots=6, filled=2, frozen=2),
    "one crop with a queue": made(4, 3, 2, 3, [0], slots=4, frozen=1),
    "a plan": plan_case(),
}


@pytest.mark.parametrize("name", CASES)
def test_unseen(name: str) -> None:
    for result in verify(SPEC, [CASES[name]]):
        assert result.ok, f"{result.level}: {result.message}"
