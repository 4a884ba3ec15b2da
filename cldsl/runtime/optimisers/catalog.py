"""The optimisers by name: their options, kinds and defaults.

Input: a name and the options of a spec's `by`. Output: an OptimiserEntry and bound options. Imports no torch.
The implementation takes the parameters and every option but `lr` and `clip`, which belong to the step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cldsl.catalogue import CatalogueError, Entry, Parameter, bind, find


@dataclass(frozen=True)
class OptimiserEntry(Entry):
    """An optimiser. decay_coupled: decay is added to the gradient, so it also goes through momentum and moments."""

    decay_coupled: bool = True


_LR = Parameter("lr", "real", doc="rate, any expression of the clock")
_CLIP = Parameter("clip", "real", None, "largest norm of the gradient over all parameters that move", low=0.0)
_EPS = Parameter("eps", "real", 1e-8, low=0.0)
_TRUST = Parameter("trust", "real", 1e-3, "of the ratio of the norms of weights and gradient", low=0.0)


def _momentum(default: float) -> Parameter:
    return Parameter("momentum", "real", default, low=0.0, high=1.0)


def _decay(default: float) -> Parameter:
    return Parameter("decay", "real", default, "weight decay", low=0.0)


_ADAM = (_LR, Parameter("betas", "pair", (0.9, 0.999)), _EPS)

OPTIMISERS: tuple[OptimiserEntry, ...] = (
    OptimiserEntry(
        "sgd",
        "Gradient descent with momentum.",
        (_LR, _momentum(0.0), _decay(0.0), Parameter("nesterov", "bool", False), _CLIP),
        "cldsl.runtime.optimisers.plain:sgd",
    ),
    OptimiserEntry(
        "adam",
        "Adam; decay is part of the gradient.",
        (*_ADAM, _decay(0.0), _CLIP),
        "cldsl.runtime.optimisers.plain:adam",
    ),
    OptimiserEntry(
        "adamw",
        "Adam with decay apart from the gradient.",
        (*_ADAM, _decay(0.01), _CLIP),
        "cldsl.runtime.optimisers.plain:adamw",
        decay_coupled=False,
    ),
    OptimiserEntry(
        "lars",
        "Momentum on gradients (decay included) scaled to trust times the weights' norm, parameter by parameter.",
        (
            _LR,
            _momentum(0.9),
            _decay(0.0),
            _TRUST,
            _EPS,
            Parameter("exclude", "bool", True, "neither scaling nor decay for parameters of one axis (bias, norm)"),
            _CLIP,
        ),
        "cldsl.runtime.optimisers.lars:Lars",
    ),
    OptimiserEntry(
        "larc",
        "Gradient descent whose gradients are scaled by trust |p| / (|g| + decay |p|), parameter by parameter.",
        (_LR, _momentum(0.9), _decay(0.0), _TRUST, _EPS, _CLIP),
        "cldsl.runtime.optimisers.larc:Larc",
    ),
)


def optimiser_entry(name: str) -> OptimiserEntry:
    """The optimiser of this name. Raises CatalogueError with the nearest name."""
    return find(OPTIMISERS, name, "optimiser")


def bind_optimiser(entry: OptimiserEntry, args: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Options by name, defaults filled in; None stands for what only the run knows, such as `lr`.

    Raises CatalogueError for what does not fit.
    """
    bound = bind(entry, args, named)
    betas = bound.get("betas")
    if betas is not None and not all(isinstance(beta, (int, float)) and 0 <= beta < 1 for beta in betas):
        raise CatalogueError(f"{entry.name}: betas lie from 0 to below 1, not {betas}", "betas = (0.9, 0.999)")
    if bound.get("nesterov") and not bound["momentum"]:
        raise CatalogueError(f"{entry.name}: nesterov needs momentum", "give momentum = 0.9")
    return bound
