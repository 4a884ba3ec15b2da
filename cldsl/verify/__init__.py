"""Verification: named values of published cases fed into a spec, every output and gradient compared.

Input: a spec, a folder of cases (JSON), a binding file beside the spec (specs/cases/NAME.cl). Output: one CaseResult for
each case. In order of reading: cases.py, bindings.py, columns.py, cut.py, reached.py, starts.py, setup.py (a binding
and a case as a program), compare.py, evaluator_level.py, formula_level.py, steps_level.py, run.py, report.py. It judges;
it corrects and skips nothing.
"""

from __future__ import annotations

from cldsl.verify.cases import Case, load_case, load_cases
from cldsl.verify.report import summary
from cldsl.verify.run import LEVELS, CaseResult, verify, verify_case

__all__ = ["LEVELS", "Case", "CaseResult", "load_case", "load_cases", "summary", "verify", "verify_case"]
