"""Every block of every page does what the page says: specs check, fragments parse, Python runs, output is as shown.

`--update` writes the output of the commands into the pages anew, but for those that train.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from docs_pages import PAGES, ROOT, Block, Command, blocks, same, trains

import cldsl
from cldsl.cli import main
from cldsl.syntax.parser import parse

NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
TRAINING = [name for name, page in zip(NAMES, PAGES, strict=True) if trains(page.read_text(encoding="utf-8"))]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one, with the project's specs and examples in it."""
    for name in ("specs", "examples", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_page(name: str, desk: Path, update: bool) -> None:
    _follow(name, desk, training=False, update=update)


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINING)
def test_page_with_its_runs(name: str, desk: Path) -> None:
    _follow(name, desk, training=True, update=False)


def test_a_wrong_output_is_seen() -> None:
    assert same("a 1.5 ms\n...\nb 2\n", "a 3 ms\nx\ny\nb 2\n")
    assert same("knn 0.95  0.98\n", "knn  0.95 0.97\n", numbers=False)
    assert not same("a\n", "a\nb\n") and not same("a\n...\nb\n", "a\nb\nc\n") and not same("knn 0.95\n", "knn 0.96\n")


def _follow(name: str, desk: Path, training: bool, update: bool) -> None:
    """Do what a page says, from its beginning to its end."""
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "page"}
    written: list[tuple[Command, str]] = []
    for block in blocks(text):
        where = f"{name}:{block.line}"
        if block.language == "cl":
            _specification(block, desk, where)
        elif block.language == "python" and block.words[:1] == ("emitted",):
            _excerpt(block, where)
        elif block.language == "python":
            exec(compile("\n" * block.line + block.text, page, "exec"), namespace)
        elif block.language == "console":
            for command in block.commands():
                if command.runs and (training or not command.slow):
                    written.append((command, _told(command, where, update)))
    if update:
        for command, printed in reversed(written):
            if "\n...\n" not in f"\n{command.shown}":
                text = text[: command.start] + printed + text[command.end :]
        page.write_text(text, encoding="utf-8")


def _specification(block: Block, desk: Path, where: str) -> None:
    whole = block.text.startswith("spec ") and "\ntrain " in block.text
    if whole and block.words[:1] != ("fragment",):
        path = desk / (block.words[0] if block.words else "block.cl")
        path.write_text(block.text, encoding="utf-8")
        found = [str(each) for each in cldsl.check(path) if each.severity == "error"]
        assert not found, f"{where}: {found}"
    else:
        head = "" if block.text.startswith("spec ") else 'spec fragment "A fragment"\n\n'
        parse(head + block.text, where)


def _excerpt(block: Block, where: str) -> None:
    source = cldsl.compile(block.words[1]).source.splitlines()
    known = {line.strip() for line in source}
    unknown = [line for line in block.text.splitlines() if line.strip() not in known | {"...", ""}]
    assert not unknown, f"{where}: the emitted program has no line {unknown[0].strip()!r}"


def _told(command: Command, where: str, update: bool) -> str:
    """What a command prints, compared with what the page shows."""
    arguments = [
        *command.words[1:],
        *(["--overwrite"] if command.words[1] == "run" and "--resume" not in command.words else []),
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in (0, 1, 2) and not isinstance(result.exception, (TypeError, KeyError, AssertionError)), (
        f"{where}: {' '.join(command.words)}: {result.output} {result.exception}"
    )
    printed = result.stdout if command.slow and result.exit_code == 0 else result.output
    if not update:
        assert same(command.shown, printed, numbers=not command.slow), (
            f"{where}: `{' '.join(command.words)}` prints{os.linesep}{printed}{os.linesep}(--update writes it)"
        )
    return printed.rstrip("\n") + "\n"
