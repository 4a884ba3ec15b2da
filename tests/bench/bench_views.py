"""One view of a batch, ours beside kornia's batched pipeline and a loop over items with Pillow; medians of one run.

python tests/bench/bench_views.py [--repeat 15] [--threads 2]. The programs are timed in turn in one run. A neighbour
that is not installed has a line that says so. The last column is our time over the neighbour's.
"""

from __future__ import annotations

import argparse
import importlib
import math
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from cldsl.views.pipeline import Pipeline


def stages(size: int) -> list[tuple[str, dict[str, Any]]]:
    """The common view of this field, with blur."""
    return [
        ("crop", {"size": size, "scale": (0.2, 1.0)}),
        ("flip", {"p": 0.5}),
        ("jitter", {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1, "p": 0.8}),
        ("gray", {"p": 0.2}),
        ("blur", {"sigma": (0.1, 2.0), "p": 0.5}),
    ]


def ours(x: Tensor) -> Callable[[], object]:
    """Our pipeline on x[item, channel, y, x]."""
    pipeline, generator = Pipeline(stages(x.shape[-1])), torch.Generator().manual_seed(0)
    return lambda: pipeline(x, generator)


def kornia(x: Tensor) -> Callable[[], object]:
    """The same stages of kornia on the batch; its blur has the same number of taps."""
    k = importlib.import_module("kornia.augmentation")
    side = x.shape[-1]
    pipeline = torch.nn.Sequential(
        k.RandomResizedCrop((side, side), scale=(0.2, 1.0)),
        k.RandomHorizontalFlip(p=0.5),
        k.ColorJitter(0.4, 0.4, 0.4, 0.1, p=0.8),
        k.RandomGrayscale(p=0.2),
        k.RandomGaussianBlur((13, 13), (0.1, 2.0), p=0.5),
    )
    return lambda: pipeline(x)


def pillow(x: Tensor) -> Callable[[], object]:
    """The same stages of Pillow, an item at a time, images made beforehand."""
    image, enhance, filters, ops = (
        importlib.import_module(f"PIL.{name}") for name in ("Image", "ImageEnhance", "ImageFilter", "ImageOps")
    )
    items = [image.fromarray((item.permute(1, 2, 0) * 255).byte().numpy()) for item in x]
    side, rng = x.shape[-1], random.Random(0)

    def view(item: Any) -> Tensor:
        edge = side * math.sqrt(rng.uniform(0.2, 1.0))
        left, top = rng.uniform(0, side - edge), rng.uniform(0, side - edge)
        item = item.resize((side, side), image.Resampling.BILINEAR, box=(left, top, left + edge, top + edge))
        item = ops.mirror(item) if rng.random() < 0.5 else item
        if rng.random() < 0.8:
            for change in (enhance.Brightness, enhance.Contrast, enhance.Color):
                item = change(item).enhance(rng.uniform(0.6, 1.4))
            turn, (hue, *rest) = int(255 * rng.uniform(-0.1, 0.1)), item.convert("HSV").split()
            item = image.merge("HSV", (hue.point([(i + turn) % 256 for i in range(256)]), *rest)).convert("RGB")
        item = item.convert("L").convert("RGB") if rng.random() < 0.2 else item
        item = item.filter(filters.GaussianBlur(rng.uniform(0.1, 2.0))) if rng.random() < 0.5 else item
        pixels = torch.frombuffer(bytearray(item.tobytes()), dtype=torch.uint8)
        return pixels.view(side, side, 3).permute(2, 0, 1).float() / 255

    return lambda: torch.stack([view(item) for item in items])


def compare(x: Tensor, repeat: int) -> None:
    """Print the table for x[item, channel, y, x]."""
    programs: dict[str, Callable[[], object]] = {"cldsl": ours(x)}
    absent = []
    for name, make in (("kornia, batched", kornia), ("Pillow, per item", pillow)):
        try:
            programs[name] = make(x)
        except ImportError:
            absent.append(name)
    times: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(repeat + 2):
        for name, program in programs.items():
            begin = time.perf_counter()
            program()
            if turn >= 2:  # the first two calls warm up
                times[name].append((time.perf_counter() - begin) * 1e3)
    base = statistics.median(times["cldsl"])
    print(f"{'x'.join(map(str, x.shape))}, {torch.get_num_threads()} threads, median of {repeat}")
    for name, values in times.items():
        middle = statistics.median(values)
        print(f"  {name:18} {middle:9.2f} ms  (least {min(values):9.2f})  ours / this = {base / middle:5.2f}")
    for name in absent:
        print(f"  {name:18} not installed")


def main() -> None:
    """Read the options and print one table for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    compare(torch.rand(256, 3, 32, 32), options.repeat)
    compare(torch.rand(64, 3, 224, 224), max(3, options.repeat // 3))


if __name__ == "__main__":
    main()
