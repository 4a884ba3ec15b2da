"""Unseen cases of attraction and repulsion: more views, each ablation, debiasing, queues, both costs of the large form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "cacr.cl"
REPOSITORY = "JegZheng/CACR-SSL@fbc9d94: "
SMALL = REPOSITORY + "small_scale_experiments/losses/__init__.py, our_loss1 + our_loss2"
FRAME = REPOSITORY + "large_scale_shift_experiments/webvision/ours/builder.py, MoCo.forward"
LARGE = REPOSITORY + "imagenet_pretraining/moco/builder.py, MoCo."


def small(p: Mapping[str, Any]) -> Any:
    def attraction(z: Tensor, v: int) -> tuple[Tensor, Tensor]:
        cost = torch.stack([p["alpha"] * naive.dist2(z[v], z[w]) for w in range(len(z)) if w != v], 1)
        weights = torch.softmax(p["tau_pos"] * cost / p["alpha"], 1)
        return (cost.mean() if p["choice"] in ("none", "without_w1") else (cost * weights).sum(1).mean()), weights

    def repulsion(z: Tensor, v: int, w: int) -> tuple[Tensor, Tensor]:
        items = range(z.shape[1])
        cost = torch.stack(
            [torch.stack([-p["beta"] * naive.dist2(z[v, i], z[w, j]) for j in items if j != i]) for i in items]
        )
        weights = torch.softmax(p["tau_neg"] * cost / p["beta"], 1)
        if p["choice"] in ("none", "without_w2"):
            return cost.mean(), weights
        each = (cost * weights).sum(1)
        if p["with_debiased"]:
            each = (each - p["tau_plus"] * naive.dist2(z[v], z[w])) / (1 - p["tau_plus"])
        return each.mean(), weights

    def compute(z: Tensor) -> Mapping[str, Tensor | naive.Named]:
        views = range(len(z))
        pulls = [attraction(z, v) for v in views]
        pushes = [repulsion(z, v, w) for v in views for w in views if v < w]
        close = torch.stack([each for each, _ in pulls]).mean()
        apart = torch.stack([each for each, _ in pushes]).mean()
        found: dict[str, Tensor | naive.Named] = {"attraction": close, "repulsion": apart, "loss": close + apart}
        found["attraction_weights_last_query_view"] = pulls[-1][1], "item positive_view"
        return {**found, "repulsion_weights_last_view_pair": (pushes[-1][1], "item other_item")}

    return compute


def small_case(views: int, items: int, choice: str, debiased: bool = False) -> Case:
    params = {
        "alpha": 2.0,
        "beta": 0.5,
        "tau_pos": 1.3,
        "tau_neg": 2.0,
        "choice": choice,
        "with_debiased": debiased,
        "tau_plus": 0.2,
    }
    inputs = {"z": (naive.unit(naive.random(views, items, 4, seed=7)), "view item dim")}
    return naive.case("unseen", SMALL, params, inputs, small(params), ["loss/z"])


def frame(p: Mapping[str, Any]) -> Any:
    def repulsion(q: Tensor, queue: Tensor, v: int, seen: int) -> Tensor:
        rows = []
        for i in range(q.shape[1]):
            far = naive.dist2(q[seen, i], queue)
            near = torch.stack([naive.dist2(q[v, i], q[v, j]) for j in range(q.shape[1]) if j != i])
            inside = p["intra_batch_negatives"]
            cost, held = (torch.cat([far, near]), torch.cat([far.detach(), near])) if inside else (far, far.detach())
            rows.append(-(cost * torch.softmax(-p["tau_neg"] * held, 0)).sum())
        return p["beta"] * torch.stack(rows).mean()

    def attraction(q: Tensor, k: Tensor, v: int) -> Tensor:
        cost = torch.stack([naive.dist2(q[v], k[w]) for w in range(len(q)) if w != v], 1)
        return p["alpha"] * (cost * torch.softmax(p["tau_pos"] * cost.detach(), 1)).sum(1).mean()

    def compute(
        encoder_weight_init: Tensor, queue_init: Tensor, **values: Tensor
    ) -> Mapping[str, Tensor | naive.Named]:
        weight, queue, pointer = encoder_weight_init.detach(), queue_init.detach(), 0
        copy = weight.clone()
        found: dict[str, Tensor | naive.Named] = {}
        for step in range(p["steps"]):
            copy = p["ema_momentum"] * copy + (1 - p["ema_momentum"]) * weight
            weight.requires_grad_(True)
            q, k = naive.unit(values[f"x_step{step}"] @ weight.T), naive.unit(values[f"x_step{step}"] @ copy.T).detach()
            close = torch.stack([attraction(q, k, v) for v in range(len(q))]).mean()
            apart = torch.stack([repulsion(q, queue, v, v) for v in range(len(q))]).mean()
            literal = torch.stack([repulsion(q, queue, v, 0) for v in range(len(q))]).mean()
            (gradient,) = torch.autograd.grad(close + apart, [weight], retain_graph=True)
            weight, queue = (weight - p["sgd_lr"] * gradient).detach(), queue.clone()
            queue[[(pointer + i) % len(queue) for i in range(k.shape[1])]] = k[-1]
            pointer = (pointer + k.shape[1]) % len(queue)
            scalars = {
                "attraction": close,
                "repulsion": apart,
                "loss": close + apart,
                "repulsion_literal_code": literal,
            }
            found.update({f"{name}_step{step}": value for name, value in scalars.items()})
            found[f"queue_ptr_after_step{step}"] = torch.tensor(pointer)
            found[f"queue_after_step{step}"] = queue, "slot dim"
            found[f"key_encoder_weight_after_step{step}"] = copy, "dim feature"
            found[f"encoder_weight_after_step{step}"] = weight, "dim feature"
            found[f"gradient loss_step{step}/encoder_weight"] = gradient, "dim feature"
        return found

    return compute


def frame_case(views: int, items: int, slots: int, inside: bool = True, alpha: float = 1.0, beta: float = 1.0) -> Case:
    params = {
        "views": views, "items": items, "queue_size": slots, "ema_momentum": 0.8, "tau_pos": 1.5, "tau_neg": 0.7,
        "alpha": alpha, "beta": beta, "intra_batch_negatives": inside, "sgd_lr": 0.4, "steps": 3,
    }  # fmt: skip
    inputs = {"encoder_weight_init": (naive.random(3, 5, seed=1), "dim feature")}
    inputs["queue_init"] = naive.unit(naive.random(slots, 3, seed=2)), "slot dim"
    for step in range(3):
        inputs[f"x_step{step}"] = naive.random(views, items, 5, seed=5 + step), "view item feature"
    return naive.case("unseen", FRAME, params, inputs, frame(params))


def large_case(cost: str) -> Case:
    tau = 0.5

    def compute(q: Tensor, k: Tensor) -> Mapping[str, Tensor | naive.Named]:
        q, k = naive.unit(q), naive.unit(k)
        weights = torch.softmax(naive.dist2(q, k).detach() / tau, 0)
        terms = []
        for v in range(len(q)):
            for i in range(len(k)):
                similar = k @ q[v, i]
                others = [j for j in range(len(k)) if j != i]
                if cost == "rbf":
                    terms.append(weights[v, i] * 2 * tau * naive.cross_entropy(similar[[i, *others]] / tau) / len(k))
                else:
                    away = similar[others] - 1
                    terms.append(
                        weights[v, i] * (1 - similar[i] + (away * torch.softmax(away.detach() / tau, 0)).sum())
                    )
        return {"loss": torch.stack(terms).sum(), "query_weights": (weights, "query_view item")}

    inputs = {
        "q": (naive.random(3, 5, 4, seed=3), "query_view item dim"),
        "k": (naive.random(5, 4, seed=4), "item dim"),
    }
    return naive.case(
        "unseen", f"{LARGE}cacr_{cost}loss", {"temperature": tau, "queries": 3}, inputs, compute, ["loss/q"]
    )


CASES = {
    "four views": small_case(4, 3, "full"),
    "two items of two views": small_case(2, 2, "full"),
    "no weights of attraction": small_case(3, 4, "without_w1"),
    "no weights of repulsion": small_case(3, 4, "without_w2"),
    "debiased": small_case(3, 4, "full", debiased=True),
    "debiased, no weights of attraction": small_case(3, 4, "without_w1", debiased=True),
    "no weights": small_case(2, 4, "none", debiased=True),
    "a queue that wraps": frame_case(2, 3, 6),
    "the queue alone": frame_case(4, 2, 6, inside=False),
    "weighed terms": frame_case(3, 2, 4, alpha=3.0, beta=2.0),
    "one key, softmax": large_case("rbf"),
    "one key, distances": large_case("euclidean"),
}


@pytest.mark.parametrize("name", CASES)
def test_unseen(name: str) -> None:
    for result in verify(SPEC, [CASES[name]]):
        assert result.ok, f"{result.level}: {result.message}"
