"""Section 12 of docs/language.md: which specs use each operator of the library. `--update` writes the table anew.

An operator that few specs use must earn its place; this table is where that shows. Input: every shipped spec with its
variants and the defs it reaches. Output: the lines between the marks.
"""

from __future__ import annotations

from collections.abc import Iterator

from docs_pages import ROOT

from cldsl.elaborate.library import LAWS, NAMES
from cldsl.elaborate.reductions import REDUCTIONS
from cldsl.elaborate.vocabulary import PLACED
from cldsl.semantics.program import Program, declared
from cldsl.semantics.resolve import resolve_file
from cldsl.syntax import ast

PAGE = ROOT / "docs" / "language.md"
BEGIN, END = "<!-- uses: begin -->\n", "<!-- uses: end -->\n"
OPERATORS = sorted({*REDUCTIONS, *NAMES, *LAWS, *PLACED})


def called(program: Program) -> set[str]:
    """Names that the spec and its variants call, with or without brackets, and those of the library's defs that they reach."""
    library = {**program.imported, **{name: each for defs in program.libraries.values() for name, each in defs.items()}}
    found: set[str] = set()
    waiting: list[object] = [program.body, program.variants]
    while waiting:
        for name in set(_calls(waiting.pop())) - found:
            found.add(name)
            if name in library:
                waiting.append(library[name])
    own = {name for item in (*program.body, *program.variants) for name in declared(item)}
    return found - own


def _calls(tree: object) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            callee = node.function.value if isinstance(node.function, ast.Index) else node.function
            if isinstance(callee, ast.Name):
                yield callee.id


def table() -> str:
    uses: dict[str, list[str]] = {name: [] for name in OPERATORS}
    for path in sorted((ROOT / "specs").glob("*.cl")):
        for name in called(resolve_file(path)) & set(uses):
            uses[name].append(path.stem)
    lines = ["| operator | specs | |", "|---|---|---|"]
    for name, specs in sorted(uses.items(), key=lambda each: (-len(each[1]), each[0])):
        shown = ", ".join(specs) if len(specs) <= 6 else ", ".join([*specs[:5], "..."])
        lines.append(f"| `{name}` | {len(specs)} | {shown or 'none yet'} |")
    return "\n".join(lines) + "\n"


def test_the_table_is_what_the_specs_use(update: bool) -> None:
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    wanted = head + BEGIN + table() + END + tail
    if update:
        PAGE.write_text(wanted, encoding="utf-8")
    assert text == wanted or update


def test_an_operator_that_nothing_uses_is_counted_as_such() -> None:
    rows = dict(line.split(" | ")[:2] for line in table().splitlines()[2:])
    assert int(rows["| `mean`"]) > 5
    assert all(int(number) >= 0 for number in rows.values())
