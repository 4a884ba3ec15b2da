"""Whatever the text, `parse` gives a tree or a SpecError, and soon: never another exception, never a hang."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syntax_strategies import RESERVED

from cldsl.syntax import ast
from cldsl.syntax.diagnostics import SpecError
from cldsl.syntax.formatter import format_text
from cldsl.syntax.limits import MAX_DEPTH
from cldsl.syntax.parser import parse

SAMPLES = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "samples").glob("*.cl"))]
_CALM = settings(
    max_examples=80,
    deadline=timedelta(seconds=3),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
_MARKS = (
    r"""+ - * / % ^ == != < <= > >= = ~ <- -> . .. , : ( ) [ ] { } | " # \ ' @ ; ! * word* 1 2.5 1e-4 1e999 "t" a b c"""
)
_SOUP = [*RESERVED, *_MARKS.split(" "), "\n", "\n    ", "\n        ", "\n  ", "\t"]


def only_spec_errors(text: str) -> ast.File | None:
    """The tree, or None where SpecError was raised with at least one diagnostic that can be drawn."""
    try:
        return parse(text, "fuzz.cl")
    except SpecError as error:
        assert error.diagnostics
        assert all(diagnostic.message for diagnostic in error.diagnostics)
        lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 2
        assert all(1 <= diagnostic.span.line <= lines for diagnostic in error.diagnostics)
        assert error.render()
        return None


@_CALM
@given(st.text())
def test_any_text(text: str) -> None:
    only_spec_errors(text)


@_CALM
@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    only_spec_errors(data.decode("latin-1"))


@_CALM
@given(st.lists(st.sampled_from(_SOUP), max_size=40), st.sampled_from([" ", ""]))
def test_any_words(words: list[str], gap: str) -> None:
    only_spec_errors(gap.join(words))


@_CALM
@given(st.sampled_from(SAMPLES), st.data())
def test_truncated_specs(sample: str, data: st.DataObject) -> None:
    only_spec_errors(sample[: data.draw(st.integers(0, len(sample)))])


@_CALM
@given(st.sampled_from(SAMPLES), st.data())
def test_mutated_specs(sample: str, data: st.DataObject) -> None:
    text = sample
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(st.sampled_from(_SOUP)) + text[start + length :]
    tree = only_spec_errors(text)
    if tree is not None:
        assert parse(format_text(text, "fuzz.cl")) == tree


DEEP = {
    "parentheses": "let x = " + "(" * 5000,
    "closed parentheses": "let x = " + "(" * 5000 + "y" + ")" * 5000,
    "brackets over lines": "let x = " + "[\n" * 5000,
    "calls": "let x = " + "f(" * 5000 + ")" * 5000,
    "minus": "let x = " + "-" * 5000 + "y",
    "not": "let x = " + "not " * 5000 + "y",
    "attributes": "let x = a" + ".b" * 10_000,
    "few attributes": "let x = a" + ".b" * 900,
    "indices": "let x = a" + "[0]" * 5000,
    "sum": "let x = 1" + "+1" * 5000,
    "power": "let x = 1" + "^1" * 1500,
    "else": "let x = a" + " else a" * 1500,
    "if else": "let x = a" + " if b else a" * 1500,
    "union": "let x = a" + " | a" * 1500,
    "indentation": "".join(" " * at + "every 1 step:\n" for at in range(1000)) + " " * 1000 + "x <- y",
    "blocks": "".join(" " * at + "every 1 step:\n" for at in range(190)) + " " * 190 + "x <- y",
    "dedents": "".join(" " * at + "every 1 step:\n" for at in range(190, 0, -1)),
    "long line": "let x = " + "a" * 1_000_000,
    "long sum": "let x = " + "1+" * 500_000,
    "long comment": "#" + "x" * 150_000,
    "long text": 'spec s "' + "x" * 150_000 + '"',
    "unclosed text": 'spec s "' + "x" * 15_000,
    "many lines": "let x = 1\n" * 8_000,
    "many errors": "let x = )\n" * 1_000,
    "many open lines": "let x = (\n" * 1_000,
    "quotes": '"' * 10_000,
    "hashes": "#" * 10_000,
    "blank lines": "\n" * 100_000,
    "spaces": " " * 100_000,
    "digits": "let x = " + "9" * 10_000,
    "colons": "a:" * 5_000,
    "commas": "let x = f(" + "," * 5_000,
}
REFUSED = set(DEEP) - {"long comment", "long text", "blank lines", "spaces", "hashes", "many lines"}


@pytest.mark.parametrize("name", DEEP)
def test_depth_and_length_are_refused_in_words(name: str) -> None:
    started = time.perf_counter()
    tree = only_spec_errors(DEEP[name])
    assert time.perf_counter() - started < 5
    assert (tree is None) == (name in REFUSED)


@pytest.mark.parametrize(
    "text", ["-" * 100 + "y", "not " * 100 + "y", "a" + ".b" * 100, "1" + " + 1" * 100, "(" * 60 + "y" + ")" * 60]
)
def test_what_is_accepted_can_be_compared_hashed_and_shown(text: str) -> None:
    first, second = parse(f"let x = {text}\n"), parse(f"let x = {text}\n")
    assert first == second and hash(first) == hash(second) and repr(first) == repr(second)
    assert parse(format_text(f"let x = {text}", "deep.cl")) == first


def test_the_depth_limit_counts_the_layers_of_the_tree() -> None:
    room = MAX_DEPTH - 3  # the file, the let and the name at the end
    assert only_spec_errors("let x = " + "-" * room + "y") is not None
    assert only_spec_errors("let x = " + "-" * (room + 1) + "y") is None


def test_brackets_in_texts_and_comments_do_not_count() -> None:
    assert only_spec_errors(f'spec s "{"(" * 100}"  # {"[" * 100}\n') is not None
