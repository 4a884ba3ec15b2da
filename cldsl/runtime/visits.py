"""The loop over strips: cut what is cut, call the body, put together what it gives and its gradients.

Input: the description of a body (runtime/stripwise.py) and whole tensors. Output: whole tensors. Compiled, a strip's values and
gradients are one graph of plain operators, made at the first call with tensors of these kinds (traced.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cldsl.runtime.cuts import Along, Cut, Gathered, Whole, result_dtype
from cldsl.runtime.stateless import Stateless
from cldsl.runtime.traced import compiled

if TYPE_CHECKING:
    from cldsl.runtime.stripwise import Strips

#: The compiler of strips; None is Inductor. Tests of capture take a cheap one.
BACKEND: str | Callable[..., Any] | None = None


class Runner:
    """A body with its modules, called strip by strip."""

    def __init__(
        self,
        body: Strips,
        modules: Mapping[str, nn.Module],
        compiled: bool,
    ) -> None:
        self.own, self.modules, self.compiled = body, modules, compiled
        self.names = [(name, key) for name, module in modules.items() for key, _ in module.named_parameters()]
        first = 1 + max(take.argument for take in body.takes)
        #: what a strip is made of: what the body takes, then the weights of its modules, which follow the arguments
        self.parts = [*body.takes, *(Whole(first + i) for i in range(len(self.names)))]
        self.moving = [i for i, give in enumerate(body.gives) if give.grad]
        self._made: dict[Any, Callable[..., Any]] = {}
        #: the compiled formula that was called last, and for which tensors
        self._current: dict[str, Callable[..., Any]] = {}
        self._kinds: dict[str, Any] = {}

    # ---- what one strip computes

    def _call(
        self, body: Callable[..., Any], parts: Sequence[Tensor], flag: Sequence[Tensor], more: Sequence[Tensor]
    ) -> list[Tensor]:
        """The body on the parts of a strip; the parts end with the weights of its modules."""
        count = len(parts) - len(self.names)
        weights: dict[str, dict[str, Tensor]] = {name: {} for name in self.modules}
        for (name, key), weight in zip(self.names, parts[count:], strict=True):
            weights[name][key] = weight
        modules = {name: Stateless(module, weights[name]) for name, module in self.modules.items()}
        made = body(*flag, *parts[:count], *more, **modules)
        return [made] if isinstance(made, Tensor) else list(made)

    def _values(self, parts: Sequence[Tensor], flag: Sequence[Tensor]) -> list[Tensor]:
        return self._call(self.own.body, parts, flag, ())

    def _at_once(self, which: Sequence[int], parts: Sequence[Tensor], flag: Sequence[Tensor]) -> list[Tensor]:
        """Values of a strip, and of each of its sums that have one the gradient in the parts `which`."""

        def formula(*moved: Tensor) -> tuple[tuple[Tensor, ...], list[Tensor]]:
            made = self._call(self.own.body, _with(parts, which, moved), flag, ())
            return tuple(made[i] for i in self.moving), [each.detach() for each in made]

        sums, back, made = _vjp(formula, *(parts[i] for i in which))
        found = list(made)
        for place in range(len(sums)):
            found += back(tuple(torch.ones_like(x) if i == place else torch.zeros_like(x) for i, x in enumerate(sums)))
        return found

    def _pulled(
        self,
        which: Sequence[int],
        parts: Sequence[Tensor],
        flag: Sequence[Tensor],
        more: Sequence[Tensor],
        given: Sequence[Tensor],
    ) -> list[Tensor]:
        """The cotangents of a strip's results, pulled back to the parts `which`."""
        body = self.own.pull or self.own.body

        def formula(*moved: Tensor) -> tuple[tuple[Tensor, ...], list[Tensor]]:
            made = self._call(body, _with(parts, which, moved), flag, more)
            return tuple(made[i] for i in self.moving), []

        made, back, _ = _vjp(formula, *(parts[i] for i in which))
        return list(back(tuple(each.to(own.dtype) for each, own in zip(given, made, strict=True))))

    # ---- all strips

    def visit(self, given: Sequence[Tensor], needs: Sequence[bool]) -> list[Tensor]:
        inputs = [_full_precision(x) for x in given]
        wanted = self._wanted(needs) if self.own.once else []
        results = self._results(inputs)
        gradients = [self._gradients(inputs, needs) for _ in self.moving] if wanted else []
        for start, skip, parts, flag in self._strips(inputs):
            if wanted:
                made = self._run("once", self._at_once, (wanted,), parts, flag)
            else:
                made = self._run("values", self._values, (), parts, flag)
            count = len(self.own.gives)
            self._gather(results, made[:count], start, skip)
            for i, own in enumerate(gradients):
                first = count + i * len(wanted)
                self._add(own, wanted, made[first : first + len(wanted)], start)
        return [*self._finished(results), *(x for own in gradients for x in self._ordered(own, given, needs))]

    def pull(
        self, given: Sequence[Tensor], results: Sequence[Tensor], cotangents: Sequence[Tensor], needs: Sequence[bool]
    ) -> list[Tensor]:
        inputs = [_full_precision(x) for x in given]
        wanted = self._wanted(needs)
        gradients = self._gradients(inputs, needs)
        for start, skip, parts, flag in self._strips(inputs):
            pieces = [
                self._piece(each, self.own.gives[i], start, skip)
                for each, i in zip(cotangents, self.moving, strict=True)
            ]
            saved = [
                self._part(each, self.own.gives[i], start) for each, i in zip(results, self.own.reads, strict=True)
            ]
            made = self._run("pull", self._pulled, (wanted,), parts, flag, saved, pieces)
            self._add(gradients, wanted, made, start)
        return self._ordered(gradients, given, needs)

    def _strips(self, inputs: Sequence[Tensor]) -> Iterator[tuple[int, int, list[Tensor], list[Tensor]]]:
        """Start, how many of the first rows belong to the strip before, the parts, and what else the body asks for."""
        own = self.own
        device = inputs[0].device
        for first in range(0, own.rows, own.height):
            start = min(first, own.rows - own.height)
            parts = []
            for take in self.parts:
                x = inputs[take.argument]
                if isinstance(take, Cut):
                    x = x.narrow(take.dim, start * take.per, own.height * take.per)
                parts.append(x)
            flag = [torch.arange(start, start + own.height, device=device) >= first] if own.valid else []
            if own.start:
                flag.append(torch.tensor(start, device=device))
            yield start, first - start, parts, flag

    def _wanted(self, needs: Sequence[bool]) -> list[int]:
        """The parts whose gradient is asked for."""
        return [i for i, take in enumerate(self.parts) if needs[take.argument]]

    # ---- results

    def _results(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        device = inputs[0].device
        made = []
        for give in self.own.gives:
            dtype = result_dtype(give.dtype, inputs)
            fill = _STARTS.get(give.how, 0) if isinstance(give, Gathered) else 0
            made.append(torch.full(give.shape, fill, dtype=dtype, device=device))
        return made

    def _gather(self, results: Sequence[Tensor], made: Sequence[Tensor], start: int, skip: int) -> None:
        for result, each, give in zip(results, made, self.own.gives, strict=True):
            if isinstance(give, Along):
                per, dim = give.per, give.dim
                count = self.own.height - skip
                result.narrow(dim, (start + skip) * per, count * per).copy_(each.narrow(dim, skip * per, count * per))
            elif give.place is not None:
                better = each > result if give.how == "max" else each < result
                result.copy_(torch.where(better, each.to(result.dtype), result))
                place = results[give.place]
                place.copy_(torch.where(better, made[give.place], place))
            elif give.how != "place":
                _GATHER[give.how](result, each)

    def _finished(self, results: Sequence[Tensor]) -> list[Tensor]:
        """Extremes over nothing are 0, as everywhere."""
        for result, give in zip(results, self.own.gives, strict=True):
            if isinstance(give, Gathered) and give.how in ("max", "min") and result.is_floating_point():
                result.masked_fill_(result == _STARTS[give.how], 0)
        return list(results)

    def _part(self, result: Tensor, give: Along | Gathered, start: int) -> Tensor:
        """What of a result belongs to a strip: its rows, or all of it."""
        if isinstance(give, Gathered):
            return result
        return result.narrow(give.dim, start * give.per, self.own.height * give.per)

    def _piece(self, cotangent: Tensor, give: Along | Gathered, start: int, skip: int) -> Tensor:
        """The part of a cotangent that belongs to a strip; rows of the strip before have theirs already."""
        if isinstance(give, Gathered):
            return cotangent
        piece = self._part(cotangent, give, start)
        if skip:
            piece = piece.clone()
            piece.narrow(give.dim, 0, skip * give.per).zero_()
        return piece

    # ---- gradients

    def _gradients(self, inputs: Sequence[Tensor], needs: Sequence[bool]) -> dict[int, Tensor]:
        """One accumulator for each input that is asked for."""
        return {
            i: torch.zeros(x.shape, dtype=x.dtype, device=x.device)
            for i, (x, need) in enumerate(zip(inputs, needs, strict=True))
            if need
        }

    def _add(self, gradients: Mapping[int, Tensor], wanted: Sequence[int], made: Sequence[Tensor], start: int) -> None:
        own = self.own
        for part, gradient in zip(wanted, made, strict=True):
            take = self.parts[part]
            total = gradients[take.argument]
            if isinstance(take, Cut):
                total = total.narrow(take.dim, start * take.per, own.height * take.per)
            total.add_(gradient)

    def _ordered(
        self, gradients: Mapping[int, Tensor], inputs: Sequence[Tensor], needs: Sequence[bool]
    ) -> list[Tensor]:
        return [gradients[i].to(inputs[i].dtype) for i, need in enumerate(needs) if need and i in gradients]

    # ---- compilation

    def _run(
        self, name: str, formula: Callable[..., list[Tensor]], fixed: tuple[Any, ...], *groups: Sequence[Tensor]
    ) -> list[Tensor]:
        """The formula on groups of tensors, as it is or compiled for tensors of these kinds."""
        counts = [len(group) for group in groups]
        flat = [each.detach() for group in groups for each in group]
        if not self.compiled:
            return formula(*fixed, *groups)
        if self._kinds.get(name) != (fixed, kinds := [(x.shape, x.stride(), x.dtype, x.device) for x in flat]):
            self._take(name, formula, fixed, kinds, counts, flat)
        with torch.no_grad():
            return list(self._current[name](*flat))

    def _take(
        self,
        name: str,
        formula: Callable[..., list[Tensor]],
        fixed: tuple[Any, ...],
        kinds: list[Any],
        counts: Sequence[int],
        flat: Sequence[Tensor],
    ) -> None:
        """Make the compiled formula for tensors of these kinds the current one."""
        key = (name, repr(fixed), repr(kinds))
        if key not in self._made:
            self._made[key] = compiled(lambda *tensors: formula(*fixed, *_parted(tensors, counts)), flat, BACKEND)
        self._current[name], self._kinds[name] = self._made[key], (fixed, kinds)


def _vjp(formula: Callable[..., Any], *primals: Tensor) -> tuple[Any, Callable[..., Any], Any]:
    """torch.func.vjp of (value, further results), whose stub knows one form only."""
    found: tuple[Any, Callable[..., Any], Any] = torch.func.vjp(formula, *primals, has_aux=True)  # type: ignore[assignment]
    return found


def _parted(tensors: Sequence[Tensor], counts: Sequence[int]) -> list[list[Tensor]]:
    left = iter(tensors)
    return [[next(left) for _ in range(count)] for count in counts]


def _with(parts: Sequence[Tensor], which: Sequence[int], moved: Sequence[Tensor]) -> list[Tensor]:
    made = list(parts)
    for i, each in zip(which, moved, strict=True):
        made[i] = each
    return made


def _full_precision(x: Tensor) -> Tensor:
    """Half precision is widened: similarities, sums and gradients of strips are float32."""
    x = x.detach()  # its history is the caller's
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


#: Where an accumulator begins.
_STARTS: Mapping[str, Any] = {"max": -math.inf, "min": math.inf, "logsumexp": -math.inf, "all": True}


def _logsumexp(result: Tensor, each: Tensor) -> None:
    nothing = (result == -math.inf) & (each == -math.inf)
    zero = torch.zeros((), dtype=result.dtype, device=result.device)
    joined = torch.logaddexp(torch.where(nothing, zero, result), torch.where(nothing, zero, each.to(result.dtype)))
    result.copy_(torch.where(nothing, result, joined))


_GATHER: Mapping[str, Callable[[Tensor, Tensor], Any]] = {
    "sum": lambda result, each: result.add_(each),
    "max": lambda result, each: torch.maximum(result, each.to(result.dtype), out=result),
    "min": lambda result, each: torch.minimum(result, each.to(result.dtype), out=result),
    "any": lambda result, each: result.logical_or_(each),
    "all": lambda result, each: result.logical_and_(each),
    "logsumexp": _logsumexp,
}
