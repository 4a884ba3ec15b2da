"""A module applied a chunk of rows at a time, of which inputs and outputs are kept and nothing between.

Input: a module marked by `cached`, and rows. Output: what one call gives, with the same gradients: the backward pass
applies each chunk again. Its rows must not depend on each other, which the planner of the compiler has made sure of:
batch statistics would see a chunk, and dropout would draw other masks.

To torch.compile a call is one operator: the program's graph does not grow with the number of chunks.
"""

from __future__ import annotations

import itertools
import math
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from cldsl.modules.build import Family
from cldsl.runtime.one_chunk import Chunk, Graphs, mode

M = TypeVar("M", bound=nn.Module)

#: The attribute of a module that says it is applied in chunks.
MARK = "cached"


@dataclass(frozen=True)
class Cached:
    """rows: at most so many at a time. key: of the module among those that the operators know."""

    key: int
    rows: int
    graphs: Graphs = field(default_factory=dict, compare=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> None:
        """A copy of a module has weights of its own: it is not what `key` names, and is marked anew or not at all."""
        return None


#: The modules by key. An operator takes tensors and numbers, so a module is known to it by its key.
_known: weakref.WeakValueDictionary[int, nn.Module] = weakref.WeakValueDictionary()
_keys = itertools.count()


def cached(module: M, rows: int) -> M:
    """The module, from now on applied by `rt.apply` and its kin `rows` rows at a time; of a family, its members."""
    for member in module.members if isinstance(module, Family) else [module]:
        key = next(_keys)
        _known[key] = member
        member.__dict__[MARK] = Cached(key, rows)
    return module


def mark_of(module: nn.Module) -> Cached | None:
    """How the module is applied in chunks, None where it is applied whole."""
    return cast("Cached | None", getattr(module, MARK, None))


def in_chunks(
    module: nn.Module, mark: Cached, x: Tensor, consumed: int, evaluates: bool = False, frozen: bool = False
) -> Tensor:
    """[*rows, *consumed] -> [*rows, *produced]. evaluates: as in evaluation; frozen: present weights as constants."""
    split = x.dim() - consumed
    lead, own = x.shape[:split], x.shape[split:]
    weights = [] if frozen else [each for each in module.parameters() if each.requires_grad]
    traced = torch.compiler.is_compiling()
    produced = _produced(module, tuple(own), evaluates) if traced else ""
    y = _forward(x.reshape(math.prod(lead), *own), weights, mark.key, mark.rows, evaluates, traced, produced)
    return cast(Tensor, y.reshape(*lead, *y.shape[1:]))


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _produced(module: nn.Module, own: tuple[int, ...], evaluates: bool) -> str:
    """Sizes that the module makes of a row, as text; run once when a graph is made, on a row of zeros."""
    like = next(module.parameters(), torch.empty(0))
    with torch.no_grad(), mode(module, evaluates):
        made = module(torch.zeros((1, *own), dtype=like.dtype, device=like.device))
    return " ".join(map(str, made.shape[1:]))


def _chunk(key: int, weights: Sequence[Tensor], evaluates: bool, traced: bool) -> Chunk:
    module = _known[key]
    mark = mark_of(module)
    return Chunk(module, weights, evaluates, mark.graphs if traced and mark is not None else None)


# ---- the operators


@torch.library.custom_op(
    "cldsl::cached",
    mutates_args=(),
    schema="(Tensor x, Tensor[] weights, int key, int rows, bool evaluates, bool traced, str produced) -> Tensor",
)
def _forward(
    x: Tensor, weights: Sequence[Tensor], key: int, rows: int, evaluates: bool, traced: bool, produced: str
) -> Tensor:
    """[row, *consumed] -> [row, *produced]. traced: chunks run compiled; produced: for a graph, sizes of a row."""
    chunk = _chunk(key, weights, evaluates, traced)
    return torch.cat([chunk.values(part) for part in torch.split(x.contiguous(), rows)]).contiguous()


@_forward.register_fake
def _(
    x: Tensor, weights: Sequence[Tensor], key: int, rows: int, evaluates: bool, traced: bool, produced: str
) -> Tensor:
    return x.new_empty((x.shape[0], *map(int, produced.split())))


@torch.library.custom_op(
    "cldsl::cached_backward",
    mutates_args=(),
    schema="(Tensor given, Tensor x, Tensor[] weights, int key, int rows, bool evaluates, bool traced, bool inward)"
    " -> Tensor[]",
)
def _backward(
    given: Tensor,
    x: Tensor,
    weights: Sequence[Tensor],
    key: int,
    rows: int,
    evaluates: bool,
    traced: bool,
    inward: bool,
) -> list[Tensor]:
    """The gradients of the weights and, where `inward`, of x as the last; given: the cotangent."""
    chunk = _chunk(key, weights, evaluates, traced)
    totals = [torch.zeros_like(each) for each in weights]
    parts: list[Tensor] = []
    for part, cotangent in zip(*(torch.split(each.contiguous(), rows) for each in (x, given)), strict=True):
        found = chunk.pullback(part, cotangent, inward)
        parts += found[len(weights) :]
        for total, each in zip(totals, found, strict=False):
            total += each
    return [*totals, torch.cat(parts).contiguous()] if inward else totals


@_backward.register_fake
def _(
    given: Tensor,
    x: Tensor,
    weights: Sequence[Tensor],
    key: int,
    rows: int,
    evaluates: bool,
    traced: bool,
    inward: bool,
) -> list[Tensor]:
    return [*map(torch.empty_like, weights), *([x.new_empty(x.shape)] if inward else [])]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, weights, *ctx.facts, _ = inputs
    ctx.save_for_backward(x, *weights)


def _pull(ctx: Any, given: Tensor) -> tuple[Any, ...]:
    x, *weights = ctx.saved_tensors
    inward = ctx.needs_input_grad[0]
    found = _backward(given, x, weights, *ctx.facts, inward)
    return (found[-1] if inward else None, found[: len(weights)], *[None] * 5)


_forward.register_autograd(_pull, setup_context=_keep)
