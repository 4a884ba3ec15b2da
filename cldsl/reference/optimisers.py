"""One step of each optimiser on one tensor, as its formula reads.

sgd, adam (arXiv:1412.6980), adamw (arXiv:1711.05101), lars (arXiv:1708.03888), larc. Input: options, the tensor, its
gradient, its memory (moved in place). Output: the tensor after the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Options = Mapping[str, "float | bool | tuple[float, ...]"]
Memory = dict[str, Tensor]


def _number(options: Options, name: str, default: float) -> float:
    found = options.get(name, default)
    assert isinstance(found, (int, float))
    return float(found)


def _momentum(p: Tensor, g: Tensor, options: Options, memory: Memory, default: float) -> Tensor:
    momentum = _number(options, "momentum", default)
    if momentum:
        memory["velocity"] = momentum * memory["velocity"] + g if "velocity" in memory else g
        g = g + momentum * memory["velocity"] if options.get("nesterov") else memory["velocity"]
    return p - _number(options, "lr", 0) * g


def sgd(p: Tensor, g: Tensor, options: Options, memory: Memory) -> Tensor:
    """v <- momentum v + (g + decay p); p <- p - lr v."""
    return _momentum(p, g + _number(options, "decay", 0) * p, options, memory, 0)


def _moments(p: Tensor, g: Tensor, options: Options, memory: Memory) -> Tensor:
    betas = options.get("betas", (0.9, 0.999))
    assert isinstance(betas, tuple)
    step = memory.get("step", torch.tensor(0.0)) + 1
    mean = betas[0] * memory.get("mean", torch.zeros_like(p)) + (1 - betas[0]) * g
    square = betas[1] * memory.get("square", torch.zeros_like(p)) + (1 - betas[1]) * g * g
    memory.update(step=step, mean=mean, square=square)
    count = float(step)
    root = (square / (1 - betas[1] ** count)).sqrt() + _number(options, "eps", 1e-8)
    moved: Tensor = p - _number(options, "lr", 0) * (mean / (1 - betas[0] ** count)) / root
    return moved


def adam(p: Tensor, g: Tensor, options: Options, memory: Memory) -> Tensor:
    """Decay is part of the gradient."""
    return _moments(p, g + _number(options, "decay", 0) * p, options, memory)


def adamw(p: Tensor, g: Tensor, options: Options, memory: Memory) -> Tensor:
    """Decay acts on the weights apart from the gradient, before the step."""
    return _moments(p * (1 - _number(options, "lr", 0) * _number(options, "decay", 0.01)), g, options, memory)


def lars(p: Tensor, g: Tensor, options: Options, memory: Memory) -> Tensor:
    """g <- (g + decay p) trust |p| / (|g + decay p| + eps); tensors of one axis get neither decay nor scaling."""
    if p.dim() > 1 or not options.get("exclude", True):
        g = g + _number(options, "decay", 0) * p
        if float(p.norm()) > 0 and float(g.norm()) > 0:
            g = g * _number(options, "trust", 1e-3) * p.norm() / (g.norm() + _number(options, "eps", 1e-8))
    return _momentum(p, g, options, memory, 0.9)


def larc(p: Tensor, g: Tensor, options: Options, memory: Memory) -> Tensor:
    """g <- (g + decay p) trust |p| / (|g| + decay |p| + eps) where both are above 0; else the raw gradient."""
    decay = _number(options, "decay", 0)
    if float(p.norm()) > 0 and float(g.norm()) > 0:
        size = g.norm() + decay * p.norm() + _number(options, "eps", 1e-8)
        g = (g + decay * p) * _number(options, "trust", 1e-3) * p.norm() / size
    return _momentum(p, g, options, memory, 0.9)


OPTIMISERS: dict[str, Callable[[Tensor, Tensor, Options, Memory], Tensor]] = {
    "sgd": sgd,
    "adam": adam,
    "adamw": adamw,
    "lars": lars,
    "larc": larc,
}
