"""The tiles of a visit as text: Triton kernels of its stages, and its body over all rows with calls of them.

Input: a graph/tiles.py Tile. Output: text that stands before the function of the strips; `f"{visit.name}_tiled"` is what it
defines last. Kernels are written inside a function that imports Triton when it is called: a program is loaded without it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment as Templates
from jinja2 import StrictUndefined, Template

from cldsl.codegen.adjoints import Kernel
from cldsl.codegen.functions import body_of
from cldsl.codegen.lower import Environment, Lowering
from cldsl.codegen.names import RESERVED, Identifier, Names
from cldsl.codegen.printer import lines_of
from cldsl.codegen.statements import Define, Name, call, name
from cldsl.graph.strips import Visit
from cldsl.graph.tiles import Stage, Tile

_TEMPLATES = Path(__file__).parent / "templates"


def tile_text(tile: Tile, family: Callable[[str], str | None], frozen: Callable[[str], bool]) -> str:
    """Definitions of the stages and of the tiled body, in the order of their use, separated by two empty lines."""
    written = [stage_text(stage, tuple(visit.source(take) for take in visit.takes)) for stage, visit in _calls(tile)]
    return "\n\n\n".join([*written, "\n".join(lines_of([_tiled(tile, family, frozen)]))])


def stage_text(stage: Stage, takes: tuple[int, ...]) -> str:
    """The kernels of one stage. takes: of each that it reads, which argument of its call it is."""
    kernel = Kernel(stage)
    return _template().render(stage=stage, takes=takes, kernel=kernel).strip("\n")


def _calls(tile: Tile) -> list[tuple[Stage, Visit]]:
    return list(zip(tile.stages, tile.function.visits, strict=True))


def _tiled(tile: Tile, family: Callable[[str], str | None], frozen: Callable[[str], bool]) -> Define:
    names = Names({*RESERVED, *(stage.name for stage in tile.stages)})
    passed = {leaf: Name((names.fresh(str(leaf.attr("name"))),)) for leaf in tile.leaves}
    environment = Environment(
        lambda node: passed[node], name, family, frozen, visit=lambda visit: name(Identifier(visit.name))
    )
    low = Lowering(tile.function, environment, names)
    lines = body_of(low, environment.leaf, low.run())
    parameters = tuple(each.path[0] for each in passed.values())
    doc = "All rows at once: pairs are seen by kernels only"
    return Define(Identifier(tile.function.name), parameters, lines, doc=doc, decorators=(call("rt.tiled"),))


@cache
def _template() -> Template:
    templates = Templates(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    return templates.from_string((_TEMPLATES / "tile.py.j2").read_text(encoding="utf-8"))
