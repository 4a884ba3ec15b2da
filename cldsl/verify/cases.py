"""A published case: params, and inputs, outputs and gradients as tensors with named axes.

Input: a JSON file. Output: a `Case`, and its values at one step. Reads files only; knows nothing of specs.

A case of several steps writes a value for each step, as `NAME_step0`, `NAME_after_step0`, ... or with a first axis
`step`, or, where its params say how many `steps` or `iterations` it has, as `NAME_0`, `NAME_1`, ...; `at_step` and
`Expected` tell them apart, so that the rest sees one value under one name. Dots in names are written `_` in a spec.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cldsl.verify.errors import CaseError

_KINDS = {
    "float64": torch.float64,
    "float32": torch.float64,
    "int64": torch.int64,
    "int32": torch.int64,
    "bool": torch.bool,
}
_STEP = re.compile(r"_step(\d+)$")
_NUMBER = re.compile(r"_(\d+)$")
_EPOCH = re.compile(r"_epoch(\d+)$")
_ENDING = re.compile(r"(_per_step|_step\d*)$")


@dataclass(frozen=True, eq=False)
class Array:
    """A tensor and the names of its axes."""

    data: Tensor
    axes: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers."""
        return self.data.dtype == torch.int64


@dataclass(frozen=True)
class Expected:
    """An output or a gradient that a case expects: its key in the file, the report it is of, at which step.

    wrt: the input whose gradient it is, None for an output.
    """

    key: str
    name: str
    array: Array
    step: int
    wrt: str | None = None


@dataclass(frozen=True)
class Case:
    """A case as its file has it."""

    name: str
    source: str
    params: Mapping[str, Any]
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    gradients: Mapping[str, Array]

    @property
    def steps(self) -> int:
        """How many steps it has, by its params `steps`, `iterations` or by its values; 1 where it has no steps."""
        if self.batches:
            return self.batches * max(1, len(self._epochs))
        counts = [array.data.shape[0] for array in self.inputs.values() if array.axes[:1] == ("step",)]
        numbered = [int(found[1]) + 1 for name in [*self.inputs, *self.outputs] if (found := _STEP.search(name))]
        return max([1, *counts, *numbered, self._written])

    @property
    def batches(self) -> int:
        """How many batches an epoch goes over, its inputs numbered by them; 0 where a case has no epochs."""
        count = self.params.get("batches_per_epoch", 0)
        return count if isinstance(count, int) and any(name.endswith(f"_{count - 1}") for name in self.inputs) else 0

    @property
    def _epochs(self) -> list[int]:
        """The epochs that outputs are numbered by, `loss_epoch7`: what their last steps leave."""
        return sorted({int(found[1]) for name in self.outputs if (found := _EPOCH.search(name))})

    @property
    def _written(self) -> int:
        """How many steps the params say; `iterations`, or an axis `step`, where values are numbered by them."""
        names = [*self.inputs, *self.outputs]
        counts = [value if isinstance(value := self.params.get(each), int) else 0 for each in ("steps", "iterations")]
        along = [array.data.shape[0] for array in self.inputs.values() if array.axes[:1] == ("step",)]
        numbered = [
            count
            for count in (counts[1], *along)
            if any(f"{_NUMBER.sub('', name)}_{count - 1}" == name for name in names if name[-1].isdigit())
        ]
        return max([counts[0], *numbered])

    def at_step(self, step: int) -> dict[str, Array]:
        """The inputs of a step by their names without the step.

        An input that has no steps is there at every step; one that this step has none of is the last that there was.
        """
        found: dict[str, Array] = {}
        latest: dict[str, int] = {}
        step = step % self.batches if self.batches else step
        for name, array in self.inputs.items():
            short, number = self._numbered(name, self.inputs)
            if number is None:
                stepped = array.axes[:1] == ("step",)
                found[short] = Array(array.data[step], array.axes[1:]) if stepped else array
            elif latest.get(short, -1) < number <= step:
                found[short], latest[short] = array, number
        return found

    def expected(self) -> list[Expected]:
        """Every output and gradient, one entry for each step; an output that has no steps is what the last one leaves."""
        found: list[Expected] = []
        for key, array in self.outputs.items():
            found += self._stepwise(key, array, key, None)
        for key, array in self.gradients.items():
            output, _, wrt = key.partition("/")
            found += self._stepwise(key, array, spelled(output), spelled(_ENDING.sub("", wrt)))
        return found

    def _stepwise(self, key: str, array: Array, name: str, wrt: str | None) -> list[Expected]:
        if self.batches and (epoch := _EPOCH.search(name)):
            last = (self._epochs.index(int(epoch[1])) + 1) * self.batches - 1
            return [Expected(key, spelled(name[: epoch.start()]), array, last, wrt)]
        short, number = self._numbered(name, self.outputs)
        short = _ENDING.sub("", short) if number is None else short
        if number is None and array.axes[:1] == ("step",):
            each = enumerate(array.data)
            return [Expected(key, short, Array(data, array.axes[1:]), step, wrt) for step, data in each]
        return [Expected(key, short, array, self.steps - 1 if number is None else number, wrt)]

    def _numbered(self, name: str, beside: Mapping[str, Array]) -> tuple[str, int | None]:
        """A name without its step, and the step. `beside`: a bare number is a step where the first one is there too."""
        found = _STEP.search(name)
        written = self.batches or self._written
        if found is None and written:
            bare = _NUMBER.search(name)
            found = bare if bare and int(bare[1]) < written and f"{name[: bare.start()]}_0" in beside else None
        return (spelled(name), None) if found is None else (spelled(name[: found.start()]), int(found[1]))


def spelled(name: str) -> str:
    """A name of a case as a spec writes it: `fc.0.weight` is fc_0_weight, `sum(z*probe)` is sum_z_probe."""
    return re.sub(r"\W+", "_", name).strip("_")


def load_case(path: str | Path) -> Case:
    """The case of a file. Raises CaseError for a file that is none."""
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CaseError(f"{path} is no case: {error}") from error
    if not isinstance(content, dict) or not {"source", "inputs", "outputs"} <= set(content):
        raise CaseError(f"{path} is no case: it has no source, inputs or outputs")
    parts = [_arrays(path, content.get(part, {})) for part in ("inputs", "outputs", "gradients")]
    parts[0] = {spelled(name): array for name, array in parts[0].items()}
    return Case(str(content.get("case", path.stem)), str(content["source"]), dict(content.get("params", {})), *parts)


def load_cases(place: str | Path) -> list[Case]:
    """The case of a file, or those of a folder by name. Raises CaseError where there is none."""
    place = Path(place)
    files = [place] if place.is_file() else sorted(place.glob("*.json"))
    if not files:
        raise CaseError(f"there is no case in {place}")
    return [load_case(file) for file in files]


def _arrays(path: Path, entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Array]:
    found = {}
    for name, entry in entries.items():
        kind = _KINDS.get(entry["dtype"])
        if kind is None:
            raise CaseError(f"{path}: {name} is of {entry['dtype']}; known are {', '.join(_KINDS)}")
        numbers = (
            [float("nan") if each is None else float(each) for each in entry["data"]]
            if kind.is_floating_point
            else entry["data"]
        )
        data = torch.tensor(numbers, dtype=kind).reshape(entry["shape"])
        found[name] = Array(data, tuple(entry["axes"]))
    return found
