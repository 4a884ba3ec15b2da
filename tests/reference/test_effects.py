"""Section 8 of the law: the hold rule, states, rings, guards, optimisers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from cldsl.reference import EvaluationError, Evaluator

from .small import X, small

TRAIN = "train on d(batch = 3, epochs = 1):\n"
MODEL = "model f(dim -> width) = linear(1)\nlet z = f(x)\n"


def net() -> nn.Module:
    module = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[1.0, 2.0]]))
    return module


def trained(body: str, lines: str = "", **options: Any) -> Evaluator:
    return small(MODEL + lines + TRAIN + body, models={"f": net()}, **options)


def number(evaluator: Evaluator, name: str) -> float:
    return float(evaluator.read(name)[0])


def test_assignments_see_held_values() -> None:
    lines = "state s = 0, t = 0\n"
    body = "    s <- sum(z)\n    minimize sum(z) by sgd(lr = 0.1)\n    t <- sum(z)\n"
    evaluator = trained(body, lines)
    evaluator.step()
    assert number(evaluator, "s") == number(evaluator, "t") == float((X @ torch.tensor([1.0, 2.0])).sum())


def test_a_second_objective_is_evaluated_anew() -> None:
    body = "    minimize sum(z) by sgd(lr = 0.1)\n    minimize sum(z) by sgd(lr = 0)\n    report after = sum(z)\n"
    told = trained(body).step()
    column = X.sum(0)
    moved = torch.tensor([1.0, 2.0]) - 0.1 * column
    assert float(told["loss"].data) == 16.0
    assert float(told["loss 1"].data) == pytest.approx(float((X @ moved.to(X.dtype)).sum()))
    assert float(told["after"].data) == 16.0


def test_terms_of_one_block_take_all_gradients_first() -> None:
    body = "    minimize:\n        sum(z) by sgd(lr = 0.1)\n        sum(z * z) / 2 over f by sgd(lr = 0)\n"
    told = trained(body).step()
    assert float(told["loss 1"].data) == pytest.approx(float((X @ torch.tensor([1.0, 2.0])).square().sum()) / 2)


def test_draws_are_held_for_the_step_and_differ_between_steps() -> None:
    lines = "draw u[item] ~ uniform(0, 1)\nlet n = z[width = 0] * 0 + u\nstate s[item] = 0, t[item] = 0\n"
    body = "    s <- n\n    minimize sum(z) + sum(n) by sgd(lr = 0.1)\n    minimize sum(n) by sgd(lr = 0)\n    t <- n\n"
    evaluator = trained(body, lines)
    told = evaluator.step()
    assert evaluator.read("s")[0].tolist() == evaluator.read("t")[0].tolist()
    assert float(told["loss 1"].data) == pytest.approx(float(evaluator.read("s")[0].sum()))
    before = evaluator.read("s")[0].tolist()
    evaluator.step()
    assert evaluator.read("s")[0].tolist() != before


def test_a_state_is_read_as_it_is() -> None:
    body = "    s <- s + 1\n    t <- t - s\n    minimize sum(z) by sgd(lr = 0)\n"
    evaluator = trained(body, "state s = 0, t = 0\n")
    evaluator.step()
    evaluator.step()
    assert (number(evaluator, "s"), number(evaluator, "t")) == (2.0, -3.0)


def test_a_relation_keeps_the_state_it_read() -> None:
    lines = """
state Q[slot = 4, dim] = 1
contrast pull:
    anchor     a in x
    positive   c in Q
    similarity dot(a, c)
def total(R)[a in R] = sum[p in a.positive](R(a, p))
"""
    body = """
    minimize sum(z) + sum(total(pull)) by sgd(lr = 0)
    Q <- 0 * Q
    report before = sum(total(pull))
    report after = sum(Q)
