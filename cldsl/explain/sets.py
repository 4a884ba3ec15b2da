"""The sets of each contrast: how many positives, negatives and ignored rows an anchor has, and when a set may be empty.

Input: a resolved program and the chosen sources. Output: text. Counts are proven on a shrunken copy of the axes
(elaborate/census.py); where a predicate reads data, the largest count is told and "depends on data". The level of the
loss when all candidates look alike, log of their number, is where training starts from.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from cldsl.elaborate import census
from cldsl.elaborate.block import batch_rows, stream_of
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.session import Session
from cldsl.elaborate.shared import Shared
from cldsl.elaborate.values import Part, Relation
from cldsl.elaborate.watching import exact_count
from cldsl.explain.table import table
from cldsl.graph.nodes import Graph
from cldsl.semantics.program import Program
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span
from cldsl.syntax.unparse import unparse


@dataclass(frozen=True)
class Count:
    """Rows of a set for one anchor: `exact` where it is known, else between `least` and `most` (None: not known)."""

    exact: int | None
    least: int
    most: int | None

    def __str__(self) -> str:
        if self.exact is not None:
            return str(self.exact)
        if self.most is None:
            return "depends on data"
        return f"{self.least} to {self.most}, depends on data"


def sets(program: Program, sizes: Mapping[str, int], sources: Mapping[str, str]) -> str:
    """A table for each contrast that the program applies."""
    blocks = []
    for session in _sessions(program, sizes, sources):
        for name, relation in _relations(program, session):
            blocks.append("\n".join(_contrast(session, name, relation)))
    return "\n\n".join(dict.fromkeys(blocks)) or "no contrast"


def _sessions(program: Program, sizes: Mapping[str, int], sources: Mapping[str, str]) -> Iterator[Session]:
    for block in program.all(ast.Train):
        shared = Shared(program, {}, dict(sizes), dict(sources))
        data, options = stream_of(shared, block.streams[0])
        yield Session(shared, Graph(), "train", data, batch_rows(options))


def _relations(program: Program, session: Session) -> Iterator[tuple[str, Relation]]:
    """Contrasts as they stand, and applications of those with parameters."""
    for contrast in program.all(ast.Contrast):
        wanted: list[tuple[str, ast.Expr]] = [(contrast.name, ast.Name(contrast.name, span=contrast.span))]
        if contrast.parameters:
            calls = [
                node
                for node in ast.walk(program.body)
                if isinstance(node, ast.Call) and node.function == ast.Name(contrast.name)
            ]
            wanted = [(unparse(call), call) for call in dict.fromkeys(calls)]
        for name, expr in wanted:
            try:
                thing = session.thing(expr, Scope())
            except (Mistake, Consequence):
                continue  # an application inside a def or a contrast, whose arguments have no meaning out here
            if isinstance(thing, Relation):
                yield name, thing


def _contrast(session: Session, name: str, relation: Relation) -> Iterator[str]:
    yield f"contrast {name}  {relation.contrast.span.short}"
    try:
        anchors = session.relations.anchors(relation, Scope()).parts
        for part in anchors:
            yield from _anchored(session, relation, part)
    except (Mistake, Consequence):
        yield "  its sets depend on names that have no meaning outside a step"


def _anchored(session: Session, relation: Relation, anchors: Part) -> Iterator[str]:
    _, row = session.rows.bind("a", anchors, Scope(), relation)
    yield f"  {_anchors(anchors)}"
    rows: list[list[str]] = []
    totals: dict[str, list[Count]] = {"positive": [], "negative": []}
    seen: dict[object, tuple[int | None, list[Count]]] = {}
    told: list[str] = []
    for kind, counts in totals.items():
        parts = session.relations.set_of(relation, row, kind, Span()).parts
        somewhere = census.some_row([(part.mask, part.axis.name) for part in parts], anchors.axis, anchors.mask)
        told += _warning(kind, somewhere if parts else None)
        for part in parts:
            count = _count(part, len(parts) == 1 and somewhere == {True})
            counts.append(count)
            seen.setdefault(part.identity, (part.axis.size, []))[1].append(count)
            rows.append([kind, str(count), _size(part.axis.size), unparse(part.line) if part.line is not None else ""])
    yield table(rows, ("", "for an anchor", "of rows", "line"), indent=4)
    yield f"    ignored: {_ignored(list(seen.values()))}"
    yield f"    {_level(totals)}"
    yield from (f"    {text}" for text in told)


def _anchors(part: Part) -> str:
    axes = ", ".join(map(str, part.row_axes))
    some = "" if census.verdict(part.mask) is True else ", where present"
    return f"{_size(part.axis.size)} anchors [{axes}]{some}"


def _size(size: int | None) -> str:
    return "?" if size is None else str(size)


def _count(part: Part, some: bool) -> Count:
    """some: every anchor is known to have one at least."""
    exact = exact_count(part.mask, part.axis)
    if exact is not None:
        return Count(exact, exact, exact)
    judged = census.verdict(part.mask)
    if judged is False:
        return Count(0, 0, 0)
    between = census.counted(part.mask, part.axis) if part.mask is not None else None
    least, most = between if between is not None else (int(some), part.axis.size)
    return Count(None, least, most)


def _warning(kind: str, found: Collection[bool | None] | None) -> list[str]:
    """found: whether an anchor has one, over anchors (None: it depends on data); None without a line of this kind."""
    if found is None:
        return [f"note: there is no {kind} line"]
    if found == {False}:
        return [f"warning: no anchor has a {kind}"]
    if found == {True}:
        return []
    how = "some anchors have" if False in found else "an anchor may have"
    return [f"warning: {how} no {kind}; a mean over none is absent, a logsumexp over none is -inf"]


def _ignored(sources: list[tuple[int | None, list[Count]]]) -> str:
    """Rows of the candidates' sources that are in no set; a source counts once, however many lines name it."""
    least = most = 0
    for size, counts in sources:
        if size is None:
            return "not known"
        lows, highs = (
            [count.least for count in counts],
            [size if count.most is None else count.most for count in counts],
        )
        least += max(0, size - sum(highs))
        most += max(0, size - sum(lows))
    return str(least) if least == most else f"{least} to {most}, depends on data"


def _level(totals: Mapping[str, list[Count]]) -> str:
    if any(count.exact is None for counts in totals.values() for count in counts):
        return "level when all candidates are alike: depends on data"
    positives, negatives = (sum(count.exact or 0 for count in counts) for counts in totals.values())
    over = {"negatives": negatives} if negatives else {}
    if positives and negatives:
        over["one positive and the negatives"] = 1 + negatives
    if positives > 1:
        over["all candidates"] = positives + negatives
    told = [f"log {count} = {math.log(count):.4f} over {what}" for what, count in over.items()]
    return "level when all candidates are alike: " + (", ".join(told) or "there are none")
