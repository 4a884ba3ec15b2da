"""The visits of a choice as graph/strips.py holds them: bodies, what they take, what they give.

Input: a choice, the height of each visit, what the gradient passes. Output: visits in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from fractions import Fraction
from math import lcm

from cldsl.graph.nodes import Graph, Node
from cldsl.graph.strips import Given, Taken, Visit
from cldsl.graph.tiles import Tile
from cldsl.strips.assign import Inside, Outside
from cldsl.strips.body import Bodies, interior, rows_of
from cldsl.strips.choose import Choice, at_once, is_logsumexp, moving_gives
from cldsl.strips.local import Rows
from cldsl.strips.naming import word
from cldsl.strips.tiles import tiled


def made_visits(
    choice: Choice, heights: Sequence[int], large: Collection[Node], moving: Collection[Node], kernels: bool = False
) -> tuple[Visit, ...]:
    """kernels: with the kernels of their pairs, for a GPU."""
    names: set[str] = set()
    return tuple(
        _visit(choice, visit, height, large, moving, names, kernels)
        for visit, height in zip(choice.visits, heights, strict=True)
    )


def rows_of_visit(choice: Choice, visit: int, large: Collection[Node]) -> tuple[list[Node], int]:
    """The nodes that a visit computes, and its base rows."""
    nodes = interior(choice.found, visit, choice.needs.gives[visit], large)[0]
    return nodes, int((choice.found.axis.size or 1) / unit(choice, nodes))


def unit(choice: Choice, nodes: Sequence[Node]) -> int:
    """How many rows of the axis are one base row: several where they are split into rows and what each has."""
    kinds = [rows for node in nodes if (rows := rows_of(choice.found, node)) is not None]
    kinds += [state.rows for node in nodes if isinstance(state := choice.found.states[node], Inside)]
    return lcm(*(rows.per.denominator for rows in kinds)) if kinds else 1


def _visit(
    choice: Choice,
    visit: int,
    height: int,
    large: Collection[Node],
    moving: Collection[Node],
    names: set[str],
    kernels: bool,
) -> Visit:
    found, gives = choice.found, choice.needs.gives[visit]
    nodes, rows = rows_of_visit(choice, visit, large)
    base = unit(choice, nodes)
    bodies = Bodies(found, visit, large, height, Fraction(base))
    ragged = rows % height != 0
    name = word(f"{_about(gives)}_strip", names)
    moved = moving_gives(gives, moving)
    once = at_once(found, gives, moving, large)
    extremes = [node for node in moved if _is_extreme(choice, node)]
    first = bodies.make(name, gives, ragged, extremes, {})
    given = [_given(choice, node, f"out_{i}", node in moved, base) for i, node in enumerate(gives)]
    for i, node in enumerate(extremes):
        place = len(gives) + i
        at = Graph().leaf("input", node.axes, "int", node.span, "", kind="strip", name=f"out_{place}")
        given[gives.index(node)] = replace(given[gives.index(node)], place=place)
        given.append(Given(f"out_{place}", at, "place"))
    takes = [_taken(node, cut, leaf, base) for (node, cut), leaf in first.leaves.items()]
    saved = {give.node: _read(give) for give in given if not once and give.moving and _is_read(give)}
    pull, reads = None, tuple[tuple[str, Node], ...]()
    if saved:
        second = bodies.make(f"{name}_pull", gives, ragged, extremes, saved)
        pull = second.body
        reads = tuple((saved[node], second.kept[node]) for node in saved)
    tile = _tile(bodies, name, gives, rows) if kernels and not extremes and not first.body.models else None
    return Visit(
        name,
        found.axis.name,
        rows,
        height,
        first.body,
        tuple(takes),
        tuple(given),
        once,
        first.valid,
        pull,
        reads,
        first.start,
        tile,
    )


def _tile(bodies: Bodies, name: str, gives: Sequence[Node], rows: int) -> Tile | None:
    """The visit over all rows by kernels, where its pairs allow it."""
    whole = replace(bodies, height=rows, graph=Graph()).make(name, gives, False, [], {})
    found = tiled(whole.body, list(whole.leaves.values()), name)
    return None if isinstance(found, str) else found


def _is_extreme(choice: Choice, node: Node) -> bool:
    state = choice.found.states[node]
    return isinstance(state, Outside) and state.how in ("max", "min")


def _is_read(give: Given) -> bool:
    return give.place is not None or is_logsumexp(give.node)


def _read(give: Given) -> str:
    """The output that the second visit reads: the value, or the place of an extreme."""
    return give.name if give.place is None else f"out_{give.place}"


def _about(gives: Sequence[Node]) -> str:
    labels = [node.label for node in gives if node.label]
    return labels[0] if labels else "contrast"


def _taken(node: Node, cut: Rows | None, leaf: Node, base: int) -> Taken:
    if cut is None:
        return Taken(leaf, node)
    return Taken(leaf, node, node.names.index(cut.axis), int(cut.per * base))


def _given(choice: Choice, node: Node, name: str, moving: bool, base: int) -> Given:
    state = choice.found.states[node]
    if isinstance(state, Outside):
        assert state.how is not None
        return Given(name, node, state.how, moving=moving)
    return Given(name, node, "rows", node.names.index(state.rows.axis), int(state.rows.per * base), moving)
