"""Imports point down the stages: what a part of the package may import is listed here, and nothing more.

A `catalog.py`, with the tables beside it, is a part of its own (`data.catalog`): it is what `check` loads. Every import counts, also those inside
functions and for types alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "cldsl"

CATALOGS = {"data.catalog", "views.catalog", "modules.catalog", "metrics.catalog", "runtime.catalog"}
BELOW = {"catalogue", "version"}
#: What a catalogue is made of beside its own file.
TABLES = {"modules.shapes": "modules.catalog", "views.shapes": "views.catalog", "data.digests": "data.catalog"}
COMPILER = {"syntax", "semantics", "graph", "elaborate", "passes", "strips", "planning", "codegen", *CATALOGS, *BELOW}
FRONT = {*COMPILER, "compiler", "running", "runtime", "explain"}

#: part -> parts that it may import.
ALLOWED: dict[str, set[str]] = {
    "version": set(),
    "catalogue": set(),
    **{catalog: {"catalogue"} for catalog in CATALOGS},
    "syntax": set(),
    "semantics": {"syntax", "catalogue", "data.catalog"},
    "graph": {"syntax"},
    "elaborate": {"semantics", "syntax", "graph", "catalogue", *CATALOGS},
    "passes": {"graph", "catalogue"},
    "strips": {"graph", "passes"},
    "planning": {"graph", "modules", "modules.catalog", "catalogue"},
    # runtime: the base class for types, and the names of the helpers that it may write
    "codegen": {"graph", "syntax", "runtime", "version"},
    "data": {"data.catalog", "catalogue"},
    "views": {"views.catalog", "catalogue"},
    "modules": {"modules.catalog", "catalogue"},
    "metrics": {"catalogue"},
    # metrics are loaded through their catalogue
    "runtime": {"data", "data.catalog", "views", "modules", "metrics.catalog", "runtime.catalog", "catalogue"},
    # the meaning of a spec: independent of everything from graph/ to runtime/
    "reference": {"syntax", "semantics", "catalogue", "modules", "modules.catalog", "metrics.catalog"},
    "compiler": COMPILER,
    "running": {*COMPILER, "compiler", "runtime", "data", "api"},
    "api": {*COMPILER, "compiler", "running", "objective"},
    "objective": {*COMPILER, "compiler", "api"},
    "explain": {*COMPILER, "compiler", "running"},
    "verify": {*COMPILER, "compiler", "runtime", "reference"},
    "listing": {*CATALOGS, "catalogue", "syntax", "semantics", "explain"},
    "claims": FRONT,
    "cli": {*FRONT, "claims", "listing", "verify"},
    "__main__": {"cli"},
    "__init__": {"api"},
}

#: Packages that a part must not load when it is imported: `check` needs all of these and starts in a moment.
LIGHT = ("catalogue", "syntax", "semantics", "elaborate", *sorted(CATALOGS))
HEAVY = {"torch", "numpy", "scipy", "sklearn", "networkx", "jinja2", "pydantic", "safetensors", "lark"}


@cache
def _modules() -> dict[str, ast.Module]:
    """Every module of the package by its dotted name below `cldsl`."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts)] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def _part(module: str) -> str:
    """`runtime.optimisers.catalog` is `runtime.catalog`; any other module belongs to its first folder or file."""
    first, *rest = module.split(".")
    table = TABLES.get(".".join([first, *rest[:1]]))
    if table is not None:
        return table
    return f"{first}.catalog" if "catalog" in rest else first


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _own(target: str) -> str | None:
    """The part that an import of the package means, None for an import from elsewhere."""
    if target.split(".")[0] != "cldsl":
        return None
    below = target.removeprefix("cldsl").removeprefix(".")
    return "version" if below in ("", "__version__") else _part(below)


@pytest.mark.parametrize("part", sorted({_part(module) for module in _modules()}))
def test_imports_point_down(part: str) -> None:
    assert part in ALLOWED, f"{part} is new: say here what it may import"
    wrong = [
        f"cldsl/{module.replace('.', '/')}.py:{line}: {part} imports {target}"
        for module, tree in _modules().items()
        if _part(module) == part
        for line, target in _imports(tree)
        if (own := _own(target)) not in (None, part) and own not in ALLOWED[part]
    ]
    assert not wrong, "\n".join(wrong)


def test_no_permission_is_unused() -> None:
    """A permission that nobody needs would let the next mistake through."""
    used = {(_part(module), _own(target)) for module, tree in _modules().items() for _, target in _imports(tree)}
    broad = {*COMPILER, "claims", "cli", "verify", "running", "explain", "listing", "compiler", "api", "objective"}
    narrow = [
        part for part in ALLOWED if part not in broad or part in ("syntax", "semantics", "graph", "passes", "reference")
    ]
    unused = [f"{part} -> {other}" for part in narrow for other in sorted(ALLOWED[part]) if (part, other) not in used]
    assert not unused


@pytest.mark.parametrize("part", LIGHT)
def test_what_check_loads_is_light(part: str) -> None:
    wrong = [
        f"{module}:{line}: {target}"
        for module, tree in _modules().items()
        if _part(module) == part
        for line, target in _at_import(tree)
        if target.split(".")[0] in HEAVY
    ]
    assert not wrong, "\n".join(wrong)


def _at_import(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Imports that run when the module is loaded: those at its head, not for types, not in functions."""
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield from _imports(statement)
