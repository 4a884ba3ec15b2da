"""Strips of one function: what is large in it, along which axis it is cut, how high, or why not.

Input: an optimised function, a budget of memory, the models whose rows depend on each other. Output: a `Study`: the
function with its visits (or as it was), the verdict in words, and the figures behind it. It means the same function.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from cldsl.graph.nodes import Function, Graph, Node, topological
from cldsl.graph.strips import Visit
from cldsl.strips.choose import Choice, choose, passed
from cldsl.strips.cost import Rates, alive, size_bytes, traffic, work
from cldsl.strips.local import UNCOUPLED, Coupled
from cldsl.strips.machine import GPU, default_memory, rates
from cldsl.strips.pairs import large, seeds, size
from cldsl.strips.prepare import FORMS, prepared
from cldsl.strips.visits import made_visits, rows_of_visit

#: The share of `--memory` that strips may take; encoders have the rest.
SHARE = 0.5
#: A strip's gradient keeps about as much as its values.
WITH_GRADIENT = 2
#: A value that is so many times smaller than the largest is not looked at.
BESIDE = 64
#: Seconds of a contrast below which it is computed whole, its program being the shorter one.
WORTH = 1e-3
#: Below so many entries nothing is worth a strip.
LEAST = 1 << 12


@dataclass(frozen=True)
class Study:
    """verdict: a sentence. choice: the axis and its visits where there are any. seconds: estimated, whole and in strips."""

    function: Function
    verdict: str
    choice: Choice | None = None
    bytes_whole: int = 0
    bytes_strips: int = 0
    seconds_whole: float = 0.0
    seconds_strips: float = 0.0
    #: bytes that large values may take at once
    budget: int = 0
    #: the plan in strips, taken or not
    visits: tuple[Visit, ...] = ()
    #: large values computed whole, with the reason
    whole: tuple[tuple[Node, str], ...] = ()
    #: axes that both sides of a product carry
    outer: tuple[str, ...] = ()
    #: operators that follow on what the last visit gives, up to the loss
    following: tuple[str, ...] = ()


def study(function: Function, memory: int | None = None, coupled: Coupled = UNCOUPLED) -> Study:
    """memory: bytes for the large values of a function at once; None: by the machine. coupled: models (by name) whose rows
    depend on each other."""
    least = LEAST if memory is None else 2
    forms: list[_Form] = []
    tried: list[Choice] = []
    for through in FORMS:
        form = _form(function, through, least, coupled, tried)
        if isinstance(form, str):
            return Study(function, form)
        forms += [form] if form is not None else []
    if not forms:
        return Study(function, f"not in strips: {_reason(tried)}", whole=_whole(tried))
    return _decided(function, min(forms, key=lambda form: form.choice.rank), memory)


@dataclass(frozen=True)
class _Form:
    """One way to write the function, and the best axis of it."""

    function: Function
    order: list[Node]
    wide: set[Node]
    choice: Choice


def _form(
    function: Function, through: frozenset[str], least: int, coupled: Coupled, tried: list[Choice]
) -> _Form | str | None:
    """A reason where no form can be in strips, None where this one cannot."""
    working = prepared(function, Graph(), through)
    order = topological(node for _, node in working.outputs)
    if any(axis.size is None for node in order for axis in node.axes):
        return "not in strips: its rows are counted at run time"
    found = seeds(order, least)
    # beside the largest, what is small is not worth an axis of its own
    most = max(map(size, found), default=0)
    found = {node for node in found if size(node) * BESIDE >= most}
    if not found:
        return "not in strips: no value is larger than what it is made of"
    wide = large(order, found)
    choice, every = choose(working, found, wide, coupled)
    tried += every
    return None if choice is None else _Form(working, order, wide, choice)


def _reason(tried: Sequence[Choice]) -> str:
    reasons = dict.fromkeys(reason for each in tried for reason in each.found.whole.values())
    if any(each.mixed is not None for each in tried):
        reasons = {
            "a value would be compared with a threshold taken from it elsewhere, which may round otherwise": None
        }
    return "; ".join(list(reasons)[:3]) or "no axis separates it"


def _whole(tried: Sequence[Choice]) -> tuple[tuple[Node, str], ...]:
    return tuple(tried[0].found.whole.items()) if tried else ()


def _decided(function: Function, form: _Form, memory: int | None) -> Study:
    working, order, wide, choice = form.function, form.order, form.wide, form.choice
    machine = rates()
    moving = passed(working, order)
    total = alive(order, wide) * (WITH_GRADIENT if moving else 1)
    budget = int(memory * SHARE) if memory is not None else default_memory()
    heights, bytes_strips, started = [], 0, 0
    for visit in choice.visits:
        height, used, rows = _height(choice, visit, wide, budget, machine)
        heights.append(height)
        bytes_strips = max(bytes_strips, used)
        started += math.ceil(rows / height)
    whole = seconds_whole(order, wide, moving, machine)
    moved = _traffic(order, wide, moving) + (traffic(order, wide) if choice.twice else 0)
    strips = choice.flops / machine.flops + moved / machine.strips + started * machine.start
    visits = made_visits(choice, heights, wide, moving, kernels=machine is GPU)
    found = Study(
        function,
        f"whole, {'which is faster' if whole <= strips else 'being small'}; {choice.found.axis.name} would separate it",
        choice,
        total,
        bytes_strips,
        whole,
        strips,
        budget,
        visits,
        tuple((node, reason) for node, reason in choice.found.whole.items() if node in choice.needs.built),
        _outer(wide, choice.found.axis.name),
        _following(choice, working),
    )
    if total <= budget and (whole <= strips or whole < WORTH):
        return found
    cut = replace(working, visits=visits)
    return replace(found, function=cut, verdict=f"in strips along {choice.found.axis.name}")


def _outer(wide: Collection[Node], row: str) -> tuple[str, ...]:
    """Axes other than the rows' that both sides of a large product have and that it keeps."""
    found: dict[str, None] = {}
    for node in wide:
        if node.op == "dot":
            left, right = (set(each.names) for each in node.inputs)
            found.update(dict.fromkeys(sorted((left & right & set(node.names)) - {row})))
    return tuple(found)


