"""All tensors of a program and its optimisers under flat names, and back.

Input: a Program. Output: "program/f.weight", "optimiser/by_1/f.weight/momentum_buffer", ...; restoring is strict.
Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from cldsl.runtime.errors import RunError
from cldsl.runtime.program import Program


def tensors_of(program: Program) -> dict[str, Tensor]:
    """Everything that a step reads besides its batch, its clock and the seed."""
    found = {f"program/{name}": tensor for name, tensor in program.state_dict().items()}
    names = _parameter_names(program)
    for rule_name, rule in program.optimisers.items():
        found |= {f"optimiser/{rule_name}/{name}": tensor for name, tensor in rule.state(names).items()}
    return found


def restore(program: Program, tensors: Mapping[str, Tensor], scaler: Mapping[str, Any]) -> None:
    """Put a program and its optimisers where `tensors_of` found them. Raises RunError where names or shapes differ."""
    _restore_program(program, _below(tensors, "program/"))
    names = _parameter_names(program)
    for rule_name, rule in program.optimisers.items():
        rule.load_state(_below(tensors, f"optimiser/{rule_name}/"), names)
    program.scaler.load_state_dict(dict(scaler))


def _restore_program(program: Program, held: Mapping[str, Tensor]) -> None:
    own = program.state_dict()
    odd = sorted(own.keys() ^ held.keys())
    if odd:
        where = "the checkpoint lacks" if odd[0] in own else "the program lacks"
        raise RunError(f"the checkpoint does not fit this program: {where} {odd[0]}")
    for name, tensor in held.items():
        if tensor.shape != own[name].shape or tensor.dtype != own[name].dtype:
            raise RunError(
                f"the checkpoint does not fit this program: {name} is {_kind(tensor)} there and {_kind(own[name])} here"
            )
    program.load_state_dict(dict(held), strict=True)


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"


def _parameter_names(program: Program) -> dict[int, str]:
    """The program's name of each parameter, by identity."""
    return {id(parameter): name for name, parameter in program.named_parameters()}


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
