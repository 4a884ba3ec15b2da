"""The batches of every train block and its number of steps, settled before anything is trained or written.

Input: a program's blocks, its data and options. Output: a Loader and a count of steps for each train block.
"""

from __future__ import annotations

from cldsl.data.loader import Loader
from cldsl.runtime.draws import stable_seed
from cldsl.runtime.errors import RunError
from cldsl.runtime.options import RunOptions
from cldsl.runtime.phases import Train
from cldsl.runtime.program import Program
from cldsl.runtime.streams import Data


def train_batches(program: Program, data: Data, options: RunOptions) -> dict[int, tuple[Loader, int]]:
    """Loader and steps by the block's place in `phases`.

    Raises CatalogueError for options that do not fit: no batch, no end, a batch larger than the data.
    """
    found = {}
    for place, phase in enumerate(program.phases):
        if isinstance(phase, Train):
            loader = _loader(program, phase, data, options)
            found[place] = loader, _steps(phase, len(loader), options)
    return found


def _loader(program: Program, phase: Train, data: Data, options: RunOptions) -> Loader:
    names = [phase.stream] if isinstance(phase.stream, str) else list(phase.stream)
    if len(names) != 1:
        raise RunError(f"{_place(phase)} reads {len(names)} streams; this version reads one in a step")
    batch = options.batch or phase.options.get("batch")
    if batch is None:
        raise RunError(f"{_place(phase)} has no batch", "write batch = 256, or give --batch")
    written = phase.options.get("batch")
    if program.fixed_batch and written is not None and int(batch) != int(written):
        raise RunError(
            f"{_place(phase)} was compiled for batches of {written} rows, not {batch}: sizes are part of the program",
            f"compile it anew: cldsl run SPEC --batch {batch}",
        )
    # Only a GPU works while the next batch is made; on a CPU a thread would take its time from the step.
    ahead = program.device.type == "cuda"
    return Loader(
        data.table(names[0], phase.options.get("split", "train")),
        int(batch),
        stable_seed(program.seed, phase.name, "order"),
        shuffle="whole" not in phase.options,
        quota=phase.options.get("quota"),
        prefetch=ahead,
        pin=ahead,
    )


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
