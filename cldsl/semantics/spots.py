"""Where exactly a word stands: the stretch of a name within the span of the item that contains it.

Input: an item's span, a word, the texts of the files. Output: a Span, the item's first line where the word is not found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span


def spot(span: Span, word: str, sources: Mapping[str, str], after: str = "") -> Span:
    """The first place of `word` in the item's text, past the first `after` if one is given."""
    lines = sources.get(span.file, "").split("\n")
    skip = after
    for number in range(span.line, min(span.end_line, len(lines)) + 1):
        start = span.column - 1 if number == span.line else 0
        text = lines[number - 1]
        end = span.end_column - 1 if number == span.end_line else len(text)
        if skip:
            place = text.find(skip, start, end)
            if place < 0:
                continue
            start, skip = place + len(skip), ""
        place = _find(text, word, start, end)
        if place >= 0:
            return Span(span.file, number, place + 1, number, place + len(word) + 1)
    return span


def _find(text: str, word: str, start: int, end: int) -> int:
    """Where the word stands for itself: in no longer word, and after no dot; -1 if nowhere."""
    place = text.find(word, start, end)
    while place >= 0:
        after = place + len(word)
        if not (place and (text[place - 1] == "." or _in_word(text[place - 1]))) and not (
            after < end and _in_word(text[after])
        ):
            return place
        place = text.find(word, place + 1, end)
    return -1


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def headword(item: ast.Statement) -> str:
    """The word that a statement is known by: `loop`, `<-`, `view`."""
    if isinstance(item, ast.Assign):
        return "<-"
    if isinstance(item, (ast.Draw, ast.Cell)):
        return item.kind
    return type(item).__name__.lower()


def excerpt(span: Span, sources: Mapping[str, str]) -> str:
    """The text of a span that lies in one line."""
    lines = sources.get(span.file, "").split("\n")
    if span.line > len(lines) or span.end_line != span.line:
        return ""
    return lines[span.line - 1][span.column - 1 : span.end_column - 1]


def argument_span(call: ast.Call, message: str) -> Span:
    """The argument that a registry's complaint names, else the name of what is called."""
    for argument in call.arguments:
        if argument.name is not None and re.search(rf"\b{re.escape(argument.name)}\b", message):
            return argument.span
    return (
        call.function.span
        if isinstance(call.function, (ast.Name, ast.Index)) and "argument" not in message
        else call.span
    )
