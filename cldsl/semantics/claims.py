"""What a spec says about its variants and reports as a whole: unknown names in claims, parents that do not exist or form a
circle, a report's name used twice. Input: a Program. Output: diagnostics. It evaluates nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from cldsl.catalogue import nearest
from cldsl.semantics.program import Program
from cldsl.semantics.spots import spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span


def judge(program: Program) -> list[Diagnostic]:
    """Every finding about variants, claims and the names of reports."""
    return [*_parents(program), *_claims(program), *_reports(program)]


def _parents(program: Program) -> Iterator[Diagnostic]:
    variants = {variant.name: variant for variant in program.variants}
    told = False
    for variant in program.variants:
        parent = variant.parent
        if parent in (None, "this"):
            continue
        place = spot(variant.span, str(parent), program.sources, "from")
        if parent not in variants:
            yield Diagnostic(
                place, "no-variant", f"there is no variant {parent}", "", nearest(str(parent), [*variants, "this"])
            )
        elif not told and _circular(variant.name, variants):
            told = True
            yield Diagnostic(
                place,
                "variant-cycle",
                f"variant {variant.name} builds on itself",
                "",
                "let one of them build on `this`",
            )


def _circular(name: str, variants: dict[str, ast.Variant]) -> bool:
    current, seen = variants[name].parent, set()
    while current in variants and current not in seen:
        if current == name:
            return True
        seen.add(current)
        current = variants[str(current)].parent
    return False


def _claims(program: Program) -> Iterator[Diagnostic]:
    variants = ["this", *(variant.name for variant in program.variants)]
    reports = {report.name for report in reports_of(program)}
    for claim in program.claims:
        if claim.report not in reports:
            place = spot(claim.span, claim.report, program.sources)
            yield Diagnostic(
                place,
                "no-report",
                f"no report is called {claim.report}",
                "a claim compares what an `on` block reports",
                nearest(claim.report, reports),
            )
        for left, _, right in claim.orderings:
            for name in (left, right):
                if name not in variants:
                    place = spot(claim.span, name, program.sources, ":")
                    yield Diagnostic(place, "no-variant", f"there is no variant {name}", "", nearest(name, variants))
            if left == right:
                place = spot(claim.span, left, program.sources, ":")
                yield Diagnostic(place, "empty-claim", f"{left} is compared with itself", "", "name two variants")


def reports_of(program: Program) -> list[ast.Report]:
    """Every report of an `on` block of the spec or of a variant."""
    blocks = [node for node in ast.walk((*program.body, *program.variants)) if isinstance(node, (ast.On, ast.Loop))]
    whole = [item for item in program.body if isinstance(item, ast.Report)]
    return [node for node in ast.walk((*blocks, *whole)) if isinstance(node, ast.Report)]


def _reports(program: Program) -> Iterator[Diagnostic]:
    first: dict[str, Span] = {}
    for node in ast.walk(program.body):
        if not isinstance(node, ast.Report):
            continue
        place = spot(node.span, node.name, program.sources, "report")
        if node.name in first and first[node.name] != place:
            yield Diagnostic(
                place, "report-twice", f"{node.name} is reported twice", "a report is read by its name, in the log and in claims",
                "give one of them another name", related=((first[node.name], "reported here first"),),
            )  # fmt: skip
        first.setdefault(node.name, place)
