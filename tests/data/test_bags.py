"""Bags: the truth of the parts agrees with the label of the whole, padding is zero, and tiles are those of the bags."""

from __future__ import annotations

import numpy as np
import pytest

from cldsl.data.bags import IMBALANCED, KEYS, TILES
from cldsl.data.table import open_source

RAGGED = {"digit-clips": "time*", "digit-bags-lt": "tile*", "digit-bags-lt-shifted": "tile*"}


@pytest.mark.parametrize("name", RAGGED)
@pytest.mark.parametrize("split", ["train", "test"])
def test_padding_is_zero_and_lengths_differ(name: str, split: str) -> None:
    columns = open_source(name, split).columns
    lengths = columns[RAGGED[name]]
    assert lengths.min() >= 10 and len(np.unique(lengths)) > 5
    for column in (held for held in columns.values() if held.ndim > 1):
        assert column.shape[1] >= lengths.max()
        beyond = np.arange(column.shape[1]) >= lengths[:, None]
        assert not column[beyond].any()


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_clip_is_positive_where_a_step_is(split: str) -> None:
    clips = open_source("digit-clips", split).columns
    assert (clips["truth"].any(1) == (clips["label"] == 1)).all()
    assert abs(clips["label"].mean() - 0.5) < 0.01


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_tiles_are_those_of_the_bags(split: str) -> None:
    bags, tiles = open_source("digit-bags", split).columns, open_source("digit-tiles", split).columns
    assert (bags["image"].reshape(tiles["image"].shape) == tiles["image"]).all()
    assert (bags["truth"].reshape(-1) == tiles["truth"]).all()
    assert (bags["label"][tiles["bag"]] == tiles["label"]).all() and (np.bincount(tiles["bag"]) == TILES).all()
    assert (bags["truth"].sum(1) == KEYS * bags["label"]).all()
    digits = {image.tobytes() for image in open_source("mnist-5k", split).columns["image"]}
    assert {image.tobytes() for image in tiles["image"]} == digits


@pytest.mark.parametrize("split", ["train", "test"])
def test_classes_are_as_unequal_as_said(split: str) -> None:
    bags = open_source("digit-bags-lt", split).columns
    assert tuple(np.bincount(bags["label"])) == IMBALANCED[split]
    share = bags["truth"].sum(1) / bags["tile*"]
    assert share.min() > 0.05 and share.max() < 0.25
    shifted = open_source("digit-bags-lt-shifted", split).columns
    assert (shifted["truth"] == bags["truth"]).all() and shifted["image"].max() < 0.75
