"""Text of a tree of Python (statements.py): brackets where precedence asks for them, long lines broken inside brackets.

Input: expressions and statements. Output: lines of text. Comments are stripped of whatever could end them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from cldsl.codegen.statements import (
    PRECEDENCE,
    Assign,
    Attribute,
    Binary,
    Branch,
    Call,
    Choice,
    Define,
    Do,
    Expression,
    Listed,
    Literal,
    Mapped,
    Name,
    Range,
    Remark,
    Return,
    Starred,
    Statement,
    Subscript,
    Unary,
)

WIDTH = 120
INDENT = "    "


def text_of(value: Any) -> str:
    """A constant as Python text: a number, truth value, None, text, or tuple, list, dict of them; else TypeError."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int):
        return repr(int(value))
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(text_of, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(text_of, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text_of(key)}: {text_of(each)}" for key, each in value.items()) + "}"
    raise TypeError(f"{type(value).__name__} is no constant of an emitted program")


def _number(value: float) -> str:
    if math.isnan(value):
        return "torch.nan"
    if value == math.pi:
        return "torch.pi"
    if math.isinf(value):
        return "torch.inf" if value > 0 else "-torch.inf"
    return repr(float(value))


def _quoted(value: str) -> str:
    """An ASCII literal in double quotes where the text has none."""
    plain = ascii(str(value))
    if plain.startswith("'") and '"' not in plain:
        return '"' + plain[1:-1].replace("\\'", "'") + '"'
    return plain


