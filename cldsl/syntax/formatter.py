"""A spec in its one layout: spacing, indentation, aligned roles and comments, long lines broken inside brackets.

Input: the text of a spec. Output: its canonical text. Formatting twice changes nothing more, the tree stays equal and
no comment is lost: `format_text` checks the last two itself. It works on tokens, not on the tree, so that names that
were declared in one line stay in one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cldsl.syntax import wrap
from cldsl.syntax.comments import aligned, comments, split
from cldsl.syntax.lalr import Token
from cldsl.syntax.parser import normalised, parse, tokens
from cldsl.syntax.unparse import INDENT, unparse

__all__ = ["FormatterFault", "format_text", "unparse"]

_ROLES = frozenset(("ANCHOR", "POSITIVE", "NEGATIVE", "LOGIT", "SIMILARITY", "TEMPERATURE"))
_OPERAND_ENDS = frozenset(("NAME", "NUMBER", "STRING", "RPAR", "RSQB", "RBRACE"))
#: Code beyond this column does not push the comments of its neighbours to the right.
_WIDEST = 90


class FormatterFault(RuntimeError):
    """The formatter would have changed the meaning or lost a comment: its own mistake, never the user's."""


@dataclass
class Statement:
    """One logical line: the block level, its tokens, the width its first word is padded to."""

    level: int
    tokens: list[Token] = field(default_factory=list)
    pad: int = 0

    @property
    def first(self) -> int:
        return self.tokens[0].line or 1

    @property
    def last(self) -> int:
        return self.tokens[-1].end_line or 1


def format_text(text: str, file: str) -> str:
    """The canonical text of a spec. Raises SpecError if it does not parse."""
    text = normalised(text)
    tree = parse(text, file)
    statements = list(_statements(text))
    _pad_roles(statements)
    rows = _rows(text.split("\n"), statements)
    result = "\n".join(aligned(rows, _WIDEST)).strip("\n")
    result = result + "\n" if result else ""
    if parse(result, file) != tree:
        raise FormatterFault(f"{file}: formatting would change the meaning")
    if comments(result) != comments(text):
        raise FormatterFault(f"{file}: formatting would lose or move a comment")
    return result


def _statements(text: str) -> Iterator[Statement]:
    level, current = 0, Statement(0)
    for token in tokens(text):
        if token.type in ("_INDENT", "_DEDENT"):
            level += 1 if token.type == "_INDENT" else -1
        elif token.type != "_NL":
            if not current.tokens:
                current.level = level
            current.tokens.append(token)
        elif current.tokens:
            yield current
            current = Statement(level)


def _pad_roles(statements: list[Statement]) -> None:
    """The bodies of a contrast's lines start in one column."""
    for at, head in enumerate(statements):
        if head.tokens[0].type != "CONTRAST":
            continue
        block = []
        for line in statements[at + 1 :]:
            if line.level <= head.level:
                break
            if line.tokens[0].type in _ROLES:
                block.append(line)
        width = max((len(line.tokens[0]) for line in block), default=0)
        for line in block:
            line.pad = width


# ---- from statements to rows of (code, comment)


def _rows(lines: list[str], statements: list[Statement]) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    opened: list[tuple[int, int]] = [(0, 0)]  # (width in the text, level) of the blocks that are open
    done = 0
    for statement in statements:
        width = _width(lines[statement.first - 1])
        before = lines[done : statement.first - 1]
        rows += _between(before, [o for o in opened if o[0] > width] + [(width, statement.level)])
        while opened and opened[-1][0] >= width:
            opened.pop()
        opened.append((width, statement.level))
        rows += _statement_rows(lines, statement)
        done = statement.last
    rows += _between(lines[done:], opened)
    return rows


def _between(lines: list[str], blocks: list[tuple[int, int]]) -> list[tuple[str, str]]:
    """Blank lines, one at most, and comments: each in the deepest of the blocks that it is not left of."""
    rows: list[tuple[str, str]] = []
    blank = False
    for line in lines:
        comment = line.strip()
        if not comment:
            blank = True
            continue
        fitting = [level for width, level in blocks if width <= _width(line)]
        level = max(fitting, default=min(level for _, level in blocks))
        rows += [("", "")] * blank
        rows.append((INDENT * level, comment))
        blank = False
    return rows + [("", "")] * blank


def _width(line: str) -> int:
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())


def _statement_rows(lines: list[str], statement: Statement) -> list[tuple[str, str]]:
    indent = INDENT * statement.level
    pieces = list(_pieces(statement))
    remarks = [split(line)[1] for line in lines[statement.first - 1 : statement.last]]
    if any(remarks[:-1]):
        return _as_broken(statement, pieces, remarks)
    code = wrap.broken(wrap.unwrapped(pieces, indent), indent)
    return [*((line, "") for line in code[:-1]), (code[-1], remarks[-1])]


def _as_broken(statement: Statement, pieces: list[wrap.Piece], remarks: list[str]) -> list[tuple[str, str]]:
    """A statement with comments inside its brackets keeps its line breaks."""
    rows: list[tuple[str, str]] = []
    depth, at = 0, 0
    for number, remark in enumerate(remarks, statement.first):
        here = []
        while at < len(pieces) and statement.tokens[at].line == number:
            here.append(pieces[at])
            at += 1
        closing = bool(here) and here[0].text in wrap.CLOSERS
        indent = INDENT * (statement.level + depth - closing)
        if here or remark:
            rows.append((indent + wrap.joined(here), remark))
        depth += sum(piece.turn for piece in here)
    return rows


def _pieces(statement: Statement) -> Iterator[wrap.Piece]:
    """The tokens with the gap before each."""
    depth, before = 0, None
    is_use = statement.tokens[0].type == "USE"
    for token in statement.tokens:
        text = str(token)
        turn = (text in wrap.OPENERS) - (text in wrap.CLOSERS)
        gap = _gap(before, token, depth, is_use)
        yield wrap.Piece(gap, text.ljust(statement.pad) if before is None else text, turn)
        depth += turn
        before = token


def _gap(before: Token | None, token: Token, depth: int, is_use: bool) -> str:
    text = str(token)
    if before is None or text in (",", ")", "]", "}", ".", "^"):
        return ""
    if str(before) in ("(", "[", "{", ".", "^") or before.type == "MINUS":
        return ""
    if text == ":":
        return " " if depth else ""
    if text in ("(", "[") and before.type in _OPERAND_ENDS:
        return " " if is_use else ""
    return " "
