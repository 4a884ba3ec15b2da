"""Every path that a page names in backticks exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: a path of this repository: a known top folder, then names; globs and placeholders are left out
_PATH = re.compile(r"`((?:cldsl|specs|docs|examples|tests|grammar)/[\w./-]*[\w/])`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_paths_of_a_page_exist(page: Path) -> None:
    named = set(_PATH.findall(page.read_text(encoding="utf-8")))
    assert [path for path in sorted(named) if "NAME" not in path and not (ROOT / path).exists()] == []


def test_pages_name_paths() -> None:
    assert any(_PATH.search(page.read_text(encoding="utf-8")) for page in PAGES)
