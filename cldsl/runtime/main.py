"""A program run from the command line, or by another program.

Input: a Program class (or a built Program), options, the texts to keep with the run. Output: reports.
Exit codes of `main`: 0 done, 1 the run failed, 2 the user's mistake, 128 + signal stopped by it with its state saved.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cldsl.catalogue import CatalogueError
from cldsl.modules.build import permitting
from cldsl.runtime.arguments import read_arguments
from cldsl.runtime.board import Board, writer_class
from cldsl.runtime.errors import RunFailed, Stopped
from cldsl.runtime.folder import RunFolder, open_folder
from cldsl.runtime.lengths import train_batches
from cldsl.runtime.monitor import Monitor
from cldsl.runtime.options import RunOptions
from cldsl.runtime.program import Program
from cldsl.runtime.progress import Display
from cldsl.runtime.streams import Data
from cldsl.runtime.trainer import Trainer
from cldsl.runtime.versions import versions


def fit(
    program: type[Program] | Program, options: RunOptions, source_text: str = "", spec_text: str = ""
) -> dict[str, Any]:
    """Train and evaluate a program; the reports by name.

    source_text: the emitted program, spec_text: the resolved spec, both kept in the run folder; the spec's text (else
    the program's) identifies checkpoints. A built Program keeps its own seed, device and precision.
    Raises CatalogueError for the user's mistakes, RunFailed, Stopped.
    """
    built = program if isinstance(program, Program) else None
    device = options.torch_device() if built is None else built.device
    data = Data(program.streams, options.data, device)
    if built is None:
        assert isinstance(program, type)
        compiles = options.compiles(device)
        with permitting(options.allow_python):
            built = program(options.seed, data.sizes(), device=device, compile=compiles, precision=options.precision)
    batches = train_batches(built, data, options)
    if options.tensorboard:
        writer_class()  # a missing package shows before the folder is touched
    folder: RunFolder | None = None
    if options.out is not None:
        texts = {"spec.cl": spec_text, "program.py": source_text}
        folder = open_folder(
            options.out, resume=options.resume, overwrite=options.overwrite, texts=texts, versions=versions(device)
        )
    monitor = _monitor(options, folder, device.type)
    try:
        digest = _digest(built, source_text, spec_text)
        return Trainer(built, data, options, monitor, digest, batches, folder).run()
    finally:
        monitor.close()


def main(program: type[Program], argv: Sequence[str] | None = None) -> None:
    """The command line of an emitted file; ends the process with the exit code."""
    sys.exit(_main(program, argv))


def _main(program: type[Program], argv: Sequence[str] | None) -> int:
    try:
        options = read_arguments(program, argv)
        reports = fit(program, options, source_text=_source(program))
    except CatalogueError as error:
        return _tell(f"{error.message}; {error.mend}" if error.mend else error.message, 2)
    except RunFailed as error:
        return _tell(str(error), 1)
    except Stopped as error:
        print(error, file=sys.stderr)
        return 128 + error.signal
    print(json.dumps(reports, indent=1))
    return 0


def _tell(message: str, code: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code


def _monitor(options: RunOptions, folder: RunFolder | None, device: str) -> Monitor:
    board = Board(folder.path / "tensorboard") if options.tensorboard and folder is not None else None
    flush_every = 1 if device == "cpu" else options.log_every
    return Monitor(Display(options.quiet), folder, board, options.log_every, flush_every)


def _source(program: type[Program]) -> str:
    """The text of the file a program stands in, empty where there is none."""
    file = inspect.getsourcefile(program)
    return Path(file).read_text(encoding="utf-8") if file is not None and Path(file).is_file() else ""


def _digest(program: Program, source_text: str, spec_text: str) -> str:
    text = spec_text or source_text or type(program).__qualname__
    return hashlib.sha256(text.encode()).hexdigest()
