"""The verbs of a program: minimize, assign, run, precision, and what its first weights depend on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
import runtime_tiny
import torch
from torch import Tensor, nn

from cldsl import runtime as rt
from cldsl.modules.build import Family
from cldsl.runtime.clock import Clock
from cldsl.runtime.errors import RunError, RunFailed
from cldsl.runtime.snapshot import restore, tensors_of


class Pair(rt.Program):
    """Two weights moved by an optimiser each, one by both, a ring with presence."""

    m: nn.Linear
    Q: Tensor
    Q_present: Tensor
    square: Tensor

    def build(self) -> None:
        self.a = rt.learn(torch.tensor([1.0, 2.0]))
        self.b = rt.learn(torch.tensor([3.0]))
        self.m = nn.Linear(4, 4)
        self.Q = rt.state(self, "Q", torch.arange(3.0), present=torch.tensor([True, False, False]))
        self.square = rt.state(self, "square", torch.arange(9.0).reshape(3, 3))
        self.optimiser("by_1", "sgd", modules=[self.a, self.b])
        self.optimiser("by_2", "sgd", modules=[self.a])


def test_first_weights_follow_the_seed_alone_and_leave_the_global_generator() -> None:
    torch.manual_seed(5)
    first = Pair(seed=1)
    after = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(after, torch.rand(1))
    assert torch.equal(first.m.weight, Pair(seed=1).m.weight) and not torch.equal(first.m.weight, Pair(seed=2).m.weight)


def test_all_gradients_are_taken_before_any_step() -> None:
    both, apart = Pair(), Pair()
    both.minimize_all([("by_1", (both.a**2).sum() * both.b.sum(), 0.1), ("by_2", both.b.sum() * both.a.sum(), 0.1)])
    torch.testing.assert_close(both.a.detach(), torch.tensor([1 - 0.6 - 0.3, 2 - 1.2 - 0.3]))
    torch.testing.assert_close(both.b.detach(), torch.tensor([3 - 0.5]))
    apart.minimize("by_1", (apart.a**2).sum() * apart.b.sum(), 0.1)
    apart.minimize("by_2", apart.b.sum() * apart.a.sum(), 0.1)
    torch.testing.assert_close(apart.a.detach(), torch.tensor([1 - 0.6 - 0.25, 2 - 1.2 - 0.25]))


def test_terms_may_share_a_part_of_their_graph() -> None:
    program = Pair()
    shared = (program.a * program.a).sum()
    program.minimize_all([("by_1", shared * 2, 0.1), ("by_2", shared.exp(), 0.0)])
    torch.testing.assert_close(program.a.detach(), torch.tensor([1 - 0.4, 2 - 0.8]))
    assert program.a.grad is None


def test_a_guarded_member_and_an_unreached_one_stay() -> None:
    program = Pair()
    program.minimize("by_1", (program.a**2).sum() + program.b.sum(), 0.1, skip=[program.a])
    assert torch.equal(program.a, torch.tensor([1.0, 2.0])) and torch.equal(program.b, torch.tensor([2.9]))
    program.minimize("by_1", (program.a**2).sum(), torch.tensor(0.5), skip=[program.a, program.b])
    program.minimize("by_1", (program.a**2).sum(), torch.tensor(0.5))
    assert torch.equal(program.a, torch.zeros(2)) and torch.equal(program.b, torch.tensor([2.9]))


def test_a_loss_without_gradient_is_told() -> None:
    with pytest.raises(RunFailed, match="the loss that by_1 minimises reaches no parameter"):
        Pair().minimize("by_1", torch.tensor(1.0), 0.1)


def test_assign_moves_states_and_learned_tensors_in_place() -> None:
    program = Pair()
    held = program.Q
    program.assign("Q", torch.tensor([5.0, 6.0, 7.0]), torch.tensor([True, True, False]))
    assert program.Q is held and program.Q.tolist() == [5, 6, 7] and program.Q_present.tolist() == [True, True, False]
    program.assign("Q", program.Q.flip(0))
    assert program.Q.tolist() == [7, 6, 5] and program.Q_present.all()
    program.assign("a", program.a * 2)
    assert program.a.tolist() == [2, 4] and program.a.requires_grad
    with pytest.raises(RunError, match="no state or learned tensor nothing"):
        program.assign("nothing", torch.zeros(1))


def test_assign_of_a_view_of_itself_copies_first() -> None:
    program = Pair()
    program.assign("square", program.square.T)
    assert torch.equal(program.square, torch.arange(9.0).reshape(3, 3).T)


def test_the_state_dict_covers_modules_learned_tensors_and_states() -> None:
    names = {"a", "b", "m.weight", "m.bias", "Q", "Q_present", "square"}
    assert Pair().state_dict().keys() == names


def test_a_snapshot_restores_another_program_and_is_strict() -> None:
    program = runtime_tiny.Program(seed=1)
    batch = {name: torch.from_numpy(column[:16]) for name, column in runtime_tiny.table(16, 3).columns.items()}
    for step in range(2):
        program.train_1(batch, Clock.of(step, 4, 4))
        program.train_2(batch, Clock.of(step, 4, 4))
    tensors = tensors_of(program)
    other = runtime_tiny.Program(seed=2)
    restore(other, tensors, {})
    again = tensors_of(other)
    assert tensors.keys() == again.keys() and all(torch.equal(tensors[name], again[name]) for name in tensors)
    with pytest.raises(RunError, match="the checkpoint lacks scale"):
        restore(other, {name: value for name, value in tensors.items() if name != "program/scale"}, {})
    with pytest.raises(RunError, match=r"scale is float32\[2\] there and float32\[\] here"):
        restore(other, {**tensors, "program/scale": torch.zeros(2)}, {})
    with pytest.raises(RunError, match="moments by_1/nobody/momentum_buffer do not fit"):
        restore(other, {**tensors, "optimiser/by_1/nobody/momentum_buffer": torch.zeros(2)}, {})


def test_objectives_are_compiled_once_whatever_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = []

    def counted(graph: Any, inputs: Any) -> Callable[..., Any]:
        graphs.append(graph)
        return graph.forward  # type: ignore[no-any-return]

    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=counted))

    class Clocked(Pair):
        def objective_1(self, x: Tensor, tau: Tensor) -> Tensor:
            loss: Tensor = (self.m(x) / tau).square().mean() + self.a.sum()
            return loss

        def step(self, clock: Clock) -> None:
            tau = 1 + clock.as_tensors()["progress"]
            self.minimize("by_1", self.run(self.objective_1)(torch.ones(2, 4), tau), 0.1)

    program, plain = Clocked(compile=True), Clocked()
    for step in range(4):
        program.step(Clock.of(step, 4, 2))
        plain.step(Clock.of(step, 4, 2))
    assert len(graphs) == 1
    torch.testing.assert_close(program.a, plain.a)
    assert plain.run(plain.objective_1) == plain.objective_1


@pytest.mark.parametrize(
    "precision, dtype", [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)]
)
def test_precision_is_that_of_the_models_calls(precision: str, dtype: torch.dtype) -> None:
    seen = []

    class Mixed(rt.Program):
        f: nn.Sequential
        w: Family

        def build(self) -> None:
            self.f = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
            self.f[1].register_forward_pre_hook(lambda module, x: seen.append(x[0].dtype))
            self.w = rt.family([lambda: rt.module("linear", [2], {}, consumes=(4,), produces=1)] * 2)
            self.optimiser("by_1", "sgd", modules=[self.f, self.w], clip=1e9)

    program = Mixed(precision=precision)
    names = list(program.state_dict())
    assert names[:2] == ["f.0.weight", "f.0.bias"]
    x = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    y = rt.apply(program.f, x, 1)
    z = rt.apply(program.w.member(1), y, 1)
    assert seen == [dtype] and y.dtype == z.dtype == torch.float32
    weight = program.get_parameter("f.0.weight")
    before = weight.detach().clone()
    expected = torch.autograd.grad((z**2).mean(), weight, retain_graph=True)[0]
    program.minimize("by_1", (z**2).mean(), 1.0)
    torch.testing.assert_close(before - weight.detach(), expected, rtol=2e-2, atol=1e-4)


def test_fp16_skips_a_step_that_overflows_and_halves_its_scale() -> None:
    class Mixed(rt.Program):
        def build(self) -> None:
            self.a = rt.learn(torch.ones(2))
            self.optimiser("by_1", "sgd", modules=[self.a])

    program = Mixed(precision="fp16")
    program.minimize("by_1", (program.a * torch.inf).sum(), 0.1)
    assert program.a.tolist() == [1, 1] and program.scaler.get_scale() == 2.0**15
    program.minimize("by_1", program.a.sum(), 0.5)
    assert program.a.tolist() == [0.5, 0.5]
    fresh = Mixed(precision="fp16")
    restore(fresh, tensors_of(program), program.scaler.state_dict())
    assert fresh.scaler.get_scale() == 2.0**15


def test_chunks_equal_one_call() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(6, 3)).eval()
    x = torch.randn(7, 2, 2, 3, generator=torch.Generator().manual_seed(0))
    whole = rt.apply(module, x, 2)
    assert whole.shape == (7, 2, 3)
    for rows in (1, 3, 7, 100):
        torch.testing.assert_close(rt.chunked(module, x, 2, rows=rows), whole)
    torch.testing.assert_close(rt.chunked(module, x[0, 0], 2), whole[0, 0])


def test_the_table_of_names_loads_and_names_what_is_unknown() -> None:
    assert all(getattr(rt, name) is not None for name in dir(rt))
    with pytest.raises(AttributeError, match="has no attribute nothing"):
        _ = rt.nothing