def comment_text(text: str) -> str:
    """A comment on one line: control characters and line ends of any kind become spaces."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


def strength(e: Expression) -> int:
    if isinstance(e, Binary):
        return PRECEDENCE[e.op]
    if isinstance(e, Choice):
        return PRECEDENCE["if"]
    if isinstance(e, Unary):
        return PRECEDENCE["negative" if e.op == "-" else e.op]
    if isinstance(e, Literal) and isinstance(e.value, (int, float)) and not isinstance(e.value, bool):
        return PRECEDENCE["negative"] if math.copysign(1, e.value) < 0 else PRECEDENCE["atom"]
    return PRECEDENCE["atom"]


def flat(e: Expression) -> str:
    """The expression on one line."""
    if isinstance(e, Name):
        return ".".join(e.path)
    if isinstance(e, Literal):
        return text_of(e.value)
    if isinstance(e, Attribute):
        return f"{_atom(e.value)}.{e.name}"
    if isinstance(e, Subscript):
        return f"{_atom(e.value)}[{', '.join(_item(each) for each in e.items)}]"
    if isinstance(e, Starred):
        return f"*{_held(e.value, PRECEDENCE['atom'])}"
    if isinstance(e, Unary):
        return f"{e.op}{' ' if e.op == 'not' else ''}{_held(e.operand, strength(e))}"
    if isinstance(e, Binary):
        return _binary(e)
    if isinstance(e, Choice):
        weak = PRECEDENCE["if"]
        return f"{_held(e.then, weak + 1)} if {_held(e.test, weak + 1)} else {_held(e.other, weak)}"
    opening, parts, closing = _bracketed(e)
    one = "," if isinstance(e, Listed) and e.kind == "tuple" and len(parts) == 1 else ""
    return f"{opening}{', '.join(_pair(prefix, flat(part)) for prefix, part in parts)}{one}{closing}"


def _bracketed(e: Expression) -> tuple[str, list[tuple[str, Expression]], str]:
    """Opening text, the (prefix, part)s inside, closing text of a call or a display."""
    if isinstance(e, Call):
        named = [(f"{key}=", value) for key, value in e.named]
        return f"{_atom(e.function)}(", [*(("", each) for each in e.args), *named], ")"
    if isinstance(e, Mapped):
        return "{", [(f"{text_of(key)}: ", value) for key, value in e.items], "}"
    if isinstance(e, Listed):
        return (
            ("(" if e.kind == "tuple" else "["),
            [("", each) for each in e.items],
            (")" if e.kind == "tuple" else "]"),
        )
    raise TypeError(f"{type(e).__name__} is no expression")


def _pair(prefix: str, text: str) -> str:
    return prefix + text


def _binary(e: Binary) -> str:
    left, right = _sides(e.op)
    return f"{_held(e.left, left)} {e.op} {_held(e.right, right)}"


def _sides(op: str) -> tuple[int, int]:
    """The least strength of either side: `-` does not associate, `**` binds to the right, comparisons would chain."""
    own = PRECEDENCE[op]
    if op == "**":
        return own + 1, own
    return (own + 1 if own == PRECEDENCE["=="] else own), own + 1


def _held(e: Expression, least: int) -> str:
    text = flat(e)
    return text if strength(e) >= least else f"({text})"


def _atom(e: Expression) -> str:
    """The expression before a dot, a bracket or a call; a number is bracketed."""
    text = flat(e)
    number = isinstance(e, Literal) and isinstance(e.value, (int, float))
    return f"({text})" if strength(e) < PRECEDENCE["atom"] or number else text


def _item(item: Expression | Range) -> str:
    if isinstance(item, Range):
        start = "" if item.start is None else flat(item.start)
        stop = "" if item.stop is None else flat(item.stop)
        return f"{start}:{stop}"
    return flat(item)


def broken(prefix: str, e: Expression, indent: str, suffix: str = "") -> list[str]:
    """Lines for prefix + e + suffix: one if it fits, else broken at the outermost bracket or operator."""
    line = f"{indent}{prefix}{flat(e)}{suffix}"
    if len(line) <= WIDTH:
        return [line]
    inner = indent + INDENT
    if isinstance(e, (Call, Mapped)) or (isinstance(e, Listed) and e.items):
        opening, parts, closing = _bracketed(e)
        if parts and len(f"{indent}{prefix}{opening}") <= WIDTH:
            lines = [f"{indent}{prefix}{opening}"]
            for before, part in parts:
                lines += broken(before, part, inner, ",")
            return [*lines, f"{indent}{closing}{suffix}"]
    if isinstance(e, Literal) and isinstance(e.value, (tuple, list)) and e.value:
        kind = "tuple" if isinstance(e.value, tuple) else "list"
        return broken(prefix, Listed(kind, tuple(Literal(each) for each in e.value)), indent, suffix)
    if isinstance(e, Literal) and isinstance(e.value, dict) and e.value:
        return broken(prefix, Mapped(tuple((key, Literal(each)) for key, each in e.value.items())), indent, suffix)
    pieces = _parts(e)
    if not pieces:
        return [line]
    if len(f"{inner}{flat(e)}") <= WIDTH:
        return [f"{indent}{prefix}(", f"{inner}{flat(e)}", f"{indent}){suffix}"]
    lines = [f"{indent}{prefix}("]
    for before, part, least in pieces:
        whole = f"{inner}{before}{_held(part, least)}"
        lines += [whole] if len(whole) <= WIDTH else broken(before, part, inner)
    return [*lines, f"{indent}){suffix}"]


def _parts(e: Expression) -> list[tuple[str, Expression, int]]:
    """The lines of a broken operator: (text before, part, the least strength without brackets)."""
    if isinstance(e, Choice):
        weak = PRECEDENCE["if"]
        return [("", e.then, weak + 1), ("if ", e.test, weak + 1), ("else ", e.other, weak)]
    if isinstance(e, Binary):
        left, right = _sides(e.op)
        return [("", e.left, left), (f"{e.op} ", e.right, right)]
    return []


def lines_of(statements: Iterable[Statement], depth: int = 0) -> list[str]:
    """The statements as lines, indented by depth levels."""
    found: list[str] = []
    for statement in statements:
        found += _lines(statement, INDENT * depth, depth)
    return found


def _lines(statement: Statement, indent: str, depth: int) -> list[str]:
    if isinstance(statement, Assign):
        targets = ", ".join(flat(each) for each in statement.targets)
        return _commented(broken(f"{targets} = ", statement.value, indent), statement.comment)
    if isinstance(statement, Do):
        return _commented(broken("", statement.value, indent), statement.comment)
    if isinstance(statement, Return):
        if statement.value is None:
            return _commented([f"{indent}return"], statement.comment)
        return _commented(_returned(statement.value, indent), statement.comment)
    if isinstance(statement, Branch):
        head = broken("if ", statement.test, indent, ":")
        return [*_commented(head, statement.comment), *lines_of(statement.body, depth + 1)]
    if isinstance(statement, Remark):
        return [f"{indent}# {comment_text(statement.text)}"]
    return _definition(statement, indent, depth)


def _returned(value: Expression, indent: str) -> list[str]:
    if isinstance(value, Listed) and value.kind == "tuple" and len(value.items) > 1:
        line = f"{indent}return {', '.join(flat(each) for each in value.items)}"
        if len(line) <= WIDTH:
            return [line]
    return broken("return ", value, indent)


def _definition(statement: Define, indent: str, depth: int) -> list[str]:
    shown = statement.parameters
    arrow = f" -> {statement.returns}" if statement.returns else ""
    head = f"{indent}def {statement.name}({', '.join(shown)}){arrow}:"
    if len(head) <= WIDTH:
        lines = [head]
    else:
        lines = [f"{indent}def {statement.name}("]
        lines += [f"{indent}{INDENT}{each}," for each in shown]
        lines += [f"{indent}){arrow}:"]
    lines = [*(line for each in statement.decorators for line in broken("@", each, indent)), *lines]
    if statement.doc:
        lines += docstring(statement.doc, indent + INDENT)
    return lines + lines_of(statement.body, depth + 1)


def _commented(lines: list[str], comment: str) -> list[str]:
    """The comment goes behind the last line; where that is too long, above."""
    note = comment_text(comment)
    if not note:
        return lines
    if len(lines[-1]) + 4 + len(note) > WIDTH:
        indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
        return [f"{indent}# {note}", *lines]
    return [*lines[:-1], f"{lines[-1]}  # {note}"]


def docstring(text: str, indent: str = "") -> list[str]:
    """A docstring that holds any text: backslashes and quotes are escaped, other than printable ASCII too."""
    lines = [_escaped(line) for line in text.split("\n")]
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    head = [f'{indent}"""{lines[0]}', *(f"{indent}{line}".rstrip() for line in lines[1:])]
    return [*head, f'{indent}"""']


def _escaped(line: str) -> str:
    return "".join(_character(char) for char in line)


def _character(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if char == '"':
        return '\\"'
    return char if " " <= char <= "~" else ascii(char)[1:-1]


def joined(lines: Sequence[str]) -> str:
    return "\n".join(lines)
