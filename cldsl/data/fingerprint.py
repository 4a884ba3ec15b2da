"""One digest of named arrays: name, dtype, shape and bytes of each. It does not depend on the order of the names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from cldsl.data.order import Array


def digest(columns: Mapping[str, Array]) -> str:
    """sha256, in hexadecimal, over the columns in the order of their names; bytes are counted little-endian."""
    state = hashlib.sha256()
    for name in sorted(columns):
        column = np.ascontiguousarray(columns[name])
        column = column.astype(column.dtype.newbyteorder("<"), copy=False)
        state.update(f"{name}:{column.dtype.str}:{column.shape};".encode())
        state.update(column.data)
    return state.hexdigest()
