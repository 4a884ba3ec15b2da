"""An emitted text as Python objects, in a module of its own whose tracebacks show its lines.

Input: text that `emit` or `emit_function` wrote; never a spec's. Output: the class, or the function.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from cldsl.runtime.program import Program


def load(source: str, name: str) -> type[Program]:
    """The program of an emitted file, as a fresh module `name` known to `sys.modules` and to tracebacks."""
    return cast("type[Program]", _module(source, f"cldsl_program_{name}").Program)


def load_function(source: str, name: str = "function") -> Callable[..., Any]:
    """The function of a text that `emit_function` wrote: the last one, after those of its strips."""
    own = [each.name for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)][-1]
    return cast(Callable[..., Any], getattr(_module(source, f"cldsl_function_{name}"), own))


def _module(source: str, name: str) -> ModuleType:
    word = stem = "".join(char if char.isascii() and char.isalnum() else "_" for char in name)
    number = 1
    while word in sys.modules:  # torch.compile finds the globals of a function by the name of its module
        number += 1
        word = f"{stem}_{number}"
    file = f"<emitted {word}>"
    module = ModuleType(word)
    module.__file__ = file
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    sys.modules[word] = module
    exec(compile(source, file, "exec"), module.__dict__)  # our own text: names validated, texts constants
    return module
