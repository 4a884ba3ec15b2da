"""Breaking a statement that is too long: inside brackets, at commas, then before operators.

Input: the pieces of one statement, each with the gap before it. Output: its lines. A statement without a bracket to
break in stays as long as it is.
"""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

WIDTH = 120
OPENERS = frozenset("([{")
CLOSERS = frozenset(")]}")
_STEP = "    "
#: From here on the content of brackets is indented no further.
_DEEPEST = 60
#: Where a part without a comma is broken, the loosest operators first.
_BREAKS = (("else",), ("if",), ("or",), ("and",), ("|",), ("+", "-"), ("*", "/", "%"))


class Piece(NamedTuple):
    """A token's text, the gap before it within a line, and whether it opens (+1) or closes (-1) a bracket."""

    gap: str
    text: str
    turn: int


def joined(pieces: list[Piece]) -> str:
    """The pieces in one line."""
    return "".join(piece.gap + piece.text for piece in pieces).lstrip()


def broken(pieces: list[Piece], indent: str) -> list[str]:
    """The lines of a statement: one if it fits, else opened at its widest bracket."""
    whole = indent + joined(pieces)
    group = _widest(pieces) if len(whole) > WIDTH else None
    if group is None:
        return [whole]
    start, end = group
    return [
        *broken(pieces[: start + 1], indent),
        *_filled(pieces[start + 1 : end], indent + _STEP * (len(indent) < _DEEPEST)),
        *broken(pieces[end:], indent),
    ]


def unwrapped(pieces: list[Piece], indent: str) -> list[Piece]:
    """The pieces without parentheses that stand around the whole value and that its length does not need."""
    depth = 0
    for at, piece in enumerate(pieces[:-2], 1):
        depth += piece.turn
        if depth or piece.text not in ("=", "<-", "~") or pieces[at].text != "(":
            continue
        inner = pieces[at + 1 : -1]
        heights = list(accumulate(each.turn for each in inner))
        if (
            not inner
            or min(heights) < 0
            or any(each.text == "," and not h for each, h in zip(inner, heights, strict=True))
        ):
            continue
        bare = [*pieces[:at], inner[0]._replace(gap=" "), *inner[1:]]
        return unwrapped(bare, indent) if len(indent) + len(joined(bare)) <= WIDTH else pieces
    return pieces


def _widest(pieces: list[Piece]) -> tuple[int, int] | None:
    """The outermost bracket with the longest content: the places of its two ends."""
    best: tuple[int, int] | None = None
    width = 0
    opened: list[int] = []
    for at, piece in enumerate(pieces):
        if piece.turn > 0:
            opened.append(at)
        elif piece.turn < 0 and opened:
            start = opened.pop()
            inner = len(joined(pieces[start + 1 : at]))
            if inner > width:
                best, width = (start, at), inner
    return best


def _filled(pieces: list[Piece], indent: str) -> list[str]:
    """The content of a bracket in as few lines as hold it."""
    if len(indent) + len(joined(pieces)) <= WIDTH:
        return [indent + joined(pieces)]
    parts = _parts(pieces)
    if len(parts) == 1:
        return broken(pieces, indent)
    lines: list[str] = []
    current: list[Piece] = []
    for part in parts:
        if current and len(indent) + len(joined(current + part)) > WIDTH:
            lines += _filled(current, indent)
            current = []
        current = current + part
    return lines + _filled(current, indent)


def _parts(pieces: list[Piece]) -> list[list[Piece]]:
    parts = _cut(pieces, (",",), after=True)
    for operators in _BREAKS:
        if len(parts) > 1:
            break
        parts = _cut(pieces, operators, after=False)
    return parts


def _cut(pieces: list[Piece], marks: tuple[str, ...], after: bool) -> list[list[Piece]]:
    """The pieces cut after (or before) each mark that stands outside inner brackets."""
    parts: list[list[Piece]] = [[]]
    depth = 0
    for piece in pieces:
        depth += piece.turn
        hit = depth == 0 and piece.text in marks and bool(parts[-1]) and piece.gap == ("" if after else " ")
        if hit and not after:
            parts.append([])
        parts[-1].append(piece)
        if hit and after:
            parts.append([])
    return [part for part in parts if part]
