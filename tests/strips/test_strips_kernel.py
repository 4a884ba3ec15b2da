"""The loop over strips by itself: bodies written by hand against the same formula whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cldsl import runtime as rt
from cldsl.runtime import visits

ROWS, CANDIDATES, DIM = 10, 7, 3


def _tensors(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    source = torch.Generator().manual_seed(1)
    a = torch.randn(ROWS, DIM, generator=source, dtype=torch.float64).to(dtype)
    c = torch.randn(CANDIDATES, DIM, generator=source, dtype=torch.float64).to(dtype)
    tau = torch.full((ROWS,), 0.5, dtype=dtype)
    return a.requires_grad_(), c.requires_grad_(), tau.requires_grad_()


def _whole(a: Tensor, c: Tensor, tau: Tensor) -> Tensor:
    return (a @ c.t() / tau[:, None]).logsumexp(1).sum()


def _strip(valid: Tensor, a: Tensor, tau: Tensor, c: Tensor) -> Tensor:
    return torch.where(valid, (a @ c.t() / tau[:, None]).logsumexp(1), 0.0).sum()


def _strips(height: int) -> Any:
    takes = (rt.Cut(0), rt.Cut(2), rt.Whole(1))
    return rt.strips(ROWS, height, takes, (rt.Gathered("sum", grad=True),), once=True, valid=True)(_strip)


def _gradients(loss: Tensor, inputs: tuple[Tensor, ...]) -> list[Tensor]:
    return list(torch.autograd.grad(loss, inputs))


@pytest.mark.parametrize("height", [1, 3, 4, 5, 10])
def test_one_visit_gives_value_and_gradients(height: int) -> None:
    """Anchors, candidates and a temperature for each anchor; heights that do not divide the rows."""
    inputs = _tensors()
    loss = _strips(height)(*inputs) * 3
    wanted = _whole(*inputs) * 3
    torch.testing.assert_close(loss, wanted, rtol=1e-12, atol=0)
    for found, own in zip(_gradients(loss, inputs), _gradients(wanted, inputs), strict=True):
        torch.testing.assert_close(found, own, rtol=1e-10, atol=1e-12)


def test_one_tensor_as_anchors_and_candidates_has_one_gradient() -> None:
    z = _tensors()[0]
    body = rt.strips(ROWS, 4, (rt.Cut(0), rt.Whole(0)), (rt.Gathered("sum", grad=True),), once=True, valid=True)(
        lambda valid, a, c: torch.where(valid, (a @ c.t()).logsumexp(1), 0.0).sum()
    )
    (found,) = torch.autograd.grad(body(z), z)
    (wanted,) = torch.autograd.grad((z @ z.t()).logsumexp(1).sum(), z)
    torch.testing.assert_close(found, wanted)


def test_two_sums_under_a_scalar_function() -> None:
    """Each sum has gradients of its own, weighted when the function's are known."""
    inputs = _tensors()
    gives = (rt.Gathered("sum", grad=True), rt.Gathered("sum", grad=True))

    def sums(a: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        similarity = a @ c.t()
        return similarity.exp().sum(), similarity.square().sum()

    body = rt.strips(ROWS, 5, (rt.Cut(0), rt.Whole(1)), gives, once=True)(sums)
    first, second = body(*inputs[:2])
    own = sums(*inputs[:2])
    for found, wanted in zip(
        _gradients((first / second).log(), inputs[:2]), _gradients((own[0] / own[1]).log(), inputs[:2]), strict=True
    ):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("height", [3, 5])
def test_rows_and_columns_are_visited_again(height: int) -> None:
    """A vector of losses and normalisers over rows: their cotangents come later, from any function of them."""
    a, c, _ = _tensors()

    def values(valid: Tensor, a: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.where(valid[:, None], a @ c.t(), -torch.inf)
        return (a @ c.t()).logsumexp(1), rt.logsumexp(x, 0)

    def pull(valid: Tensor, a: Tensor, c: Tensor, whole: Tensor) -> tuple[Tensor, Tensor]:
        x = a @ c.t()
        return x.logsumexp(1), torch.where(valid[:, None], (x - whole.detach()).exp(), 0.0).sum(0)

    gives = (rt.Along((ROWS,), grad=True), rt.Gathered("logsumexp", (CANDIDATES,), grad=True))
    body = rt.strips(ROWS, height, (rt.Cut(0), rt.Whole(1)), gives, valid=True, reads=(1,), pull=pull)(values)
    rows, columns = body(a, c)
    x = a @ c.t()
    torch.testing.assert_close(rows, x.logsumexp(1))
    torch.testing.assert_close(columns, x.logsumexp(0))
    found = _gradients(rows.square().sum() + columns.sin().sum(), (a, c))
    wanted = _gradients(x.logsumexp(1).square().sum() + x.logsumexp(0).sin().sum(), (a, c))
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_gathered_in_float32(dtype: torch.dtype) -> None:
    """The sum of many rows keeps what a sum in half precision would lose."""
    ones = torch.ones(4096, 2, dtype=dtype, requires_grad=True)
    body = rt.strips(4096, 64, (rt.Cut(0),), (rt.Gathered("sum", grad=True),), once=True)(lambda a: (a * 1.001).sum())
    total = body(ones)
    assert total.dtype == torch.float32
    assert abs(float(total.detach()) - 8192 * 1.001) < 1e-2
    (gradient,) = torch.autograd.grad(total, ones)
    assert gradient.dtype == dtype


def test_a_network_on_pairs_has_a_gradient() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2 * DIM, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    a, c, _ = _tensors()

    def values(a: Tensor, c: Tensor, h: Any) -> Tensor:
        pairs = torch.cat([a[:, None].expand(-1, CANDIDATES, -1), c.expand(len(a), -1, -1)], -1)
        return rt.apply(h, pairs, consumed=1).squeeze(-1).logsumexp(1).sum()

    body = rt.strips(ROWS, 5, (rt.Cut(0), rt.Whole(1)), (rt.Gathered("sum", grad=True),), once=True)(values)
    inputs = (a, c, *network.parameters())
    found = _gradients(body(a, c, h=network), inputs)
    wanted = _gradients(values(a, c, network), inputs)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)


def test_weights_that_are_held_fixed_shift_no_other() -> None:
    """A gradient belongs to its weight whichever of the network's weights take one."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(DIM, 3), nn.Tanh(), nn.Linear(3, DIM)).double()
    network[2].bias.requires_grad_(False)
    network[0].weight.requires_grad_(False)
    a, c, _ = _tensors()

    def values(a: Tensor, c: Tensor, h: Any) -> Tensor:
        return (rt.apply(h, a, consumed=1) @ c.t()).logsumexp(1).sum()

    body = rt.strips(ROWS, 5, (rt.Cut(0), rt.Whole(1)), (rt.Gathered("sum", grad=True),), once=True)(values)
    inputs = (a, c, network[0].bias, network[2].weight)
    found = _gradients(body(a, c, h=network), inputs)
    for one, other in zip(found, _gradients(values(a, c, network), inputs), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.inductor
def test_another_layout_is_another_compilation() -> None:
    """A strip that was compiled for rows that lie together is not run on rows that lie apart."""
    torch._dynamo.reset()
    step = torch.compile(_strips(5), fullgraph=True, dynamic=False)
    a, c, tau = (each.detach() for each in _tensors())
    for other in (c, c.t().contiguous().t()):
        inputs = tuple(each.clone(memory_format=torch.preserve_format).requires_grad_() for each in (a, other, tau))
        for one, wanted in zip(_gradients(step(*inputs), inputs), _gradients(_whole(*inputs), inputs), strict=True):
            torch.testing.assert_close(one, wanted)


class _Counting:
    """A backend that runs a graph as it is and counts how often it was asked."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, graph: Any, inputs: Any) -> Callable[..., Any]:
        self.count += 1
        return graph.forward  # type: ignore[no-any-return]


@pytest.mark.parametrize("height", [4, 5])
def test_compiled_once_whatever_the_number_of_strips(monkeypatch: pytest.MonkeyPatch, height: int) -> None:
    """The surrounding step is one graph with one operator; a strip is compiled once, though the last one is ragged."""
    torch._dynamo.reset()
    inner, outer = _Counting(), _Counting()
    monkeypatch.setattr(visits, "BACKEND", inner)
    body = _strips(height)
    step = torch.compile(lambda a, c, tau: body(a * 2, c, tau) / 3, fullgraph=True, dynamic=False, backend=outer)
    inputs = _tensors()
    for _ in range(3):
        found = _gradients(step(*inputs), inputs)
    wanted = _gradients(_whole(inputs[0] * 2, *inputs[1:]) / 3, inputs)
    assert (inner.count, outer.count) == (1, 1)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)


def test_without_a_gradient_none_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(visits, "_vjp", lambda *given: calls.append(given))
    with torch.no_grad():
        torch.testing.assert_close(_strips(4)(*_tensors()), _whole(*_tensors()))
    assert not calls


def test_nothing_of_size_rows_by_candidates_exists() -> None:
    """The largest tensor of a step is a strip by the candidates, however many candidates there are."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Largest(TorchDispatchMode):
        most = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = func(*args, **(kwargs or {}))
            for each in made if isinstance(made, (list, tuple)) else [made]:
                if isinstance(each, Tensor):
                    self.most = max(self.most, each.untyped_storage().nbytes() // each.element_size())
            return made

    for candidates in (50, 500):
        a, c = torch.randn(200, 2, requires_grad=True), torch.randn(candidates, 2, requires_grad=True)
        takes = (rt.Cut(0), rt.Whole(1))
        body = rt.strips(200, 4, takes, (rt.Gathered("sum", grad=True),), once=True)(
            lambda a, c: (a @ c.t()).logsumexp(1).sum()
        )
        runner = visits.Runner(body, {}, False)
        with Largest() as seen:
            runner.visit([a.detach(), c.detach()], [True, True])
        assert seen.most <= max(4 * candidates, 400, 2 * candidates)
