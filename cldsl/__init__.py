"""cldsl: a language and compiler for contrastive learning. `check`, `compile`, `run`, `parse` and the error types.

Names are loaded at first use, so that `import cldsl` and `cldsl.check` need no torch.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["Compiled", "Diagnostic", "SpecError", "check", "compile", "parse", "run"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from cldsl import api

        return getattr(api, name)
    raise AttributeError(f"module cldsl has no attribute {name}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
