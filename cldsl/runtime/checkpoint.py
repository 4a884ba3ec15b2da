"""A checkpoint: one safetensors file that holds every tensor and, in its header, the record of where the run stands.

Input: tensors by name and a JSON record. Output: PATH.safetensors, written whole or not at all (temporary file, fsync,
rename), and PATH.json, the same record for people and tools; only the first is read back, so the two cannot disagree.
Nothing of a random generator is stored: chance follows from (seed, phase, step). Never pickle.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from cldsl.runtime.errors import RunError

FORMAT = 1


def save(stem: Path, tensors: Mapping[str, Tensor], record: Mapping[str, Any]) -> None:
    """Write stem.safetensors and stem.json, replacing an older pair at once."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"format": FORMAT, **record}, indent=1, sort_keys=True)
    # Copies: safetensors refuses tensors that share memory, as tied weights do.
    held = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    part = stem.with_suffix(".safetensors.part")
    save_file(held, part, metadata={"record": text})
    _commit(part, stem.with_suffix(".safetensors"))
    readable = stem.with_suffix(".json.part")
    readable.write_text(text + "\n", encoding="utf-8")
    _commit(readable, stem.with_suffix(".json"))


def load(stem: Path, expected: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and record. `expected` entries of the record must be as given.

    Raises RunError for a missing, damaged or newer file, another spec, or options that change the numbers.
    """
    path = stem.with_suffix(".safetensors")
    if not path.is_file():
        raise RunError(f"there is no checkpoint {path}", "start the run again with --overwrite")
    try:
        with safe_open(path, framework="pt") as file:
            record: dict[str, Any] = json.loads((file.metadata() or {}).get("record", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, json.JSONDecodeError, OSError) as error:
        raise RunError(f"{path} is not a readable checkpoint: {error}", "start the run again") from error
    if record.get("format") != FORMAT:
        raise RunError(f"{path} has format {record.get('format')}, this version reads {FORMAT}")
    _same(path, record, expected)
    return tensors, record


def _same(path: Path, record: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    if record.get("digest") != expected.get("digest"):
        raise RunError(f"{path} was written by another spec", "resume with the spec.cl of its folder, or --overwrite")
    for name, value in expected.items():
        if record.get(name) != value:
            raise RunError(
                f"{path} was written with {name} {_shown(record.get(name))}, this run has {_shown(value)}",
                "resume with the same options, or start anew with --overwrite",
            )


def _shown(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _commit(part: Path, path: Path) -> None:
    """Put a finished file in place so that a crash leaves the old file or the new one."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(part, path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
