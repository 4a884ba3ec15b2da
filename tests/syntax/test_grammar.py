"""The grammar is LALR(1) without conflict, and the tables that are kept are those of the grammar."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import lark
import pytest
from lark.exceptions import GrammarError
from lark.indenter import PythonIndenter

from cldsl.syntax import grammar
from cldsl.syntax.build import Builder
from cldsl.syntax.comments import split
from cldsl.syntax.lalr import Tables
from cldsl.syntax.parser import parse, tokens

TEXT = grammar.grammar_path().read_text(encoding="utf-8")
SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.cl"))


class Outside(PythonIndenter):
    NL_type, INDENT_type, DEDENT_type = "_NL", "_INDENT", "_DEDENT"


def lark_says(text: str, caplog: pytest.LogCaptureFixture) -> str:
    """What lark's logger says while it builds the tables."""
    lark.logger.propagate = True
    with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
        lark.Lark(text, parser="lalr", lexer="contextual", postlex=Outside(), maybe_placeholders=True, debug=True)
    return caplog.text.lower()


def test_the_grammar_has_no_conflict(caplog: pytest.LogCaptureFixture) -> None:
    assert "conflict" not in lark_says(TEXT, caplog)


def test_a_shift_reduce_conflict_would_be_heard(caplog: pytest.LogCaptureFixture) -> None:
    ambiguous = TEXT.replace("\nsum: _sum SUM_OP _product\n", "\nsum: _sum SUM_OP _sum\n")
    assert ambiguous != TEXT
    assert "conflict" in lark_says(ambiguous, caplog)


def test_a_reduce_reduce_conflict_is_refused() -> None:
    with pytest.raises(GrammarError):
        grammar.build(TEXT.replace("\nname: NAME\n", "\nname: NAME | NAME -> other\n"))


def test_kept_tables_are_those_of_the_grammar() -> None:
    kept = json.loads(grammar.TABLES.read_text(encoding="utf-8"))
    built = json.loads(json.dumps(grammar.build(TEXT)))
    assert kept == built


def test_every_rule_with_a_node_has_its_method() -> None:
    rules = Tables(grammar.build(TEXT)).rules
    missing = {rule.name for rule in rules if not rule.spliced and not hasattr(Builder, "r_" + rule.name)}
    assert missing == set()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_machine_reads_the_tokens_that_lark_reads(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    theirs = lark.Lark(TEXT, parser="lalr", lexer="contextual", postlex=Outside(), maybe_placeholders=True)
    interactive = theirs.parse_interactive(text)
    expected = [(token.type, str(token), token.line, token.column) for token in interactive.iter_parse()]
    ours = [(token.type, str(token), token.line, token.column) for token in tokens(text)]
    blocks = ("_NL", "_INDENT", "_DEDENT")
    assert [each for each in ours if each[0] not in blocks] == [each for each in expected if each[0] not in blocks]
    assert [each[0] for each in ours] == [each[0] for each in expected]


def test_tables_that_are_out_of_date_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = json.loads(grammar.TABLES.read_text(encoding="utf-8"))
    kept = tmp_path / "tables.json"
    kept.write_text(json.dumps(old | {"grammar": "1:0:00000000", "states": []}), encoding="utf-8")
    monkeypatch.setattr(grammar, "TABLES", kept)
    assert len(grammar.tables().states) == len(old["states"])
    assert json.loads(kept.read_text(encoding="utf-8"))["grammar"] == old["grammar"]
    assert [path.name for path in tmp_path.iterdir()] == ["tables.json"]


def test_tables_that_cannot_be_kept_are_used_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "TABLES", tmp_path / "missing" / "tables.json")
    assert grammar.tables().states
    assert list(tmp_path.iterdir()) == []


def test_parsing_imports_no_parser_generator() -> None:
    program = "import sys; from cldsl.syntax.parser import parse; parse('let x = 1'); print('lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_spans_end_with_the_last_token_of_a_statement() -> None:
    tree = parse("let a = 1\n\ntrain on s:\n    let b = f(\n        c)  # end\n\nlet d = 2\n", "x.cl")
    spans = [(item.span.line, item.span.column, item.span.end_line, item.span.end_column) for item in tree.items]
    assert spans == [(1, 5, 1, 10), (3, 1, 5, 11), (7, 5, 7, 10)]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("let x = a<-1", ["NAME", "BOUND", "MINUS", "NUMBER"]),
        ("x<-1", ["NUMBER"]),
        ("let x = word*2", ["NAME", "PRODUCT_OP", "NUMBER"]),
        ("let x = f[word*]", ["NAME", "LSQB", "RAGGED", "RSQB"]),
        ("let x = 1..2", ["NUMBER", "__ANON_0", "NUMBER"]),
        ("let x = f.in", ["NAME", "DOT", "NAME"]),
        ("let x = f(from = 1)", ["NAME", "LPAR", "NAME", "EQUAL", "NUMBER", "RPAR"]),
    ],
)
def test_tokens_take_the_type_of_their_place(text: str, kinds: list[str]) -> None:
    made = [token.type for token in tokens(text)]
    assert [kind if not kind.startswith("__ANON") else "__ANON_0" for kind in made][-len(kinds) - 1 : -1] == kinds


def test_comments_do_not_reach_the_tokens() -> None:
    assert all(
        "#" not in token for token in tokens("let a = 1  # one\nlet b = f(  # two\n    c)\n") if token.type != "_NL"
    )
    assert split("# all")[0] == ""
