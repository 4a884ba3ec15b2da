"""What no spec needs and what would cost the parser, or a later pass, its stack or its time: refused beforehand.

Input: a text, or a tree. Output: diagnostics. Within these limits every recursion over a tree ends well inside
Python's own limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span

MAX_CHARACTERS = 200_000
MAX_STATEMENT = 20_000
MAX_BRACKETS = 60
MAX_INDENT = 200
MAX_DEPTH = 120

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_CODE = re.compile(r'"[^"\n]*"?|#[^\n]*')
_BRACKET = re.compile(r"[\[({\])}]")
_NAME_PARTS = "name its parts with `let`"


def opened(line: str) -> int:
    """How many brackets more the line opens than it closes, without those in texts and comments."""
    code = _NOT_CODE.sub("", line)
    return sum(map(code.count, "([{")) - sum(map(code.count, ")]}"))


def of_text(text: str, file: str) -> Iterator[Diagnostic]:
    """The limits that are seen before parsing."""
    if len(text) > MAX_CHARACTERS:
        message = f"the file has {len(text)} characters"
        mend = "split it, and `use` the parts"
        yield Diagnostic(Span(file), "too-large", message, f"at most {MAX_CHARACTERS} are read", mend)
        return
    depth = size = 0
    for number, line in enumerate(text.split("\n"), 1):
        control = _CONTROL.search(line)
        if control:
            yield _control_character(control, file, number)
        whole = Span(file, number, 1, number, len(line) + 1)
        code = _NOT_CODE.sub("", line)
        if depth == 0 and len(line) - len(line.lstrip()) > MAX_INDENT and code.strip():
            reason, mend = f"at most {MAX_INDENT} columns are read", "indent each block by four spaces"
            yield Diagnostic(whole, "too-deep", "this line is indented too far", reason, mend)
        size = len(code.strip()) + (size if depth else 0)
        deepest = depth
        for bracket in _BRACKET.findall(code):
            depth = depth + 1 if bracket in "([{" else max(0, depth - 1)
            deepest = max(deepest, depth)
        if deepest > MAX_BRACKETS:
            reason = f"brackets nest at most {MAX_BRACKETS} deep"
            yield Diagnostic(whole, "too-deep", "too many brackets inside one another", reason, _NAME_PARTS)
            return
        if size > MAX_STATEMENT:
            reason = f"a statement has at most {MAX_STATEMENT} characters"
            yield Diagnostic(whole, "too-long", "this statement is too long", reason, _NAME_PARTS)
            return


def _control_character(found: re.Match[str], file: str, number: int) -> Diagnostic:
    column = found.start() + 1
    message = f"a control character (code {ord(found.group())})"
    return Diagnostic(
        Span(file, number, column, number, column + 1),
        "control-character",
        message,
        "a spec is plain text",
        "remove it",
    )


def of_tree(tree: ast.File, file: str) -> Iterator[Diagnostic]:
    """The limit on the depth of the tree: a chain of operators is as deep as it is long."""
    layer: list[ast.Node] = [tree]
    for _ in range(MAX_DEPTH):
        layer = [child for node in layer for child in ast.children(node)]
    if layer:
        reason = f"operators, calls, attributes and blocks nest at most {MAX_DEPTH} deep, a chain counting in full"
        yield Diagnostic(
            min(node.span for node in layer), "too-deep", "this statement nests too deep", reason, _NAME_PARTS
        )
