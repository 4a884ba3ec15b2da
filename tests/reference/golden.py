"""Published reference cases: a JSON file of inputs, outputs and gradients as named tensors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

Named = tuple[Tensor, tuple[str, ...]]
FOLDER = Path(__file__).resolve().parents[1] / "golden"
_KINDS = {"float64": torch.float64, "int64": torch.int64, "bool": torch.bool}


class Golden:
    """One case. Keys are `inputs/NAME`, `outputs/NAME`, `gradients/NAME`."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.params: dict[str, Any] = content["params"]
        self.content = content

    def tensor(self, key: str) -> Tensor:
        """The tensor of a key, its axes in the order of the file."""
        part, _, name = key.partition("/")
        entry = self.content[part][name]
        return torch.tensor(entry["data"], dtype=_KINDS[entry["dtype"]]).reshape(entry["shape"])

    def named(self, key: str, axes: str) -> Named:
        """The tensor with other axis names, in the order of the file: `named("inputs/z", "item dim")`."""
        return self.tensor(key), tuple(axes.split())

    def at_step(self, key: str, step: int, axes: str) -> Named:
        """Step `step` of a tensor whose first axis is the step."""
        return self.tensor(key)[step], tuple(axes.split())


@cache
def golden(case: str) -> Golden:
    """The case `dcl/dclw`."""
    return Golden(json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8")))


def stacked(axis: str, parts: Sequence[Named]) -> Named:
    """Named tensors of the same axes as the indices of a new axis, which comes first."""
    return torch.stack([tensor for tensor, _ in parts]), (axis, *parts[0][1])


def aligned(tensor: Tensor, axes: Sequence[str], to: Sequence[str]) -> Tensor:
    """The tensor with its axes in the order `to`."""
    assert sorted(axes) == sorted(to), f"axes {list(axes)}, expected {list(to)}"
    return tensor.permute([list(axes).index(axis) for axis in to])


def error(found: Tensor, expected: Tensor) -> float:
    """max |a - b| / (1 + max |b|)"""
    assert found.shape == expected.shape, f"shape {tuple(found.shape)}, expected {tuple(expected.shape)}"
    if expected.numel() == 0:
        return 0.0
    found, expected = found.to(torch.float64), expected.to(torch.float64)
    return float((found - expected).abs().max() / (1 + expected.abs().max()))
