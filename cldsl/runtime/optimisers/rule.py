"""One optimiser of a program: its members, their rate factors, its moments by name.

Input: gradients, a rate and the members to leave out. Output: weights moved in place. Where several objectives move
one parameter, each brings its own gradient list, so nothing accumulates between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from cldsl.catalogue import CatalogueError
from cldsl.runtime.errors import RunError
from cldsl.runtime.optimisers.catalog import bind_optimiser, optimiser_entry

Member = nn.Module | nn.Parameter


def parameters_of(member: Member) -> list[nn.Parameter]:
    """The trainable parameters of a module, or the parameter itself."""
    found = [member] if isinstance(member, nn.Parameter) else list(member.parameters())
    return [p for p in found if p.requires_grad]


class Rule:
    """An optimiser of the catalogue at work on `members`, (member, rate factor) pairs; a parameter counts once."""

    def __init__(
        self, name: str, entry: str, members: Sequence[tuple[Member, float]], options: Mapping[str, Any]
    ) -> None:
        kind = optimiser_entry(entry)
        bound = bind_optimiser(kind, (), {"lr": None, **options})
        self.name, self.clip = name, bound.pop("clip")
        bound.pop("lr")
        self.parameters: list[nn.Parameter] = []
        groups: list[dict[str, Any]] = []
        known: set[int] = set()
        for member, factor in members:
            own = [p for p in parameters_of(member) if id(p) not in known]
            known |= {id(p) for p in own}
            self.parameters += own
            if own:
                groups.append({"params": own, "factor": factor})
        if not groups:
            raise CatalogueError(f"{entry} ({name}) has nothing to move", "name a trainable model after over")
        self.inner: Optimizer = kind.load()(groups, **bound)

    def gradients(self, loss: Tensor, retain: bool = False) -> list[Tensor | None]:
        """d loss / d parameter, None for a parameter that the loss does not reach."""
        return list(torch.autograd.grad(loss, self.parameters, retain_graph=retain, allow_unused=True))

    def place(self, gradients: Sequence[Tensor | None], skip: Sequence[Member] = ()) -> None:
        """Hand the gradients over; members in `skip` get none, hence no step, no decay and untouched moments."""
        left_out = {id(p) for member in skip for p in parameters_of(member)}
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = None if id(parameter) in left_out or gradient is None else _own(gradient)

    def clip_gradients(self) -> None:
        """Shrink all gradients together to the norm `clip`, if they are longer."""
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.clip, foreach=True)

    def set_rate(self, rate: float) -> None:
        """The rate of the next step, times each member's factor."""
        for group in self.inner.param_groups:
            group["lr"] = rate * group["factor"]

    def clear(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def state(self, names: Mapping[int, str]) -> dict[str, Tensor]:
        """Moments by "parameter/moment"; names maps id(parameter) to its name in the program."""
        found: dict[str, Tensor] = {}
        for parameter in self.parameters:
            for key, value in self.inner.state.get(parameter, {}).items():
                if isinstance(value, Tensor):
                    found[f"{names[id(parameter)]}/{key}"] = value
        return found

    def load_state(self, state: Mapping[str, Tensor], names: Mapping[int, str]) -> None:
        """Take moments as `state` gave them. Raises RunError for a name or shape that is not ours."""
        own = {names[id(p)]: p for p in self.parameters}
        self.inner.state.clear()
        for name, value in state.items():
            parameter_name, _, key = name.rpartition("/")
            parameter = own.get(parameter_name)
            if parameter is None or (value.dim() and value.shape != parameter.shape):
                raise RunError(f"the checkpoint's moments {self.name}/{name} do not fit this program")
            # torch keeps Adam's count of steps, a 0-d float, on the CPU; moments live beside their parameter.
            target = "cpu" if key == "step" else parameter.device
            self.inner.state[parameter][key] = value.to(target, copy=True)


def _own(gradient: Tensor) -> Tensor:
    """A gradient that may be changed in place: autograd may hand out one tensor, or an expanded one, several times."""
    return gradient.detach().clone(memory_format=torch.contiguous_format)
