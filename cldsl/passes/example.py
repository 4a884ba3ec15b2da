"""Before and after of a pass as text, for the examples in docstrings."""

from __future__ import annotations

from collections.abc import Callable

from cldsl.graph.nodes import Function, Graph
from cldsl.graph.printer import show
from cldsl.graph.reader import read


def after(change: Callable[[Function, Graph], Function], text: str) -> None:
    """Print the nodes and outputs of a function, given by its lines without the head, after a pass."""
    graph = Graph()
    grad = any(line.strip().startswith("return loss=") for line in text.splitlines())
    function = read(f"function f{' grad' if grad else ''}\n{text.strip()}\n", graph)
    lines = show(change(function, graph)).splitlines()[1:]
    print("\n".join(line.strip() for line in lines))
