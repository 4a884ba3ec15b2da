"""Values that no input reaches and that are alike at every entry become one number.

Input: a function. Output: the function with such counts, masks and indices written as constants: the number of
negatives of each anchor, the presence of a row that all anchors have. It does not write down values that differ
between entries; by_index.py does that for masks.
"""

from __future__ import annotations

from cldsl.graph.nodes import Function, Graph, Node, topological
from cldsl.passes.constants import closed, evaluate
from cldsl.passes.rewrite import finish, like, renewed

#: Operators that are worth replacing; the leaves and expansions already are constants.
_PLAIN = frozenset({"const", "table", "iota", "expand"})


def fold_uniform(function: Function, graph: Graph) -> Function:
    """Closed nodes of one value as constants.

    >>> from cldsl.passes.example import after
    >>> after(fold_uniform, '''
    ... %0 = iota(axis=a) : int[a=4]
    ... %1 = iota(axis=c) : int[c=4]
    ... %2 = ne(%0, %1) : bool[a=4, c=4]
    ... %3 = cast(%2; to=int) : int[a=4, c=4]
    ... %4 = reduce(%3; kind=sum, over=(c)) : int[a=4]
    ... return count=%4
    ... ''')
    %0 = const(value=3) : int[]
    %1 = expand(%0; axis=a[4]) : int[a=4]
    return count=%1
    """
    order = topological(node for _, node in function.outputs)
    beneath = closed(order)
    if not any(node.op not in _PLAIN for node in beneath):
        return function
    values = evaluate(node for node in order if node in beneath)
    made: dict[Node, Node] = {}
    for node in order:
        made[node] = renewed(graph, node, made)
        array = values.get(node)
        if array is None or node.op in _PLAIN or array.size == 0 or not (array == array.flat[0]).all():
            continue
        value = array.flat[0].item()
        number = graph.leaf("const", (), node.dtype, node.span, value=value)
        made[node] = like(graph, node, number)
    return finish(function, graph, made)
