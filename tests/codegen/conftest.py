"""Names of the runtime that emitted programs use."""

from __future__ import annotations

from cldsl import runtime
from cldsl.runtime.helpers import HELPERS

for _name, _path in HELPERS.items():
    runtime.NAMES.setdefault(_name, _path)
