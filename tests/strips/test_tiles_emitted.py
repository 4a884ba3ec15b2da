"""A program made for a GPU carries the kernels of its pairs, and runs in strips where they do not fit the device."""

from __future__ import annotations

import pytest
import torch

from cldsl.codegen import emit_function, load_function
from cldsl.graph.nodes import Function
from cldsl.strips import machine, study, verdict
from tests.strips.strips_specs import HEAD, RELATION, optimised, vectors


def _made(objective: str, monkeypatch: pytest.MonkeyPatch, kernels: bool) -> Function:
    if kernels:
        monkeypatch.setattr(verdict, "rates", lambda: machine.GPU)
    return study(optimised(HEAD + RELATION, objective, 20), 4096).function


@pytest.mark.parametrize("objective", ["mean(infonce(R))", "symmetric(R)"])
def test_kernels_are_written_for_a_gpu_only(objective: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "@rt.tiled" not in emit_function(_made(objective, monkeypatch, False))
    text = emit_function(_made(objective, monkeypatch, True))
    assert "tile=contrast_strip_tiled" in text and "@triton.jit" in text


@pytest.mark.parametrize("objective", ["mean(infonce(R))", "symmetric(R)"])
def test_on_a_cpu_such_a_program_runs_in_strips(objective: str, monkeypatch: pytest.MonkeyPatch) -> None:
    call = load_function(emit_function(_made(objective, monkeypatch, True)))
    whole = load_function(emit_function(optimised(HEAD + RELATION, objective, 20)))
    found, wanted = [], []
    for function, results in ((call, found), (whole, wanted)):
        inputs = {name: tensor.clone().requires_grad_() for name, tensor in vectors(20).items()}
        loss = function(**inputs, models={})
        results += [loss.detach(), *torch.autograd.grad(loss, list(inputs.values()))]
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)
