"""The interpreter's operators against loops and numbers worked out by hand, in value and gradient."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from cldsl.graph import moves, reductions, scalars
from cldsl.graph.execute import run
from cldsl.graph.nodes import OPERATORS, POINTWISE, Axis, Function, Graph, GraphError, Node
from tests.support import compare

A, B, D = Axis("a", 3), Axis("b", 4), Axis("d", 2)
inf = math.inf


def assert_close(actual: Tensor, expected: Any) -> None:
    """A tensor against a tensor or nested numbers."""
    compare.assert_close(actual, torch.as_tensor(expected, dtype=torch.float64))


class Bench:
    """Applies one operator to tensors; axes are given by name, `|` separates the mask's."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.values: dict[tuple[str, str], Tensor] = {}

    def leaf(self, value: Tensor, *axes: str, name: str = "") -> Node:
        name = name or f"x{len(self.values)}"
        dtype = "real" if value.is_floating_point() else "bool" if value.dtype == torch.bool else "int"
        sized = tuple(Axis(axis, size) for axis, size in zip(axes, value.shape, strict=True))
        self.values[("given", name)] = value
        return self.graph.leaf("input", sized, dtype, kind="given", name=name)

    def value(self, op: str, *inputs: Node, **attrs: Any) -> Tensor:
        node = self.graph.make(op, *inputs, **attrs)
        return run(Function("f", (("y", node),)), self.values)["y"]


