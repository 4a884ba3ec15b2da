"""The LALR tables of grammar/cldsl.lark: built once, kept beside the package (or in the user's cache), loaded in milliseconds."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import lark
from lark.indenter import Indenter


class Lines(Indenter):
    """Turns indentation into blocks; inside brackets, line ends and indentation do not count."""

    NL_type = "_NL"
    OPEN_PAREN_types = ["LPAR", "LSQB", "LBRACE"]  # noqa: RUF012  (lark's interface)
    CLOSE_PAREN_types = ["RPAR", "RSQB", "RBRACE"]  # noqa: RUF012
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8


def grammar_path() -> Path:
    """The grammar in the wheel, or in a checkout."""
    here = Path(__file__).resolve().parents[1]
    packaged = here / "grammar" / "cldsl.lark"
    return packaged if packaged.exists() else here.parent / "grammar" / "cldsl.lark"


def parser() -> lark.Lark:
    """The parser of the language. Saved tables are used when they belong to this grammar and this lark."""
    text = grammar_path().read_text(encoding="utf-8")
    key = hashlib.sha256(f"{lark.__version__}\n{text}".encode()).hexdigest()[:16]
    for folder in _folders():
        saved = folder / f"_tables-{key}.bin"
        if saved.exists():
            with saved.open("rb") as stream:
                return lark.Lark.load(stream)
    built = lark.Lark(
        text,
        parser="lalr",
        lexer="contextual",
        postlex=Lines(),
        propagate_positions=True,
        maybe_placeholders=True,
    )
    _save(built, key)
    return built


def _folders() -> list[Path]:
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return [Path(__file__).resolve().parent, Path(cache) / "cldsl"]


def _save(built: lark.Lark, key: str) -> None:
    """Write the tables whole or not at all; a place that cannot be written costs a build at each start, no more."""
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as stream:
                built.save(stream)
            os.replace(stream.name, folder / f"_tables-{key}.bin")
            return
        except OSError:
            continue
