"""What a run watches of an objective beside its value: the level of indifference, the temperature, the spread of the embeddings.

The loss of a contrast sits at log(number of candidates) when all candidates look alike; embeddings whose rows hardly differ have collapsed.
"""

from __future__ import annotations

import math

from cldsl.elaborate import census
from cldsl.elaborate.folding import constant
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.session import Session
from cldsl.elaborate.values import Relation, Row
from cldsl.graph.nodes import Axis, Function, Node, topological
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span
from cldsl.syntax.record import record


@record(frozen=True)
class Watched:
    """Scalars of the clock, and a node of the objective: uniform, temperature, spread (None: not known)."""

    uniform: Node | None = None
    temperature: Node | None = None
    spread: Node | None = None

    def added(self, function: Function) -> Function:
        """The objective with the spread among its outputs."""
        assert self.spread is not None
        if any(name == "embedding_std" for name, _ in function.outputs):
            return function
        return Function(
            function.name,
            (*function.outputs, ("embedding_std", self.spread)),
            function.grad,
            function.span,
            function.doc,
        )


def watch(session: Session, expr: ast.Expr) -> Watched:
    """What can be watched of an objective that names one contrast (of none or several: nothing)."""
    names = {
        node.id
        for node in ast.walk(expr)
        if isinstance(node, ast.Name) and isinstance(session.items.get(node.id), ast.Contrast)
    }
    if len(names) != 1:
        return Watched()
    asked = len(session.shared.met)
    try:
        relation = session.top(names.pop(), Span())
        if not isinstance(relation, Relation):
            return Watched()
        part = session.relations.anchors(relation, Scope()).parts[0]
        _, row = session.rows.bind("a", part, Scope(), relation)
        count = _candidates(session, relation, row)
        heat = session.relations.temperature(relation, row, Span())
    except (Mistake, Consequence, IndexError):
        return Watched()
    finally:
        del session.shared.met[asked:]  # the spec did not ask for these sets
    uniform = session.graph.const(math.log(count)) if count is not None and count > 1 else None
    temperature = (
        heat.node
        if not heat.axes and heat.mask is None and _of_the_clock(heat.node) and constant(heat.node) != 1.0
        else None
    )
    return Watched(uniform, temperature, _spread(session, row))


def _of_the_clock(node: Node) -> bool:
    return all(each.op != "input" or each.attr("kind") == "clock" for each in topological([node]))


def _spread(session: Session, row: Row) -> Node | None:
    """Mean over the feature axis of the standard deviation over the anchors."""
    vector, a = row.part.vector, session.a
    if "dim" not in vector.names or set(vector.names) != {"dim", row.part.axis.name}:
        return None
    mean = a.reduce("mean", vector, [row.part.axis], None)
    gap = a.pointwise("sub", vector, mean)
    var = a.reduce("mean", a.pointwise("mul", gap, gap), [row.part.axis], None)
    std = a.pointwise("sqrt", var)
    return session.graph.make("stop", a.reduce("mean", std, [vector.node.axis("dim")], None).node)


def _candidates(session: Session, relation: Relation, row: Row) -> int | None:
    """Candidates of an anchor, where every anchor has the same number."""
    total = 0
    for kind in ("positive", "negative"):
        for part in session.relations.set_of(relation, row, kind, Span()).parts:
            count = exact_count(part.mask, part.axis)
            if count is None:
                return None
            total += count
    return total


def exact_count(mask: Node | None, axis: Axis) -> int | None:
    """How many rows each anchor has, from a mask over known sizes: counted at small sizes and extended linearly."""
    if axis.size is None:
        return None
    if mask is None or constant(mask) is True:
        return axis.size
    counts = census.counted(mask, axis)
    if counts is not None and counts[0] == counts[1]:
        return counts[0]
    return census.extrapolated(mask, axis)
