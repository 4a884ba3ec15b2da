"""Relations: anchors, the sets of an anchor, the logit of a pair (docs/language.md, section 5).

A pair's value is its formula with the anchor's and the candidate's variable bound to the two rows; nothing is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cldsl.reference.arithmetic import arithmetic, conjunction, disjunction, fill
from cldsl.reference.errors import EvaluationError
from cldsl.reference.reductions import reduce
from cldsl.reference.rows import Filtered, Leaf, Renamed, Rows
from cldsl.reference.rowsets import bind, fresh, same_row, ungridded, united
from cldsl.reference.scope import Scope
from cldsl.reference.values import Mask, Value, constant, truth
from cldsl.syntax import ast

if TYPE_CHECKING:
    from cldsl.reference.expressions import Interpreter

KINDS = ("positive", "negative")


class Relation:
    """One application of a contrast. States are read once, when the relation first needs them."""

    def __init__(self, contrast: ast.Contrast, scope: Scope, interpreter: Interpreter) -> None:
        self.contrast = contrast
        self.interpreter = interpreter
        self.scope = Scope(scope)
        self.scope.snapshot = {}
        self._anchors: Rows | None = None
        self._scopes: dict[int, tuple[Rows, Scope]] = {}
        self._checked: set[int] = set()

    # ---- the anchors

    def lines(self, kind: str) -> list[ast.Comprehension]:
        """The comprehensions of all lines of a kind."""
        return [
            row for line in self.contrast.lines if isinstance(line, ast.Role) and line.kind == kind for row in line.rows
        ]

    def anchor_name(self) -> str:
        """The variable of the anchor."""
        names = {line.variable for line in self.lines("anchor")}
        if len(names) != 1 or any(len(r.rows) > 1 for r in self.contrast.lines if isinstance(r, ast.Role)):
            raise EvaluationError("the evaluator executes one anchor variable per relation", self.contrast.span)
        return names.pop()

    def candidate_name(self) -> str:
        """The one variable that all candidate lines and the pair's formula use."""
        names = {line.variable for kind in KINDS for line in self.lines(kind)}
        if len(names) != 1:
            raise EvaluationError("all candidate lines use one name for the candidate", self.contrast.span)
        return names.pop()

    def anchors(self) -> Rows:
        """The anchors; a row that no line admits is no anchor."""
        if self._anchors is None:
            parts = [self.interpreter.sources.chosen([line], self.scope) for line in self.lines("anchor")]
            rows = united(parts, fresh("anchor"))
            self._anchors = Renamed(rows, {}, rows.axis, self)
        return self._anchors

    def at(self, anchor: Rows) -> Scope:
        """The scope of an anchor: its variable bound, the contrast's lets to be evaluated at first need."""
        if id(anchor) not in self._scopes:
            scope = self.scope.bound(self.anchor_name(), anchor)
            scope.lazy = {line.name: line for line in self.contrast.lines if isinstance(line, ast.Let)}
            for line in self.contrast.lines:
                if isinstance(line, ast.Draw):
                    scope.lazy.update({name: line for name, _ in line.targets})
            # the row is kept beside its scope: its id stays its own
            self._scopes[id(anchor)] = (anchor, scope)
        return self._scopes[id(anchor)][1]

    # ---- the sets of an anchor

    def rows(self, kind: str, anchor: Rows) -> Rows:
        """`a.positive`, `a.negative` or `a.candidate`."""

        if id(anchor) not in self._checked:
            self._checked.add(id(anchor))
            self._disjoint(anchor)
        if kind == "candidate":
            return united([self._united(each, anchor) for each in KINDS if self.lines(each)], fresh("c"), disjoint=True)
        return self._united(kind, anchor)

    def _united(self, kind: str, anchor: Rows) -> Rows:

        scope = self.at(anchor)
        parts: list[Rows] = []
        for line in self.lines(kind):
            rows = bind(self.interpreter.sources.chosen([line], scope), line.variable)
            if line.weight is not None:
                weight = self.interpreter.value(line.weight, scope.bound(line.variable, rows))
                rows = Filtered(rows, None, {self._weight_name(): weight})
            parts.append(rows)
        if not parts:
            raise EvaluationError(f"the relation {self.contrast.name} has no {kind} line", self.contrast.span)
        return united(parts, fresh("c"))

    def _weight_name(self) -> str:
        return f"weight of {id(self)}"

    def _disjoint(self, anchor: Rows) -> None:
        """A row that is positive and negative at once is an error."""
        if not all(self.lines(kind) for kind in KINDS):
            return
        first, second = (self._united(kind, anchor) for kind in KINDS)
        shared = {leaf.origin for leaf in first.leaves()} & {leaf.origin for leaf in second.leaves()}
        if shared and bool(same_row(first, second).data.any()):
            raise EvaluationError("a row is positive and negative at once", self.contrast.span)

    # ---- the formulas of a pair

    def _pair(self, kind: str) -> ast.Expr | None:
        found = [line.value for line in self.contrast.lines if isinstance(line, ast.Pair) and line.kind == kind]
        return found[-1] if found else None

    def _formula(self, kind: str, anchor: Rows, candidate: Rows | None) -> Value | None:
        node = self._pair(kind)
        if node is None:
            return None
        scope = self.at(anchor)
        if candidate is not None:
            scope = scope.bound(self.candidate_name(), candidate)
        return self.interpreter.value(node, scope)

    def logit(self, anchor: Rows, candidate: Rows) -> Value:
        """`R(a, c)`: the logit line, or similarity / temperature."""
        written = self._formula("logit", anchor, candidate)
        if written is not None:
            return written
        similarity = self.similarity(anchor, candidate)
        temperature = self._formula("temperature", anchor, candidate)
        if temperature is None:
            return similarity
        context = self.at(anchor).bound(self.candidate_name(), candidate).context
        return arithmetic("/", similarity, temperature, context)

    def similarity(self, anchor: Rows, candidate: Rows) -> Value:
        """`R.similarity(a, c)`: the similarity line, or the logit where only that is written."""
        found = self._formula("similarity", anchor, candidate) or self._formula("logit", anchor, candidate)
        if found is None:
            raise EvaluationError(f"the relation {self.contrast.name} has no similarity", self.contrast.span)
        return found

    def temperature(self, anchor: Rows, candidate: Rows | None) -> Value:
        """`R.temperature(a)` or `R.temperature(a, c)`; 1 where no line gives one."""
        return self._formula("temperature", anchor, candidate) or constant(1)

    def weight(self, candidate: Rows) -> Value:
        """`R.weight(a, c)`: the weight of the line that gave the candidate, 1 where it gives none."""
        found = candidate.attribute(self._weight_name(), None)
        if found is None:
            return constant(1)
        return found if found.present is None else _filled(found, candidate)

    def named(self, name: str, anchor: Rows) -> object:
        """`R.NAME(a)`: a let of the contrast at an anchor."""
        if not any(isinstance(line, ast.Let) and line.name == name for line in self.contrast.lines):
            raise EvaluationError(f"the relation {self.contrast.name} has no let {name}", self.contrast.span)
        return self.interpreter.find(name, self.at(anchor))

    def tensor(self, name: str) -> Value:
        """`R.NAME`: a let over all anchors, over the axes of their tensor."""
        anchors = self.anchors()
        value = self.interpreter.as_value(self.named(name, anchors), self.contrast)
        return ungridded(value.masked(anchors.here.present), anchors)


