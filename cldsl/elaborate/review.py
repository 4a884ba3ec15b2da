"""What is judged once everything was elaborated, in order: domains, streams, names, claims, pairs, reach, states, dead names.

Input: what is shared by an elaboration. Output: diagnostics, given to it. What only a whole program can show (reach, dead names) is
left unsaid under an error or a construct that is not executed: it would be a consequence.
"""

from __future__ import annotations

from cldsl.elaborate import clashes, domains, empties, moved, pairs, reach, spelling, streams
from cldsl.elaborate.shared import Shared
from cldsl.semantics import claims
from cldsl.semantics.program import declared
from cldsl.semantics.spots import spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span


def review(shared: Shared) -> None:
    """Adds diagnostics to what was found."""
    domains.judge(shared)
    streams.judge(shared)
    known = [each.span for each in shared.found if each.code != "not-executed"]
    told = {(each.code, each.message) for each in shared.found}
    for found in spelling.judge(shared.program, shared.unexecuted):
        if (found.code, found.message) not in told and not any(_covers(span, found.span) for span in known):
            shared.complain(found)
            told.add((found.code, found.message))
    for found in [*claims.judge(shared.program), *clashes.judge(shared.program)]:
        if not any(each.code == found.code and _covers(each.span, found.span) for each in shared.found):
            shared.complain(found)
    pairs.judge(shared)
    if any(d.code == "no-positive" for d in shared.found):  # a mean over no positive is its consequence
        shared.found = [d for d in shared.found if d.code != "may-be-absent"]
    whole = not any(d.severity == "error" for d in shared.found)
    if whole:
        domains.temperatures(shared)
        empties.judge(shared)
        reach.judge(shared)
    if whole or all(d.code == "not-executed" for d in shared.found if d.severity == "error"):
        moved.judge(shared)
        _dead(shared)


def _covers(outer: Span, inner: Span) -> bool:
    start, end = (outer.line, outer.column), (outer.end_line, outer.end_column)
    return outer.file == inner.file and start <= (inner.line, inner.column) < end


def _dead_parameters(shared: Shared, item: ast.Def | ast.Contrast) -> None:
    """Parameters that the body does not read."""
    body = (item.body, item.value, item.axes) if isinstance(item, ast.Def) else item.lines
    read = {node.id for node in ast.walk(body) if isinstance(node, ast.Name)}
    read |= {node.name for node in ast.walk(body) if isinstance(node, ast.Attribute)}
    for parameter in item.parameters:
        if parameter.name not in read:
            message = f"the parameter {parameter.name} of {item.name} reaches nothing"
            _say(shared, parameter.span, "dead-name", message, "its body does not read it", "use it or remove it")


def _dead(shared: Shared) -> None:
    """Names that nothing mentions, in the program or in a variant."""
    program = shared.program
    for item in program.body:
        for name in declared(item):
            if name not in shared.used and name not in program.mentioned:
                place = spot(item.span, name, program.sources)
                _say(
                    shared,
                    place,
                    "dead-name",
                    f"{name} reaches nothing",
                    "no block reads it, here or in a variant",
                    "use it or remove it",
                )
        if isinstance(item, (ast.Def, ast.Contrast)):
            _dead_parameters(shared, item)
        for line in item.lines if isinstance(item, ast.Contrast) else item.body if isinstance(item, ast.Def) else ():
            if isinstance(line, ast.Let) and line.name not in program.mentioned:
                place = spot(line.span, line.name, program.sources)
                _say(
                    shared,
                    place,
                    "dead-name",
                    f"{line.name} reaches nothing",
                    "no line reads it",
                    "use it or remove it",
                )
    for node in ast.walk(program.body):
        if isinstance(node, ast.Call) and isinstance(node.function, ast.Name) and node.function.id == "rows":
            for argument in node.arguments:
                if argument.name is not None and argument.name not in program.mentioned:
                    _say(
                        shared,
                        argument.span,
                        "dead-name",
                        f"{argument.name} reaches nothing",
                        "no line reads the attribute",
                        "use it or remove it",
                    )
    for use in program.uses:
        for name in use.names:
            if name not in shared.used and name not in program.mentioned:
                place = spot(use.span, name, program.sources, "(")
                _say(
                    shared,
                    place,
                    "dead-import",
                    f"{name} is imported and never used",
                    "",
                    "remove it from the `use` line",
                )


def _say(shared: Shared, span: Span, code: str, message: str, reason: str, mend: str) -> None:
    shared.complain(Diagnostic(span, code, message, reason, mend))
