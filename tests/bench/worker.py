"""The measuring process: a job in its argument, an outcome a line on its output. Nothing of one job stays for the next."""

from __future__ import annotations

import sys

from tests.bench.jobs import Job
from tests.bench.measure import perform

if __name__ == "__main__":
    for outcome in perform(Job.read(sys.argv[1])):
        print(outcome.text(), flush=True)