"""
    told = trained(body, lines).step()
    assert (float(told["before"].data), float(told["after"].data)) == (40.0, 0.0)


def test_last_of_repeated_indices_wins_and_absent_ones_do_nothing() -> None:
    lines = "state s[sample = 5] = 0\n"
    evaluator = small(
        lines + TRAIN + "    s[sample = id if w < 4] <- w\n", given={"id": (torch.tensor([2, 2, 0]), ("item",))}
    )
    evaluator.step()
    assert evaluator.read("s")[0].tolist() == [0.0, 0.0, 2.0, 0.0, 0.0]


def test_absent_values_leave_entries_alone() -> None:
    evaluator = small("state s[item] = 7\n" + TRAIN + "    s <- w if w > 1\n")
    evaluator.step()
    assert evaluator.read("s")[0].tolist() == [7.0, 2.0, 4.0]


def test_a_ring_has_one_pointer_for_all_its_columns() -> None:
    lines = "state Q[slot = 5, dim] = absent, tag[slot = 5] -> class = absent\n"
    body = "    Q <- push[slot](Q, x)\n    tag <- push[slot](tag, label)\n"
    evaluator = small(lines + TRAIN + body)
    evaluator.step()
    assert float(evaluator.value("count(tag)").data) == 3
    assert not bool(evaluator.value("full(Q)").data)
    evaluator.step()
    assert bool(evaluator.value("full(tag)").data)
    assert evaluator.read("tag")[0].tolist() == [1, 0, 1, 1, 0]
    assert evaluator.world.rings.pointers == {"slot": 1}


def test_front_push_puts_the_newest_first() -> None:
    lines = "state Q[slot = 5] = 0\n"
    evaluator = small(lines + TRAIN + '    Q <- push[slot](Q, w, order = "front")\n')
    evaluator.step()
    evaluator.step(given={"w": (torch.tensor([7.0, 8.0, 9.0]), ("item",))})
    assert evaluator.read("Q")[0].tolist() == [7.0, 8.0, 9.0, 1.0, 2.0]


def test_a_false_guard_gives_no_step_at_all() -> None:
    lines = "learn C[dim] = 3\n"
    body = "    minimize sum(z) + sum(C) over f, C if step >= 1 by adamw(lr = 0.1, decay = 0.5)\n"
    evaluator = trained(body, lines)
    evaluator.step()
    assert evaluator.read("C")[0].tolist() == [3.0, 3.0]
    evaluator.step()
    # decay, then the first step of Adam: the moments had not begun
    assert evaluator.read("C")[0].tolist() == pytest.approx([3 * 0.95 - 0.1] * 2)


def test_a_factor_scales_the_rate() -> None:
    lines = "learn C[dim] = 3\n"
    evaluator = trained("    minimize sum(z) + sum(C) over f, 0.1 * C by sgd(lr = 1)\n", lines)
    evaluator.step()
    assert evaluator.read("C")[0].tolist() == pytest.approx([2.9, 2.9])


def test_an_unreached_tensor_gets_no_step() -> None:
    lines = "learn C[dim] = 3\nlet use = sum(C)\n"
    evaluator = trained("    minimize sum(z) + 0 * stop(use) by adamw(lr = 0.1, decay = 0.5)\n", lines)
    evaluator.step()
    assert evaluator.read("C")[0].tolist() == [3.0, 3.0]
    named = trained("    minimize sum(z) over f, C by sgd(lr = 0.1)\n", lines)
    with pytest.raises(EvaluationError, match="does not reach C"):
        named.step()


def test_copies_move_by_assignment_alone() -> None:
    lines = "model t = copy(f)\nlet k = t(x)\n"
    body = "    t <- mix(t, f, keep = 0.75)\n    minimize sum(z) + sum(k) by sgd(lr = 0.1)\n"
    evaluator = trained(body, lines)
    evaluator.step()
    after = torch.tensor([1.0, 2.0], dtype=torch.float64) - 0.1 * X.sum(0).to(torch.float64)
    assert evaluator.read("f.weight")[0][0].tolist() == pytest.approx(after.tolist())
    assert evaluator.read("t.weight")[0][0].tolist() == [1.0, 2.0]
    evaluator.step()
    mixed = 0.75 * torch.tensor([1.0, 2.0], dtype=torch.float64) + 0.25 * after
    assert evaluator.read("t.weight")[0][0].tolist() == pytest.approx(mixed.tolist())


def test_frozen_passes_the_gradient_to_its_input() -> None:
    evaluator = small("model f(dim -> width) = linear(1)\n", models={"f": net()})
    assert evaluator.grad("sum(frozen(f)(x))", ["x"])["x"][0][0].tolist() == [1.0, 2.0]
    assert float(evaluator.grad("sum(frozen(f)(x))", ["f.weight"])["f.weight"][0].abs().max()) == 0.0


def test_each_applies_a_model_apart() -> None:
    lines = 'model f(dim -> width) = mlp([2], last = "batch_no_affine")\nlet y2[v = 2] = x + 5 * v\n'
    evaluator = small(lines, sizes={"width": 2})
    together = evaluator.value("mean[item](f(y2))").data.detach().abs().max()
    apart = evaluator.value("mean[item](each[v](f(y2)))").data.detach().abs().max()
    assert float(together) > 0.5 > 1e-9 > float(apart)


def test_families_have_a_member_for_each_index() -> None:
    lines = "model f[v = 2](dim -> width) = linear(3)\nlet both[v = 2] = x\n"
    evaluator = small(lines)
    mapped = evaluator.value("f(both)").ordered(["v", "item", "width"])
    for index in (0, 1):
        picked = evaluator.value(f"f[v = {index}](x)").ordered(["item", "width"])
        assert torch.equal(mapped[index], picked)
    assert not torch.equal(mapped[0], mapped[1])


def test_every_guards_a_block() -> None:
    evaluator = small("state s = 0\n" + TRAIN + "    every 2 steps:\n        s <- s + 1\n")
    seen = []
    for _ in range(5):
        evaluator.step()
        seen.append(number(evaluator, "s"))
    assert seen == [0, 1, 1, 2, 2]  # in the last of every two steps


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("    minimize mean(w if w > 9) by sgd(lr = 1)\n", "absent"),
        ("    minimize z by sgd(lr = 1)\n", "one number"),
        ("    minimize sum(z) by spam(lr = 1)\n", "`by` names one of"),
        ("    minimize sum(z) by sgd(momentum = 1)\n", "needs a rate"),
        ("    minimize sum(z) over t by sgd(lr = 1)\n", "trainable"),
        ("    w <- 1\n", "`<-` writes to"),
        ("    loop i in item:\n        s <- 1\n", "does not execute"),
        ("    s <- w\n", "the cell over"),
        ("    Q <- push[slot](Q, sum(x))\n", "one axis in the place of slot"),
    ],
)
def test_errors_of_statements(body: str, message: str) -> None:
    evaluator = trained(body, "model t = copy(f)\nstate s = 0, Q[slot = 4, dim] = 0\n")
    with pytest.raises(EvaluationError, match=message):
        evaluator.step()


def test_several_streams_feed_one_step() -> None:
    evaluator = small("data e: far[row]\nstate s = 0\ntrain on d(batch = 3), e(batch = 2):\n    s <- sum(far)\n")
    evaluator.step({"far": (torch.tensor([1.0, 2.0]), ("row",))})
    assert number(evaluator, "s") == 3.0


def test_params_can_be_supplied_and_differentiated() -> None:
    evaluator = small("param tau: real > 0 = 0.5\n", given={"tau": 2.0})
    assert float(evaluator.value("tau * 3").data.detach()) == 6.0
    assert float(evaluator.grad("sum(w) / tau", ["tau"])["tau"][0]) == pytest.approx(-7 / 4)


def test_rates_are_expressions_of_the_clock() -> None:
    lines = "use std.schedules (cosine)\nlearn C = 0\n"
    evaluator = small(
        lines + TRAIN + "    minimize C by sgd(lr = cosine(1, warm_epochs = 1))\n",
        clock={"steps": 6, "steps_per_epoch": 2},
    )
    found = []
    for _ in range(4):
        evaluator.step()
        found.append(number(evaluator, "C"))
    # two steps of warm-up from 0, then half a cosine over the other four
    rates = [0.0, 0.5, 1.0, (1 + 0.5**0.5) / 2]
    assert found == pytest.approx([-sum(rates[: n + 1]) for n in range(4)])


def test_several_slots_of_a_ring_wrap_and_the_last_wins() -> None:
    evaluator = small("state Q[slot = 2] = 0\n" + TRAIN + "    Q <- push[slot](Q, w)\n")
    evaluator.step()
    assert evaluator.read("Q")[0].tolist() == [4.0, 2.0]
    assert evaluator.world.rings.pointers == {"slot": 1}


def test_what_is_supplied_must_be_declared() -> None:
    with pytest.raises(EvaluationError, match="no such name"):
        small(given={"spam": 1.0})
