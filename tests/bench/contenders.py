"""Who computes a case: the names of the rows, and for each a step of forward and backward.

Every step takes raw tensors; what the spec makes unit is normalised inside, here or by the library itself, so that all
give the same value and the same gradients. It times nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn.functional import normalize

from tests.bench.cases import Case
from tests.bench.floor import floor
from tests.bench.peers import PEERS, Step, peer
from tests.bench.plain import PLAIN

OURS = "ours -O2"
OURS_AS_WRITTEN = "ours -O0 under torch.compile"
OURS_EAGER = "ours -O2 eager"
PLAIN_EAGER = "plain formula eager"
PLAIN_COMPILED = "plain formula torch.compile"
FLOOR = "floor"

COMPILED = frozenset({OURS, OURS_AS_WRITTEN, PLAIN_COMPILED})
#: what the table is about: not left out for being slow
YARDSTICKS = frozenset({OURS, FLOOR})

Loss = Callable[[Mapping[str, Tensor]], Tensor]


def contenders(case: Case, with_peers: bool = True) -> list[str]:
    """The rows of a case, ours first, the floor last."""
    found = [OURS, OURS_AS_WRITTEN]
    if case.name in PLAIN:
        found += [PLAIN_EAGER, PLAIN_COMPILED]
    if with_peers:
        found += [who for who, losses in PEERS.items() if case.name in losses]
    return [*found, *([FLOOR] if case.floor else [])]


def build(who: str, case: Case, tensors: Mapping[str, Tensor]) -> Step:
    """The step of a row: it returns the loss and leaves gradients in the tensors. Raises Missing for an absent library."""
    if who == FLOOR:
        assert case.floor is not None
        return floor(*case.floor)
    if who in PEERS:
        return peer(who, case.name)
    if who in (PLAIN_EAGER, PLAIN_COMPILED):
        loss = prepared(PLAIN[case.name], case.unit)
    else:
        from tests.bench.ours import objective

        loss = prepared(objective(case, tensors, 0 if who == OURS_AS_WRITTEN else 2), case.unit)
    return stepping(torch.compile(loss, fullgraph=True, dynamic=False) if who in COMPILED else loss)


def reference(case: Case, tensors: Mapping[str, Tensor]) -> Step:
    """What the others must agree with: the plain formula, or for a shipped spec its objective as written, eager."""
    if case.name in PLAIN:
        return stepping(prepared(PLAIN[case.name], case.unit))
    from tests.bench.ours import objective

    return stepping(prepared(objective(case, tensors, 0), case.unit))


def prepared(loss: Loss, unit: tuple[str, ...]) -> Loss:
    """The loss on tensors of which some are normalised first."""

    def function(tensors: Mapping[str, Tensor]) -> Tensor:
        return loss({name: normalize(value, dim=-1) if name in unit else value for name, value in tensors.items()})

    return function


def stepping(loss: Loss) -> Step:
    """Forward and backward."""

    def step(tensors: Mapping[str, Tensor]) -> Tensor:
        value = loss(tensors)
        value.backward()  # type: ignore[no-untyped-call]
        return value.detach()

    return step
