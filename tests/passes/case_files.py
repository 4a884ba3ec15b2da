"""The before/after pairs of tests/passes/cases: a title, a function before, one after, in the text of graph/printer.py.

A file holds the cases of the pass of its name:

    # title: what the case shows
    function f grad
      ...
    becomes
    function f grad
      ...
    (blank line)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    title: str
    before: str
    after: str


def load(name: str) -> list[Case]:
    """The cases of a pass. Raises ValueError for a stretch that is no case."""
    cases = []
    for chunk in (CASES / f"{name}.txt").read_text().strip().split("\n\n"):
        title, _, rest = chunk.partition("\n")
        before, middle, after = rest.partition("\nbecomes\n")
        if not title.startswith("# title: ") or not middle:
            raise ValueError(f"{name}.txt: no case: {title}")
        cases.append(Case(title.removeprefix("# title: "), before + "\n", after.rstrip("\n") + "\n"))
    return cases


def store(name: str, cases: list[Case]) -> None:
    chunks = [f"# title: {case.title}\n{case.before}becomes\n{case.after}" for case in cases]
    (CASES / f"{name}.txt").write_text("\n".join(chunks))
