"""Text and tree say the same: parse(unparse(tree)) == tree for every node class, and formatting is idempotent."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syntax_strategies import expressions, files

from cldsl.syntax import ast
from cldsl.syntax.comments import comments, split
from cldsl.syntax.formatter import format_text, unparse
from cldsl.syntax.parser import parse, parse_expression

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WRITTEN = [
    *sorted((HERE / "samples").glob("*.cl")),
    *sorted(ROOT.glob("specs/*.cl")),
    *sorted(ROOT.glob("cldsl/std/*.cl")),
]
_CALM = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def node_classes() -> set[type[ast.Node]]:
    classes = (value for value in vars(ast).values() if isinstance(value, type))
    return {each for each in classes if issubclass(each, ast.Node)} - {ast.Node}


@_CALM
@given(expressions)
def test_expression_survives(tree: ast.Expr) -> None:
    assert parse_expression(unparse(tree)) == tree


@_CALM
@given(files)
def test_file_survives(tree: ast.File) -> None:
    assert parse(unparse(tree)) == tree


def test_the_strategies_make_every_node_class() -> None:
    seen: set[type[ast.Node]] = set()

    @settings(_CALM, max_examples=150)
    @given(files)
    def gather(tree: ast.File) -> None:
        seen.update(type(node) for node in ast.walk(tree))

    gather()
    assert node_classes() - seen == set()


@_CALM
@given(files, st.randoms(use_true_random=False))
def test_formatting_twice_is_formatting_once(tree: ast.File, chance: object) -> None:
    text = _untidy(unparse(tree), chance)
    once = format_text(text, "x.cl")
    assert format_text(once, "x.cl") == once
    assert parse(once) == tree
    assert comments(once) == comments(text)


def _untidy(text: str, chance: object) -> str:
    """The same text with comments, blank lines and wide gaps strewn in."""
    lines = []
    for line in text.split("\n"):
        kind = chance.randrange(8)  # type: ignore[attr-defined]
        indent = line[: len(line) - len(line.lstrip())]
        lines += {0: ["", ""], 1: [indent + "# own line"], 2: ["  # left, or right, of it"]}.get(kind, [])
        lines.append({3: line + " #trailing  ", 4: line + "   ", 5: line.replace(", ", ",   ")}.get(kind, line))
    return "\n".join(lines)


def test_identity_file_is_in_the_one_layout() -> None:
    text = (HERE / "identity.cl").read_text(encoding="utf-8")
    assert format_text(text, "identity.cl") == text
    assert node_classes() - {type(node) for node in ast.walk(parse(text))} == set()


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_what_was_written_survives(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = parse(text, path.name)
    assert parse(unparse(tree)) == tree
    once = format_text(text, path.name)
    assert format_text(once, path.name) == once


@pytest.mark.parametrize(
    ("untidy", "tidy"),
    [
        ("param tau:real>0=0.1", "param tau: real > 0 = 0.1\n"),
        ("let y=x[ v=2 ]", "let y = x[v = 2]\n"),
        ("let y = a^ 2*-b  -c", "let y = a^2 * -b - c\n"),
        ("let y = x[time=1:n]", "let y = x[time = 1 : n]\n"),
        ("use  std.losses(infonce,nce)", "use std.losses (infonce, nce)\n"),
        ("on  photos :\n  report n=count( x )", "on photos:\n    report n = count(x)\n"),
        ("let a = f(\n  b,\n  c)", "let a = f(b, c)\n"),
        ("\n\nlet a = 1\n\n\n\nlet b = 2\n\n", "let a = 1\n\nlet b = 2\n"),
        ("let a = 1 # one\nlet bcd = 2    # two", "let a = 1    # one\nlet bcd = 2  # two\n"),
        ("let a = f(b, # one\n# two\n c)", "let a = f(b,  # one\n    # two\n    c)\n"),
        ("let a = f(not(b))", "let a = f(not (b))\n"),
        ('spec s "x"\r\nlet a = 1\r\n', 'spec s "x"\nlet a = 1\n'),
        ("let a = (\n  b - c\n)", "let a = b - c\n"),
        ("let a = ((b))", "let a = b\n"),
        ("let a = (b) + (c)", "let a = (b) + (c)\n"),
        ("let a = (b, c)", "let a = (b, c)\n"),
        ("let a = (f(b, c))", "let a = f(b, c)\n"),
        ("let a = (b if c), d = (e)", "let a = (b if c), d = e\n"),
        ("", ""),
        ("# only\n", "# only\n"),
    ],
)
def test_layout(untidy: str, tidy: str) -> None:
    assert format_text(untidy, "x.cl") == tidy


def test_roles_start_in_one_column() -> None:
    text = "contrast pull:\n  anchor a in z\n  let e = 1\n  positive  c in z\n  temperature tau\n"
    assert format_text(text, "x.cl").split("\n")[1:5] == [
        "    anchor      a in z",
        "    let e = 1",
        "    positive    c in z",
        "    temperature tau",
    ]


def test_long_lines_break_inside_brackets() -> None:
    text = "let loss = combine(" + ", ".join(f"term_number_{i}(first, second)" for i in range(9)) + ") + 1\n"
    made = format_text(text, "x.cl").rstrip("\n").split("\n")
    assert made[0] == "let loss = combine(" and made[-1] == ") + 1"
    assert all(len(line) <= 120 and line.startswith("    ") for line in made[1:-1])


def test_a_line_without_brackets_stays_long() -> None:
    text = "let loss = " + " + ".join(["a_rather_long_name"] * 9) + "\n"
    assert format_text(text, "x.cl") == text


@pytest.mark.parametrize(
    ("text", "minimal"),
    [
        ("((a + b)) * c", "(a + b) * c"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("(-a)^2", "(-a)^2"),
        ("-(a^2)", "-a^2"),
        ("a^(b^c)", "a^b^c"),
        ("(a^b)^c", "(a^b)^c"),
        ("not (a and b)", "not (a and b)"),
        ("(not a) and b", "not a and b"),
        ("(a if b else c) else d", "(a if b else c) else d"),
        ("a if b else (c else d)", "a if b else c else d"),
        ("(a | b).item", "(a | b).item"),
        ("(a < b) == c", "(a < b) == c"),
        ("1e-05 + 2.50", "1e-5 + 2.5"),
    ],
)
def test_parentheses_only_where_needed(text: str, minimal: str) -> None:
    assert unparse(parse_expression(text)) == minimal


def test_comment_is_found_outside_texts_only() -> None:
    assert split('let a = "# no" # yes # all') == ('let a = "# no"', "# yes # all")
    assert split("let a = 1") == ("let a = 1", "")
