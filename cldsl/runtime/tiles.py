"""A visit by kernels that hold a tile of pairs at a time, over all rows at once, where that measures faster than its strips.

Input: a visit's description with a body over all rows, whose passes over pairs are Triton kernels (codegen/tiles.py). Output:
the same results and gradients as the strips give. Triton is imported when kernels are called for, which happens on CUDA only;
which way is taken is measured at the first call with tensors of these kinds and remembered.
"""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from cldsl.runtime.traced import apart
from cldsl.runtime.visits import Runner

#: Rows and candidates of a tile, and the longest vectors that a kernel holds.
ROWS, COLUMNS, DEPTH = 64, 64, 256
#: A product of tiles has at least so many entries along each axis.
LEAST = 16
#: How often a way is timed.
TIMES = 3


class NoKernel(Exception):
    """The kernels do not take tensors of this kind; the strips do."""


def pairs(
    takes: Sequence[int],
    sides: Sequence[str | None],
    gives: Sequence[tuple[str, str, str]],
    turned: Sequence[int] = (),
) -> Callable[[Callable[[], Mapping[str, Any]]], Pairs]:
    """Make a function that makes kernels one pass over pairs.

    takes: which argument is each of: both sides of the product, then the vectors; sides: "row" or "column" of each vector,
    None for a number; gives: of each reduction its kind, its side and whether it is real, int or bool.
    turned: sides of the product (0, 1) that come as [k, row].
    """

    def decorate(kernels: Callable[[], Mapping[str, Any]]) -> Pairs:
        return Pairs(kernels, tuple(takes), tuple(sides), tuple(gives), tuple(turned))

    return decorate


