"""Every kind of mistake has its words: `errors/NAME.cl` gives exactly `errors/NAME.txt`; `--update` rewrites them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cldsl.syntax.diagnostics import SpecError
from cldsl.syntax.expected import WORDS, explain
from cldsl.syntax.forms import FORMS
from cldsl.syntax.parser import parse

ERRORS = Path(__file__).parent / "errors"
CASES = sorted(path.stem for path in ERRORS.glob("*.cl"))


@pytest.mark.parametrize("name", CASES)
def test_error_in_words(name: str, update: bool) -> None:
    source = (ERRORS / f"{name}.cl").read_text(encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        parse(source, f"{name}.cl")
    pinned = ERRORS / f"{name}.txt"
    said = caught.value.render() + "\n"
    if update:
        pinned.write_text(said, encoding="utf-8")
    assert said == pinned.read_text(encoding="utf-8")


def test_every_expectation_has_its_case() -> None:
    assert len(CASES) >= 60
    assert sorted(path.stem for path in ERRORS.glob("*.txt")) == CASES


def test_every_syntax_error_in_the_cases_has_a_mend() -> None:
    bare = [path.stem for path in sorted(ERRORS.glob("*.txt")) if "mend: " not in path.read_text(encoding="utf-8")]
    assert bare == ["fill-without-value", "spec-without-title", "top-without-by", "trailing-comma"]


def test_errors_of_several_pieces_come_in_the_order_of_the_text() -> None:
    with pytest.raises(SpecError) as caught:
        parse('spec s "t"\n\nlet a = )\n\nlet b = 1\n\nlet c = (\n', "x.cl")
    assert [diagnostic.span.line for diagnostic in caught.value.diagnostics] == [3, 7]


def test_a_block_with_a_wrong_head_is_one_error() -> None:
    with pytest.raises(SpecError) as caught:
        parse('spec s "t"\n\nevaluate at end:\n    knn(f(x))\n    probe(f(x))\n', "x.cl")
    assert len(caught.value.diagnostics) == 1


def test_a_hint_answers_only_for_the_place_of_the_error() -> None:
    far = explain("RPAR", ")", {"NAME", "NUMBER", "LPAR"}, "let x = f(a for b) + g(, ", 24)
    assert "`in`" not in far.reason
    in_text = explain("RPAR", ")", {"NAME"}, 'let x = f("for when"', 14)
    assert "filter" not in in_text.reason and "rows" not in in_text.reason


def test_forms_are_complete_and_their_holes_can_be_filled() -> None:
    import re

    for form in FORMS:
        assert form.reason and form.mend
        pattern = re.compile(form.pattern)
        for hole in re.findall(r"\{(\w+)\}", form.mend):
            assert hole in pattern.groupindex or int(hole) <= pattern.groups


def test_the_words_are_those_of_the_grammar() -> None:
    from cldsl.syntax.grammar import grammar_path

    grammar = grammar_path().read_text(encoding="utf-8")
    assert [word for word in WORDS if f'"{word}"' not in grammar] == []
