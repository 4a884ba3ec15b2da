"""Text to tree, with every syntax error of the file and not just the first.

Input: the text of a spec and its file name. Output: `ast.File`. Raises SpecError with all diagnostics.
A file that does not parse whole is cut at its top-level lines, and each piece is parsed alone: so a mistake in one
declaration does not hide one in the next.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from cldsl.syntax import ast, grammar, limits
from cldsl.syntax.build import Builder
from cldsl.syntax.comments import split
from cldsl.syntax.diagnostics import Diagnostic, Span, SpecError
from cldsl.syntax.lalr import Machine, SyntaxFault, Tables, Token


@functools.cache
def _tables() -> Tables:
    return grammar.tables()


@functools.lru_cache(maxsize=64)
def parse(text: str, file: str = "<spec>") -> ast.File:
    """The tree of a spec (kept: the variants of a spec share its text and its libraries'). Raises SpecError."""
    text = normalised(text)
    refused = list(limits.of_text(text, file))
    if refused:
        raise SpecError(refused, {file: text})
    builder = Builder(file)
    try:
        tree = _whole(text, builder)
    except SyntaxFault as error:
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


def tokens(text: str) -> list[Token]:
    """The tokens of a text that parses, with line ends and blocks, each of the type that its place gives it."""
    machine = _machine(text, Builder("<spec>"))
    machine.run()
    return machine.tokens


def _machine(text: str, builder: Builder) -> Machine:
    tables = _tables()
    handlers = [getattr(builder, "r_" + rule.name, _spliced) for rule in tables.rules]
    return Machine(tables, text if text.endswith("\n") else text + "\n", builder.file, handlers)


def _spliced(span: Span, children: list[object]) -> list[object]:
    """A rule whose name begins with `_` has no node of its own."""
    return children


def _whole(text: str, builder: Builder) -> ast.File:
    machine = _machine(text, builder)
    tree = machine.run()
    assert isinstance(tree, ast.File)
    if machine.depth > limits.MAX_DEPTH:
        builder.found += limits.of_tree(tree, builder.file)
    return tree


def _errors_of(piece: str, line: int, file: str) -> Iterator[Diagnostic]:
    builder = Builder(file)
    try:
        _whole(piece, builder)
    except SyntaxFault as error:
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
        begins = line[:1].isalpha() and line.split(" ", 1)[0].rstrip(":") in _STARTS
        if begins:
            depth = 0
        if number > start and depth == 0 and line[:1] not in ("", " ", "\t", "#", ")", "]", "}"):
            yield "\n".join(lines[start:number]) + "\n", start
            start = number
        depth = max(0, depth + limits.opened(line))
    yield "\n".join(lines[start:]) + "\n", start


#: A declaration in the first column ends a bracket that was never closed.
_TOP_WORDS = (
    "spec use param data model learn state draw view let def contrast train on loop every variant claim report minimize"
)
_STARTS = frozenset(_TOP_WORDS.split())


def _diagnostic(fault: SyntaxFault, text: str, file: str, offset: int) -> Diagnostic:
    """The machine's fault in words, with what would have fitted."""
    from cldsl.syntax.expected import explain  # only a mistake pays for it

    line, column = fault.line, fault.column
    if fault.kind == "DEDENT":
        width = len(_line(text, line)) - len(_line(text, line).lstrip())
        span = Span(file, line + offset, 1, line + offset, width + 1)
        reason = "its indentation equals that of no open block"
        mend = "indent it like a line of the block it belongs to"
        return Diagnostic(span, "indentation", "this line fits no block above it", reason, mend)
    span, shown = Span(file, line, column, line, column + max(1, len(fault.shown))), fault.shown
    if fault.kind in ("_NL", "$END", "_DEDENT", "_INDENT"):
        span, shown = _line_end(text, file, line, fault.kind), ""
    words = explain(fault.kind, shown, set(fault.expected), _line(text, span.line), span.column)
    if words.column:
        span = Span(file, span.line, words.column, span.line, words.end)
    return Diagnostic(_moved(span, offset), "syntax", words.message, words.reason, words.mend)


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
