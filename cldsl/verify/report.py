"""Results as lines that a person reads.

Input: CaseResults. Output: text. One line for a case at a level, then the count.
"""

from __future__ import annotations

from collections.abc import Sequence

from cldsl.verify.run import CaseResult


def summary(results: Sequence[CaseResult]) -> str:
    """A line for each result, failures with their reason, and how many passed."""
    width = max((len(result.case) for result in results), default=0)
    lines = []
    for result in results:
        told = f"{result.compared} values, worst {result.worst:.1e}" if result.ok else f"FAILED: {result.message}"
        lines.append(f"{result.case:{width}}  {_level(result.level):9}  {result.binding}: {told}")
    passed = sum(result.ok for result in results)
    lines.append(f"{passed} of {len(results)} passed")
    return "\n".join(lines)


def _level(level: str) -> str:
    return "evaluator" if level == "eval" else f"-O{level}"
