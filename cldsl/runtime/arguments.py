"""The flags of an emitted program, derived from RunOptions.

Input: a Program class and words. Output: RunOptions; a mistake ends with one line and exit code 2, as argparse does.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import ValidationError

from cldsl.runtime.errors import RunError
from cldsl.runtime.options import RunOptions
from cldsl.runtime.program import Program


def read_arguments(program: type[Program], argv: Sequence[str] | None) -> RunOptions:
    """Options from words, by default those of the command line. Raises RunError for a value that does not fit."""
    parser = argparse.ArgumentParser(description=f"{program.title or program.spec}. {program.link}".strip())
    for name, field in RunOptions.model_fields.items():
        if field.exclude:
            continue  # no choice of a run: the program was written for it
        flag = "--" + name.replace("_", "-")
        if name == "data":
            parser.add_argument(flag, action="append", metavar="NAME=SOURCE", help=field.description)
        elif field.annotation is bool:
            parser.add_argument(flag, action="store_true", default=None, help=field.description)
        else:
            choices = get_args(field.annotation) if field.default in get_args(field.annotation) else None
            parser.add_argument(flag, choices=choices, help=field.description)
    parser.add_argument("--no-compile", dest="compile", action="store_const", const="off", help="--compile off")
    given = {name: value for name, value in vars(parser.parse_args(argv)).items() if value is not None}
    if "data" in given:
        given["data"] = dict(_source(word) for word in given["data"])
    return make_options(given)


def make_options(given: dict[str, Any]) -> RunOptions:
    """RunOptions, with pydantic's report as one line. Raises RunError."""
    try:
        return RunOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = "--" + str(first["loc"][0]).replace("_", "-") + ": " if first["loc"] else ""
        raise RunError(f"{name}{first['msg'].removeprefix('Value error, ')}") from error


def _source(word: str) -> tuple[str, str]:
    name, equals, source = word.partition("=")
    if not (name and equals and source):
        raise RunError(f"--data takes NAME=SOURCE, not {word}", "--data photos=digits")
    return name, source
