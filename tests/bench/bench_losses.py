"""Losses forward and backward, ours beside what else there is: one table from one run (docs/performance.md).

python tests/bench/bench_losses.py --quick
python tests/bench/bench_losses.py --sizes 512,1024 --losses nt-xent,clip --write docs/performance.md
python tests/bench/bench_losses.py --compile-time
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tests.bench.command import main

    sys.exit(main())
