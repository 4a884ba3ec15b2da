"""Every entry of the catalogue: the shape it announces is the shape it has, in float64 and as one captured graph."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from cldsl.catalogue import CatalogueError
from cldsl.modules.build import build
from cldsl.modules.catalog import MODULES, bind_module, module_entry, outputs, produced
from cldsl.modules.transformer import Attention

Call = tuple[str, list[Any], dict[str, Any], tuple[int, ...]]

CALLS: list[Call] = [
    ("linear", [5], {}, (7,)),
    ("linear", [5], {"bias": False, "init": "normal"}, (3, 4)),
    ("linear", [[2, 3]], {"init": "xavier"}, (7,)),
    ("linear", [7], {"init": "identity"}, (7,)),
    ("linear", [4], {"init": "zeros", "bias": True}, (7,)),
    ("linear", [4], {"init": "orthogonal"}, (7,)),
    ("mlp", [[6, 5]], {"norm": "batch"}, (7,)),
    ("mlp", [[6, 6, 5]], {"norm": "layer", "last": "batch", "activation": "gelu"}, (7,)),
    ("mlp", [5], {"norm": "batch"}, (2, 7)),
    ("mlp", [[6, 5]], {"last": "batch_no_affine", "bias": False, "hidden_bias": False, "activation": "tanh"}, (7,)),
    ("mlp", [[6, 5]], {"last": "layer", "dropout": 0.3}, (7,)),
    ("mlp", [[5]], {"dropout": 0.3}, (7,)),
    ("identity", [], {}, (3, 4)),
    ("conv", [[4, 6]], {}, (3, 8, 9)),
    ("conv", [[4, 6]], {"out": "flatten", "norm": "none", "pool": "avg"}, (9, 8)),
    ("conv", [[4, 6, 5]], {"out": "map", "kernel": 5}, (1, 9, 11)),
    ("conv", [4], {}, (1, 5, 5)),
    ("conv1d", [[4, 6]], {}, (21,)),
    ("conv1d", [[4, 6]], {"out": "flatten", "norm": "none", "pool": "avg"}, (2, 21)),
    ("conv1d", [[4, 6, 5]], {"out": "map", "kernel": 3}, (21,)),
    ("resnet", [18], {"stem": "small", "width": 4}, (3, 17, 16)),
    ("resnet", [18], {"stem": "large", "width": 4, "zero_init": False, "out": "map"}, (3, 66, 65)),
    ("resnet", [34], {"stem": "small", "width": 2, "out": "map"}, (9, 8)),
    ("resnet", [50], {"stem": "small", "width": 2, "zero_init": False}, (1, 9, 8)),
    ("small_alexnet", [], {"scale": 1 / 64}, (3, 28, 32)),
    ("small_alexnet", [64], {"scale": 0.1, "std": 0.0}, (15, 15)),
    ("vit", [4], {"width": 8, "depth": 2, "heads": 2}, (3, 8, 12)),
    ("vit", [4], {"width": 8, "depth": 1, "heads": 2, "pool": "class", "dropout": 0.2}, (8, 12)),
    ("vit", [2], {"width": 8, "depth": 1, "heads": 4, "pool": "none"}, (1, 4, 6)),
    ("dilated_conv", [5], {"hidden": 4, "depth": 2, "spans": 3}, (21, 2)),
    ("dilated_conv", [5], {"hidden": 5, "depth": 0, "kernel": 5}, (7, 1)),
    ("transformer", [], {"causal": True, "dropout": 0.1}, (5, 8)),
    ("transformer", [], {"depth": 1, "heads": 4, "hidden": 6, "norm": "before"}, (3, 8)),
    ("norm", ["batch"], {}, (7,)),
    ("norm", ["layer"], {}, (7,)),
    ("dropout", [0.3], {}, (7,)),
    ("attention", [], {"heads": 2, "hidden": 6}, (5, 8)),
]
IDS = [f"{call[0]}-{index}" for index, call in enumerate(CALLS)]
ROWS = 5


def made(call: Call) -> tuple[torch.nn.Module, torch.Tensor, tuple[int | None, ...]]:
    name, args, named, consumes = call
    shape = produced(name, args, named, consumes)
    torch.manual_seed(3)
    module = build(name, args, named, consumes, len(shape)).double()
    return module, torch.randn(ROWS, *consumes, dtype=torch.float64), shape


def test_kind_of_axes_is_announced() -> None:
    takes = {entry.name: entry.takes for entry in MODULES}
    assert {name for name, kind in takes.items() if kind == "image"} == {
        "conv",
        "resnet",
        "small_alexnet",
        "vit",
        "timm",
    }
    assert {name for name, kind in takes.items() if kind == "series"} == {"conv1d"}


def test_an_absent_entry_is_seen_by_no_other() -> None:
    for norm in ("before", "after"):
        torch.manual_seed(3)
        module = build("transformer", [], {"depth": 1, "norm": norm}, (5, 8), 2).double()
        x, present = torch.randn(2, 5, 8).double(), torch.tensor([[True, True, False, True, False], [False] * 5])
        other = torch.where(present[:, :, None], x, 9.0)
        made, again = module(x, present), module(other, present)
        assert (made == again)[present].all() and made.isfinite().all() and not torch.equal(made, again)
        shorter = module(x)
        assert not torch.allclose(made[0, 0], shorter[0, 0])


def test_a_causal_entry_sees_those_before_it() -> None:
    torch.manual_seed(3)
    module = build("transformer", [], {"causal": True}, (5, 8), 2).double()
    x = torch.randn(1, 5, 8).double()
    other = x.clone()
    other[:, 3:] = 7.0
    assert torch.allclose(module(x)[:, :3], module(other)[:, :3], rtol=0, atol=1e-12)


def test_every_own_entry_has_a_case() -> None:
    foreign = {"hf", "timm", "python"}
    assert {call[0] for call in CALLS} == {entry.name for entry in MODULES} - foreign


@pytest.mark.parametrize("call", CALLS, ids=IDS)
@pytest.mark.parametrize("training", [True, False])
def test_announced_shape_is_the_real_one(call: Call, training: bool) -> None:
    module, x, shape = made(call)
    y = module.train(training)(x)
    assert tuple(y.shape) == (ROWS, *shape)
    assert y.dtype == torch.float64
    assert bool(y.isfinite().all())


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_one_seed_gives_one_module(call: Call) -> None:
    first, second = made(call)[0].state_dict(), made(call)[0].state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_batch_statistics_flag_is_the_truth(call: Call) -> None:
    name, args, named, _ = call
    module, x, _ = made(call)
    for part in module.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
        if isinstance(part, Attention):
            part.dropout = 0.0
        # A branch that starts at zero would hide what its batch norm does to other rows.
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(part.weight)
    other = torch.cat([x[:1], 3 * x[1:] + 1])
    moved = not torch.allclose(module(x)[0], module(other)[0], rtol=1e-9, atol=1e-12)
    entry = module_entry(name)
    assert moved == entry.batch_statistics(bind_module(entry, args, named))


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_draws_flag_is_the_truth(call: Call) -> None:
    name, args, named, _ = call
    module, x, _ = made(call)
    torch.manual_seed(1)
    first = module(x)
    torch.manual_seed(2)
    entry = module_entry(name)
    assert (not torch.equal(first, module(x))) == entry.draws(bind_module(entry, args, named))
    module.eval()
    assert torch.equal(module(x), module(x))


CAPTURED = [
    "linear-2",
    "mlp-7",
    "mlp-10",
    "identity-12",
    "conv-15",
    "conv1d-18",
    "small_alexnet-24",
    "vit-27",
    "dilated_conv-29",
]


@pytest.mark.parametrize("call", [CALLS[IDS.index(name)] for name in CAPTURED] + [CALLS[22]], ids=[*CAPTURED, IDS[22]])
def test_captured_as_one_graph(call: Call) -> None:
    module, x, _ = made(call)
    module.eval()
    torch.compiler.reset()
    captured = torch.compile(module, fullgraph=True, backend="eager")
    assert torch.allclose(captured(x), module(x), rtol=1e-12, atol=0)
    module.train()
    assert captured(x).shape == module(x).shape


IMPOSSIBLE: list[tuple[Call, str]] = [
    (("linear", [5], {}, ()), "linear consumes at least one axis"),
    (("linear", [5], {"init": "identity"}, (7,)), "as many outputs as inputs, 7 in and 5 out"),
    (("linear", [[]], {}, (7,)), "width is an empty list"),
    (("mlp", [[6, 0]], {}, (7,)), "positive whole numbers, not 0"),
    (("mlp", [[6, 5]], {"norm": "bach"}, (7,)), "norm is one of"),
    (("conv", [[4, 4]], {}, (7,)), "conv consumes the axes channel, y, x"),
    (("conv", [[4, 4, 4]], {}, (3, 3, 9)), "3 places cannot be halved 2 times"),
    (("conv", [[4]], {"kernel": 4}, (3, 9, 9)), "kernel must be odd, not 4"),
    (("conv1d", [[4]], {}, (3, 9, 9)), "conv1d consumes the axes channel, position"),
    (("dilated_conv", [4], {}, (9,)), "dilated_conv consumes the axes position, channel, 1 given"),
    (("dilated_conv", [4], {"kernel": 2}, (9, 1)), "dilated_conv: kernel must be odd, not 2"),
    (("resnet", [19], {}, (3, 9, 9)), "depth is one of"),
    (("resnet", [18], {}, (3, 9, 9, 9)), "resnet consumes the axes channel, y, x"),
    (("small_alexnet", [], {}, (3, 14, 28)), "at least 15 places a side, not 14"),
    (("vit", [4], {"width": 8, "heads": 3}, (3, 8, 8)), "3 heads do not divide the width 8"),
    (("vit", [3], {"width": 8, "heads": 2}, (3, 8, 9)), "patches of 3 do not divide 8 places"),
    (("resnett", [], {}, (3, 8, 9)), "no model is called resnett"),
]


@pytest.mark.parametrize(("call", "message"), IMPOSSIBLE, ids=[message[:30] for _, message in IMPOSSIBLE])
def test_impossible_calls_are_told(call: Call, message: str) -> None:
    with pytest.raises(CatalogueError) as raised:
        produced(*call)
    assert message in raised.value.message
    assert "\n" not in raised.value.message


def test_unknown_sizes_stay_unknown() -> None:
    assert produced("linear", [None], {}, (None,)) == (None,)
    assert produced("mlp", [[None, 4]], {}, (None,)) == (4,)
    assert produced("conv", [[4, 6]], {"out": "flatten"}, (3, None, 8)) == (None,)
    assert produced("dilated_conv", [None], {}, (None, 3)) == (None, None)
    assert produced("resnet", [None], {"out": "map"}, (3, None, 33)) == (None, None, 2)
    assert produced("resnet", [18], {}, (None, None, None)) == (512,)
    assert produced("resnet", [50], {"width": 16}, (3, 28, 28)) == (512,)
    assert produced("vit", [4], {"pool": "none"}, (3, None, 8)) == (None, 384)
    assert produced("resnet", [18.0], {"width": 16.0}, (3, 28, 28)) == (128,)
    assert produced("hf", ["bert"], {"pool": "none"}, (12,)) == (12, None)
    assert produced("python", ["a:B"], {"axes": 2}, (12,)) == (None, None)


@pytest.mark.parametrize(
    ("call", "consumed", "wanted"),
    [
        (("conv", ([3, 5, 7],), {"levels": [1, 3]}), (2, 9, 8), ((3, 9, 8), (7, 2, 2), (7,))),
        (("conv", ([3, 5],), {"levels": [2], "out": "map"}), (8, 6), ((5, 4, 3), (5, 4, 3))),
        (("conv1d", ([3, 5],), {"levels": [1], "out": "flatten"}), (2, 9), ((3, 9), (20,))),
        (("resnet", (18,), {"levels": [2, 4], "width": 4, "stem": "small"}), (3, 9, 8), ((8, 5, 4), (32, 2, 1), (32,))),
        (("resnet", (50,), {"levels": [3], "width": 2, "out": "map"}), (3, 33, 32), ((32, 3, 2), (64, 2, 1))),
    ],
)
def test_levels_come_one_after_another_in_one_vector(call: Any, consumed: Any, wanted: Any) -> None:
    name, args, named = call
    assert outputs(name, args, named, consumed) == wanted
    total = sum(math.prod(sizes) for sizes in wanted)
    assert produced(name, args, named, consumed) == (total,)
    module = build(name, args, named, consumed, 1).eval()
    x = torch.randn(2, *consumed)
    plain = build(
        name, args, {key: value for key, value in named.items() if key != "levels"}, consumed, len(wanted[-1])
    ).eval()
    copied = dict(zip(plain.state_dict(), module.state_dict().values(), strict=True))
    plain.load_state_dict(copied)
    assert module(x).shape == (2, total)
    torch.testing.assert_close(module(x)[:, -math.prod(wanted[-1]) :], plain(x).flatten(1))


@pytest.mark.parametrize("levels", [[2, 1], [3], [1, 1]])
def test_levels_rise_within_the_stages(levels: list[int]) -> None:
    with pytest.raises(CatalogueError, match="levels rise from 1 to 2"):
        outputs("conv", ([3, 5],), {"levels": levels}, (1, 8, 8))
