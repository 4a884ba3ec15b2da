"""Bytes that a module keeps for the gradient, by row.

Input: a module of the catalogue by name, arguments and sizes. Output: bytes. The module is built and applied once
without memory (torch's `meta` device), and what autograd saves is counted: no weight, and not the input.
It is the one place where a compilation imports torch, and it does so only where memory is bounded.
"""

from __future__ import annotations

from typing import Any

#: Applied to so many rows: what does not grow with them is shared out among many.
ROWS = 64


def row_bytes(name: str, args: tuple[Any, ...], named: dict[str, Any], consumes: tuple[int, ...], produces: int) -> int:
    """Of activations in torch's default kind of number, in training mode. Raises CatalogueError for a call that cannot be built."""
    import torch
    from torch.autograd.graph import saved_tensors_hooks

    from cldsl.modules.build import build

    with torch.random.fork_rng(devices=[]), torch.device("meta"):  # the first weights draw, and are never seen
        module = build(name, args, named, consumes, produces)
        x = torch.empty(ROWS, *consumes, requires_grad=True)
    known = {each.untyped_storage()._cdata for each in (x, *module.parameters(), *module.buffers())}
    saved: dict[int, torch.Tensor] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()._cdata
        if storage not in known:
            saved[storage] = tensor  # kept, so that no other storage takes its place in memory
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        made = module(x)
    del made
    return -(-sum(each.untyped_storage().nbytes() for each in saved.values()) // ROWS)
