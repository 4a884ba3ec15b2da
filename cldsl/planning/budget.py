"""A memory size as people write it: 512MB, 2GiB, 800000.

Input: text, or a number of bytes. Output: bytes. MB is a million, MiB is 1024 * 1024. Imports nothing heavy: the
command line reads it before it knows whether anything is compiled.
"""

from __future__ import annotations

import re

from cldsl.catalogue import CatalogueError

_UNITS = {"": 1, "B": 1}
for _place, _letter in enumerate("KMGT", start=1):
    _UNITS |= {_letter: 1000**_place, f"{_letter}B": 1000**_place, f"{_letter}IB": 1024**_place}

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


def memory_bytes(size: int | str | None) -> int | None:
    """Bytes of a size; None stays None: no bound. Raises CatalogueError for what is no size."""
    if size is None:
        return None
    found = _SIZE.fullmatch(str(size).strip())
    unit = _UNITS.get(found[2].upper()) if found else None
    if isinstance(size, bool) or found is None or unit is None or float(found[1]) * unit < 1:
        raise CatalogueError(f"--memory: {size!s} is no size", "write 512MB, 2GiB or a number of bytes")
    return int(float(found[1]) * unit)
