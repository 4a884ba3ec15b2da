"""k-means clusters against classes: separated, unrelated and collapsed features."""

from __future__ import annotations

import pytest
import torch

from cldsl.catalogue import CatalogueError
from cldsl.metrics.clusters import clusters


def test_separated_classes_agree_and_unrelated_ones_do_not() -> None:
    generator = torch.Generator().manual_seed(0)
    label = torch.arange(60) % 2 * 5
    noise = torch.randn(60, 3, generator=generator)
    separated = clusters(noise + 20 * label[:, None], label)
    assert isinstance(separated, dict)
    assert {name: round(value, 9) for name, value in separated.items()} == {"nmi": 1.0, "ari": 1.0}
    unrelated = clusters(noise, label)
    assert isinstance(unrelated, dict)
    assert abs(unrelated["ari"]) < 0.1 and unrelated["nmi"] < 0.1
    assert clusters(noise, label) == unrelated


def test_collapse_is_told() -> None:
    with pytest.raises(CatalogueError, match="fewer distinct rows than the 2 classes"):
        clusters(torch.zeros(4, 2), torch.tensor([0, 1, 0, 1]))
