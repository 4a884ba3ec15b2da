"""Models of transformers: built from configuration, pooled, masked; no network is touched."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers

from cldsl.catalogue import CatalogueError
from cldsl.modules.build import build

TEXT: dict[str, Any] = {
    "vocab_size": 20,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 12,
}
IMAGE: dict[str, Any] = {"embedding_size": 4, "hidden_sizes": [4, 6], "depths": [1, 1], "layer_type": "basic"}


@pytest.mark.parametrize(("pool", "shape"), [("mean", (8,)), ("first", (8,)), ("pooled", (8,)), ("none", (5, 8))])
def test_text_shapes_and_absent_tokens(pool: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    module = build("hf", ["bert"], {"pool": pool, **TEXT}, (5,), len(shape)).double().eval()
    tokens = torch.tensor([[3, 4, 5, 0, 0], [6, 7, 8, 9, 1]])
    y = module(tokens)
    assert y.shape == (2, *shape) and y.dtype == torch.float64
    longer = module(torch.cat([tokens, torch.zeros(2, 2, dtype=torch.long)], 1))
    if pool == "none":
        longer = longer[:, :5]
    assert torch.allclose(longer, y, rtol=1e-10, atol=1e-12)


def test_text_takes_vectors_in_place_of_tokens() -> None:
    torch.manual_seed(0)
    module = build("hf", ["bert"], TEXT, (5, 8), 1).eval()
    assert module(torch.randn(2, 5, 8)).shape == (2, 8)


@pytest.mark.parametrize(("pool", "shape"), [("mean", (6,)), ("pooled", (6,)), ("none", (4, 6))])
def test_image_shapes(pool: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    module = build("hf", ["resnet"], {"pool": pool, **IMAGE}, (1, 16, 16), len(shape)).double().eval()
    x = torch.randn(2, 1, 16, 16, dtype=torch.float64)
    assert module(x).shape == (2, *shape)
    torch.compiler.reset()
    assert torch.allclose(torch.compile(module, fullgraph=True, backend="eager")(x), module(x))


@pytest.mark.parametrize(
    ("name", "options", "consumes", "message"),
    [
        ("resnett", {}, (3, 8, 8), "transformers knows no kind of model called resnett"),
        ("bert", {"hiden_size": 8}, (5,), r"hf\(bert\) has no option hiden_size"),
        ("bert", TEXT, (3, 8, 8), "is not an image model"),
        ("resnet", IMAGE, (8, 8), "consumes channel, y, x, 2 axes given"),
        ("resnet", IMAGE, (8,), "not one axis of token identifiers"),
        ("distilbert", {"pool": "pooled", "dim": 8, "n_heads": 2, "n_layers": 1, "vocab_size": 9}, (5,), "no pooled"),
    ],
)
def test_mistakes_are_told(name: str, options: dict[str, Any], consumes: tuple[int, ...], message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        build("hf", [name], options, consumes, 1)


def test_offline_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **named: object) -> None:
        raise OSError("could not connect\nto the hub")

    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", refuse)
    with pytest.raises(CatalogueError) as raised:
        build("hf", ["owner/name"], {}, (5,), 1)
    assert raised.value.message == "hf: the weights of owner/name are not on this machine and could not be fetched"
    assert "\n" not in raised.value.mend
