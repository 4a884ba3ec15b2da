"""Where a gradient arrives and where it ends, and what is said of it."""

from __future__ import annotations

import pytest

from cldsl.elaborate import examine
from cldsl.semantics.resolve import resolve
from cldsl.syntax.diagnostics import Diagnostic

HEAD = """spec reach "Reach"
data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k"
view x[v = 2] ~ crop(image, 28)
model f(channel, row, column -> width) = conv([8])
model g(width -> dim) = linear(4)
learn C[word = 3, dim] ~ normal(0, 1)
"""


def moved(lets: str, objective: str) -> list[str]:
    """The members that the objective's optimiser moves, and no finding."""
    plan, found = examine(
        resolve(
            f"{HEAD}{lets}\ntrain on photos(batch = 64, epochs = 1):\n    minimize {objective} by sgd(lr = 0.1)\n",
            "reach.cl",
        )
    )
    assert plan is not None, [each.message for each in found]
    (optimiser,) = plan.optimisers
    return [name for name, _ in optimiser.members]


def findings(lets: str, objective: str) -> list[Diagnostic]:
    return examine(
        resolve(
            f"{HEAD}{lets}\ntrain on photos(batch = 64, epochs = 1):\n    minimize {objective} by sgd(lr = 0.1)\n",
            "reach.cl",
        )
    )[1]


@pytest.mark.parametrize(
    ("lets", "objective", "members"),
    [
        ("let z = g(f(x))", "mean(dot(z, C))", ["f", "g", "C"]),
        ("let z = g(stop(f(x)))", "mean(dot(z, C))", ["g", "C"]),
        ("let z = stop(g(f(x)))", "mean(dot(z, C))", ["C"]),
        ("let z = g(f(x))", "mean(dot(z, stop(C)))", ["f", "g"]),
        ("model h = frozen(f)\nlet z = g(h(x))", "mean(dot(z, C))", ["g", "C"]),
        ("let z = g(f(x))", "mean(dot(z, C[word = argmax[word](dot(z, C))]))", ["f", "g", "C"]),
        ("let z = g(f(x))", "mean(dot(C, C)) * mean(1 if z > 0 else 0)", ["C"]),
        ("let z = g(f(x))", "mean(z if mean(C) > 0 else 2 * z)", ["f", "g"]),
        ("let z = g(f(x))", "mean(max[word](dot(z, C)))", ["f", "g", "C"]),
        ("let z = g(f(x))", "mean(softmax[word](dot(z, C)) * label)", ["f", "g", "C"]),
        ("let z = g(f(x))", "mean(floor(z)) + mean(C)", ["C"]),
    ],
)
def test_what_an_objective_moves(lets: str, objective: str, members: list[str]) -> None:
    assert moved(lets, objective) == members


@pytest.mark.parametrize(
    ("lets", "objective", "cut"),
    [
        ("let z = g(stop(f(x)))", "mean(dot(z, C))", {"f": "`stop`"}),
        ("let z = g(f(x))", "mean(dot(C, C)) * mean(1 if z > 0 else 0)", {"f": "a condition", "g": "a condition"}),
        ("let z = g(f(x))", "mean(floor(z)) + mean(C)", {"f": "`floor`", "g": "`floor`"}),
        (
            "let z = g(f(x))",
            "mean(z) + mean(label[item = argmax[item](mean[v](dot(z, C)[word = 0]))])",
            {"C": "an index"},
        ),
    ],
)
def test_what_is_not_reached_is_told_with_the_cut(lets: str, objective: str, cut: dict[str, str]) -> None:
    found = findings(lets, objective)
    assert {each.severity for each in found} == {"warning"} and {each.code for each in found} == {"no-gradient"}
    assert {each.message.split()[0] for each in found} == set(cut)
    for each in found:
        assert each.reason.startswith("the gradient is cut by ") and each.related
        assert cut[each.message.split()[0]] in each.reason


def test_what_is_computed_for_a_state_alone_is_read_by_no_objective() -> None:
    text = (
        HEAD
        + "let z = g(f(x))\nstate s = 0\ntrain on photos(batch = 64, epochs = 1):\n    minimize mean(C) + 0 * s by sgd(lr = 0.1)\n    s <- mean(z)\n"
    )
    found = examine(resolve(text, "reach.cl"))[1]
    assert {each.message for each in found} == {"f is trained by no objective", "g is trained by no objective"}


def test_a_member_left_out_of_over_is_no_finding() -> None:
    text = (
        HEAD
        + "let z = g(f(x))\ntrain on photos(batch = 64, epochs = 1):\n    minimize mean(dot(z, C)) over f by sgd(lr = 0.1)\n"
    )
    assert examine(resolve(text, "reach.cl"))[1] == []
