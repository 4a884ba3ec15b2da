"""What an emitted program imports as `rt`: one name for everything it needs, each loaded at its first use.

Input: a name. Output: the object. `NAMES` is the whole table; importing this package imports no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from cldsl.runtime.helpers import HELPERS

if TYPE_CHECKING:  # what a type checker sees; at run time __getattr__ loads each at its first use
    from cldsl.modules.build import build as module
    from cldsl.modules.build import family
    from cldsl.modules.weights import copy_, copy_of, ema_
    from cldsl.runtime.calls import apply
    from cldsl.runtime.chunks import chunked
    from cldsl.runtime.clock import Clock
    from cldsl.runtime.draws import draw, generator, stable_seed
    from cldsl.runtime.main import fit, main
    from cldsl.runtime.options import RunOptions
    from cldsl.runtime.phases import Evaluate, Sampler, Train
    from cldsl.runtime.program import Program, learn, state
    from cldsl.runtime.recompute import cached
    from cldsl.runtime.streams import Stream

    __all__ = [
        "Clock", "Evaluate", "Program", "RunOptions", "Sampler", "Stream", "Train", "apply", "cached", "chunked", "copy_", "copy_of", "draw",
        "ema_", "family", "fit", "generator", "learn", "main", "module", "stable_seed", "state",
    ]  # fmt: skip

#: Name -> "module:attribute".
NAMES: dict[str, str] = {
    "Program": "cldsl.runtime.program:Program",
    "learn": "cldsl.runtime.program:learn",
    "state": "cldsl.runtime.program:state",
    "Train": "cldsl.runtime.phases:Train",
    "Evaluate": "cldsl.runtime.phases:Evaluate",
    "Sampler": "cldsl.runtime.phases:Sampler",
    "Stream": "cldsl.runtime.streams:Stream",
    "Clock": "cldsl.runtime.clock:Clock",
    "RunOptions": "cldsl.runtime.options:RunOptions",
    "main": "cldsl.runtime.main:main",
    "fit": "cldsl.runtime.main:fit",
    "chunked": "cldsl.runtime.chunks:chunked",
    "generator": "cldsl.runtime.draws:generator",
    "draw": "cldsl.runtime.draws:draw",
    "stable_seed": "cldsl.runtime.draws:stable_seed",
    "module": "cldsl.modules.build:build",
    "family": "cldsl.modules.build:family",
    "copy_of": "cldsl.modules.weights:copy_of",
    "copy_": "cldsl.modules.weights:copy_",
    "ema_": "cldsl.modules.weights:ema_",
    **HELPERS,
}


def __getattr__(name: str) -> Any:
    """Load a name of the table and keep it."""
    if name not in NAMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    module, _, attribute = NAMES[name].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(NAMES)
