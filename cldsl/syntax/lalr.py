"""The machine that runs the grammar's tables: a contextual lexer, indentation to blocks, shift and reduce.

Input: tables (see grammar.py), a text, and for each rule a function of (span, children). Output: what the start rule's
function returns. It needs no parser generator at run time, does not recurse, and knows nothing of the language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypedDict

from cldsl.syntax.diagnostics import Span

TAB = 8
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")


class RuleTable(TypedDict):
    """One rule. `plan` lists (child, spliced in or not, absent options before it); `absent` those after the last."""

    origin: str
    size: int
    name: str
    plan: list[tuple[int, bool, int]]
    absent: int


class TableData(TypedDict):
    """Tables as they are kept. An action n >= 0 goes to state n, n < 0 reduces rule -n - 1."""

    grammar: str
    start: int
    end: int
    states: list[dict[str, int]]
    rules: list[RuleTable]
    patterns: dict[str, str]
    marks: dict[str, list[str]]
    words: dict[str, str]


class Token(str):
    """A token's text with its terminal and place; columns count from 1, the end column is exclusive."""

    __slots__ = ("column", "end_column", "end_line", "line", "type")

    type: str
    line: int
    column: int
    end_line: int
    end_column: int


class SyntaxFault(Exception):
    """A token, a character or an indentation ("DEDENT") that does not fit, and the terminals that would have."""

    def __init__(self, kind: str, shown: str, line: int, column: int, expected: frozenset[str] = frozenset()) -> None:
        super().__init__(f"{line}:{column}: {kind}")
        self.kind, self.shown, self.line, self.column, self.expected = kind, shown, line, column, expected


class Rule:
    """A rule made ready: `spliced` ones have no node of their own, and a `unit` has a single child and nothing else."""

    __slots__ = ("absent", "name", "origin", "plan", "size", "spliced", "unit", "unwrapped")

    def __init__(self, rule: RuleTable) -> None:
        self.origin, self.name, self.size = rule["origin"], rule["name"], rule["size"]
        self.plan, self.absent = rule["plan"], rule["absent"]
        self.spliced = self.name.startswith("_")
        self.unit = self.spliced and self.size == 1 and len(self.plan) == 1 and not self.plan[0][2] + self.absent
        self.unwrapped = self.unit and self.plan[0][1]


class Tables:
    """Tables with the pattern that cuts the text."""

    def __init__(self, data: TableData) -> None:
        self.states, self.rules = data["states"], [Rule(rule) for rule in data["rules"]]
        self.start, self.end = data["start"], data["end"]
        self.marks, self.words = data["marks"], data["words"]
        marks = "|".join(map(re.escape, sorted(self.marks, key=len, reverse=True)))
        patterns = "|".join(f"(?P<{name}>{pattern})" for name, pattern in data["patterns"].items())
        self.cut = re.compile(
            rf"(?P<_NL>(?:\n[\t ]*(?:#[^\n]*)?)+)|(?P<skip>[\t ]+|#[^\n]*)|{patterns}|(?P<mark>{marks})"
        )


