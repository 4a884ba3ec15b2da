"""Words for a token that does not fit: what was found, why it cannot stand there, what to write instead.

Input: the token's kind, what the grammar would take instead, the line and the column. Output: message, reason, mend.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cldsl.syntax import limits
from cldsl.syntax.comments import split
from cldsl.syntax.forms import FORMS

#: The first word of a line, for the nearest-name proposal.
_WORDS = (
    "spec use param data model learn state draw view let def contrast anchor positive negative logit similarity "
    "temperature train on loop every minimize report variant claim"
)
WORDS = tuple(_WORDS.split())

_PLAIN = {
    "NAME": "a name", "NUMBER": "a number", "STRING": "a text in quotes", "_NL": "the end of the line",
    "COLON": "`:`", "EQUAL": "`=`", "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "COMMA": "`,`",
    "RBRACE": "`}`", "LBRACE": "`{`", "DOT": "`.`", "RAGGED": "a ragged axis",
    "_INDENT": "an indented block", "TILDE": "`~`", "ARROW": "`<-`", "ORDER": "`<`, `<=` or `~`",
}  # fmt: skip

_HOLE = re.compile(r"\{(\w+)\}")
_OPERAND = frozenset(("NAME", "NUMBER", "LPAR"))
_CLOSING = frozenset(("RPAR", "RSQB", "RBRACE"))
_ENDS = {"_NL": "the line ends", "$END": "the statement ends", "_DEDENT": "the block ends"}


class Words(NamedTuple):
    """What is said of an error; `column` and `end` move the underlining to the word at fault (0: leave it)."""

    message: str
    reason: str
    mend: str
    column: int = 0
    end: int = 0


def explain(kind: str, shown: str, expected: set[str], line: str, column: int) -> Words:
    """The words for a token of this kind at this column of the line."""
    code = split(line)[0]
    if kind == "_INDENT":
        message, reason = (
            "this line is indented, but no block is open",
            "a block begins after a line that ends with `:`",
        )
    else:
        message = f"{_ENDS[kind]} too early" if kind in _ENDS else f"`{shown}` does not fit"
        reason = "expected " + _either(expected) if expected else "no construct begins with this character"
    form = _form(code, column)
    if form:
        return Words(message, *form)
    return _nearest_word(code, column + len(shown)) or Words(message, reason, _mend(kind, shown, expected, code))


def _form(code: str, column: int) -> tuple[str, str] | None:
    """The known form whose match holds the column."""
    blanked = re.sub(r'"[^"]*"', lambda text: "\1" * len(text.group()), code)
    place = min(column - 1, max(0, len(code) - 1))
    for form in FORMS:
        for match in re.finditer(form.pattern, blanked):
            if match.start() <= place < match.end():
                groups = {str(at): text for at, text in enumerate(match.groups(), 1)} | match.groupdict()
                return form.reason, _HOLE.sub(lambda hole, of=groups: of[hole.group(1)] or "", form.mend)  # type: ignore[misc]
    return None


def _nearest_word(code: str, column: int) -> Words | None:
    """If the error is at the beginning of the line: the statement that its first word resembles."""
    first = re.match(r"\s*([A-Za-z_]\w*)", code)
    if not first or first.group(1) in WORDS or column > first.end() + 16:
        return None
    import difflib  # only a mistake pays for it

    word = first.group(1)
    close = difflib.get_close_matches(word, WORDS, n=1, cutoff=0.7)
    if not close:
        return None
    reason, mend = "no statement begins with this word", f"did you mean `{close[0]}`?"
    return Words(f"`{word}` is no statement", reason, mend, first.start(1) + 1, first.end(1) + 1)


def _mend(kind: str, shown: str, expected: set[str], code: str) -> str:
    if kind == "_INDENT":
        return "end the line above with `:`, or remove the indentation"
    if limits.opened(code) > 0 or (kind == "$END" and expected & _CLOSING and "_NL" not in expected):
        return "close the bracket"
    if shown in (")", "]", "}") and limits.opened(code) < 0:
        return "remove the bracket, or open it"
    if kind == "_NL" and "COLON" in expected and "_NL" not in expected:
        return "end the line with `:` and indent the block below it"
    if kind == "_NL" and "EQUAL" in expected:
        return "write `= ...`"
    if kind in ("_NL", "$END") and expected == {"_INDENT"}:
        return "indent the lines of the block by four spaces"
    if kind == "EQUAL" and "EQUAL" not in expected:
        return "compare with `==`"
    return ""


def _either(expected: set[str]) -> str:
    words = sorted({_PLAIN.get(each, f"`{each.lower()}`") for each in expected if not each.startswith("__")})
    if len(words) > 6:
        if "ANCHOR" in expected:
            return "a line of a contrast"
        if "LET" in expected:
            return "a statement"
        if expected >= _OPERAND:
            return "a value"
        return "an operator, or the end of the " + ("bracket" if expected & _CLOSING else "line")
    return " or ".join(words) if words else "something else"
