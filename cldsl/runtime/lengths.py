"""The batches of every train block and its number of steps, settled before anything is trained or written.

Input: a program's blocks, its data and options. Output: a Loader and a count of steps for each train block.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cldsl.catalogue import CatalogueError, find
from cldsl.data.joint import Joint
from cldsl.data.loader import Loader
from cldsl.data.order import Array
from cldsl.data.samplers.catalog import SAMPLERS
from cldsl.data.samplers.groups import Sampler, grouped
from cldsl.data.table import Table
from cldsl.runtime.draws import stable_seed
from cldsl.runtime.errors import RunError
from cldsl.runtime.options import RunOptions
from cldsl.runtime.phases import Train
from cldsl.runtime.program import PRESENT, Program
from cldsl.runtime.streams import Data


def train_batches(program: Program, data: Data, options: RunOptions) -> dict[int, tuple[Loader | Joint, int]]:
    """Loader and steps by the block's place in `phases`.

    Raises CatalogueError for options that do not fit: no batch, no end, a batch larger than the data.
    """
    return {
        place: batches_of(program, phase, data, options)
        for place, phase in enumerate(program.phases)
        if isinstance(phase, Train) and not begins_anew(phase)
    }


def begins_anew(phase: Train) -> bool:
    """Whether the block's batches depend on a state, as it is when the block begins."""
    return phase.sampler is not None and phase.sampler.table is not None


def batches_of(program: Program, phase: Train, data: Data, options: RunOptions) -> tuple[Loader | Joint, int]:
    """Loader and steps of a block, by the program's states as they are now. Raises CatalogueError."""
    loader = _loader(program, phase, data, options)
    steps = _steps(phase, len(loader), options)
    if not phase.beside:
        return loader, steps
    others = [
        _over(program, data.table(name, own.get("split", "train")), int(own["batch"]), (phase.name, name), own)
        for name, own in phase.beside.items()
    ]
    return Joint(loader, others), steps


def _over(
    program: Program,
    table: Table,
    batch: int,
    order: tuple[str, str],
    options: Mapping[str, Any],
    sampler: Sampler | None = None,
) -> Loader:
    """The batches of a table; its order of rows follows from the program's seed and the names `order`."""
    # Only a GPU works while the next batch is made; on a CPU a thread would take its time from the step.
    ahead = program.device.type == "cuda"
    seed = stable_seed(program.seed, *order)
    return Loader(table, batch, seed, shuffle="whole" not in options, sampler=sampler, prefetch=ahead, pin=ahead)


def _loader(program: Program, phase: Train, data: Data, options: RunOptions) -> Loader:
    batch = options.batch or phase.options.get("batch")
    if batch is None:
        raise RunError(f"{_place(phase)} has no batch", "write batch = 256, or give --batch")
    written = phase.options.get("batch")
    if program.fixed_batch and written is not None and int(batch) != int(written):
        raise RunError(
            f"{_place(phase)} was compiled for batches of {written} rows, not {batch}: sizes are part of the program",
            f"compile it anew: cldsl run SPEC --batch {batch}",
        )
    table = data.table(phase.stream, phase.options.get("split", "train"))
    sampler = None if phase.sampler is None else _sampler(program, phase, table, int(batch))
    return _over(program, table, int(batch), (phase.name, "order"), phase.options, sampler)


def _sampler(program: Program, phase: Train, table: Table, batch: int) -> Sampler:
    """The sampler over the rows of a table. Raises CatalogueError, with the block's line."""
    chosen = phase.sampler
    assert chosen is not None
    values, present, name = np.asarray(table.columns[chosen.by]), None, chosen.by
    if chosen.table is not None:
        values, present = _looked_up(program, chosen.table, values)
        name = chosen.table
    make = find(SAMPLERS, chosen.entry, "sampler").load()
    try:
        made: Sampler = make(grouped(name, values, present), batch, len(table), **chosen.options)
    except CatalogueError as error:
        raise RunError(f"{_place(phase)}: {error.message}", error.mend) from error
    return made


def _looked_up(program: Program, state: str, index: Array) -> tuple[Array, Array]:
    """The state's entry for each row, and whether it is there: within the table and written."""
    cells = getattr(program, state).detach().cpu().numpy()
    inside = (index >= 0) & (index < len(cells))
    place = np.where(inside, index, 0)
    written = getattr(program, state + PRESENT, None)
    return cells[place], inside if written is None else inside & written.cpu().numpy()[place]


def _steps(phase: Train, per_epoch: int, options: RunOptions) -> int:
    """The spec's steps or epochs, no more than the user's."""
    if "steps" in phase.options:
        steps = int(phase.options["steps"])
    elif "epochs" in phase.options:
        steps = int(phase.options["epochs"]) * per_epoch
    else:
        raise RunError(f"{_place(phase)} has no end", "write epochs = 100 or steps = 10_000")
    if options.epochs is not None:
        steps = min(steps, options.epochs * per_epoch)
    return steps if options.steps is None else min(steps, options.steps)


def _place(phase: Train) -> str:
    return f"{phase.name} ({phase.line})" if phase.line else phase.name
