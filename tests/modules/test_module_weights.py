"""Averages and copies of weights: values by hand, names matched, buffers left alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cldsl.catalogue import CatalogueError
from cldsl.modules.build import build
from cldsl.modules.weights import copy_, copy_of, ema_


def pair() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    source = build("mlp", [[4, 3]], {"norm": "batch"}, (5,), 1).double()
    source(torch.randn(6, 5, dtype=torch.float64))
    target = build("mlp", [[4, 3]], {"norm": "batch"}, (5,), 1).double()
    return target, source


def test_ema_moves_parameters_and_no_buffer() -> None:
    target, source = pair()
    before = {name: value.clone() for name, value in target.state_dict().items()}
    ema_(target, source, 0.9)
    theirs = source.state_dict()
    parameters = {name for name, _ in target.named_parameters()}
    for name, value in target.state_dict().items():
        expected = 0.9 * before[name] + 0.1 * theirs[name] if name in parameters else before[name]
        assert torch.allclose(value.double(), expected.double(), rtol=1e-14, atol=1e-16), name
    assert not torch.equal(before["1.running_mean"], theirs["1.running_mean"])
    assert all(parameter.grad_fn is None for parameter in target.parameters())


def test_ema_of_several_and_by_name() -> None:
    target, source = pair()
    other, origin = nn.Linear(2, 2).double(), nn.Linear(2, 2).double()
    # The same names in another order of registration.
    weight, bias = nn.Parameter(origin.weight.detach()), nn.Parameter(origin.bias.detach())
    del origin.weight, origin.bias
    origin.register_parameter("bias", bias)
    origin.register_parameter("weight", weight)
    ema_([target, other], [source, origin], 0.0)
    assert torch.equal(other.weight, weight) and torch.equal(other.bias, bias)
    assert torch.equal(target[3].weight, source[3].weight)  # type: ignore[index]


def test_copy_moves_parameters() -> None:
    target, source = pair()
    mean = target.state_dict()["1.running_mean"].clone()
    copy_(target, source)
    assert all(torch.equal(a, b) for a, b in zip(target.parameters(), source.parameters(), strict=True))
    assert torch.equal(target.state_dict()["1.running_mean"], mean)


def test_copy_of_is_apart_and_without_gradient() -> None:
    _, source = pair()
    twin = copy_of(source.train())
    assert twin.training and not any(parameter.requires_grad for parameter in twin.parameters())
    assert all(torch.equal(value, twin.state_dict()[name]) for name, value in source.state_dict().items())
    ema_(source, build("mlp", [[4, 3]], {"norm": "batch"}, (5,), 1).double(), 0.5)
    assert not torch.equal(twin[0].weight, source[0].weight)  # type: ignore[index]
    x = torch.randn(6, 5, dtype=torch.float64, requires_grad=True)
    twin(x).square().sum().backward()
    assert x.grad is not None and float(x.grad.abs().sum()) > 0


def test_unequal_architectures_are_told() -> None:
    with pytest.raises(CatalogueError, match="bias is in one of the two"):
        ema_(nn.Linear(2, 2), nn.Linear(2, 2, bias=False), 0.5)
    with pytest.raises(CatalogueError, match=r"weight has \(2, 2\) and \(2, 3\)"):
        copy_(nn.Linear(2, 2), nn.Linear(3, 2))
    with pytest.raises(CatalogueError, match="2 models cannot be moved towards 1"):
        ema_([nn.Identity(), nn.Identity()], nn.Identity(), 0.5)
