"""The catalogue of stages: what it accepts, what it says, and that it needs no torch."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from cldsl.catalogue import CatalogueError, signature
from cldsl.views.catalog import STAGES, bind_stage, boxed, consumed, produced, stage_entry


def test_it_needs_no_torch() -> None:
    code = "import sys, cldsl.views.catalog; print(sorted({'torch', 'numpy', 'lark'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_every_entry_loads() -> None:
    for entry in STAGES:
        assert entry.doc and entry.load() is not None
        assert entry.boxed <= entry.geometry


def test_positional_arguments_and_defaults() -> None:
    bound = bind_stage(stage_entry("jitter"), (0.4, 0.4, 0.4, 0.1), {})
    assert bound == {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1, "p": 0.8}
    assert signature(stage_entry("shift")) == "shift(pixels)"


@pytest.mark.parametrize(
    ("name", "named", "message"),
    [
        ("corp", {}, "no view stage is called corp"),
        ("crop", {}, "crop needs the argument size"),
        ("crop", {"size": 0}, "crop: size must be a positive whole number or a pair of them, not 0"),
        ("crop", {"size": (4, 4, 4)}, "crop: size must be a positive whole number or a pair of them, not (4, 4, 4)"),
        ("crop", {"size": 4, "scale": (1, 0.2)}, "crop: scale = (1, 0.2) has its ends exchanged"),
        ("crop", {"size": 4, "scale": (0, 0.2)}, "crop: scale must be above 0, not 0"),
        ("crop", {"size": 4, "scale": (0.1, 2)}, "crop: scale must be at most 1.0, not 2"),
        ("crop", {"size": 4, "ratio": (0, 2)}, "crop: ratio must be at least 0.01, not 0"),
        ("crop", {"size": 4, "ratio": ("a", 2)}, "crop: ratio must be a pair of numbers, not ('a', 2)"),
        ("flip", {"p": 1.5}, "flip: p must be at most 1.0, not 1.5"),
        ("jitter", {"brightness": 0.1, "hue": 0.6}, "jitter: hue must be at most 0.5, not 0.6"),
        ("normalize", {"mean": 0, "std": 0}, "normalize: std must be above 0, not 0"),
        ("normalize", {"mean": [], "std": 1}, "normalize: mean must hold numbers, not []"),
        ("scale", {"low": 2, "high": 1}, "scale: low = 2 is above high = 1"),
    ],
)
def test_errors(name: str, named: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        bind_stage(stage_entry(name), (), named)
    assert caught.value.message == message


def test_sizes_and_axes() -> None:
    nest: list[tuple[str, dict[str, Any]]] = [("crop", {"size": 28}), ("flip", {}), ("center", {"size": (20, 10)})]
    assert produced(nest, {"channel": 3, "y": 32, "x": None}) == {"channel": 3, "y": 20, "x": 10}
    assert produced([("crop", {"size": None})], {"channel": 3, "y": 32, "x": 32})["y"] is None
    assert consumed(nest) == ("channel", "y", "x")
    assert consumed([("scale", {"low": 1, "high": 2}), ("noise", {"sigma": 1})]) == ("channel",)
    assert boxed(nest) and boxed([("gray", {})]) and not boxed([*nest, ("rotate", {"degrees": 3})])


def test_errors_at_run_time() -> None:
    import torch

    from cldsl.views.pipeline import Pipeline

    generator = torch.Generator()
    with pytest.raises(CatalogueError, match="not a batch with 2 axes"):
        Pipeline([("flip", {})])(torch.rand(3, 4), generator)
    with pytest.raises(CatalogueError, match=r"not torch\.uint8"):
        Pipeline([("flip", {})])(torch.zeros(3, 1, 4, 4, dtype=torch.uint8), generator)
    with pytest.raises(CatalogueError, match="mean has 3 numbers for 1 channels"):
        Pipeline([("normalize", {"mean": [0, 0, 0], "std": 1})])(torch.rand(3, 1, 4, 4), generator)
    with pytest.raises(CatalogueError, match="size is not known"):
        Pipeline([("crop", {"size": None})])
