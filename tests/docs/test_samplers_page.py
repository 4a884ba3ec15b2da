"""The batches that docs/language.md shows for its samplers are those that they make."""

from __future__ import annotations

import re

import numpy as np
import pytest
from docs_pages import ROOT

from cldsl.catalogue import find
from cldsl.data.samplers.catalog import SAMPLERS
from cldsl.data.samplers.groups import grouped

TEXT = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
LABELS = np.array([0, 0, 0, 0, 1, 1])
ROW = re.compile(r"^\| `(\w+)\(label(.*?)\)` \|.*\| ([\d, ]+) \|$", re.M)


@pytest.mark.parametrize(("name", "arguments", "told"), ROW.findall(TEXT))
def test_batches_on_the_page(name: str, arguments: str, told: str) -> None:
    assert "of `label` 0, 0, 0, 0, 1, 1 with `batch = 2`" in TEXT
    entry = find(SAMPLERS, name, "sampler")
    options = {key: int(value) for key, value in re.findall(r"(\w+) = (\d+)", arguments)}
    batch = 2 if entry.rows is None else entry.rows(options)
    sampler = entry.load()(grouped("label", LABELS), batch, len(LABELS), **options)
    rows = LABELS[sampler.order((3, 0))].reshape(-1, batch)
    wanted = [[int(label) for label in step.split()] for step in told.split(", ")]
    if sampler.added:  # classes come in the order drawn, which is what `local` counts
        assert sampler.added["support"].tolist() == [True, True, False, False]
        assert [sampler.added["local"].tolist()] == wanted and sorted(rows[0, :2]) == [0, 1]
        assert rows[0, :2].tolist() == rows[0, 2:].tolist()
    else:
        assert [sorted(step) for step in rows.tolist()] == wanted


def test_every_sampler_is_on_the_page() -> None:
    assert {name for name, _, _ in ROW.findall(TEXT)} == {entry.name for entry in SAMPLERS}
