"""Modules applied a chunk of rows at a time: the same values and gradients, fewer bytes kept, one graph."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounterWithBackend
from torch.autograd.graph import saved_tensors_hooks

from cldsl import runtime as rt
from cldsl.modules.build import Family, build, family
from cldsl.runtime import one_chunk
from cldsl.runtime.precision import autocast_modules

_VIT = {"patch": 4, "width": 16, "depth": 2, "heads": 2}
NETWORKS: dict[str, tuple[str, dict[str, Any], int]] = {
    "conv": ("conv", {"widths": [4, 6], "norm": "none"}, 1),
    "map": ("conv", {"widths": [4, 6], "norm": "none", "out": "map"}, 3),
    "mlp": ("mlp", {"widths": [12, 6], "norm": "layer"}, 1),
    "vit": ("vit", _VIT, 1),
    "vit with a class token": ("vit", {**_VIT, "pool": "class"}, 1),
    "vit of patches": ("vit", {**_VIT, "pool": "none"}, 2),
    "identity": ("identity", {}, 3),
}
CONSUMED = (2, 8, 8)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    torch.compiler.reset()
    torch.manual_seed(0)
    yield
    torch.compiler.reset()


def network(name: str) -> nn.Module:
    """A module of NETWORKS in float64."""
    entry, named, produces = NETWORKS[name]
    return build(entry, [], named, CONSUMED, produces).double()


def images(*lead: int) -> Tensor:
    return torch.randn(*lead, *CONSUMED, dtype=torch.float64, requires_grad=True)


def outcome(run: Callable[[], Tensor], *wanted: Tensor) -> list[Tensor]:
    """A value, and the gradient of a function that every entry of it enters, with its own weight."""
    y = run()
    weights = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view_as(y)
    loss = (torch.tanh(y) * weights).sum()
    reached = [each for each in wanted if each.requires_grad]
    found = torch.autograd.grad(loss, reached, allow_unused=True, materialize_grads=True)
    return [y.detach(), *found]


def assert_same(got: list[Tensor], expected: list[Tensor]) -> None:
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rows", [1, 4, 100])
@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_those_of_one_call(name: str, rows: int) -> None:
    module, x = network(name), images(5, 3)
    run = functools.partial(rt.apply, module, x, 3)
    expected = outcome(run, x, *module.parameters())
    rt.cached(module, rows)
    assert_same(outcome(run, x, *module.parameters()), expected)


@pytest.mark.parametrize("verb", ["apply_eval", "apply_frozen", "apply_eval_frozen"])
def test_in_evaluation_and_frozen(verb: str) -> None:
    """Of a module with batch norm, in evaluation; frozen weights get no gradient, the input does."""
    module = build("conv", [], {"widths": [4, 6]}, CONSUMED, 1).double() if "eval" in verb else network("conv")
    rt.apply(module, images(9), 3)  # running statistics of some rows
    x = images(7)
    run = functools.partial(getattr(rt, verb), module, x, 3)
    expected = outcome(run, x, *module.parameters())
    rt.cached(module, 3)
    assert_same(outcome(run, x, *module.parameters()), expected)
    assert all(each.training for each in module.modules())
    for each in module.parameters():
        each.requires_grad_(False)
    assert_same(outcome(run, x), expected[:2])


def test_a_module_applied_several_times_in_a_step() -> None:
    module, x = network("conv"), images(6)

    def step() -> Tensor:
        y, again = rt.apply(module, x, 3), rt.apply(module, 2 * x, 3)
        return torch.stack([y @ again.t(), y @ rt.apply_frozen(module, x + 1, 3).t()])

    expected = outcome(step, x, *module.parameters())
    rt.cached(module, 4)
    assert_same(outcome(step, x, *module.parameters()), expected)


def test_weights_that_do_not_learn_among_those_that_do() -> None:
    module, x = network("vit"), images(5)
    for name, each in module.named_parameters():
        each.requires_grad_("blocks.0" not in name)
    expected = outcome(lambda: rt.apply(module, x, 3), x, *module.parameters())
    rt.cached(module, 2)
    assert_same(outcome(lambda: rt.apply(module, x, 3), x, *module.parameters()), expected)


def test_members_of_a_family_are_cached_each() -> None:
    members = family([lambda: network("mlp")] * 3)
    x = images(3, 5)
    expected = outcome(lambda: rt.apply_family(members, x, 3), x, *members.parameters())
    assert isinstance(rt.cached(members, 2), Family)
    assert_same(outcome(lambda: rt.apply_family(members, x, 3), x, *members.parameters()), expected)


def test_a_copy_has_weights_of_its_own() -> None:
    """A deep copy of a cached module is not marked: its mark would name the original."""
    module, x = rt.cached(network("mlp"), 2), images(5)
    twin = rt.copy_of(module)
    with torch.no_grad():
        for each in module.parameters():
            each.mul_(2)
    assert not torch.allclose(rt.apply(twin, x, 3), rt.apply(module, x, 3))
    own = outcome(lambda: rt.apply(twin, x, 3), x)
    assert_same(outcome(lambda: rt.apply(rt.cached(twin, 2), x, 3), x), own)
    rt.ema_(twin, module, 0.5)
    assert_same([rt.apply(twin, x, 3).detach()], [copy.deepcopy(twin)(x).detach()])


def test_inner_values_are_not_kept() -> None:
    """What autograd saves beside the input and the weights: the chunks' inner values are not among it."""

    def kept(module: nn.Module) -> int:
        saved: dict[int, Tensor] = {}
        known = {each.untyped_storage().data_ptr() for each in (x, *module.parameters())}

        def pack(tensor: Tensor) -> Tensor:
            if tensor.untyped_storage().data_ptr() not in known:
                saved[tensor.untyped_storage().data_ptr()] = tensor
            return tensor

        with saved_tensors_hooks(pack, lambda tensor: tensor):
            rt.apply(module, x, 3)
        return sum(each.untyped_storage().nbytes() for each in saved.values())

    module, x = network("conv"), images(64)
    assert kept(module) > 64 * 1000
    assert kept(rt.cached(module, 8)) == 0


