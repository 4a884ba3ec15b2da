"""Whether a function is computed in strips of rows: the axis, the visits, what they give, or the reason against.

Input: a plan as elaborated, a level, bytes or None. Output: text. Seconds are estimated from rates that were measured on one
machine; they rank two ways of computing the same and are no promise.
"""

from __future__ import annotations

from cldsl.compiler import coupled_models, optimise_passes
from cldsl.explain.table import plural, quantity
from cldsl.graph.nodes import Node
from cldsl.graph.plan import ProgramPlan, TrainPlan
from cldsl.graph.strips import Visit
from cldsl.strips import Study, study
from cldsl.strips.machine import rates


def strips(plan: ProgramPlan, level: int, memory: int | None) -> str:
    """A paragraph for each function of each train block."""
    if level < 2:
        return f"-O{level} computes every function whole"
    coupled = coupled_models(plan)
    blocks = []
    for phase in optimise_passes(plan, level).phases:
        if isinstance(phase, TrainPlan):
            blocks += [
                f"{phase.name}.{each.name}: {_told(study(each, memory, coupled), memory is not None)}"
                for each in phase.functions
            ]
    return "\n".join(blocks) or "nothing is trained"


def _told(found: Study, bounded: bool) -> str:
    lines = [found.verdict]
    if found.choice is not None:
        lines += [_visit(visit, number) for number, visit in enumerate(found.visits, 1)]
        outer = found.outer
        if outer:
            lines.append(f"outer axes, of both sides: {', '.join(outer)}")
        if found.following:
            lines.append(f"then, on what the visits give: {', '.join(found.following)}")
        machine = rates()
        lines.append(
            f"large values: {quantity(found.bytes_whole, 'B')} whole, {quantity(found.bytes_strips, 'B')} in strips"
            + (f" (bound {quantity(found.budget, 'B')})" if bounded else "")
        )
        lines.append(
            f"estimated: {_ms(found.seconds_whole)} whole, {_ms(found.seconds_strips)} in strips, at"
            f" {quantity(machine.flops, 'FLOP/s')} of products and {quantity(machine.whole, 'B/s')} of large values whole,"
            f" {quantity(machine.strips, 'B/s')} in strips"
        )
        lines += [f"whole all the same: {_shape(node)}: {reason}" for node, reason in found.whole[:3]]
    return "\n    ".join(lines)


def _visit(visit: Visit, number: int) -> str:
    cut = dict.fromkeys(str(take.leaf.attr("name")) for take in visit.takes if take.dim is not None)
    gives = ", ".join(
        f"{_shape(give.node)} {'by rows' if give.how == 'rows' else f'by {give.how}'}" for give in visit.gives
    )
    moving = any(give.moving for give in visit.gives)
    way = "no gradient" if not moving else "value and gradient at once" if visit.once else "again for the gradient"
    return (
        f"visit {number}: {plural(visit.rows, 'row')} of {visit.axis}, {visit.height} at a time, {way};"
        f" cuts {', '.join(list(cut)[:6])}; gives {gives}"
    )


def _shape(node: Node) -> str:
    axes = ", ".join(str(axis) for axis in node.axes)
    return f"{node.label or node.op}[{axes}]" if axes else f"{node.label or node.op}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms"
