"""What is judged once everything was elaborated: names that reach nothing, parameters that no objective moves, undecided self pairs."""

from __future__ import annotations

from cldsl.elaborate.shared import Shared
from cldsl.semantics.program import declared
from cldsl.syntax import ast


def review(shared: Shared) -> None:
    """Adds diagnostics to what was found."""
    if any(d.severity == "error" for d in shared.found):
        return  # names under an error count as unread, which would be a consequence
    program = shared.program
    read = program.mentioned
    for item in program.body:
        for name in declared(item):
            if name in shared.used or name in read:
                continue
            if isinstance(item, (ast.Param, ast.Let, ast.Def, ast.Contrast, ast.Cell, ast.Draw, ast.Model, ast.Data)):
                _dead(shared, item, name)
    for use in program.uses:
        for name in use.names:
            if name not in shared.used and name not in read:
                _dead_import(shared, use, name)


def _dead(shared: Shared, item: ast.Statement, name: str) -> None:
    from cldsl.syntax.diagnostics import Diagnostic

    shared.complain(Diagnostic(item.span, "dead-name", f"{name} reaches nothing", "no block reads it, here or in a variant", "use it or remove it"))


def _dead_import(shared: Shared, use: ast.Use, name: str) -> None:
    from cldsl.syntax.diagnostics import Diagnostic

    shared.complain(Diagnostic(use.span, "dead-import", f"{name} is imported and never used", "", "remove it from the `use` line"))
