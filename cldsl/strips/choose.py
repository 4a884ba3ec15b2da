"""Which axis strips are cut along: the one that leaves least to be computed whole, then the least work.

Input: a function. Output: a `Choice` (an assignment, what its visits give, what it costs), or none where no axis helps.
A relation used in both directions can be two plans, one along each axis, or one whose visits accumulate vectors over
rows; both are tried, and the products decide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from cldsl.graph.nodes import Axis, Function, Node, topological
from cldsl.passes.constant_gradient import losses, passing, varying
from cldsl.strips.assign import Assignment, Outside, assign
from cldsl.strips.body import interior
from cldsl.strips.cost import size_bytes, work
from cldsl.strips.local import Coupled
from cldsl.strips.needs import Needs, needs
from cldsl.strips.thresholds import mixed

#: Axes that are tried, the longest first.
TRIED = 8


@dataclass
class Choice:
    """bytes: of large values computed whole. flops: of all products. twice: visits that are made again for
    a gradient. again: normalisers that they then compute anew. mixed: a comparison that it would not leave exact,
    where that was asked."""

    found: Assignment
    needs: Needs
    bytes: int
    flops: int
    twice: int
    again: int
    mixed: Node | None = None

    @property
    def rank(self) -> tuple[int, ...]:
        """What is least in it is best."""
        return self.bytes, self.flops, len(self.visits), self.twice, self.again

    @property
    def visits(self) -> list[int]:
        return sorted(self.needs.gives)


def choose(
    function: Function, seeds: Collection[Node], large: Collection[Node], coupled: Coupled
) -> tuple[Choice | None, list[Choice]]:
    """The best choice and all that were tried."""
    order = topological(node for _, node in function.outputs)
    moving = passed(function, order)
    tried = []
    for axis in axes(seeds):
        for mode in ("all", "sums", "vectors"):
            found = assign(order, seeds, large, axis, coupled, mode)
            tried.append(_weighed(function, order, found, large, moving))
    plain = sum(size_bytes(node) for node in large)
    outputs = [node for _, node in function.outputs]
    for each in sorted((each for each in tried if each.visits and each.bytes < plain), key=lambda each: each.rank):
        each.mixed = mixed(each.found, each.needs.gives, outputs, large)
        if each.mixed is None:
            return each, tried
    return None, tried


def axes(seeds: Iterable[Node]) -> list[Axis]:
    """Axes that seeds have, the longest first."""
    found = dict.fromkeys(axis for node in seeds for axis in node.axes if axis.size is not None and axis.size > 1)
    return sorted(found, key=lambda axis: -(axis.size or 0))[:TRIED]


def passed(function: Function, order: Sequence[Node]) -> set[Node]:
    """Nodes that a gradient passes: of the loss, or of every real output of a function without a loss."""
    roots = losses(function) if function.grad else [node for _, node in function.outputs]
    return passing(list(order), varying(order), roots)


def moving_gives(gives: Iterable[Node], moving: Collection[Node]) -> list[Node]:
    return [node for node in gives if node in moving]


def at_once(found: Assignment, gives: Sequence[Node], moving: Collection[Node], large: Collection[Node]) -> bool:
    """Whether values and gradients come in one visit: all that is differentiated are sums without axes, each with gradients
    of its own, where that is no more work than a second visit."""
    moved = moving_gives(gives, moving)
    states = [found.states[node] for node in moved]
    if not moved or any(
        n.axes or not isinstance(s, Outside) or s.how != "sum" for n, s in zip(moved, states, strict=True)
    ):
        return False
    return len(moved) == 1 or _backwards(found, moved, moving, large) <= 3 * _back_work(found, moved, moving, large)


def _backwards(found: Assignment, moved: Sequence[Node], moving: Collection[Node], large: Collection[Node]) -> int:
    """Work of the gradients of each of some sums by itself."""
    return sum(2 * _back_work(found, [node], moving, large) for node in moved)


def _back_work(found: Assignment, moved: Sequence[Node], moving: Collection[Node], large: Collection[Node]) -> int:
    visit = found.after(moved[0])
    return work(node for node in interior(found, visit, moved, large)[0] if node in moving)


def _weighed(
    function: Function, order: Sequence[Node], found: Assignment, large: Collection[Node], moving: Collection[Node]
) -> Choice:
    def taken(visit: int, gives: list[Node]) -> list[Node]:
        return [key[0] for key in interior(found, visit, gives, large)[1]]

    wanted = needs(found, [node for _, node in function.outputs], large, taken)
    place = {node: number for number, node in enumerate(order)}
    for gives in wanted.gives.values():
        gives.sort(key=lambda node: place[node])
    flops = twice = again = 0
    for visit, gives in wanted.gives.items():
        moved = moving_gives(gives, moving)
        flops += work(interior(found, visit, gives, large)[0])
        if moved:
            back = [node for node in interior(found, visit, moved, large)[0] if node in moving]
            if at_once(found, gives, moving, large):
                flops += _backwards(found, moved, moving, large)
            else:
                flops += 3 * work(back)
                twice += 1
                again += sum(is_logsumexp(node) and node not in gives for node in back)
    flops += work(wanted.built) + 2 * work(node for node in wanted.built if node in moving)
    wide = sum(size_bytes(node) for node in wanted.built if not _view(node))
    wide += sum(size_bytes(node) for gives in wanted.gives.values() for node in gives if node in large)
    return Choice(found, wanted, wide, flops, twice, again)


def is_logsumexp(node: Node) -> bool:
    return node.op == "reduce" and node.attr("kind") == "logsumexp"


def _view(node: Node) -> bool:
    return node.op in ("rename", "merge", "split", "expand")
