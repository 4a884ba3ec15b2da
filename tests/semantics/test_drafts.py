"""Pieces of specs that a later version executes: names are checked, the rest is one note at its line, and nothing cascades."""

from __future__ import annotations

import pytest

from cldsl.elaborate import elaborate, examine
from cldsl.semantics.resolve import resolve
from cldsl.syntax.diagnostics import Diagnostic, SpecError

HEAD = """spec draft "A draft"
use std.losses (infonce)
param tau: real > 0 = 0.1
data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k"
view x[v = 2] ~ crop(image, 28)
model f(channel, row, column -> dim) = conv([8])
let z = unit(f(x))
contrast pull:
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.item != a.item
    similarity  dot(a, c)
    temperature tau
"""
TRAIN = """train on photos(batch = 64, epochs = 1):
    minimize mean(infonce(pull)) by sgd(lr = 0.1)
"""
PIECES = {
    "a loop over phases with blocks inside": """
state seen = 0
loop now in 3:
    train on photos(batch = 64, epochs = 1):
        minimize mean(infonce(pull)) by sgd(lr = 0.1)
    seen <- seen + 1
    on photos(split = "test"):
        report knn = knn(f(image), label)
report last_seen = seen
""",
    "a recurrence whose lets are read outside": TRAIN
    + """
loop now in v:
    state m = absent
    let past = mean[w in v if w < now](cos(z[v = w], z[v = now]))
    m <- past else z[v = now]
let far = mean(past) + mean(now)
on photos(split = "test"):
    report spread = far
""",
    "a decoder as a def with a loop": TRAIN
    + """
def decoded(n):
    state y = 0
    loop step in n if y < 3:
        let next_one = y + tau
        y <- next_one
    y
on photos(split = "test"):
    report length = decoded(3)
""",
    "a part of a stream": """train on photos(batch = 64, epochs = 1) if label < 5:
    minimize mean(infonce(pull)) by sgd(lr = 0.1)
""",
    "a table over the stream's rows, filled once": TRAIN
    + """state near[item, rank = 3] -> item
on photos:
    let e = unit(f(image))
    near <- {c in e if c.item != item top 3 by dot(e, c)}
on photos(split = "test"):
    report first_near = mean(near)
""",
    "a clock of its own": """train on photos(batch = 64, epochs = 20):
    minimize mean(infonce(pull)) by sgd(lr = 0.1)
    every 10 epochs:
        every 5 steps:
            report level = mean(infonce(pull))
""",
    "reports along an axis": TRAIN
    + """on photos(split = "test"):
    report by_class[k = 10] = mean[item if label == k](sq(f(image)))
""",
}


def found_in(text: str) -> list[Diagnostic]:
    return examine(resolve(text, "draft.cl"))[1]


@pytest.mark.parametrize("name", PIECES)
def test_what_is_not_executed_is_noted_and_nothing_else(name: str) -> None:
    found = found_in(HEAD + PIECES[name])
    assert found
    assert {(each.severity, each.code) for each in found} == {("note", "not-executed")}, [
        each.message for each in found
    ]


@pytest.mark.parametrize("name", PIECES)
def test_compiling_it_is_an_error_at_its_line(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        elaborate(resolve(HEAD + PIECES[name], "draft.cl"))
    assert {(each.severity, each.code) for each in caught.value.diagnostics} == {("error", "not-executed")}


MISSPELT = [
    ("a loop over phases with blocks inside", "seen + 1", "sen + 1"),
    ("a loop over phases with blocks inside", "knn(f", "knnn(f"),
    ("a recurrence whose lets are read outside", "cos(z", "coz(z"),
    ("a recurrence whose lets are read outside", "w < now", "w < nov"),
    ("a decoder as a def with a loop", "y + tau", "y + tua"),
    ("a clock of its own", "mean(infonce(pull))\n    every", "mean(infonse(pull))\n    every"),
]


@pytest.mark.parametrize("name, right, wrong", MISSPELT)
def test_a_misspelt_name_in_it_is_an_error(name: str, right: str, wrong: str) -> None:
    text = HEAD + PIECES[name]
    if right not in text:
        right, wrong = right.split("\n")[0], wrong.split("\n")[0]
    assert right in text
    assert any(each.severity == "error" for each in found_in(text.replace(right, wrong, 1)))


def test_names_that_the_library_lacks_are_told_with_the_nearest() -> None:
    with pytest.raises(SpecError) as caught:
        resolve('spec draft "A draft"\nuse std.lossess (infonce)\nuse std.losses (infonse)\n', "draft.cl")
    mends = [each.mend for each in caught.value.diagnostics]
    assert mends == ["did you mean std.losses?", "did you mean infonce?"]
