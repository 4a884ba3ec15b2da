"""For one axis of rows: which values of a function are computed row by row, in which visit, and which are not and why.

Input: a function's nodes in order, its seeds and large values, the axis. Output: an `Assignment`: for each value that
depends on a seed `Inside` (row by row in a visit), or `Outside` (available after a visit). A value that visit n needs
whole and that comes from rows is available after visit n - 1; so k passes over the rows precede where a spec couples
rows through k vectors or numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from cldsl.graph.nodes import Axis, Node
from cldsl.strips.local import Accumulated, Coupled, Rows, local

#: Linear in each input that has no rows: a sum of strips goes through them.
_LINEAR = frozenset({"neg", "rename", "merge", "split", "slice", "expand", "stop"})


@dataclass(frozen=True)
class Inside:
    """Computed in this visit and those after it, with its own rows."""

    rows: Rows
    visit: int


@dataclass(frozen=True)
class Outside:
    """Available after this visit; how: by which accumulator it comes out of that visit, None where it is computed
    outside of strips. Sums of sums and the like are accumulated as such."""

    after: int
    how: str | None = None


@dataclass
class Assignment:
    """States by node; what is in neither was there before any visit. `whole`: large values not computed in strips,
    with the reason."""

    axis: Axis
    states: dict[Node, Inside | Outside] = field(default_factory=dict)
    whole: dict[Node, str] = field(default_factory=dict)

    def after(self, node: Node) -> int:
        state = self.states.get(node)
        return state.after if isinstance(state, Outside) else 0


def assign(
    order: Sequence[Node],
    seeds: Collection[Node],
    large: Collection[Node],
    axis: Axis,
    coupled: Coupled,
    mode: str = "all",
) -> Assignment:
    """Walk the nodes once. coupled: models whose rows depend on each other.

    mode: "all" keeps in strips whatever goes by rows; "sums" accumulates no vectors over rows; "vectors" leaves what
    follows on the first vectors to be computed outside.
    """
    found = Assignment(axis)
    for node in order:
        if node in seeds or any(each in found.states for each in node.inputs):
            found.states[node] = _state(found, node, large, coupled, mode)
    return found


def _state(
    found: Assignment,
    node: Node,
    large: Collection[Node],
    coupled: Coupled,
    mode: str,
) -> Inside | Outside:
    states = [found.states.get(each) for each in node.inputs]
    inside = [state for state in states if isinstance(state, Inside)]
    ready = max([0, *(state.after for state in states if isinstance(state, Outside))])
    if not inside:
        linear = _linear(found, node)
        if linear is not None:
            return linear
        if node not in large:
            return Outside(ready)
    if mode == "vectors" and node not in large and not any(_wide(found, each, large) for each in node.inputs):
        return Outside(max([ready, *(state.visit for state in inside)]))
    rows = _rows(found, node, inside)
    if isinstance(rows, str):
        return _left(found, node, rows, large, inside, ready)
    if node.op == "call" and node not in large:
        return _left(found, node, "a model is not called in strips for one vector", large, inside, ready)
    verdict = local(node, rows, lambda each: isinstance(found.states.get(each), Inside), coupled)
    if isinstance(verdict, str):
        return _left(found, node, verdict, large, inside, ready)
    visit = max([ready + 1, *(state.visit for state in inside)])
    if isinstance(verdict, Accumulated):
        if mode == "sums" and node.axes:
            return _left(found, node, f"{verdict.how} over {rows.axis} is a vector", large, inside, ready)
        how = verdict.how
        if how == "mean":
            if len(node.inputs) == 2:
                return _left(found, node, "a masked mean over rows", large, inside, ready)
            how = "sum"
        return Outside(visit, how)
    return Inside(verdict, visit)


def _rows(found: Assignment, node: Node, inside: Sequence[Inside]) -> Rows | str:
    """The axis along which the node's inputs have their rows."""
    if not inside:
        return seed_rows(found.axis, node) or f"it has no axis {found.axis.name}"
    kinds = {state.rows for state in inside}
    if len(kinds) > 1:
        return f"rows of {' and '.join(sorted(rows.axis for rows in kinds))} meet"
    return next(iter(kinds))


def seed_rows(axis: Axis, node: Node) -> Rows | None:
    """Where the inputs of a node have their rows when none of them comes from strips: along the axis of that name, which
    may be longer or shorter than the one that strips are cut along; None where they have no such axis."""
    name = axis.name
    if node.op == "rename":
        name = {new: old for old, new in node.attr("pairs")}.get(name, name)
    axes = [own for each in node.inputs for own in each.axes if own.name == name]
    if node.op == "expand" and node.attr("axis").name == name:
        axes = [node.attr("axis")]
    return Rows(name, Fraction(axes[0].size or 1, axis.size or 1)) if axes else None


def _left(
    found: Assignment, node: Node, reason: str, large: Collection[Node], inside: Sequence[Inside], ready: int
) -> Outside:
    """A node that is computed whole: after the visits that its inputs come from."""
    if node in large or any(each in large and isinstance(found.states.get(each), Inside) for each in node.inputs):
        found.whole[node] = reason
    return Outside(max([ready, *(state.visit for state in inside)]))


def _wide(found: Assignment, node: Node, large: Collection[Node]) -> bool:
    return node in large and isinstance(found.states.get(node), Inside)


def _linear(found: Assignment, node: Node) -> Outside | None:
    """Linear in sums of one visit, everything else being there before it: such a node is a sum of strips itself."""
    sums = [each for each in node.inputs if _is_sum(found, each)]
    if not sums:
        return None
    after = {found.after(each) for each in sums}
    rest = [each for each in node.inputs if each not in sums]
    if len(after) > 1 or any(found.after(each) >= max(after) for each in rest):
        return None
    visit = Outside(max(after), "sum")
    if node.op in _LINEAR:
        return visit
    if node.op in ("add", "sub"):
        return visit if not rest else None
    if node.op == "mul":
        return visit if len(sums) == 1 and node.inputs[0] is not node.inputs[1] else None
    if node.op == "div":
        return visit if sums == [node.inputs[0]] else None
    if node.op == "reduce":
        return visit if node.attr("kind") in ("sum", "mean") and len(node.inputs) == 1 else None
    return None


def _is_sum(found: Assignment, node: Node) -> bool:
    state = found.states.get(node)
    return isinstance(state, Outside) and state.how == "sum" and node.dtype == "real"
