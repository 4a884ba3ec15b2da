"""Which encoders are applied in chunks, in how many rows, and that a step stays the step it was."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend
from torch.autograd.graph import saved_tensors_hooks

import cldsl
from cldsl.catalogue import CatalogueError
from cldsl.compiler import Options, compile_spec, load_program
from cldsl.explain.encoders import encoders
from cldsl.modules.build import build
from cldsl.planning import encoders as planning
from cldsl.planning.activations import ROWS, row_bytes
from cldsl.running import elaborated
from cldsl.runtime import one_chunk
from cldsl.runtime.clock import Clock
from cldsl.semantics.resolve import resolve
from cldsl.verify.double import double

DCL = Path(__file__).parents[2] / "specs" / "dcl.cl"
#: The shipped spec with an encoder that has no batch norm: 144256 bytes for each of 32 rows, its head 256.
PLAIN = DCL.read_text(encoding="utf-8").replace("conv([16, 32, 64])", 'conv([16, 32, 64], norm = "none")')
ROW, HEAD = 144256, 256


def plan_of(text: str, memory: int | None, level: int = 2) -> dict[str, int]:
    return dict(compile_spec("dcl.cl", Options(memory=memory, level=level), text).plan.cached)


def told(text: str, memory: int) -> str:
    return encoders(elaborated(resolve(text, "dcl.cl"), {}), 2, memory)


def test_bytes_of_a_row_are_what_autograd_saves() -> None:
    """By hand: a hidden layer's activation is saved once, for itself and for the layer after it."""
    assert row_bytes("mlp", ((16, 8),), {}, (10,), 1) == 4 * 16
    assert row_bytes("linear", (8,), {}, (10,), 1) == 0
    for name, named, shape in (("conv", {"widths": [4, 6], "norm": "none"}, (3, 12, 12)), ("conv", {}, (1, 8, 8))):
        module = build(name, [], named, shape, 1)
        saved: dict[int, torch.Tensor] = {}

        def pack(tensor: torch.Tensor, saved: dict[int, torch.Tensor] = saved) -> torch.Tensor:
            return saved.setdefault(tensor.untyped_storage().data_ptr(), tensor)

        x = torch.randn(ROWS, *shape, requires_grad=True)
        own = {each.untyped_storage().data_ptr() for each in (x, *module.parameters(), *module.buffers())}
        with saved_tensors_hooks(pack, lambda tensor: tensor):
            module(x)
        kept = sum(each.untyped_storage().nbytes() for at, each in saved.items() if at not in own)
        assert row_bytes(name, (), named, shape, 1) == -(-kept // ROWS)


def test_measuring_draws_nothing() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    row_bytes("vit", (), {"patch": 4, "width": 8, "depth": 1, "heads": 2}, (1, 8, 8), 1)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        (None, {}),
        (2 * (32 * (ROW + HEAD)), {}),  # all of it fits into the encoders' half
        (2 * (32 * (ROW + HEAD)) - 2, {"f": 16}),  # a quarter of the memory is for a chunk: 16 rows
        (4 * 7 * ROW, {"f": 4}),  # 7 rows would fit; 4 is a divisor of 32 near it
        (1000, {"f": 1}),
    ],
)
def test_rows_that_fit(memory: int | None, expected: dict[str, int]) -> None:
    found = plan_of(PLAIN, memory)
    assert {name: rows for name, rows in found.items() if name != "g"} == expected
    assert ("g" in found) == (memory == 1000)  # a head that keeps next to nothing is not worth it elsewhere
    assert plan_of(PLAIN, memory, level=0) == {}


def test_the_emitted_program_says_it() -> None:
    source = compile_spec("dcl.cl", Options(memory=4 * 7 * ROW), PLAIN).source
    assert "self.f = rt.cached(" in source and "rows=4" in source
    assert "rt.cached" not in compile_spec("dcl.cl", Options(), PLAIN).source


def test_what_forbids_it_is_told() -> None:
    text = DCL.read_text(encoding="utf-8").replace("mlp([64, 32])", "mlp([64, 32], dropout = 0.1)")
    assert plan_of(text, 1000) == {}
    found = told(text, 1000)
    assert f"whole: {planning.STATISTICS}" in found and f"whole: {planning.CHANCE}" in found
    assert "too much, and nothing more can be done" in found
    assert "32 rows" not in found


def test_what_becomes_of_each_call_is_told() -> None:
    lines = told(PLAIN, 4 * 7 * ROW).splitlines()
    assert " ".join(lines[1].split()) == "f in objective_1 32 144.3 kB 4.6 MB cached, 4 rows at a time dcl.cl:16"
    assert lines[2].split()[-2:] == ["whole", "dcl.cl:16"]
    assert lines[3] == ("encoders may keep 2.0 MB of 4.0 MB; whole they keep 4.6 MB, so 8.2 kB and a chunk of 577.0 kB")
    assert "may keep 50.0 MB of 100.0 MB; whole they keep 4.6 MB" in told(PLAIN, 10**8)


