"""A visit as text: the body of a strip as a function, decorated with how its strips are cut and put together.

Input: a graph/strips.py Visit. Output: definitions that stand before what calls them; `Visit.name` is the function's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cldsl.codegen.functions import body_of
from cldsl.codegen.lower import Environment, Lowering, module_names
from cldsl.codegen.names import RESERVED, Identifier, Names
from cldsl.codegen.printer import lines_of
from cldsl.codegen.statements import Define, Expression, Literal, Name, call, display, name
from cldsl.codegen.tiles import tile_text
from cldsl.graph.nodes import Function
from cldsl.graph.strips import Given, Taken, Visit

Family = Callable[[str], str | None]
Frozen = Callable[[str], bool]


def strip_texts(visits: Iterable[tuple[Identifier, Visit]], family: Family, frozen: Frozen) -> list[str]:
    """The functions of visits under these names as texts, what a visit's function refers to before it."""
    found: list[str] = []
    for written, visit in visits:
        pull = None
        if visit.pull is not None:
            pull = Identifier(f"{written}_pull")
            found.append(_text(_body(visit, visit.pull, pull, family, frozen, ())))
        if visit.tile is not None:
            found.append(tile_text(visit.tile, family, frozen))
        found.append(_text(_body(visit, visit.body, written, family, frozen, (_decorator(visit, pull),))))
    return found


def _text(definition: Define) -> str:
    return "\n".join(lines_of([definition]))


def _body(
    visit: Visit,
    body: Function,
    written: Identifier,
    family: Family,
    frozen: Frozen,
    decorators: tuple[Expression, ...],
) -> Define:
    names = Names(RESERVED)
    leaves = [each for each in (visit.valid, visit.start) if each is not None]
    leaves += [take.leaf for take in visit.takes]
    known = set(leaves)
    leaves += [leaf for _, leaf in visit.reads if body is not visit.body and leaf not in known]
    passed = {leaf: Name((names.fresh(str(leaf.attr("name"))),)) for leaf in leaves}
    modules = dict(zip(visit.body.models, module_names(visit), strict=True))
    for each in modules.values():
        names.fresh(str(each))
    environment = Environment(lambda node: passed[node], lambda model: name(modules[model]), family, frozen)
    low = Lowering(body, environment, names)
    lines = body_of(low, environment.leaf, low.run())
    parameters = (*(each.path[0] for each in passed.values()), *modules.values())
    return Define(written, parameters, lines, doc=_doc(visit, body), decorators=decorators)


def _decorator(visit: Visit, pull: Identifier | None) -> Expression:
    named: dict[str, Expression] = {
        "rows": Literal(visit.rows),
        "height": Literal(visit.height),
        "takes": display(tuple(_taken(take, visit.source(take)) for take in visit.takes)),
        "gives": display(tuple(_given(give) for give in visit.gives)),
    }
    if visit.once:
        named["once"] = Literal(True)
    if visit.valid is not None:
        named["valid"] = Literal(True)
    if visit.tile is not None:
        named["tile"] = name(Identifier(visit.tile.function.name))
    if visit.start is not None:
        named["start"] = Literal(True)
    if pull is not None:
        places = {give.name: place for place, give in enumerate(visit.gives)}
        named["reads"] = Literal(tuple(places[own] for own, _ in visit.reads))
        named["pull"] = name(pull)
    return call("rt.strips", **named)


def _taken(take: Taken, argument: int) -> Expression:
    if take.dim is None:
        return call("rt.Whole", Literal(argument))
    named: dict[str, Expression] = {"per": Literal(take.per)} if take.per != 1 else {}
    dim = (Literal(take.dim),) if take.dim else ()
    return call("rt.Cut", Literal(argument), *dim, **named)


def _given(give: Given) -> Expression:
    shape = Literal(tuple(axis.size for axis in give.node.axes))
    named: dict[str, Expression] = {}
    if give.node.dtype != "real":
        named["dtype"] = Literal(give.node.dtype)
    if give.moving:
        named["grad"] = Literal(True)
    if give.place is not None:
        named["place"] = Literal(give.place)
    if give.how != "rows":
        return call("rt.Gathered", Literal(give.how), *((shape,) if give.node.axes else ()), **named)
    dim: dict[str, Expression] = {"dim": Literal(give.dim)} if give.dim else {}
    per: dict[str, Expression] = {"per": Literal(give.per)} if give.per != 1 else {}
    return call("rt.Along", shape, **dim, **per, **named)


def _doc(visit: Visit, body: Function) -> str:
    rows = f"One strip of {visit.height} of {visit.rows} rows along {visit.axis}"
    return rows if body is visit.body else f"{rows}: what has its gradient"
