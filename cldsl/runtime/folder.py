"""The folder of a run: what was run, with which versions, what was measured, and the last checkpoint.

    spec.cl  program.py  versions.json  metrics.jsonl  reports.json  checkpoints/last.safetensors  checkpoints/last.json

Input: a path and what to write. Output: these files; a number that is not finite becomes null. A folder that holds
something is left alone unless the user says resume or overwrite, and overwrite removes only the files named above.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cldsl.runtime.errors import RunError

FILES = ("spec.cl", "program.py", "versions.json", "metrics.jsonl", "reports.json")
FOLDERS = ("checkpoints", "tensorboard")


class RunFolder:
    """Opened with `open_folder`; metrics are appended and flushed line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoint = path / "checkpoints" / "last"
        self._metrics = (path / "metrics.jsonl").open("a", encoding="utf-8")

    def log(self, line: Mapping[str, Any]) -> None:
        """Append one line to metrics.jsonl."""
        self._metrics.write(json.dumps(_finite(line), allow_nan=False) + "\n")
        self._metrics.flush()

    def logged(self) -> int:
        """Bytes of metrics.jsonl, recorded in checkpoints so that a resumed run cuts off what it will measure again."""
        return self._metrics.tell()

    def cut_log(self, length: int) -> None:
        """Forget what was logged after a checkpoint."""
        self._metrics.truncate(length)
        self._metrics.seek(0, 2)

    def write_reports(self, reports: Mapping[str, Any]) -> None:
        """reports.json, at the end of a run."""
        _write_json(self.path / "reports.json", reports)

    def close(self) -> None:
        """Close metrics.jsonl."""
        self._metrics.close()


def open_folder(
    path: Path, *, resume: bool, overwrite: bool, texts: Mapping[str, str], versions: Mapping[str, Any]
) -> RunFolder:
    """The folder made ready. texts: contents by file name (spec.cl, program.py), empty ones are not written.

    Raises RunError for a folder that is not empty, a path that is a file, or one that cannot be written.
    """
    try:
        occupied = path.is_dir() and any(path.iterdir())
        if occupied and not (resume or overwrite):
            raise RunError(
                f"{path} is not empty", "--resume to go on, --overwrite to replace its run, or another --out"
            )
        if occupied and overwrite:
            _clear(path)
        path.mkdir(parents=True, exist_ok=True)
        if not resume:
            for name, text in texts.items():
                if text:
                    (path / name).write_text(text, encoding="utf-8")
            _write_json(path / "versions.json", versions)
        return RunFolder(path)
    except OSError as error:
        raise RunError(f"{path} cannot be a run folder: {error.strerror}", "choose another --out") from error


def _clear(path: Path) -> None:
    for name in FILES:
        (path / name).unlink(missing_ok=True)
    for name in FOLDERS:
        if (path / name).is_dir():
            shutil.rmtree(path / name)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(_finite(content), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _finite(value: Any) -> Any:
    """The value as JSON can hold it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return value
