"""A whole program: its text, one step against the formula, an evaluation, and specs that try to become code."""

from __future__ import annotations

import ast
import subprocess
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import codegen_plans as plans
import pytest
import torch
from codegen_helpers import random, run
from torch import Tensor

from cldsl.codegen import emit, emit_function, load, load_function
from cldsl.codegen.names import NameRefused
from cldsl.codegen.scalars import NotScalar, scalar
from cldsl.graph.nodes import Axis, Function, Graph
from cldsl.graph.plan import Guarded, Mix, ModelPlan, ProgramPlan, StreamPlan, TensorPlan, TrainPlan
from cldsl.runtime import Clock

EMITTED = Path(__file__).parent / "emitted"


def test_the_text_is_the_expected_one(update: bool) -> None:
    text = emit(plans.program(), 2)
    file = EMITTED / "small.py"
    if update:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_the_text_passes_the_linter() -> None:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "E,F",
        "--line-length",
        "120",
        str(EMITTED),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_ntxent_by_masks_has_the_value_and_gradient_of_the_formula() -> None:
    g = Graph()
    leaf = g.leaf("input", (Axis("item", 5), Axis("v", 2), Axis("dim", 4)), kind="given", name="x")
    function = load_function(emit_function(Function("objective", (("loss", plans.ntxent(g, leaf)),), True)))
    x = random(5, 2, 4).requires_grad_()
    z = torch.nn.functional.normalize(x, dim=-1).reshape(10, 4)
    logits = (z @ z.T / 0.1).masked_fill(torch.eye(10).bool(), -torch.inf)
    want = torch.nn.functional.cross_entropy(logits, torch.arange(10) ^ 1)
    (gradient,) = torch.autograd.grad(want, x)
    for call in (function, torch.compile(function, fullgraph=True, backend="aot_eager")):
        found = call(x=x, models={})
        torch.testing.assert_close(found, want)
        torch.testing.assert_close(torch.autograd.grad(found, x)[0], gradient)


def _reference(p: Any, x: Tensor, noise: Tensor, progress: float) -> Tensor:
    def unit(t: Tensor) -> Tensor:
        return torch.nn.functional.normalize(t, dim=-1)

    q, k = unit(p.f(x + noise)), unit(p.t_f(x)).detach()
    logits = torch.cat([(q * k).sum(-1, keepdim=True), q @ p.Q[p.Q_present].T, q @ p.C.T], 1)
    return (-logits.log_softmax(1)[:, 0] * (progress + 1)).mean()


@pytest.mark.parametrize("capture", [False, True])
def test_steps_of_a_queue_follow_the_formula(capture: bool) -> None:
    program: Any = load(emit(plans.program(), 2), "small")(seed=3)
    p: Any = load(emit(plans.program(), 2), "small")(seed=3)
    if capture:
        program.run = lambda f: torch.compile(f, fullgraph=True, backend="aot_eager", dynamic=False)
    optimiser = torch.optim.SGD([{"params": [*p.f.parameters()]}, {"params": [p.C]}], lr=0.1, momentum=0.9)
    for step in range(4):
        clock = Clock.of(step, 4, 2)
        batch = {"x": random(4, 6, seed=step).float()}
        found = program.train_1(batch, clock)
        for target, source in zip(p.t_f.parameters(), p.f.parameters(), strict=True):
            target.data.mul_(0.9).add_(source.data, alpha=0.1)
        loss: Any = _reference(p, batch["x"], p.draws_train_1(batch, clock)["noise"], clock.progress)
        torch.testing.assert_close(found["loss"], loss.detach())
        optimiser.zero_grad()
        loss.backward()
        rate = 0.05 * (1 + torch.cos(torch.tensor(torch.pi * step / 4)).item())
        for group, factor in zip(optimiser.param_groups, (1.0, 0.5), strict=True):
            group["lr"] = rate * factor
        if step < 1:
            p.C.grad = None
        keys = torch.nn.functional.normalize(p.t_f(batch["x"]), dim=-1).detach()
        optimiser.step()
        slots = (4 * step + torch.arange(4)) % 10
        p.Q[slots], p.Q_present[slots] = keys, True
        for name, value in program.state_dict().items():
            if name != "slot_pointer":
                torch.testing.assert_close(value, p.state_dict()[name], msg=name)
    assert int(program.slot_pointer) == 6


def test_a_moving_clock_compiles_once() -> None:
    program: Any = load(emit(plans.program(), 2), "small")(seed=0)
    count = 0

    def backend(graph: Any, inputs: Any) -> Any:
        nonlocal count
        count += 1
        return graph

    compiled: Any = torch.compile(program.objective_1, fullgraph=True, backend=backend, dynamic=False)
    for step in range(3):
        compiled(random(4, 6).float(), random(4, 6).float(), Clock.of(step, 4, 2).as_tensors()["progress"])
    assert count == 1


def test_an_evaluation_reports_a_fitted_metric() -> None:
    program: Any = load(emit(plans.program(), 2), "small")(seed=0).eval()
    label = torch.arange(40) % 2
    column = random(40, 6).float() + 4 * label[:, None]
    found = program.on_1(lambda split: {"x": column, "label": label}, Clock.of(0, 1, 1))
    assert found["knn"] > 0.9


