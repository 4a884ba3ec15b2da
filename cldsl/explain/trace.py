"""What each pass of the optimiser changes: operators, bytes alive at once and work before and after, and its time.

Input: a plan (as elaborated), a level, maybe a folder. Output: text; in the folder the graph of every function as it
was elaborated and after each pass that changed it, numbered in order, as graph/reader.py reads it back.
"""

from __future__ import annotations

from pathlib import Path

from cldsl import passes
from cldsl.explain.memory import Cost, cost, row_sizes
from cldsl.explain.table import quantity, table
from cldsl.graph.nodes import Function, Graph
from cldsl.graph.plan import ProgramPlan
from cldsl.graph.printer import same, show
from cldsl.running import write_whole


def trace(plan: ProgramPlan, level: int, dump: Path | None = None) -> str:
    """A table for each function. dump: written to, made where it is missing. Raises OSError."""
    if dump is not None:
        dump.mkdir(parents=True, exist_ok=True)
    blocks = []
    for phase in plan.phases:
        sizes = row_sizes(plan, phase)
        for function in phase.functions:
            name = f"{phase.name}.{function.name}"
            steps = _steps(function, level)
            rows = [_row(each, cost(after, sizes), seconds) for each, after, seconds in steps]
            blocks.append(f"{name}\n{table(rows, _HEAD, right=(1, 2, 3, 4), indent=2)}")
            if dump is not None:
                _dump(dump, name, steps)
    note = f"-O{level} runs no pass" if level == 0 else ""
    return "\n\n".join([*blocks, note] if note else blocks)


_HEAD = ("pass", "operators", "work", "peak", "time")

#: The name of what was done ("elaborated", or a pass), the function after it, seconds.
_Step = tuple[str, Function, float]


def _steps(function: Function, level: int) -> list[_Step]:
    steps: list[_Step] = [("elaborated", function, 0.0)]
    passes.optimise(function, Graph(), level, trace=lambda name, after, seconds: steps.append((name, after, seconds)))
    return steps


def _row(name: str, found: Cost, seconds: float) -> list[str]:
    time = f"{1000 * seconds:.1f} ms" if name != "elaborated" else ""
    return [name, str(found.operators), quantity(found.flops, "FLOP"), quantity(found.peak, "B"), time]


def _dump(folder: Path, name: str, steps: list[_Step]) -> None:
    before = None
    for place, (step, function, _) in enumerate(steps):
        if before is None or not same(before, function):
            write_whole(folder / f"{name}.{place}.{step}.txt", show(function))
        before = function
