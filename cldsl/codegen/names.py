"""Names of a spec as Python names: validated, never a keyword, never one of the runtime's, unique where they stand.

Input: any text. Output: an `Identifier`, or a NameRefused for text that is no ASCII identifier. Nothing else of a
spec may become code: other texts are printed through repr().
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from functools import lru_cache

_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

#: Names that an emitted file uses itself; other builtins may be hidden, `id` is a usual column.
RESERVED = frozenset(
    {
        *("self", "torch", "rt", "batch", "data", "clock", "draws", "now", "skip", "logs", "models", "Program", "_"),
        *("abs", "bool", "float", "int", "max", "min", "round"),
    }
)


@lru_cache(maxsize=1)
def taken() -> frozenset[str]:
    """Attributes of a program before it is built, which a spec's module or tensor must not replace. Imports torch."""
    from cldsl.runtime.program import Program

    class Empty(Program):
        def build(self) -> None:
            """Nothing."""

    return RESERVED | frozenset(dir(Empty())) | {"names"}


class NameRefused(Exception):
    """A text that cannot become a Python name."""


class Identifier(str):
    """An ASCII Python name that is no keyword and does not start with an underscore."""

    __slots__ = ()

    def __new__(cls, text: str) -> Identifier:
        if not _PATTERN.match(text):
            raise NameRefused(f"{text!r} is no name: letters, digits and _ only, no digit first")
        if keyword.iskeyword(text) or text.startswith("_"):
            raise NameRefused(f"{text!r} cannot be a name in the emitted program")
        return super().__new__(cls, text)


def identifier(text: str, blocked: Iterable[str] = ()) -> Identifier:
    """The name for this text: `n_` for leading underscores, `_` after a keyword or blocked name. Raises NameRefused."""
    if not _PATTERN.match(text):
        raise NameRefused(f"{text!r} is no name: letters, digits and _ only, no digit first")
    name = f"n_{text.lstrip('_')}" if text.startswith("_") else text
    held = frozenset(blocked)
    while keyword.iskeyword(name) or name in held:
        name += "_"
    return Identifier(name)


class Names:
    """The names of one scope: each text keeps its name, another text never gets the same one."""

    def __init__(self, blocked: Iterable[str] = RESERVED) -> None:
        self._taken = set(blocked)
        self._known: dict[str, Identifier] = {}

    def of(self, text: str) -> Identifier:
        """The name of this text, the same at each call; a dot becomes `_`."""
        if text not in self._known:
            self._known[text] = self.fresh(text)
        return self._known[text]

    def fresh(self, text: str) -> Identifier:
        """A name like this text that nothing else in the scope has: x, x_2, x_3 ..."""
        base = identifier(text.replace(".", "_"), RESERVED)
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = Identifier(f"{base}_{number}")
        self._taken.add(name)
        return name


def argument_of(text: str) -> Identifier:
    """The argument by which a function of `emit_function` takes this input: its name, `lambda_` for `lambda`."""
    return identifier(text.replace(".", "_"), RESERVED)
