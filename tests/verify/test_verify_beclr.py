"""Unseen cases of enhanced batches: other rows in uniformity, clusters without rows, a ring that turns, few rows of a cluster, passes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify
from cldsl.verify.cases import Array

SPEC = Path(__file__).resolve().parents[2] / "specs" / "beclr.cl"
CODE = "stypoumic/BECLR@8b33581"
Outputs = Mapping[str, Tensor | naive.Named]


def losses(tau: float, lam: float, which: str) -> Callable[..., Outputs]:
    def compute(z_teacher: Tensor, p_student: Tensor, z_student: Tensor) -> Outputs:
        rows = len(z_teacher)
        half = rows // 2
        p, t, s = naive.unit(p_student), naive.unit(z_teacher), naive.unit(z_student)
        pos = -sum(p[i] @ t[(i + half) % rows].detach() for i in range(rows)) / rows
        mixed = {"SS": s, "TT": t, "ST": torch.cat([s[:half], t[half:]])}[which]
        means = []
        for i in range(rows):
            others = [j for j in range(rows) if j % half != i % half]
            means.append(torch.stack([(mixed[i] @ mixed[j] / tau).exp() for j in others]).mean())
        neg = torch.stack(means).mean().log()
        assert isinstance(pos, Tensor)
        return {"loss_pos": pos, "loss_neg": neg, "loss": pos + lam * neg, "std": t.std(0).mean()}

    return compute


def loss_case(which: str) -> Case:
    inputs = {
        name: (naive.random(6, 4, seed=seed), "item dim")
        for seed, name in enumerate(("z_teacher", "p_student", "z_student"))
    }
    params = {"batch_size": 3, "temp": 0.7, "lamb_neg": 0.3, "uniformity_config": which, "topk": 0, "enhanced": False}
    used = {"SS": ["p_student", "z_student"], "TT": ["p_student", "z_teacher"]}
    wrts = used.get(which, ["p_student", "z_student", "z_teacher"])
    return naive.case(
        "unseen",
        f"{CODE}: model/beclr.py, BECLRLoss",
        params,
        inputs,
        losses(0.7, 0.3, which),
        [f"loss/{w}" for w in wrts],
    )


def memory_case(metric: str, momentum: float) -> Case:
    """Three updates of a ring of seven rows by three; a cluster has no row at first, and may lose its last."""
    size, batch, clusters, eps = 7, 3, 3, 0.3
    bank, proto = naive.random(size, 4, seed=1), naive.random(clusters, 4, seed=2)
    labels, pointer = torch.tensor([0, 0, 1, 0, 1, 1, 0]), 1
    z = naive.random(3, batch, 4, seed=3)
    inputs: dict[str, naive.Named] = {
        "bank": (bank, "slot dim"), "labels": (labels, "slot"), "prototypes": (proto, "cluster dim"),
        "ptr": (torch.tensor(pointer), ""), "z": (z, "step item dim"),
    }  # fmt: skip
    outputs: dict[str, naive.Named] = {}
    bank, labels, proto = bank.clone(), labels.clone(), proto.clone()
    for step in range(3):
        plan = torch.zeros(batch, clusters, dtype=torch.float64)
        for i in range(batch):
            for c in range(clusters):
                a, b = naive.unit(z[step, i]), naive.unit(proto[c])
                plan[i, c] = math.exp(float(a @ b if metric == "cosine" else -(a - b).norm()) / eps)
        plan = plan / plan.sum()
        for _ in range(10):
            plan = plan / plan.sum(0) / clusters
            plan = plan / plan.sum(1, keepdim=True) / batch
        plan = plan * batch
        assign = plan.argmax(1)
        fits = min(batch, size - pointer)
        bank[pointer : pointer + fits], labels[pointer : pointer + fits] = z[step, :fits], assign[:fits]
        pointer = pointer + batch if pointer + batch < size else 0
        for c in range(clusters):
            if (labels == c).any():
                proto[c] = (1 - momentum) * bank[labels == c].mean(0) + momentum * proto[c]
        for name, value, axes in (
            ("plan", plan, "item cluster"), ("assign", assign, "item"), ("bank", bank, "slot dim"),
            ("labels", labels, "slot"), ("prototypes", proto, "cluster dim"), ("ptr", torch.tensor(pointer), ""),
        ):  # fmt: skip
            outputs[f"{name}_{step}"] = value.clone(), axes
    params = {
        "size": size, "batch": batch, "clusters": clusters, "metric": metric, "epsilon": eps, "sinkhorn_iterations": 10,
        "memory_momentum": momentum,
    }  # fmt: skip
    source = f"{CODE}: dyce.py, DyCE.save_memory_embeddings; utils/sinkhorn.py, distributed_sinkhorn"
    given, found = (
        {name: Array(data, tuple(axes.split())) for name, (data, axes) in part.items()} for part in (inputs, outputs)
    )
    return Case("unseen", source, params, given, found, {})


def neighbours_case() -> Case:
    """A cluster of fewer rows than neighbours: the whole bank is asked."""
    bank, proto, z = naive.random(8, 3, seed=1), naive.random(3, 3, seed=2), naive.random(4, 3, seed=3)
    labels, near = torch.tensor([0, 1, 1, 0, 1, 0, 2, 1]), 3

    def compute(bank: Tensor, labels: Tensor, prototypes: Tensor, z: Tensor, probe: Tensor) -> Outputs:
        found = []
        for view in (z[:2], z[2:]):
            found += [naive.unit(row) for row in view]
            for row in view:
                mine = int(naive.cos(row, prototypes).argmax())
                inside = [n for n in range(len(bank)) if labels[n] == mine]
                pool = inside if len(inside) >= near else list(range(len(bank)))
                found += [
                    bank[n].detach()
                    for n in sorted(pool, key=lambda n: -float(naive.cos(row, bank[n]).detach()))[:near]
                ]
        rows = torch.stack(found)
        return {"enhanced": (rows, "row dim"), "sum_enhanced_probe": (rows * probe).sum()}

    probe = naive.random(4 * (1 + near), 3, seed=4)
    inputs = {
        "bank": (bank, "slot dim"), "labels": (labels, "slot"), "prototypes": (proto, "cluster dim"), "z": (z, "item dim"),
        "probe": (probe, "row dim"),
    }  # fmt: skip
    params = {"topk": near, "batch_size": 2, "clusters": 3}
    return naive.case("unseen", f"{CODE}: dyce.py, DyCE.get_top_kNN", params, inputs, compute, ["sum_enhanced_probe/z"])


def transported(passes: int, shots: int, stop: float) -> Case:
    def compute(support: Tensor, query: Tensor) -> Outputs:
        first = support.mean(1)
        proto, found = first, dict[str, Tensor | naive.Named]()
        way, asked = len(first), len(query)
        for k in range(passes):
            price = torch.stack([naive.dist2(row, query) for row in proto])
            price = price / price.max()
            u, v = torch.zeros(way, dtype=torch.float64), torch.zeros(asked, dtype=torch.float64)
            rounds = 0
            while rounds < 1000:
                old, rounds = u, rounds + 1
                inner = (-price + u[:, None] + v) / 0.05
                u = 0.05 * (math.log(1 / way + 1e-8) - torch.logsumexp(inner, 1)) + u
                inner = (-price + u[:, None] + v) / 0.05
                v = 0.05 * (math.log(1 / asked + 1e-8) - torch.logsumexp(inner, 0)) + v
                if float((u - old).abs().sum().detach()) < stop:
                    break
            plan = ((-price + u[:, None] + v) / 0.05).exp()
            proto = plan @ query / plan.sum(1, keepdim=True)
            found[f"plan_{k}"], found[f"transported_{k}"] = (plan, "class query"), (proto, "class dim")
            found[f"cost_{k}"] = (plan * price).sum()
        last = proto if shots == 1 else 0.6 * proto + 0.4 * first
        return {**found, "final_prototypes": (last, "class dim")}

    inputs = {
        "support": (naive.random(3, shots, 4, seed=1), "class shot dim"), "query": (naive.random(8, 4, seed=2), "query dim"),
    }  # fmt: skip
    params = {
        "regularization": 0.05, "max_iter": 1000, "stopping": stop, "passes": passes, "shots": shots, "ratio_OT": 0.6,
    }  # fmt: skip
    source = (
        f"{CODE}: utils/optimal_transport.py, OpTA; utils/sinkhorn.py, Sinkhorn; evaluate.py, evaluate_fewshot (mixing)"
    )
    return naive.case("unseen", source, params, inputs, compute)


CASES = {
    "students": loss_case("SS"),
    "teachers": loss_case("TT"),
    "students and teachers": loss_case("ST"),
    "memory by cosine": memory_case("cosine", 0.0),
    "memory by distance, with momentum": memory_case("euclidean", 0.4),
    "neighbours": neighbours_case(),
    "two passes": transported(2, 1, 1e-4),
    "three shots, an early stop": transported(1, 3, 0.05),
}


@pytest.mark.parametrize("name", CASES)
def test_unseen(name: str) -> None:
    for result in verify(SPEC, [CASES[name]]):
        assert result.ok, f"{result.level}: {result.message}"
