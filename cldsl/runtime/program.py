"""The base of every emitted program: modules, tensors, optimisers, and the few verbs its methods use.

Input: a seed and sizes. Output: an nn.Module whose `state_dict` is all that a run learns, and whose methods
`train_k(batch, clock)` and `on_k(data, clock)` the trainer calls. It knows nothing of epochs, files or devices' upkeep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn

from cldsl.runtime.clock import Clock
from cldsl.runtime.draws import stable_seed
from cldsl.runtime.errors import RunError, RunFailed
from cldsl.runtime.optimisers.rule import Member, Rule
from cldsl.runtime.phases import Phase
from cldsl.runtime.precision import autocast_modules, scaler_for
from cldsl.runtime.streams import Stream

F = TypeVar("F", bound=Callable[..., Any])

#: Suffix of the buffer that says which entries of a state are present.
PRESENT = "_present"


class Program(nn.Module):
    """Subclasses give the class attributes and `build`, and one method for each phase."""

    spec: ClassVar[str] = ""
    title: ClassVar[str] = ""
    link: ClassVar[str] = ""
    #: a compiled program has the rows of a batch among its sizes; one written by hand may not
    fixed_batch: ClassVar[bool] = False
    streams: ClassVar[Mapping[str, Stream]] = {}
    phases: ClassVar[tuple[Phase, ...]] = ()

    def __init__(
        self,
        seed: int = 0,
        sizes: Mapping[str, int] | None = None,
        *,
        device: torch.device | str = "cpu",
        compile: bool = False,
        precision: str = "fp32",
    ) -> None:
        """Build on the CPU from the seed, then move: first weights do not depend on the device.

        sizes: rows and index ranges of the data, by "stream" and "stream.column".
        """
        super().__init__()
        self.seed, self.sizes, self.compiled, self.precision = seed, dict(sizes or {}), compile, precision
        self.optimisers: dict[str, Rule] = {}
        self._graphs: dict[str, Callable[..., Any]] = {}
        #: goes through an inner block; whoever drives the program has the data and sets it
        self.driver: Callable[[str, Clock, int], None] | None = None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(stable_seed(seed, "build"))
            self.build()
        self.device = torch.device(device)
        self.to(self.device)
        self.scaler = scaler_for(precision, self.device)
        autocast_modules(self.children(), precision, self.device)

    def build(self) -> None:
        """Make modules, tensors and optimisers; called once, with torch's generator seeded."""
        raise NotImplementedError(f"{type(self).__name__} has no build")

    def optimiser(
        self, name: str, entry: str, modules: Sequence[Member | tuple[Member, float]], **options: Any
    ) -> None:
        """Declare an optimiser of the catalogue over modules and learned tensors, each with an optional rate factor.

        Raises CatalogueError for an unknown name or option.
        """
        members = [member if isinstance(member, tuple) else (member, 1.0) for member in modules]
        self.optimisers[name] = Rule(name, entry, members, options)

    def run(self, function: F) -> F:
        """The function compiled as one graph of fixed shapes, or itself where compiling is off."""
        if not self.compiled:
            return function
        name = function.__name__
        if name not in self._graphs:
            self._graphs[name] = torch.compile(function, fullgraph=True, dynamic=False)
        return self._graphs[name]  # type: ignore[return-value]

    def enter(self, block: str, clock: Clock, period: int) -> None:
        """Go through an inner block, `train_2` or `on_2`, whole: in the last of every `period` steps of `clock`.

        Raises RunError where nobody drives the program, as in a loop of one's own.
        """
        if self.driver is None:
            raise RunError(f"{block} is a block of its own, with data of its own", "set `program.driver`, or use `fit`")
        self.driver(block, clock, period)

    def minimize(self, name: str, loss: Tensor, rate: float | Tensor, skip: Sequence[Member] = ()) -> None:
        """One step of the optimiser `name` down the gradient of `loss`; members in `skip` stay as they are."""
        self.minimize_all([(name, loss, rate, skip)])

    def minimize_all(
        self,
        terms: Sequence[tuple[str, Tensor, float | Tensor] | tuple[str, Tensor, float | Tensor, Sequence[Member]]],
    ) -> None:
        """All gradients of all terms (optimiser, loss, rate[, skip]), then all steps, in the order given.

        Raises RunFailed for a loss that no parameter reaches.
        """
        taken = []
        for place, (name, loss, rate, *skip) in enumerate(terms):
            if not loss.requires_grad:
                raise RunFailed(f"the loss that {name} minimises reaches no parameter")
            rule = self.optimisers[name]
            # Two terms may share a part of their graph, so only the last one may free it.
            gradients = rule.gradients(self.scaler.scale(loss), retain=place < len(terms) - 1)
            number = float(rate.detach()) if isinstance(rate, Tensor) else rate
            taken.append((rule, gradients, number, skip[0] if skip else ()))
        for rule, gradients, rate, skipped in taken:
            rule.place(gradients, skipped)
            rule.set_rate(rate)
            self._step(rule)
            rule.clear()
        self.scaler.update()

    def _step(self, rule: Rule) -> None:
        if all(parameter.grad is None for parameter in rule.parameters):
            return  # nothing is reached or everything is left out; the scaler refuses a step without gradients
        self.scaler.unscale_(rule.inner)
        rule.clip_gradients()
        self.scaler.step(rule.inner)

    @torch.no_grad()
    def assign(self, name: str, value: Tensor, present: Tensor | None = None) -> None:
        """A state or learned tensor takes a value in place, without gradient; an optimiser's moments stay.

        Where the state has presence, it becomes `present`, or everywhere true without one.
        """
        _copy(self._tensor(name), value)
        mask = self._buffers.get(name + PRESENT)
        if mask is not None:
            _copy(mask, torch.ones_like(mask) if present is None else present)

    def _tensor(self, name: str) -> Tensor:
        found = self._buffers.get(name)
        if found is None:
            found = self._parameters.get(name)
        if found is None:
            raise RunError(f"the program has no state or learned tensor {name}")
        return found


def learn(value: Tensor) -> nn.Parameter:
    """A tensor that `minimize` moves, starting at this value."""
    return nn.Parameter(value.detach().clone())


def state(program: nn.Module, name: str, value: Tensor, present: Tensor | None = None) -> Tensor:
    """A tensor that only `assign` moves; `present` (bool) says which entries are there and moves with it."""
    program.register_buffer(name, value.detach().clone())
    if present is not None:
        program.register_buffer(name + PRESENT, present.detach().clone())
    return program.get_buffer(name)


def _copy(target: Tensor, value: Tensor) -> None:
    """Copy in place; a value that is a view of the target, such as its flip or transpose, is copied out first."""
    shared = value.untyped_storage().data_ptr() == target.untyped_storage().data_ptr()
    target.copy_(value.clone() if shared else value)
