"""What every registry (data, views, modules, metrics, optimisers) has in common: typed entries found by name.

An entry names its parameters with kinds and defaults, so that `cldsl check` can judge a call of the spec without
importing torch; the implementation is a dotted path that is imported at the first use at run time.
Input: a name and the arguments of a call. Output: the bound arguments, or a CatalogueError that says what is wrong.
This file knows nothing of spans: the caller adds file, line and column.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Any = _Required()

#: What a parameter accepts. "text" is a choice or a name; "pair" two reals; "list" a list of reals or ints.
KINDS = ("real", "int", "bool", "text", "pair", "list", "value")


class CatalogueError(Exception):
    """A call that an entry does not accept; `mend` proposes what to write instead."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


@dataclass(frozen=True)
class Parameter:
    """One argument of an entry; choices limits a text parameter, low and high bound a number."""

    name: str
    kind: str = "real"
    default: Any = REQUIRED
    doc: str = ""
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Entry:
    """A named thing a spec may call. `implementation` is "package.module:attribute"; `extra` the pip extra it needs."""

    name: str
    doc: str
    parameters: tuple[Parameter, ...] = ()
    implementation: str = ""
    extra: str | None = None
    aliases: tuple[str, ...] = field(default=())

    def load(self) -> Any:
        """Import and return the implementation; a missing optional package becomes one line naming the extra."""
        module, _, attribute = self.implementation.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if self.extra is None:
                raise
            raise CatalogueError(
                f"{self.name} needs the package {error.name}, which is not installed",
                f"pip install 'cldsl[{self.extra}]'",
            ) from error


E_ = TypeVar("E_", bound=Entry)


def nearest(name: str, names: Iterable[str]) -> str:
    """The proposal "did you mean ...?" for a misspelt name, or the known names when none is near."""
    import difflib  # only a mistake pays for it

    known = sorted(names)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    if not known:
        return ""
    return "known here: " + ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")


def find(entries: Sequence[E_], name: str, what: str) -> E_:
    """The entry of this name (or alias). Raises CatalogueError with the nearest name."""
    for entry in entries:
        if name == entry.name or name in entry.aliases:
            return entry
    raise CatalogueError(f"no {what} is called {name}", nearest(name, [entry.name for entry in entries]))


def bind(entry: Entry, args: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a call by parameter name, defaults filled in. Raises CatalogueError for what does not fit."""
    bound: dict[str, Any] = {}
    if len(args) > len(entry.parameters):
        raise CatalogueError(
            f"{entry.name} takes {len(entry.parameters)} argument(s), {len(args)} given", signature(entry)
        )
    for parameter, value in zip(entry.parameters, args, strict=False):
        bound[parameter.name] = value
    by_name = {parameter.name: parameter for parameter in entry.parameters}
    for name, value in named.items():
        if name not in by_name:
            raise CatalogueError(f"{entry.name} has no argument {name}", nearest(name, by_name))
        if name in bound:
            raise CatalogueError(f"{entry.name}: {name} is given twice", signature(entry))
        bound[name] = value
    for parameter in entry.parameters:
        if parameter.name in bound:
            _fits(entry, parameter, bound[parameter.name])
        elif parameter.default is REQUIRED:
            raise CatalogueError(f"{entry.name} needs the argument {parameter.name}", signature(entry))
        else:
            bound[parameter.name] = parameter.default
    return bound


def signature(entry: Entry) -> str:
    """The call as one would write it, `mlp(widths, norm = "none")`."""

    def shown(parameter: Parameter) -> str:
        if parameter.default is REQUIRED:
            return parameter.name
        return f"{parameter.name} = {written(parameter.default)}"

    return f"{entry.name}({', '.join(shown(p) for p in entry.parameters)})"


def written(value: Any) -> str:
    """A constant as the language writes it."""
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (tuple, list)):
        inner = ", ".join(written(item) for item in value)
        return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    return str(value)


def _fits(entry: Entry, parameter: Parameter, value: Any) -> None:
    """Judge one constant; None stands for a value that is only known at run time and is not judged."""
    if value is None:
        return
    where = f"{entry.name}: {parameter.name}"
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    accepted = {
        "real": number,
        "int": number and float(value).is_integer() if number else False,
        "bool": isinstance(value, bool),
        "text": isinstance(value, str),
        "pair": isinstance(value, (tuple, list)) and len(value) == 2,
        "list": isinstance(value, (tuple, list)) or number,
        "value": True,
    }[parameter.kind]
    if not accepted:
        raise CatalogueError(f"{where} must be {_KIND_WORDS[parameter.kind]}, not {written(value)}", signature(entry))
    if parameter.choices and value not in parameter.choices:
        choices = ", ".join(written(choice) for choice in parameter.choices)
        raise CatalogueError(
            f"{where} is one of {choices}, not {written(value)}", nearest(str(value), map(str, parameter.choices))
        )
    if number and parameter.low is not None and value < parameter.low:
        raise CatalogueError(f"{where} must be at least {parameter.low}, not {value}")
    if number and parameter.high is not None and value > parameter.high:
        raise CatalogueError(f"{where} must be at most {parameter.high}, not {value}")


_KIND_WORDS = {
    "real": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "text": "a text in quotes",
    "pair": "a pair of numbers",
    "list": "a list of numbers",
    "value": "a value",
}
