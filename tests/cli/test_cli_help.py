"""The command line is frozen: a new flag, or another word in a help text, changes help.txt by a person's decision."""

from __future__ import annotations

from pathlib import Path

from cli_tiny import cldsl

from cldsl import __version__
from cldsl.cli import main

FROZEN = Path(__file__).with_name("help.txt")


def test_the_help_of_all_commands_is_the_frozen_one(update: bool) -> None:
    pages = [cldsl("--help").output, *(cldsl(name, "--help").output for name in sorted(main.commands))]
    text = "\n".join(pages)
    if update:
        FROZEN.write_text(text, encoding="utf-8")
    assert text == FROZEN.read_text(encoding="utf-8")


def test_the_version() -> None:
    assert cldsl("--version").output == f"cldsl, version {__version__}\n"


def test_a_misspelt_command_and_a_missing_spec_are_the_users_mistakes() -> None:
    for words in (["chek"], ["check"], ["run"], ["run", "a.cl", "--batch", "0"], ["run", "a.cl", "--set", "tau"]):
        result = cldsl(*words)
        assert result.exit_code == 2
        assert "Error:" in result.output
