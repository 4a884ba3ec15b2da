"""What a bound of memory makes of the encoders: each call in training, what it keeps for the gradient, how it is applied.

Input: a plan as elaborated, a level, bytes. Output: text. Bytes are measured on a module without memory, in float32.
"""

from __future__ import annotations

from cldsl.compiler import optimise
from cldsl.explain.table import plural, quantity, table
from cldsl.graph.plan import ProgramPlan
from cldsl.planning.encoders import SHARE, Call, calls

_HEAD = ("call", "rows", "a row keeps", "all keep", "", "")


def encoders(plan: ProgramPlan, level: int, memory: int) -> str:
    """A line for each call, and what they keep together."""
    if level == 0:
        return "-O0 applies every encoder whole"
    found = calls(optimise(plan, level, memory=memory), memory)
    share = memory // SHARE
    kept, left = sum(call.kept for call in found), sum(call.kept for call in found if call.chunk is None)
    chunk = max(((call.chunk or 0) * (call.each or 0) for call in found), default=0)
    lines = [table([_row(call) for call in found], _HEAD, right=(1, 2, 3))]
    told = f"encoders may keep {quantity(share, 'B')} of {quantity(memory, 'B')}; whole they keep {quantity(kept, 'B')}"
    if chunk:
        told += f", so {quantity(left, 'B')} and a chunk of {quantity(chunk, 'B')}"
    over = max(left + chunk - share, 0)
    lines.append(told + (f": {quantity(over, 'B')} too much, and nothing more can be done" if over else ""))
    if any(call.each is None for call in found):
        lines.append("where bytes are not known (?), they are not counted")
    return "\n".join(lines)


def _row(call: Call) -> list[str]:
    each = "?" if call.each is None else quantity(call.each, "B")
    kept = "?" if call.each is None and call.gradient else quantity(call.kept, "B")
    name = f"{call.node.attr('model')} in {call.function}"
    return [name, str(call.rows), each, kept, _told(call), call.node.span.short]


def _told(call: Call) -> str:
    if call.chunk is not None:
        return f"cached, {plural(min(call.chunk, call.rows // call.members), 'row')} at a time"
    if call.forbidden:
        return f"whole: {call.forbidden}"
    return "whole" if call.gradient else "whole: no gradient passes, nothing is kept"
