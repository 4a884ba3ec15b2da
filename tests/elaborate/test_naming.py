"""The axes of a name in the order of the spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from cldsl.elaborate.naming import axes_of
from cldsl.semantics.resolve import resolve_file
from cldsl.syntax.diagnostics import SpecError

PROGRAM = resolve_file(Path(__file__).resolve().parents[2] / "specs" / "dcl.cl")


def test_axes_of_lets_and_columns() -> None:
    assert axes_of(PROGRAM, "z", 3) == ("item", "v", "dim")
    assert axes_of(PROGRAM, "image", 4) == ("item", "channel", "row", "column")


@pytest.mark.parametrize(("name", "count", "code"), [("z", 2, "axes-of-tensor"), ("zz", 2, "unknown-name")])
def test_what_does_not_fit_is_said(name: str, count: int, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        axes_of(PROGRAM, name, count)
    assert [each.code for each in caught.value.diagnostics] == [code]
