"""Which stages share one pass: runs of geometry become one resampling, runs of colour maps one pass.

Input: stages in order, innermost first. Output: steps, each a run of stage numbers. A flip after stages that commute
with it joins the geometry before them. Draws keep the order in which the stages are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cldsl.views.colour import ColourStage
from cldsl.views.geometry import Flip, GeometryStage
from cldsl.views.stage import Stage


@dataclass(frozen=True)
class Step:
    """A run of stages done in one pass; kind is "geometry", "colour" or "entry" (then one stage)."""

    kind: str
    stages: tuple[int, ...]


def plan(stages: Sequence[Stage]) -> tuple[Step, ...]:
    """The steps of a pipeline."""
    runs: list[tuple[str, list[int]]] = []
    for i, stage in enumerate(stages):
        kind = _kind(stage)
        home = _geometry_before(runs, stages) if isinstance(stage, Flip) else None
        if home is not None:
            home.append(i)
        elif runs and kind != "entry" and runs[-1][0] == kind:
            runs[-1][1].append(i)
        else:
            runs.append((kind, [i]))
    return tuple(Step(kind, tuple(run)) for kind, run in runs)


def _kind(stage: Stage) -> str:
    if isinstance(stage, GeometryStage):
        return "geometry"
    return "colour" if isinstance(stage, ColourStage) else "entry"


def _geometry_before(runs: Sequence[tuple[str, list[int]]], stages: Sequence[Stage]) -> list[int] | None:
    """The last run of geometry, if everything after it commutes with a flip."""
    for kind, run in reversed(runs):
        if kind == "geometry":
            return run
        if not all(stages[i].mirrors for i in run):
            return None
    return None
