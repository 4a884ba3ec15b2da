"""From a plan to Python: `emit` writes a program's file, `load` makes it a class, `emit_function` writes one function.

Input: graph/plan.py's ProgramPlan. Output: text, and the class that the text defines. In order of reading: names.py,
statements.py, printer.py (a tree of Python and its text), layout.py, sizes.py, scalars.py, pointwise.py,
operators.py, lower.py (nodes to expressions), functions.py, scope.py, sections/, program.py. Nothing here optimises.
"""

from __future__ import annotations

from cldsl.codegen.emission import emit, emit_function
from cldsl.codegen.loading import load, load_function
from cldsl.codegen.names import argument_of

__all__ = ["argument_of", "emit", "emit_function", "load", "load_function"]