class Machine:
    """One run over one text. Afterwards `depth` is at least the tree's, and `tokens` are those that were read."""

    def __init__(self, tables: Tables, text: str, file: str, handlers: list[Callable[[Span, list[Any]], Any]]) -> None:
        self.tables, self.text, self.file, self.handlers = tables, text, file, handlers
        self.tokens: list[Token] = []
        self.depth = 0
        self.states = [tables.start]
        # values with the first and the last token of each, and its depth
        self.values: list[tuple[Any, Token | None, Token | None, int]] = []

    def run(self) -> Any:
        """The value of the start rule. Raises SyntaxFault."""
        text, cut = self.text, self.tables.cut
        position, line, line_start, brackets = 0, 1, 0, 0
        indents = [0]
        while position < len(text):
            match = cut.match(text, position)
            column = position - line_start + 1
            if match is None:
                raise SyntaxFault("CHARACTER", text[position], line, column)
            kind, lexeme = match.lastgroup or "", match.group()
            position = match.end()
            if kind == "skip":
                continue
            if kind == "_NL":
                if brackets == 0:
                    self._line_end(lexeme, line, column, indents)
                line += lexeme.count("\n")
                line_start = match.start() + lexeme.rindex("\n") + 1
                continue
            found = self._typed(kind, lexeme)
            if found is None:
                shown = self.tables.words.get(lexeme) or self.tables.marks.get(lexeme, [kind])[0]
                raise SyntaxFault(shown, lexeme, line, column, self._accepted())
            token = _token(*found, line, column)
            position = match.start() + len(token)
            self._feed(token)
            brackets += (token in _OPEN) - (token in _CLOSE)
        for _ in indents[1:]:
            self._feed(_token("_DEDENT", "", line, 1))
        end = _token("$END", "", line, position - line_start + 1)
        while self.states[-1] != self.tables.end:
            self._reduce(self._action(end))
        self.depth = self.values[-1][3]
        return self.values[-1][0]

    def _line_end(self, lexeme: str, line: int, column: int, indents: list[int]) -> None:
        """The end of a line, and the blocks that the next line's indentation opens or closes."""
        self._feed(_token("_NL", lexeme, line, column))
        indent = len(lexeme[lexeme.rindex("\n") + 1 :].expandtabs(TAB))
        if indent > indents[-1]:
            indents.append(indent)
            self._feed(_token("_INDENT", lexeme, line, column))
            return
        while indent < indents[-1]:
            indents.pop()
            self._feed(_token("_DEDENT", lexeme, line, column))
        if indent != indents[-1]:
            raise SyntaxFault("DEDENT", "", line + lexeme.count("\n"), 1)

    def _typed(self, kind: str, lexeme: str) -> tuple[str, str] | None:
        """The terminal that the state wants of this lexeme, or of its longest beginning that fits."""
        accepted = self.tables.states[self.states[-1]]
        if kind == "RAGGED":
            if kind in accepted:
                return kind, lexeme
            kind, lexeme = "NAME", lexeme[:-1]
        if kind == "NAME":
            word = self.tables.words.get(lexeme, kind)
            kind = word if word in accepted else kind
            return (kind, lexeme) if kind in accepted else None
        if kind != "mark":
            return (kind, lexeme) if kind in accepted else None
        fitting = [
            (each, lexeme[:length])
            for length in range(len(lexeme), 0, -1)
            for each in self.tables.marks.get(lexeme[:length], ())
            if each in accepted
        ]
        if len(fitting) > 1:  # `a<-1` in a formula is a comparison
            return next((each for each in fitting if self._would_shift(each[0])), fitting[0])
        return fitting[0] if fitting else None

    def _feed(self, token: Token) -> None:
        """All reductions that the token calls for, then its shift."""
        action = self._action(token)
        while action < 0:
            self._reduce(action)
            action = self._action(token)
        self.tokens.append(token)
        self.states.append(action)
        placed = None if token.type in ("_NL", "_INDENT", "_DEDENT") else token
        self.values.append((token, placed, placed, 0))

    def _action(self, token: Token) -> int:
        action = self.tables.states[self.states[-1]].get(token.type)
        if action is None:
            raise SyntaxFault(token.type, str(token), token.line, token.column, self._accepted())
        return action

    def _reduce(self, action: int) -> None:
        rule = self.tables.rules[-action - 1]
        if rule.unit:  # most reductions: an expression that has no operator of this level
            if not rule.unwrapped:
                value, first, last, depth = self.values[-1]
                self.values[-1] = ([value], first, last, depth)
            self.states[-1] = self.tables.states[self.states[-2]][rule.origin]
            return
        taken: list[tuple[Any, Token | None, Token | None, int]] = []
        if rule.size:
            taken = self.values[-rule.size :]
            del self.values[-rule.size :], self.states[-rule.size :]
        first, last, depth = None, None, 0
        for _, begins, ends, height in taken:
            first = begins if first is None else first
            last = last if ends is None else ends
            depth = max(depth, height)
        children: list[Any] = []
        for at, spliced, absent in rule.plan:
            children += [None] * absent
            if spliced:
                children += taken[at][0]
            else:
                children.append(taken[at][0])
        children += [None] * rule.absent
        result: Any = children
        if not rule.spliced:
            depth += 1
            result = self.handlers[-action - 1](self._span(first, last), children)
        self.values.append((result, first, last, depth))
        self.states.append(self.tables.states[self.states[-1]][rule.origin])

    def _span(self, first: Token | None, last: Token | None) -> Span:
        if first is None or last is None:
            return Span(self.file)
        return Span(self.file, first.line, first.column, last.end_line, last.end_column)

    def _accepted(self) -> frozenset[str]:
        """The terminals that could really come next: a reduction on a lookahead alone proves nothing."""
        wanted = self.tables.states[self.states[-1]]
        return frozenset(name for name in wanted if name.lstrip("_$").isupper() and self._would_shift(name))

    def _would_shift(self, terminal: str) -> bool:
        states = list(self.states)
        while True:
            if states[-1] == self.tables.end:
                return True
            action = self.tables.states[states[-1]].get(terminal)
            if action is None or action >= 0:
                return action is not None
            rule = self.tables.rules[-action - 1]
            if rule.size:
                del states[-rule.size :]
            states.append(self.tables.states[states[-1]][rule.origin])


def _token(kind: str, lexeme: str, line: int, column: int) -> Token:
    token = Token(lexeme)
    token.type, token.line, token.column = kind, line, column
    token.end_line, token.end_column = line, column + len(lexeme)
    return token
