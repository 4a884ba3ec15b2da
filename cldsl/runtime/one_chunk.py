"""A module on one chunk of rows: its values, and the pullback of a cotangent, as plain functions or as compiled graphs.

Input: a module, rows, the weights that a gradient is taken of. Output: values; gradients. A compiled graph is made once
for each size of a chunk, from the operators that the plain function runs: it has no guards and is never made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn

from cldsl.runtime.traced import compiled

Named = dict[str, Tensor]
#: Compiled functions by what they were made for.
Graphs = dict[tuple[Any, ...], Callable[..., list[Tensor]]]


class Chunk:
    """weights: of the parameters that a gradient is taken of, in the module's order; none where it is frozen.

    graphs: where compiled functions are kept; None runs the plain ones.
    """

    def __init__(self, module: nn.Module, weights: Sequence[Tensor], evaluates: bool, graphs: Graphs | None) -> None:
        names = [name for name, each in module.named_parameters() if each.requires_grad] if weights else []
        self.module, self.evaluates, self.graphs = module, evaluates, graphs
        self.moving: Named = dict(zip(names, weights, strict=True))
        own = [*module.named_parameters(), *module.named_buffers()]
        self.still: Named = {name: each.detach() for name, each in own if name not in self.moving}

    def values(self, x: Tensor) -> Tensor:
        """[row, *consumed] -> [row, *produced], without gradient."""
        with torch.no_grad(), mode(self.module, self.evaluates):
            return self._run("values", [x])[0]

    def pullback(self, x: Tensor, cotangent: Tensor, inward: bool) -> list[Tensor]:
        """The gradients of the moving weights and, where `inward`, of x as the last."""
        with mode(self.module, self.evaluates):
            return self._run("inward" if inward else "pullback", [x, cotangent])

    def _run(self, way: str, rows: list[Tensor]) -> list[Tensor]:
        inputs = [*rows, *self.moving.values(), *self.still.values()]
        plain = self._plain(way, len(rows))
        if self.graphs is None:
            return plain(*inputs)
        key = (way, self.evaluates, len(self.moving), *((each.shape, each.dtype) for each in rows))
        if key not in self.graphs:
            self.graphs[key] = compiled(plain, [each.detach() for each in inputs])
        return self.graphs[key](*inputs)

    def _plain(self, way: str, count: int) -> Callable[..., list[Tensor]]:
        moving, still = list(self.moving), list(self.still)

        def run(*inputs: Tensor) -> list[Tensor]:
            rows, weights = inputs[:count], inputs[count : count + len(moving)]
            constants = dict(zip(still, inputs[count + len(moving) :], strict=True))

            def applied(own: Mapping[str, Tensor], x: Tensor) -> Tensor:
                return cast(Tensor, torch.func.functional_call(self.module, {**constants, **own}, (x,)))

            own = dict(zip(moving, weights, strict=True))
            if way == "values":
                return [applied(own, rows[0])]
            if way == "pullback":
                pull = torch.func.vjp(lambda own: applied(own, rows[0]), own)[1]
                return list(pull(rows[1])[0].values())
            pull = torch.func.vjp(applied, own, rows[0])[1]
            found, inward = pull(rows[1])
            return [*found.values(), inward]

        return run


@contextmanager
def mode(module: nn.Module, evaluates: bool) -> Iterator[None]:
    """In evaluation mode if asked; afterwards as before."""
    modes = [(each, each.training) for each in module.modules()] if evaluates else []
    if evaluates:
        module.eval()
    try:
        yield
    finally:
        for each, training in modes:
            each.training = training
