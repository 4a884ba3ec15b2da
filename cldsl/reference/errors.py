"""What the law forbids at run time, with its place. Knows nothing of how values are computed."""

from __future__ import annotations

from cldsl.syntax.diagnostics import NOWHERE, Span


class EvaluationError(Exception):
    """One finding at one place; the innermost expression that could not be evaluated gives the place."""

    def __init__(self, message: str, span: Span = NOWHERE) -> None:
        super().__init__(message)
        self.message = message
        self.span = span

    def at(self, span: Span) -> EvaluationError:
        """The same finding at `span`, unless a place nearer to it is known."""
        return self if self.span != NOWHERE else EvaluationError(self.message, span)

    def __str__(self) -> str:
        return self.message if self.span == NOWHERE else f"{self.span}: {self.message}"
