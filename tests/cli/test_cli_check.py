"""`cldsl check`: findings of a spec and its variants, exit codes, and what it does not import."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_tiny import ROOT, SPECS, TINY, cldsl, write

HEAVY = {"torch", "networkx", "pydantic", "jinja2", "rich", "numpy", "scipy", "sklearn"}


@pytest.mark.parametrize(
    "words", [["--version"], ["check", *map(str, SPECS[:2])], ["list", "metrics"], ["list", "NT-Xent"]]
)
def test_it_starts_without_heavy_modules(words: list[str]) -> None:
    code = f"""
import sys
from cldsl.cli import main
try:
    main({words!r})
except SystemExit as end:
    assert end.code == 0, end.code
print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)
"""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    print(f"{' '.join(words)}: {time.perf_counter() - start:.3f} s")  # told, not judged: it depends on the machine
    assert done.stderr.strip() == "[]", done.stderr


def test_python_m_cldsl_is_cldsl() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cldsl", "--version"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout.startswith("cldsl, version ")


def test_the_shipped_specs_have_no_error() -> None:
    result = cldsl("check", *SPECS)
    assert result.exit_code == 0, result.output
    assert result.output.count(": ok") == len(SPECS)


def test_a_clean_spec_says_how_many_variants_were_looked_at(tmp_path: Path) -> None:
    write(tmp_path)
    assert cldsl("check", "tiny.cl", cwd=tmp_path).output == "tiny.cl: ok (2 variants)\n"
    assert cldsl("check", "tiny.cl", "--variant", "still", cwd=tmp_path).output == "tiny.cl: ok (variant still)\n"


def test_a_mistake_is_told_with_place_line_and_mend(tmp_path: Path) -> None:
    write(tmp_path, TINY.replace("dot(a, c)", "dot(a, d)"))
    result = cldsl("check", "tiny.cl", cwd=tmp_path)
    assert result.exit_code == 2
    assert "tiny.cl:19:24: error: " in result.output
    assert "  19 |     similarity  dot(a, d)\n     |                        ^\n" in result.output
    assert result.output.endswith("tiny.cl: 1 error (2 variants)\n")


def test_a_finding_of_one_variant_says_which_and_one_of_all_is_told_once(tmp_path: Path) -> None:
    write(tmp_path, TINY.replace("    param rate = 0", "    param rate = 0\n    let w = zz"))
    result = cldsl("check", "tiny.cl", cwd=tmp_path)
    assert result.exit_code == 2
    assert "  in: still\n" in result.output
    write(tmp_path, TINY.replace("unit(g(f(x)))", "unit(g(ff(x)))"))
    result = cldsl("check", "tiny.cl", cwd=tmp_path)
    assert result.output.count(": error: ") == 1
    assert "  in: " not in result.output


def test_a_claim_of_names_that_are_not_there(tmp_path: Path) -> None:
    write(tmp_path, TINY.replace("claim norm: still < this, still ~ this", "claim nrm: stil < this"))
    output = cldsl("check", "tiny.cl", cwd=tmp_path).output
    assert "[no-report]" in output and "did you mean norm?" in output
    assert "[no-variant]" in output and "did you mean still?" in output


def test_json_holds_every_finding(tmp_path: Path) -> None:
    write(tmp_path, TINY.replace("dot(a, c)", "dot(a, d)"))
    result = cldsl("check", "tiny.cl", "--json", cwd=tmp_path)
    (found,) = json.loads(result.output)
    assert (found["file"], found["ok"], found["checked"]) == ("tiny.cl", False, ["this", "still"])
    (finding,) = found["findings"]
    assert (finding["severity"], finding["line"], finding["column"], finding["variants"]) == ("error", 19, 24, [])
    write(tmp_path)
    (found,) = json.loads(cldsl("check", "tiny.cl", "--json", cwd=tmp_path).output)
    assert found["ok"] and found["findings"] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["check", "nowhere.cl"], "error: No such file or directory: nowhere.cl\n"),
        (["check", "tiny.cl", "--variant", "stil"], "did you mean still?"),
        (["check", "tiny.cl", "--set", "tua=1"], "did you mean tau?"),
        (["check", "tiny.cl", "--set", "tau=1 +"], "--set tau:1:"),
        (["compile", "tiny.cl", "--variant", "stil"], "error: there is no variant stil [no-variant]\n"),
        (
            ["compile", "tiny.cl", "--data", "digit=digits-16"],
            "error: --data: there is no stream digit; did you mean digits?\n",
        ),
        (
            ["compile", "tiny.cl", "--data", "digits=digit-8x8"],
            "error: no source is called digit-8x8; did you mean digits-8x8?",
        ),
        (["compile", "tiny.cl", "--data", "digits=nowhere.npz"], "error: there is no file nowhere.npz;"),
        (["compile", "tiny.cl", "--data", "digits=production"], "error: the stream digits has no production source;"),
        (["compile", "tiny.cl", "-o", "no/where.py"], "error: No such file or directory: "),
        (["compile", "binary.cl"], "error: a spec is UTF-8 text, this file is not: invalid start byte at byte 0\n"),
        (["compile", "."], "error: Is a directory: .\n"),
        (["list", "knm"], "error: nothing is called knm; did you mean knn?\n"),
        (["claim", "plain.cl"], "error: plain.cl makes no claim; write `claim knn: baseline < this` into it\n"),
    ],
)
def test_a_users_mistake_is_words_and_exit_code_2(words: list[str], told: str, tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, TINY.split("claim")[0], "plain.cl")
    (tmp_path / "binary.cl").write_bytes(b"\xff\xfe")
    before = sorted(tmp_path.iterdir())
    result = cldsl(*words, cwd=tmp_path)
    assert result.exit_code == 2, result.output
    assert told in result.output
    assert "Traceback" not in result.output
    assert sorted(tmp_path.iterdir()) == before