def tiled() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks the body over all rows."""
    return lambda body: body


@dataclass(frozen=True, eq=False)
class Pairs:
    """One pass over pairs: called with whole tensors it gives its reductions, differentiable once."""

    make: Callable[[], Mapping[str, Any]]
    takes: tuple[int, ...]
    sides: tuple[str | None, ...]
    gives: tuple[tuple[str, str, str], ...]
    turned: tuple[int, ...]

    @cached_property
    def kernels(self) -> Mapping[str, Any]:
        return self.make()

    @property
    def moving(self) -> list[int]:
        return [i for i, (_, _, kind) in enumerate(self.gives) if kind == "real"]

    def __call__(self, *arguments: Tensor) -> Any:
        passed = (arguments[i].t() if place in self.turned else arguments[i] for place, i in enumerate(self.takes))
        made = _Pass.apply(self, *passed)  # type: ignore[no-untyped-call]
        return made[0] if len(made) == 1 else made

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """inputs: a [row, k], b [column, k], vectors. Reductions over the other side, [row] or [column] each."""
        a, b, *vectors = inputs
        real = _real(a, b)
        kinds = {"real": real, "int": torch.int64, "bool": torch.int32}
        made = [a.new_empty(len(a if side == "row" else b), dtype=kinds[kind]) for _, side, kind in self.gives]
        for side in ("row", "column"):
            own = [each for each, give in zip(made, self.gives, strict=True) if give[1] == side]
            if own:
                self._launch(f"forward_{side}s", a, b, [*_contiguous(vectors), *own])
        return tuple(x != 0 if give[2] == "bool" else x for x, give in zip(made, self.gives, strict=True))

    def backward(
        self, inputs: Sequence[Tensor], results: Sequence[Tensor], cotangents: Sequence[Tensor]
    ) -> list[Tensor | None]:
        """Gradients of `inputs` from those of the real reductions; results: these reductions."""
        a, b, *vectors = inputs
        real = _real(a, b)
        known = [x for pair in zip(cotangents, results, strict=True) for x in _contiguous(pair)]
        da, db = (torch.empty(x.shape, dtype=real, device=x.device) for x in (a, b))
        lengths = [len(b) if side == "column" else len(a) for side in self.sides]
        found = [torch.zeros(n, dtype=real, device=a.device) for n in lengths]
        shared = [*_contiguous(vectors), *known]
        self._launch("backward_rows", a, b, [*shared, da, *found])
        self._launch("backward_columns", a, b, [*shared, db, *found])
        own = [
            None if not x.is_floating_point() else (d if side is not None else d.sum()).to(x.dtype).reshape(x.shape)
            for x, d, side in zip(vectors, found, self.sides, strict=True)
        ]
        return [da.to(a.dtype), db.to(b.dtype), *own]

    def _launch(self, name: str, a: Tensor, b: Tensor, pointers: Sequence[Tensor]) -> None:
        depth = max(LEAST, 1 << (a.shape[1] - 1).bit_length())
        if depth > DEPTH:
            raise NoKernel(f"vectors of {a.shape[1]}")
        rows, columns = len(a), len(b)
        grid = (-(-rows // ROWS) if name.endswith("rows") else -(-columns // COLUMNS),)
        steps = (*a.stride(), *b.stride())
        real = self.kernels["float64" if _real(a, b) == torch.float64 else "float32"]
        self.kernels[name][grid](a, b, *pointers, rows, columns, a.shape[1], *steps, ROWS, COLUMNS, depth, real)


class _Pass(torch.autograd.Function):
    """The gradient of a pass: its tiles are computed anew."""

    @staticmethod
    def forward(own: Pairs, *inputs: Tensor) -> tuple[Tensor, ...]:
        return own.forward([x.detach() for x in inputs])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        ctx.own = inputs[0]
        ctx.count = len(inputs) - 1
        ctx.save_for_backward(*inputs[1:], *(output[i] for i in ctx.own.moving))
        ctx.mark_non_differentiable(*(x for x in output if not x.is_floating_point()))

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        saved = ctx.saved_tensors
        given = [cotangents[i] for i in ctx.own.moving]
        return None, *_Pull.apply(ctx.own, ctx.count, *saved, *given)  # type: ignore[no-untyped-call]


class _Pull(torch.autograd.Function):
    """The gradients of a pass as an operator of its own: kernels see the tensors themselves, not those that are traced."""

    @staticmethod
    def forward(own: Pairs, count: int, *tensors: Tensor) -> tuple[Tensor | None, ...]:
        inputs, rest = tensors[:count], tensors[count:]
        half = len(rest) // 2
        return tuple(own.backward([x.detach() for x in inputs], rest[:half], rest[half:]))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor | None, ...]) -> None:
        ctx.mark_non_differentiable(*(x for x in output if x is not None))

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        raise NotImplementedError("a visit is differentiated once")


def _real(a: Tensor, b: Tensor) -> torch.dtype:
    """Sums are at least float32."""
    return torch.float64 if torch.float64 in (a.dtype, b.dtype) else torch.float32


def _contiguous(tensors: Sequence[Tensor]) -> list[Tensor]:
    return [x.contiguous() for x in tensors]


# ---- which way


class Tiles:
    """The two ways of one visit. strips: its runner; body: the one over all rows."""

    def __init__(self, strips: Runner, body: Callable[..., Any]) -> None:
        self.strips = strips
        whole = replace(strips.own, body=body, height=strips.own.rows, valid=False, start=False, reads=(), pull=None)
        self.tiles = Runner(whole, {}, False)
        self._faster: dict[Any, bool] = {}

    def visit(self, given: Sequence[Tensor], needs: Sequence[bool]) -> list[Tensor]:
        def run(runner: Runner) -> list[Tensor]:
            if runner is self.strips:
                return runner.visit(given, needs)
            return _apart(lambda: runner.visit(given, needs), given)

        return run(self.tiles if self._taken("visit", given, needs, run) else self.strips)

    def pull(
        self, given: Sequence[Tensor], results: Sequence[Tensor], cotangents: Sequence[Tensor], needs: Sequence[bool]
    ) -> list[Tensor]:
        def run(runner: Runner) -> list[Tensor]:
            if runner is self.strips:
                return runner.pull(given, results, cotangents, needs)
            return _apart(lambda: runner.pull(given, (), cotangents, needs), given)

        return run(self.tiles if self._taken("pull", given, needs, run) else self.strips)

    def _taken(
        self, name: str, given: Sequence[Tensor], needs: Sequence[bool], run: Callable[[Runner], list[Tensor]]
    ) -> bool:
        """Whether the kernels are faster for tensors of these kinds; where there are none they are not."""
        if not usable(given):
            return False
        key = (name, tuple(needs), *((x.shape, x.stride(), x.dtype, x.device) for x in given))
        if key not in self._faster:
            self._faster[key] = self._measured(run)
        return self._faster[key]

    def _measured(self, run: Callable[[Runner], list[Tensor]]) -> bool:
        refused = importlib.import_module("triton.errors").TritonError
        try:
            tiles = _seconds(lambda: run(self.tiles))
        except (NoKernel, refused):  # too large a tile for this device: strips have no such limit
            return False
        return tiles < _seconds(lambda: run(self.strips))


def usable(given: Sequence[Tensor]) -> bool:
    """Whether kernels run where these tensors are."""
    return all(x.is_cuda for x in given) and importlib.util.find_spec("triton") is not None


def _apart(run: Callable[[], list[Tensor]], given: Sequence[Tensor]) -> list[Tensor]:
    """In a thread of its own, on the same stream."""
    stream = torch.cuda.current_stream(given[0].device) if given[0].is_cuda else None
    return apart(lambda: _on(stream, run))


def _on(stream: torch.cuda.Stream | None, run: Callable[[], list[Tensor]]) -> list[Tensor]:
    with torch.cuda.stream(stream):  # None: nothing is set
        return run()


def _seconds(run: Callable[[], object]) -> float:
    """The shortest of some runs after one that compiles."""
    run()
    found = []
    for _ in range(TIMES):
        torch.cuda.synchronize()
        before = time.perf_counter()
        run()
        torch.cuda.synchronize()
        found.append(time.perf_counter() - before)
    return min(found)
