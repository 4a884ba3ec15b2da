"""A layer of attention against a published one, over one sequence and over two, and what it is told of absent entries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from cldsl.catalogue import CatalogueError
from cldsl.modules.build import build

CASE = json.loads(
    (Path(__file__).parents[1] / "golden" / "macil" / "two_stream_forward.json").read_text(encoding="utf-8")
)
PUBLISHED = {
    **{f"projections.{n}": f"cma.layer.self_attn.linears.{n}" for n in range(4)},
    **{f"dense.{n}": f"cma.layer.feed_forward.w_{n + 1}" for n in range(2)},
    **{f"norms.{n}": f"cma.layer.sublayer.{n}.norm" for n in range(2)},
}


def _tensor(name: str, part: str = "inputs") -> Tensor:
    held = CASE[part][name]
    return torch.tensor(held["data"], dtype=torch.float64).reshape(held["shape"])


def _layer(network: str, consumes: tuple[int, ...]) -> nn.Module:
    layer = build("attention", [], {"heads": 2, "hidden": 3}, consumes, 2).double()
    layer.load_state_dict(
        {
            f"{own}.{each}": _tensor(f"{network}.{theirs}.{each}")
            for own, theirs in PUBLISHED.items()
            for each in ("weight", "bias")
        }
    )
    return layer.eval()


def _first(network: str, which: str) -> Tensor:
    own = "fc_v" if which == "visual_feat" else "fc_a"
    return nn.functional.linear(_tensor(which), _tensor(f"{network}.{own}.weight"), _tensor(f"{network}.{own}.bias"))


def test_two_sequences_as_published() -> None:
    seen, heard = _first("av", "visual_feat"), _first("av", "audio_feat")
    layer = _layer("av", (5, 4, 5, 4))
    for asking, other, name in ((seen, heard, "visual_out"), (heard, seen, "audio_out")):
        made = layer(torch.cat([asking.flatten(1), other.flatten(1)], 1))
        assert torch.allclose(made, _tensor(name, "outputs"), atol=1e-12)


def test_one_sequence_is_two_equal_ones() -> None:
    seen = _first("v", "visual_feat")
    alone, pair = _layer("v", (5, 4)), _layer("v", (5, 4, 5, 4))
    assert torch.allclose(alone(seen), pair(torch.cat([seen.flatten(1)] * 2, 1)), atol=1e-12)


def test_an_absent_entry_is_seen_by_nobody() -> None:
    seen = _first("v", "visual_feat")
    layer = _layer("v", (5, 4))
    present = torch.tensor([[True, True, True, False, False], [False] * 5])
    made = layer(seen, present)
    shorter = build("attention", [], {"heads": 2, "hidden": 3}, (3, 4), 2).double().eval()
    shorter.load_state_dict(layer.state_dict())
    assert torch.allclose(made[0, :3], shorter(seen[:1, :3])[0], atol=1e-12)
    assert bool(made.isfinite().all())  # a clip without entries leaves no trace of infinity


def test_tied_projections_start_equal() -> None:
    layer = build("attention", [], {"heads": 2, "start": "tied"}, (5, 4), 2)
    state = layer.state_dict()
    assert all(torch.equal(state["projections.0.weight"], state[f"projections.{n}.weight"]) for n in range(4))
    other = build("attention", [], {"heads": 2, "norm": "both"}, (5, 4), 2).state_dict()
    assert not torch.equal(other["projections.0.weight"], other["projections.1.weight"])


@pytest.mark.parametrize(
    "consumes, words", [((5, 4, 5), "one or two"), ((5, 4, 5, 6), "one width"), ((5, 5), "divide")]
)
def test_sizes_that_do_not_fit_are_refused(consumes: tuple[int, ...], words: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        build("attention", [], {"heads": 2}, consumes, 2)
    assert words in f"{caught.value.message} {caught.value.mend}"
