"""The options of the benchmark, and its two tables."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from tests.bench import compile_time, text
from tests.bench.cases import NAMED, Case
from tests.bench.contenders import contenders
from tests.bench.peers import versions
from tests.bench.processes import in_process
from tests.bench.rows import Options, Row, table, width
from tests.bench.shipped_cases import CASES

SIZES = tuple(2**power for power in range(9, 17))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 2 for options that name nothing."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    given = _parser("--quick" in words).parse_args(words)
    unknown = [name for name in given.losses if name not in CASES]
    if unknown:
        print(f"no loss is called {', '.join(unknown)}: there are {', '.join(CASES)}", file=sys.stderr)
        return 2
    cases = [CASES[name] for name in given.losses]
    whole = _compile_table(cases, given) if given.compile_time else _loss_table(cases, given)
    print(whole)
    if given.write:
        text.write_between(given.write, whole)
    return 0


def _loss_table(cases: Sequence[Case], given: argparse.Namespace) -> str:
    """The table; a page that is to be written has the losses that are done, so that a run of hours may be ended."""
    options = Options(given.repeat, given.budget, given.limit, given.compile_limit, given.memory, given.threads)
    widths = "128 columns" + (", 256 at 65,536 rows" if max(given.sizes) >= 65536 else "")
    said = (
        f"torch {torch.__version__}, float32, {given.threads} threads, {widths}, at most {given.repeat} rounds, "
        f"{given.memory:g} GB, {given.limit:g} s a step; {versions() or 'no other library is installed'}."
    )
    rows: list[Row] = []
    for case in cases:
        for row in table(case, contenders(case, given.peers), given.sizes, options, in_process):
            print(" | ".join(text.cells(row)), file=sys.stderr, flush=True)
            rows.append(row)
        if given.write:
            text.write_between(given.write, f"{said}\n\n{text.shown(rows)}")
    return f"{said}\n\n{text.shown(rows)}"


def _compile_table(cases: Sequence[Case], given: argparse.Namespace) -> str:
    size = given.sizes[0]
    lines = []
    for line in compile_time.compile_times(cases, size, width(size), given.threads, given.memory):
        print(" | ".join(line), file=sys.stderr, flush=True)
        lines.append(line)
    said = f"torch {torch.__version__}, {given.threads} threads, {size:,} rows of {width(size)} columns."
    return f"{said}\n\n{compile_time.shown(lines)}"


def _parser(quick: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench_losses.py", description="losses forward and backward, in one run")
    parser.add_argument("--quick", action="store_true", help="512 and 1,024 rows of the named losses, 5 rounds")
    parser.add_argument("--sizes", type=_numbers, default=SIZES[:2] if quick else SIZES, help="rows, as 512,1024")
    names = tuple(case.name for case in NAMED) if quick else tuple(CASES)
    parser.add_argument("--losses", type=_words, default=names, help=f"of {', '.join(CASES)}")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help="other libraries too")
    parser.add_argument("--repeat", type=int, default=5 if quick else 15, help="rounds at most")
    parser.add_argument("--budget", type=float, default=20, help="seconds of rounds for a contender and size")
    parser.add_argument("--limit", type=float, default=30, help="seconds: slower steps are named and not timed")
    parser.add_argument("--compile-limit", type=float, default=300, help="seconds that a first call may compile")
    parser.add_argument("--memory", type=float, default=12, help="gigabytes a contender may take")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--compile-time", action="store_true", help="the first call of ours instead, cold and warm")
    parser.add_argument("--write", type=Path, help="a page whose marked part becomes the table")
    return parser


def _numbers(given: str) -> tuple[int, ...]:
    return tuple(int(each) for each in given.split(","))


def _words(given: str) -> tuple[str, ...]:
    return tuple(given.split(","))
