"""The examples run, small, and an absent package ends in one line that names the extra."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from docs_pages import ROOT

import cldsl

EXAMPLES = ROOT / "examples"
#: Blocks a package and runs the example: what a user without it sees.
WITHOUT = "import runpy, sys; sys.modules[{package!r}] = None; runpy.run_path({path!r}, run_name='__main__')"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_own_loop_learns() -> None:
    example = _load("own_loop")
    images = example.torch.from_numpy(example.load_digits().images).float()[:256, None] / 16
    _, losses = example.train(images, epochs=3)
    assert len(losses) == 3 and losses[-1] < losses[0] - 0.1


def test_own_loop_takes_steps_of_the_whole_method() -> None:
    example = _load("own_loop")
    assert example.whole_method(steps=1) != example.whole_method(steps=3)
    assert example.whole_method(steps=2) == example.whole_method(steps=2)


@pytest.mark.slow
def test_transformers_trainer_learns() -> None:
    losses = _load("transformers_trainer").train(steps=20)
    assert losses[-1] < losses[0] - 0.5


@pytest.mark.parametrize(
    ("example", "package", "extra"),
    [("lightning_module", "lightning", "cldsl[lightning]"), ("transformers_trainer", "transformers", "cldsl[hf]")],
)
def test_an_absent_package_ends_in_one_line(example: str, package: str, extra: str) -> None:
    code = WITHOUT.format(package=package, path=str(EXAMPLES / f"{example}.py"))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.strip() == done.stderr.strip().splitlines()[0]
    assert extra in done.stderr and package in done.stderr


@pytest.mark.parametrize("path", sorted((EXAMPLES / "mistakes").glob("*.cl")), ids=lambda path: path.stem)
def test_a_mistake_is_one_finding(path: Path) -> None:
    found = cldsl.check(path)
    assert len(found) == 1 and found[0].severity == "error" and found[0].mend


def test_the_tutorial_is_the_example() -> None:
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    block = page.split("```cl triplet.cl\n", 1)[1].split("```", 1)[0]
    assert (EXAMPLES / "triplet.cl").read_text(encoding="utf-8").startswith(block)
    assert sum(bool(line.strip()) and not line.startswith("#") for line in block.splitlines()) <= 20
