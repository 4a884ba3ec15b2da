"""`quantile` compiled gives what torch.quantile gives, over axes, over the rows of a set, over a union of sources."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from cldsl.codegen import emit_function, load_function
from cldsl.compiler import optimise_function
from cldsl.elaborate import Given, function
from cldsl.graph.nodes import Axis
from cldsl.semantics.resolve import resolve

TEXT = """spec rows "Rows" "none"
data points: x[item, dim], y[item, dim] from "tiny"
param share: real in 0 .. 1 = 0.3
contrast pull:
    anchor     a in x
    positive   c in x if c == a
    negative   c in x if c != a
    negative   c in y
    similarity dot(a, c)
"""
ROWS, DIM = 5, 3
SOURCE = torch.Generator().manual_seed(3)
X, Y = (torch.randn(ROWS, DIM, generator=SOURCE) for _ in range(2))


def value(text: str, level: int, x: Tensor = X, step: float = 0.0) -> Tensor:
    given = {name: Given((Axis("item", ROWS), Axis("dim", DIM))) for name in ("x", "y")}
    formula = optimise_function(function(resolve(TEXT), {"out": text}, given)[0], level)
    inputs = {"x": x, "y": Y, "step": torch.tensor(step)}
    names = {str(node.attr("name")) for node in formula.inputs}
    found = load_function(emit_function(formula), formula.name)(
        models={}, **{name: tensor for name, tensor in inputs.items() if name in names}
    )
    first = found[0] if isinstance(found, tuple) else found
    assert isinstance(first, Tensor)
    return first


@pytest.mark.parametrize("level", [0, 2])
def test_over_one_axis_and_over_two(level: int) -> None:
    torch.testing.assert_close(value("quantile[item](x, share)", level), X.quantile(0.3, 0))
    torch.testing.assert_close(value("quantile[item, dim](x, 0.7)", level), X.flatten().quantile(0.7))


@pytest.mark.parametrize("level", [0, 2])
def test_over_the_rows_of_a_set_of_two_sources(level: int) -> None:
    every = torch.cat([X @ X.T, X @ Y.T], 1)
    kept = torch.cat([~torch.eye(ROWS, dtype=torch.bool), torch.ones(ROWS, ROWS, dtype=torch.bool)], 1)
    wanted = torch.stack([row[here].quantile(0.9) for row, here in zip(every, kept, strict=True)])
    torch.testing.assert_close(value("sum[a in pull](quantile[n in a.negative](pull(a, n), 0.9))", level), wanted.sum())


@pytest.mark.parametrize("level", [0, 2])
def test_the_gradient_goes_to_the_two_neighbours(level: int) -> None:
    x = torch.tensor([[4.0], [1.0], [3.0], [1.0], [2.0]]).expand(ROWS, DIM).clone().requires_grad_()
    value("sum(quantile[item](x, 0.6))", level, x).backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad[:, 0], torch.tensor([0.0, 0.0, 0.4, 0.0, 0.6]))


@pytest.mark.parametrize("level", [0, 2])
def test_of_equal_entries_the_lowest_coordinate_comes_first(level: int) -> None:
    x = torch.ones(ROWS, DIM, requires_grad=True)
    value("sum(quantile[item](x, 0.25))", level, x).backward()
    assert x.grad is not None
    assert x.grad[:, 0].tolist() == [0, 1, 0, 0, 0]


def test_a_share_of_the_clock_stays_between_0_and_1() -> None:
    for step, wanted in ((0.0, 0.0), (0.5, 0.5), (7.0, 1.0)):
        torch.testing.assert_close(value("quantile[item](x, step)", 2, step=step), X.quantile(wanted, 0))


def test_over_nothing_it_is_absent() -> None:
    assert float(value("quantile[item, dim if x > 99](x, 0.5) else 7", 2)) == 7
