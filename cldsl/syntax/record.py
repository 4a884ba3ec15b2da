"""`record` is `dataclass`, made cheaply: `cldsl check` declares a hundred of them and starts in a moment.

A dataclass compiles up to eight methods when it is declared. A record shares them all but `__init__`, which it compiles
when its first instance is made. For the rest it is a dataclass: `fields` and `replace` work, equality is by the fields
that compare and within one class, a frozen one raises FrozenInstanceError. It has no slots and no `__post_init__`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, fields
from operator import attrgetter, ge, gt, le, lt
from typing import TYPE_CHECKING, Any

__all__ = ["record"]


def _record(frozen: bool = False, eq: bool = True, order: bool = False) -> Callable[[type], type]:
    def decorate(kind: type) -> type:
        if kind.__doc__ is None:
            kind.__doc__ = ""  # or dataclass writes the signature, which takes longer than all the rest
        made: type = dataclass(init=False, repr=False, eq=False)(kind)
        methods: dict[str, Any] = {"__init__": _first_init(made), "__repr__": _repr}
        if frozen:
            methods |= {"__setattr__": _no_set, "__delattr__": _no_delete}
        if eq:
            methods |= {"__eq__": _equality(made), "__hash__": _hash(made) if frozen else None}
        if order:
            methods |= {f"__{each.__name__}__": _ordering(made, each) for each in (lt, le, gt, ge)}
        for name, method in methods.items():
            if name == "__hash__" or name not in kind.__dict__:
                setattr(made, name, method)
        return made

    return decorate


if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    record = _record


def _first_init(kind: type) -> Callable[..., None]:
    """An `__init__` that puts the real one in its place."""

    def __init__(self: Any, *values: Any, **named: Any) -> None:
        made = _init(kind)
        kind.__init__ = made  # type: ignore[misc]
        made(self, *values, **named)

    return __init__


def _init(kind: type) -> Callable[..., None]:
    given, body = ["self"], ["values = self.__dict__"]
    by_name: list[str] = []
    known: dict[str, Any] = {"MISSING": MISSING}
    for each in fields(kind):
        name, value = each.name, each.name
        parameter = name
        if each.default is not MISSING:
            known[f"default_{name}"] = each.default
            parameter = f"{name}=default_{name}"
        elif each.default_factory is not MISSING:
            known[f"make_{name}"] = each.default_factory
            parameter, value = f"{name}=MISSING", f"make_{name}() if {name} is MISSING else {name}"
        (by_name if each.kw_only else given).append(parameter)
        body.append(f"values[{name!r}] = {value}")
    parameters = ", ".join([*given, *(["*", *by_name] if by_name else [])])
    exec(f"def __init__({parameters}):\n " + "\n ".join(body), known)  # the names of a class's fields, no other text
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{kind.__qualname__}.__init__"
    return made


def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _no_set(self: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_delete(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _compared(kind: type) -> Callable[[Any], Any]:
    names = [each.name for each in fields(kind) if each.compare]
    return attrgetter(*names) if names else lambda instance: ()


def _equality(kind: type) -> Callable[[Any, object], bool]:
    compared = _compared(kind)

    def __eq__(self: Any, other: object) -> bool:
        return bool(compared(self) == compared(other)) if type(self) is type(other) else NotImplemented

    return __eq__


def _ordering(kind: type, operator: Callable[[Any, Any], Any]) -> Callable[[Any, object], bool]:
    compared = _compared(kind)

    def ordered(self: Any, other: object) -> bool:
        return bool(operator(compared(self), compared(other))) if type(self) is type(other) else NotImplemented

    return ordered


def _hash(kind: type) -> Callable[[Any], int]:
    compared = _compared(kind)

    def __hash__(self: Any) -> int:
        return hash(compared(self))

    return __hash__
