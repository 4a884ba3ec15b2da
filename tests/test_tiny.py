"""The smallest spec from end to end: text, check, program as written and optimised, two steps of each, equal."""

from __future__ import annotations

import time
from pathlib import Path

import torch

import cldsl
from cldsl.compiler import Options, compile_spec, load_program
from cldsl.runtime import Clock

TINY = """spec tiny "Noisy digits are close to themselves"

use std.losses (infonce)

data digits: image[item, channel, row, column] from "digits-8x8"

view x[v = 2] ~ noise(image, 0.1)
model f(channel, row, column -> dim) = linear(8)
let z = unit(f(x))

contrast pull:
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.item != a.item
    similarity  dot(a, c)
    temperature 0.2

train on digits(batch = 16, epochs = 1):
    minimize mean(infonce(pull)) by sgd(lr = 0.5)
"""


def test_end_to_end(tmp_path: Path) -> None:
    path = tmp_path / "tiny.cl"
    path.write_text(TINY, encoding="utf-8")
    _trained(path, 2)  # what is imported at the first use is imported before the clock starts
    begin = time.process_time()
    assert cldsl.check(path) == []
    weights = [_trained(path, level) for level in (0, 2)]
    taken = time.process_time() - begin
    assert torch.equal(weights[0][0], weights[1][0])  # both start alike
    assert not torch.allclose(weights[0][0], weights[0][2])
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-4, atol=1e-6)
    assert taken < 3, f"{taken:.1f} s"


def _trained(path: Path, level: int) -> list[torch.Tensor]:
    """Weights of f before, after one step, after two."""
    program = load_program(compile_spec(path, Options(level=level)))(seed=0, sizes={"digits": 32})
    images = torch.rand(2, 16, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    seen = [_weights(program)]
    for step in range(2):
        logged = program.train_1({"image": images[step]}, _clock(step))
        assert torch.isfinite(logged["loss"])
        seen.append(_weights(program))
    return seen


def _weights(program: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in program.parameters()])


def _clock(step: int) -> Clock:
    return Clock(step=step, steps=2, steps_per_epoch=2, epochs=1)
