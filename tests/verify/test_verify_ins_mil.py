"""Unseen cases of the instance classifier: classes without a row, one class alone, other bags, a queue that turns twice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "ins-mil.cl"
CODE = "miccaiif/INS@cd97ba2: "
SHAPES = {
    "encoder.0": (4, 3), "fc": (2, 4), "head.0": (5, 4), "head.2": (3, 5),
}  # fmt: skip


def contrast(q: Tensor, k: Tensor, queue: Tensor, own: Tensor, queued: Tensor, tau: float) -> Tensor:
    rows, kinds = torch.cat([q, k, queue]), torch.cat([own, own, queued])
    losses = []
    for i in range(len(q)):
        scores = rows @ q[i] / tau
        shifted = scores - scores.max().detach()
        others = [j for j in range(len(rows)) if j != i]
        mass = torch.log(shifted[others].exp().sum() + 1e-12)
        losses.append(torch.stack([mass - shifted[j] for j in others if kinds[j] == own[i]]).mean())
    return torch.stack(losses).mean()


def moco(q: Tensor, k: Tensor, queue: Tensor, tau: float) -> Tensor:
    return torch.stack(
        [naive.cross_entropy(torch.cat([k[i : i + 1], queue]) @ a / tau) for i, a in enumerate(q)]
    ).mean()


def prototypes(mu: Tensor, q: Tensor, own: Tensor, m: float) -> Tensor:
    mu = mu.clone()
    for row, kind in zip(q, own, strict=True):
        mu[kind] = m * mu[kind] + (1 - m) * row
    return torch.nn.functional.normalize(mu, dim=1)


def check(known: Case) -> None:
    for result in verify(SPEC, [known]):
        assert result.ok, result.message
        assert result.worst <= 1e-12


@pytest.mark.parametrize(("bags", "seed"), [((1, 1, 1, 1, 1), 0), ((0, 1, 0, 1, 1), 3), ((1,), 5)])
def test_the_losses(bags: tuple[int, ...], seed: int) -> None:
    def compute(
        q: Tensor, k: Tensor, queue: Tensor, class_logits: Tensor, candidate: Tensor, queue_score: Tensor
    ) -> Mapping[str, Tensor | naive.Named]:
        own = (class_logits.softmax(1) * candidate).argmax(1)
        queued = queue_score.argmax(1)
        return {
            "pseudo_class": (own, "item"),
            "queue_class": (queued, "slot"),
            "loss_contrast": contrast(q, k.detach(), queue.detach(), own, queued, 0.07),
            "loss_moco": moco(q, k.detach(), queue.detach(), 0.07),
        }

    n = len(bags)
    inputs = {
        "q": (naive.unit(naive.random(n, 4, seed=seed)), "item dim"),
        "k": (naive.unit(naive.random(n, 4, seed=seed + 10)), "item dim"),
        "queue": (naive.unit(naive.random(7, 4, seed=seed + 20)), "slot dim"),
        "class_logits": (naive.random(n, 2, seed=seed + 30), "item class"),
        "candidate": (torch.tensor([[1.0, b] for b in bags]).double(), "item class"),
        "queue_score": (naive.random(7, 2, seed=seed + 40), "slot class"),
    }
    source = CODE + "utils/utils_loss.py, SupConLoss; model.py, INS.forward"
    check(naive.case("losses", source, {"tau": 0.07}, inputs, compute, ("loss_contrast/q", "loss_moco/q")))


@pytest.mark.parametrize("bags", [(1, 1, 1, 0), (0, 0), (1,)])
def test_prototypes_and_labels(bags: tuple[int, ...]) -> None:
    params = {"proto_m": 0.7, "confidence_m": 0.6}

    def compute(
        q: Tensor, class_logits: Tensor, bag_positive: Tensor, prototype: Tensor, confidence: Tensor
    ) -> Mapping[str, Tensor | naive.Named]:
        allowed = torch.stack([torch.ones(len(q)), bag_positive], 1).double()
        own = (class_logits.softmax(1) * allowed).argmax(1)
        near = (q @ prototype.T).softmax(1)
        guess = torch.nn.functional.one_hot((near * allowed).argmax(1), 2).double()
        belief = 0.6 * confidence + 0.4 * guess
        belief = torch.where(bag_positive[:, None] == 1, belief, torch.tensor([1.0, 0.0]).double())
        return {
            "prototype_score": (near, "item class"),
            "pseudo_class": (own, "item"),
            "prototype_new": (prototypes(prototype, q, own, 0.7), "class dim"),
            "confidence_new": (belief, "item class"),
            "loss_class": -(belief.detach() * class_logits.log_softmax(1)).sum(1).mean(),
        }

    n = len(bags)
    inputs = {
        "q": (naive.unit(naive.random(n, 3, seed=1)), "item dim"),
        "class_logits": (naive.random(n, 2, seed=2), "item class"),
        "bag_positive": (torch.tensor(bags), "item"),
        "prototype": (naive.unit(naive.random(2, 3, seed=3)), "class dim"),
        "confidence": (naive.random(n, 2, seed=4).softmax(1), "item class"),
    }
    source = CODE + "model.py, INS.forward (prototype lines); utils/utils_loss.py, partial_loss"
    check(naive.case("labels", source, params, inputs, compute, ("loss_class/class_logits",)))


@pytest.mark.parametrize("label", [0, 1])
def test_the_loss_of_a_bag(label: int) -> None:
    def compute(feature: Tensor, weight: Tensor, bias: Tensor) -> Mapping[str, Tensor | naive.Named]:
        mean = feature.mean(0).softmax(0)
        return {
            "loss_bag_paper": -(feature @ weight.T + bias).softmax(1).mean(0)[label].log(),
            "loss_bag_published": torch.logsumexp(mean, 0) - mean[label],
        }

    inputs = {
        "feature": (naive.random(3, 6, seed=7), "instance dim"),
        "weight": (naive.random(2, 6, seed=8), "class dim"),
        "bias": (naive.random(2, seed=9), "class"),
    }
    source = CODE + "model.py, INS.bag_head; train_withbag_cifar.py, train_bag"
    gradients = ("loss_bag_published/feature", "loss_bag_paper/feature")
    check(naive.case("bag", source, {"label": label}, inputs, compute, gradients))


def _steps(p: Mapping[str, Any]) -> Any:
    def compute(**values: Tensor) -> Mapping[str, Tensor | naive.Named]:
        weights = {name: each.detach().clone() for name, each in values.items() if name.startswith("enc.")}
        key = {name: each.clone() for name, each in weights.items()}
        moving: dict[str, Tensor] = {}
        queue, scores = values["queue_init"].detach().clone(), values["queue_score_init"].detach().clone()
        mu, table = values["prototype_init"].detach(), values["confidence_init"].detach().clone()
        found: dict[str, Tensor | naive.Named] = {}

        def encode(x: Tensor, w: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
            h = torch.tanh(x @ w["enc.encoder.0.weight"].T + w["enc.encoder.0.bias"])
            inner = torch.relu(h @ w["enc.head.0.weight"].T + w["enc.head.0.bias"])
            return h @ w["enc.fc.weight"].T + w["enc.fc.bias"], naive.unit(
                inner @ w["enc.head.2.weight"].T + w["enc.head.2.bias"]
            )

        for step in range(p["steps"]):
            index = values[f"index_{step}"]
            for each in weights.values():
                each.requires_grad_(True)
            logits, q = encode(values[f"view_q_{step}"], weights)
            allowed, warm = values["candidate_all"][index].detach(), step < p["warmup_steps"]
            likely = (logits.softmax(1) * allowed).detach()
            own = likely.argmax(1)
            near = (q.detach() @ mu.T).softmax(1)
            mu = prototypes(mu, q.detach(), own, p["proto_m"])
            key = {n: p["moco_m"] * key[n] + (1 - p["moco_m"]) * w.detach() for n, w in weights.items()}
            k = encode(values[f"view_k_{step}"], key)[1].detach()
            if not warm:
                guess = torch.nn.functional.one_hot((near * allowed).argmax(1), 2).double()
                table[index] = p["confidence_m"] * table[index] + (1 - p["confidence_m"]) * guess
                table[index[values["bag_negative"][index] == 1]] = torch.tensor([1.0, 0.0]).double()
            pull = (
                moco(q, k, queue, p["tau"]) if warm else contrast(q, k, queue, own, scores.argmax(1), p["tau"])
            )  # fmt: skip
            entropy = -(table[index] * logits.log_softmax(1)).sum(1).mean()
            loss = entropy + p["contrast_weight"] * pull
            gradients = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
            for (name, each), gradient in zip(list(weights.items()), gradients, strict=True):
                assert gradient is not None
                moved = gradient + p["weight_decay"] * each.detach()
                moving[name] = p["sgd_momentum"] * moving[name] + moved if name in moving else moved
                weights[name] = (each - p["lr"] * moving[name]).detach()
            n = len(index)
            start = step * n % len(queue)
            queue, scores = queue.clone(), scores.clone()
            queue[start : start + n], scores[start : start + n] = k, likely
            found[f"loss_{step}"], found[f"loss_contrast_{step}"] = loss, pull
            found[f"prototype_{step}"] = mu, "class dim"
            found[f"prototype_score_{step}"] = near, "item class"
            found[f"confidence_{step}"] = table.clone(), "sample class"
        found["queue"], found["queue_score"] = (queue, "slot dim"), (scores, "slot class")
        for name, each in weights.items():
            found[name] = each, "out in" if name.endswith("weight") else "out"
            found[name.replace("enc.", "enc_k.", 1)] = key[name], "out in" if name.endswith("weight") else "out"
        return found

    return compute


@pytest.mark.parametrize("warm", [0, 2])
def test_steps_of_a_queue_that_turns_twice(warm: int) -> None:
    params = {
        "tau": 0.2, "moco_m": 0.8, "proto_m": 0.7, "confidence_m": 0.6, "contrast_weight": 0.3, "warmup_steps": warm,
        "lr": 0.05, "sgd_momentum": 0.8, "weight_decay": 0.01, "steps": 5,
    }  # fmt: skip
    positive = torch.tensor([1, 0, 1, 1, 0, 1]).double()
    allowed = torch.stack([torch.ones(6).double(), positive], 1)
    inputs: dict[str, naive.Named] = {
        "candidate_all": (allowed, "sample class"),
        "bag_negative": ((1 - positive).long(), "sample"),
        "confidence_init": (allowed / allowed.sum(1, keepdim=True), "sample class"),
        "queue_init": (naive.unit(naive.random(6, 3, seed=50)), "slot dim"),
        "queue_score_init": (naive.random(6, 2, seed=51), "slot class"),
        "prototype_init": (torch.zeros(2, 3).double(), "class dim"),
    }
    for seed, (name, shape) in enumerate(SHAPES.items()):
        inputs[f"enc.{name}.weight"] = naive.random(*shape, seed=60 + seed), "out in"
        inputs[f"enc.{name}.bias"] = naive.random(shape[0], seed=70 + seed), "out"
    for step in range(5):
        inputs[f"view_q_{step}"] = naive.random(3, 3, seed=80 + step), "item feat"
        inputs[f"view_k_{step}"] = naive.random(3, 3, seed=90 + step), "item feat"
        inputs[f"index_{step}"] = naive.shuffled(6, 3, seed=step), "item"
    source = (
        CODE + "model.py, INS.forward; utils/utils_loss.py, partial_loss, SupConLoss; train_withbag_cifar.py, train"
    )
    check(naive.case("steps", source, params, inputs, _steps(params)))
