"""A filter that no reduced axis depends on keeps all rows or none, whatever the argument carries."""

from __future__ import annotations

import torch

from cldsl.codegen import emit_function, load_function
from cldsl.elaborate import Given, function
from cldsl.graph.nodes import Axis
from cldsl.semantics.resolve import resolve

TEXT = """spec rows "Rows" "none"
data points: x[item, dim] from "tiny"
contrast pull:
    anchor     a in x
    positive   c in x if c == a
    negative   c in x if c != a
    similarity dot(a, c)
"""


def value(text: str, step: int) -> float:
    given = {"x": Given((Axis("item", 3), Axis("dim", 2)))}
    formula, _ = function(resolve(TEXT), {"y": text}, given)
    inputs = {"x": torch.ones(3, 2, dtype=torch.float64), "step": torch.tensor(step)}
    names = {str(node.attr("name")) for node in formula.inputs}
    written = load_function(emit_function(formula), formula.name)
    result = written(models={}, **{name: tensor for name, tensor in inputs.items() if name in names})
    return float(result[0] if isinstance(result, tuple) else result)


def test_a_clock_filter_over_rows_counts_all_or_none() -> None:
    assert value("count[c in x if step > 0](c)", 0) == 0
    assert value("count[c in x if step > 0](c)", 1) == 3
    assert value("sum[a in x, c in x if step > 5](1)", 0) == 0
    assert value("sum[a in x, c in x if step > 5](1)", 6) == 9


def test_rows_of_two_tensors_are_never_equal() -> None:
    assert value("sum[a in x, c in stop(x) if c == a](1)", 0) == 0


def test_a_mean_behind_a_false_filter_is_absent() -> None:
    assert value("mean[c in x if step > 5](7) else 2", 0) == 2
    assert value("mean[c in x if step > 5](7) else 2", 6) == 7


def test_the_sets_of_an_anchor_bound_by_a_reduction() -> None:
    assert value("mean[a in pull](count[n in a.negative](n))", 0) == 2
    assert value("sum[a in pull](sum[n in a.negative](pull(a, n)))", 0) == 12


def test_a_slice_of_a_list_keeps_its_coordinates() -> None:
    assert value("sum[c in {n in x top 3 by 0 - n.item}[rank = 1 : 3]](c.item)", 0) == 3
