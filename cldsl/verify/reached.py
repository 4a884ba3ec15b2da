"""What of a program its blocks need: the rest is about streams that a case does not have.

Input: a Program whose streams and blocks are a case's. Output: the same with the declarations that its blocks reach, and
without those that a column of the case replaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cldsl.semantics.program import Program, declared
from cldsl.syntax import ast


def reached(program: Program, wanted: Iterable[str] = ()) -> Program:
    """The program without what nothing of its blocks mentions, at first or second hand; `wanted` are kept too."""
    columns = {column.name for data in program.all(ast.Data) for column in data.columns}
    items = {name: item for item in program.body for name in declared(item) if name not in columns}
    blocks = (ast.Train, ast.On)
    found: set[str] = set()
    waiting = [*wanted, *(name for item in program.body if isinstance(item, blocks) for name in _mentioned(item))]
    while waiting:
        name = waiting.pop()
        if name in items and name not in found:
            found.add(name)
            waiting += _mentioned(items[name])
    body = tuple(
        item
        for item in program.body
        if isinstance(item, (*blocks, ast.Data))
        or any(items.get(name) is item and name in found for name in declared(item))
    )
    return replace(program, body=body)


def _mentioned(item: ast.Statement) -> Iterator[str]:
    """The names that a statement reads, its own parameters and rows left out."""
    bound = {
        each.name for node in ast.walk(item) if isinstance(node, (ast.Def, ast.Contrast)) for each in node.parameters
    }
    bound |= {node.variable for node in ast.walk(item) if isinstance(node, ast.Comprehension)}
    for node in ast.walk(item):
        if isinstance(node, ast.Name):
            if node.id not in bound:
                yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.name
        elif isinstance(node, ast.Contrast) and node.parent is not None:
            yield node.parent