COPIES = PLAIN.replace(
    "let z = unit(g(f(x)))",
    "model t = copy(f)\nmodel s = frozen(f)\nlet y = unit(g(s(x)))\nlet k = stop(unit(g(t(x))))\nlet z = unit(g(f(x)))",
).replace("minimize mean(decoupled(pull))", "minimize mean(decoupled(pull)) + mean(dot(y, k))")


def test_copies_keep_nothing_and_frozen_models_are_their_originals() -> None:
    plan = elaborated(resolve(COPIES, "dcl.cl"), {})
    found = {(str(each.node.attr("model")), each.module): each for each in planning.calls(plan, 4 * 7 * ROW)}
    assert {name for name, _ in found} == {"f", "g", "t", "s"}
    assert found["f", "f"].gradient and not found["t", "t"].gradient and not found["s", "f"].gradient
    assert found["t", "t"].kept == 0 and found["t", "t"].chunk is None
    assert found["s", "f"].chunk == found["f", "f"].chunk == 4
    assert "whole: no gradient passes, nothing is kept" in told(COPIES, 4 * 7 * ROW)


@pytest.mark.parametrize("text", [PLAIN, COPIES], ids=["dcl", "copies"])
def test_steps_are_those_without_chunks(text: str) -> None:
    """Two steps in float64: losses and every weight afterwards."""
    left, right = (_after(text, memory) for memory in (None, 4 * 3 * ROW))
    assert left.keys() == right.keys()
    for name, value in left.items():
        torch.testing.assert_close(right[name], value, rtol=1e-9, atol=1e-9, msg=name)


def test_each_member_of_a_family_takes_its_own_rows() -> None:
    """Two members, 32 rows each: a chunk is of one member."""
    text = PLAIN.replace("g(width -> dim)", "g[v = 2](width -> dim)").replace("mlp([64, 32])", "mlp([4096, 32])")
    (call,) = [each for each in planning.calls(elaborated(resolve(text, "dcl.cl"), {}), 10**6) if each.module == "g"]
    assert (call.rows, call.members, call.each, call.chunk) == (32, 2, 4 * 4096, 8)
    assert "rt.cached(rt.family_of(2, " in compile_spec("dcl.cl", Options(memory=10**6), text).source.replace("\n", "")


def test_a_compiled_step_is_one_graph_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole program through torch.compile: one graph for the objective, none of it made again in later steps."""
    made: list[int] = []

    def counted(run: Callable[..., Any], examples: list[torch.Tensor]) -> Callable[..., Any]:
        made.append(len(examples[0]))
        return run

    monkeypatch.setattr(one_chunk, "compiled", counted)
    counter = CompileCounterWithBackend("aot_eager")
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=counter))
    torch.compiler.reset()
    left, right = _after(PLAIN, None, steps=3), _after(PLAIN, 4 * 3 * ROW, steps=3, compiled=True)
    torch.compiler.reset()
    for name, value in left.items():
        torch.testing.assert_close(right[name], value, rtol=1e-9, atol=1e-9, msg=name)
    assert counter.frame_count == 1
    assert made == [1, 1]  # in float64 a row keeps twice as much: of 1.5 rows, one; forwards and backwards


def _after(text: str, memory: int | None, steps: int = 2, compiled: bool = False) -> dict[str, torch.Tensor]:
    with double():
        compilation = compile_spec("dcl.cl", Options(memory=memory), text)
        assert bool(compilation.plan.cached) == (memory is not None)
        program = load_program(compilation)(seed=1, compile=compiled)
        program.train()
        source = torch.Generator().manual_seed(7)
        found: dict[str, torch.Tensor] = {}
        for step in range(steps):
            image = torch.rand(16, 1, 28, 28, generator=source)
            batch = {"image": image, "label": torch.randint(0, 10, (16,), generator=source)}
            logs = program.train_1(batch, Clock.of(step, steps, steps))
            found |= {f"{name} {step}": torch.as_tensor(value) for name, value in logs.items()}
        return found | {name: each.detach().clone() for name, each in program.state_dict().items()}


def test_the_python_api_takes_a_size(tmp_path: Path) -> None:
    spec = tmp_path / "dcl.cl"
    spec.write_text(PLAIN, encoding="utf-8")
    bounded = cldsl.compile(spec, memory="1kB")
    assert "rt.cached" in bounded.source and "rt.cached" not in cldsl.compile(spec).source
    x = torch.rand(4, 1, 28, 28)
    images = {"x": (torch.stack([x, x + 0.1]), ("v", "item", "channel", "row", "column"))}
    module, whole = bounded.module(seed=2), cldsl.compile(spec).module(seed=2)
    expected = cldsl.compile(spec).loss(module=whole, **images)
    torch.testing.assert_close(bounded.loss(module=module, **images), expected)
    with pytest.raises(CatalogueError, match="is no size"):
        cldsl.compile(spec, memory="much")
    with pytest.raises(CatalogueError, match="is no size"):
        cldsl.run(spec, memory="0")
