"""docs/passes.md is what the passes say of themselves: `--update` writes it anew.

Input: PASSES, the docstrings of each pass's function and module, the comments beside the entries. Output: the page: what a
pass does, where it stands and why, before and after of its example, and how many nodes and entries that saves. The
examples themselves are run as doctests of the passes.
"""

from __future__ import annotations

import inspect
import re
import sys

import pytest
from docs_pages import ROOT

import cldsl.passes
from cldsl.graph.nodes import Graph, topological
from cldsl.graph.reader import read
from cldsl.passes import PASSES, Pass
from cldsl.passes.rewrite import elements

PAGE = ROOT / "docs" / "passes.md"
HEAD = """# The passes

What the optimiser does to a function, in this order. Each pass gives an equal function, in value and in gradient; none changes
what it is given. Level 1 runs those marked 1, level 2 (`-O 2`) all, level 0 none; `cldsl explain --passes` shows them at work on a spec.
A node is an operator that is run, an entry a number that it makes: the counts under an example say what the pass costs or saves there. Generated from the docstrings of `cldsl/passes/`
(`pytest tests/docs/test_passes_page.py --update`).
"""
_ENTRY = re.compile(r'^    Pass\("(?P<name>\w+)",.*\),  # (?P<why>.*)$', re.M)
_INPUT = re.compile(r"^(?:>>>|\.\.\.) ?(.*)$")


def page() -> str:
    """The whole page."""
    whys = {match["name"]: match["why"] for match in _ENTRY.finditer(inspect.getsource(cldsl.passes))}
    overview = ["| pass | levels | why here |", "|---|---|---|"]
    overview += [f"| [{each.name}](#{each.name}) | {_levels(each)} | {whys[each.name]} |" for each in PASSES]
    return "\n".join([HEAD, *overview, "", *(section(each) for each in PASSES)])


def section(entry: Pass) -> str:
    """One pass: the module's idea, what the function adds to it, its example."""
    module = sys.modules[entry.change.__module__]
    told, before, after = parts(inspect.getdoc(entry.change) or "")
    idea, *more = _paragraphs(inspect.getdoc(module) or "")
    lines = [
        f"## {entry.name}",
        "",
        idea,
        "",
        *_spaced(more),
        f"`{entry.change.__name__}`, levels {_levels(entry)}. {told}",
        "",
    ]
    lines += ["Before:", "", "```text", *before, "```", "", "After:", "", "```text", *after, "```", ""]
    old, new = measured(before), measured(after)
    return "\n".join([*lines, f"Nodes {old[0]} to {new[0]}, entries {old[1]} to {new[1]}.", ""])


def parts(docstring: str) -> tuple[str, list[str], list[str]]:
    """What a docstring says in words, and the graph before and after in its example."""
    words, _, example = docstring.partition(">>> ")
    typed, printed = [], []
    for line in f">>> {example}".splitlines():
        match = _INPUT.match(line)
        if match is None:
            printed.append(line)
        else:
            typed.append(match[1])
    return " ".join(words.split()), [line for line in typed if line.startswith(("%", "return "))], printed


def measured(lines: list[str]) -> tuple[int, int]:
    """How many nodes a graph computes and how many entries they have; inputs and constants are free."""
    function = read("\n".join(["function f", *lines, ""]), Graph())
    nodes = [node for node in topological(node for _, node in function.outputs) if node.inputs]
    return len(nodes), sum(elements(node.axes) or 0 for node in nodes)


def _levels(entry: Pass) -> str:
    return " and ".join(str(level) for level in sorted(entry.levels))


def _paragraphs(text: str) -> list[str]:
    return [" ".join(each.split()) for each in text.split("\n\n")]


def _spaced(paragraphs: list[str]) -> list[str]:
    return [line for each in paragraphs for line in (each, "")]


def test_the_page_is_what_the_passes_say(update: bool) -> None:
    if update:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: pytest tests/docs/test_passes_page.py --update"


@pytest.mark.parametrize("entry", PASSES, ids=lambda entry: entry.name)
def test_every_pass_says_what_it_does_and_shows_it(entry: Pass) -> None:
    told, before, after = parts(inspect.getdoc(entry.change) or "")
    assert told and before[-1].startswith("return ") and after[-1].startswith("return ")
    assert before != after
    assert "Input:" in (inspect.getdoc(sys.modules[entry.change.__module__]) or "")


def test_every_pass_has_a_reason_for_its_place() -> None:
    assert [match["name"] for match in _ENTRY.finditer(inspect.getsource(cldsl.passes))] == [
        each.name for each in PASSES
    ]
