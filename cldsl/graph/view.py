"""A function as a networkx graph, for analyses that networkx has: longest paths, dominators, components.

Input: a Function. Output: a DiGraph whose vertices are the nodes themselves and whose edges run from input to user.
"""

from __future__ import annotations

import networkx as nx

from cldsl.graph.nodes import Function, topological


def to_networkx(function: Function) -> nx.DiGraph:
    """Vertices carry op, dtype, axes (names) and label; an edge carries `places`, the positions at which the user
    takes the input.

    The graph's own attributes: name, and outputs (name -> node).
    """
    graph = nx.DiGraph(name=function.name, outputs=dict(function.outputs))
    for node in topological(node for _, node in function.outputs):
        graph.add_node(node, op=node.op, dtype=node.dtype, axes=node.names, label=node.label)
        for place, each in enumerate(node.inputs):
            places = graph.edges[each, node]["places"] if graph.has_edge(each, node) else ()
            graph.add_edge(each, node, places=(*places, place))
    return graph
