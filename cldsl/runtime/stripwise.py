"""A body over one strip of rows, made a function over all of them: values put together, gradients taken strip by strip.

Input: a body (a plain function of tensors) and a description of its arguments and results. Output: a callable over whole
tensors, differentiable once. Nothing of size rows x candidates exists. Where all that is differentiated are sums,
values and gradients come in one visit (torch.func.vjp of the body) and the backward pass only scales them; otherwise the
backward pass visits again with the cotangents. Sums and gradients of half-precision inputs are gathered in float32.
Under torch.compile the whole is one operator of the surrounding graph, and a strip is compiled once, ragged or not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cldsl.runtime.cuts import Along, Gathered, Gives, Takes, result_dtype
from cldsl.runtime.tiles import Tiles
from cldsl.runtime.visits import Runner

Body = Callable[..., Any]


_REGISTRY: dict[str, tuple[Strips, Mapping[str, nn.Module]]] = {}
_NUMBERS = itertools.count()


def strips(
    rows: int,
    height: int,
    takes: Takes,
    gives: Gives,
    once: bool = False,
    valid: bool = False,
    reads: Sequence[int] = (),
    pull: Body | None = None,
    start: bool = False,
    tile: Body | None = None,
) -> Callable[[Body], Strips]:
    """Make a body a function over all rows. rows, height: base rows of all and of a strip.

    valid: the body's first argument says which rows count, [height]; the last strip overlaps the one before. start: its
    next argument is the number of the first base row.
    tile: the body over all rows whose passes over pairs are kernels, taken on a GPU where it measures faster.
    pull: the body of the visit that takes gradients, whose last arguments are the results `reads`.
    """

    def decorate(body: Body) -> Strips:
        return Strips(body, rows, height, takes, gives, once, valid, tuple(reads), pull, start, tile)

    return decorate


@dataclass(frozen=True, eq=False)
class Strips:
    """A decorated body. Called with whole tensors by position and modules by name; gives a tensor, or a tuple."""

    body: Body
    rows: int
    height: int
    takes: Takes
    gives: Gives
    once: bool
    valid: bool
    reads: tuple[int, ...]
    pull: Body | None
    start: bool
    tile: Body | None

    def __call__(self, *arguments: Tensor, **modules: nn.Module) -> Any:
        key = _key(self, **modules)
        weights = [weight for module in modules.values() for weight in _weights(module).values()]
        inputs = [*arguments, *weights]
        tracked = torch.is_grad_enabled()
        needs = [tracked and each.requires_grad for each in inputs]
        outputs = _visit(key, inputs, needs, torch.compiler.is_compiling())[: len(self.gives)]
        made = [each if give.grad else each.detach() for each, give in zip(outputs, self.gives, strict=True)]
        return made[0] if len(made) == 1 else tuple(made)


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]  # torch types it as Any
def _key(body: Strips, **modules: nn.Module) -> str:
    """The name under which the operator finds a body and its modules."""
    known: dict[tuple[int, ...], str] = body.__dict__.setdefault("_keys", {})
    own = tuple(id(module) for module in modules.values())
    if own not in known:
        known[own] = f"{getattr(body.body, '__name__', 'body')}_{next(_NUMBERS)}"
        _REGISTRY[known[own]] = (body, dict(modules))
    return known[own]


def _weights(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.named_parameters())


# ---- the operators: opaque to a surrounding graph


@torch.library.custom_op("cldsl::visit", mutates_args=())
def _visit(key: str, inputs: list[Tensor], needs: list[bool], compiled: bool) -> list[Tensor]:
    """Results, and where gradients come in the same visit those of the inputs that need them."""
    body, modules = _REGISTRY[key]
    return _runner(key, body, modules, compiled).visit(inputs, needs)


@_visit.register_fake
def _(key: str, inputs: list[Tensor], needs: list[bool], compiled: bool) -> list[Tensor]:
    body, _ = _REGISTRY[key]
    like = next((each for each in inputs if each.is_floating_point()), inputs[0])
    made = [like.new_empty(give.shape, dtype=result_dtype(give.dtype, inputs)) for give in body.gives]
    if body.once and any(needs):
        sums = sum(give.grad for give in body.gives)
        made += [_gradient_like(each) for _ in range(sums) for each, need in zip(inputs, needs, strict=True) if need]
    return made


@torch.library.custom_op("cldsl::pull", mutates_args=())
def _pull(
    key: str, inputs: list[Tensor], results: list[Tensor], cotangents: list[Tensor], needs: list[bool], compiled: bool
) -> list[Tensor]:
    """Gradients of the inputs that need them, from the cotangents of the results that have a gradient."""
    body, modules = _REGISTRY[key]
    return _runner(key, body, modules, compiled).pull(inputs, results, cotangents, needs)


@_pull.register_fake
def _(
    key: str, inputs: list[Tensor], results: list[Tensor], cotangents: list[Tensor], needs: list[bool], compiled: bool
) -> list[Tensor]:
    return [_gradient_like(each) for each, need in zip(inputs, needs, strict=True) if need]


def _setup(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    key, tensors, needs, compiled = inputs
    body, _ = _REGISTRY[key]
    ctx.key, ctx.needs, ctx.compiled, ctx.count = key, list(needs), compiled, len(tensors)
    if body.once:
        ctx.save_for_backward(*output[len(body.gives) :])
    else:
        ctx.save_for_backward(*tensors, *(output[i] for i in body.reads))


def _backward(ctx: Any, cotangents: Sequence[Tensor | None]) -> tuple[Any, ...]:
    body, _ = _REGISTRY[ctx.key]
    if body.once:
        scales = [each for each, give in zip(cotangents, body.gives, strict=False) if give.grad]
        made = _scaled(scales, ctx.saved_tensors)
    else:
        saved = list(ctx.saved_tensors)
        inputs, results = saved[: ctx.count], saved[ctx.count :]
        given = [_full(each, give, inputs) for each, give in zip(cotangents, body.gives, strict=False) if give.grad]
        made = list(_pull(ctx.key, inputs, results, given, ctx.needs, ctx.compiled))
    left = iter(made)
    return None, [next(left) if need else None for need in ctx.needs], None, None


_visit.register_autograd(_backward, setup_context=_setup)


def _scaled(scales: Sequence[Tensor | None], gradients: Sequence[Tensor]) -> list[Tensor | None]:
    """The gradients of each sum, one sum after the other, weighted and added."""
    count = len(gradients) // len(scales)
    made: list[Tensor | None] = [None] * count
    for number, scale in enumerate(scales):
        if scale is not None:
            own = [each * scale.to(each.dtype) for each in gradients[number * count : (number + 1) * count]]
            made = [x if total is None else total + x for total, x in zip(made, own, strict=True)]
    return made


def _full(cotangent: Tensor | None, give: Along | Gathered, inputs: Sequence[Tensor]) -> Tensor:
    if cotangent is not None:
        return cotangent.contiguous()
    return inputs[0].new_zeros(give.shape, dtype=result_dtype("real", inputs))


def _gradient_like(x: Tensor) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)


_RUNNERS: dict[tuple[str, bool], Runner | Tiles] = {}


def _runner(key: str, body: Strips, modules: Mapping[str, nn.Module], compiled: bool) -> Runner | Tiles:
    if (key, compiled) not in _RUNNERS:
        runner = Runner(body, modules, compiled)
        _RUNNERS[key, compiled] = runner if body.tile is None else Tiles(runner, body.tile)
    return _RUNNERS[key, compiled]