def test_tracebacks_show_the_emitted_line() -> None:
    program: Any = load(emit(plans.program(), 2), "small")(seed=0)
    try:
        program.train_1({"x": torch.zeros(4, 5)}, Clock.of(0, 1, 1))
    except RuntimeError as error:
        shown = "".join(traceback.format_exception(error))
        assert "q = rt.unit(rt.apply(self.f, x + noise, consumed=1))  # [item, dim]  small.cl:12" in shown
    else:
        raise AssertionError("five columns were taken for six")


def test_scalars_of_the_clock_are_plain_arithmetic() -> None:
    g = Graph()
    step = g.leaf("input", (), "int", kind="clock", name="step")
    node = g.make("where", g.make("lt", step, g.const(10)), g.const(0.5), g.make("exp", g.make("neg", step)))
    from cldsl.codegen.printer import flat

    assert flat(scalar(node)) == "0.5 if clock.step < 10 else rt.exp(-clock.step)"
    warm = g.make("mul", g.const(0), step)
    assert flat(scalar(g.make("add", g.const(0.1), warm))) == "0.1"
    with pytest.raises(NotScalar):
        scalar(g.leaf("input", (), kind="state", name="tau"))


def test_guarded_actions_stand_in_a_branch() -> None:
    plan = plans.program()
    train = plan.phases[0]
    assert isinstance(train, TrainPlan)
    mix = Guarded(2, "epochs", (Mix((("t.f", "f"),), Graph().const(0.0), plans.at(30)),), plans.at(30))
    text = emit(replace(plan, phases=(replace(train, actions=(mix, *train.actions[1:])),)), 0)
    assert "if (clock.step + 1) % (2 * clock.steps_per_epoch) == 0:  # small.cl:30" in text
    assert "rt.copy_(self.t_f, self.f)" in text and "return logs" in text
    load(text, "guarded")


HOSTILE = [
    '"""',
    "'); import os; os.system('x') #",
    "a\nimport os",
    "{{ 7 * 7 }}",
    "\\",
    '\\"""',
    "# x",
    "{% raw %}",
    "\u2028evil()",
    "\x00",
    "é",
]


def _constants(tree: ast.AST) -> list[str]:
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_a_spec_never_become_code(text: str) -> None:
    plan = plans.program()
    stream = replace(plan.streams[0], default=text, production=text)
    hostile = replace(
        plan,
        title=text,
        link=text,
        name=text,
        file=text,
        variant=text,
        params=(("tau", text),),
        notes=(text,),
        streams=(stream,),
    )
    tree, plain = ast.parse(emit(hostile, 2)), ast.parse(emit(plan, 2))
    assert text in _constants(tree)

    def bare(node: ast.AST) -> list[str]:
        return [type(each).__name__ for each in ast.walk(node) if not isinstance(each, (ast.Constant, ast.keyword))]

    assert bare(tree) == bare(plain)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert names == {node.id for node in ast.walk(plain) if isinstance(node, ast.Name)}


@pytest.mark.parametrize("label", [*HOSTILE, "class", "__class__", "rt", "torch", "self", "import", "print"])
def test_a_label_never_becomes_code(label: str) -> None:
    g = Graph()
    x = g.leaf("input", (plans.ITEM,), kind="given", name="x")
    node = g.make("exp", x, label=label)
    assert torch.equal(run(g.make("add", node, g.make("sqrt", node)), x=torch.zeros(4)), torch.full((4,), 2.0))


@pytest.mark.parametrize(
    "name", ["train", "forward", "class", "seed", "parameters", "__init__", "rt", "train_1", "objective_1"]
)
def test_a_state_may_have_any_name(name: str) -> None:
    tensor = TensorPlan("state", name, (plans.WORD,), "real", ("value", 2), span=plans.at(9))
    plan = plans.program()
    program: Any = load(emit(replace(plan, tensors=(*plan.tensors, tensor)), 2), "named")(seed=0)
    attribute = program.names[name]
    assert torch.equal(program.get_buffer(attribute), torch.full((5,), 2.0))


@pytest.mark.parametrize("name", ["a b", "x)", "é", "f; import os"])
def test_a_module_whose_name_is_none_is_refused(name: str) -> None:
    plan = plans.program()
    model = ModelPlan(name, "module", "mlp", ((8, 3),), (), (plans.WIDTH,), (plans.DIM,))
    with pytest.raises(NameRefused):
        emit(replace(plan, models=(*plan.models, model)), 2)


def test_a_parameter_of_a_module_is_read_by_a_constant() -> None:
    g = Graph()
    weight = g.leaf("input", (Axis("width", 3),), kind="weight", name="f.__class__")
    plan: ProgramPlan = plans.program()
    train = plan.phases[0]
    assert isinstance(train, TrainPlan)
    loss = g.make("reduce", g.make("exp", weight), kind="sum", over=("width",))
    functions = (Function("objective_1", (*train.functions[0].outputs[1:], ("loss", loss))), train.functions[1])
    text = emit(replace(plan, phases=(replace(train, functions=functions),)), 2)
    assert 'self.f.get_parameter("__class__")' in text


def test_columns_and_stream_names_are_constants() -> None:
    plan = plans.program()
    stream = StreamPlan("photos", 'x"]', None, plan.streams[0].columns)
    assert 'x"]' in _constants(ast.parse(emit(replace(plan, streams=(stream,)), 2)))
