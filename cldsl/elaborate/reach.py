"""Gradient reach: which models and learn tensors an objective's gradient arrives at, and where the others are cut."""

from __future__ import annotations

from cldsl.elaborate.shared import Shared
from cldsl.graph.nodes import CONSTANT, Node, topological


def members_reached(loss: Node, shared: Shared) -> list[str]:
    """Trainable members that the gradient of the loss reaches, in the order of the spec."""
    live: set[Node] = {loss}
    found: set[str] = set()
    for node in reversed(topological([loss])):
        if node not in live or node.op in CONSTANT:
            continue
        if node.op == "call":
            info = shared.models.get(node.attr("model"))
            if info is not None and info.kind in ("module", "fresh"):
                found.add(info.name)
        if node.op == "input" and node.attr("kind") in ("learn", "given"):
            name = str(node.attr("name")).split("@")[0]
            if node.attr("kind") == "learn" or any(t.kind == "learn" and t.name == name for t in shared.tensors.values()):
                found.add(name)
        for place, each in enumerate(node.inputs):
            if not _cut(node, place):
                live.add(each)
    order = [*shared.models, *shared.tensors]
    return sorted(found, key=lambda name: order.index(name) if name in order else len(order))


def _cut(node: Node, place: int) -> bool:
    """Whether an operator passes no gradient to this input."""
    if node.op == "where" and place == 0:
        return True
    if node.op in ("reduce", "softmax", "log_softmax", "sort", "sinkhorn") and place == 1:
        return True
    if node.op == "gather" and place == 1:
        return True
    if node.op == "reduce" and node.attr("kind") in ("any", "all"):
        return True
    if node.op in ("put", "push") and place == (1 if node.op == "put" else 2):
        return True
    return node.op == "soft_sort" and place == 2 or node.inputs[place].dtype != "real"
