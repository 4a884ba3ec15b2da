"""Chance as a function: every random value follows from (seed, name, step, index) and nothing else.

Input: what is drawn, its shape, and a generator made for one name and one step. Output: tensors. Nothing is stored
between steps, so a resumed or replayed step draws what it drew before, in whichever order its draws are evaluated.

Reals are drawn in float64 on the generator's device and then rounded, so that a float32 and a float64 program see the
same chance. A beta variate is X / (X + Y) of two gamma variates: `torch.distributions` takes no generator, the gamma
sampler beneath it (Marsaglia and Tsang, ACM TOMS 26, 2000) does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Shape = Sequence[int]


def stable_seed(*parts: int | str) -> int:
    """63 bits that depend on the parts alone: the same in every process, version and platform."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def generator(
    seed: int, name: str, step: int, device: torch.device | str = "cpu", index: Sequence[int] = ()
) -> torch.Generator:
    """The generator of one draw at one step; `index` tells apart the draws of one name within the step."""
    return torch.Generator(device).manual_seed(stable_seed(seed, name, step, *index))


def uniform(source: torch.Generator, shape: Shape, lo: float = 0.0, hi: float = 1.0) -> Tensor:
    """float64 in [lo, hi)."""
    return torch.rand(*shape, generator=source, dtype=torch.float64, device=source.device) * (hi - lo) + lo


def normal(source: torch.Generator, shape: Shape, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """float64, Gaussian."""
    return torch.randn(*shape, generator=source, dtype=torch.float64, device=source.device) * std + mean


def integer(source: torch.Generator, shape: Shape, lo: int, hi: int) -> Tensor:
    """int64 from lo to hi, both included."""
    return torch.randint(int(lo), int(hi) + 1, tuple(shape), generator=source, device=source.device)


def beta(source: torch.Generator, shape: Shape, a: float, b: float) -> Tensor:
    """float64 in [0, 1]; a and b are positive."""
    device = source.device
    first = torch._standard_gamma(torch.full(tuple(shape), float(a), dtype=torch.float64, device=device), source)
    second = torch._standard_gamma(torch.full(tuple(shape), float(b), dtype=torch.float64, device=device), source)
    return first / (first + second)


def bernoulli(source: torch.Generator, shape: Shape, p: float = 0.5) -> Tensor:
    """bool, true with probability p."""
    return uniform(source, shape) < p


def choice(source: torch.Generator, shape: Shape, values: Sequence[float]) -> Tensor:
    """float64, each of the values equally likely, independently at each coordinate."""
    options = torch.tensor([float(value) for value in values], dtype=torch.float64, device=source.device)
    return options[integer(source, shape, 0, len(values) - 1)]


def permutation(source: torch.Generator, shape: Shape) -> Tensor:
    """int64: an order of 0..n-1 along the last axis, n its size, independent for each coordinate before it."""
    return torch.argsort(uniform(source, shape), dim=-1, stable=True)


DISTRIBUTIONS: dict[str, Callable[..., Tensor]] = {
    "uniform": uniform,
    "normal": normal,
    "integer": integer,
    "beta": beta,
    "bernoulli": bernoulli,
    "choice": choice,
    "permutation": permutation,
}


def draw(
    distribution: str,
    args: Sequence[float],
    shape: Shape,
    source: torch.Generator,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """A draw of this shape on `device`; reals take `dtype`, whole numbers stay int64 and truths bool."""
    drawn = DISTRIBUTIONS[distribution](source, shape, *args)
    return drawn.to(device=device, dtype=dtype if drawn.is_floating_point() else drawn.dtype)
