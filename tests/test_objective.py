"""`Compiled.loss` and `Compiled.criterion`: what is supplied, what the module holds, what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import cldsl
from cldsl.catalogue import CatalogueError

SPEC = """spec parts "Each kind of part once"

data people: features[item, channel] from "diabetes"

model w[v = 2](channel -> dim) = linear(4)
model g(dim -> dim) = linear(4)
model t = copy(g)
model h = frozen(g)
learn C[word = 5, dim] ~ normal(0, 1)
state Q[slot = 12, dim] = absent
let x[v = 2] = features
let z[item, v, dim] = unit(w(x))
let k = unit(t(z[v = 0]))

train on people(batch = 8, epochs = 1):
    t <- mix(t, g, keep = 0.9)
    minimize mean(dot(g(z), C[word = 0])) + mean[item](mean[slot](dot(k, Q)) else 0) + mean(h(z)) by sgd(lr = 0.1)
    Q <- push[slot](Q, k)
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> cldsl.Compiled:
    path = tmp_path_factory.mktemp("specs") / "parts.cl"
    path.write_text(SPEC, encoding="utf-8")
    return cldsl.compile(path)


@pytest.fixture
def z() -> Tensor:
    return nn.functional.normalize(torch.randn(8, 2, 4, generator=torch.Generator().manual_seed(0)), dim=-1)


def test_a_criterion_holds_what_the_objective_reads(program: cldsl.Compiled, z: Tensor) -> None:
    criterion = program.criterion(z=z)
    assert {name.split(".")[0] for name, _ in criterion.named_parameters()} == {"C", "g", "t"}
    assert set(dict(criterion.named_buffers())) == {"Q", "Q_present"}
    criterion(z=z).backward()
    moved = {name for name, parameter in criterion.named_parameters() if parameter.grad is not None}
    assert moved == {"C", "g.0.weight", "g.0.bias"} | {name for name in moved if name.startswith("t.")}
    assert criterion(z=z[:3]).dim() == 0  # another batch


def test_states_and_families_come_from_the_module(program: cldsl.Compiled, z: Tensor) -> None:
    module = program.module(seed=1)
    features = torch.randn(8, 10)
    made = program.loss("z", module=module, features=features)
    by_hand = torch.stack([module.w.member(place)(features) for place in range(2)])
    torch.testing.assert_close(made, nn.functional.normalize(by_hand, dim=-1))
    before = program.loss(module=module, z=z)
    module.assign("Q", torch.ones(12, 4))
    added = program.loss("mean[item](mean[slot](dot(k, Q)) else 0)", module=module, z=z)
    torch.testing.assert_close(program.loss(module=module, z=z), before + added)
    assert added.abs() > 1e-3


def test_a_supplied_value_replaces_the_definition(program: cldsl.Compiled, z: Tensor) -> None:
    c = torch.randn(5, 4, requires_grad=True)
    value = program.loss("mean(dot(z, C[word = 1]))", z=z, C=c)
    torch.testing.assert_close(value, (z @ c[1]).mean())
    value.backward()
    assert c.grad is not None and c.grad[1].abs().sum() > 0 and c.grad[0].abs().sum() == 0
    turned = program.loss("mean(dot(z, C[word = 1]))", z=(z.transpose(0, 1), ("v", "item", "dim")), C=c)
    torch.testing.assert_close(turned, value)
    torch.testing.assert_close(program.loss("step * mean(z)", z=z, step=3), 3 * z.mean())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "the objective reads features: give features = ..."),
        ({"z": torch.zeros(8, 2, 4)}, "the objective reads g, t, h, C, Q of the program"),
        ({"z": (torch.zeros(8, 2, 4), ("item", "v"))}, "z has 3 axes, 2 are named"),
        ({"z": torch.zeros(8, 2)}, r"z has the axes \[item, v, dim\], the tensor has 2"),
        ({"zz": torch.zeros(8, 2, 4)}, "nothing is called zz"),
        ({"objective": "mean[item if 1 > 2](z)", "z": torch.zeros(8, 2, 4)}, "absent"),
    ],
)
def test_mistakes_are_told(program: cldsl.Compiled, arguments: dict[str, object], said: str) -> None:
    with pytest.raises((CatalogueError, cldsl.SpecError), match=said):
        program.loss(**arguments)


def test_absent_entries_are_nan(program: cldsl.Compiled, z: Tensor) -> None:
    z = z.requires_grad_()
    value = program.loss("mean[dim](z) if z[dim = 0] > 0", z=z)
    there = z[..., 0] > 0
    assert bool(there.any()) and bool((value.isnan() == ~there).all())
    value[there].sum().backward()
    assert z.grad is not None and bool(z.grad.isfinite().all()) and not z.grad[~there].any()


def test_another_width_than_the_modules_is_told(program: cldsl.Compiled) -> None:
    with pytest.raises(CatalogueError, match=r"C is \[5, 4\] in the module, the tensors given make it \[5, 7\]"):
        program.loss("mean(dot(z, C[word = 1]))", module=program.module(), z=torch.zeros(8, 2, 7))


def test_the_loss_is_that_of_the_program() -> None:
    spec = Path(__file__).resolve().parents[1] / "specs" / "dcl.cl"
    program = cldsl.compile(spec)
    module = program.module()
    x = torch.rand(32, 2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    own = module.objective_1(x)[0]
    torch.testing.assert_close(program.loss(module=module, x=x), own)
