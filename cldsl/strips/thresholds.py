"""Whether strips would compare a value with a threshold taken from the same value computed elsewhere.

Equal expressions of one pair have one value (docs/language.md, section 4): a threshold taken from the logits compares
exactly. A product of a few rows may round otherwise than the product of all, so a comparison inside a visit may not
meet, on its two sides, one value that is computed at two places. Input: a choice's assignment and what its visits give.
Output: the comparison, or None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from cldsl.graph.nodes import Node, topological
from cldsl.strips.assign import Assignment
from cldsl.strips.body import interior
from cldsl.strips.pairs import VIEWS

COMPARED = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_EXACT = frozenset(
    {*VIEWS, "input", "const", "iota", "gather", "slice", "concat", "stack", "where", "neg", "sort", "topk"}
)


def mixed(
    found: Assignment, gives: Mapping[int, Sequence[Node]], outputs: Sequence[Node], large: Collection[Node]
) -> Node | None:
    """A comparison of a visit whose sides come from one rounded value computed at two places."""
    visits = [interior(found, visit, list(given), large) for visit, given in gives.items()]
    if not any(node.op in COMPARED for own, _ in visits for node in own):
        return None
    given = {node for nodes in gives.values() for node in nodes}
    places = Counter(node for own, _ in visits for node in own)
    places.update(_whole([*outputs, *(key[0] for _, keys in visits for key in keys)], given))
    bits = {node: 1 << n for n, node in enumerate(n for n, times in places.items() if times > 1 and _rounded(n))}
    if not bits:
        return None
    below = _below(topological([*outputs, *given]), bits)
    for own, keys in visits:
        taken = {key[0] for key in keys}
        here: dict[Node, int] = {}
        elsewhere: dict[Node, int] = {}
        for node in own:
            here[node] = bits.get(node, 0)
            elsewhere[node] = 0
            for each in node.inputs:
                here[node] |= here.get(each, 0)
                elsewhere[node] |= elsewhere[each] if each in elsewhere else below[each] if each in taken else 0
            if node.op in COMPARED and here[node] & elsewhere[node]:
                return node
    return None


def _rounded(node: Node) -> bool:
    return node.dtype == "real" and node.op not in _EXACT


def _whole(roots: Sequence[Node], given: Collection[Node]) -> set[Node]:
    """What is computed outside of strips: everything that the roots need, down to what visits give."""
    seen: set[Node] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in seen and node not in given:
            seen.add(node)
            stack.extend(node.inputs)
    return seen


def _below(order: Sequence[Node], bits: Mapping[Node, int]) -> dict[Node, int]:
    """node -> which of the values stand at or below it."""
    found: dict[Node, int] = {}
    for node in order:
        found[node] = bits.get(node, 0)
        for each in node.inputs:
            found[node] |= found[each]
    return found
