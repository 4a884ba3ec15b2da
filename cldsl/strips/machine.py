"""The rates of the machine that a program is compiled on, and the memory that its strips may take by default.

Input: nothing. Output: `Rates`, measured once on machines of the kind (docs/performance.md); a GPU is recognised by its
driver's device, so that compiling needs no torch.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from cldsl.strips.cost import Rates

_MIB = 1 << 20

#: Two cores with AVX2, float32, at 512 to 8192 rows of 128: the products alone; what is left of the time of a contrast
#: compiled whole, and of one compiled in strips, over the bytes of its large values.
CPU = Rates(flops=140e9, whole=7e9, strips=12e9, start=60e-6, least_rows=64, strip=8 * _MIB)
#: One data-centre GPU, from its data sheet: this project has not measured one yet. A strip is then compiled torch.
GPU = Rates(flops=30e12, whole=1.0e12, strips=1.5e12, start=100e-6, least_rows=1024, strip=512 * _MIB)


@lru_cache(maxsize=1)
def rates() -> Rates:
    return GPU if Path("/dev/nvidiactl").exists() else CPU


@lru_cache(maxsize=1)
def default_memory() -> int:
    """An eighth of the machine's memory: bytes of large values that may be alive at once."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 8
