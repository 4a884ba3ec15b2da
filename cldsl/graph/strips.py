"""A visit: part of a function that is computed a strip of rows at a time. How, not what: the function means the same without.

A visit has a body, itself a function, over `height` base rows; its inputs are cut along rows or taken whole, its outputs
are put together along rows or accumulated. Made by strips/, written by codegen/; the values it stands for are nodes of the
function that carries it.
"""

from __future__ import annotations

from cldsl.graph.nodes import Function, Node
from cldsl.graph.tiles import Tile
from cldsl.syntax.record import record


@record(frozen=True, eq=False)
class Taken:
    """An input of the body. dim: where its rows are, None where it is taken whole; per: its rows for each base row."""

    leaf: Node
    node: Node
    dim: int | None = None
    per: int = 1


@record(frozen=True, eq=False)
class Given:
    """An output. how: "rows" (along `dim`), or the accumulator: sum, max, min, any, all, logsumexp.

    moving: a gradient passes through it. place: for an extreme that has a gradient, the number of the output that says where
    it stands; that output's own `how` is "place".
    """

    name: str
    node: Node
    how: str
    dim: int = 0
    per: int = 1
    moving: bool = False
    place: int | None = None


@record(frozen=True, eq=False)
class Visit:
    """`rows` base rows, `height` at a time. once: value and gradients in one visit, since all that is differentiated is one sum.

    valid: the leaf that says which rows of a strip count, where the last strip overlaps the one before. pull: the body
    of the visit that takes gradients where it is not the first one; its inputs may be outputs of the first, by name.
    """

    name: str
    axis: str
    rows: int
    height: int
    body: Function
    takes: tuple[Taken, ...]
    gives: tuple[Given, ...]
    once: bool
    valid: Node | None = None
    pull: Function | None = None
    #: outputs of the first visit that `pull` reads: their name and the leaf of `pull`
    reads: tuple[tuple[str, Node], ...] = ()
    #: the leaf of the first base row's number, where a body asks for it
    start: Node | None = None
    #: the same over all rows by kernels of pairs, where a program is made for a GPU
    tile: Tile | None = None

    @property
    def sources(self) -> list[Node]:
        """What is passed, each tensor once: a value under several names of axes is one."""
        return list(dict.fromkeys(_tensor(take.node) for take in self.takes))

    def source(self, take: Taken) -> int:
        """The place in `sources` of what an input is taken from."""
        return self.sources.index(_tensor(take.node))


def _tensor(node: Node) -> Node:
    while node.op == "rename":
        node = node.inputs[0]
    return node
