"""Text to tree, with every syntax error of the file and not just the first.

Input: the text of a spec and its file name. Output: `ast.File`. Raises SpecError with all diagnostics.
A file that does not parse whole is cut at its top-level lines, and each piece is parsed alone: so a mistake in one
declaration does not hide one in the next.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.indenter import DedentError

from cldsl.syntax import ast, grammar, limits
from cldsl.syntax.build import Builder
from cldsl.syntax.comments import split
from cldsl.syntax.diagnostics import Diagnostic, Span, SpecError
from cldsl.syntax.expected import explain

@functools.cache
def _parser() -> lark.Lark:
    return grammar.parser()


def parse(text: str, file: str = "<spec>") -> ast.File:
    """The tree of a spec. Raises SpecError."""
    text = normalised(text)
    refused = list(limits.of_text(text, file))
    if refused:
        raise SpecError(refused, {file: text})
    builder = Builder(file)
    try:
        tree = _whole(text, builder)
    except (UnexpectedInput, DedentError) as error:
        found = [diagnostic for piece, line in _pieces(text) for diagnostic in _errors_of(piece, line, file)]
        raise SpecError(found or [_diagnostic(error, text, file, 0)], {file: text}) from None
    if builder.found:
        raise SpecError(builder.found, {file: text})
    return tree


def parse_expression(text: str, file: str = "<expression>") -> ast.Expr:
    """One expression, as the command line gives it to a param."""
    tree = parse(f"let value = {text}\n", file)
    item = tree.items[0]
    assert isinstance(item, ast.Let)
    return item.value


def normalised(text: str) -> str:
    """The text with line feeds alone and without a byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def tokens(text: str) -> Iterator[lark.Token]:
    """The tokens of a text that parses, with line ends and blocks, each of the type that its place gives it."""
    return _parser().parse_interactive(text if text.endswith("\n") else text + "\n").iter_parse()


def _whole(text: str, builder: Builder) -> ast.File:
    tree = _parser().parse(text if text.endswith("\n") else text + "\n")
    built = builder.transform(tree)
    assert isinstance(built, ast.File)
    if limits.is_deep(tree):
        builder.found += limits.of_tree(built, builder.file)
    return built


def _errors_of(piece: str, line: int, file: str) -> Iterator[Diagnostic]:
    builder = Builder(file)
    try:
        _whole(piece, builder)
    except (UnexpectedInput, DedentError) as error:
        yield _diagnostic(error, piece, file, line)
    for found in builder.found:
        yield Diagnostic(_moved(found.span, line), found.code, found.message, found.reason, found.mend)


def _moved(span: Span, lines: int) -> Span:
    return Span(span.file, span.line + lines, span.column, span.end_line + lines, span.end_column)


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    """The text cut before each line that starts in the first column outside brackets, with the lines before it."""
    lines = text.split("\n")
    start, depth = 0, 0
    for number, line in enumerate(lines):
        if number > start and depth == 0 and line[:1] not in ("", " ", "\t", "#", ")", "]", "}"):
            yield "\n".join(lines[start:number]) + "\n", start
            start = number
        depth = max(0, depth + limits.opened(line))
        if line[:1].isalpha() and line.split(" ", 1)[0].rstrip(":") in _STARTS:
            depth = max(0, limits.opened(line))
    yield "\n".join(lines[start:]) + "\n", start


#: A declaration in the first column ends a bracket that was never closed.
_STARTS = frozenset(
    "spec use param data model learn state draw view let def contrast train on loop every variant claim report minimize".split()
)


def _diagnostic(error: Exception, text: str, file: str, offset: int) -> Diagnostic:
    """lark's exception as one of ours, with what would have fitted."""
    if isinstance(error, DedentError):
        number, width = _bad_dedent(text)
        span = Span(file, number + offset, 1, number + offset, width + 1)
        reason = "its indentation equals that of no open block"
        mend = "indent it like a line of the block it belongs to"
        return Diagnostic(span, "indentation", "this line fits no block above it", reason, mend)
    assert isinstance(error, (UnexpectedToken, UnexpectedCharacters))
    if isinstance(error, UnexpectedToken):
        kind, shown = error.token.type, str(error.token).split("\n")[0]
        line, column = error.token.line or 1, error.token.column or 1
        accepts = set(error.accepts or error.expected or ())
    else:
        kind, line, column, accepts = "CHARACTER", error.line, error.column, set[str]()
        shown = _line(text, line)[column - 1 : column]
    span = Span(file, line, column, line, column + max(1, len(shown)))
    if kind in ("_NL", "$END", "_DEDENT", "_INDENT"):
        span, shown = _line_end(text, file, line, kind), ""
    message, reason, mend = explain(kind, shown, accepts, _line(text, span.line), span.column)
    return Diagnostic(_moved(span, offset), "syntax", message, reason, mend)


def _line(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _line_end(text: str, file: str, line: int, kind: str) -> Span:
    """Where a line ended too early: just after its last character; where a block was not expected: that line."""
    lines = text.split("\n")
    if kind == "_INDENT":
        # the token spans the line break; the indented line is the first full one after it
        for number in range(line, len(lines)):
            if lines[number].strip() and not lines[number].lstrip().startswith("#"):
                start = len(lines[number]) - len(lines[number].lstrip())
                return Span(file, number + 1, start + 1, number + 1, len(split(lines[number])[0]) + 1)
    if kind == "$END":
        line = len(text.rstrip().split("\n"))
    end = len(split(_line(text, line))[0]) + 1
    return Span(file, line, end, line, end + 1)


def _bad_dedent(text: str) -> tuple[int, int]:
    """The first line whose indentation closes no block (lark's exception carries no line)."""
    open_blocks, depth = [0], 0
    for number, line in enumerate(text.split("\n"), 1):
        content = line.strip()
        if content and not content.startswith("#") and depth == 0:
            indent = len(line) - len(line.lstrip())
            while open_blocks[-1] > indent:
                open_blocks.pop()
            if open_blocks[-1] < indent:
                if number > 1 and indent < max(open_blocks[-1], _previous_indent(text, number)):
                    return number, max(1, indent)
                open_blocks.append(indent)
        depth = max(0, depth + limits.opened(line))
    return 1, 1


def _previous_indent(text: str, number: int) -> int:
    for line in reversed(text.split("\n")[: number - 1]):
        if line.strip() and not line.strip().startswith("#"):
            return len(line) - len(line.lstrip())
    return 0
