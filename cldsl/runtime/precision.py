"""Mixed precision of the models' calls: activations in 16 bits inside modules, everything else in float32.

Input: modules, a precision and a device. Output: modules whose calls run under autocast and return float32, and the
scaler that keeps float16 gradients from vanishing. Similarities, losses and states stay in full precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from cldsl.modules.build import Family

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def scaler_for(precision: str, device: torch.device) -> torch.amp.GradScaler:
    """A scaler of the loss that acts under fp16 alone."""
    return torch.amp.GradScaler(device.type, enabled=precision == "fp16")


def autocast_modules(modules: Iterable[nn.Module], precision: str, device: torch.device) -> None:
    """Put every module's forward under autocast, under fp32 none; the members of a family are called one by one."""
    if precision not in DTYPES:
        return
    for module in modules:
        for called in module.members if isinstance(module, Family) else [module]:
            # An attribute of the instance: parameter names and checkpoints stay those of the bare module.
            called.__dict__["forward"] = _under_autocast(called.forward, DTYPES[precision], device.type)


def _under_autocast(forward: Callable[..., Any], dtype: torch.dtype, device: str) -> Callable[..., Any]:
    def cast_forward(*args: Any, **named: Any) -> Any:
        with torch.autocast(device, dtype=dtype):
            result = forward(*args, **named)
        return result.float() if isinstance(result, Tensor) and result.is_floating_point() else result

    return cast_forward
