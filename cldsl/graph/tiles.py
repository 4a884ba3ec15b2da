"""A visit as tiles: its reductions of pairwise values as kernels that hold a tile of them at a time. How, not what.

A `Tile` stands beside the strips of a visit and gives the same results over all rows at once. Its function is the body over all
rows in which the reductions of each stage are given by a call; a stage is one pass over pairs. Made by strips/tiles.py,
written by codegen/tiles.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from cldsl.graph.nodes import Function, Node
from cldsl.syntax.record import record

#: The two sides of a product, by the name of what has its own axis: "row" is the left one's, "column" the right one's.
SIDES = ("row", "column")


@record(frozen=True, eq=False)
class Reduced:
    """A reduction of pairwise values: logsumexp, sum or any over one side, for each entry of the other, `side`.

    scale: by which a sum is multiplied (a mean is a scaled sum).
    """

    node: Node
    kind: str
    value: Node
    mask: Node | None
    side: str
    scale: float = 1.0

    @property
    def moving(self) -> bool:
        """Whether a gradient passes."""
        return self.kind != "any" and self.node.dtype == "real"


@record(frozen=True, eq=False)
class Stage:
    """One pass: pairwise values made of a product and of vectors, and their reductions.

    pairs: pairwise values, inputs first; sides: of each, the side of each of its axes. vectors: what they are made of
    beside the product, with its side (None: a number).
    """

    name: str
    product: Node
    pairs: tuple[Node, ...]
    sides: Mapping[Node, Mapping[str, str]]
    vectors: tuple[tuple[Node, str | None], ...]
    reductions: tuple[Reduced, ...]

    @property
    def takes(self) -> tuple[Node, ...]:
        """What a stage reads: both sides of the product, then the vectors."""
        return (*self.product.inputs, *(node for node, _ in self.vectors))

    @property
    def turned(self) -> tuple[int, ...]:
        """Which sides of the product have their own axis last."""
        over = self.product.attr("over")
        return tuple(place for place, each in enumerate(self.product.inputs) if each.names[0] in over)


@record(frozen=True, eq=False)
class Tile:
    """function: the body over all rows, its visits being the stages in their order; leaves: its inputs in theirs."""

    function: Function
    leaves: tuple[Node, ...]
    stages: tuple[Stage, ...]
