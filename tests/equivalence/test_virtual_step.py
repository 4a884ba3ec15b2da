"""A virtual step as one captured graph: the same loss and the same gradients as the plain program's, second order and all."""

from __future__ import annotations

import torch
from equivalence.stepping import float64

from cldsl.compiler import Options, compile_spec, load_program
from cldsl.graph.plan import TrainPlan

TEXT = """spec virtual "A virtual step"
data rows_of: x[item, width], label[item] -> class from "rows.npz"
model f(width -> dim) = mlp([5, 3], activation = "tanh", norm = "batch")
model w(dim -> score) = linear(1)
learn C[class, dim] ~ normal(0, 1)
let hard = -log_softmax[class](dot(f(x), C))[class = label]
let inner = mean(sigmoid(w(f(x))[score = 0]) * hard)
let g = f - 0.5 * grad(inner, f)
let z = g(x)
let outer = mean(-log_softmax[class](dot(z, C))[class = label]) + mean(grad(sum(z ^ 3), z) ^ 2)
train on rows_of(batch = 4, epochs = 1):
    minimize outer by sgd(lr = 0.1)
"""


def test_a_virtual_step_is_one_graph() -> None:
    with float64():
        compilation = compile_spec("virtual.cl", Options(sizes={"item": 4, "width": 4, "class": 3}), TEXT)
        program = load_program(compilation)(seed=3)
        block = compilation.plan.phases[0]
        assert isinstance(block, TrainPlan)
        run = getattr(program, block.functions[0].name)
        torch.manual_seed(0)
        x, label = torch.randn(4, 4), torch.tensor([0, 2, 1, 2])
        captured = torch.compile(run, fullgraph=True, dynamic=False, backend="aot_eager")
        found = []
        for function in (run, captured):
            loss = function(x, label)
            loss = loss if isinstance(loss, torch.Tensor) else loss[0]
            found.append([loss, *torch.autograd.grad(loss, list(program.parameters()))])
        torch._dynamo.reset()
    for plain, graph in zip(*found, strict=True):
        torch.testing.assert_close(graph, plain, rtol=1e-10, atol=1e-12)
    assert all((each != 0).any() for each in found[0])
