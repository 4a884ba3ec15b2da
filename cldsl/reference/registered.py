"""Calls of registries inside expressions: the metrics of reports. A metric that fits needs a second split: not here."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import torch

from cldsl.catalogue import CatalogueError
from cldsl.metrics.catalog import metric_entry
from cldsl.reference.errors import EvaluationError
from cldsl.reference.scope import Scope
from cldsl.reference.values import Value, both, sizes_of
from cldsl.syntax import ast

if TYPE_CHECKING:
    from cldsl.reference.expressions import Interpreter


def metric(name: str, node: ast.Call, scope: Scope, interpreter: Interpreter) -> Value:
    """The metric of a call: its values as [row, dim] or [row], its options by name."""
    try:
        entry = metric_entry(name)
        if entry.fits:
            raise EvaluationError(f"{name} fits on another split: the evaluator does not run it")
        values = [interpreter.value(each.value, scope) for each in node.arguments if each.name is None]
        options = {each.name: _option(interpreter.evaluate(each.value, scope)) for each in node.arguments if each.name}
        tables = _present(values) or [_table(value) for value in values]
        return Value(torch.tensor(entry.load()(*tables, **options), dtype=torch.float64))
    except CatalogueError as error:
        raise EvaluationError(f"{error.message} {error.mend}".strip()) from None


def _present(values: list[Value]) -> list[torch.Tensor]:
    """The rows that are there in every value, over the axes on which presence depends; none where all are present."""
    mask = reduce(both, (value.present for value in values), None)
    if mask is None:
        return []
    sizes = sizes_of(values)
    kept = [value.over(mask.axes, sizes) for value in values]
    ordered = [value.ordered((*mask.axes, *(axis for axis in value.axes if axis not in mask.axes))) for value in kept]
    return [data.detach()[mask.data] for data in ordered]


def _table(value: Value) -> torch.Tensor:
    rows = tuple(axis for axis in value.axes if axis != "dim" and axis != "width")
    last = tuple(axis for axis in value.axes if axis not in rows)
    return value.ordered((*rows, *last)).detach().flatten(0, max(len(rows) - 1, 0))


def _option(thing: object) -> object:
    return thing.data.detach().item() if isinstance(thing, Value) else thing
