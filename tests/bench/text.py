"""The table as text, and its place in a page.

Input: rows. Output: a Markdown table whose columns are also aligned as plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.bench.rows import Row

BEGIN, END = "<!-- bench: latest run -->", "<!-- bench: end -->"
HEAD = ("loss", "rows", "who", "median ms", "ratio to ours", "peak MB", "note")


def shown(rows: Sequence[Row]) -> str:
    """The rows as a table; the loss and the rows are named where they change."""
    lines: list[Sequence[str]] = []
    last = ("", 0)
    for row in rows:
        own = (row.loss, row.rows)
        lines.append(("", "", *cells(row)[2:]) if own == last else cells(row))
        last = own
    return aligned(HEAD, lines)


def cells(row: Row) -> tuple[str, ...]:
    """One row as texts; a dash for what is not known."""
    return (row.loss, f"{row.rows:,}", row.who, *map(_number, (row.milliseconds, row.ratio, row.megabytes)), row.note)


def aligned(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table: names to the left, what is all numbers and dashes to the right."""
    right = [any(line[at] for line in lines) and all(_numeric(line[at]) for line in lines) for at in range(len(head))]
    widths = [max(len(line[at]) for line in (head, *lines)) for at in range(len(head))]

    def written(line: Sequence[str]) -> str:
        texts = (
            text.rjust(size) if flush else text.ljust(size)
            for text, size, flush in zip(line, widths, right, strict=True)
        )
        return f"| {' | '.join(texts)} |"

    rule = "|".join("-" * (size + 1) + (":" if flush else "-") for size, flush in zip(widths, right, strict=True))
    return "\n".join([written(head), f"|{rule}|", *map(written, lines)])


def write_between(page: Path, text: str) -> None:
    """Put the text between the two markers of a page. Raises ValueError where they are not there once each."""
    whole = page.read_text(encoding="utf-8")
    if whole.count(BEGIN) != 1 or whole.count(END) != 1:
        raise ValueError(f"{page} needs {BEGIN} and {END} once each")
    before, _, rest = whole.partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _numeric(text: str) -> bool:
    return text in ("", "-") or text.replace(",", "").replace(".", "", 1).isdigit()
