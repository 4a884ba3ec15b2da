"""What can go wrong while a program runs, each told in one line.

A user's mistake ends with exit code 2, a run that failed with 1; a run that was asked to stop ends as a process that
the signal had ended would (128 + signal: 130 after Ctrl-C, 143 after SIGTERM), with its state saved.
"""

from __future__ import annotations

from cldsl.catalogue import CatalogueError


class RunError(CatalogueError):
    """A mistake in how a run was asked for; `mend` proposes what to do instead."""


class RunFailed(Exception):
    """A run that cannot go on, with the step and the line of the spec."""


class Stopped(Exception):
    """A run that a signal ended after a whole step."""

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal
