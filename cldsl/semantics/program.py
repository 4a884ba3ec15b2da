"""A resolved spec: imports read, inheritance, variant and overrides applied. What the evaluator and the elaborator both start from."""

from __future__ import annotations

from dataclasses import field
from typing import TypeVar

from cldsl.syntax import ast
from cldsl.syntax.record import record

S = TypeVar("S")


@record(frozen=True)
class Program:
    """Declarations and statements in order, with nothing left to merge.

    `body` holds everything but the header, imports, variants and claims. `libraries` maps a file to the defs it
    declares: a name inside a def is looked up in the file the def stands in first, then in `body`.
    """

    name: str
    title: str
    link: str
    file: str
    body: tuple[ast.Statement, ...]
    libraries: dict[str, dict[str, ast.Def]]
    imported: dict[str, ast.Def]
    uses: tuple[ast.Use, ...] = ()
    variant: str | None = None
    variants: tuple[ast.Variant, ...] = ()
    claims: tuple[ast.Claim, ...] = ()
    #: file -> text, to draw diagnostics and to digest
    sources: dict[str, str] = field(default_factory=dict)
    #: every name that the spec's files mention anywhere, variants included
    mentioned: frozenset[str] = frozenset()

    def all(self, kind: type[S]) -> list[S]:
        return [item for item in self.body if isinstance(item, kind)]

    @property
    def params(self) -> dict[str, ast.Param]:
        return {item.name: item for item in self.all(ast.Param)}


def declared(item: ast.Statement) -> tuple[str, ...]:
    """The names an item declares; a statement declares none."""
    if isinstance(item, ast.Draw):
        return tuple(name for name, _ in item.targets)
    if isinstance(item, (ast.Param, ast.Data, ast.Model, ast.Cell, ast.Let, ast.Def, ast.Contrast)):
        return (item.name,)
    return ()
