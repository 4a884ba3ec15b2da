"""Ways to spoil a spec's text: tokens and lines deleted, doubled, exchanged; names misspelt; numbers replaced."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r'#[^\n]*|"[^"\n]*"|[A-Za-z_]\w*|\d[\d_.]*(?:e-?\d+)?|<-|->|==|!=|<=|>=|\.\.|\n *|[^\s\w]| +')
_NAME = re.compile(r"[A-Za-z_]\w*\Z")
NUMBERS = ("0", "-1", "1", "0.5", "1e9", "2", "100000", "true", "inf", "absent", "(1, 2)", "[1]", '"t"')
NAMES = ("v", "item", "a", "c", "z", "f", "tau", "zz", "dim", "pull", "x", "id")
OPERATORS = ("+", "-", "*", "/", "%", "^", "==", "!=", "<", "and", "or", "in", "if", "else", "|", "..")
KINDS = ("delete", "double", "swap", "line", "double line", "swap lines", "name", "other name", "number", "operator")
#: words of the grammar; a misspelt one is a syntax error
WORDS = frozenset(
    [
        "spec",
        "use",
        "from",
        "param",
        "data",
        "model",
        "learn",
        "state",
        "draw",
        "view",
        "let",
        "def",
        "contrast",
        "train",
        "on",
        "loop",
        "every",
        "variant",
        "claim",
        "report",
        "minimize",
        "anchor",
        "positive",
        "negative",
        "similarity",
        "temperature",
        "logit",
        "top",
        "by",
        "weight",
        "over",
        "if",
        "else",
        "and",
        "or",
        "not",
        "in",
        "true",
        "false",
        "inf",
        "absent",
        "real",
        "int",
        "bool",
        "text",
        "this",
    ]
)


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def spoilt(text: str, kind: str, pick: Callable[[int], int]) -> str:
    """The text with one thing spoilt; `pick(n)` chooses one of n."""
    if "line" in kind:
        return _lines(text, kind, pick)
    parts = tokens(text)
    code = [n for n, part in enumerate(parts) if part.strip() and not part.startswith("#")]
    names = [n for n in code if _NAME.match(parts[n])]
    at = code[pick(len(code))]
    if kind == "delete":
        parts[at] = ""
    elif kind == "double":
        parts[at] += " " + parts[at]
    elif kind == "swap":
        other = code[pick(len(code))]
        parts[at], parts[other] = parts[other], parts[at]
    elif kind == "name":
        parts[names[pick(len(names))]] = NAMES[pick(len(NAMES))]
    elif kind == "other name":
        parts[names[pick(len(names))]] = parts[names[pick(len(names))]]
    elif kind == "number":
        numbers = [n for n in code if parts[n][0].isdigit()]
        parts[numbers[pick(len(numbers))]] = NUMBERS[pick(len(NUMBERS))]
    else:
        marks = [n for n in code if parts[n] in OPERATORS]
        parts[marks[pick(len(marks))]] = OPERATORS[pick(len(OPERATORS))]
    return "".join(parts)


def _lines(text: str, kind: str, pick: Callable[[int], int]) -> str:
    lines = text.split("\n")
    at = pick(len(lines))
    if kind == "line":
        del lines[at]
    elif kind == "double line":
        lines.insert(at, lines[at])
    else:
        other = pick(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines)


@dataclass(frozen=True)
class Misspelling:
    """A text in which one occurrence of a name has a letter too many."""

    text: str
    name: str
    line: int
    column: int


def misspellings(text: str) -> Iterator[Misspelling]:
    """Every occurrence of every name, but those that only declare: there another name is as good."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        shown = re.sub(r'"[^"]*"', lambda found: " " * len(found.group()), line).split("#")[0]
        for found in re.finditer(r"(?<!\w)[A-Za-z_]\w*", shown):
            name = found.group()
            if name in WORDS or _declares(shown, found.start(), name, text):
                continue
            spoilt_line = line[: found.end()] + "q" + line[found.end() :]
            yield Misspelling(
                "\n".join([*lines[:number], spoilt_line, *lines[number + 1 :]]), name, number + 1, found.start() + 1
            )


def _declares(line: str, at: int, name: str, text: str) -> bool:
    """A name that nothing else needs to repeat: of the spec, of a report; of an axis or row that a declaration introduces."""
    before, after = line[:at], line[at + len(name) :]
    if re.match(r"\s*(spec|report|variant)\s+$", before):
        return not re.search(rf"^claim .*\b{name}\b|^variant \w+ from {name}\b", text, re.M) or before.strip() == "spec"
    if (
        re.match(r"\s*(draw|view|state|learn)\b", before)
        and re.match(r" = |\ in ", after)
        and "[" in before
        and before.count("[") > before.count("]")
    ):
        return True
    return (
        before.endswith("-> ")
        and re.match(r"\s*data\b", before) is not None
        and len(re.findall(rf"\b{name}\b", text)) == len(re.findall(rf"-> {name}\b", text))
    )
