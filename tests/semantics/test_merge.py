"""How a variant changes what it builds on: declarations by name, contrasts by kinds of lines, blocks by statements."""

from __future__ import annotations

import pytest

from cldsl.semantics.program import Program, declared
from cldsl.semantics.resolve import resolve
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import SpecError
from cldsl.syntax.unparse import unparse

BASE = """spec base "A base"
param tau = 0.1, k = 3
let one = 1, two = 2
contrast pull:
    anchor      a in z
    let w = a.label
    positive    c in z if c.item == a.item
    negative    c in z if c.item != a.item
    negative    c in Q
    similarity  dot(a, c)
    temperature tau
train on photos(batch = 64, epochs = 1):
    t <- mix(t, f, keep = 0.99)
    minimize one by sgd(lr = 0.1)
    report level = one
    Q <- push[slot](Q, z)
on photos(split = "test"):
    report knn = one
"""


def variant(body: str, name: str = "other", more: str = "") -> Program:
    return resolve(f"{BASE}variant other:\n{body}\n{more}", "base.cl", name)


def block(program: Program) -> list[str]:
    (train,) = program.all(ast.Train)
    return [" ".join(unparse(item).split()) for item in train.body]


def lines(program: Program) -> list[str]:
    (contrast,) = program.all(ast.Contrast)
    return [type(line).__name__ if isinstance(line, ast.Let) else line.kind for line in contrast.lines]


def test_a_declaration_is_replaced_where_it_stands() -> None:
    program = variant("    param tau = 0.5\n    let one = 7")
    names = [name for item in program.body for name in declared(item)]
    assert names == ["tau", "k", "one", "two", "pull"]
    assert program.params["tau"].value == ast.Number(0.5)


def test_a_new_declaration_stands_before_the_first_block() -> None:
    program = variant("    let three = 3")
    kinds = [type(item).__name__ for item in program.body]
    assert kinds.index("Train") == kinds.index("Contrast") + 2


def test_a_kind_of_line_replaces_all_of_that_kind() -> None:
    program = variant("    contrast pull:\n        negative c in k")
    assert lines(program) == ["anchor", "Let", "positive", "similarity", "temperature", "negative"]


def test_a_logit_replaces_similarity_and_temperature_and_back() -> None:
    assert lines(variant("    contrast pull:\n        logit dot(a, c)")) == [
        "anchor",
        "Let",
        "positive",
        "negative",
        "negative",
        "logit",
    ]


def test_a_let_of_a_contrast_stands_where_its_namesake_stood() -> None:
    program = variant("    contrast pull:\n        let w = 2")
    assert lines(program)[:3] == ["anchor", "Let", "positive"]
    (contrast,) = program.all(ast.Contrast)
    assert contrast.lines[1] == ast.Let("w", (), ast.Number(2))


def test_minimize_replaces_all_minimizes_and_keeps_the_rest_in_place() -> None:
    program = variant("    train from this:\n        minimize two by sgd(lr = 0.2)")
    assert [line.split()[0] for line in block(program)] == ["t", "minimize", "report", "Q"]
    assert "two" in block(program)[1]


def test_a_new_assignment_stands_beside_the_nearest_common_statement() -> None:
    program = variant("    train from this:\n        minimize two by sgd(lr = 0.2)\n        R <- push[slot](R, z)")
    assert [line.split()[0] for line in block(program)] == ["t", "minimize", "R", "report", "Q"]
    program = variant("    train from this:\n        R <- 1\n        Q <- push[slot](Q, 2)")
    assert [line.split()[0] for line in block(program)] == ["t", "minimize", "report", "R", "Q"]


def test_an_assignment_without_a_neighbour_is_asked_about() -> None:
    with pytest.raises(SpecError) as caught:
        variant("    train from this:\n        R <- 1")
    assert [each.code for each in caught.value.diagnostics] == ["where-does-it-stand"]


def test_on_blocks_are_appended_and_a_whole_train_is_replaced() -> None:
    program = variant(
        "    on photos:\n        report more = one\n    train on photos(batch = 2, epochs = 1):\n        minimize two by sgd(lr = 1)"
    )
    assert len(program.all(ast.On)) == 2
    assert len(block(program)) == 1


def test_a_variant_builds_on_another() -> None:
    more = "variant deep from other:\n    let two = 9\n"
    program = variant("    param tau = 0.5", "deep", more)
    assert program.params["tau"].value == ast.Number(0.5)
    assert [item.value for item in program.all(ast.Let) if item.name == "two"] == [ast.Number(9)]


def test_the_command_line_comes_last() -> None:
    program = resolve(BASE + "variant other:\n    param tau = 0.5\n", "base.cl", "other", {"tau": "0.7", "k": "[1, 2]"})
    assert program.params["tau"].value == ast.Number(0.7)
    assert program.params["k"].value == ast.ListOf((ast.Number(1), ast.Number(2)))


def test_a_spec_inherits_a_file(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "base.cl").write_text(BASE, encoding="utf-8")
    from cldsl.semantics.resolve import resolve_file

    child = folder / "child.cl"
    child.write_text('spec child "A child" from "base.cl"\nparam tau = 0.9\n', encoding="utf-8")
    program = resolve_file(child)
    assert (program.name, program.title, program.params["tau"].value) == ("child", "A child", ast.Number(0.9))
    assert len(program.all(ast.Train)) == 1


def test_this_is_the_spec_itself() -> None:
    assert variant("    param tau = 0.5", "this").params["tau"].value == ast.Number(0.1)
