"""The blocks of a program in order, as data: what the trainer goes through.

Input: names of a program's methods, streams and options. Output: Train and Evaluate. No behaviour here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sampler:
    """How batches are chosen: an entry of `cldsl.data.samplers.catalog`, the column that groups rows or, with `table`, the
    attribute of the state that this column points into; `options` are the entry's arguments."""

    entry: str
    by: str
    table: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Train:
    """A `train` block: method `name(batch, clock)`. line: "tiny.cl:23".

    options: batch, whole (all rows, in the order of the source), epochs or steps, quota.
    inner: it is gone through whenever another block enters it, not in its turn. beside: options, batch above all, of
    further streams that each step takes a batch of.
    """

    name: str
    stream: str
    options: Mapping[str, Any] = field(default_factory=dict)
    line: str = ""
    inner: bool = False
    sampler: Sampler | None = None
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluate:
    """An `on` block: method `name(data, clock)`, data(split) being whole columns of `stream`.

    every: ("epoch", 10) or ("step", 500) evaluates it within the train block before it too. writes: it changes state,
    so it is not evaluated before training. inner: as for Train.
    """

    name: str
    stream: str
    options: Mapping[str, Any] = field(default_factory=dict)
    every: tuple[str, int] | None = None
    line: str = ""
    writes: bool = False
    inner: bool = False


Phase = Train | Evaluate
