"""The reports of a run by name, as plain numbers.

Input: what `on` blocks return. Output: {"knn": 0.81, "before/knn": 0.42, ...}. A name that a second block uses too
carries that block's name, "on_2/knn", whatever the order in which they are evaluated later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass
class Reports:
    """values by name; owners: which block uses the bare name."""

    values: dict[str, Any] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def add(self, block: str, found: Mapping[str, Any], before: bool, keep: bool) -> dict[str, Any]:
        """Take a block's reports, kept unless measured in passing; returns them under the names of the log."""
        logged: dict[str, Any] = {}
        for name, value in _flat(found):
            own = name if self.owners.setdefault(name, block) == block else f"{block}/{name}"
            number = plain(value)
            logged[f"before/{own}" if before else f"eval/{own}"] = number
            if keep:
                self.values[f"before/{own}" if before else own] = number
        return logged


def _flat(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A metric that gives several numbers reports each under "name/number"."""
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}/{part}", number) for part, number in value.items())
        else:
            yield name, value


def plain(value: Any) -> Any:
    """A float for a number or a tensor of one entry, nested lists for a larger tensor."""
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        return float(value) if value.numel() == 1 else torch.as_tensor(value, dtype=torch.float64).tolist()
    return float(value)