def _filled(weight: Value, candidate: Rows) -> Value:
    """Candidates of lines without a weight weigh 1; absent rows stay absent."""
    filled = fill(weight, constant(1))
    return filled.masked(candidate.here.present)


class Flipped(Relation):
    """`flip(R)`: the candidates become anchors, with the same pairs and logits."""

    def __init__(self, base: Relation) -> None:
        super().__init__(base.contrast, base.scope, base.interpreter)
        self.base = base
        for kind in KINDS:
            for line in base.lines(kind):
                if line.top is not None:
                    raise EvaluationError("a line with `top` cannot be flipped", line.span)

    def anchors(self) -> Rows:
        """Every row of the candidates' sources that is in a pair."""
        if self._anchors is None:
            scope = self.base.scope
            lines = [line for kind in KINDS for line in self.base.lines(kind)]
            rows = united([bind(self.interpreter.sources.rows(line.source, scope), "c") for line in lines], fresh("c"))
            paired: Value | None = None
            for kind in KINDS:
                if self.base.lines(kind):
                    found = reduce(
                        "any", self._pairs(kind, rows, self.base.anchors()), [str(self.base.anchors().axis)], {}
                    )
                    paired = found if paired is None else disjunction(paired, found)
            mask = None if paired is None else truth(paired)
            self._anchors = Renamed(Filtered(rows, mask), {}, rows.axis, self)
        return self._anchors

    def _pairs(self, kind: str, candidates: Rows, anchors: Rows) -> Value:
        """Whether (anchor, candidate) is a pair of the base relation, for every two rows."""
        scope = self.base.at(anchors).bound(self.base.candidate_name(), candidates)
        paired: Value | None = None
        for line in self.base.lines(kind):
            origins = {leaf.origin for leaf in self.interpreter.sources.rows(line.source, self.base.scope).leaves()}

            def mine(leaf: Leaf, origins: set[object] = origins) -> Value:
                return constant(leaf.origin in origins).over([leaf.axis], {leaf.axis: leaf.size()})

            found = candidates.read(mine)
            assert found is not None
            if line.condition is not None:
                found = conjunction(found, self.interpreter.value(line.condition, scope))
            found = conjunction(found, conjunction(_present(anchors), _present(candidates)))
            paired = found if paired is None else disjunction(paired, found)
        assert paired is not None
        return paired

    def _united(self, kind: str, anchor: Rows) -> Rows:

        others = bind(self.base.anchors(), self.base.anchor_name())
        return Filtered(others, truth(self._pairs(kind, anchor, others)))

    def rows(self, kind: str, anchor: Rows) -> Rows:
        """The anchors of the base relation that have this row in their set of the kind."""
        if kind == "candidate":
            return united([self._united(each, anchor) for each in KINDS if self.lines(each)], fresh("c"), disjoint=True)
        return self._united(kind, anchor)

    def logit(self, anchor: Rows, candidate: Rows) -> Value:
        return self.base.logit(candidate, anchor)

    def similarity(self, anchor: Rows, candidate: Rows) -> Value:
        return self.base.similarity(candidate, anchor)

    def temperature(self, anchor: Rows, candidate: Rows | None) -> Value:
        if candidate is None:
            raise EvaluationError("the temperature of a flipped relation is one of a pair", self.contrast.span)
        return self.base.temperature(candidate, anchor)

    def weight(self, candidate: Rows) -> Value:
        if any(line.weight is not None for kind in KINDS for line in self.base.lines(kind)):
            raise EvaluationError("the evaluator does not flip a weight", self.contrast.span)
        return constant(1)


def _present(rows: Rows) -> Value:
    mask: Mask = truth(rows.here)
    return Value(mask.data, mask.axes)
