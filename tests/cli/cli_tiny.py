"""A spec that trains in a second, and the command line called in process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result

from cldsl.cli import main

ROOT = Path(__file__).resolve().parents[2]
SPECS = sorted((ROOT / "specs").glob("*.cl"))

TINY = """spec tiny "A tiny method"

use std.losses (infonce)

param tau: real > 0 = 0.2  # temperature
param rate: real >= 0 = 1e-2

data digits: image[item, channel, row, column], label[item] -> class from "digits-8x8"

view x[v = 2] ~ noise(scale(image, 0.9, 1.1), 0.05)
model f(channel, row, column -> width) = linear(16)
model g(width -> dim) = linear(8)
let z = unit(g(f(x)))

contrast pull:
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.item != a.item
    similarity  dot(a, c)
    temperature tau

train on digits(batch = 32, epochs = 1):
    minimize mean(infonce(pull)) by adam(lr = rate)

on digits(split = "test"):
    report norm = mean(norm(f(image)[width -> dim]))

variant still:
    param rate = 0

claim norm: still < this, still ~ this
"""


def write(folder: Path, text: str = TINY, name: str = "tiny.cl") -> Path:
    """The text as a file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def cldsl(*words: object, cwd: Path | None = None) -> Result:
    """The command line in this process; what it raises beyond its own exits is raised here."""
    with _within(cwd):
        result = CliRunner().invoke(main, [str(word) for word in words], prog_name="cldsl")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@contextmanager
def _within(folder: Path | None) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder or before)
    try:
        yield
    finally:
        os.chdir(before)
