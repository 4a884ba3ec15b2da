"""Whether the body of a visit is of the exp-sum family, and then its tiles.

Input: a body over all rows. Output: a `Tile`, or the reason why there is none. The family: pairwise values made, pointwise, of
one product of rows with candidates, vectors over either side and numbers; of these only logsumexp, sum, mean and any over
one side. No loss is known by name. What is made of the reductions, and the vectors, stay plain tensors.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from cldsl.graph.nodes import Function, Graph, Node, topological, users
from cldsl.graph.strips import Given, Taken, Visit
from cldsl.graph.tiles import SIDES, Reduced, Stage, Tile

#: Pointwise operators that a kernel has text for (codegen/tiles.py).
POINTS = frozenset(
    {
        *("neg", "abs", "exp", "log", "sqrt", "relu", "sigmoid", "softplus", "not", "isfinite"),
        *("add", "sub", "mul", "div", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge", "and", "or"),
        *("where", "cast", "stop"),
    }
)
_VIEWS = frozenset({"rename", "expand"})
_KINDS = frozenset({"logsumexp", "sum", "mean", "any"})


def tiled(body: Function, leaves: Sequence[Node], name: str) -> Tile | str:
    """The tiles of a body over all rows, whose inputs in their order are `leaves`. name: of the visit."""
    order = topological(node for _, node in body.outputs)
    found = _product(order)
    if isinstance(found, str):
        return found
    search = _Search(found, users(node for _, node in body.outputs))
    reason = search.run()
    if reason:
        return reason
    if any(node in search.sides for _, node in body.outputs):
        return "pairwise values leave the visit"
    levels = _levels(order, search)
    if not search.reductions:
        return "nothing is reduced over candidates"
    stages = tuple(
        _stage(f"{name}_pairs" if level == 1 else f"{name}_pairs_{level}", search, levels, level)
        for level in range(1, max(levels.values()) + 1)
    )
    function = Function(f"{name}_tiled", body.outputs, visits=tuple(_call(stage) for stage in stages))
    return Tile(function, tuple(leaves), stages)


def _product(order: Collection[Node]) -> Node | str:
    """The one product of rows with candidates."""
    found = []
    for node in order:
        if node.op == "call" and len(node.axes) > 1:
            return f"{node.attr('model')} is applied in the visit"
        if node.op == "dot":
            left, right = (set(each.names) for each in node.inputs)
            if left - right and right - left:
                found.append(node)
    if not found:
        return "no product of rows with candidates"
    if len(found) > 1:
        return f"{len(found)} different products of rows with candidates"
    if len(found[0].axes) != 2 or len(found[0].attr("over")) != 1:
        return "a product with more axes than rows and candidates"
    return found[0]


@dataclass
class _Search:
    """Pairwise values with the sides of their axes, and their reductions."""

    product: Node
    users: Mapping[Node, Sequence[Node]]
    sides: dict[Node, dict[str, str]] = field(default_factory=dict)
    vectors: dict[Node, str | None] = field(default_factory=dict)
    reductions: dict[Node, Reduced] = field(default_factory=dict)
    _waiting: list[Node] = field(default_factory=list)

    def run(self) -> str | None:
        """Walk from the product to users and inputs until nothing is new; the reason where something does not fit."""
        left, right = self.product.inputs
        over = self.product.attr("over")
        own = {
            name: SIDES[place] for place, each in enumerate((left, right)) for name in each.names if name not in over
        }
        reason = self._mark(self.product, own)
        while self._waiting and reason is None:
            node = self._waiting.pop(0)
            reason = self._downward(node) if node is not self.product else None
            for user in dict.fromkeys(self.users[node]):
                reason = reason or self._upward(user, node)
        return reason

    def _mark(self, node: Node, sides: dict[str, str]) -> str | None:
        known = self.sides.get(node)
        if known is not None:
            return None if known == sides else "a pairwise value meets its transpose"
        self.sides[node] = sides
        self._waiting.append(node)
        return None

    def _upward(self, node: Node, source: Node) -> str | None:
        sides = self.sides[source]
        if node.op == "reduce":
            return self._reduced(node, source)
        if node.op == "rename":
            pairs = dict(node.attr("pairs"))
            return self._mark(node, {pairs.get(name, name): side for name, side in sides.items()})
        if node.op not in POINTS:
            return f"{node.op} of pairwise values"
        if len(node.axes) != 2:
            return f"{node.op} gives pairwise values a further axis"
        return self._mark(node, dict(sides))

    def _downward(self, node: Node) -> str | None:
        sides = self.sides[node]
        for each in node.inputs:
            own = {name: sides[name] for name in each.names if name in sides}
            if node.op == "rename":
                own = {old: sides[new] for new, old in _back(node).items()}
            reason = self._part(each, own)
            if reason:
                return reason
        return None

    def _part(self, node: Node, sides: dict[str, str]) -> str | None:
        if len(node.axes) == 2:
            if node is not self.product and node.op not in POINTS | _VIEWS:
                return "pairwise values are given" if node.op == "input" else f"{node.op} makes pairwise values"
            return self._mark(node, sides)
        if node.op == "const":
            return None
        side = next(iter(sides.values()), None)
        if self.vectors.setdefault(node, side) != side:
            return "a vector meets both sides"
        return None

    def _reduced(self, node: Node, source: Node) -> str | None:
        sides, kind, over = self.sides[source], node.attr("kind"), node.attr("over")
        if kind not in _KINDS:
            return f"{kind} of pairwise values"
        if len(over) != 1 or len(node.axes) != 1:
            return "a reduction over rows and candidates at once"
        if any(len(each.axes) != 2 for each in node.inputs):
            return "a vector widened by the mask of its reduction"
        for each in node.inputs:
            reason = self._part(each, {name: sides[name] for name in each.names})
            if reason:
                return reason
        value, *mask = node.inputs
        scale = 1.0 if kind != "mean" else 1.0 / (value.axis(over[0]).size or 1)
        if kind == "mean" and mask:
            return "a masked mean of pairwise values"
        own = Reduced(
            node, "sum" if kind == "mean" else kind, value, mask[0] if mask else None, sides[node.names[0]], scale
        )
        self.reductions[node] = own
        return None


def _back(node: Node) -> dict[str, str]:
    """Of a rename: new name -> old name, for every axis."""
    pairs = dict(node.attr("pairs"))
    return {pairs.get(name, name): name for name in node.inputs[0].names}


def _levels(order: Sequence[Node], search: _Search) -> dict[Node, int]:
    """After how many passes a value is known."""
    levels: dict[Node, int] = {}
    for node in order:
        before = max((levels[each] for each in node.inputs), default=0)
        levels[node] = before + (node in search.reductions)
    return levels


def _stage(name: str, search: _Search, levels: Mapping[Node, int], level: int) -> Stage:
    reductions = tuple(each for node, each in search.reductions.items() if levels[node] == level)
    pairs = _needed([part for each in reductions for part in (each.value, each.mask) if part is not None], search)
    vectors = dict.fromkeys(each for node in pairs for each in node.inputs if each in search.vectors)
    return Stage(
        name, search.product, pairs, search.sides, tuple((node, search.vectors[node]) for node in vectors), reductions
    )


def _needed(ends: Sequence[Node], search: _Search) -> tuple[Node, ...]:
    """The pairwise values that these are made of, the product first; vectors are walked no further."""
    done: dict[Node, None] = {search.product: None}
    stack = [(node, False) for node in reversed(ends)]
    while stack:
        node, ready = stack.pop()
        if ready:
            done.setdefault(node)
        elif node not in done:
            stack.append((node, True))
            stack += [(each, False) for each in reversed(node.inputs) if each in search.sides]
    return tuple(done)


def _call(stage: Stage) -> Visit:
    """A stage as what the function calls."""
    takes = tuple(
        Taken(Graph().leaf("input", node.axes, node.dtype, kind="strip", name=f"in_{place}"), node)
        for place, node in enumerate(stage.takes)
    )
    gives = tuple(Given(f"out_{place}", each.node, "rows") for place, each in enumerate(stage.reductions))
    return Visit(stage.name, "both sides", 0, 0, Function(stage.name, ()), takes, gives, False)
