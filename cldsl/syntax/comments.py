"""Comments and blank lines of a text, which the tree does not hold.

Input: physical lines. Output: for each its code and its comment. A `#` inside a quoted text starts no comment.
"""

from __future__ import annotations

import re

_QUOTED_OR_COMMENT = re.compile(r'"[^"]*"|#.*')


def split(line: str) -> tuple[str, str]:
    """The code of a line without what trails it, and its comment with the `#` (empty if there is none)."""
    for match in _QUOTED_OR_COMMENT.finditer(line):
        if match.group().startswith("#"):
            return line[: match.start()].rstrip(), match.group().rstrip()
    return line.rstrip(), ""


def comments(text: str) -> list[str]:
    """All comments in the order of the text."""
    return [comment for _, comment in map(split, text.split("\n")) if comment]


def aligned(rows: list[tuple[str, str]], widest: int) -> list[str]:
    """Rows of (code with its indentation, comment) as lines.

    Comments of neighbouring rows start in one column, two spaces after the longest code; code longer than `widest`
    does not push the others.
    """
    lines: list[str] = []
    group: list[tuple[str, str]] = []
    for code, comment in [*rows, ("", "")]:
        if code.strip() and comment:
            group.append((code, comment))
            continue
        column = max((len(c) for c, _ in group if len(c) <= widest), default=0)
        lines += [f"{c.ljust(column)}  {remark}" for c, remark in group]
        group.clear()
        lines.append(code + comment)
    return lines[:-1]
