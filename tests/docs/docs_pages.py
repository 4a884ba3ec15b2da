"""The fenced blocks of a page, what each means for a test, and how shown output is compared.

    ```cl triplet.cl        a whole spec, written under this name and checked
    ```cl                   a whole spec where it has a `spec` and a `train`, else a fragment, which is parsed
    ```cl fragment          a fragment
    ```python               run, all of a page in one namespace
    ```python emitted specs/dcl.cl      lines of the program that this spec compiles to
    ```console              `$ cldsl ...` with its output; a line `...` stands for any lines

Input: the text of a page. Output: its blocks. Nothing is run here.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("README.md"), ROOT / "examples" / "README.md"]))

#: Commands that train; their numbers depend on the machine.
SLOW = frozenset({"run", "claim"})
#: Commands that tests run.
RUN = frozenset({"check", "explain", "fmt", "list", "compile", "verify", *SLOW})

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.M | re.S)
_TIME = re.compile(r"\b\d+(\.\d+)? (ms|s)\b")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
_VERDICT = re.compile(r"(does not hold|holds|holds weakly)$")


@dataclass(frozen=True)
class Command:
    """A command of a console block and what the page shows for it, which lies at start to end of the page."""

    words: tuple[str, ...]
    shown: str
    start: int
    end: int

    @property
    def runs(self) -> bool:
        """Whether a test runs it."""
        return self.words[:1] == ("cldsl",) and len(self.words) > 1 and self.words[1] in RUN

    @property
    def slow(self) -> bool:
        """Whether it trains."""
        return self.runs and self.words[1] in SLOW


@dataclass(frozen=True)
class Block:
    """A fenced block; start is the place of its text in the page, line its line there."""

    language: str
    words: tuple[str, ...]
    text: str
    start: int
    line: int

    def commands(self) -> list[Command]:
        """The commands of a console block, in order."""
        places = [match.start() for match in re.finditer(r"^\$ ", self.text, re.M)]
        found = []
        for start, end in pairwise([*places, len(self.text)]):
            line, _, shown = self.text[start:end].partition("\n")
            begin = start + len(line) + 1
            words = tuple(shlex.split(line.removeprefix("$ "), comments=True))
            found.append(Command(words, shown, self.start + begin, self.start + end))
        return found


def blocks(text: str) -> list[Block]:
    """Every fenced block of a page, in order."""
    found = []
    for match in _FENCE.finditer(text):
        language, *words = match["info"].split() or [""]
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(language, tuple(words), match["text"], match.start("text"), line))
    return found


def trains(text: str) -> bool:
    """Whether a page has a command that trains."""
    return any(command.slow for block in blocks(text) if block.language == "console" for command in block.commands())


def same(shown: str, printed: str, numbers: bool = True) -> bool:
    """Whether the output is what the page shows, but for times, and for all numbers where `numbers` is false."""
    lines = [_plain(line, numbers) for line in shown.strip("\n").splitlines()]
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + r"\n" for line in lines)
    found = "".join(_plain(line, numbers) + "\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch(pattern, found) is not None


def _plain(line: str, numbers: bool) -> str:
    line = _TIME.sub("# s", line.rstrip())
    return line if numbers else re.sub(r" +", " ", _VERDICT.sub("verdict", _NUMBER.sub("#", line)))
