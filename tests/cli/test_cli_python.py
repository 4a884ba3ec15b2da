"""A model of the user's own Python: refused without permission, built with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cldsl.cli import main

SPEC = """spec own "Own model" "none"
use std.losses (infonce)
data digits: image[item, channel, row, column] from "digits-8x8"
view x[v = 2] ~ noise(image, 0.1)
model f(channel, row, column -> dim) = python("own_net:Net", width = 8)
let z = unit(f(x))
contrast pull:
    anchor     a in z
    positive   c in z if c.item == a.item and c.v != a.v
    negative   c in z if c.item != a.item
    similarity dot(a, c)
train on digits(batch = 16, epochs = 1):
    minimize mean(infonce(pull)) by sgd(lr = 0.1)
"""
NET = """import math, torch
class Net(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer = torch.nn.Linear(64, width)
    def forward(self, x):
        return self.layer(x.flatten(1))
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "own_net.py").write_text(NET)
    (tmp_path / "own.cl").write_text(SPEC)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "own.cl"


def test_own_python_needs_permission(spec: Path) -> None:
    result = CliRunner().invoke(main, ["run", str(spec), "--steps", "1", "--quiet"])
    assert result.exit_code == 2
    assert "allow it with --allow-python" in result.output


def test_own_python_runs_when_allowed(spec: Path) -> None:
    result = CliRunner().invoke(main, ["run", str(spec), "--steps", "1", "--quiet", "--allow-python"])
    assert result.exit_code == 0, result.output
