"""Inductor on emitted objectives: value and gradient in float64 are those of eager execution.

Relaxed sorting is the pattern whose layers, by index, had wrong gradients; cacr as written is the one of transposed
gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

from cldsl import runtime as rt
from tests.bench.ours import objective
from tests.bench.shipped_cases import CASES

pytestmark = [pytest.mark.inductor, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _wide() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    torch._dynamo.reset()
    yield
    torch.set_default_dtype(before)


def _same(loss: Callable[..., Tensor], given: list[Tensor]) -> None:
    def run(function: Callable[..., Tensor]) -> list[Tensor]:
        parts = [each.detach().clone().requires_grad_() for each in given]
        value = function(*parts)
        return [value.detach(), *torch.autograd.grad(value, parts)]

    compiled = run(torch.compile(loss, fullgraph=True, dynamic=False))
    for found, eager in zip(compiled, run(loss), strict=True):
        torch.testing.assert_close(found, eager, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("slots", [3, 11])
def test_relaxed_sorting(slots: int) -> None:
    source = torch.Generator().manual_seed(0)
    weight = torch.randn(8, slots, slots, generator=source)
    _same(lambda x: (rt.soft_sort(x, 1.0, -1) * weight).sum(), [torch.randn(8, slots, generator=source)])


@pytest.mark.parametrize(
    "name, level, rows",
    [("cacr", 0, 64), ("groco", 0, 32), ("dcl", 2, 32), ("hardness-aware", 2, 32), ("swav", 2, 36)],
)
def test_shipped_objective(name: str, level: int, rows: int) -> None:
    case = CASES[name]
    tensors = case.tensors(rows, 16, torch.float64)
    emitted = objective(case, tensors, level)

    def loss(*learned: Tensor) -> Tensor:
        made = {**tensors, **dict(zip(case.learned, learned, strict=True))}
        return emitted({key: rt.unit(each) if key in case.unit else each for key, each in made.items()})

    _same(loss, [tensors[key] for key in case.learned])
