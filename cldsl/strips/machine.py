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

#: Two cores with AVX2, float32: products of 8192 x 8192 x 128, a fused exponential over 256 MB and over 4 MB.
CPU = Rates(flops=150e9, slow=8e9, fast=24e9, cache=4 * _MIB, start=60e-6, least_rows=64, strip=8 * _MIB)
#: One data-centre GPU; the starting costs are those of a strip's kernels. Not measured by this project yet.
GPU = Rates(flops=30e12, slow=1.5e12, fast=3e12, cache=32 * _MIB, start=60e-6, least_rows=1024, strip=512 * _MIB)


@lru_cache(maxsize=1)
def rates() -> Rates:
    return GPU if Path("/dev/nvidiactl").exists() else CPU


@lru_cache(maxsize=1)
def default_memory() -> int:
    """A quarter of the machine's memory: bytes of large values that may be alive at once."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
