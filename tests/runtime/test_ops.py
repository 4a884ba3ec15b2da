"""The helpers of emitted programs: masks without poison, ties, rows by index, assignments."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from cldsl.runtime import ops, scalar
from cldsl.runtime.assignment import sinkhorn, soft_sort
from cldsl.runtime.helpers import HELPERS
from cldsl.runtime.rings import push

INF = math.inf


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    return torch.autograd.grad(function(x).sum(), x)[0]


MASK = torch.tensor([[True, False, True], [False, False, False]])
X = torch.tensor([[1.0, INF, 3.0], [math.nan, -INF, 2.0]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("helper", "want"),
    [
        (ops.total, [4.0, 0.0]),
        (ops.mean, [2.0, 0.0]),
        (ops.product, [3.0, 1.0]),
        (ops.largest, [3.0, 0.0]),
        (ops.smallest, [1.0, 0.0]),
        (ops.logsumexp, [3 + math.log1p(math.exp(-2)), -INF]),
    ],
)
def test_what_is_absent_counts_neither_in_value_nor_in_gradient(helper: Any, want: list[float]) -> None:
    assert helper(X, 1, MASK).tolist() == pytest.approx(want)
    slope = gradient(lambda x: helper(x, 1, MASK).exp(), X)
    assert torch.isfinite(slope).all() and (slope[~MASK] == 0).all()
    torch.testing.assert_close(slope, gradient(lambda x: helper(x, (1,), MASK).exp(), X))


@pytest.mark.parametrize("helper", [ops.softmax, ops.log_softmax])
def test_shares_of_what_is_present(helper: Any) -> None:
    share = helper(X, 1, MASK)
    want = torch.softmax(torch.tensor([1.0, 3.0]).double(), 0)
    torch.testing.assert_close(share[0, [0, 2]], want if helper is ops.softmax else want.log())
    assert (share[~MASK] == 0).all() and torch.isfinite(gradient(lambda x: helper(x, 1, MASK), X)).all()


def test_reductions_over_several_axes_meet_masks_by_broadcasting() -> None:
    x, mask = random(3, 4, 2), torch.tensor([True, False, True, True])[:, None]
    torch.testing.assert_close(ops.mean(x, (0, 1), mask), x[:, [0, 2, 3]].mean((0, 1)))
    torch.testing.assert_close(ops.largest(x, (0, -1)), x.amax((0, 2)))
    assert ops.some(x > 100, (0, 1)).tolist() == [False, False] and bool(ops.every(x < 100, (0, 1, 2)))
    torch.testing.assert_close(ops.product(x, (0, 2)), x.prod(2).prod(0))


def test_the_gradient_of_a_maximum_goes_to_the_first_of_equals() -> None:
    x = torch.tensor([2.0, 5.0, 5.0])
    assert gradient(lambda x: ops.largest(x, 0), x).tolist() == [0, 1, 0]
    assert gradient(lambda x: ops.smallest(x, 0), torch.tensor([2.0, 1.0, 1.0])).tolist() == [0, 1, 0]


def test_logs_of_sums_at_the_edge() -> None:
    low = torch.tensor([-INF, -INF, 0.0, 700.0]).double()
    high = torch.tensor([-INF, 1.0, 0.0, -700.0]).double()
    torch.testing.assert_close(ops.logaddexp(low, high), torch.tensor([-INF, 1.0, math.log(2), 700.0]).double())
    assert torch.isfinite(
        gradient(lambda x: ops.logaddexp(x, high).exp(), low[:3].new_tensor([-INF, -INF, 0, 1]))
    ).all()
    nothing = torch.full((2, 3), -INF).double()
    assert (gradient(lambda x: ops.logsumexp(x, 1).exp(), nothing) == 0).all()
    torch.testing.assert_close(ops.softplus(torch.tensor([-800.0, 0, 30])), torch.tensor([0.0, math.log(2), 30.0]))


def test_cross_entropy_of_probabilities_clamps_its_logs() -> None:
    p, target = torch.tensor([0.0, 1.0, 0.25]).double(), torch.tensor([1.0, 0.0, 1.0])
    torch.testing.assert_close(ops.bce(p, target), torch.tensor([100.0, 100.0, math.log(4)]).double())
    assert ops.bce(p, target == 1).tolist() == ops.bce(p, target).tolist()


def test_units_and_norms_at_zero() -> None:
    x = torch.stack([torch.zeros(4), random(4)[:4]]).double()
    torch.testing.assert_close(ops.unit(x)[1], x[1] / x[1].norm())
    assert (ops.unit(x)[0] == 0).all()
    for slope in (gradient(ops.unit, x), gradient(lambda x: ops.norm(x, -1), x)):
        assert (slope[0] == 0).all() and torch.isfinite(slope).all()
    torch.testing.assert_close(ops.norm(x, (0, 1)), x.norm())


def test_orders_break_ties_by_the_lowest_index() -> None:
    x = torch.tensor([[1.0, 2, 2, 1, 2], [0, 0, 0, 0, 0]])
    assert ops.topk(x, 1, 4).tolist() == [[1, 2, 4, 0], [0, 1, 2, 3]]
    mask = torch.tensor([True, True, False, True, True])
    assert ops.topk(x, 1, 5, mask).tolist() == [[1, 4, 0, 3, 2], [0, 1, 3, 4, 2]]
    assert ops.argmax(x, 1, mask & (x < 2)).tolist() == [0, 0]
    assert ops.argmax(torch.tensor([False, True, True]), 0).item() == 1
    lowest = torch.tensor([-INF, -INF])
    assert ops.topk(lowest, 0, 1, torch.tensor([False, True])).tolist() == [1]


def test_sorted_values_carry_gradient_and_end_with_what_is_absent() -> None:
    x, mask = torch.tensor([3.0, 1, 2]), torch.tensor([True, True, False])
    assert ops.sort(x, 0, mask).tolist() == [1, 3, 0]
    assert gradient(lambda x: ops.sort(x, 0, mask) * torch.tensor([1.0, 10, 100]), x).tolist() == [10, 1, 0]


def test_rows_by_index() -> None:
    x = random(2, 3, 4, 5)
    index = torch.tensor([[[3, 0]] * 3, [[1, 1]] * 3])  # [2, 3, 2]
    want = torch.stack([torch.stack([x[a, b, index[a, b]] for b in range(3)]) for a in range(2)])
    torch.testing.assert_close(ops.take(x, index, shared=2), want)
    torch.testing.assert_close(ops.take(x, torch.tensor([1, 0])), x[[1, 0]])


def test_of_repeated_rows_the_last_wins_and_outside_ones_are_dropped() -> None:
    x, value = torch.zeros(4, 2), torch.arange(10.0).reshape(5, 2)
    found = ops.put(x, torch.tensor([1, 3, 1, -1, 4]), value)
    assert found.tolist() == [[0, 0], [4, 5], [0, 0], [2, 3]]
    torch.testing.assert_close(ops.put(x.T, torch.tensor([1, 3, 1, -1, 4]), value.T, 1), found.T)
    assert ops.put(torch.zeros(3).bool(), torch.tensor([2]), torch.ones(1, 1).bool()[0]).tolist() == [
        False,
        False,
        True,
    ]


def test_stacks_and_joins_broadcast() -> None:
    x = random(2, 3)
    torch.testing.assert_close(ops.stack([x, 1, x[0]]), torch.stack([x, torch.ones_like(x), x[:1].expand(2, 3)]))
    torch.testing.assert_close(ops.cat([x, x[:1, :1]], 1), torch.cat([x, x[:1, :1].expand(2, 1)], 1))
    assert ops.onehot(torch.tensor([1, 3]), 3).tolist() == [[0, 1, 0], [0, 0, 0]]
    assert ops.real(torch.tensor([True])).dtype == torch.get_default_dtype() and ops.real(True) == 1.0


def test_rings_wrap_and_fronts_shift() -> None:
    ring = torch.arange(5.0)[:, None]
    rows = torch.tensor([[10.0], [11], [12]])
    assert push(ring, rows, torch.tensor(3))[:, 0].tolist() == [12, 1, 2, 10, 11]
    assert push(ring, rows, 0, order="front")[:, 0].tolist() == [10, 11, 12, 0, 1]
    many = torch.arange(7.0)[:, None] + 20
    assert push(ring, many, torch.tensor(4))[:, 0].tolist() == [26, 22, 23, 24, 25]
    assert push(ring.T, rows.T, torch.tensor(0), 1)[0].tolist() == [10, 11, 12, 3, 4]


def test_balance_follows_the_published_loop() -> None:
    scores = random(6, 4) / 0.5  # [item, word]
    q = scores.exp().T
    q /= q.sum()
    for _ in range(3):
        q /= q.sum(1, keepdim=True) * 4
        q /= q.sum(0, keepdim=True) * 6
    torch.testing.assert_close(sinkhorn(scores, (1, 0), 3), (q * 6).T)
    torch.testing.assert_close(sinkhorn(scores + 1e4, (1, 0), 3), (q * 6).T, atol=1e-8, rtol=1e-8)
    mask = torch.tensor([True, True, True, True, False, False])[:, None]
    found = sinkhorn(scores, (1, 0), 3, mask)
    torch.testing.assert_close(found[:4], sinkhorn(scores[:4], (1, 0), 3))
    assert (found[4:] == 0).all() and torch.isfinite(
        gradient(lambda x: sinkhorn(x, (1, 0), 3, mask) ** 2, scores)
    ).all()


def _sorted_by_loops(x: list[float], steepness: float) -> Tensor:
    n = len(x)
    values, shares = list(x), torch.eye(n, dtype=torch.float64)
    for layer in range(n):
        for a in range(layer % 2, n - 1, 2):
            b = a + 1
            keep = 0.5 + math.atan(steepness * (values[b] - values[a])) / math.pi
            values[a], values[b] = keep * values[a] + (1 - keep) * values[b], (1 - keep) * values[a] + keep * values[b]
            left, right = shares[:, a].clone(), shares[:, b].clone()
            shares[:, a], shares[:, b] = keep * left + (1 - keep) * right, (1 - keep) * left + keep * right
    return shares


@pytest.mark.parametrize("slots", [1, 2, 3, 4, 7])
def test_relaxed_sorting_follows_the_published_layers(slots: int) -> None:
    x = random(2, slots, 3, seed=slots)
    found = soft_sort(x, 5.0, 1)  # [2, slot, 3, place]
    for a in range(2):
        for b in range(3):
            torch.testing.assert_close(found[a, :, b], _sorted_by_loops(x[a, :, b].tolist(), 5.0))
    torch.testing.assert_close(found.sum(-1), torch.ones(2, slots, 3).double())


def test_absent_slots_take_no_part_in_sorting() -> None:
    x = random(5)
    mask = torch.tensor([True, False, True, True, False])
    found = soft_sort(x, torch.tensor(2.0), 0, mask)
    torch.testing.assert_close(found[mask][:, :3], _sorted_by_loops(x[mask].tolist(), 2.0))
    assert (found[~mask] == 0).all() and (found[:, 3:] == 0).all()
    assert torch.isfinite(gradient(lambda x: soft_sort(x, 2.0, 0, mask) ** 2, torch.where(mask, x, INF))).all()


def _everything(x: Tensor, mask: Tensor, index: Tensor) -> list[Tensor]:
    share = ops.softmax(x, (0, 1), mask)
    rows = ops.take(x, ops.topk(x, 1, 2, mask), shared=1)
    held = push(x, x[:2], index[0])
    sums = [f(x, (1,), mask) for f in (ops.total, ops.mean, ops.product, ops.largest, ops.smallest, ops.logsumexp)]
    more = [ops.sort(x, 0, mask), ops.put(x, index, x[:2]), sinkhorn(x, (1, 0), 2, mask), soft_sort(x, 1.0, 1, mask)]
    last = [ops.unit(x), ops.bce(share, mask), ops.logaddexp(x, 0.0), ops.stack([x, 1.0]), ops.onehot(index, 4)]
    return [share, rows, held, *sums, *more, *last]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_helpers_keep_the_dtype(dtype: torch.dtype) -> None:
    mask, index = torch.tensor([[True, False, True, True]] * 3), torch.tensor([1, 2])
    found = _everything(random(3, 4).to(dtype), mask, index)
    assert {each.dtype for each in found[:-1]} == {dtype}


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_helpers_are_captured_whole(backend: str) -> None:
    mask, index = torch.tensor([[True, False, True, True]] * 3), torch.tensor([1, 2])
    x = random(3, 4).requires_grad_()
    compiled = torch.compile(_everything, fullgraph=True, backend=backend, dynamic=False)
    found, want = compiled(x, mask, index), _everything(x, mask, index)
    torch.testing.assert_close(found, want)
    pairs = [[y.square().nan_to_num(0, 0, 0).sum() for y in each if y.requires_grad] for each in (found, want)]
    slopes = [torch.autograd.grad(torch.stack(each).sum(), x)[0] for each in pairs]
    torch.testing.assert_close(slopes[0], slopes[1])


@pytest.mark.parametrize(
    "name", ["exp", "log", "sqrt", "sign", "floor", "ceil", "sin", "cos", "tanh", "sigmoid", "relu", "atan", "erf"]
)
def test_functions_of_numbers_are_those_of_tensors(name: str) -> None:
    for value in (-3.5, 0.0, 0.25, 2.0, 800.0):
        want = getattr(torch, name)(torch.tensor(value).double()).item()
        assert getattr(scalar, name)(value) == pytest.approx(want, nan_ok=True)


def test_two_place_functions_of_numbers() -> None:
    assert scalar.logaddexp(-INF, -INF) == -INF and scalar.logaddexp(1.0, 1.0) == pytest.approx(1 + math.log(2))
    assert scalar.bce(0.0, 1.0) == 100.0 and scalar.softplus(0.0) == pytest.approx(math.log(2))


def test_every_helper_of_the_table_exists() -> None:
    from cldsl import runtime

    for name in HELPERS:
        assert callable(getattr(runtime, name)), name


def test_no_module_has_the_name_of_a_helper() -> None:
    """A module that is imported becomes an attribute of its package, and would hide the helper from then on."""
    from pathlib import Path

    from cldsl import runtime

    modules = {path.stem for path in Path(runtime.__file__).parent.iterdir()}
    assert not modules & set(HELPERS)
