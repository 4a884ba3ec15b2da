"""Row strips: how a function whose values are large is computed a strip of rows at a time. Its meaning does not change.

In order of reading: pairs.py (what is large), local.py (what is computed row by row), assign.py (in which visit),
needs.py, body.py (a visit over one strip), choose.py (along which axis), cost.py, machine.py, visits.py, verdict.py (all of
it, and the verdict).
"""

from __future__ import annotations

from cldsl.strips.verdict import Study, study

__all__ = ["Study", "study"]