@pytest.mark.parametrize("evaluates", [False, True])
def test_a_step_is_one_graph_and_is_made_once(evaluates: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 4 of 14 rows: of each size, one graph forwards and one backwards, whatever the number of steps."""
    made: list[int] = []

    def counted(function: Callable[..., list[Tensor]], examples: list[Tensor]) -> Callable[..., list[Tensor]]:
        made.append(len(examples[0]))
        return function

    monkeypatch.setattr(one_chunk, "compiled", counted)
    module, x = network("mlp"), images(14)
    verb = rt.apply_eval if evaluates else rt.apply

    def step(x: Tensor) -> Tensor:
        y = verb(module, x, 3)
        return y @ verb(module, x * 2, 3).t()

    expected = outcome(lambda: step(x), x, *module.parameters())
    rt.cached(module, 4)
    counter = CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(step, fullgraph=True, dynamic=False, backend=counter)
    for _ in range(3):
        assert_same(outcome(lambda: compiled(x), x, *module.parameters()), expected)
    assert counter.frame_count == 1
    assert made == [4, 2, 4, 2]


@pytest.mark.inductor
def test_chunks_are_compiled_by_the_backend() -> None:
    """The real compilation of a chunk, on a tiny module whose input needs no gradient."""
    module, x = rt.cached(network("mlp"), 4), images(8).detach()
    expected = outcome(lambda: rt.apply(module, x, 3), *module.parameters())
    compiled = torch.compile(lambda x: rt.apply(module, x, 3), fullgraph=True, dynamic=False, backend="aot_eager")
    assert_same(outcome(lambda: compiled(x), *module.parameters()), expected)


def test_chunks_run_under_the_precision_of_the_module() -> None:
    """The first layer's result is in 16 bits inside a chunk; the result is in 32."""
    module = build("mlp", [[12, 6]], {}, CONSUMED, 1)
    seen: list[torch.dtype] = []
    layer = next(each for each in module.modules() if isinstance(each, nn.Linear))
    layer.register_forward_hook(lambda own, args, made: seen.append(made.dtype))
    autocast_modules([module], "bf16", torch.device("cpu"))
    x = images(6).float().detach().requires_grad_()
    expected = [rt.apply(module, part, 3).detach() for part in torch.split(x, 2)]
    y = rt.apply(rt.cached(module, 2), x, 3)
    torch.autograd.grad(y.sum(), [x, *module.parameters()])
    assert torch.equal(y, torch.cat(expected)) and y.dtype == torch.float32
    assert set(seen) == {torch.bfloat16} and len(seen) == 9


def test_without_gradient_a_call_is_made_in_chunks_too() -> None:
    module = network("conv")
    x = images(7)
    expected = rt.apply(module, x, 3).detach()
    with torch.no_grad():
        y = rt.apply(rt.cached(module, 3), x, 3)
    assert not y.requires_grad
    assert_same([y], [expected])
