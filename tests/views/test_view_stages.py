"""Each stage against a slow one written from its definition, in float64, on the parameters that were drawn."""

from __future__ import annotations

import math
from typing import Any

import naive_views as naive
import pytest
import torch
from torch import Tensor

from cldsl.views.pipeline import Draws, Pipeline


def images(n: int = 4, channels: int = 3, height: int = 7, width: int = 6, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, channels, height, width, generator=generator, dtype=torch.float64)


def drawn(x: Tensor, *stages: tuple[str, dict[str, Any]], seed: int = 1) -> tuple[Pipeline, Draws, Tensor]:
    pipeline = Pipeline(stages)
    draws = pipeline.draw(x.shape, torch.Generator().manual_seed(seed))
    draws = [{k: v.double() if v.is_floating_point() else v for k, v in parameters.items()} for parameters in draws]
    return pipeline, draws, pipeline.apply(x, draws)


def assert_near(got: Tensor, want: Tensor, tolerance: float = 1e-9) -> None:
    torch.testing.assert_close(got, want, rtol=0, atol=tolerance)


@pytest.mark.parametrize("size", [(7, 6), (9, 11), (4, 3), (3, 8)])
def test_crop(size: tuple[int, int]) -> None:
    x = images()
    _, draws, views = drawn(x, ("crop", {"size": size, "scale": (0.1, 1.0)}))
    for image, box, view in zip(x, draws[0]["box"], views, strict=True):
        assert_near(view, naive.crop(image, box.tolist(), size))


def test_crop_without_averaging_takes_the_nearest_pixels() -> None:
    x = images()
    _, draws, views = drawn(x, ("crop", {"size": 3, "scale": (0.9, 1.0), "antialias": False}))
    for image, (y0, x0, height, width), view in zip(x, draws[0]["box"].tolist(), views, strict=True):
        matrix = torch.tensor([[width, 0, 2 * x0 + width - 1], [0, height, 2 * y0 + height - 1], [0, 0, 1]])
        assert_near(view, naive.through(image, matrix.double(), (3, 3)), 1e-6)


def test_bicubic_keeps_planes_and_range() -> None:
    ramp = torch.linspace(0, 1, 16, dtype=torch.float64).expand(2, 1, 16, 16).clone()
    view = Pipeline([("resize", {"size": (16, 32), "interpolation": "bicubic"})])(ramp, torch.Generator())
    want = ((torch.arange(32, dtype=torch.float64) + 0.5) / 2 - 0.5) / 15
    assert_near(view[0, 0, 3, 4:-4], want[4:-4], 1e-6)
    edges = Pipeline([("resize", {"size": 32, "interpolation": "bicubic"})])(
        (images() > 0.5).double(), torch.Generator()
    )
    assert edges.min() >= 0 and edges.max() <= 1


def test_resize_and_center() -> None:
    x = images(height=8)
    _, _, views = drawn(x, ("resize", {"size": (4, 3)}))
    for image, view in zip(x, views, strict=True):
        assert_near(view, naive.crop(image, (0, 0, 1, 1), (4, 3)), 1e-7)
    _, _, middle = drawn(x, ("center", {"size": (4, 3)}))
    assert_near(middle, x[:, :, 2:6, 1:4], 1e-6)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_flip(p: float) -> None:
    x = images()
    _, _, views = drawn(x, ("flip", {"p": p}))
    assert torch.equal(views, x.flip(-1) if p else x)


def test_shift_moves_whole_pixels() -> None:
    x = images(n=16)
    _, draws, views = drawn(x, ("shift", {"pixels": 2}))
    assert set(draws[0]["pixels"].flatten().tolist()) == {-2.0, -1.0, 0.0, 1.0, 2.0}
    for image, (dy, dx), view in zip(x, draws[0]["pixels"].long().tolist(), views, strict=True):
        rows = [min(max(i - dy, 0), 6) for i in range(7)]
        columns = [min(max(j - dx, 0), 5) for j in range(6)]
        assert_near(view, image[:, rows][:, :, columns])


def test_rotate() -> None:
    x = images()
    _, draws, views = drawn(x, ("rotate", {"degrees": 60}))
    for image, angle, view in zip(x, draws[0]["angle"].tolist(), views, strict=True):
        cos, sin = math.cos(angle), math.sin(angle)
        matrix = torch.tensor([[cos, -sin * 7 / 6, 0], [sin * 6 / 7, cos, 0], [0, 0, 1]], dtype=torch.float64)
        assert_near(view, naive.through(image, matrix, (7, 6)))


