"""From nodes and the order of effects to functions: which values are computed together, and when.

A moment is the time between two moves of weights. Every value that applies a module or reads a learn tensor belongs to the
moment of the newest version it uses; all values of a moment that any action needs are outputs of one function, run at the first action that needs it.
A minimize's function is its moment's: it is run with gradient, and what later actions need of it is held.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from cldsl.elaborate.scope import Mistake
from cldsl.graph.nodes import Graph, Node, topological
from cldsl.syntax.diagnostics import Span


def version_of(node: Node) -> tuple[str, int] | None:
    """What a leaf or call depends on, with its version."""
    if node.op == "call":
        plain = node.inputs[-1].dtype != "weights"
        return (node.attr("model"), int(node.attr("version"))) if plain else None
    if node.op == "input" and node.attr("kind") in ("learn", "state", "present", "weights"):
        name, _, version = str(node.attr("name")).partition("@")
        return name, int(version or 0)
    return None


def moment_of(outputs: Iterable[Node], created: Mapping[tuple[str, int], int]) -> dict[Node, int]:
    """node -> the moment of the newest version it uses."""
    found: dict[Node, int] = {}
    for node in topological(outputs):
        moment = max((found[each] for each in node.inputs), default=0)
        version = version_of(node)
        if version is not None:
            moment = max(moment, created.get(version, 0))
        found[node] = moment
    return found


def weighty(outputs: Iterable[Node], created: Mapping[tuple[str, int], int]) -> dict[Node, bool]:
    """node -> whether a module, a learn tensor or a state that a guarded block writes stands below it."""
    moving = {name for name, _ in created}
    found: dict[Node, bool] = {}
    for node in topological(outputs):
        version = version_of(node)
        own = version is not None and (version[0] in moving or not _is_state(node))
        found[node] = own or any(found[each] for each in node.inputs)
    return found


def frontier(outputs: Iterable[Node], created: Mapping[tuple[str, int], int]) -> list[Node]:
    """What a value takes from weights or states that have moved on by the time it is computed: to be held until then."""
    outputs = list(outputs)
    made = moment_of(outputs, created)
    if len(set(made.values())) < 2:
        return []
    moving = weighty(outputs, created)
    found: dict[Node, None] = {}
    for node in topological(outputs):
        for each in node.inputs:
            if made[each] < made[node] and moving[each] and each not in found and superseded(each, created, made[node]):
                found[each] = None
    return list(found)


def superseded(node: Node, created: Mapping[tuple[str, int], int], moment: float = math.inf) -> bool:
    """Whether something that the node depends on has a newer version at a moment, or ever."""
    versions = (version_of(each) for each in topological([node]))
    newer = [(v[0], v[1] + 1) for v in versions if v is not None]
    return any(each in created and created[each] <= moment for each in newer)


def _is_state(node: Node) -> bool:
    return node.op == "input" and node.attr("kind") in ("state", "present")


def replaced(graph: Graph, outputs: Iterable[Node], known: Mapping[Node, Node]) -> list[Node]:
    """The outputs with some nodes replaced, everything above rebuilt."""
    outputs = list(outputs)
    made: dict[Node, Node] = dict(known)
    stack = [(node, False) for node in reversed(outputs)]
    while stack:
        node, ready = stack.pop()
        if node in made:
            continue
        if not ready:
            stack.append((node, True))
            stack.extend((each, False) for each in node.inputs if each not in made)
            continue
        inputs = tuple(made[each] for each in node.inputs)
        made[node] = node if inputs == node.inputs else graph.again(node, inputs)
    return [made[node] for node in outputs]


def plain_names(graph: Graph, outputs: Iterable[Node]) -> list[Node]:
    """Leaves without the versions in their names: within a function there is one."""
    outputs = list(outputs)
    known = {}
    for node in topological(outputs):
        if node.op == "input" and version_of(node) is not None and "@" in node.attr("name"):
            name, kind = str(node.attr("name")).split("@")[0], node.attr("kind")
            known[node] = graph.leaf("input", node.axes, node.dtype, node.span, node.label, kind=kind, name=name)
    return replaced(graph, outputs, known)


def check_states(outputs: Iterable[Node], assigned: Iterable[str], span: Span) -> None:
    """A function run after a state was assigned may not need its old value."""
    names = set(assigned)
    for node in topological(outputs):
        if node.op == "input" and node.attr("kind") in ("state", "present") and node.attr("name") in names:
            raise Mistake(
                span, "not-executed", f"this needs {node.attr('name')} as it was before it was assigned above, and weights as they are now",
                "this version holds no such value", "name the value with a `let` and use it above the assignment",
            )  # fmt: skip
