"""Every finding about a spec: of the file as it stands and of each of its variants, each finding once.

Input: a spec's path, maybe one variant, overrides of params. Output: Findings, drawn as text or as JSON. A finding that
only some variants have says which. Imports nothing heavy: it is `cldsl check`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cldsl.elaborate import examine
from cldsl.explain.table import plural
from cldsl.semantics.program import Program
from cldsl.semantics.resolve import resolve_file
from cldsl.syntax.diagnostics import NOWHERE, Diagnostic, Span, SpecError, render
from cldsl.syntax.record import record

THIS = "this"
_ORDER = {"error": 0, "warning": 1, "note": 2}


@record(frozen=True)
class Findings:
    """found: each diagnostic with the variants that have it (empty: all that were looked at)."""

    file: str
    checked: tuple[str, ...]
    found: tuple[tuple[Diagnostic, tuple[str, ...]], ...]
    sources: Mapping[str, str]

    def count(self, severity: str) -> int:
        """How many findings are errors, warnings or notes."""
        return sum(each.severity == severity for each, _ in self.found)

    @property
    def summary(self) -> str:
        """`specs/tiny.cl: ok (5 variants)`; the spec as it stands, `this`, is one of them."""
        told = [plural(n, word) for word in _ORDER if (n := self.count(word))]
        told = told if self.count("error") else ["ok", *told]
        only = len(self.checked) == 1
        looked = (
            plural(len(self.checked), "variant")
            if not only
            else ""
            if self.checked[0] == THIS
            else f"variant {self.checked[0]}"
        )
        return f"{self.file}: {', '.join(told)}" + (f" ({looked})" if looked else "")

    def text(self) -> str:
        """Every finding underlined in its line, then the summary."""
        blocks = []
        for diagnostic, where in self.found:
            drawn = render(diagnostic, self.sources.get(diagnostic.span.file, ""))
            blocks.append(drawn + (f"\n  in: {', '.join(where)}" if where else ""))
        return "\n\n".join([*blocks, self.summary])

    def plain(self) -> dict[str, Any]:
        """The findings as JSON can hold them."""
        found = [{**_plain(each), "variants": list(where)} for each, where in self.found]
        return {"file": self.file, "checked": list(self.checked), "ok": not self.count("error"), "findings": found}


def findings(spec: str, variant: str | None, sets: Mapping[str, str]) -> Findings:
    """Look at one variant, or at the spec and all its variants. Raises OSError where the file cannot be read."""
    first = variant or THIS
    program, found, sources = _look(spec, first, sets)
    by_variant = {first: found}
    if variant is None and program is not None:
        for each in program.variants:
            _, by_variant[each.name], more = _look(spec, each.name, sets)
            sources = {**sources, **more}
    places: dict[Diagnostic, list[str]] = {}
    for name, diagnostics in by_variant.items():
        for diagnostic in diagnostics:
            places.setdefault(diagnostic, []).append(name)
    ordered = sorted(places, key=lambda d: (_ORDER[d.severity], d))
    told = tuple((d, () if len(places[d]) == len(by_variant) else tuple(places[d])) for d in ordered)
    return Findings(spec, tuple(by_variant), told, sources)


def _look(
    spec: str, variant: str, sets: Mapping[str, str]
) -> tuple[Program | None, Sequence[Diagnostic], dict[str, str]]:
    try:
        program = resolve_file(spec, variant, sets)
    except SpecError as error:
        return None, [_placed(each, spec) for each in error.diagnostics], error.sources
    return program, examine(program)[1], program.sources


def _placed(diagnostic: Diagnostic, spec: str) -> Diagnostic:
    """A finding about the command line points at the spec's head."""
    if diagnostic.span != NOWHERE:
        return diagnostic
    d = diagnostic
    return Diagnostic(Span(spec), d.code, d.message, d.reason, d.mend, d.severity, d.related)


def _plain(diagnostic: Diagnostic) -> dict[str, Any]:
    span = diagnostic.span
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "reason": diagnostic.reason,
        "mend": diagnostic.mend,
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
