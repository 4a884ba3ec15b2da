"""A logsumexp that may be over no row, in an objective: it is -inf there, and so may the objective be.

Input: the objectives. Output: warnings. `logaddexp` and `exp` take -inf as it is meant, and presence leaves absent anchors out; a path
to the objective past neither is told.
"""

from __future__ import annotations

from collections.abc import Iterator

from cldsl.elaborate.miniature import Miniature, Undecided, places
from cldsl.elaborate.shared import Shared
from cldsl.graph.nodes import COMPARISONS, Node, topological

_SETTLED = (
    frozenset(
        {
            "logaddexp",
            "exp",
            "where",
            "maximum",
            "sigmoid",
            "tanh",
            "softplus",
            "isfinite",
            "relu",
            "topk",
            "sort",
            "argmax",
        }
    )
    | COMPARISONS
)


def judge(shared: Shared) -> None:
    """Every objective once."""
    for loss, span in shared.losses:
        order = topological([loss])
        risky = {node for node in order if _may_be_empty(node)}
        if risky and _arrives(order, risky, loss):
            shared.warn(
                span, "logsumexp-over-nothing", "a logsumexp in this objective may be over no row", "over nothing it is -inf, and the objective with it",
                "widen the predicate, or combine it by `logaddexp`",
            )  # fmt: skip


def _may_be_empty(node: Node) -> bool:
    if node.op != "reduce" or node.attr("kind") != "logsumexp" or len(node.inputs) != 2:
        return False
    mask = node.inputs[1]
    over = set(node.attr("over"))
    if not over & set(mask.names):
        return False
    try:
        rows = [row for cut in (3, 4) for row in _rows(mask, over, cut)]
    except Undecided:
        return True
    return not rows


def _rows(mask: Node, over: set[str], cut: int) -> Iterator[dict[str, int]]:
    """A row for each place of a small copy. Raises Undecided where a place has none."""
    mini = Miniature([mask], cut)
    outer = [name for name in mask.names if name not in over]
    inner = [name for name in mask.names if name in over]
    for where in places(mini, outer):
        row = next((each for each in places(mini, inner) if mini.at(mask, {**where, **each}) is True), None)
        if row is None:
            raise Undecided
        yield row


def _arrives(order: list[Node], risky: set[Node], loss: Node) -> bool:
    """Whether -inf may come to the loss: carried upwards through what passes it on."""
    carried: set[Node] = set()
    for node in order:
        if node in risky:
            carried.add(node)
            continue
        below = [each for each in node.inputs if each in carried]
        if not below or node.op in _SETTLED:
            continue
        if node.op == "reduce":
            if len(node.inputs) == 2:
                continue  # what is absent is skipped, and the presence of an anchor asks for a row
            if (
                node.attr("kind") == "logsumexp"
                and node.inputs[0].op == "stack"
                and not all(each in carried for each in node.inputs[0].inputs)
            ):
                continue
        carried.add(node)
    return loss in carried
