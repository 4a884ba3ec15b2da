"""Bounds of a measuring process and what it occupies: address space, time, resident memory and its peak.

Linux only for the peak of a part of a run (/proc); elsewhere the peak is that of the whole life of the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

MEGABYTE = 2**20
_STATUS = Path("/proc/self/status")
_ASKED = re.compile(r"tried to allocate (\d+) bytes")


def bound_memory(gigabytes: float) -> None:
    """Let the process take so much address space beyond what it holds now; an allocation beyond it is refused."""
    bytes_now = _status("VmSize") if _STATUS.exists() else 0
    bound = bytes_now + int(gigabytes * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (bound, resource.getrlimit(resource.RLIMIT_AS)[1]))


def bytes_asked(error: BaseException) -> int | None:
    """What a refused allocation asked for: 0 where it is not told, None where the error is another one."""
    found = _ASKED.search(str(error))
    if found:
        return int(found[1])
    return 0 if isinstance(error, MemoryError) or "bad_alloc" in str(error) else None


@contextlib.contextmanager
def at_most(seconds: float | None) -> Iterator[None]:
    """End the process by SIGALRM when the block takes longer: a call into a library cannot be interrupted otherwise."""
    if seconds is None:
        yield
        return
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def resident() -> int:
    """Bytes of the process in memory now."""
    return _status("VmRSS") if _STATUS.exists() else _life_peak()


def release() -> None:
    """Give freed memory back to the system, so that what is resident is what is used."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def reset_peak() -> None:
    """Let the peak start anew, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak() -> int:
    """The largest number of resident bytes since the reset, else since the start."""
    return _status("VmHWM") if _STATUS.exists() else _life_peak()


def _status(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(encoding="ascii"), re.M)
    assert found is not None
    return int(found[1]) * 1024


def _life_peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
