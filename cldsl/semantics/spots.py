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
        found = re.compile(rf"(?<![\w.]){re.escape(word)}(?!\w)").search(text, start, end)
        if found is not None:
            return Span(span.file, number, found.start() + 1, number, found.end() + 1)
    return span


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
