"""From a call of the catalogue to an nn.Module, and the application of a module to named axes.

Input: name, arguments and consumed sizes. Output: a module whose forward maps [row, *consumed] to [row, *produced].
First weights follow torch's global generator, so a seed set before `build` fixes them. Trains and moves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import torch
from torch import Tensor, nn

from cldsl.catalogue import CatalogueError
from cldsl.modules.catalog import bind_module, module_entry

_permitted: ContextVar[bool] = ContextVar("_permitted", default=False)


@contextmanager
def permitting(allowed: bool) -> Iterator[None]:
    """Within it, models of the user's own Python are built if `allowed`: what `--allow-python` grants to one run."""
    token = _permitted.set(allowed)
    try:
        yield
    finally:
        _permitted.reset(token)


def build(
    name: str,
    args: Sequence[Any],
    named: Mapping[str, Any],
    consumes: tuple[int, ...],
    produces: int,
    allow_python: bool = False,
) -> nn.Module:
    """The module of a call, from [row, *consumes] to [row, ...] with `produces` further axes.

    Raises CatalogueError: unknown name or argument, impossible sizes, another number of produced axes, a missing
    optional package, a class of the user's without permission.
    """
    if any(size is None for size in consumes):
        raise CatalogueError(
            f"{name}: the size of an axis it consumes is not known",
            "ragged columns are not executed by this version; else give a source that states its sizes",
        )
    entry = module_entry(name)
    bound = bind_module(entry, args, named)
    axes = len(entry.shape(bound, consumes))
    if axes != produces:
        raise CatalogueError(
            f"{name} produces {axes} axes, the signature names {produces}", f"name {axes} axes after the arrow"
        )
    if entry.runs_user_code and not (allow_python or _permitted.get()):
        raise CatalogueError(f"{name} runs code that is not part of the spec", "allow it with --allow-python")
    return cast(nn.Module, entry.load()(consumes, **bound))


def apply(module: Callable[..., Tensor], x: Tensor, consumed: int, present: Tensor | None = None) -> Tensor:
    """One call of the module over all leading axes: [*rows, *consumed] -> [*rows, *produced].

    All leading axes are flattened into one axis of rows, so batch statistics run over all of them. present [*rows,
    first consumed], or what broadcasts to it: which entries are there, for a module that asks.
    """
    split = x.dim() - consumed
    lead, own = x.shape[:split], x.shape[split:]
    told = [] if present is None else [along_rows(x, consumed, present).reshape(math.prod(lead), own[0])]
    y = module(x.reshape(math.prod(lead), *own), *told)
    return y.reshape(*lead, *y.shape[1:])


def along_rows(x: Tensor, consumed: int, present: Tensor) -> Tensor:
    """The presence of the entries of x along its first consumed axis, [*rows, first consumed]."""
    return present.expand(x.shape[: x.dim() - consumed + 1])


class Family(nn.Module):
    """Modules of one kind, one per point of an axis, each with its own weights."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def __len__(self) -> int:
        return len(self.members)

    def member(self, index: int) -> nn.Module:
        """The module at this point of the family's axis."""
        return self.members[index]

    def forward(self, x: Tensor, consumed: int) -> Tensor:
        """Member i on slice i of the first axis: [member, *rows, *consumed] -> [member, *rows, *produced]."""
        return torch.stack(
            [apply(module, part, consumed) for module, part in zip(self.members, x.unbind(0), strict=True)]
        )


def family(factories: Sequence[Callable[[], nn.Module]]) -> Family:
    """The family that these factories build, in order (so that one seed fixes all members)."""
    return Family([factory() for factory in factories])
