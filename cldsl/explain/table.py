"""Text in columns, numbers and sizes as people read them.

Input: rows of texts. Output: text that needs neither a colour nor a terminal's width. No rich: `check` starts cold.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence


def table(rows: Sequence[Sequence[str]], head: Sequence[str] = (), right: Collection[int] = (), indent: int = 0) -> str:
    """Rows below a head, columns two spaces apart; `right` lists the columns whose texts end at one place."""
    lines = [list(head), *map(list, rows)] if head else [list(row) for row in rows]
    if not lines:
        return ""
    count = max(map(len, lines))
    lines = [line + [""] * (count - len(line)) for line in lines]
    widths = [max(len(line[n]) for line in lines) for n in range(count)]
    made = []
    for line in lines:
        cells = [
            text.rjust(width) if n in right else text.ljust(width)
            for n, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        made.append((" " * indent + "  ".join(cells)).rstrip())
    return "\n".join(made)


def number(value: object) -> str:
    """A report's value: four digits, whole numbers whole, a missing one as a dash, the start of a long list."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        text = str(value)
        return text if len(text) <= 24 else text[:21] + "..."
    if isinstance(value, int) or (value == int(value) if abs(value) < 1e15 else False):
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1e-3 or abs(value) >= 1e5 else f"{value:.4f}"


def quantity(count: float, unit: str) -> str:
    """`1.0 MB`, `3.2 GFLOP`: steps of a thousand."""
    for prefix in ("", "k", "M", "G", "T"):
        if count < 1000:
            return f"{count:.0f} {unit}" if not prefix else f"{count:.1f} {prefix}{unit}"
        count /= 1000
    return f"{count:.1f} P{unit}"


def plural(count: int, word: str) -> str:
    """`1 warning`, `2 warnings`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def joined(names: Sequence[str]) -> str:
    """`a, b`, or a dash for none."""
    return ", ".join(names) if names else "-"
