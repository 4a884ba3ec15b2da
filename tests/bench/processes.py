"""A job in a fresh process: its outcomes, also where the process died of it.

Input: a Job. Output: an Outcome for every contender of the job.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping

from tests.bench.cases import ROOT
from tests.bench.contenders import COMPILED
from tests.bench.jobs import Job, Outcome

Runner = Callable[[Job], list[Outcome]]
#: a process that hangs for another reason than its step
BACKSTOP = 3600.0


def in_process(job: Job, environment: Mapping[str, str] | None = None) -> list[Outcome]:
    """The outcomes of a job that runs in a process of its own, in the order of its contenders."""
    command = [sys.executable, "-m", "tests.bench.worker", job.text()]
    own = {"OMP_NUM_THREADS": str(job.threads), "TORCHINDUCTOR_COMPILE_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    if job.task == "probe":  # every tensor by mmap, so that a freed one leaves the process and no peak hides in a heap
        own["MALLOC_MMAP_THRESHOLD_"] = "65536"
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **own, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=BACKSTOP,
        check=False,
    )
    found = {outcome.who: outcome for outcome in map(Outcome.read, done.stdout.splitlines())}
    return [found.get(who) or _dead(who, job, done.returncode, done.stderr) for who in job.who]


def _dead(who: str, job: Job, code: int, said: str) -> Outcome:
    """What is told of a contender whose process ended before it answered."""
    if code == -signal.SIGALRM:
        compiling = f", or {job.compile_limit:g} s to compile" if who in COMPILED and job.compile_limit else ""
        return Outcome(who, "slow", f"over {job.step_limit:g} s{compiling}")
    last = (said.strip().splitlines() or ["nothing said"])[-1][:100]
    return Outcome(who, "failed", f"{signal.Signals(-code).name if code < 0 else f'exit {code}'}: {last}")