def test_a_quarter_turn_is_counterclockwise() -> None:
    x = images(height=6)
    pipeline, draws, _ = drawn(x, ("rotate", {"degrees": 90}))
    draws[0]["angle"] = torch.full_like(draws[0]["angle"], math.pi / 2)
    assert_near(pipeline.apply(x, draws), torch.rot90(x, 1, (2, 3)))


def test_shear() -> None:
    x = images()
    _, draws, views = drawn(x, ("shear", {"degrees": 30}))
    for image, (down, along), view in zip(x, draws[0]["slope"].tolist(), views, strict=True):
        matrix = torch.tensor([[1, along * 7 / 6, 0], [down * 6 / 7, 1, 0], [0, 0, 1]], dtype=torch.float64)
        assert_near(view, naive.through(image, matrix, (7, 6)))


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("hue", [0.0, 0.5])
def test_jitter(channels: int, hue: float) -> None:
    x = images(n=8, channels=channels)
    arguments = {"brightness": 0.6, "contrast": 0.7, "saturation": 0.8, "hue": hue, "p": 0.7}
    _, draws, views = drawn(x, ("jitter", arguments))
    assert {True, False} == set(draws[0]["chosen"].tolist())
    for i, (image, view) in enumerate(zip(x, views, strict=True)):
        names = ("brightness", "contrast", "saturation", "turn")
        assert_near(view, naive.jitter(image, *(draws[0][name][i].item() for name in names)), 1e-7)


def test_hue_of_grays_and_ties() -> None:
    x = images(n=3)
    x[0, :] = x[0, :1]
    x[1, 0] = x[1, 1]
    _, draws, views = drawn(x, ("jitter", {"brightness": 0, "hue": 0.5, "p": 1}))
    for image, turn, view in zip(x, draws[0]["turn"].tolist(), views, strict=True):
        assert_near(view, naive.jitter(image, 1, 1, 1, turn))


def test_gray() -> None:
    x = images()
    _, _, views = drawn(x, ("gray", {"p": 1}))
    want = sum(weight * x[:, i] for i, weight in enumerate(naive.LUMA))
    assert isinstance(want, Tensor)
    for channel in range(3):
        assert_near(views[:, channel], want, 1e-7)
    one = images(channels=1)
    assert torch.equal(drawn(one, ("gray", {"p": 1}))[2], one)


@pytest.mark.parametrize(("height", "width", "high"), [(7, 6, 2.0), (5, 70, 0.6), (66, 4, 1.0)])
def test_blur(height: int, width: int, high: float) -> None:
    x = images(n=2, channels=1, height=height, width=width)
    _, draws, views = drawn(x, ("blur", {"sigma": (0.3, high), "p": 1}))
    for image, sigma, view in zip(x, draws[0]["sigma"].tolist(), views, strict=True):
        assert_near(view, naive.blur(image, sigma, math.ceil(3 * high)))


def test_blur_leaves_the_others() -> None:
    x = images(n=16)
    _, draws, views = drawn(x, ("blur", {"p": 0.5}))
    chosen = draws[0]["chosen"]
    assert torch.equal(views[~chosen], x[~chosen])
    assert (views[chosen] != x[chosen]).any(3).any(2).any(1).all()


def test_sharpness() -> None:
    x = images()
    _, draws, views = drawn(x, ("sharpness", {"strength": 0.9}))
    for image, factor, view in zip(x, draws[0]["factor"].tolist(), views, strict=True):
        want = image.clone()
        for i in range(1, 6):
            for j in range(1, 5):
                smooth = (image[:, i - 1 : i + 2, j - 1 : j + 2].sum((1, 2)) + 4 * image[:, i, j]) / 13
                want[:, i, j] = (smooth + factor * (image[:, i, j] - smooth)).clamp(0, 1)
        assert_near(view, want)


