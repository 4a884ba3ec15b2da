"""What the kernels use of Triton, over torch tensors: one program after the other, on the CPU."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

_PLACE: list[tuple[int, ...]] = []


class Pointer:
    """A tensor's memory from its start, and places in it."""

    def __init__(self, tensor: Tensor, at: Any = 0) -> None:
        self.tensor, self.at = tensor, at

    def __add__(self, more: Any) -> Pointer:
        return Pointer(self.tensor, self.at + more)

    @property
    def memory(self) -> Tensor:
        return self.tensor.as_strided((self.tensor.untyped_storage().nbytes() // self.tensor.itemsize,), (1,), 0)

    def places(self, mask: Any) -> Any:
        at = torch.as_tensor(self.at) + self.tensor.storage_offset()
        return at if mask is None else at * mask


class _Kernel:
    def __init__(self, function: Callable[..., None]) -> None:
        self.function = function

    def __getitem__(self, grid: tuple[int, ...]) -> Callable[..., None]:
        def run(*given: Any) -> None:
            passed = [Pointer(each) if isinstance(each, Tensor) else each for each in given]
            for place in itertools.product(*map(range, grid)):
                _PLACE.append(place)
                self.function(*passed)
                _PLACE.pop()

        return run


def _load(pointer: Pointer, mask: Any = None, other: Any = 0) -> Tensor:
    found = pointer.memory[pointer.places(mask)]
    return found if mask is None else torch.where(mask, found, torch.tensor(other, dtype=found.dtype))


def _store(pointer: Pointer, value: Tensor, mask: Tensor) -> None:
    places = pointer.places(mask)
    mask, value = mask.expand(places.shape), value.expand(places.shape)
    pointer.memory[places[mask]] = value[mask].to(pointer.tensor.dtype)


def _dot(a: Tensor, b: Tensor, input_precision: str, out_dtype: torch.dtype) -> Tensor:
    assert a.dtype == b.dtype and input_precision == "ieee"
    assert min(*a.shape, *b.shape) >= 16, "a product of tiles has at least 16 entries along each axis"
    return a.to(out_dtype) @ b.to(out_dtype)


def _real(x: Any) -> Tensor:
    return torch.as_tensor(x, dtype=None if isinstance(x, Tensor) else torch.float32)


def _language() -> ModuleType:
    made = ModuleType("triton.language")
    vars(made).update(
        constexpr=int,
        float32=torch.float32,
        float64=torch.float64,
        int1=torch.bool,
        int32=torch.int32,
        int64=torch.int64,
        program_id=lambda axis: _PLACE[-1][axis],
        arange=torch.arange,
        load=_load,
        store=_store,
        dot=_dot,
        trans=lambda x: x.t(),
        where=torch.where,
        exp=torch.exp,
        log=torch.log,
        sqrt=torch.sqrt,
        abs=torch.abs,
        maximum=lambda a, b: torch.maximum(_real(a), torch.as_tensor(b, dtype=_real(a).dtype)),
        minimum=lambda a, b: torch.minimum(_real(a), torch.as_tensor(b, dtype=_real(a).dtype)),
        max=lambda x, axis: x.amax(axis),
        sum=lambda x, axis: x.sum(axis, dtype=x.dtype),
        zeros=lambda shape, dtype: torch.zeros(shape, dtype=dtype),
        full=lambda shape, value, dtype: torch.full(shape, value, dtype=dtype),
    )
    return made


def modules() -> dict[str, ModuleType]:
    """By name, for `sys.modules`."""
    triton, language = ModuleType("triton"), _language()
    vars(triton).update(jit=_Kernel, language=language)
    return {"triton": triton, "triton.language": language}


@contextmanager
def standing() -> Iterator[None]:
    """While kernels are made; what else asks for Triton does not see it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, module in modules().items():
            patch.setitem(sys.modules, name, module)
        yield
