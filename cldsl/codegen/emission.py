"""Text of a program, and of a single function.

Input: a plan made at some level of optimisation, or a function. Output: Python text that parses; nothing is executed.
"""

from __future__ import annotations

from collections.abc import Mapping

from cldsl.codegen.functions import module_function
from cldsl.codegen.names import Identifier
from cldsl.codegen.printer import lines_of
from cldsl.codegen.program import program_text
from cldsl.codegen.strips import strip_texts
from cldsl.graph.nodes import Function
from cldsl.graph.plan import ProgramPlan

_IMPORTS = "import torch\n\nfrom cldsl import runtime as rt\n\n\n"


def emit(plan: ProgramPlan, level: int = 2) -> str:
    """One Python file that runs by itself and can be imported.

    Raises NameRefused for a name that is no ASCII identifier, NotScalar for a rate that reads more than the clock,
    GraphError for a node without a rule or an axis without a size.
    """
    return program_text(plan, level)


def emit_function(function: Function, families: Mapping[str, str] | None = None) -> str:
    """A module with one function `NAME(inputs..., models)`: inputs by name, `models` a mapping of modules by name.

    families: model -> its family's axis. A state's presence is passed as NAME_present, a pointer as NAME_pointer.
    """
    around = families or {}
    strips = [(Identifier(visit.name), visit) for visit in function.visits]
    own = "\n".join(lines_of([module_function(function, families)]))
    uses = "\n\n\n".join([*strip_texts(strips, around.get, lambda _: False), own])
    imports = _IMPORTS if "torch." in uses else _IMPORTS.replace("import torch\n\n", "")
    return f"{imports if 'rt.' in uses or 'torch.' in uses else ''}{uses}\n"
