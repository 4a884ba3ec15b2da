"""Streams against their default sources: whether the source exists, has the columns, and how many axes these have; and the options
of `train` blocks. Input: what is shared by an elaboration. Output: diagnostics, given to it. Nothing is opened.
"""

from __future__ import annotations

import math
from typing import Any

from cldsl.catalogue import CatalogueError, nearest
from cldsl.data import catalog
from cldsl.elaborate.shared import Shared
from cldsl.semantics.spots import spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span


def judge(shared: Shared) -> None:
    """Every `data` declaration."""
    for data in shared.declared(ast.Data):
        _rows(shared, data)
        _source(shared, data)


def _rows(shared: Shared, data: ast.Data) -> None:
    """Columns lie along the stream's rows, or along an axis that a column points to."""
    first = [(column, axis_name(column.axes[0])) for column in data.columns if column.axes]
    if not first:
        return
    for column in data.columns:
        if column.axes and getattr(column.axes[0], "ragged", False):
            _error(
                shared,
                column.span,
                "row-axis",
                f"the rows of {data.name} are counted, {axis_name(column.axes[0])} cannot be ragged",
                "a ragged axis is one along which rows have their own lengths",
                f"write `{axis_name(column.axes[0])}`",
            )
    rows = {first[0][1], *(column.target for column in data.columns)}
    for column, name in first:
        if name not in rows:
            place = spot(column.span, name, shared.program.sources, "[")
            _error(
                shared,
                place,
                "row-axis",
                f"{column.name} lies along {name}, the rows of {data.name} along {first[0][1]}",
                "all columns of a stream have its rows as first axis",
                nearest(name, [first[0][1]]),
            )


def axis_name(item: ast.AxisItem) -> str:
    """The name of an axis in a declaration."""
    return (
        item.name if isinstance(item, ast.AxisName) else item.axis if isinstance(item, (ast.Select, ast.Slice)) else "?"
    )


def _source(shared: Shared, data: ast.Data) -> None:
    name = shared.source_of(data)
    if name is None:
        _error(shared, data.span, "source-missing", f"stream {data.name} has no source", "", 'write `from "mnist-5k"`')
        return
    place = spot(data.span, f'"{name}"', shared.program.sources, "from")
    try:
        entry = catalog.source(name)
    except CatalogueError as error:
        _error(shared, place, "no-source", error.message, "", error.mend)
        return
    if not entry.columns:
        return  # a production source: its columns are known when it is opened
    known = {column.name: column for column in entry.columns}
    for column in data.columns:
        if column.name in known:
            _column(shared, column, known[column.name], name)
        elif column.name != "id":
            _error(
                shared,
                spot(column.span, column.name, shared.program.sources),
                "no-column",
                f"{name} has no column {column.name}",
                f"its columns are {', '.join([*known, 'id'])}",
                nearest(column.name, [*known, "id"]),
            )


def _column(shared: Shared, column: ast.Column, entry: catalog.ColumnEntry, source: str) -> None:
    wanted = len(entry.axes) + 1
    if len(column.axes) != wanted:
        own = ", ".join(("item", *entry.axes))
        _error(
            shared,
            column.span,
            "column-axes",
            f"{column.name} has {wanted} axes, {len(column.axes)} are named",
            f"{source} has {column.name}[{own}]",
            "name each of them; the first is that of the rows",
        )
    for item, axis in zip(column.axes[1:], entry.axes, strict=False):
        if axis in entry.ragged and not getattr(item, "ragged", False):
            _error(
                shared,
                item.span,
                "ragged-axis",
                f"rows of {column.name} have their own lengths along {axis_name(item)}",
                f"{source} pads them",
                f"write `{axis_name(item)}*`: what a row lacks is absent",
            )
    if entry.classes is not None and column.target is None:
        shared.warn(
            column.span,
            "no-target",
            f"{column.name} is an index, and no axis is named that it points to",
            "as a number it has no classes",
            f"write `{column.name}[{axis_name(column.axes[0]) if column.axes else 'item'}] -> class`",
        )
    if entry.dtype == "real" and column.target is not None:
        _error(
            shared,
            column.span,
            "no-index",
            f"{column.name} holds real numbers, it points to nothing",
            f"{source} has no classes for it",
            f"remove `-> {column.target}`",
        )


def train_options(shared: Shared, block: ast.Train, options: dict[str, Any]) -> bool:
    """A train block says how many rows a step has and how long it lasts; whether these can be used."""
    fine = True
    span = block.streams[0].span
    name = block.streams[0].value
    shown = (
        name.function.id
        if isinstance(name, ast.Call) and isinstance(name.function, ast.Name)
        else name.id
        if isinstance(name, ast.Name)
        else "photos"
    )
    if "batch" not in options:
        _error(
            shared,
            span,
            "batch-missing",
            "a train block says how many rows a step has",
            "",
            f"write `{shown}(batch = 256, epochs = 100)`",
        )
    if "epochs" not in options and "steps" not in options:
        _error(
            shared,
            span,
            "epochs-missing",
            "a train block says how long it lasts",
            "",
            f"write `{shown}(batch = {options.get('batch', 256)}, epochs = 100)` or `steps = ...`",
        )
    return stream_options(shared, span, options) and fine


def stream_options(shared: Shared, span: Span, options: dict[str, Any]) -> bool:
    """Whether the options that a stream is given, at a place, can be used."""
    fine = True
    for option in ("batch", "epochs", "steps", "limit"):
        value = options.get(option)
        if (
            option in options
            and not (option == "batch" and "whole" in options)
            and (
                not isinstance(value, (int, float))
                or isinstance(value, bool)
                or not math.isfinite(value)
                or value != int(value)
                or value < 1
            )
        ):
            fine = False
            _error(
                shared,
                spot(span, option, shared.program.sources),
                "option-value",
                f"{option} is a whole number from 1, not {value}",
                "",
                "write a whole number from 1",
            )
    split = options.get("split")
    if split is not None and split not in catalog.SPLITS:
        _error(
            shared,
            spot(span, "split", shared.program.sources),
            "option-value",
            f"no split is called {split}",
            "",
            nearest(str(split), catalog.SPLITS),
        )
    return fine


def _error(shared: Shared, span: Span, code: str, message: str, reason: str, mend: str) -> None:
    shared.complain(Diagnostic(span, code, message, reason, mend))
