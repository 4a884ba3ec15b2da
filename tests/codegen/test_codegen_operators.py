"""Each operator of the vocabulary against the torch expression one would write."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from codegen_helpers import random, run
from torch import nn

from cldsl.codegen import argument_of, emit_function, load_function
from cldsl.codegen.operators import _RULES
from cldsl.graph.nodes import OPERATORS, POINTWISE, Axis, Function, Graph, GraphError, Node
from cldsl.runtime.clusters import kmeans

A, B, D = Axis("a", 3), Axis("b", 4), Axis("dim", 5)


def leaf(g: Graph, name: str, *axes: Axis, dtype: str = "real") -> Node:
    return g.leaf("input", axes, dtype, kind="given", name=name)


def test_every_operator_has_a_rule() -> None:
    assert set(_RULES) | POINTWISE | {"input", "const"} == set(OPERATORS)


def test_axes_meet_by_name_whatever_their_order() -> None:
    g = Graph()
    x, y, w = leaf(g, "x", A, B), leaf(g, "y", B, A), leaf(g, "w", B)
    node = g.make("add", g.make("mul", x, y), w)
    u, v, k = random(3, 4), random(4, 3, seed=1), random(4, seed=2)
    torch.testing.assert_close(run(node, x=u, y=v, w=k), u * v.T + k)


@pytest.mark.parametrize("op", ["add", "sub", "mul", "maximum"])
def test_truth_values_count_as_numbers(op: str) -> None:
    g = Graph()
    x, y = leaf(g, "x", A, dtype="bool"), leaf(g, "y", A, dtype="bool")
    u, v = torch.tensor([True, True, False]), torch.tensor([True, False, False])
    name = {"sub": "subtract", "mul": "multiply"}.get(op, op)
    assert run(g.make(op, x, y), x=u, y=v).tolist() == getattr(torch, name)(u.long(), v.long()).tolist()


def test_dot_over_several_axes_and_shared_ones() -> None:
    g = Graph()
    x, y = leaf(g, "x", A, B, D), leaf(g, "y", B, D)
    u, v = random(3, 4, 5), random(4, 5, seed=1)
    torch.testing.assert_close(run(g.make("dot", x, y, over=("dim",)), x=u, y=v), torch.einsum("abd,bd->ab", u, v))
    torch.testing.assert_close(run(g.make("dot", x, y, over=("dim", "b")), x=u, y=v), torch.einsum("abd,bd->a", u, v))


def test_gather_at_a_number_an_index_and_shared_axes() -> None:
    g = Graph()
    x = leaf(g, "x", A, B, D)
    u = random(3, 4, 5)
    torch.testing.assert_close(run(g.make("gather", x, g.const(2), axis="b"), x=u), u[:, 2])
    at = leaf(g, "at", Axis("k", 2), dtype="int")
    i = torch.tensor([3, 0])
    torch.testing.assert_close(run(g.make("gather", x, at, axis="b"), x=u, at=i), u[:, i].permute(0, 2, 1))
    own = leaf(g, "own", A, Axis("k", 2), dtype="int")
    j = torch.tensor([[3, 0], [1, 1], [2, 3]])
    node = g.make("gather", x, own, axis="b")
    found = run(node, capture=True, x=u, own=j)
    want = torch.stack([u[n, j[n]] for n in range(3)])  # [a, k, dim]
    torch.testing.assert_close(found, want.permute(*[("a", "k", "dim").index(name) for name in node.names]))


def test_an_index_may_bear_the_name_of_another_axis() -> None:
    g = Graph()
    x, order = leaf(g, "x", A, D), leaf(g, "order", A, dtype="int")
    u, i = random(3, 5), torch.tensor([2, 0, 1])
    torch.testing.assert_close(run(g.make("gather", x, order, axis="a"), x=u, order=i), u[i].T)


def test_reductions_with_a_mask_over_other_axes() -> None:
    g = Graph()
    x, m = leaf(g, "x", A), leaf(g, "m", B, A, dtype="bool")
    u, k = random(3), torch.tensor([[1, 1, 0], [0, 0, 0], [1, 0, 1], [1, 1, 1]]).bool()
    found = run(g.make("reduce", x, m, kind="mean", over=("a",)), x=u, m=k)
    torch.testing.assert_close(found, torch.where(k, u, 0).sum(1) / k.sum(1).clamp(min=1))
    found = run(g.make("reduce", x, m, kind="logsumexp", over=("a",)), x=u, m=k)
    torch.testing.assert_close(found, torch.where(k, u, -torch.inf).logsumexp(1))
    for kind, fill in (("max", -torch.inf), ("min", torch.inf)):
        found = run(g.make("reduce", x, m, kind=kind, over=("a",)), x=u, m=k)
        want = getattr(torch.where(k, u, fill), f"a{kind}")(1)
        torch.testing.assert_close(found, torch.where(k.any(1), want, 0.0))


def test_shapes() -> None:
    g = Graph()
    x = leaf(g, "x", A, B, D)
    u = random(3, 4, 5)
    merged = g.make("merge", x, old=("b", "a"), new=Axis("row", 12))
    torch.testing.assert_close(run(merged, x=u), u.permute(1, 0, 2).reshape(12, 5))
    back = g.make("split", merged, old="row", new=(B, A))
    torch.testing.assert_close(run(back, x=u), u.permute(1, 0, 2))
    torch.testing.assert_close(run(g.make("slice", x, axis="b", start=1, stop=3), x=u), u[:, 1:3])
    torch.testing.assert_close(run(g.make("expand", x, axis=Axis("n", 2)), x=u), u.expand(2, -1, -1, -1))
    joined = g.make("concat", x, g.make("slice", x, axis="b", start=0, stop=1), axis="b")
    torch.testing.assert_close(run(joined, x=u), torch.cat([u, u[:, :1]], 1).transpose(0, 1))
    y = leaf(g, "y", D)
    stacked = g.make("stack", x, y, g.const(0.5), axis=Axis("s", 3))
    want = torch.stack([u, random(5, seed=1).expand(3, 4, 5), torch.full((3, 4, 5), 0.5, dtype=u.dtype)])
    torch.testing.assert_close(run(stacked, capture=True, x=u, y=random(5, seed=1)), want)


def test_concat_broadcasts_what_an_input_lacks() -> None:
    g = Graph()
    x, y = leaf(g, "x", A, B), leaf(g, "y", B)
    u, v = random(3, 4), random(4, seed=1)
    found = run(g.make("concat", x, y, axis="b"), x=u, y=v)
    torch.testing.assert_close(found, torch.cat([u, v.expand(3, 4)], 1).T)


def test_orders_put_their_rank_last() -> None:
    g = Graph()
    x = leaf(g, "x", A, B)
    u = torch.tensor([[1.0, 3, 3, 0], [2, 2, 2, 2], [0, 1, 0, 5]], dtype=torch.float64)
    best = g.make("topk", x, axis="a", rank=Axis("rank", 2), k=2)
    assert run(best, x=u).tolist() == [[1, 0], [0, 1], [0, 1], [2, 1]]
    torch.testing.assert_close(run(g.make("sort", x, axis="a", rank=Axis("rank", 3)), x=u), u.sort(0).values.T)
    assert run(g.make("argmax", x, axis="b"), x=u).tolist() == [1, 0, 3]


def test_writing_rows() -> None:
    g = Graph()
    x, at, rows = leaf(g, "x", A, D), leaf(g, "at", Axis("k", 2), dtype="int"), leaf(g, "rows", D, Axis("k", 2))
    u, v = random(3, 5), random(5, 2, seed=1)
    want = u.clone()
    want[torch.tensor([2, 0])] = v.T
    found = run(g.make("put", x, at, rows, axis="a"), capture=True, x=u, at=torch.tensor([2, 0]), rows=v)
    torch.testing.assert_close(found, want)
    zero = g.make("put", x, at, g.const(0.0), axis="a")
    assert run(zero, x=u, at=torch.tensor([1, 1]))[1].abs().sum() == 0


def test_a_family_is_applied_member_by_member() -> None:
    from cldsl.modules.build import Family

    g = Graph()
    x = leaf(g, "x", A, Axis("v", 2), D)
    members = Family([nn.Linear(5, 2).double(), nn.Linear(5, 2).double()])
    node = g.make("call", x, model="w", consumes=("dim",), produces=(Axis("out", 2),), mode="train", version=0, site=0)
    u = random(3, 2, 5)
    found = run(node, models={"w": members}, families={"w": "v"}, capture=True, x=u)
    want = torch.stack([members.members[n](u[:, n]) for n in range(2)], 1)  # [a, v, out]
    torch.testing.assert_close(found, want)


def test_consumed_axes_come_last_in_the_order_of_the_signature() -> None:
    g = Graph()
    x = leaf(g, "x", D, A, B)
    flat = nn.Sequential(nn.Flatten(), nn.Linear(20, 2).double())
    node = g.make(
        "call", x, model="f", consumes=("b", "dim"), produces=(Axis("out", 2),), mode="train", version=0, site=0
    )
    u = random(5, 3, 4)
    torch.testing.assert_close(run(node, models={"f": flat}, x=u), flat(u.permute(1, 2, 0)))


def test_eval_mode_for_one_call_passes_gradient() -> None:
    g = Graph()
    x = leaf(g, "x", A, D)
    model = nn.BatchNorm1d(5).double()
    node = g.make("call", x, model="f", consumes=("dim",), produces=(D,), mode="eval", version=0, site=0)
    u = random(3, 5).requires_grad_()
    (slope,) = torch.autograd.grad(run(node, models={"f": model}, capture=True, x=u).sum(), u)
    assert model.training and torch.allclose(slope, torch.ones(()).double(), atol=1e-4)
    assert torch.equal(model.running_mean, torch.zeros(5).double())  # type: ignore[arg-type]


def test_sizes_that_only_the_run_knows() -> None:
    g = Graph()
    x = leaf(g, "x", Axis("item"), D)
    y = g.make("rename", x, pairs=(("item", "j"),))
    other = g.make(
        "ne", g.leaf("iota", (Axis("item"),), "int", axis="item"), g.leaf("iota", (Axis("j"),), "int", axis="j")
    )
    node = g.make("reduce", g.make("dot", x, y, over=("dim",)), other, kind="sum", over=("item", "j"))
    for count in (3, 6):
        u = random(count, 5)
        torch.testing.assert_close(run(node, x=u), (u @ u.T).sum() - (u * u).sum())


def test_a_merged_axis_is_as_long_as_the_batch_makes_it() -> None:
    g = Graph()
    z = leaf(g, "z", Axis("item", 3), Axis("v", 2), D)
    rows = g.make("merge", z, old=("item", "v"), new=Axis("row", 6))
    place = g.make("merge", z, old=("v", "item"), new=Axis("other", 6))
    index = g.leaf("iota", (Axis("row", 6),), "int", axis="row")
    node = g.make("mul", g.make("dot", rows, place, over=("dim",)), index)
    for count in (3, 5):
        u = random(count, 2, 5)
        want = (u.flatten(0, 1) @ u.transpose(0, 1).flatten(0, 1).T) * torch.arange(2 * count)[:, None]
        torch.testing.assert_close(run(node, z=u), want)


def test_arguments_are_called_as_the_spec_calls_them() -> None:
    g = Graph()
    names = ("id", "input", "lambda", "max", "x")
    total = leaf(g, "x", A)
    for each in names[:-1]:
        total = g.make("add", total, leaf(g, each, A))
    function = load_function(emit_function(Function("sum", (("value", total),))))
    inputs: dict[str, Any] = {argument_of(each): torch.ones(3) for each in names}
    assert {"id", "input", "lambda_"} <= inputs.keys()
    assert function(models={}, **inputs).tolist() == [5, 5, 5]


def test_a_size_that_nothing_shows_is_an_error() -> None:
    g = Graph()
    with pytest.raises(GraphError, match="size of axis lost"):
        emit_function(Function("f", (("value", g.leaf("iota", (Axis("lost"),), "int", axis="lost")),)))


def test_constants_alone_become_numbers() -> None:
    g = Graph()
    node = g.make("add", g.make("exp", g.const(1.0)), g.make("where", g.const(True), g.const(2), g.const(3)))
    x = leaf(g, "x", A)
    text = emit_function(Function("f", (("value", g.make("mul", x, node)),)))
    assert "x * (rt.exp(1.0) + 2)" in text
    torch.testing.assert_close(run(g.make("mul", x, node), x=random(3)), random(3) * (torch.e + 2))
    torch.testing.assert_close(run(g.make("expand", g.const(0.5), axis=A)), torch.full((3,), 0.5))


def test_relaxed_sorting_and_balance_on_any_layout() -> None:
    g = Graph()
    x = leaf(g, "x", A, B)
    u = random(3, 4)
    node = g.make("sinkhorn", x, axes=("b", "a"), rounds=3)
    share = run(node, x=u)
    torch.testing.assert_close(share.sum(1), torch.ones(3).double())
    places = run(g.make("soft_sort", x, g.const(1e6), axis="a", place=Axis("p", 3)), x=u)  # [a, b, p]
    torch.testing.assert_close(places.argmax(-1), u.argsort(0).argsort(0))


def test_centres_on_any_layout() -> None:
    g = Graph()
    u, c = random(3, 4, 2), random(2, 5, seed=1)
    x = leaf(g, "x", A, B, Axis("dim", 2))
    start = leaf(g, "c", Axis("dim", 2), Axis("k", 5))
    node = g.make("kmeans", x, start, axes=("b", "k", "dim"), rounds=2, by="distance")  # [a, k, dim]
    for a in range(3):
        torch.testing.assert_close(run(node, x=u, c=c)[a], kmeans(u[a], c.t(), 2))
