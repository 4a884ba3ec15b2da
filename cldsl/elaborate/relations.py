"""Contrasts as values: anchors, sets, the logit of a pair, weights, lets. docs/language.md, section 5."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import Part, Relation, Row, RowSet, Value
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span
from cldsl.syntax.record import record

if TYPE_CHECKING:
    from cldsl.elaborate.arithmetic import Arithmetic
    from cldsl.elaborate.expressions import Expressions


@record(frozen=True, eq=False)
class Met:
    """The rows of one kind of an anchor, by the lines that give them."""

    arithmetic: Arithmetic
    relation: Relation
    anchor: Row
    kind: str
    lines: tuple[tuple[ast.Comprehension, RowSet], ...]


class Relations:
    def __init__(self, expressions: Expressions) -> None:
        self.x = expressions
        self.a = expressions.a
        #: every set of an anchor that was asked for, line by line, for the census of pairs
        self.met: list[Met] = []

    # ---- lines

    def roles(self, contrast: ast.Contrast, kind: str) -> list[ast.Role]:
        return [line for line in contrast.lines if isinstance(line, ast.Role) and line.kind == kind]

    def candidate_name(self, contrast: ast.Contrast) -> str:
        names = {line.rows[0].variable for kind in ("positive", "negative") for line in self.roles(contrast, kind)}
        if len(names) > 1:
            line = self.roles(contrast, "negative")[-1]
            raise Mistake(
                line.span,
                "two-candidate-names",
                f"the candidate has two names, {' and '.join(sorted(names))}",
                "the pair's formula needs one",
                "use one name in all lines",
            )
        return names.pop() if names else "c"

    def anchor_line(self, contrast: ast.Contrast) -> ast.Role:
        lines = self.roles(contrast, "anchor")
        if not lines:
            raise Mistake(
                contrast.span, "no-anchor", f"contrast {contrast.name} has no anchor", "", "write `anchor a in z`"
            )
        if len(lines) > 1 or len(lines[0].rows) > 1:
            raise Mistake(
                lines[-1].span,
                "not-executed",
                "several anchor rows are not executed by this version",
                "one row per anchor line",
                "leave an axis free instead: `anchor a in z[item]`",
            )
        return lines[0]

    # ---- anchors

    def anchors(self, relation: Relation, scope: Scope) -> RowSet:
        """The rows that are anchors, in the scope of the contrast."""
        if relation.flipped:
            raise Mistake(
                relation.contrast.span,
                "not-executed",
                "ranging over the anchors of a flipped relation is not executed by this version",
                "",
                "apply a loss to it: `mean(infonce(flip(R)))`",
            )
        key = ("anchors", tuple(sorted(row.part.axis.name for row in scope.rows())))
        if key not in relation.memo:
            relation.memo[key] = self.x.rows.comprehended(self.anchor_line(relation.contrast).rows[0], relation.scope)
        found = relation.memo[key]
        assert isinstance(found, RowSet)
        return found

    def bound(self, relation: Relation, anchor: Row) -> Scope:
        """The contrast's scope with its anchor variable standing for this row, and its lets ready to be read."""
        variable = self.anchor_line(relation.contrast).rows[0].variable
        key = ("bound", id(anchor))
        known = relation.memo.get(key)
        if isinstance(known, Scope):
            return known
        inner = Scope(relation.scope, {variable: replace(anchor, variable=variable)})
        relation.memo[key] = inner
        relation.memo[("keep", id(anchor))] = anchor
        for line in relation.contrast.lines:
            if isinstance(line, ast.Let):
                if line.name in inner.names:
                    raise Mistake(
                        line.span,
                        "shadowed",
                        f"{line.name} is already a name here",
                        "shadowing inside a contrast is an error",
                        "give the let another name",
                    )
                inner.names[line.name] = self.x.let_in(line, inner)
        return inner

    # ---- sets

    def set_of(self, relation: Relation, anchor: Row, kind: str, span: Span) -> RowSet:
        """`a.positive`, `a.negative` or `a.candidate`."""
        if kind == "candidate":
            parts = (
                self.set_of(relation, anchor, "positive", span).parts
                + self.set_of(relation, anchor, "negative", span).parts
            )
            return RowSet(parts)
        if relation.flipped:
            return self._flipped_set(relation, anchor, kind)
        key = (kind, id(anchor))
        if key not in relation.memo:
            inner = self.bound(relation, anchor)
            lines = self.roles(relation.contrast, kind)
            sets = []
            for line in lines:
                found_rows = self.x.rows.comprehended(line.rows[0], inner)
                sets.append(
                    RowSet(tuple(replace(part, line=line.rows[0]) for part in found_rows.parts), found_rows.ranked)
                )
            relation.memo[key] = self.x.rows.united(sets)
            self.met.append(
                Met(self.a, relation, anchor, kind, tuple(zip((line.rows[0] for line in lines), sets, strict=True)))
            )
        found = relation.memo[key]
        assert isinstance(found, RowSet)
        return found

    # ---- pairs

    def pair(self, relation: Relation, anchor: Row, candidate: Row, what: str, span: Span) -> Value:
        """`R(a, c)`, `R.similarity(a, c)`, `R.temperature(a)`, `R.weight(a, c)` at bound rows."""
        if relation.flipped:
            anchor, candidate = candidate, anchor
            relation = Relation(relation.contrast, relation.scope, False, relation.memo.setdefault("plain", {}))
        lines = {line.kind: line for line in relation.contrast.lines if isinstance(line, ast.Pair)}
        if what == "weight":
            return self.weight(relation, anchor, candidate)
        inner = self.bound(relation, anchor).child(**{self.candidate_name(relation.contrast): candidate})
        if what == "similarity":
            line = lines.get("similarity") or lines.get("logit")
        else:
            line = lines.get("logit") or lines.get("similarity")
        if line is None:
            raise Mistake(
                relation.contrast.span,
                "no-logit",
                f"contrast {relation.contrast.name} has no logit",
                "",
                "write `similarity dot(a, c)`",
            )
        value = self.x.value(line.value, inner)
        if what == "logit" and line.kind == "similarity" and "temperature" in lines:
            heat = self.x.value(lines["temperature"].value, inner)
            value = self.a.pointwise("div", value, heat, guards=inner.all_guards(), span=lines["temperature"].span)
        return value

    def temperature(self, relation: Relation, anchor: Row, span: Span) -> Value:
        for line in relation.contrast.lines:
            if isinstance(line, ast.Pair) and line.kind == "temperature":
                return self.x.value(line.value, self.bound(relation, anchor))
        return self.a.const(1.0)

    def weight(self, relation: Relation, anchor: Row, candidate: Row) -> Value:
        """The weight that the candidate's line gives the pair; 1 where it gives none."""
        line = candidate.part.line
        if line is None or line.weight is None:
            return self.a.const(1)
        inner = self.bound(relation, anchor).child(**{line.variable: candidate})
        return self.x.value(line.weight, inner)

    def let(self, relation: Relation, anchor: Row, name: str, span: Span) -> Value:
        inner = self.bound(relation, anchor)
        found = inner.names.get(name)
        if isinstance(found, Value):
            return found
        raise Mistake(
            span,
            "no-such-let",
            f"contrast {relation.contrast.name} has no value {name}",
            "",
            "write a `let` of that name in the contrast",
        )

    # ---- the other direction

    def flip(self, relation: Relation, span: Span) -> Relation:
        for kind in ("positive", "negative"):
            for line in self.roles(relation.contrast, kind):
                if line.rows[0].top is not None:
                    raise Mistake(
                        span,
                        "flip-of-top",
                        "a relation with `top` cannot be flipped",
                        f"a {kind} line takes the k best rows of each anchor",
                        "write the other direction as a contrast of its own",
                    )
        return Relation(relation.contrast, relation.scope, not relation.flipped)

    def flipped_anchors(self, relation: Relation, span: Span) -> Part:
        """The candidates' rows as anchors; a row is one where it is in a pair (`Expressions._paired`)."""
        lines = [line for kind in ("positive", "negative") for line in self.roles(relation.contrast, kind)]
        parts = [part for line in lines for part in self.x.rows.source(line.rows[0].source, relation.scope).parts]
        if any(part.identity != parts[0].identity for part in parts):
            raise Mistake(
                span,
                "not-executed",
                "flipping a relation whose candidates come from several sources is not executed by this version",
                "the result would have the rows of all of them",
                "flip a contrast with one source",
            )
        return parts[0]

    def _flipped_set(self, relation: Relation, anchor: Row, kind: str) -> RowSet:
        """Rows a with `anchor` in the set `kind` of a."""
        line = self.anchor_line(relation.contrast).rows[0]
        plain = Relation(relation.contrast, relation.scope, False, relation.memo.setdefault("plain", {}))
        parts = []
        for part in self.x.rows.comprehended(line, relation.scope).parts:
            _scope, row = self.x.rows.bind(line.variable, part, Scope(relation.scope, {"_other": anchor}))
            mask = None
            for role in self.roles(relation.contrast, kind):
                comp = role.rows[0]
                inner = self.bound(plain, row)
                sources = self.x.rows.source(comp.source, inner)
                for source in sources.parts:
                    if source.identity != anchor.part.identity:
                        continue
                    test = self.a.const(True).node
                    if comp.condition is not None:
                        test = self.a.truth(self.x.value(comp.condition, inner.child(**{comp.variable: anchor})))
                    mask = test if mask is None else self.a.fold("or", mask, test)
            if mask is None:
                mask = self.a.const(False).node
            back = self.a._renamed(mask, {row.part.axis.name: part.axis.name})
            parts.append(replace(part, mask=self.a.both(part.mask, back)))
        return RowSet(tuple(parts))
