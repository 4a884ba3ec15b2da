"""Every kind of finding has its words: `errors/CODE-N.cl` gives exactly `errors/CODE-N.txt`; `--update` rewrites them.

A case may begin with `# variant: NAME` or `# set: PARAM = VALUE`.
"""

from __future__ import annotations

import ast as python
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cldsl
from cldsl.elaborate import examine
from cldsl.semantics.resolve import resolve
from cldsl.syntax.diagnostics import Diagnostic, SpecError, render

ERRORS = Path(__file__).parent / "errors"
CASES = sorted(path.stem for path in ERRORS.glob("*.cl"))
_CODE = re.compile(r"[a-z]+(-[a-z]+)*")
#: said of a tensor that comes from outside, not of a spec (tests/elaborate/test_naming.py)
ELSEWHERE = {"axes-of-tensor"}


def said(path: Path) -> tuple[list[Diagnostic], dict[str, str]]:
    text = path.read_text(encoding="utf-8")
    variant = re.match(r"# variant: (\w+)", text)
    given = re.match(r"# set: (\w+) = (.*)", text)
    sets = {given.group(1): given.group(2)} if given else {}
    relative = f"{path.name}"
    try:
        program = resolve(text, relative, variant.group(1) if variant else None, sets)
    except SpecError as error:
        return list(error.diagnostics), error.sources
    return examine(program)[1], program.sources


@pytest.mark.parametrize("name", CASES)
def test_finding_in_words(name: str, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ERRORS)
    found, sources = said(ERRORS / f"{name}.cl")
    code = name.rsplit("-", 1)[0]
    assert code in {each.code for each in found}, [each.code for each in found]
    drawn = "\n\n".join(render(each, sources.get(each.span.file, "")) for each in found) + "\n"
    pinned = ERRORS / f"{name}.txt"
    if update:
        pinned.write_text(drawn, encoding="utf-8")
    assert drawn == pinned.read_text(encoding="utf-8")


def codes() -> Iterator[str]:
    """Every code that the checker's source gives a finding."""
    root = Path(cldsl.__file__).parent
    for path in [*root.glob("elaborate/*.py"), *root.glob("semantics/*.py")]:
        for node in python.walk(python.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, python.Call) and _callee(node) in (
                "Mistake",
                "Diagnostic",
                "error",
                "warn",
                "_error",
                "_say",
            ):
                for argument in node.args[1:3]:
                    yield from (text for text in _texts(argument) if _CODE.fullmatch(text))


def _callee(node: python.Call) -> str:
    function = node.func
    return (
        function.id
        if isinstance(function, python.Name)
        else function.attr
        if isinstance(function, python.Attribute)
        else ""
    )


def _texts(node: python.expr) -> Iterator[str]:
    """A literal text, or both of a conditional."""
    if isinstance(node, python.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, python.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def test_every_code_has_its_words() -> None:
    known = {name.rsplit("-", 1)[0] for name in CASES}
    assert len(set(codes())) >= 140
    assert sorted(set(codes()) - known - ELSEWHERE) == []
    assert sorted(known - set(codes())) == []


def test_every_expectation_has_its_case() -> None:
    assert sorted(path.stem for path in ERRORS.glob("*.txt")) == CASES


def test_a_finding_is_underlined_in_one_line_of_the_case() -> None:
    for name in CASES:
        text = (ERRORS / f"{name}.txt").read_text(encoding="utf-8")
        assert re.search(r"^ +\| +\^+$", text, re.M) or "--set" in text or "<spec>" in text, name


def test_every_error_says_what_to_write_instead() -> None:
    """What is not executed has no mend but to wait."""
    bare = set()
    for name in CASES:
        for block in (ERRORS / f"{name}.txt").read_text(encoding="utf-8").split("\n\n"):
            if "mend: " not in block and "[not-executed]" not in block:
                bare.add(name)
    assert bare == set()
