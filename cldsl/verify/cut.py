"""A binding's program cut to a case: of its streams and blocks those on the case alone, with the case's params.

Input: the program of a variant and a case. Output: a program with `case_NAME` for each param (of a list, also
`case_NAME_length`), whose train block has as many rows and steps as the case.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cldsl.semantics.program import Program
from cldsl.syntax import ast
from cldsl.syntax.parser import parse_expression
from cldsl.verify.cases import Case
from cldsl.verify.columns import START, STREAM, named
from cldsl.verify.errors import CaseError


def cut(program: Program, case: Case) -> Program:
    """The program with the case's params, and of its streams and blocks those on the case alone."""
    texts = {name: written(value) for name, value in case.params.items()}
    lengths = {f"{name}_length": str(len(value)) for name, value in case.params.items() if isinstance(value, list)}
    params = [
        ast.Param(f"case_{name}", None, parse_expression(text, f"param {name}"))
        for name, text in {**texts, **lengths}.items()
    ]
    kept: list[ast.Statement] = []
    for item in program.body:
        if isinstance(item, ast.Data):
            if item.name in (STREAM, START):
                kept.append(replace(item, sources=("published/case",)))  # values come from the case; none is opened
            continue
        if isinstance(item, (ast.Train, ast.On)):
            if _on_case(item):
                kept += [each for each in item.body if isinstance(each, ast.Let)] if isinstance(item, ast.On) else []
                kept.append(_paced(item, program, case) if isinstance(item, ast.Train) else item)
            continue
        kept.append(item)
    if not any(called(item, STREAM) for item in kept):
        raise CaseError(f"{program.file} declares no `data {STREAM}` for {program.variant}")
    return replace(program, body=(*params, *kept), claims=())


def _on_case(item: ast.Train | ast.On) -> bool:
    stream = item.streams[0].value if item.streams else None
    stream = stream.function if isinstance(stream, ast.Call) else stream
    return isinstance(stream, ast.Name) and stream.id == STREAM


def _paced(item: ast.Train, program: Program, case: Case) -> ast.Train:
    """The block with as many rows and steps as the case has."""
    columns = named(program, case, 0)
    rows = [array.data.shape[array.axes.index("item")] for array in columns.values() if "item" in array.axes]
    batch = rows[0] if rows else 1  # a case may move weights alone
    options = tuple(ast.Argument(name, ast.Number(value)) for name, value in (("batch", batch), ("steps", case.steps)))
    return replace(item, streams=(ast.Stream(ast.Call(ast.Name(STREAM), options), None),))


def called(item: ast.Statement, name: str) -> bool:
    """Whether it is the stream of that name."""
    return isinstance(item, ast.Data) and item.name == name


def written(value: Any) -> str:
    """A param of a case in the language; texts that hold a list are lists."""
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(written(each) for each in value) + "]"
    text = str(value)
    return text if text[:1] == "[" else '"' + text.replace("\\", "/").replace('"', "'") + '"'


def numbers(value: Any) -> list[int]:
    """A param that is a number, a list, or a text that holds one, as a list."""
    if isinstance(value, str):
        return [int(each) for each in value.strip("[] ").split(",")]
    return [int(each) for each in value] if isinstance(value, list) else [int(value)]
