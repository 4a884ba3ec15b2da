"""What each visit must give: the values that are read outside of strips, or by a later visit.

Input: an assignment and what the function returns. Output: for each visit the values it gives, in the order of the
function, and the large values that are computed whole all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from cldsl.graph.nodes import Node
from cldsl.strips.assign import Assignment, Inside, Outside


@dataclass
class Needs:
    """gives: visit -> values. built: large values that no strip gives, computed whole."""

    gives: dict[int, list[Node]] = field(default_factory=dict)
    built: list[Node] = field(default_factory=list)


def needs(
    found: Assignment,
    outputs: Iterable[Node],
    large: Collection[Node],
    taken: Callable[[int, list[Node]], Iterable[Node]],
) -> Needs:
    """Walk back from the outputs, then from what each visit takes, last visit first. taken(visit, gives): its inputs."""
    result = Needs()
    seen: set[Node] = set()

    def read(nodes: Iterable[Node]) -> None:
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            state = found.states.get(node)
            if state is None:
                continue
            if isinstance(state, Outside) and state.how is not None:
                result.gives.setdefault(state.after, []).append(node)
            elif isinstance(state, Inside) and node not in large:
                result.gives.setdefault(state.visit, []).append(node)
            else:
                if node in large:
                    result.built.append(node)
                stack.extend(node.inputs)

    read(outputs)
    last = max([0, *(_visit(state) for state in found.states.values())])
    for visit in range(last, 0, -1):
        if result.gives.get(visit):
            read(taken(visit, result.gives[visit]))
    return result


def _visit(state: Inside | Outside) -> int:
    return state.visit if isinstance(state, Inside) else state.after
