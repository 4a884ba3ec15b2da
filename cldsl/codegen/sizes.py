"""Sizes of axes inside a function: read off an input's shape, or a number of the plan.

Input: the nodes of a function. Output: for an axis an expression, and the statements that bind names of sizes at the
head of the function. A size that no input shows and the plan does not know is followed through renames, merges and
slices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cldsl.codegen.names import Identifier, NameRefused, Names
from cldsl.codegen.statements import (
    Assign,
    Attribute,
    Binary,
    Expression,
    Literal,
    Name,
    Range,
    Statement,
    Subscript,
    name,
)
from cldsl.graph.nodes import Axis, GraphError, Node

#: Inputs whose shape a function may read; a clock's number has none.
_SHAPED_KINDS = frozenset({"column", "draw", "held", "given", "state", "present", "learn", "strip"})


class Sizes:
    """The sizes that one function asks for; `head` binds them."""

    def __init__(self, order: Sequence[Node], names: Names) -> None:
        self._order = order
        self._names = names
        self._leaves = [node for node in order if node.op == "input" and node.attr("kind") in _SHAPED_KINDS]
        self._bound: dict[tuple[Node, int], Identifier] = {}
        self._device: Identifier | None = None

    def device(self) -> Expression:
        """The device that the function's tensors are on."""
        if not self._leaves:
            return Literal(None)
        if self._device is None:
            self._device = self._names.fresh("device")
        return Name((self._device,))

    def of(self, axis: Axis) -> Expression:
        """The size of an axis. Raises GraphError where nothing shows it."""
        return self._of(axis, frozenset())

    def _of(self, axis: Axis, seen: frozenset[Axis]) -> Expression:
        """`seen`: the axes under way, since names may be renamed to and fro."""
        seen = seen | {axis}
        for leaf in self._leaves:
            for place, own in enumerate(leaf.axes):
                if own == axis:
                    return self._read(leaf, place)
        for node in self._order:
            if node.op == "rename" and axis in node.axes:
                old = {new: old for old, new in node.attr("pairs")}.get(axis.name)
                if old is not None and node.inputs[0].axis(old) not in seen:
                    return self._of(node.inputs[0].axis(old), seen)
            if node.op == "merge" and node.attr("new") == axis:
                parts = [node.inputs[0].axis(old) for old in node.attr("old")]
                if not seen & set(parts):
                    product = self._product(parts, seen)
                    return product if axis.size is None or not _numeric(product) else Literal(axis.size)
        return self._made(axis) if axis.size is None else Literal(axis.size)

    def _read(self, leaf: Node, place: int) -> Expression:
        key = (leaf, place)
        if key not in self._bound:
            axis = leaf.axes[place].name
            try:
                self._bound[key] = self._names.fresh(axis)
            except NameRefused:
                self._bound[key] = self._names.fresh("size")
        return Name((self._bound[key],))

    def _made(self, axis: Axis) -> Expression:
        """The size of an axis that an operator made of others."""
        for node in self._order:
            if axis not in node.axes or not node.inputs:
                continue
            if node.op == "concat" and node.attr("axis") == axis.name:
                result = self.of(node.inputs[0].axis(axis.name))
                for each in node.inputs[1:]:
                    result = Binary("+", result, self.of(each.axis(axis.name)))
                return result
        known = {own for node in self._order for own in node.axes if own.name == axis.name and own.size is not None}
        if len(known) == 1:
            return self.of(known.pop())
        raise GraphError(f"the size of axis {axis.name} is known neither before nor from an input")

    def _product(self, axes: Sequence[Axis], seen: frozenset[Axis]) -> Expression:
        result = self._of(axes[0], seen)
        for axis in axes[1:]:
            result = Binary("*", result, self._of(axis, seen))
        return result

    def head(self, leaf: Callable[[Node], Expression]) -> list[Statement]:
        """`item, v = x.shape[:2]` for what was asked."""
        found: list[Statement] = []
        for node in self._leaves:
            wanted = {place: variable for (owner, place), variable in self._bound.items() if owner is node}
            if not wanted:
                continue
            shape = Attribute(leaf(node), "shape")
            count = len(wanted)
            if count > 1 and set(wanted) == set(range(count)):
                targets = tuple(Name((wanted[place],)) for place in range(count))
                value: Expression = (
                    shape if count == len(node.axes) else Subscript(shape, (Range(None, Literal(count)),))
                )
                found.append(Assign(targets, value))
                continue
            for place in sorted(wanted):
                found.append(Assign((Name((wanted[place],)),), Subscript(shape, (Literal(place),))))
        if self._device is not None:
            found.append(Assign((name(self._device),), Attribute(leaf(self._leaves[0]), "device")))
        return found


def _numeric(e: Expression) -> bool:
    """Whether a product is one of numbers alone."""
    return isinstance(e, Literal) or (isinstance(e, Binary) and _numeric(e.left) and _numeric(e.right))
