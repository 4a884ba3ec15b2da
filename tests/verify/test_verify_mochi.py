"""Unseen cases of hard negative mixing: equal parents, extreme shares, one kind only, a ring that wraps, excluded rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import verify_naive as naive
from torch import Tensor

from cldsl.verify import Case, verify

SPEC = Path(__file__).resolve().parents[2] / "specs" / "mochi.cl"
SOURCE = "davidsvy/hard-negative-mixing@2955553: src/moco.py, MoCo"
NEVER = -float("inf")


class Run:
    """The steps of a case: the queue, its pointer and the numbers of its rows."""

    def __init__(self, params: Mapping[str, Any], values: Mapping[str, Tensor]) -> None:
        self.p, self.values = params, values
        self.queue = values["queue_init"].detach().clone()
        size = len(self.queue)
        known = values.get("queue_item_id_init")
        self.numbers = torch.full((size,), -1) if known is None else known.clone()
        self.pointer = int(params["pointer_init"])

    def active(self, step: int, kind: int) -> bool:
        start = self.p[f"start_type{kind}_after_step"]
        return start > 0 and step + self.p["first_step_number"] > start

    def logits(self, step: int, item: int, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        """Of a query: logits over all candidates, the hardest slots."""
        ids = self.values.get("item_id")
        allowed = torch.ones(len(self.queue), dtype=torch.bool) if ids is None else self.numbers != ids[step, item]
        scores = (self.queue @ q / self.p["tau"]).masked_fill(~allowed, NEVER)
        hardest = scores.detach().sort(descending=True, stable=True).indices[: self.p["n_hard"]]
        rows = [k]
        if self.active(step, 1):
            for m in range(self.p["s_type1"]):
                first, second = self.queue[hardest[self.values["pair_rank"][step, :, item, m]]]
                share = self.values["alpha"][step, item, m].detach()
                rows.append(naive.unit(share * first + (1 - share) * second))
        if self.active(step, 2):
            for m in range(self.p["s_type2"]):
                parent = self.queue[hardest[self.values["mix_rank"][step, item, m]]]
                share = self.values["beta"][step, item, m].detach()
                rows.append(naive.unit(share * q.detach() + (1 - share) * parent))
        mixed = torch.stack(rows) @ q / self.p["tau"]
        return torch.cat([mixed[:1], scores, mixed[1:]]), hardest

    def push(self, step: int, keys: Tensor) -> None:
        self.queue, self.numbers = self.queue.clone(), self.numbers.clone()
        for item, key in enumerate(keys):
            slot = (self.pointer + item) % len(self.queue)
            self.queue[slot] = key
            if "item_id" in self.values:
                self.numbers[slot] = self.values["item_id"][step, item]
        self.pointer = (self.pointer + len(keys)) % len(self.queue)


def steps(params: Mapping[str, Any]) -> Any:
    def compute(**values: Tensor) -> Mapping[str, Tensor | naive.Named]:
        run = Run(params, values)
        found: dict[str, Tensor | naive.Named] = {}
        losses, slots, queues, pointers = [], [], [], []
        for step in range(len(values["query"])):
            q, k = naive.unit(values["query"][step]), naive.unit(values["key"][step]).detach()
            rows = [run.logits(step, item, q[item], k[item]) for item in range(len(q))]
            losses.append(torch.stack([naive.cross_entropy(each) for each, _ in rows]).mean())
            slots.append(torch.stack([each for _, each in rows]))
            found[f"logits_step{step}"] = torch.stack([each for each, _ in rows]), "item candidate"
            run.push(step, k)
            queues.append(run.queue)
            pointers.append(run.pointer)
        found["only loss"] = torch.stack(losses).sum()
        found["loss_per_step"] = torch.stack(losses), "step"
        found["hard_slots"] = torch.stack(slots), "step item rank"
        found["queue_after_step"] = torch.stack(queues), "step slot dim"
        return {**found, "pointer_after_step": (torch.tensor(pointers), "step")}

    return compute


def made(
    steps_: int = 3, items: int = 2, slots: int = 6, nearest: int = 3, kinds: tuple[int, int] = (2, 2),
    starts: tuple[float, float] = (0.5, 0.5), tau: float = 0.2, pointer: int = 0, extreme: bool = False,
    numbers: Tensor | None = None, of_slots: Tensor | None = None,
) -> Case:  # fmt: skip
    chance = torch.Generator().manual_seed(4)
    ranks = torch.randint(0, nearest, (steps_, 2, items, kinds[0]), generator=chance)
    alpha = torch.rand(steps_, items, kinds[0], generator=chance, dtype=torch.float64)
    beta = torch.rand(steps_, items, kinds[1], generator=chance, dtype=torch.float64) / 2
    if extreme:
        ranks[:, 1] = ranks[:, 0]
        alpha, beta = alpha.round() * 0.999 + 0.0005, beta.round() / 2 + 1e-4
    params = {
        "tau": tau, "n_hard": nearest, "s_type1": kinds[0], "s_type2": kinds[1], "start_type1_after_step": starts[0],
        "start_type2_after_step": starts[1], "queue_size": slots, "pointer_init": pointer, "beta_max": 0.5, "first_step_number": 1,
    }  # fmt: skip
    inputs = {
        "query": (naive.random(steps_, items, 4, seed=1), "step item dim"),
        "key": (naive.random(steps_, items, 4, seed=2), "step item dim"),
        "queue_init": (naive.unit(naive.random(slots, 4, seed=3)), "slot dim"),
        "pair_rank": (ranks, "step pair item synthetic"),
        "alpha": (alpha, "step item synthetic"),
        "mix_rank": (torch.randint(0, nearest, (steps_, items, kinds[1]), generator=chance), "step item synthetic"),
        "beta": (beta, "step item synthetic"),
    }
    if numbers is not None:
        inputs["item_id"] = numbers, "step item"
    if of_slots is not None:
        inputs["queue_item_id_init"] = of_slots, "slot"
    return naive.case("unseen", SOURCE, params, inputs, steps(params), ["loss/query"])


NUMBERS = torch.tensor([[0, 1], [1, 2], [0, 3]])
CASES = {
    "equal parents, extreme shares, cold": made(2, 3, 9, 4, (3, 2), tau=0.02, extreme=True),
    "mixes of two only, wrapping": made(4, kinds=(2, 0)),
    "mixes of two only, no draws for others": naive.without(made(4, kinds=(2, 0)), "mix_rank", "beta"),
    "mixes with the query only": made(kinds=(0, 2)),
    "a start of 0 is never": made(starts=(0, 1)),
    "the ring starts elsewhere": made(4, starts=(1, 2), pointer=4),
    "rows of the own class are excluded": made(nearest=2, numbers=NUMBERS, of_slots=torch.tensor([0, 1, 2, 3, 0, 5])),
    "rows of the own item are excluded": made(nearest=2, numbers=NUMBERS),
}


@pytest.mark.parametrize("name", CASES)
def test_unseen(name: str) -> None:
    for result in verify(SPEC, [CASES[name]]):
        assert result.ok, f"{result.level}: {result.message}"
