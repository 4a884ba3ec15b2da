"""`cldsl fmt` and `cldsl list`."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_tiny import SPECS, TINY, cldsl, write

from cldsl.listing import KINDS, THESAURUS, listing, specs_folder

LOOSE = TINY.replace("anchor      a in z", "anchor a in z")


def test_fmt_writes_the_one_layout_and_then_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, LOOSE)
    assert cldsl("fmt", "tiny.cl", cwd=tmp_path).output == "tiny.cl: formatted\n"
    first = path.read_text(encoding="utf-8")
    assert "    anchor      a in z\n" in first
    again = cldsl("fmt", "tiny.cl", cwd=tmp_path)
    assert (again.output, again.exit_code) == ("", 0)
    assert path.read_text(encoding="utf-8") == first


def test_fmt_check_and_stdout_leave_the_file_alone(tmp_path: Path) -> None:
    path = write(tmp_path, LOOSE)
    checked = cldsl("fmt", "--check", "tiny.cl", cwd=tmp_path)
    assert (checked.output, checked.exit_code) == ("tiny.cl: would change\n", 1)
    printed = cldsl("fmt", "--stdout", "tiny.cl", cwd=tmp_path)
    assert printed.exit_code == 0 and "    anchor      a in z\n" in printed.output
    assert path.read_text(encoding="utf-8") == LOOSE


def test_fmt_of_what_does_not_parse(tmp_path: Path) -> None:
    path = write(tmp_path, LOOSE.replace("let z = unit(", "let z = unit(("))
    before = path.read_text(encoding="utf-8")
    result = cldsl("fmt", "tiny.cl", cwd=tmp_path)
    assert result.exit_code == 2 and "tiny.cl:" in result.output
    assert path.read_text(encoding="utf-8") == before


def test_windows_line_ends_are_a_layout_to_mend(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    cldsl("fmt", "tiny.cl", cwd=tmp_path)
    path.write_bytes(TINY.replace("\n", "\r\n").encode())
    assert cldsl("fmt", "tiny.cl", cwd=tmp_path).output == "tiny.cl: formatted\n"
    assert b"\r" not in path.read_bytes()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_listed_by_its_names(kind: str) -> None:
    rows = KINDS[kind]()
    result = cldsl("list", kind)
    assert result.exit_code == 0
    assert len(result.output.rstrip("\n").split("\n")) == len(rows) > 2
    assert all(row[0] in result.output for row in rows)


def test_the_kinds_are_counted_without_an_argument() -> None:
    assert all(name in cldsl("list").output for name in KINDS)


def test_shipped_specs_are_listed_with_their_variants() -> None:
    assert specs_folder() == SPECS[0].parent
    assert "baseline, weighted" in next(line for line in listing("specs").split("\n") if line.startswith("dcl.cl"))


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("NT-Xent", "mean(infonce(R))"), ("nt_xent", "mean(infonce(R))"), ("InfoNCE", "mean(infonce(R))"),
        ("MultipleNegativesRankingLoss", "mean(infonce(R))"), ("in-batch negatives", "mean(infonce(R))"),
        ("ClipLoss", "symmetric(R)"), ("SupConLoss", "mean(supcon(R))"),
    ],
)  # fmt: skip
def test_a_loss_is_found_by_its_names_elsewhere(word: str, written: str) -> None:
    assert f"minimize {written} by" in cldsl("list", word).output


def test_the_thesaurus_leads_to_definitions_that_are_there() -> None:
    defined = {row[0].split("(")[0].split("[")[0] for row in KINDS["losses"]()}
    for each in THESAURUS:
        own = listing(each.names[0]).split("use std.losses (")[1].split(")")[0]
        assert own in defined


def test_an_entry_is_shown_with_its_arguments() -> None:
    output = cldsl("list", "knn").output
    assert output.startswith("metrics: knn(k = 20")
    assert "    k " in output and "voters" in output
    assert cldsl("list", "cosine").output.startswith("schedules: cosine(peak, low = 0")