def _following(choice: Choice, working: Function) -> tuple[str, ...]:
    """Operators between what visits give and the loss, each name once."""
    loss = dict(working.outputs).get("loss")
    given = {node for gives in choice.needs.gives.values() for node in gives}
    found: dict[str, None] = {}
    stack = [] if loss is None else [loss]
    seen: set[Node] = set()
    while stack:
        node = stack.pop()
        if node in seen or node in given or node not in choice.found.states:
            continue
        seen.add(node)
        found[str(node.attr("kind")) if node.op == "reduce" else node.op] = None
        stack.extend(node.inputs)
    return tuple(reversed(found))


def seconds_whole(order: Sequence[Node], wide: Collection[Node], moving: Collection[Node], machine: Rates) -> float:
    """Compiled as one piece: products, and large values through memory."""
    flops = work(order) + 2 * work(node for node in order if node in moving)
    return flops / machine.flops + _traffic(order, wide, moving) / machine.whole


def _traffic(order: Sequence[Node], wide: Collection[Node], moving: Collection[Node]) -> int:
    return traffic(order, wide) + 2 * traffic((node for node in order if node in moving), wide)


def _height(choice: Choice, visit: int, wide: Collection[Node], budget: int, machine: Rates) -> tuple[int, int, int]:
    """Base rows of a strip, the bytes it takes, and all base rows."""
    nodes, rows = rows_of_visit(choice, visit, wide)
    one = max(1, alive(nodes, wide) * WITH_GRADIENT // rows)
    biggest = max(1, max((size_bytes(node) for node in nodes if node in wide), default=1) // rows)
    wanted = max(machine.least_rows, machine.strip // biggest)
    height = even(rows, max(1, min(rows, wanted, budget // one)))
    return height, one * height, rows


def even(rows: int, most: int) -> int:
    """A height of at most `most`: one that divides the rows where there is one above half of it, else strips as even as
    can be."""
    for height in range(most, max(1, most // 2), -1):
        if rows % height == 0:
            return height
    return math.ceil(rows / math.ceil(rows / most))