def test_autocontrast_and_equalize() -> None:
    x = 0.3 + 0.2 * images(height=24, width=24)
    x[0, 0] = 0.4
    stretched = drawn(x, ("autocontrast", {"p": 1}))[2]
    assert torch.equal(stretched[0, 0], x[0, 0])
    assert_near(stretched[1].amin((1, 2)), torch.zeros(3, dtype=torch.float64))
    assert_near(stretched[1].amax((1, 2)), torch.ones(3, dtype=torch.float64))
    flat = drawn(x, ("equalize", {"p": 1}))[2]
    for image, view in zip(x.flatten(0, 1), flat.flatten(0, 1), strict=True):
        levels = [round(v * 255) for v in image.flatten().tolist()]
        counts = [levels.count(k) for k in range(256)]
        step = (len(levels) - counts[max(levels)]) // 255
        table = [min((step // 2 + sum(counts[:k])) // step, 255) if step else k for k in range(256)]
        want = [table[k] / 255 for k in levels] if step else image.flatten().tolist()
        assert_near(view.flatten(), torch.tensor(want, dtype=torch.float64))


def test_solarize_posterize_normalize() -> None:
    x = images()
    assert torch.equal(drawn(x, ("solarize", {"p": 1}))[2], torch.where(x >= 0.5, 1 - x, x))
    bits = drawn(x, ("posterize", {"bits": 2, "p": 1}))[2] * 255
    assert set(bits.round().long().flatten().tolist()) == {0, 64, 128, 192}
    normal = drawn(x, ("normalize", {"mean": [0.1, 0.2, 0.3], "std": 0.5}))[2]
    for channel, mean in enumerate((0.1, 0.2, 0.3)):
        assert_near(normal[:, channel], (x[:, channel] - mean) / 0.5)


def test_erase() -> None:
    x = images(n=8)
    _, draws, views = drawn(x, ("erase", {"scale": (0.2, 0.5), "p": 0.7, "value": 9}))
    for i, (y0, x0, height, width) in enumerate(draws[0]["box"].tolist()):
        want = x[i].clone()
        for row in range(7):
            for column in range(6):
                inside = y0 <= (row + 0.5) / 7 < y0 + height and x0 <= (column + 0.5) / 6 < x0 + width
                if inside and draws[0]["chosen"][i]:
                    want[:, row, column] = 9
        assert torch.equal(views[i], want)


@pytest.mark.parametrize("shape", [(50, 40), (6, 5, 7), (4, 3, 8, 8)])
def test_stages_for_any_axes(shape: tuple[int, ...]) -> None:
    x = torch.rand(shape, dtype=torch.float64) + 1
    _, draws, noisy = drawn(x, ("noise", {"sigma": 0.3}))
    assert_near(noisy, x + 0.3 * draws[0]["fill"])
    _, draws, scaled = drawn(x, ("scale", {"low": 0.5, "high": 2}))
    for item, factor, view in zip(x, draws[0]["factor"], scaled, strict=True):
        assert_near(view, item * factor)
    _, draws, masked = drawn(x, ("mask", {"p": 0.25}))
    assert torch.equal(masked == 0, draws[0]["fill"] < 0.25)
    assert torch.equal(masked[masked != 0], x[masked != 0])


def test_operations() -> None:
    x = images(n=60, height=20, width=16)
    pipeline, draws, views = drawn(x, ("operations", {"count": 1, "magnitude": 5}))
    numbers = draws[0]["operation"][:, 0]
    assert set(numbers.tolist()) == set(range(10))
    assert torch.equal(views[numbers == 0], x[numbers == 0])
    for number, name in ((1, "autocontrast"), (2, "equalize")):
        assert torch.equal(views[numbers == number], drawn(x[numbers == number], (name, {"p": 1}))[2])
    assert_near(views[numbers == 3], x[numbers == 3].clamp(max=1))  # 0.5 * 1.8 + 0.1 = 1
    assert_near(views[numbers == 4], x[numbers == 4])
    sign = draws[0]["strength"][:, 0].sign()
    for number in range(5, 10):
        for image, way, view in zip(
            x[numbers == number], sign[numbers == number], views[numbers == number], strict=True
        ):
            slope, move, angle = 0.15 * way, -way * 10 / 256, way * math.pi / 12
            rows = {
                5: [[1, slope * 20 / 16, 0], [0, 1, 0]],
                6: [[1, 0, 0], [slope * 16 / 20, 1, 0]],
                7: [[1, 0, move], [0, 1, 0]],
                8: [[1, 0, 0], [0, 1, move]],
                9: [[angle.cos(), -angle.sin() * 20 / 16, 0], [angle.sin() * 16 / 20, angle.cos(), 0]],
            }[number]
            matrix = torch.tensor([*rows, [0, 0, 1]], dtype=torch.float64)
            assert_near(view, naive.through(image, matrix, (20, 16)))
    two, draws, views = drawn(x, ("operations", {}))
    once = pipeline.apply(x, [{key: value[:, :1] for key, value in draws[0].items()}])
    assert_near(views, pipeline.apply(once, [{key: value[:, 1:] for key, value in draws[0].items()}]))
    assert two.out_shape(x.shape) == x.shape
