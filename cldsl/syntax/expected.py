"""Words for a token that does not fit: what was found, why it cannot stand there, what to write instead.

Input: the token's kind, what the grammar would take instead, the line and the column. Output: message, reason, mend.
"""

from __future__ import annotations

import re

from cldsl.syntax import limits
from cldsl.syntax.comments import split
from cldsl.syntax.forms import FORMS

#: The first word of a line, for the nearest-name proposal.
WORDS = (
    "spec use param data model learn state draw view let def contrast anchor positive negative logit similarity "
    "temperature train on loop every minimize report variant claim"
).split()

_PLAIN = {
    "NAME": "a name", "NUMBER": "a number", "STRING": "a text in quotes", "_NL": "the end of the line",
    "COLON": "`:`", "EQUAL": "`=`", "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "COMMA": "`,`",
    "RBRACE": "`}`", "LBRACE": "`{`", "DOT": "`.`", "RAGGED": "a ragged axis",
    "_INDENT": "an indented block", "TILDE": "`~`", "ARROW": "`<-`", "ORDER": "`<`, `<=` or `~`",
}  # fmt: skip

_OPERAND = frozenset(("NAME", "NUMBER", "LPAR"))
_ENDS = {"_NL": "the line ends", "$END": "the file ends", "_DEDENT": "the block ends"}


def explain(kind: str, shown: str, expected: set[str], line: str, column: int) -> tuple[str, str, str]:
    """Message, reason and mend for a token of this kind at this column of the line."""
    code = split(line)[0]
    reason = "expected " + _either(expected) if expected else "no construct begins with this character"
    if kind == "_INDENT":
        message = "this line is indented, but no block is open"
    elif kind in _ENDS:
        message = f"{_ENDS[kind]} too early"
    else:
        message = f"`{shown}` does not fit"
    form = _form(code, column)
    if form:
        return message, *form
    near = _nearest_word(code, column + len(shown))
    if near:
        return f"`{near[0]}` is no statement", reason, f"did you mean `{near[1]}`?"
    return message, reason, _mend(kind, shown, expected, code)


def _form(code: str, column: int) -> tuple[str, str] | None:
    """The known form whose match holds the column."""
    blanked = re.sub(r'"[^"]*"', lambda match: '"' + "_" * (len(match.group()) - 2) + '"', code)
    # in a text that is closed, the quotes are no mistake
    blanked = re.sub(r'"(_*)"', r"`\1`", blanked).replace("`", "_")
    for form in FORMS:
        for match in re.finditer(form.pattern, blanked):
            if match.start() < column <= max(match.end(), match.start() + 1):
                groups = {str(at): text for at, text in enumerate(match.groups(), 1)} | match.groupdict()
                return form.reason, re.sub(r"\{(\w+)\}", lambda hole: groups[hole.group(1)] or "", form.mend)  # noqa: B023
    return None


def _nearest_word(code: str, column: int) -> tuple[str, str] | None:
    """The first word of the line and the statement it resembles, if the error is at the line's beginning."""
    first = re.match(r"\s*([A-Za-z_]\w*)", code)
    if not first or first.group(1) in WORDS or column > first.end() + 16:
        return None
    import difflib  # only a mistake pays for it

    close = difflib.get_close_matches(first.group(1), WORDS, n=1, cutoff=0.7)
    return (first.group(1), close[0]) if close else None


def _mend(kind: str, shown: str, expected: set[str], code: str) -> str:
    if kind == "_INDENT":
        return "end the line above with `:`, or remove the indentation"
    if limits.opened(code) > 0:
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
        if expected >= _OPERAND:
            return "a value"
        return "an operator, or the end of the line" if "_NL" in expected else "an operator or the end of the bracket"
    return " or ".join(words) if words else "something else"
