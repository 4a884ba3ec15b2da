"""What a run was run with, for versions.json.

Input: a device. Output: versions of what computes, the device's name, and the git commit of the working folder if it
is one. Nothing about the user or the machine's name.
"""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from typing import Any

import torch


def versions(device: torch.device) -> dict[str, Any]:
    """python, torch, numpy, cldsl, git, device."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": _installed("numpy"),
        "cldsl": _installed("cldsl"),
        "git": _commit(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "threads": torch.get_num_threads(),
    }


def _installed(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "source checkout"


def _commit() -> str | None:
    """The commit checked out here, None outside a repository or without git."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
