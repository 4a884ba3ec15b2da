"""Whatever is done to a spec, the checker answers in diagnostics and soon; and no misspelt name passes."""

from __future__ import annotations

import os
import random
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import KINDS, Misspelling, misspellings, spoilt

from cldsl.elaborate import elaborate, examine
from cldsl.semantics.resolve import resolve
from cldsl.syntax.diagnostics import Diagnostic, SpecError, render

SPECS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).resolve().parents[2] / "specs").glob("*.cl"))
}
#: misspellings tried in one run; the slow test tries all
SAMPLE = 36


#: Names whose misspelling is another good program, so that nothing is found: an axis parameter of a def where the file has the
#: axis, too; an axis that a model makes as well; a row's name where a model is called so.
UNFOUND = {
    ("beclr", "way"), ("obow", "word"), ("meow", "node"), ("ins-mil", "class"), ("sc-mil", "class"), ("sc-mil", "c"),
}  # fmt: skip


def only_diagnostics(text: str, variant: str | None = None) -> list[Diagnostic]:
    """Findings that can be drawn; a plan where none is an error."""
    try:
        program = resolve(text, "fuzz.cl", variant)
        plan, found = examine(program)
    except SpecError as error:
        assert error.diagnostics and error.render()
        return list(error.diagnostics)
    for each in found:
        assert each.message and render(each, program.sources.get(each.span.file, ""))
    stopped = any(each.severity == "error" or each.code == "not-executed" for each in found)
    assert (plan is None) == stopped
    if plan is None:
        with pytest.raises(SpecError):
            elaborate(program)
    return found


@settings(
    max_examples=30,
    deadline=timedelta(seconds=8),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.sampled_from(sorted(SPECS)), st.lists(st.sampled_from(KINDS), min_size=1, max_size=3), st.data())
def test_a_spoilt_spec_gives_diagnostics_alone(name: str, kinds: list[str], data: st.DataObject) -> None:
    text = SPECS[name]
    for kind in kinds:
        text = spoilt(text, kind, lambda n: data.draw(st.integers(0, max(0, n - 1))))
    only_diagnostics(text)


def caught(case: Misspelling, text: str) -> bool:
    """An error in the spec or in one of its variants."""
    variants = [None, *(each.name for each in resolve(text, "fuzz.cl").variants)]
    return any(each.severity == "error" for variant in variants for each in only_diagnostics(case.text, variant))


@pytest.mark.parametrize("name", sorted(SPECS))
def test_misspelt_names_are_found(name: str) -> None:
    cases = list(misspellings(SPECS[name]))
    for case in random.Random(name).sample(cases, min(len(cases), SAMPLE // len(SPECS) + 1)):
        assert caught(case, SPECS[name]), (case.name, case.line, case.column)


def renamed(case: Misspelling, text: str) -> bool:
    """An axis that a column points to and nothing else names: another name is as good."""
    line = text.splitlines()[case.line - 1]
    return line[: case.column - 1].rstrip().endswith("->") and text.count(case.name) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SPECS))
def test_many_misspelt_names_are_found(name: str) -> None:
    """A share of the names of each spec; CLDSL_EVERY=1 tries them all (minutes)."""
    cases = [case for case in misspellings(SPECS[name]) if not renamed(case, SPECS[name])]
    if "CLDSL_EVERY" not in os.environ:
        cases = random.Random(name).sample(cases, min(len(cases), 40))
    missed = [case for case in cases if not caught(case, SPECS[name])]
    assert [(case.name, case.line, case.column) for case in missed if (name, case.name) not in UNFOUND] == []


HOSTILE = {
    "a view of itself": "view x[v = 2] ~ crop(x, 28)",
    "a let of itself": "let z = z + 1",
    "a def without end": "def g(x) = g(x)\nlet z = g(1)",
    "a mountain of lets": "let a0 = 1\n"
    + "".join(f"let a{n} = a{n - 1} + a{n - 1}\n" for n in range(1, 120))
    + "let z = a119",
    "a huge axis": "learn W[word = 1e300] ~ normal(0, 1)\nlet z = sum(W)",
    "no number": "let z = log(0 - 1) + 0 / 0 + inf - inf",
    "a deep choice": "let z = " + "1 if true else " * 60 + "2",
    "huge powers": "let z = 9 ^ 9 ^ 9 ^ 9",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_would_not_end_is_refused_soon(name: str) -> None:
    text = f'spec s "t"\n{HOSTILE[name]}\ndata photos: image[item, channel, row, column] from "mnist-5k"\n'
    text += (
        "train on photos(batch = 64, epochs = 1):\n    minimize mean(z) by sgd(lr = 0.1)\n" if "let z" in text else ""
    )
    text += (
        "" if "let z" in text else "train on photos(batch = 64, epochs = 1):\n    minimize mean(x) by sgd(lr = 0.1)\n"
    )
    started = time.process_time()
    assert any(each.severity == "error" for each in only_diagnostics(text))
    assert time.process_time() - started < 5
