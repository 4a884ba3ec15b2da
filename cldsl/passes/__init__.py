"""The optimiser: passes in order. Each takes a function and its graph and returns an equal function, in value and in
gradient.

Input: a Function and the Graph that its nodes are in. Output: a Function over the same graph. No pass mutates what it
is given; outputs keep their names, dtypes and orders of axes.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial

from cldsl.catalogue import CatalogueError
from cldsl.graph.nodes import Function, Graph, GraphError
from cldsl.graph.wellformed import check
from cldsl.passes.algebra import contract
from cldsl.passes.blocks import take_by_block
from cldsl.passes.by_index import take_by_index
from cldsl.passes.constant_gradient import cut_gradients
from cldsl.passes.dead import remove_dead
from cldsl.passes.share import share
from cldsl.passes.simplify import simplify
from cldsl.passes.stable import stabilise
from cldsl.passes.uniform import fold_uniform


@dataclass(frozen=True)
class Pass:
    """One entry of the optimiser: its name, what it does, the levels at which it runs."""

    name: str
    change: Callable[[Function, Graph], Function]
    levels: frozenset[int]


_BOTH, _FULL = frozenset({1, 2}), frozenset({2})

PASSES: tuple[Pass, ...] = (
    Pass("dead", remove_dead, _BOTH),  # first: what is not read need not be looked at
    Pass("uniform", fold_uniform, _BOTH),  # before simplify, which uses that counts and masks became numbers
    Pass("simplify", simplify, _BOTH),  # neutral factors would hide the patterns of all that follow
    Pass("stable", stabilise, _FULL),  # needs log, sum and exp as the text has them, before algebra moves sums
    Pass("algebra", contract, _FULL),  # dots must exist before gathers are pulled through them
    Pass("by_index", take_by_index, _FULL),  # before share: a similarity that only positives need is still apart
    Pass("blocks", take_by_block, _FULL),  # what was taken by index, where it lies near
    Pass("share", share, _BOTH),  # after every pass that makes nodes, since it finds what they have in common
    Pass("constant_gradient", cut_gradients, _FULL),  # last: shared nodes show whether a gradient needs them
)

#: Told each pass's name, the function after it, and the seconds it took.
Trace = Callable[[str, Function, float], None]


def optimise(
    function: Function,
    graph: Graph,
    level: int = 2,
    verify: bool = False,
    without: Collection[str] = (),
    stop_after: str | None = None,
    trace: Trace | None = None,
    needed: Collection[str] | None = None,
) -> Function:
    """The function after the passes of a level: 0 none, 1 the plain ones, 2 all.

    verify: check the graph before and after each pass; a GraphError then names the pass. without, stop_after: exact
    names of passes; an unknown one raises CatalogueError. needed: the outputs that are read (None: all).
    """
    _known((*without, *([stop_after] if stop_after else ())))
    if verify:
        check(function)
    for each in PASSES:
        if level in each.levels and each.name not in without:
            change = partial(remove_dead, needed=needed) if each.name == "dead" else each.change
            start = time.perf_counter()
            function = change(function, graph)
            if trace is not None:
                trace(each.name, function, time.perf_counter() - start)
            if verify:
                _verified(each.name, function)
        if each.name == stop_after:
            break
    return function


def _verified(name: str, function: Function) -> None:
    try:
        check(function)
    except GraphError as error:
        raise GraphError(f"after the pass {name}: {error}") from error


def _known(names: Iterable[str]) -> None:
    listed = [each.name for each in PASSES]
    for name in names:
        if name not in listed:
            close = difflib.get_close_matches(name, listed, 1)
            mend = f"write {close[0]}" if close else f"the passes are {', '.join(listed)}"
            raise CatalogueError(f"no pass is named {name}", mend)
