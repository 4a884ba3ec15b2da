"""A gather pulled through what is computed for each pair, down to what is computed for each row.

Input: a value that carries an axis c, and an index over [anchors..., pick] into c. Output: the value at the index,
made of gathered rows: gather(dot(A, C)) becomes dot(A, gather(C)). It stops at values that carry no anchor axis, at
modules, reductions and whatever else is not entry by entry along c.
"""

from __future__ import annotations

from cldsl.graph.nodes import POINTWISE, Axis, Graph, Node
from cldsl.passes.rewrite import conjuncts, elements, marks, spread

#: Shares among entries; one whose mask the index lists is a share among the listed entries.
_SHARES = frozenset({"softmax", "log_softmax"})

_Key = tuple[Node, str]


class Pull:
    """Values at one index; each is made once. `entries` is the work that was added."""

    def __init__(
        self,
        graph: Graph,
        index: Node,
        anchors: tuple[str, ...],
        pick: Axis,
        selected: frozenset[Node] = frozenset(),
        valid: Node | None = None,
    ) -> None:
        """selected: the masks whose common true entries the index lists; valid: which places of the list there are."""
        self.graph = graph
        self.index = index
        self.selected = selected
        self.valid = valid
        self.anchors = frozenset(anchors)
        self.pick = pick
        self.done: dict[_Key, Node] = {}
        self.made: set[Node] = set()

    def entries(self) -> int | None:
        """Entries of all values made so far; None where a size is known only at run time."""
        sizes = [elements(node.axes) for node in self.made]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    def value(self, node: Node, axis: str) -> Node:
        """The node at the index along the axis; the node itself where it does not carry the axis. Without recursion."""
        work: list[_Key] = [(node, axis)]
        while work:
            key = work.pop()
            if key in self.done:
                continue
            needs = self._needs(*key)
            waiting = [each for each in needs if each not in self.done]
            if waiting:
                work.append(key)
                work.extend(waiting)
                continue
            made = self._make(*key, [self.done[each] for each in needs])
            self.done[key] = made
            if made is not key[0] and made.op not in ("iota", "expand", "rename") and made is not self.index:
                self.made.add(made)
        return self.done[(node, axis)]

    def _needs(self, node: Node, axis: str) -> list[_Key]:
        """What the value is made of; empty where it is gathered, or is as it was."""
        if axis not in node.names or not self._through(node, axis):
            return []
        if node.op == "rename":
            return [(node.inputs[0], self._before(node, axis))]
        if node.op == "expand" and node.attr("axis").name == axis:
            return []
        if node.op in _SHARES:
            further = [each for each in conjuncts(node.inputs[1]) if each not in self.selected]
            return [(each, axis) for each in (node.inputs[0], *further)]
        return [(each, axis) for each in node.inputs]

    def _through(self, node: Node, axis: str) -> bool:
        held = self.anchors | {self.pick.name}
        if node.op == "rename":
            return not held & {name for pair in node.attr("pairs") for name in pair}
        if node.op == "expand":
            return True
        pairwise = not self.anchors or bool(self.anchors & set(node.names))
        if node.op == "dot":
            return pairwise and not held & set(node.attr("over"))
        if node.op in _SHARES and len(node.inputs) == 2 and node.attr("over") == (axis,):
            return bool(self.selected) and self.selected <= set(conjuncts(node.inputs[1]))
        return node.op in POINTWISE and pairwise

    @staticmethod
    def _before(node: Node, axis: str) -> str:
        return next((old for old, new in node.attr("pairs") if new == axis), axis)

    def _make(self, node: Node, axis: str, parts: list[Node]) -> Node:
        graph = self.graph
        if axis not in node.names:
            return node
        if node.op == "iota":
            return self.index
        if node.op == "expand" and node.attr("axis").name == axis:
            return spread(graph, node.inputs[0], (self.pick,))
        if not parts:
            return graph.make("gather", node, self.index, axis=axis, span=node.span)
        if node.op == "expand":
            return spread(graph, parts[0], (node.attr("axis"),))
        if node.op == "rename":
            rest = tuple(pair for pair in node.attr("pairs") if pair[0] in parts[0].names and pair[1] != axis)
            return graph.make("rename", parts[0], pairs=rest, **marks(node)) if rest else parts[0]
        if node.op in _SHARES:
            return self._share(node, parts)
        return graph.again(node, tuple(parts))

    def _share(self, node: Node, parts: list[Node]) -> Node:
        """A share among the listed entries, which are all that its mask leaves."""
        mask = self.valid
        for each in parts[1:]:
            mask = each if mask is None else self.graph.make("and", mask, each)
        value = spread(self.graph, parts[0], (self.pick,))
        inputs = (value,) if mask is None else (value, mask)
        return self.graph.make(node.op, *inputs, over=(self.pick.name,), **marks(node))
