"""Params against the domains they declare, wherever the value comes from: the file, a variant, the command line.

Input: what is shared by an elaboration. Output: diagnostics, given to it. A value that is not constant is the elaborator's to report.
"""

from __future__ import annotations

from typing import Any

from cldsl.catalogue import nearest
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.session import Session
from cldsl.elaborate.shared import Shared
from cldsl.graph.nodes import Graph
from cldsl.semantics.spots import excerpt
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic

KINDS = {"real": "a number", "int": "a whole number", "bool": "true or false", "text": "a text in quotes"}
_HOLDS = {
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
}


def judge(shared: Shared) -> None:
    """Every param of the program."""
    session = Session(shared, Graph(), "free", None, None)
    for item in shared.program.all(ast.Param):
        with shared.telling(item.span):
            value = session.static(item.value, Scope())
            if item.domain is not None:
                _within(session, item, item.domain, value)


def _within(session: Session, item: ast.Param, domain: ast.Domain, value: Any) -> None:
    if domain.kind not in KINDS:
        raise Mistake(domain.span, "unknown-type", f"no type is called {domain.kind}", "", nearest(domain.kind, KINDS))
    text = excerpt(domain.span, session.shared.program.sources)
    declared = f"it is declared `{text}` at {domain.span.short}"
    if not _is(domain.kind, value):
        raise Mistake(
            item.value.span,
            "param-type",
            f"{item.name} must be {KINDS[domain.kind]}, not {_shown(value)}",
            declared,
            f"write {KINDS[domain.kind]}",
        )
    choices = [session.static(argument.value, Scope()) for argument in domain.arguments]
    if choices and value not in choices:
        names = [str(choice) for choice in choices]
        mend = nearest(str(value), names) if isinstance(value, str) else ""
        raise Mistake(
            item.value.span,
            "param-domain",
            f"{item.name} must be one of {', '.join(map(_shown, choices))}, not {_shown(value)}",
            declared,
            mend,
        )
    for op, expr in domain.bounds:
        _bounded(session, item, op, expr, value, declared)


def _bounded(session: Session, item: ast.Param, op: str, expr: ast.Expr, value: Any, declared: str) -> None:
    if op == "in":
        if not isinstance(expr, ast.Binary) or expr.op != "..":
            raise Mistake(expr.span, "range-expected", "`in` is followed by a range", "", "write `int in 1 .. 5`")
        low, high = session.static(expr.left, Scope()), session.static(expr.right, Scope())
        if not low <= value <= high:
            raise Mistake(
                item.value.span,
                "param-domain",
                f"{item.name} must be from {low} to {high}, not {_shown(value)}",
                declared,
                "take a number in between, or widen the domain",
            )
        return
    limit = session.static(expr, Scope())
    if isinstance(value, str) or isinstance(limit, (str, tuple)):
        raise Mistake(
            expr.span,
            "param-domain",
            f"{item.name} cannot be compared with {_shown(limit)}",
            "a bound is a number",
            "write a number as bound",
        )
    if not _HOLDS[op](value, limit):
        raise Mistake(
            item.value.span,
            "param-domain",
            f"{item.name} must be {op} {_shown(limit)}, not {_shown(value)}",
            declared,
            f"take a number {op} {_shown(limit)}, or widen the domain",
        )


def _is(kind: str, value: Any) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "text":
        return isinstance(value, str)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and (kind == "real" or float(value).is_integer())


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else f"{value}"


def positive(domain: ast.Domain | None, session: Session) -> bool:
    """Whether the domain leaves positive numbers alone."""
    for op, expr in domain.bounds if domain is not None else ():
        try:
            limit = session.static(expr.left if op == "in" and isinstance(expr, ast.Binary) else expr, Scope())
        except (Mistake, Consequence):
            continue
        if isinstance(limit, (int, float)) and ((op == ">" and limit >= 0) or (op in (">=", "in") and limit > 0)):
            return True
    return False


def temperatures(shared: Shared) -> None:
    """A temperature that is a number or a param is greater than 0."""
    session = Session(shared, Graph(), "free", None, None)
    params = shared.program.params
    for contrast in shared.program.all(ast.Contrast):
        for line in contrast.lines:
            if not isinstance(line, ast.Pair) or line.kind != "temperature":
                continue
            if (
                isinstance(line.value, ast.Name)
                and line.value.id in params
                and not any(p.name == line.value.id for p in contrast.parameters)
            ):
                param = params[line.value.id]
                if not positive(param.domain, session):
                    shared.warn(
                        line.value.span,
                        "temperature-domain",
                        f"{param.name} may be 0 or less",
                        "the logit is the similarity divided by the temperature",
                        f"declare `param {param.name}: real > 0`",
                    )
            elif isinstance(line.value, (ast.Number, ast.Unary)):
                try:
                    value = session.static(line.value, Scope())
                except (Mistake, Consequence):
                    continue
                if isinstance(value, (int, float)) and value <= 0:
                    shared.complain(
                        Diagnostic(
                            line.value.span,
                            "temperature-domain",
                            f"the temperature is {value}",
                            "the logit is the similarity divided by the temperature",
                            "take a number greater than 0",
                        )
                    )
