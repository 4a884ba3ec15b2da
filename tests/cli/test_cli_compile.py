"""`cldsl compile`: the file that it writes, its default name, and that python runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_tiny import ROOT, cldsl, write

from cldsl.running import write_whole


def test_the_program_runs_by_itself(tmp_path: Path) -> None:
    write(tmp_path)
    result = cldsl("compile", "tiny.cl", cwd=tmp_path)
    lines = (tmp_path / "tiny.py").read_text(encoding="utf-8").splitlines()
    assert result.output == f"tiny.py: {len(lines)} lines\n"
    command = [sys.executable, str(tmp_path / "tiny.py"), "--steps", "2", "--quiet"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"before/norm"' in done.stdout


def test_names_levels_and_the_terminal(tmp_path: Path) -> None:
    write(tmp_path)
    assert cldsl("compile", "tiny.cl", "--variant", "still", cwd=tmp_path).output.startswith("tiny_still.py: ")
    cldsl("compile", "tiny.cl", "-O0", "-o", "plain.py", "--set", "tau=0.3", cwd=tmp_path)
    plain = (tmp_path / "plain.py").read_text(encoding="utf-8")
    assert "(-O0)" in plain and "tau = 0.3" in plain
    printed = cldsl("compile", "tiny.cl", "--print", "-O0", "--set", "tau=0.3", cwd=tmp_path)
    assert printed.output == plain
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain.py", "tiny.cl", "tiny_still.py"]


def test_a_file_of_ones_own_gives_the_sizes(tmp_path: Path) -> None:
    write(tmp_path)
    generator = np.random.default_rng(0)
    np.savez(tmp_path / "own.npz", image=generator.random((40, 3, 5, 4), dtype=np.float32), label=np.arange(40) % 3)
    source = cldsl("compile", "tiny.cl", "--data", "digits=own.npz", "--print", cwd=tmp_path).output
    assert "channel = 3, row = 5, column = 4" in source
    run = cldsl("run", "tiny.cl", "--data", "digits=own.npz", "--batch", "8", "--steps", "2", "--quiet", cwd=tmp_path)
    assert run.exit_code == 0, run.output


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    write_whole(path, "old\n")

    def full(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new\n")
    assert path.read_text(encoding="utf-8") == "old\n"
    assert list(tmp_path.iterdir()) == [path]
