"""What is public, what an import costs, and that the compiler knows no paper by name."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import cldsl

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = ["Compiled", "Diagnostic", "SpecError", "check", "compile", "parse", "run"]
METHODS = {"compilation", "criterion", "loss", "module", "objective", "objective_on", "source"}

#: Papers whose specs may stand in `specs/`; the compiler, its library and the grammar may not know them.
SLUGS = """
adacad autotcl beclr brivis cacr ccp cgg clip-rocket coconut cocosoda contrastive-search contriever ctp-tft ctvis dcl
debcse demo-retrieval dito dse groco hardness-aware ins-mil isogclr macil mclrec mochi moe-embeddings multicsr negclip
obow pcl-sr pixel-linguist pixpro sc-mil sepclr space2 supremix susana swav vega whitenedcse
""".split()  # noqa: SIM905
#: Names that are words of English or of the field in lower case.
EXACT = ["CLOSE", "EASE", "Hydra", "INS", "MCL", "MEOW", "SimLAP", "CLIPRocket", "SimCTG", "DyCE", "OpTA", "SogCLR"]
_SPELT = [re.escape(slug).replace(r"\-", "[-_ ]?") for slug in SLUGS]
NAMES = re.compile(rf"(?i:\b(?:{'|'.join(_SPELT)})(?:w|\d*)\b)|\b(?:{'|'.join(EXACT)})\b")

#: Its thesaurus lists what other libraries call a loss, so that `cldsl list` answers to those names.
THESAURUS = ROOT / "cldsl" / "listing.py"

LIGHT = "import sys, cldsl; {use}; print(sorted({{'torch', 'numpy', 'sklearn', 'networkx'}} & set(sys.modules)))"


def test_the_public_names() -> None:
    assert sorted(cldsl.__all__) == PUBLIC
    assert set(PUBLIC) < set(dir(cldsl))
    for name in PUBLIC:
        assert getattr(cldsl, name).__doc__, f"{name} has no docstring"
    with pytest.raises(AttributeError, match="compyle"):
        _ = cldsl.compyle


def test_the_public_methods_of_a_compiled_spec() -> None:
    program = cldsl.compile(ROOT / "specs" / "dcl.cl")
    assert {name for name in dir(program) if not name.startswith("_")} == METHODS


@pytest.mark.parametrize("use", ["cldsl.SpecError", "cldsl.check('specs/dcl.cl')", "cldsl.parse('spec a \"A\"\\n')"])
def test_what_needs_no_torch_loads_none(use: str) -> None:
    code = LIGHT.format(use=use)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_paper_is_named() -> None:
    places = [
        *ROOT.glob("cldsl/**/*.py"),
        *ROOT.glob("cldsl/**/*.cl"),
        *ROOT.glob("cldsl/**/*.j2"),
        *ROOT.glob("grammar/*"),
    ]
    found = []
    for path in sorted({*places} - {THESAURUS}):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found += [f"{path.relative_to(ROOT)}:{number}: {match.group()}" for match in NAMES.finditer(line)]
    assert len(places) > 200 and not found, "\n".join(found)


def test_the_pattern_finds_names() -> None:
    named = [
        "the loss of DCL",
        "DCLW",
        "sc_mil",
        "SwAV's",
        "iSogCLR",
        "MoCHi,",
        "whitenedcse",
        "CLIP Rocket",
        "HYDRA Hydra",
    ]
    assert [text for text in named if not NAMES.search(text)] == []
    assert not NAMES.search("close to the mean, with ease, inside, a decline")
