"""Every function of every shipped program is one graph, captured once, whatever the clock says.

The programs run compiled, with a backend that counts; a graph break is an error (`fullgraph`), a second capture is
counted. Small images and batches; the sources are not opened.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from cldsl.catalogue import find
from cldsl.compiler import Options, compile_spec, load_program
from cldsl.data.samplers.catalog import SAMPLERS
from cldsl.data.samplers.groups import Sampler, grouped
from cldsl.graph.plan import TrainPlan
from cldsl.runtime import visits
from cldsl.runtime.clock import Clock
from tests.equivalence.shipped import FOLDER

SETS = {
    "cacr": {"views": "2"}, "mochi": {"hardest": "4", "pairs": "3", "blends": "2", "start": "1"},
    "swav": {"words": "4", "crops": "3", "frozen_steps": "1"}, "groco": {"hardest": "3"},
    "susana": {"ways": "3", "shots": "3", "asks": "2"},
    "macil": {"dropout": "0"}, "mclrec": {"drop": "0"},
    "beclr": {"words": "3", "slots": "33", "near": "2", "begin": "0"},
    "meow": {"drop": "0", "near": "3", "few": "3", "many": "4", "starts": "2"},
}  # fmt: skip
SPECS = tuple(sorted(path.stem for path in FOLDER.glob("*.cl")))
BATCH, STEPS = 16, 3


class Captures:
    """A backend that runs a graph as it is and remembers that it was asked."""

    def __init__(self) -> None:
        self.graphs: list[Any] = []

    def __call__(self, graph: Any, inputs: Any) -> Callable[..., Any]:
        self.graphs.append(graph)
        return graph.forward  # type: ignore[no-any-return]


def _program(spec: str, memory: int | None = None) -> tuple[Any, TrainPlan, dict[str, int]]:
    """The compiled program at -O2 and its train block, with a small batch."""
    path = FOLDER / f"{spec}.cl"
    text = path.read_text(encoding="utf-8")
    number = text.partition("(batch = ")[2].split(",")[0]
    small = text if number in ("all", "") else text.replace(f"(batch = {number},", f"(batch = {BATCH},", 1)
    small = small.replace(", sampler = quota(label)", "")  # 16 rows are no multiple of every number of classes
    compilation = compile_spec(path, Options(sets=SETS.get(spec, {}), level=2, memory=memory), small)
    block = next(phase for phase in compilation.plan.phases if isinstance(phase, TrainPlan))
    sizes = {column.target: 3 for stream in compilation.plan.streams for column in stream.columns if column.target}
    program = load_program(compilation)(seed=1, compile=True)
    program.driver = lambda *entered: None  # inner blocks have data of their own
    return program, block, sizes


def _batch(program: Any, block: TrainPlan, seed: int) -> dict[str, torch.Tensor]:
    """Columns of the block's stream as it declares them: real data, indices below 2 (a label may have no more), or what is there."""
    source = torch.Generator().manual_seed(seed)
    found: dict[str, torch.Tensor] = {}
    for name, (shape, kind) in _columns(block).items():
        real = torch.rand(shape, generator=source)
        found[name] = torch.randint(0, 2, shape, generator=source) if kind == "int" else real
        if kind == "bool":
            found[name] = real < 0.7
    return found | _sampled(block)


def _sampled(block: TrainPlan) -> dict[str, torch.Tensor]:
    """The columns that the block's sampler adds, which every batch has alike."""
    if block.sampler is None:
        return {}
    batch = int(dict(block.options)["batch"])
    labels = grouped("label", np.arange(batch * batch) % batch)
    sampler: Sampler = find(SAMPLERS, block.sampler.entry, "sampler").load()(
        labels, batch, batch * batch, **dict(block.sampler.options)
    )
    return {name: torch.from_numpy(column) for name, column in sampler.added.items()}


def _columns(block: TrainPlan) -> dict[str, tuple[list[int], str]]:
    """Shape and kind of every column that the block reads, through its functions or its views."""
    found: dict[str, tuple[list[int], str]] = {}
    for function in block.functions:
        for leaf in function.inputs:
            if leaf.attr("kind") == "column":
                found[leaf.attr("name")] = ([axis.size or BATCH for axis in leaf.axes], leaf.dtype)
    for draw in block.draws:
        if draw.kind == "view" and draw.column is not None:
            found.setdefault(draw.column, (_image(draw), "real"))
    return found


def _image(draw: Any) -> list[int]:
    """The shape of what is viewed; channels are as many as the view has."""
    first, *places = _SHAPES[draw.column]
    channels = next((axis.size for axis in draw.axes if axis.name == "channel"), first)
    return [BATCH, channels, *places]


_SHAPES = {"image": (1, 28, 28), "left": (1, 28, 14), "right": (1, 28, 14), "spectrum": (100,)}


def _steps(program: Any, block: TrainPlan) -> list[dict[str, Any]]:
    """Three steps: the step, the epoch and every schedule move."""
    logs = []
    for step in range(STEPS):
        clock = Clock.of(step, STEPS, 1)
        logs.append(program.train_1(_batch(program, block, step), clock))
    return logs


@pytest.mark.parametrize("spec", SPECS)
def test_one_graph_each_and_no_other(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch._dynamo.reset()
    captures = Captures()
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=captures))
    program, block, _ = _program(spec)
    logs = _steps(program, block)
    functions = {function.name for function in block.functions}
    assert 1 <= len(captures.graphs) <= len(functions), f"{len(captures.graphs)} graphs of {sorted(functions)}"
    assert all(
        bool(torch.as_tensor(value).isfinite().all())
        for log in logs
        for name, value in log.items()
        if name.startswith("loss")
    )


@pytest.mark.parametrize("spec", SPECS)
def test_in_strips_a_step_is_one_graph_and_a_strip_another(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strips of a few rows, the last one ragged at times: as many graphs as without, and one for each visit's strips."""
    torch._dynamo.reset()
    outer, inner = Captures(), Captures()
    monkeypatch.setattr(visits, "BACKEND", inner)
    monkeypatch.setattr(torch, "compile", _with_backend(torch.compile, outer))
    program, block, _ = _program(spec, 3000)
    made = [visit for function in block.functions for visit in function.visits]
    assert made or spec == "swav"
    logs = _steps(program, block)
    plain, own, _ = _program(spec)
    plain.compiled = False
    for found, wanted in zip(logs, _steps(plain, own), strict=True):
        torch.testing.assert_close(found["loss"], wanted["loss"], rtol=1e-4, atol=1e-5)
    assert len(outer.graphs) <= len(block.functions)
    # a visit that is made again for its gradient is two formulas
    assert len(inner.graphs) <= sum(1 if visit.once else 2 for visit in made)


def _with_backend(compile: Any, backend: Any) -> Any:
    """torch.compile with this backend where none is asked for."""
    return lambda function, **options: compile(function, **{"backend": backend, **options})


@pytest.mark.inductor
@pytest.mark.slow
@pytest.mark.parametrize("spec", ["dcl", "mochi"])
def test_inductor_computes_the_same(spec: str) -> None:
    torch._dynamo.reset()
    program, block, _ = _program(spec)
    plain, _, _ = _program(spec)
    plain.compiled = False
    for compiled, eager in zip(_steps(program, block), _steps(plain, block), strict=True):
        torch.testing.assert_close(compiled["loss"], eager["loss"], rtol=1e-4, atol=1e-5)
