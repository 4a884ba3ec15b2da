"""Each pass turns the text of its cases into the expected text, and value and gradient stay what they were."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from cldsl.graph.nodes import Function, Graph
from cldsl.graph.printer import show
from cldsl.graph.reader import read
from cldsl.graph.wellformed import check
from cldsl.passes import PASSES
from cldsl.passes.dead import remove_dead
from tests.passes.case_files import CASES, Case, load, store
from tests.passes.twins import TWINS
from tests.support.compare import assert_close
from tests.support.graphs import leaves, outcome

Change = Callable[[Function, Graph], Function]
NAMES = [each.name for each in PASSES]


def change_of(name: str) -> Change:
    """The pass; `dead` is told that only `loss` and `y` are read."""
    if name == "dead":
        return partial(remove_dead, needed={"loss", "y"})
    return next(each.change for each in PASSES if each.name == name)


def judge(case: Case, change: Change) -> str:
    """The text after the change; raises AssertionError where a kept output or the gradient differs."""
    graph = Graph()
    function = read(case.before, graph)
    check(function)
    before = show(function)
    changed = change(function, graph)
    assert show(function) == before, "the input was mutated"
    check(changed)
    kept = dict(changed.outputs)
    for inputs in (leaves(function), leaves(function, 1), _emptied(leaves(function))):
        expected, actual = outcome(function, inputs), outcome(changed, inputs)
        expected["values"] = {name: value for name, value in expected["values"].items() if name in kept}
        if not _has_nan(expected):
            assert_close(actual, expected, rtol=1e-10)
    return show(changed)


def _emptied(inputs: dict[tuple[str, str], Tensor]) -> dict[tuple[str, str], Tensor]:
    """The inputs with every mask false: reductions over nothing."""
    return {key: torch.zeros_like(value) if value.dtype == torch.bool else value for key, value in inputs.items()}


def _has_nan(result: dict[str, dict[str, Tensor]]) -> bool:
    """Whether the function before has no number somewhere, as log has over nothing; then only the form after is
    sound.
    """
    return any(bool(value.isnan().any()) for part in result.values() for value in part.values())


@pytest.mark.parametrize("name", NAMES)
def test_cases(name: str, update: bool) -> None:
    cases = load(name)
    found = [Case(case.title, case.before, judge(case, change_of(name))) for case in cases]
    if update:
        store(name, found)
    assert found == (load(name) if update else cases)


@pytest.mark.parametrize("name", NAMES)
def test_broken_twin_is_caught(name: str) -> None:
    """A pass with one deliberate mistake turns at least one of its cases red in value or gradient, not in text
    alone.
    """
    red = 0
    for case in load(name):
        try:
            judge(case, TWINS[name])
        except AssertionError:
            red += 1
    assert red


def test_every_pass_has_cases_and_no_file_is_left_over() -> None:
    assert {path.stem for path in CASES.iterdir()} == set(NAMES) == set(TWINS)


@pytest.mark.parametrize("name", NAMES)
def test_cases_are_changed_once(name: str) -> None:
    """A second application finds nothing left to do."""
    for case in load(name):
        assert judge(Case(case.title, case.after, ""), change_of(name)) == case.after
