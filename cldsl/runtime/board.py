"""TensorBoard files beside metrics.jsonl, for those who want them.

Input: the same scalars. Output: event files. Needs the extra `tensorboard`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cldsl.runtime.errors import RunError


def writer_class() -> Any:
    """torch's SummaryWriter. Raises RunError, naming the extra, where the package is missing."""
    try:
        from torch.utils.tensorboard import SummaryWriter  # an optional package, so imported when it is wanted
    except ModuleNotFoundError as error:
        raise RunError(
            "--tensorboard needs the package tensorboard, which is not installed", "pip install 'cldsl[tensorboard]'"
        ) from error
    return SummaryWriter


class Board:
    """Scalars under their slash-path names over the run's count of steps."""

    def __init__(self, path: Path) -> None:
        """Raises RunError, naming the extra, where the package is missing."""
        self._writer: Any = writer_class()(str(path))

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        """The numbers among the values; texts and lists stay out."""
        for name, value in values.items():
            if isinstance(value, (int, float)):
                self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is pending."""
        self._writer.close()
