"""The evaluator is the meaning: random specs agree with the program as written and with the optimised one.

Values, presence, and the gradient of every scalar for every supplied real tensor, in float64 to 1e-9. A spec that the
checker refuses is left out; that this stays rare is tested too. `cases/` holds the texts that once disagreed.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from cldsl.elaborate import Given, examine
from cldsl.graph.nodes import Axis
from cldsl.semantics.resolve import resolve
from cldsl.syntax.diagnostics import SpecError
from tests.equivalence.three_levels import Sample, compare, kind_of
from tests.support.specs import RandomSpec, random_spec

QUICK, MANY = 40, 240
CASES = Path(__file__).parent / "cases"
LEARNED = ("C", "scale")


def sample_of(made: RandomSpec) -> Sample:
    """The random spec as the comparison takes it."""
    return Sample(made.text, made.expressions, made.given, made.cells, made.clock)


def accepted(made: RandomSpec) -> bool:
    """Whether the checker finds no error, with the data's sizes as they are."""
    given = {
        name: Given(tuple(Axis(a, s) for a, s in zip(axes, tensor.shape, strict=True)), kind_of(tensor))
        for name, (tensor, axes) in made.given.items()
        if name not in LEARNED
    }
    try:
        program = resolve(made.text, "random.cl", None, {})
    except SpecError:
        return False
    return examine(program, {}, {}, given)[0] is not None


def _agrees(seed: int) -> None:
    made = random_spec(random.Random(seed))
    if accepted(made):
        compare(sample_of(made))


@pytest.mark.parametrize("seed", range(QUICK))
def test_agree(seed: int) -> None:
    _agrees(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(QUICK, MANY))
def test_many_agree(seed: int) -> None:
    _agrees(seed)


def test_most_specs_are_accepted() -> None:
    tried = 25
    count = sum(accepted(random_spec(random.Random(seed))) for seed in range(tried))
    assert count > 0.6 * tried, f"{count} of {tried} accepted"


@pytest.mark.parametrize("case", sorted(path.stem for path in CASES.glob("*.cl")))
def test_once_disagreed(case: str) -> None:
    compare(case_of(case))


def case_of(name: str) -> Sample:
    """A fixed text: its head says, as JSON in comments, the shapes of the data, the seed, and what is compared."""
    text = (CASES / f"{name}.cl").read_text(encoding="utf-8")
    head: dict[str, Any] = json.loads("".join(line[2:] for line in text.splitlines() if line.startswith("#|")))
    source = torch.Generator().manual_seed(head["seed"])
    given = {
        key: _drawn(axes, head["sizes"], head.get("indices", {}).get(key), source)
        for key, axes in head["given"].items()
    }
    cells = {}
    for key, (axes, present, presence) in head.get("cells", {}).items():
        cells[key] = (*_drawn(axes, head["sizes"], None, source), torch.tensor(present), tuple(presence.split()))
    return Sample(text, tuple(head["expressions"]), given, cells, head.get("clock", {}))


def _drawn(
    axes: str, sizes: dict[str, int], bound: int | None, source: torch.Generator
) -> tuple[torch.Tensor, tuple[str, ...]]:
    names = tuple(axes.split())
    shape = [sizes[axis] for axis in names]
    if bound is not None:
        drawn = torch.randint(0, bound, shape, generator=source)
        return (drawn > 0 if bound == 2 else drawn), names  # two values: the presence of a ragged column
    return torch.randn(shape, generator=source, dtype=torch.float64), names
