"""An error is data: where, what, why, and what to write instead. Rendering is apart from it.

Every mistake of a user's spec becomes a Diagnostic; `SpecError` carries all of them at once, sorted by place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from cldsl.syntax.record import record


@record(frozen=True, order=True)
class Span:
    """A stretch of a spec: lines and columns count from 1, the end column is exclusive."""

    file: str = "<spec>"
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def short(self) -> str:
        """`tiny.cl:14`, as the comments of an emitted program point back."""
        return f"{self.file.rsplit('/', 1)[-1]}:{self.line}"


NOWHERE = Span()


@record(frozen=True, order=True)
class Diagnostic:
    """One finding. `code` is stable and kebab-case; severity "error" stops, "warning" and "note" are printed."""

    span: Span
    code: str
    message: str
    reason: str = ""
    mend: str = ""
    severity: str = "error"
    #: further places that take part in the finding
    related: tuple[tuple[Span, str], ...] = field(default=(), compare=False)


class SpecError(Exception):
    """The spec cannot be used; `diagnostics` says why, `sources` (file -> text) lets them be drawn."""

    def __init__(self, diagnostics: Iterable[Diagnostic], sources: dict[str, str] | None = None) -> None:
        self.diagnostics = tuple(sorted(set(diagnostics)))
        self.sources = dict(sources or {})
        super().__init__(self.render())

    def render(self) -> str:
        return "\n\n".join(
            render(diagnostic, self.sources.get(diagnostic.span.file, "")) for diagnostic in self.diagnostics
        )


def render(diagnostic: Diagnostic, source: str) -> str:
    """The finding as text: place and message, the line with the stretch underlined, the reason, the mend."""
    span = diagnostic.span
    lines = [f"{span}: {diagnostic.severity}: {diagnostic.message} [{diagnostic.code}]"]
    lines += _underlined(span, source)
    for place, text in diagnostic.related:
        lines.append(f"  {place}: {text}")
    if diagnostic.reason:
        lines.append(f"  why: {diagnostic.reason}")
    if diagnostic.mend:
        lines.append(f"  mend: {diagnostic.mend}")
    return "\n".join(lines)


def _underlined(span: Span, source: str) -> list[str]:
    """The source line and the carets below it; a stretch over several lines is underlined on its first."""
    text = source.split("\n")
    if not source or span.line > len(text):
        return []
    line = text[span.line - 1].replace("\t", " ").rstrip("\r")
    end = span.end_column if span.end_line == span.line else len(line) + 1
    width = max(1, min(end, len(line) + 1) - span.column)
    number = str(span.line)
    return [f"  {number} | {line}", f"  {' ' * len(number)} | {' ' * (span.column - 1)}{'^' * width}"]
