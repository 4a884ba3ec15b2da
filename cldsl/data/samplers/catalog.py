"""The samplers by name: what they take, how many rows a batch has where they decide it, which columns they add.

Input: a name and constant arguments of a spec's call. Output: a SamplerEntry with its facts. Imports neither numpy nor torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cldsl.catalogue import CatalogueError, Entry, Parameter


@dataclass(frozen=True)
class AddedColumn:
    """A column [item] that a sampler adds: truths, or where `target` is an axis indices along it."""

    name: str
    doc: str
    target: str | None = None


@dataclass(frozen=True)
class SamplerEntry(Entry):
    """A sampler. Every one groups rows by what it is given first: a column, or the table over what a column points to.

    rows: the rows of a batch by the bound arguments, None where the spec says `batch`. axes: the axes that added columns
    point to, each with the argument that is its size. layout: (axis, size, n, m) where every batch holds n rows of each
    index of the axis, then m of each. classes: what is wrong with a batch when the rows have so many groups.
    """

    adds: tuple[AddedColumn, ...] = ()
    rows: Callable[[Mapping[str, Any]], int] | None = None
    axes: tuple[tuple[str, str], ...] = ()
    layout: Callable[[Mapping[str, Any]], tuple[str, int, int, int]] | None = None
    classes: Callable[[int, int, Mapping[str, Any]], CatalogueError | None] = lambda groups, batch, options: None


def uneven(groups: int, batch: int, options: Mapping[str, Any]) -> CatalogueError | None:
    """A batch that does not divide into equally many rows of each group."""
    share, rest = divmod(batch, groups)
    if not rest:
        return None
    below, above = share * groups, (share + 1) * groups
    return CatalogueError(
        f"quota: a batch of {batch} does not divide into {groups} equal classes",
        f"take {above} or {below}" if below else f"take {above}",
    )


def too_wide(groups: int, batch: int, options: Mapping[str, Any]) -> CatalogueError | None:
    """Episodes of more classes than there are."""
    if options["way"] <= groups:
        return None
    return CatalogueError(
        f"episodes: an episode takes {options['way']} classes, and there are {groups}", f"take way = {groups} at most"
    )


def episode_rows(options: Mapping[str, Any]) -> int:
    """Rows of an episode."""
    return int(options["way"]) * (int(options["shot"]) + int(options["ask"]))


SAMPLERS = (
    SamplerEntry(
        "episodes",
        "Batches of `way` classes drawn anew, each with `shot` rows that support and `ask` others that are asked.",
        (
            Parameter("way", "int", doc="classes of an episode", low=1),
            Parameter("shot", "int", doc="support rows of each class", low=1),
            Parameter("ask", "int", doc="rows of each class that are asked", low=1),
        ),
        "cldsl.data.samplers.episodes:Episodes",
        adds=(
            AddedColumn("support", "whether the row supports"),
            AddedColumn("local", "the class counted within the episode", "way"),
        ),
        rows=episode_rows,
        axes=(("way", "way"),),
        layout=lambda options: ("way", int(options["way"]), int(options["shot"]), int(options["ask"])),
        classes=too_wide,
    ),
    SamplerEntry(
        "quota",
        "Every batch has equally many rows of each class; rows of small classes come more than once in an epoch.",
        implementation="cldsl.data.samplers.quota:Quota",
        classes=uneven,
    ),
    SamplerEntry(
        "together",
        "All rows of a batch have one key; keys take turns, and what does not fill a batch is left out.",
        implementation="cldsl.data.samplers.together:Together",
    ),
)
