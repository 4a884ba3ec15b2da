"""Pipelines: stages fused and one by one, determinism, independence of items, boxes, several views at once."""

from __future__ import annotations

from typing import Any

import naive_views as naive
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.views import pipeline as module
from cldsl.views.pipeline import Pipeline, sample, sample_uneven

Stages = list[tuple[str, dict[str, Any]]]

COMMON: Stages = [
    ("crop", {"size": 16, "scale": (0.2, 1.0)}),
    ("flip", {}),
    ("jitter", {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}),
    ("gray", {}),
    ("blur", {}),
    ("solarize", {}),
]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(n: int = 12, channels: int = 3, side: int = 16) -> Tensor:
    return torch.rand(n, channels, side, side, generator=seeded(9))


def test_the_same_generator_gives_the_same_views() -> None:
    x, pipeline = batch(), Pipeline(COMMON)
    first = pipeline(x, seeded(3))
    torch.rand(7)  # the global generator plays no part
    assert torch.equal(first, pipeline(x, seeded(3)))
    assert not torch.equal(first, pipeline(x, seeded(4)))


def test_the_source_is_left_alone_and_values_stay_in_range() -> None:
    x = batch()
    nests: list[Stages] = [COMMON, COMMON[2:], COMMON[1:], COMMON[4:], [("noise", {"sigma": 1})], [("mask", {})]]
    for stages in nests:
        before = x.clone()
        view = Pipeline(stages)(x, seeded(0))
        assert torch.equal(x, before)
        assert view.dtype == torch.float32
        if stages[-1][0] == "solarize":
            assert view.min() >= 0 and view.max() <= 1


def test_an_item_does_not_depend_on_the_others() -> None:
    x, pipeline = batch(), Pipeline(COMMON)
    other = x.clone()
    other[5] = 0
    assert torch.equal(pipeline(x, seeded(1))[:5], pipeline(other, seeded(1))[:5])
    assert torch.equal(pipeline(x, seeded(1))[6:], pipeline(other, seeded(1))[6:])


