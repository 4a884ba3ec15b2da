"""`cldsl explain`: the chapters put together.

Input: a spec, what was chosen on the command line, which chapters. Output: text; with a folder, the graphs as files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cldsl.explain.memory import memory
from cldsl.explain.reach import reach
from cldsl.explain.sets import sets
from cldsl.explain.timeline import timeline
from cldsl.running import chosen_sources, elaborated, source_sizes
from cldsl.semantics.resolve import resolve_file


@dataclass(frozen=True)
class Chosen:
    """Which chapters. level: of the plan that is measured; dump: a folder for the graph before and after each pass.

    budget: bytes that a step may fill, None without bound.
    """

    passes: bool = False
    memory: bool = False
    dump: Path | None = None
    level: int = 2
    budget: int | None = None


def explain(
    spec: str, variant: str | None, overrides: Mapping[str, str], data: Mapping[str, str], chosen: Chosen
) -> str:
    """The chapters as one text. Raises SpecError, CatalogueError, OSError."""
    program = resolve_file(spec, variant, overrides)
    plan = elaborated(program, data)
    sources = chosen_sources(program, data)
    title = f"{program.name}{f', variant {program.variant}' if program.variant else ''}: {program.title}"
    chapters = {
        "time line": timeline(plan, program.sources),
        "sets": sets(program, source_sizes(program, sources), sources),
        "gradient": reach(plan),
    }
    if chosen.passes or chosen.dump is not None:
        from cldsl.explain.trace import trace

        chapters["passes"] = trace(plan, chosen.level, chosen.dump)
    from cldsl.explain.strips import strips

    chapters["strips"] = strips(plan, chosen.level, chosen.budget)
    if chosen.budget is not None:
        from cldsl.explain.encoders import encoders

        chapters["encoders"] = encoders(plan, chosen.level, chosen.budget)
    if chosen.memory:
        from cldsl.compiler import optimise

        chapters[f"plan, -O{chosen.level}"] = memory(optimise(plan, chosen.level, memory=chosen.budget))
    return "\n\n".join([title, *(f"== {name}\n\n{text}" for name, text in chapters.items())])
