"""Where axes stand: expressions that bring a tensor's axes into an order, and positions of axes in it.

Input: an expression and the names of its axes in order. Output: the expression over other axes in another order.
Nothing is emitted where the order already fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cldsl.codegen.statements import Expression, Literal, Range, Subscript, call, method

Axes = tuple[str, ...]


def permuted(e: Expression, own: Axes, wanted: Axes) -> Expression:
    """e over the same axes in the wanted order."""
    if own == wanted:
        return e
    if len(own) == 2:
        return method(e, "t")
    return method(e, "permute", *(Literal(own.index(axis)) for axis in wanted))


def aligned(e: Expression, own: Axes, wanted: Axes, full: bool = False) -> Expression:
    """e so that it broadcasts against the wanted axes; full: all of them are there, of size 1 where e lacks one."""
    order = tuple(axis for axis in wanted if axis in own)
    e = permuted(e, own, order)
    if not order and not full:
        return e
    first = 0 if full else wanted.index(order[0])
    items: list[Expression | Range] = [Range() if axis in own else Literal(None) for axis in wanted[first:]]
    while items and isinstance(items[-1], Range):
        items.pop()
    return Subscript(e, tuple(items)) if items else e


def picked(e: Expression, position: int, item: Expression | Range) -> Expression:
    """e[:, :, item] with the item at a position."""
    return Subscript(e, (*([Range()] * position), item))


def position(axes: Axes, axis: str) -> int:
    """The place of an axis; the last one is -1, as one writes it."""
    place = axes.index(axis)
    return -1 if place == len(axes) - 1 else place


def positions(axes: Axes, names: Iterable[str]) -> Expression:
    """The places of axes as a constant: a number for one, a tuple for several."""
    places = sorted(axes.index(axis) for axis in names)
    if len(places) == 1:
        return Literal(-1 if places[0] == len(axes) - 1 else places[0])
    return Literal(tuple(places))


def einsum(parts: Sequence[tuple[Expression, Axes]], result: Axes) -> Expression:
    """torch.einsum with one letter per axis, the axis' first where it is free."""
    letters: dict[str, str] = {}
    for axis in dict.fromkeys(axis for _, axes in parts for axis in axes):
        free = [
            c
            for c in (*axis.lower(), *"abcdefghijklmnopqrstuvwxyz")
            if c.isascii() and c.isalpha() and c not in letters.values()
        ]
        letters[axis] = free[0]
    words = [" ".join(letters[axis] for axis in axes) for axes in (*(axes for _, axes in parts), result)]
    formula = f"{', '.join(words[:-1])} -> {words[-1]}"
    return call("torch.einsum", Literal(formula), *(e for e, _ in parts))
