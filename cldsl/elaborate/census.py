"""What can be proven of masks without running anything: always true, never true, how many at most.

A mask that depends on coordinates alone is evaluated on a shrunken copy of the problem (miniature.py): a long axis is cut to a few
entries. Two cuts that agree are taken for the truth (the predicates of the language compare coordinates; they cannot
count to the size of an axis). Data are opaque tokens: equal to themselves, of unknown relation to others.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from cldsl.elaborate.miniature import Miniature, Undecided, places
from cldsl.graph.nodes import Axis, Node


def verdict(mask: Node | None) -> bool | None:
    """True: holds at every coordinate. False: at none. None: it depends, or cannot be told."""
    if mask is None:
        return True
    first = _everywhere(mask, 3)
    return first if first is not None and _everywhere(mask, 4) is first else None


def _everywhere(mask: Node, cut: int) -> bool | None:
    """The mask's one value on a small copy; looking ends at the second."""
    try:
        mini = Miniature([mask], cut)
        common: bool | None = None
        for where in places(mini, mask.names):
            value = mini.at(mask, where)
            if not isinstance(value, bool) or (common is not None and value is not common):
                return None
            common = value
        return common
    except Undecided:
        return None


def holds_somewhere(mask: Node) -> bool:
    """Whether the mask is proven to hold at some coordinate."""
    try:
        mini = Miniature([mask], 3)
        return any(mini.at(mask, where) is True for where in places(mini, mask.names))
    except Undecided:
        return False


def some_row(parts: Sequence[tuple[Node | None, str]], anchor: Axis, anchors: Node | None) -> set[bool | None]:
    """For the anchors of a small copy: whether one has a row in any of the parts (mask, axis). None: it cannot be told."""
    answers: list[set[bool | None]] = []
    for cut in (3, 4):
        try:
            answers.append(_some_row(parts, anchor, anchors, cut))
        except Undecided:
            return {None}
    return answers[0] if answers[0] == answers[1] else {None}


def _some_row(
    parts: Sequence[tuple[Node | None, str]], anchor: Axis, anchors: Node | None, cut: int
) -> set[bool | None]:
    if any(mask is None for mask, _ in parts):
        return {True}
    masks = [mask for mask, _ in parts if mask is not None]
    mini = Miniature([*masks, *([anchors] if anchors is not None else [])], cut)
    own = {name for _, name in parts}
    outer = {axis.name for mask in masks for axis in mask.axes} - own
    outer |= {axis.name for axis in anchors.axes} if anchors is not None else set()
    found: set[bool | None] = set()
    for where in places(mini, sorted(outer)):
        if anchors is not None and mini.at(anchors, where) is not True:
            continue
        found.add(_any_at(mini, parts, where))
    return found or {None}


def _any_at(mini: Miniature, parts: Sequence[tuple[Node | None, str]], where: dict[str, int]) -> bool | None:
    unknown = False
    for mask, axis in parts:
        assert mask is not None
        for place in range(mini.sizes[axis]) if axis in mask.names else (0,):
            value = mini.at(mask, {**where, axis: place})
            if value is True:
                return True
            unknown = unknown or value is not False
    return None if unknown else False


def most(mask: Node, axis: Axis) -> int | None:
    """The largest number of true entries along the axis, where it does not grow with the problem."""
    counts = counted(mask, axis)
    return None if counts is None else counts[1]


def counted(mask: Node, axis: Axis) -> tuple[int, int] | None:
    """Fewest and most true entries along the axis; None where it depends on data or on sizes."""
    if axis.name not in mask.names:
        return None
    answers = set()
    for cut in (4, 5):
        totals = _totals(mask, axis, cut)
        if totals is None:
            return None
        answers.add(totals[1:])
    return answers.pop() if len(answers) == 1 else None


def extrapolated(mask: Node, axis: Axis) -> int | None:
    """The number of true entries along the axis at its real size, where it is the same for all others and grows linearly."""
    if axis.size is None:
        return None
    samples = []
    for cut in (3, 4, 5):
        totals = _totals(mask, axis, cut)
        if totals is None or totals[0] is None or totals[1] != totals[2]:
            return None
        samples.append((totals[0], totals[1]))
    (n1, c1), (n2, c2), (n3, c3) = samples
    if n2 == n1 or (c2 - c1) * (n3 - n2) != (c3 - c2) * (n2 - n1):
        return None
    slope = (c2 - c1) / (n2 - n1)
    return round(c1 + slope * (axis.size - n1))


@functools.lru_cache(maxsize=8)
def _totals(mask: Node, axis: Axis, cut: int) -> tuple[int | None, int, int] | None:
    """The size of the axis on a small copy, and the fewest and the most true entries along it; None: it cannot be told.

    A few answers are kept: who counts mostly goes on to extrapolate.
    """
    totals: dict[tuple[int, ...], int] = {}
    try:
        mini = Miniature([mask], cut)
        if mini.laid_out is not None:
            return None  # its rows are not as many as they will be
        for where in places(mini, mask.names):
            value = mini.at(mask, where)
            if not isinstance(value, bool):
                return None
            key = tuple([place for name, place in where.items() if name != axis.name])
            totals[key] = totals.get(key, 0) + value
    except Undecided:
        return None
    return (mini.sizes.get(axis.name), min(totals.values()), max(totals.values())) if totals else None
