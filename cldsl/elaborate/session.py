"""One block of a program (a train, an on, or a single function) while it is elaborated: what each name of the file stands for.

The hold rule lives here: a let is a formula, evaluated at first need and held; inside `minimize` whatever depends on a module
or learn tensor moved since is evaluated anew. Versions count the moves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from cldsl.data.catalog import present_name
from cldsl.elaborate.axes import CLOCK, axis_lists, axis_name, ragged_axes
from cldsl.elaborate.calls import Models
from cldsl.elaborate.draws import Draws
from cldsl.elaborate.folding import constant
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.shared import Held, Shared
from cldsl.elaborate.values import Broken, Relation, Thing, Value
from cldsl.graph.nodes import Axis, Graph, Node
from cldsl.semantics.program import declared
from cldsl.semantics.spots import spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span


class Session(Models):
    """mode: "train", "on" or "free" (a function for verification or for a user's own loop)."""

    def __init__(
        self, shared: Shared, graph: Graph, mode: str, stream: ast.Data | None, batch: int | None,
        beside: Sequence[tuple[ast.Data, int | None]] = (),
    ) -> None:  # fmt: skip
        self.shared = shared
        self.mode = mode
        #: rows of a step, by stream
        self.streams = {data.name: rows for data, rows in ([(stream, batch)] if stream is not None else []) + [*beside]}
        # an inherited file's defs are in the body, where the spec and its variants may have replaced them
        self.files = {shared.program.file, *(item.span.file for item in shared.program.body)}
        self.items: dict[str, ast.Statement] = {}
        for item in shared.program.body:
            for name in declared(item):
                self.items[name] = item
        feeding = [data for data in shared.declared(ast.Data) if data.name in self.streams]
        self.columns = {column.name: column for data in feeding for column in data.columns}
        self.held: dict[str, Held] = {}
        self.anew: dict[str, Held] = {}
        self.versions: dict[str, int] = {}
        self.now: dict[str, Value] = {}  # states assigned in this iteration
        self.rewritten: dict[str, int] = {}  # states that a guarded block may have written: how often
        self.needs: list[set[tuple[str, str, int]]] = [set()]
        self.minimizing = False
        self.busy: list[str] = []
        self.relation_cache: dict[str, Relation] = {}
        self.apart = ()
        self.layout: tuple[Any, ...] | None = None  # of the batches, where a sampler makes all alike
        self.later = {
            "external": "black boxes",
            "mix": "it stands right of `<-` on a copy",
            "push": "it stands right of `<-` on a state",
            "copy": "it declares a model",
            "fresh": "it declares a model",
            "frozen": "it declares a model",
        }
        super().__init__(graph, self._sizes())
        self.relations.met = shared.met
        self.draws = Draws(self)
        self.slices = {}
        self.joined = {}

    # ---- axes

    def _sizes(self) -> dict[str, int | None]:
        """Every axis the file declares, with its size where it is known before anything is evaluated."""
        sizes: dict[str, int | None] = {"dim": None, "rank": None}
        for data in self.shared.declared(ast.Data):
            self._data_sizes(data, sizes)
        for axis in self.shared.axes_declared:
            sizes.setdefault(axis, None)
        for given in self.shared.given.values():
            for own in given.axes:
                sizes[own.name] = own.size
        sizes.update(self.shared.axes_known)
        sizes.update(self.shared.sizes)
        return sizes

    def _data_sizes(self, data: ast.Data, sizes: dict[str, int | None]) -> None:
        entry = self.shared.entry_of(data)
        known = {column.name: column for column in entry.columns} if entry is not None else {}
        mine = data.name in self.streams
        for column in data.columns:
            for place, item in enumerate(column.axes):
                name = axis_name(item)
                if place == 0:
                    if mine or name not in sizes:
                        sizes[name] = self.streams[data.name] if mine else None
                    continue
                written = isinstance(item, ast.Select)  # the size it says holds
                size = (
                    known[column.name].sizes[place - 1]
                    if not written and column.name in known and place - 1 < len(known[column.name].sizes)
                    else None
                )
                if mine or sizes.get(name) is None:
                    sizes[name] = size
            if column.target is not None:
                size = known[column.name].classes if column.name in known else None
                if column.name == "id" and entry is not None and entry.rows:
                    size = entry.rows.get("train")
                if mine or sizes.get(column.target) is None:
                    sizes[column.target] = size

    def axis(self, name: str, span: Span) -> Axis:
        axis = super().axis(name, span)
        if axis.size is None and name not in self.item_axes():
            size = self.infer_size(name)
            if size is not None:
                self.sizes[name] = size
                return Axis(name, size)
        return axis

    def item_axes(self) -> set[str]:
        return {
            axis_name(column.axes[0])
            for data in self.shared.declared(ast.Data)
            for column in data.columns
            if column.axes
        }

    def infer_size(self, name: str) -> int | None:
        """A size that follows from declarations: `slot = 64` of a state, what a model produces, what a view makes."""
        if ("size", name) in self.pending:
            return None
        self.pending.add(("size", name))
        try:
            for item in self.shared.program.body:
                for axes in axis_lists(item):
                    for each in axes:
                        if isinstance(each, ast.Select) and each.axis == name:
                            return self.static_int(each.value, Scope())
            for info in self.model_infos():
                if name in info.produces or any(name in axes for _, axes in info.outputs):
                    self.size_model(info)
                    size = info.known_size(name)
                    if size is not None:
                        return size
            return None
        except Mistake:
            return None
        finally:
            self.pending.discard(("size", name))

    pending: set[tuple[str, str]] = set()  # noqa: RUF012  (guards against sizes that depend on each other)

    # ---- names

    def unexecuted(self) -> frozenset[str]:
        return self.shared.unexecuted

    def definition(self, name: str, file: str) -> ast.Def | None:
        program = self.shared.program
        local = program.libraries.get(file, {}) if file not in self.files else {}
        if name in local:
            return local[name]
        item = self.items.get(name)
        if isinstance(item, ast.Def):
            self.shared.used.add(name)
            return item
        if name in program.imported:
            self.shared.used.add(name)
            return program.imported[name]
        return None

    def names_in_reach(self, scope: Scope) -> list[str]:
        names = [*self.items, *self.columns, *self.shared.program.imported, *CLOCK, "training"]
        current: Scope | None = scope
        while current is not None:
            names += list(current.names)
            current = current.parent
        return names

    def contrast(self, name: str) -> ast.Contrast | None:
        item = self.items.get(name)
        if not isinstance(item, ast.Contrast):
            return None
        self.shared.used.add(name)
        if item.parent is not None:
            from cldsl.semantics.merge import Merger

            parent = self.contrast(item.parent)
            if parent is None:
                raise Mistake(
                    spot(item.span, item.parent, self.shared.program.sources, "from"),
                    "no-contrast",
                    f"there is no contrast {item.parent}",
                    "",
                    "declare it above",
                )
            return Merger(self.shared.found).contrast(parent, item)
        return item

    def top(self, name: str, span: Span) -> Thing | None:
        if name in self.shared.given:
            return self._given(name)
        if name in self.columns:
            self.shared.used.add(name)
            return self.column(self.columns[name])
        item = self.items.get(name)
        if item is None:
            return self._clock(name) or self._foreign_column(name, span)
        self.shared.used.add(name)
        if isinstance(item, ast.Param):
            return self._param(item)
        if isinstance(item, ast.Let):
            return self.let_top(item, span)
        if isinstance(item, ast.Draw):
            return self.draws.read(item, name, span)
        if isinstance(item, ast.Cell):
            return self.cell(item, span)
        if isinstance(item, ast.Model):
            return self.model(item)
        if isinstance(item, ast.Contrast):
            contrast = self.contrast(name)
            assert contrast is not None
            if contrast.parameters:
                return None
            if name not in self.relation_cache:
                self.relation_cache[name] = self.relation(contrast, None, Scope())
            return self.relation_cache[name]
        return None

    def _given(self, name: str) -> Value:
        given = self.shared.given[name]
        self.shared.used.add(name)
        item = self.items.get(name)
        if isinstance(item, ast.Cell) and item.kind == "learn":
            self.needs[-1].add(("learn", name, self.versions.get(name, 0)))
        if name in self.now:
            return self.now[name]
        if isinstance(item, ast.Draw) and any(isinstance(axis, ast.Comprehension) for axis in item.targets[0][1]):
            return self.draws.supplied(item, name, given.axes, given.dtype)
        target = (
            item.target if isinstance(item, ast.Cell)
            else self.draws.ordered_axis(item) if isinstance(item, ast.Draw)
            else self.columns[name].target if name in self.columns
            else None
        )  # fmt: skip
        mask, presence = None, present_name(name)
        if presence in self.shared.given:
            own = self.shared.given[presence].axes
            mask = self.graph.leaf("input", own, "bool", label=f"{name}_present", kind="given", name=presence)
        return Value(
            self.graph.leaf("input", given.axes, given.dtype, label=name, kind="given", name=name), mask, target=target
        )

    def _clock(self, name: str) -> Thing | None:
        if name == "training":
            return self.a.const(self.mode == "train")
        if name not in CLOCK:
            return None
        if self.mode == "on":
            return None
        return Value(
            self.graph.leaf("input", (), "real" if name == "progress" else "int", label=name, kind="clock", name=name)
        )

    def _foreign_column(self, name: str, span: Span) -> Thing | None:
        """A column of another stream: only a block on that stream can read it; a free function takes the first that has it."""
        for data in self.shared.declared(ast.Data):
            for column in data.columns:
                if column.name == name:
                    if self.mode == "free":
                        self.shared.used.add(name)
                        return self.column(column)
                    raise Mistake(
                        span,
                        "other-stream",
                        f"{name} is a column of {data.name}, which does not feed this block",
                        "",
                        "read a column of the stream that feeds the block",
                    )
        if name not in self.shared.sampled:
            return None
        if self.mode == "free":
            return self.column(self.shared.sampled[name])
        raise Mistake(
            span,
            "sampler-column",
            f"{name} is a column that a sampler adds, and this block has no such sampler",
            "it exists in the batches of a `train` block alone",
            "read it there",
        )

    def _param(self, item: ast.Param) -> Thing:
        if item.name in self.busy:
            raise Mistake(
                item.span, "param-cycle", f"param {item.name} depends on itself", "", "give one of them a number"
            )
        self.busy.append(item.name)
        try:
            return self.thing(item.value, Scope())
        finally:
            self.busy.pop()

    def column(self, column: ast.Column) -> Value:
        """The leaf of a column. Along a ragged axis a second one tells which of its entries a row has."""
        axes = tuple(Axis(axis_name(item), self.column_size(item)) for item in column.axes)
        sampled = column is self.shared.sampled.get(column.name)
        dtype = "int" if column.target is not None else "bool" if sampled else "real"
        known = {"layout": self.layout} if sampled and self.layout is not None else {}
        mask = None
        if ragged := ragged_axes(column):
            label = f"{column.name}_present"
            name = present_name(column.name)
            mask = self.graph.leaf("input", axes[:ragged], "bool", column.span, label, kind="column", name=name)
        return Value(
            self.graph.leaf("input", axes, dtype, column.span, column.name, kind="column", name=column.name, **known),
            mask,
            target=column.target,
        )

    def column_size(self, item: ast.AxisItem) -> int | None:
        """The size of a column's axis as written, `time* = 200`, else as its source has it."""
        written = isinstance(item, ast.Select)
        return self.axis(axis_name(item), item.span).size if written else self.sizes.get(axis_name(item))

    # ---- lets

    def let_top(self, item: ast.Let, span: Span) -> Thing:
        if item.name in self.busy:
            raise Mistake(
                item.span,
                "let-cycle",
                f"let {item.name} depends on itself",
                " -> ".join([*self.busy, item.name]),
                "break the circle",
            )
        known = self.held.get(item.name)
        if known is not None and self.minimizing and self._moved(known.needs):
            known = self.anew.get(item.name)
            if known is not None and self._moved(known.needs):
                known = None
        if known is None:
            known = self._evaluate(item)
            (self.anew if item.name in self.held else self.held)[item.name] = known
        self.needs[-1] |= known.needs
        if isinstance(known.thing, Broken):
            raise Consequence
        return known.thing  # type: ignore[no-any-return]

    def _moved(self, needs: Iterable[tuple[str, str, int]]) -> bool:
        return any(
            kind in ("model", "learn") and self.versions.get(name, 0) != version for kind, name, version in needs
        )

    def _evaluate(self, item: ast.Let) -> Held:
        self.busy.append(item.name)
        self.needs.append(set())
        free, self.free_axes = self.free_axes, set()
        apart, self.apart = self.apart, ()  # a let is one value, whoever reads it first
        try:
            thing: Thing = self.let_in(item, Scope())
            if isinstance(thing, Value):
                thing = Value(
                    self._labelled(thing.node, item.name),
                    thing.mask,
                    thing.parts,
                    thing.rows,
                    thing.target,
                    thing.over_rows,
                )
        except Mistake as mistake:
            self.shared.complain(mistake.diagnostic)
            thing = Broken(item.span)
        except Consequence:
            thing = Broken(item.span)
        finally:
            self.free_axes, self.apart = free, apart
            self.busy.pop()
            needs = frozenset(self.needs.pop())
        return Held(thing, needs)

    @staticmethod
    def _labelled(node: Node, name: str) -> Node:
        """The first name a node gets is the one that the program shows."""
        if not node.label and node.inputs:
            object.__setattr__(node, "label", name)
        return node

    # ---- learn and state

    def cell(self, item: ast.Cell, span: Span) -> Value:
        """The leaf of a learn or state tensor, or what it was assigned in this iteration."""
        version = self.versions.get(item.name, 0)
        self.needs[-1].add((item.kind, item.name, version))
        if item.name in self.now and (item.kind == "state" or self.mode == "on"):
            return self.now[item.name]
        if any(axis_name(axis) in self.item_axes() for axis in item.axes):
            raise Mistake(
                item.span,
                "not-executed",
                "a table over a stream's own rows is not executed by this version",
                "",
                "declare a column `id[item] -> sample` and index the table: `s[sample = id]`",
            )
        plan = self.draws.tensor(item)
        times = self.rewritten.get(item.name, 0) if item.kind == "state" else version
        name = f"{item.name}@{times}" if times else item.name
        node = self.graph.leaf("input", plan.axes, plan.dtype, item.span, item.name, kind=item.kind, name=name)
        mask = None
        if plan.masked:
            mask = self.graph.leaf(
                "input", plan.mask_axes, "bool", item.span, f"{item.name}_present", kind="present", name=name
            )
        return Value(node, mask, target=item.target)

    # ---- statements

    def scalar(self, expr: ast.Expr, what: str) -> Node:
        """A compile-time or clock scalar: a rate, a guard, a keep factor."""
        value = self.value(expr, Scope())
        if value.axes or value.mask is not None:
            raise Mistake(
                expr.span,
                "scalar-expected",
                f"{what} is one number",
                f"it has the axes {', '.join(value.names)}",
                "reduce it: `mean(...)`",
            )
        from cldsl.graph.nodes import topological

        for node in topological([value.node]):
            if node.op == "input" and node.attr("kind") != "clock":
                raise Mistake(
                    expr.span,
                    "clock-expected",
                    f"{what} is an expression of the clock and of params",
                    f"it reads {node.attr('name')}",
                    "use `step`, `epoch`, params and numbers",
                )
        return value.node

    def finite(self, expr: ast.Expr) -> Any:
        """A constant that a registry's entry takes: no number in it is infinite."""
        value = self.static(expr, Scope())
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, float) and not math.isfinite(each):
                raise Mistake(expr.span, "finite-expected", f"{each} is no finite number", "", "write a finite number")
        return value

    def static_option(self, expr: ast.Expr) -> Any:
        return self.static(expr, Scope())

    def known(self, node: Node) -> Any:
        return constant(node)
