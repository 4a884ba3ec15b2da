"""Building, applying over named axes, families, and the encoders that are not ours."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest
import torch
from torch import nn

from cldsl.catalogue import CatalogueError
from cldsl.modules.build import apply, build, family


def test_apply_keeps_leading_axes() -> None:
    torch.manual_seed(0)
    module = build("linear", [[2, 5]], {}, (3, 4), 2).double()
    x = torch.randn(6, 2, 3, 4, dtype=torch.float64)
    y = apply(module, x, 2)
    assert y.shape == (6, 2, 2, 5)
    assert torch.allclose(y[4, 1], module(x[4, 1][None])[0])
    assert apply(module, x[0, 0], 2).shape == (2, 5)
    assert apply(module, x[:0], 2).shape == (0, 2, 2, 5)


def test_dropout_acts_in_training_alone() -> None:
    torch.manual_seed(0)
    module, x = build("dropout", [0.5], {}, (3,), 1).double(), torch.ones(400, 3, dtype=torch.float64)
    kept = apply(module, x, 1)
    assert set(kept.unique().tolist()) == {0.0, 2.0} and 0.4 < float((kept == 0).double().mean()) < 0.6
    assert torch.equal(apply(module.eval(), x, 1), x)


def test_apply_is_one_population() -> None:
    module = build("mlp", [[4]], {"last": "batch_no_affine"}, (3,), 1).double()
    y = apply(module, torch.randn(6, 2, 3, dtype=torch.float64), 1).detach()
    assert torch.allclose(y.mean((0, 1)), torch.zeros(4, dtype=torch.float64), atol=1e-12)
    assert float(y[:, 0].mean(0).abs().max()) > 1e-3


def test_a_norm_alone_is_of_rows_or_of_each_row() -> None:
    x = 3 + 2 * torch.randn(6, 2, 3, 4, dtype=torch.float64)
    batch = apply(build("norm", ["batch"], {}, (4,), 1).double(), x, 1)
    assert torch.allclose(batch.mean((0, 1, 2)), torch.zeros(4, dtype=torch.float64), atol=1e-12)
    layer = apply(build("norm", ["layer"], {}, (3, 4), 2).double(), x, 2)
    assert layer.shape == x.shape and torch.allclose(layer.mean((2, 3)), torch.zeros(6, 2).double(), atol=1e-12)


def test_produced_axes_must_match_the_signature() -> None:
    with pytest.raises(CatalogueError, match="resnet produces 3 axes, the signature names 1"):
        build("resnet", [18], {"out": "map"}, (3, 8, 8), 1)


def test_mlp_is_what_it_says() -> None:
    module = build("mlp", [[6, 5]], {"norm": "batch", "hidden_bias": False, "last": "batch_no_affine"}, (3,), 1)
    kinds = [type(layer) for layer in module.children()]
    assert kinds == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear, nn.BatchNorm1d]
    shapes = {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}
    assert shapes == {"0.weight": (6, 3), "1.weight": (6,), "1.bias": (6,), "3.weight": (5, 6), "3.bias": (5,)}


def test_resnet_has_the_published_number_of_weights() -> None:
    def count(depth: int) -> int:
        module = build("resnet", [depth], {}, (3, 224, 224), 1)
        return sum(parameter.numel() for parameter in module.parameters())

    # Published counts with 1000 classes, less the classifier's.
    assert count(18) == 11_689_512 - 513_000
    assert count(50) == 25_557_032 - 2_049_000


def test_zero_init_makes_residual_branches_silent() -> None:
    silent = build("resnet", [18], {"width": 2}, (1, 32, 32), 1)
    zeros = [p for p in silent.parameters() if p.dim() == 1 and p.numel() > 0 and bool((p == 0).all())]
    loud = build("resnet", [18], {"width": 2, "zero_init": False}, (1, 32, 32), 1)
    fewer = [p for p in loud.parameters() if p.dim() == 1 and bool((p == 0).all())]
    assert len(zeros) - len(fewer) == 8


def test_family_members_differ_and_act_apart() -> None:
    torch.manual_seed(0)
    members = family([lambda: build("linear", [4], {}, (3,), 1)] * 2)
    x = torch.randn(2, 5, 3)
    y = members(x, 1)
    torch.compiler.reset()
    assert torch.equal(torch.compile(members, fullgraph=True, backend="eager")(x, 1), y)
    assert len(members) == 2 and y.shape == (2, 5, 4)
    assert torch.equal(y[1], members.member(1)(x[1]))
    assert not torch.equal(members.member(0)(x[1]), y[1])


def test_missing_timm_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    monkeypatch.delitem(sys.modules, "cldsl.modules.timm_model", raising=False)
    with pytest.raises(CatalogueError) as raised:
        build("timm", ["resnet18"], {}, (3, 8, 8), 1)
    assert raised.value.message == "timm needs the package timm, which is not installed"
    assert raised.value.mend == "pip install 'cldsl[timm]'"


def test_timm_receives_channels_and_options(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    def create_model(name: str, **options: object) -> nn.Module:
        seen.update(options, name=name)
        return nn.Flatten(1)

    fake = types.ModuleType("timm")
    fake.is_model = lambda name: name == "tiny"  # type: ignore[attr-defined]
    fake.list_models = lambda: ["tiny"]  # type: ignore[attr-defined]
    fake.create_model = create_model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "timm", fake)
    monkeypatch.delitem(sys.modules, "cldsl.modules.timm_model", raising=False)
    module = build("timm", ["tiny"], {"drop_rate": 0.1}, (8, 8), 1)
    assert module(torch.zeros(2, 8, 8)).shape == (2, 64)
    assert seen == {"name": "tiny", "pretrained": False, "num_classes": 0, "in_chans": 1, "drop_rate": 0.1}
    with pytest.raises(CatalogueError, match="timm knows no model called tinny"):
        build("timm", ["tinny"], {}, (8, 8), 1)
    monkeypatch.delitem(sys.modules, "cldsl.modules.timm_model")


def test_python_needs_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "import torch\nclass Scale(torch.nn.Module):\n"
    source += "    def __init__(self, by):\n        super().__init__()\n        self.by = by\n"
    source += "    def forward(self, x):\n        return self.by * x\n"
    (tmp_path / "own_encoder_of_test.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    target = "own_encoder_of_test:Scale"
    with pytest.raises(CatalogueError) as raised:
        build("python", [target], {"by": 3}, (4,), 1)
    assert "--allow-python" in raised.value.mend
    assert "own_encoder_of_test" not in sys.modules
    module = build("python", [target], {"by": 3}, (4,), 1, allow_python=True)
    assert torch.equal(module(torch.ones(2, 4)), torch.full((2, 4), 3.0))
    for wrong, message in [
        ("own_encoder_of_test", "names no class"),
        ("no_such_module_here:X", "no module no_such_module_here"),
        ("own_encoder_of_test:torch", "is not a class of torch.nn.Module"),
    ]:
        with pytest.raises(CatalogueError, match=message):
            build("python", [wrong], {}, (4,), 1, allow_python=True)
    with pytest.raises(CatalogueError, match="does not accept these arguments"):
        build("python", [target], {"bye": 3}, (4,), 1, allow_python=True)


def test_catalogues_import_nothing_heavy() -> None:
    code = "import sys, cldsl.modules.catalog, cldsl.metrics.catalog\n"
    code += "print([n for n in ('torch', 'numpy', 'sklearn', 'scipy', 'transformers') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