def test_draws_of_a_part_give_the_views_of_the_part(monkeypatch: pytest.MonkeyPatch) -> None:
    x, pipeline = batch(), Pipeline([*COMMON, ("noise", {"sigma": 0.1})])
    draws = pipeline.draw(x.shape, seeded(1))
    whole = pipeline.apply(x, draws)
    part = [{key: value[3:8] for key, value in parameters.items()} for parameters in draws]
    torch.testing.assert_close(pipeline.apply(x[3:8], part), whole[3:8], rtol=0, atol=1e-6)
    monkeypatch.setattr(module, "CHUNK", 5 * x[0].numel() // torch.get_num_threads())
    torch.testing.assert_close(pipeline.apply(x, draws), whole, rtol=0, atol=1e-6)


def test_geometry_is_one_resampling_through_the_product() -> None:
    x = batch(n=3, side=9).double()
    stages: Stages = [
        ("crop", {"size": 8, "scale": (0.3, 0.6)}),
        ("flip", {"p": 1}),
        ("rotate", {"degrees": 40}),
        ("shift", {"pixels": 2}),
    ]
    pipeline = Pipeline(stages)
    assert len(pipeline.steps) == 1
    draws = pipeline.draw(x.shape, seeded(2))
    got = pipeline.apply(x, draws)
    for i in range(3):
        y0, x0, height, width = draws[0]["box"][i].tolist()
        angle = draws[2]["angle"][i].double()
        dy, dx = draws[3]["pixels"][i].tolist()
        total = torch.eye(3, dtype=torch.float64)
        for rows in (
            [[width, 0, 2 * x0 + width - 1], [0, height, 2 * y0 + height - 1], [0, 0, 1]],
            [[-1, 0, 0], [0, 1, 0], [0, 0, 1]],
            [[angle.cos(), -angle.sin(), 0], [angle.sin(), angle.cos(), 0], [0, 0, 1]],
            [[1, 0, -2 * dx / 8], [0, 1, -2 * dy / 8], [0, 0, 1]],
        ):
            total = total @ torch.tensor(rows, dtype=torch.float64)
        torch.testing.assert_close(got[i], naive.through(x[i], total, (8, 8)), rtol=0, atol=1e-5)


def test_a_late_flip_joins_the_crop_and_changes_nothing_else() -> None:
    x = batch()
    early = Pipeline([COMMON[0], ("flip", {"p": 1}), *COMMON[2:]])
    late = Pipeline([COMMON[0], *COMMON[2:], ("flip", {"p": 1})])
    assert len(late.steps) == len(early.steps)
    draws = late.draw(x.shape, seeded(0))
    torch.testing.assert_close(late.apply(x, draws), early.apply(x, [draws[0], draws[-1], *draws[1:-1]]))
    apart = Pipeline(late_stages := [COMMON[0], *COMMON[2:]]).apply(x, draws[: len(late_stages)])
    torch.testing.assert_close(late.apply(x, draws), apart.flip(-1), rtol=0, atol=1e-5)
    assert len(Pipeline([COMMON[0], ("erase", {}), ("flip", {})]).steps) == 3


def test_colour_stages_in_one_pass_equal_one_by_one() -> None:
    x = 0.3 + 0.3 * batch()  # nothing is clamped between the stages
    jitter: tuple[str, dict[str, Any]] = ("jitter", {"brightness": 0.2, "contrast": 0.3, "saturation": 0.4, "p": 0.8})
    pipeline = Pipeline([jitter, ("gray", {"p": 0.5}), jitter])
    assert len(pipeline.steps) == 1
    draws = pipeline.draw(x.shape, seeded(5))
    one = x
    for stage, parameters in zip([jitter, ("gray", {"p": 0.5}), jitter], draws, strict=True):
        one = Pipeline([stage]).apply(one, [parameters])
    torch.testing.assert_close(pipeline.apply(x, draws), one, rtol=0, atol=1e-5)


def test_probability_none_leaves_the_image_bit_for_bit() -> None:
    x = batch()
    never: Stages = [
        ("jitter", {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1, "p": 0}),
        *(
            (name, {"p": 0})
            for name in ("flip", "gray", "blur", "solarize", "autocontrast", "equalize", "erase", "mask")
        ),
        ("sharpness", {"strength": 0.5, "p": 0}),
        ("posterize", {"bits": 3, "p": 0}),
    ]
    assert torch.equal(Pipeline(never)(x, seeded(0)), x)


def test_boxes_say_where_the_view_looked() -> None:
    x = batch()
    ramp = torch.stack(torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")).add(0.5).div(16)
    x[:, :2] = ramp
    x[:, 2] = 0
    pipeline = Pipeline([("crop", {"size": 16, "scale": (0.2, 0.6)}), ("flip", {})])
    views, boxes = pipeline.with_box(x, seeded(0))
    assert torch.equal(views, pipeline(x, seeded(0)))
    assert set(boxes[:, 4].tolist()) == {0.0, 1.0}
    for view, (y0, x0, height, width, flipped) in zip(views, boxes.tolist(), strict=True):
        place = (torch.arange(3, 13) + 0.5) / 16
        torch.testing.assert_close(view[0, 3:13, 8], y0 + height * place)
        along = 1 - place if flipped else place
        torch.testing.assert_close(view[1, 8, 3:13], x0 + width * along)


def test_a_turned_view_has_no_box() -> None:
    with pytest.raises(CatalogueError, match="no box") as caught:
        Pipeline([("rotate", {"degrees": 5})]).with_box(batch(), seeded(0))
    assert "leave rotate" in caught.value.mend
    plain = Pipeline([("gray", {})]).with_box(batch(n=2), seeded(0))[1]
    assert plain.tolist() == [[0, 0, 1, 1, 0]] * 2


def test_areas_and_ratios_of_crops() -> None:
    pipeline = Pipeline([("crop", {"size": 8, "scale": (0.2, 0.5), "ratio": (0.5, 2.0)})])
    box = pipeline.draw((4000, 1, 20, 10), seeded(0))[0]["box"]
    y0, x0, height, width = box.unbind(1)
    area, ratio = height * width, width * 10 / (height * 20)
    assert area.min() >= 0.2 - 1e-5 and area.max() <= 0.5 + 1e-5
    assert abs(area.mean() - 0.35) < 0.02
    assert ratio.min() >= 0.5 - 1e-5 and ratio.max() <= 2 + 1e-5
    assert min(y0.min(), x0.min()) >= 0 and max((y0 + height).max(), (x0 + width).max()) <= 1 + 1e-6
    # Where no attempt can fit, the largest centred box of an allowed ratio.
    wide = Pipeline([("crop", {"size": 8, "scale": (1, 1), "ratio": (1, 1)})])
    torch.testing.assert_close(wide.draw((1, 1, 20, 10), seeded(0))[0]["box"], torch.tensor([[0.25, 0, 0.5, 1]]))


def test_rates() -> None:
    draws = Pipeline([("gray", {"p": 0.2}), ("blur", {"p": 0.5})]).draw((4000, 3, 4, 4), seeded(0))
    assert abs(draws[0]["chosen"].float().mean() - 0.2) < 0.02
    assert abs(draws[1]["chosen"].float().mean() - 0.5) < 0.03
    assert draws[1]["sigma"].min() >= 0.1 and draws[1]["sigma"].max() <= 2


def test_several_views() -> None:
    x = batch()
    pipelines = [Pipeline(COMMON), Pipeline(COMMON[:2])]
    both = sample(pipelines, x, [seeded(1), seeded(2)])
    assert both.shape == (2, 12, 3, 16, 16)
    assert torch.equal(both[0], pipelines[0](x, seeded(1)))
    assert torch.equal(both[1], pipelines[1](x, seeded(2)))
    small = Pipeline([("crop", {"size": (8, 6), "scale": (0.05, 0.2)})])
    uneven = sample_uneven([*pipelines, small], x, [seeded(1), seeded(2), seeded(3)])
    assert [view.shape[2:] for view in uneven] == [(16, 16), (16, 16), (8, 6)]
    with pytest.raises(CatalogueError, match="different shapes"):
        sample([*pipelines, small], x, [seeded(1), seeded(2), seeded(3)])


def test_images_without_a_channel_axis() -> None:
    x = batch(channels=1)
    pipeline = Pipeline(COMMON[:5])
    assert torch.equal(pipeline(x[:, 0], seeded(0)), pipeline(x, seeded(0))[:, 0])


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(0, 4),
    channels=st.integers(1, 4),
    side=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_shapes(n: int, channels: int, side: tuple[int, int], size: tuple[int, int]) -> None:
    stages: Stages = [
        ("crop", {"size": size}),
        *COMMON[1:],
        ("sharpness", {"strength": 1}),
        ("equalize", {}),
        ("erase", {}),
    ]
    pipeline = Pipeline(stages)
    x = torch.rand(n, channels, *side)
    view, box = pipeline.with_box(x, seeded(0))
    assert view.shape == pipeline.out_shape(x.shape) == (n, channels, *size)
    assert box.shape == (n, 5)
    assert view.isfinite().all() and ((view >= 0) & (view <= 1)).all()
