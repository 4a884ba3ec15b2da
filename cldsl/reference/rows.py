"""Rows: what a row variable is bound to (docs/language.md, section 4).

A set of rows has ONE flat axis, named uniquely, along which its rows stand. Every row has a vector, coordinates,
perhaps attached attributes, and an identity: the tensor it comes from and its place in it. What a row knows is read
from the leaves of the set (tensors) through unions, filters, choices and new names.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch

from cldsl.reference.errors import EvaluationError
from cldsl.reference.selection import at, cat
from cldsl.reference.values import Axes, Mask, Value, absent, along, narrowed, truth

Getter = Callable[["Leaf"], "Value | None"]


class Rows:
    """`axis` is None for a single row. `home` is the relation whose anchors these rows are, if any."""

    axis: str | None
    home: object

    def read(self, getter: Getter) -> Value | None:
        """What `getter` finds at each leaf, at these rows; None where no leaf has it. Absent where there is no row."""
        raise NotImplementedError

    def leaves(self) -> Iterator[Leaf]:
        """The tensors the rows come from."""
        raise NotImplementedError

    @cached_property
    def vector(self) -> Value:
        """The rows' own values, over the row axis, the axes left free and `dim`."""
        found = self.read(lambda leaf: leaf.value)
        assert found is not None
        return found

    @cached_property
    def here(self) -> Value:
        """1 at each row, absent where there is none."""
        found = self.read(lambda leaf: leaf.ones())
        assert found is not None
        return found

    def attribute(self, name: str, tensor: Value | None) -> Value | None:
        """`a.name`: attached, else a coordinate, else the value of the tensor of that name at the rows."""
        return self.read(lambda leaf: leaf.attribute(name, tensor))


@dataclass(frozen=True)
class Leaf(Rows):
    """Rows of one tensor: its ranged axes `grid` flattened into `axis`, in order, the first slowest."""

    axis: str
    value: Value
    grid: tuple[tuple[str, int], ...]
    coordinates: Mapping[str, Value]
    origin: Hashable
    attributes: Mapping[str, Value] = field(default_factory=dict)
    home: object = None

    def read(self, getter: Getter) -> Value | None:
        found = getter(self)
        return None if found is None else found.masked(self._present())

    def leaves(self) -> Iterator[Leaf]:
        yield self

    def _present(self) -> Mask | None:
        """A row is there where any of its entries along `dim` is."""
        mask = self.value.present
        kept = () if mask is None else tuple(axis for axis in mask.axes if axis != "dim")
        return along(narrowed(mask, kept), self.axis, self.size())

    def size(self) -> int:
        """The number of places along the row axis."""
        number = 1
        for _, size in self.grid:
            number *= size
        return number

    def ones(self) -> Value:
        return Value(torch.ones(self.size(), dtype=torch.int64), (self.axis,))

    def place(self) -> Value:
        """The flat index of each row in its tensor, whatever the order in which its axes were named."""
        index = torch.zeros(self.size(), dtype=torch.int64)
        for name, size in sorted(self.grid):
            index = index * size + self.index(name)
        return Value(index, (self.axis,))

    def index(self, name: str) -> torch.Tensor:
        """The index along one of the ranged axes, for each row."""
        inner = 1
        for axis, size in reversed(self.grid):
            if axis == name:
                return torch.arange(self.size()) // inner % size
            inner *= size
        raise EvaluationError(f"the rows have no axis {name}")

    def attribute(self, name: str, tensor: Value | None) -> Value | None:
        if name in self.attributes:
            return self.attributes[name]
        if name in self.coordinates:
            return self.coordinates[name]
        if tensor is None:
            return None
        known = {axis: self.coordinates[axis] for axis in tensor.all_axes if axis in self.coordinates}
        if known:
            return at(tensor, known)
        carried = self.axis in tensor.all_axes or any("@" in axis for axis in tensor.all_axes)
        return tensor if carried or not tensor.all_axes else None


