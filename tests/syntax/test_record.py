"""The cheap dataclass of the tree and the graph behaves as the standard one."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, field, fields, replace

import pytest

from cldsl.syntax.record import record


@record(frozen=True, order=True)
class Point:
    x: int
    y: int = 0
    note: str = field(default="", compare=False)


@record()
class Bag:
    items: list[int] = field(default_factory=list)


def test_construction_by_place_and_by_name() -> None:
    assert (Point(1).x, Point(1).y, Point(1, y=2).y) == (1, 0, 2)
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point(1, z=3)  # type: ignore[call-arg]


def test_equality_order_and_hash_leave_out_what_is_not_compared() -> None:
    assert Point(1, 2, "a") == Point(1, 2, "b")
    assert hash(Point(1, 2, "a")) == hash(Point(1, 2, "b"))
    assert Point(1, 2) < Point(2, 0)
    assert Point(1, 2) != (1, 2)


def test_frozen_and_replace() -> None:
    with pytest.raises(FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]
    assert replace(Point(1, 2), y=5) == Point(1, 5)
    assert [each.name for each in fields(Point)] == ["x", "y", "note"]


def test_each_instance_has_its_own_default() -> None:
    first, second = Bag(), Bag()
    first.items.append(1)
    assert second.items == []


def test_repr_names_the_fields() -> None:
    assert repr(Point(1, 2)) == "Point(x=1, y=2, note='')"
