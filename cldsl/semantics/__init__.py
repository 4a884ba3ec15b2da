"""From a tree to a checked program: inheritance and imports, names, axes, the graph, gradient reach, the order of effects. No torch."""