@dataclass(frozen=True)
class Union(Rows):
    """The rows of several sets, one after another along one axis."""

    parts: tuple[Rows, ...]
    axis: str
    home: object = None

    def read(self, getter: Getter) -> Value | None:
        return self._joined([part.read(getter) for part in self.parts])

    def leaves(self) -> Iterator[Leaf]:
        for part in self.parts:
            yield from part.leaves()

    def attribute(self, name: str, tensor: Value | None) -> Value | None:
        return self._joined([part.attribute(name, tensor) for part in self.parts])

    def _joined(self, found: Sequence[Value | None]) -> Value | None:
        if all(each is None for each in found):
            return None
        pieces = []
        for part, each in zip(self.parts, found, strict=True):
            own = str(part.axis)
            size = part.here.size(own)
            assert size is not None
            piece = absent() if each is None else each
            pieces.append(piece.over([own], {own: size}).renamed({own: self.axis}))
        return cat(pieces, self.axis)


@dataclass(frozen=True)
class Renamed(Rows):
    """The same rows along axes of other names: what binding a variable does."""

    base: Rows
    names: Mapping[str, str]
    axis: str | None
    home: object = None

    def read(self, getter: Getter) -> Value | None:
        found = self.base.read(getter)
        return None if found is None else found.renamed(self.names)

    def leaves(self) -> Iterator[Leaf]:
        return self.base.leaves()

    def attribute(self, name: str, tensor: Value | None) -> Value | None:
        back = {new: old for old, new in self.names.items()}
        found = self.base.attribute(name, None if tensor is None else tensor.renamed(back))
        return None if found is None else found.renamed(self.names)


@dataclass(frozen=True)
class Filtered(Rows):
    """The rows where `mask` is true, perhaps with attributes attached by their line (its weight)."""

    base: Rows
    mask: Mask | None
    attached: Mapping[str, Value] = field(default_factory=dict)

    @property
    def axis(self) -> str | None:  # type: ignore[override]
        return self.base.axis

    @property
    def home(self) -> object:  # type: ignore[override]
        return self.base.home

    def read(self, getter: Getter) -> Value | None:
        found = self.base.read(getter)
        return None if found is None else found.masked(self.mask)

    def leaves(self) -> Iterator[Leaf]:
        return self.base.leaves()

    def attribute(self, name: str, tensor: Value | None) -> Value | None:
        if name in self.attached:
            return self.attached[name].masked(truth(self.here)).masked(self.mask)
        found = self.base.attribute(name, tensor)
        return None if found is None else found.masked(self.mask)


@dataclass(frozen=True)
class Picked(Rows):
    """Rows chosen from a list by position: `top`, `hard[rank = i]`, `hard[rank = 1 : 5]`. `index` may have any axes."""

    base: Rows
    index: Value
    axis: str | None
    ranked: bool = False

    @property
    def home(self) -> object:  # type: ignore[override]
        return self.base.home

    def read(self, getter: Getter) -> Value | None:
        return self._at(self.base.read(getter))

    def _at(self, found: Value | None) -> Value | None:
        if found is None:
            return None
        if found.size(str(self.base.axis)) is None:
            return found.masked(self.index.present)
        return at(found, {str(self.base.axis): self.index})

    def leaves(self) -> Iterator[Leaf]:
        return self.base.leaves()

    def attribute(self, name: str, tensor: Value | None) -> Value | None:
        if name == "rank" and self.ranked and self.axis is not None:
            size = self.index.size(self.axis)
            assert size is not None
            return Value(torch.arange(size), (self.axis,)).masked(truth(self.here))
        return self._at(self.base.attribute(name, tensor))


def free_axes(rows: Rows) -> Axes:
    """The axes that the rows' values carry besides the row axis and `dim`."""
    return tuple(axis for axis in rows.vector.all_axes if axis not in (rows.axis, "dim"))
