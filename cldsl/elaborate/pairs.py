"""The pairs of a contrast, proven on a small copy: self pairs left undecided, rows positive and negative at once, anchors without
positives. Input: the sets of anchors that were met (relations.Met). Output: diagnostics. What depends on data is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cldsl.elaborate import census
from cldsl.elaborate.miniature import Miniature, Undecided, places
from cldsl.elaborate.relations import Met
from cldsl.elaborate.shared import Shared
from cldsl.elaborate.values import Part, Relation, RowSet
from cldsl.graph.nodes import Node
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span


def judge(shared: Shared) -> None:
    """Every relation that a block applies; a line is judged once."""
    seen: set[object] = set()
    kinds: dict[tuple[int, int], dict[str, Met]] = {}
    for met in shared.met:
        kinds.setdefault((id(met.relation.memo), id(met.anchor)), {})[met.kind] = met
        key = (met.relation.contrast.span, met.kind)
        if key in seen:
            continue
        seen.add(key)
        for line, rows in met.lines:
            _self_pair(shared, met, line, rows)
        _presence(shared, met)
    for both in kinds.values():
        key = (next(iter(both.values())).relation.contrast.span, "both")
        if len(both) == 2 and key not in seen:
            seen.add(key)
            _positive_and_negative(shared, both["positive"], both["negative"])


# ---- self pairs


def _self_pair(shared: Shared, met: Met, line: ast.Comprehension, rows: RowSet) -> None:
    variable = anchor_name(met.relation)
    for part in rows.parts:
        if not _same_rows(part, met.anchor.part) or _decides(line, variable, part, met.relation.contrast):
            continue
        values = set() if rows.ranked else _diagonal(part, met.anchor.part)
        if rows.ranked or values != {False}:
            shared.complain(
                Diagnostic(
                    line.span, "self-pair", f"decide the self pair: is the anchor its own {met.kind}?",
                    f"{line.variable} ranges over the rows that are anchors, {variable} itself among them", f"write `{_mended(line, variable)}`",
                )
            )  # fmt: skip
            return


def _mended(line: ast.Comprehension, variable: str) -> str:
    return f"if {line.variable} != {variable}" if line.condition is None else f"and {line.variable} != {variable}"


def anchor_name(relation: Relation) -> str:
    """The variable of the anchor line."""
    for line in relation.contrast.lines:
        if isinstance(line, ast.Role) and line.kind == "anchor":
            return line.rows[0].variable
    return "a"


def _same_rows(part: Part, anchor: Part) -> bool:
    return part.identity == anchor.identity and part.row_axes == anchor.row_axes


def _decides(line: ast.Comprehension, anchor: str, part: Part, contrast: ast.Contrast) -> bool:
    """Whether the predicate speaks of coordinates, of row equality, or of a let of the contrast, which may."""
    rows = {line.variable, anchor}
    lets = {each.name for each in contrast.lines if isinstance(each, ast.Let)}
    for node in ast.walk(line.condition):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in rows
            and node.name in (*part.coords, "id", *lets)
        ):
            return True
        if isinstance(node, ast.Binary) and node.op in ("==", "!=") and {_id(node.left), _id(node.right)} == rows:
            return True
        if isinstance(node, ast.Name) and node.id in lets:
            return True
    return False


def _id(node: ast.Expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def _diagonal(part: Part, anchor: Part) -> set[object]:
    """The predicate where the candidate is the anchor."""
    if part.mask is None:
        return {True}
    try:
        mini = Miniature([part.mask], 3)
        diagonal = [
            where
            for where in places(mini, part.mask.names)
            if where.get(part.axis.name) == where.get(anchor.axis.name, where.get(part.axis.name))
        ]
        return {
            value if isinstance(value, bool) else None for value in (mini.at(part.mask, where) for where in diagonal)
        }
    except Undecided:
        return {None}


# ---- both at once


def _positive_and_negative(shared: Shared, positive: Met, negative: Met) -> None:
    for yes_line, yes_rows in positive.lines:
        for no_line, no_rows in negative.lines:
            for yes in yes_rows.parts:
                for no in no_rows.parts:
                    if _same_rows(yes, no) and not yes_rows.ranked and not no_rows.ranked and _meet(positive, yes, no):
                        shared.complain(
                            Diagnostic(
                                no_line.span, "positive-and-negative", "a row is positive and negative at once",
                                "both lines hold for the same pair", "exclude it in one of them", related=((yes_line.span, "the positive line"),),
                            )
                        )  # fmt: skip
                        return


def _meet(met: Met, yes: Part, no: Part) -> bool:
    a = met.arithmetic
    masks = [each for each in (met.anchor.part.mask, yes.mask) if each is not None]
    if no.mask is not None:
        masks.append(a._renamed(no.mask, {no.axis.name: yes.axis.name}))
    if not masks:
        return True
    both = a.both(*masks)
    return both is None or census.holds_somewhere(both)


# ---- presence


def _presence(shared: Shared, met: Met) -> None:
    parts = [part for _, rows in met.lines for part in rows.parts]
    anchors = census.some_row(parts_of(parts), met.anchor.part.axis, met.anchor.part.mask)
    where = _place(met)
    if anchors == {False}:
        shared.complain(
            Diagnostic(
                where,
                "no-positive" if met.kind == "positive" else "no-negative",
                f"no anchor ever has a {met.kind}",
                _why(met, parts),
                "widen the predicate, or remove what reads the set",
            )
        )
    elif met.kind == "positive" and False in anchors:
        shared.warn(
            where,
            "may-lack-positive",
            "some anchors have no positive",
            "a mean over their positives is absent, and a mean over anchors leaves them out",
            "leave them out in the anchor line, or write `else`",
        )


def parts_of(parts: Iterable[Part]) -> Sequence[tuple[Node | None, str]]:
    """The presence of each part's rows and the axis they lie along."""
    return [(part.mask, part.axis.name) for part in parts]


def _place(met: Met) -> Span:
    return met.lines[0][0].span if met.lines else met.relation.contrast.span


def _why(met: Met, parts: Sequence[Part]) -> str:
    if not met.lines:
        return f"contrast {met.relation.contrast.name} has no {met.kind} line"
    return "its source has no rows" if not parts else "the predicate holds for no pair"
