"""What `check` loads: no torch, no numpy, no plotting of graphs; and little else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SPEC = Path(__file__).resolve().parents[2] / "specs" / "dcl.cl"
PROGRAM = """
import json, sys
before = set(sys.modules)
from cldsl.semantics.resolve import resolve_file
from cldsl.elaborate import examine
plan, found = examine(resolve_file(sys.argv[1]))
assert plan is not None and not found
print(json.dumps(sorted(set(sys.modules) - before)))
"""
HEAVY = (
    "torch",
    "numpy",
    "networkx",
    "scipy",
    "sklearn",
    "lark",
    "pydantic",
    "jinja2",
    "click",
    "rich",
    "asyncio",
    "subprocess",
)


def loaded() -> list[str]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(SPEC)], capture_output=True, text=True, check=True)
    names: list[str] = json.loads(done.stdout)
    return names


def test_a_check_loads_nothing_heavy() -> None:
    names = loaded()
    assert [name for name in names if name.split(".")[0] in HEAVY] == []
    own = [name for name in names if name.startswith("cldsl")]
    assert len(own) < 90
    stages = ("cldsl.passes", "cldsl.codegen", "cldsl.reference", "cldsl.runtime.trainer", "cldsl.explain")
    assert [name for name in own if name.startswith(stages)] == []
    assert len(names) - len(own) < 90
