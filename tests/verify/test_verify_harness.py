"""The harness itself: which binding serves a case, and everything that has to fail."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import verify_naive as naive

from cldsl.verify import Case, load_case, load_cases, summary, verify
from cldsl.verify.bindings import Binding, binding_files, find
from cldsl.verify.cases import Array
from cldsl.verify.compare import relative_error
from cldsl.verify.errors import CaseError

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "specs" / "dcl.cl"
GOLDEN = ROOT / "tests" / "golden"
WRONG = torch.tensor(1.0, dtype=torch.float64)


def dcl() -> Case:
    return load_case(GOLDEN / "dcl" / "dcl.json")


def messages(case: Case, spec: Path = SPEC) -> list[str]:
    results = verify(spec, [case])
    assert not any(result.ok for result in results)
    return [result.message for result in results]


def test_the_commit_does_not_matter_and_params_choose() -> None:
    known = [Binding(SPEC, "none", "owner/name: f.py, F where sigma = none"), Binding(SPEC, "other", "*: f.py, F")]
    case = replace(dcl(), source="owner/name@0123abcdef: f.py, F")
    assert find(known, case).variant == "none"
    assert find(known, replace(case, params={"sigma": 0.5})).variant == "other"
    assert find(known, replace(case, params={})).variant == "other"


def test_inputs_choose() -> None:
    known = [Binding(SPEC, "numbered", "* where int over item"), Binding(SPEC, "plain", "*")]
    case = dcl()
    assert find(known, case).variant == "plain"
    numbered = {**case.inputs, "id_step0": Array(torch.tensor([1, 2]), ("item",))}
    assert find(known, replace(case, inputs=numbered)).variant == "numbered"


def test_companions_are_searched() -> None:
    files = binding_files(ROOT / "specs" / "isogclr.cl")
    assert [file.name for file in files] == ["isogclr.cl", "isogclr-bimodal.cl"]


def test_a_case_without_binding_fails() -> None:
    for message in messages(replace(dcl(), source="somebody/else: loss.py, Loss")):
        assert "no binding fits the source 'somebody/else: loss.py, Loss'" in message


def test_an_output_without_report_fails() -> None:
    outputs = {**dcl().outputs, "accuracy": Array(WRONG, ())}
    for message in messages(replace(dcl(), outputs=outputs)):
        assert message == "accuracy: the binding reports no such value"


def test_a_gradient_of_nothing_reported_fails() -> None:
    gradients = {"accuracy/embedding_1": Array(WRONG, ())}
    for message in messages(replace(dcl(), gradients=gradients)):
        assert "gradient accuracy/embedding_1" in message


def test_an_input_that_is_not_read_fails() -> None:
    inputs = {**dcl().inputs, "label": Array(torch.tensor([0, 1, 0, 1, 0, 1]), ("item",))}
    for message in messages(replace(dcl(), inputs=inputs)):
        assert "does not read the input label" in message


@pytest.mark.parametrize("value", [1.0, math.nan, math.inf])
def test_a_wrong_value_fails(value: float) -> None:
    outputs = {**dcl().outputs, "loss": Array(torch.tensor(value, dtype=torch.float64), ())}
    for message in messages(replace(dcl(), outputs=outputs)):
        assert message.startswith("loss: relative error")


def test_a_wrong_gradient_fails() -> None:
    gradients = dict(dcl().gradients)
    first = gradients["loss/embedding_1"]
    gradients["loss/embedding_1"] = Array(first.data + 1e-7, first.axes)
    for message in messages(replace(dcl(), gradients=gradients)):
        assert message.startswith("loss/embedding_1: relative error")


def test_a_wrong_state_fails() -> None:
    case = load_case(GOLDEN / "isogclr" / "unimodal_3steps.json")
    outputs = dict(case.outputs)
    known = outputs["tau_after_step2"]
    outputs["tau_after_step2"] = Array(known.data * (1 + 1e-6), known.axes)
    for message in messages(replace(case, outputs=outputs), ROOT / "specs" / "isogclr.cl"):
        assert message.startswith("tau_after_step2 at step 2: relative error")


def test_a_step_has_gradients_of_its_loss_alone() -> None:
    case = load_case(GOLDEN / "isogclr" / "unimodal_3steps.json")
    gradients = {"tau_after_step0/z_step0": case.gradients["loss_step0/z_step0"]}
    for message in messages(replace(case, gradients=gradients), ROOT / "specs" / "isogclr.cl"):
        assert "those of a step are of `loss`" in message


def test_other_axes_fail() -> None:
    outputs = {**dcl().outputs, "loss": Array(torch.zeros(6, dtype=torch.float64), ("item",))}
    for message in messages(replace(dcl(), outputs=outputs)):
        assert message == "loss: its shape is [1], expected [6]" or "relative error" in message


def test_relative_errors() -> None:
    one, two = torch.tensor([1.0, 3.0]), torch.tensor([1.0, 4.0])
    assert relative_error(one, two) == pytest.approx(1 / 5)
    assert relative_error(torch.tensor([math.inf]), torch.tensor([math.inf])) == 0
    assert relative_error(torch.tensor([math.nan]), torch.tensor([math.nan])) == math.inf
    assert relative_error(torch.tensor([2.0]), torch.tensor([2])) == 0
    assert relative_error(torch.tensor([2.5]), torch.tensor([2])) == math.inf
    assert relative_error(torch.zeros(0), torch.zeros(0)) == 0


def test_files_that_are_no_cases(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="there is no case"):
        load_cases(tmp_path)
    file = tmp_path / "one.json"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(CaseError, match="is no case"):
        load_case(file)
    file.write_text(json.dumps({"source": "s"}), encoding="utf-8")
    with pytest.raises(CaseError, match="no source, inputs or outputs"):
        load_case(file)
    with pytest.raises(CaseError, match="has no bindings"):
        binding_files(tmp_path / "none.cl")


def test_steps_are_told_apart() -> None:
    data = naive.random(2, 3, seed=0)
    inputs = {
        "x_step0": Array(data, ("item", "dim")),
        "x_step1": Array(data, ("item", "dim")),
        "w": Array(data, ("item", "dim")),
    }
    outputs = {"w_after_step1": Array(data, ("item", "dim")), "loss_per_step": Array(data[0, :2], ("step",))}
    case = Case("steps", "s", {}, inputs, outputs, {"loss/x": Array(data[None], ("step", "item", "dim"))})
    assert case.steps == 2
    assert sorted(case.at_step(1)) == ["w", "x"]
    assert [(each.name, each.step, each.wrt) for each in case.expected()] == [
        ("w_after", 1, None), ("loss", 0, None), ("loss", 1, None), ("loss", 0, "x"),
    ]  # fmt: skip


def test_the_summary_names_what_failed() -> None:
    results = verify(SPEC, [dcl(), replace(dcl(), source="nothing")], levels=["eval"])
    text = summary(results).splitlines()
    assert len(text) == 3
    assert "third_party: 6 values" in text[0]
    assert "FAILED: no binding fits" in text[1]
    assert text[2] == "1 of 2 passed"


def test_epochs_go_over_their_batches_again() -> None:
    """Inputs numbered by the batches of an epoch, outputs by epochs: each is of the last step of its epoch."""
    data = torch.zeros(2, 3, dtype=torch.float64)
    inputs = {f"x_{n}": Array(data + n, ("item", "dim")) for n in range(2)} | {"w": Array(data, ("item", "dim"))}
    outputs = {f"loss_epoch{epoch}": Array(data[0, 0], ()) for epoch in (7, 8, 9)} | {"w": Array(data, ("item", "dim"))}
    case = Case("epochs", "s", {"batches_per_epoch": 2}, inputs, outputs, {})
    assert case.steps == 6
    assert [float(case.at_step(step)["x"].data[0, 0]) for step in range(6)] == [0, 1, 0, 1, 0, 1]
    assert [(each.name, each.step) for each in case.expected()] == [("loss", 1), ("loss", 3), ("loss", 5), ("w", 5)]
