"""The iterator over the batches of one epoch, with an optional thread that makes the next batch ahead.

Input: a function from step to batch. Output: batches in order, and the seconds their consumer waited for them. An
error of the thread is raised at the batch that it concerns. The thread ends with the epoch, with `close`, or when the
iterator is no longer used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

import torch

Batch = dict[str, torch.Tensor]


class Batches(Iterator[Batch]):
    """Batches start..stop-1. step is the next one to come, wait_seconds the time spent in `next` so far."""

    def __init__(self, make: Callable[[int], Batch], start: int, stop: int, prefetch: bool) -> None:
        self.step, self.wait_seconds = start, 0.0
        self._make, self._stop = make, stop
        self._pool = ThreadPoolExecutor(1, "cldsl-batches") if prefetch and start < stop else None
        self._ahead: Future[Batch] | None = None
        if self._pool is not None:
            self._ahead = self._pool.submit(make, start)

    def __len__(self) -> int:
        """Batches still to come."""
        return self._stop - self.step

    def __next__(self) -> Batch:
        if self.step >= self._stop:
            self.close()
            raise StopIteration
        began = time.perf_counter()
        batch = self._make(self.step) if self._ahead is None else self._ahead.result()
        self.step += 1
        if self._pool is not None and self.step < self._stop:
            self._ahead = self._pool.submit(self._make, self.step)
        self.wait_seconds += time.perf_counter() - began
        return batch

    def close(self) -> None:
        """End the iteration and the thread; safe to call again."""
        self._stop = self.step
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = self._ahead = None

    def __enter__(self) -> Batches:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
