"""The numbers on docs/language.md are what the evaluator gives.

`let NAME = e   # 3, absent, 2: words` in a fragment, and `` `e` = 3, 1 `` in a table, are evaluated over the values that the
page's head states. Fragments that train, declare models or make variants are parsed elsewhere and not run here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import torch
from docs_pages import ROOT, blocks

from cldsl.reference import Evaluator
from cldsl.semantics.resolve import resolve

TEXT = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
HEAD = next(block.text for block in blocks(TEXT) if block.language == "cl" and "data d:" in block.text)
COLUMNS = {
    "u": (torch.tensor([3.0, 1.0, 2.0]), ("item",)),
    "x": (torch.tensor([[1, 0], [0, 1], [0.6, 0.8]]), ("item", "dim")),
    "z": (torch.tensor([[[1, 0], [0, 1]], [[0.6, 0.8], [0.8, 0.6]], [[0, 1], [-1, 0]]]), ("item", "v", "dim")),
    "label": (torch.tensor([0, 0, 1]), ("item",)),
    "id": (torch.tensor([4, 0, 2]), ("item",)),
}
_ENTRY = r"(?:-?\d+(?:\.\d+)?|-?inf|absent|true|false)"
_ENTRIES = re.compile(rf"({_ENTRY}(?:, {_ENTRY})*)(?=$|[\s:;|])")
_LET = re.compile(r"^let (?P<name>\w+)(?:\[[^\]]*\])? = .*?\s#\s(?P<told>.*)$", re.M)
_CELL = re.compile(r"`(?P<expression>[^`]+)` = (?P<told>[^`|;]+)")
_APART = re.compile(r"^(train|on|spec|variant|claim|model|view|data)\b", re.M)


def numbers() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every (lines, expression, entries as the page writes them)."""
    for block in blocks(TEXT):
        if block.language == "cl" and not _APART.search(block.text):
            for match in _LET.finditer(block.text):
                if told := _ENTRIES.match(match["told"]):
                    yield block.text, match["name"], tuple(told[1].split(", "))
    for row in TEXT.splitlines():
        for match in _CELL.finditer(row) if row.startswith("|") else ():
            told = _ENTRIES.match(match["told"])
            assert told, row
            yield "", match["expression"], tuple(told[1].split(", "))


@pytest.mark.parametrize(("lines", "expression", "told"), list(numbers()))
def test_a_number_on_the_page(lines: str, expression: str, told: tuple[str, ...]) -> None:
    value = Evaluator(resolve(HEAD + lines, "page.cl"), {}, COLUMNS).value(expression)
    sizes = [value.size(axis) or 0 for axis in value.all_axes]
    data = value.ordered(value.all_axes).detach().expand(sizes).flatten().tolist()
    here = [True] * len(data)
    if value.present is not None:
        here = value.present.to(value.all_axes).expand(sizes).flatten().tolist()
    assert [_same(*each) for each in zip(data, here, told, strict=True)] == [True] * len(told), (data, here)


def test_the_page_has_numbers() -> None:
    assert len(list(numbers())) > 140


def _same(value: float, here: bool, told: str) -> bool:
    if told == "absent" or not here:
        return told == "absent" and not here
    if told in ("true", "false"):
        return bool(value) is (told == "true")
    digits = len(told.partition(".")[2])
    return bool(value == pytest.approx(float(told), abs=0.5001 * 10**-digits if digits else 1e-6))