def real(*values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_every_operator_has_a_rule() -> None:
    # weights belong to modules, and the interpreter is given functions in their place
    known = set(moves.RULES) | set(reductions.RULES) | POINTWISE | {"input", "call", "bce", "grad", "blend"}
    assert known == set(OPERATORS)
    assert {"where", "cast"} | set(scalars._OPERATORS) == POINTWISE


def test_operands_meet_by_name() -> None:
    bench = Bench()
    x, y = bench.leaf(real([1, 2], [3, 4]), "a", "b"), bench.leaf(real([10, 20], [30, 40]), "b", "a")
    assert_close(bench.value("add", x, y), [[11, 32], [23, 44]])


@pytest.mark.parametrize(
    ("kind", "empty"), [("sum", 0), ("mean", 0), ("max", 0), ("min", 0), ("prod", 1), ("logsumexp", -inf)]
)
def test_what_is_absent_has_neither_value_nor_gradient(kind: str, empty: float) -> None:
    bench = Bench()
    x = torch.tensor([[1.0, inf, 3.0], [inf, -inf, 2.0]], dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([[True, False, True], [False, False, False]])
    y = bench.value("reduce", bench.leaf(x, "a", "b"), bench.leaf(mask, "a", "b"), kind=kind, over=("b",))
    expected = {"sum": 4, "mean": 2, "max": 3, "min": 1, "prod": 3, "logsumexp": math.log(math.e + math.e**3)}
    assert_close(y, [expected[kind], empty])
    torch.autograd.backward(y[0], retain_graph=True)
    (grad,) = torch.autograd.grad(y[1], x, allow_unused=False)
    assert_close(grad, torch.zeros(2, 3))
    assert x.grad is not None and float(x.grad[0, 1]) == 0 and bool(x.grad.isfinite().all())


def test_ties_go_to_the_lowest_index() -> None:
    bench = Bench()
    x = real(2, 5, 5, 1).requires_grad_()
    leaf = bench.leaf(x, "b")
    assert bench.value("argmax", leaf, axis="b").item() == 1
    assert bench.value("topk", leaf, axis="b", rank=Axis("r", 3), k=3).tolist() == [1, 2, 0]
    torch.autograd.backward(bench.value("reduce", leaf, kind="max", over=("b",)))
    assert x.grad is not None and x.grad.tolist() == [0, 1, 0, 0]


def test_orders_skip_what_is_absent() -> None:
    bench = Bench()
    x, mask = bench.leaf(real(2, 9, 5, 1), "b"), bench.leaf(torch.tensor([True, False, True, True]), "b")
    assert bench.value("argmax", x, mask, axis="b").item() == 2
    assert bench.value("topk", x, mask, axis="b", rank=Axis("r", 4), k=4).tolist() == [2, 0, 3, 1]
    assert bench.value("sort", x, mask, axis="b", rank=Axis("r", 4)).tolist() == [1, 2, 5, 0]


def test_shares() -> None:
    bench = Bench()
    x, mask = bench.leaf(real(0, 1000, 0), "b"), bench.leaf(torch.tensor([True, False, True]), "b")
    assert_close(bench.value("softmax", x, mask, over=("b",)), [0.5, 0, 0.5])
    assert_close(bench.value("log_softmax", x, mask, over=("b",)), [-math.log(2), 0, -math.log(2)])
    none = bench.leaf(torch.tensor([False, False, False]), "b")
    assert_close(bench.value("softmax", x, none, over=("b",)), [0, 0, 0])


def test_zero_has_zero_gradient() -> None:
    for op, expected in (("unit", [0, 0]), ("norm", 0)):
        bench = Bench()
        x = torch.zeros(2, dtype=torch.float64, requires_grad=True)
        y = bench.value(op, bench.leaf(x, "d"), over=("d",))
        assert_close(y, expected)
        torch.autograd.backward(y.sum())
        assert x.grad is not None and x.grad.tolist() == [0, 0]


def test_logaddexp_of_nothing() -> None:
    bench = Bench()
    x = real(-inf, 0, -inf).requires_grad_()
    y = bench.value("logaddexp", bench.leaf(x, "a"), bench.leaf(real(-inf, 0, 2), "a"))
    assert_close(y, [-inf, math.log(2), 2])
    torch.autograd.backward(y[1:].sum())
    assert x.grad is not None
    assert_close(x.grad, [0, 0.5, 0])


def test_gather_aligns_shared_axes_and_joins_the_others() -> None:
    bench = Bench()
    x = torch.arange(12, dtype=torch.float64).reshape(3, 4)
    index = torch.tensor([[0, 3], [1, 1], [2, 0]])
    aligned = bench.value("gather", bench.leaf(x, "a", "b"), bench.leaf(index, "a", "k"), axis="b")
    assert aligned.tolist() == [[0, 3], [5, 5], [10, 8]]
    joined = bench.value("gather", bench.leaf(x, "a", "b"), bench.leaf(torch.tensor([2, 0]), "k"), axis="b")
    assert joined.tolist() == [[2, 0], [6, 4], [10, 8]]
    own = bench.value("gather", bench.leaf(x, "a", "b"), bench.leaf(torch.tensor([2, 0]), "a"), axis="a")
    assert {axis: size for axis, size in zip(("b", "a"), own.shape, strict=True)} == {"b": 4, "a": 2}


def test_put_and_push() -> None:
    bench = Bench()
    x = bench.leaf(torch.zeros(4, dtype=torch.float64), "b")
    places, rows = bench.leaf(torch.tensor([1, 3, 1, 9]), "n"), bench.leaf(real(5, 6, 7, 8), "n")
    assert bench.value("put", x, places, rows, axis="b").tolist() == [0, 7, 0, 6]
    ring, fresh = bench.leaf(real(1, 2, 3, 4), "b"), bench.leaf(real(8, 9), "b")
    at = bench.leaf(torch.tensor(3))
    assert bench.value("push", ring, fresh, at, axis="b", order="ring").tolist() == [9, 2, 3, 8]
    assert bench.value("push", ring, fresh, at, axis="b", order="front").tolist() == [8, 9, 1, 2]


def test_shapes() -> None:
    bench = Bench()
    x = bench.leaf(torch.arange(6, dtype=torch.float64).reshape(3, 2), "a", "d")
    assert bench.value("merge", x, old=("d", "a"), new=Axis("r", 6)).tolist() == [0, 2, 4, 1, 3, 5]
    row = bench.leaf(torch.arange(6, dtype=torch.float64), "r")
    assert bench.value("split", row, old="r", new=(A, D)).tolist() == [[0, 1], [2, 3], [4, 5]]
    assert bench.value("slice", row, axis="r", start=2, stop=4).tolist() == [2, 3]
    assert bench.value("cumsum", row, axis="r").tolist() == [0, 1, 3, 6, 10, 15]
    one = bench.leaf(real(7), "a")
    assert bench.value("concat", x, one, axis="a").tolist() == [[0, 1], [2, 3], [4, 5], [7, 7]]
    assert bench.value("stack", one, bench.graph.const(2.0), axis=Axis("s", 2)).tolist() == [[7], [2]]
    assert bench.value("onehot", bench.leaf(torch.tensor([2, 0]), "k"), axis=A).tolist() == [[0, 0, 1], [1, 0, 0]]


def _published_sinkhorn(scores: Tensor, rounds: int) -> Tensor:
    """The published loop: prototypes first, samples last, rescaled to one for each sample."""
    q = scores.exp().t()
    q = q / q.sum()
    for _ in range(rounds):
        q = q / q.sum(1, keepdim=True) / q.shape[0]
        q = q / q.sum(0, keepdim=True) / q.shape[1]
    return (q * q.shape[1]).t()


def test_sinkhorn_is_the_published_loop_on_what_is_present() -> None:
    torch.manual_seed(0)
    scores = torch.randn(5, 3, dtype=torch.float64)
    bench = Bench()
    full = bench.value("sinkhorn", bench.leaf(scores, "n", "k"), axes=("k", "n"), rounds=3)
    assert_close(full, _published_sinkhorn(scores, 3))
    mask = torch.ones(5, 3, dtype=torch.bool)
    mask[4] = False
    mask[:, 1] = False
    part = bench.value("sinkhorn", bench.leaf(scores, "n", "k"), bench.leaf(mask, "n", "k"), axes=("k", "n"), rounds=3)
    assert_close(part[:4][:, [0, 2]], _published_sinkhorn(scores[:4][:, [0, 2]], 3))
    assert float(part[4].sum()) == 0 and float(part[:, 1].sum()) == 0


def _published_sort(x: list[float], slope: float) -> list[list[float]]:
    count = len(x)
    shares = [[float(row == column) for column in range(count)] for row in range(count)]
    for layer in range(count):
        for a in range(layer % 2, count - 1, 2):
            keep = 0.5 + math.atan(slope * (x[a + 1] - x[a])) / math.pi
            x[a], x[a + 1] = keep * x[a] + (1 - keep) * x[a + 1], (1 - keep) * x[a] + keep * x[a + 1]
            for row in shares:
                row[a], row[a + 1] = keep * row[a] + (1 - keep) * row[a + 1], (1 - keep) * row[a] + keep * row[a + 1]
    return shares


def test_soft_sort_is_the_published_network_on_what_is_present() -> None:
    bench = Bench()
    x = bench.leaf(real(0.3, -1.0, 2.0, 0.1), "b")
    slope, place = bench.graph.const(3.0), Axis("place", 4)
    assert_close(bench.value("soft_sort", x, slope, axis="b", place=place), _published_sort([0.3, -1.0, 2.0, 0.1], 3.0))
    mask = bench.leaf(torch.tensor([True, False, True, True]), "b")
    part = bench.value("soft_sort", x, slope, mask, axis="b", place=place)
    assert_close(part[[0, 2, 3]][:, :3], _published_sort([0.3, 2.0, 0.1], 3.0))
    assert float(part[1].sum()) == 0 and float(part[:, 3].sum()) == 0


def test_stop_where_and_cast() -> None:
    bench = Bench()
    x = real(1, 2, 3).requires_grad_()
    leaf = bench.leaf(x, "a")
    test = bench.leaf(torch.tensor([True, False, True]), "a")
    product = bench.graph.make("mul", bench.graph.make("stop", leaf), leaf)
    torch.autograd.backward(bench.value("where", test, product, leaf).sum())
    assert x.grad is not None and x.grad.tolist() == [1, 1, 3]
    assert bench.value("cast", test, to="int").tolist() == [1, 0, 1]


def test_models_by_mode() -> None:
    graph = Graph()
    x = graph.leaf("input", (D, A), kind="column", name="x")
    calls = {
        mode: graph.make("call", x, model="f", consumes=("d",), produces=(B,), mode=mode, version=0, site="1:1")
        for mode in ("train", "eval")
    }
    weight = torch.arange(8, dtype=torch.float64).reshape(2, 4)
    models = {"f": lambda value, consumed: value @ weight, "f.eval": lambda value, consumed: value @ weight * 0}
    value = torch.ones(2, 3, dtype=torch.float64)
    made = run(Function("f", tuple(calls.items())), {("column", "x"): value}, models)
    assert made["train"].tolist() == [[4, 6, 8, 10]] * 3
    assert float(made["eval"].abs().sum()) == 0


def test_sizes_known_only_now() -> None:
    graph = Graph()
    item = Axis("item")
    x = graph.leaf("input", (item,), kind="column", name="x")
    own = graph.leaf("iota", (item,), "int", axis="item")
    other = graph.leaf("iota", (Axis("other"),), "int", axis="other")
    pair = graph.make("add", graph.make("rename", x, pairs=(("item", "other"),)), own)
    made = run(Function("f", (("y", pair), ("i", other))), {("column", "x"): torch.zeros(3)})
    assert made["y"].shape == (3, 3) and made["i"].tolist() == [0, 1, 2]


def test_clock_and_dtype() -> None:
    graph = Graph()
    step = graph.leaf("input", (), "int", kind="clock", name="step")
    half = graph.make("div", step, graph.const(2))
    made = run(Function("f", (("y", half),)), {}, clock={"step": 3}, dtype=torch.float32)["y"]
    assert made.item() == 1.5 and made.dtype == torch.float32


def test_what_is_missing_is_named() -> None:
    graph = Graph()
    x = graph.leaf("input", (A,), kind="draw", name="noise")
    function = Function("f", (("y", x),))
    with pytest.raises(GraphError, match="no value for the draw noise"):
        run(function, {})
    with pytest.raises(GraphError, match=r"noise has the shape \(2,\), not \(3,\) over a"):
        run(function, {("draw", "noise"): torch.zeros(2)})
    lonely = graph.leaf("iota", (Axis("q"),), "int", axis="q")
    with pytest.raises(GraphError, match="no input tells the size of axis q"):
        run(Function("f", (("y", lonely),)), {})
    call = graph.make("call", x, model="g", consumes=("a",), produces=(B,), mode="train", version=0, site="1:1")
    with pytest.raises(GraphError, match="no model g"):
        run(Function("f", (("y", call),)), {("draw", "noise"): torch.zeros(3)})


def test_kmeans_moves_each_centre_to_the_mean_of_its_rows() -> None:
    bench = Bench()
    rows = torch.tensor([[0.0, 0.0], [0.0, 1.0], [5.0, 5.0], [9.0, 9.0]], dtype=torch.float64)
    x = bench.leaf(rows, "a", "dim")
    start = bench.leaf(rows[[0, 2]] + 0.1, "k", "dim")
    found = bench.value("kmeans", x, start, axes=("a", "k", "dim"), rounds=2, by="distance")
    assert_close(found, [[0.0, 0.5], [7.0, 7.0]])
    there = bench.leaf(torch.tensor([True, True, True, False]), "a")
    kept = bench.leaf(torch.tensor([True, False]), "k")
    part = bench.value("kmeans", x, start, there, kept, axes=("a", "k", "dim"), rounds=1, by="dot")
    assert_close(part, [[5 / 3, 2.0], [0.0, 0.0]])
