"""Views, draws and the first values of tensors: declarations whose right side is a distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cldsl.catalogue import CatalogueError
from cldsl.elaborate.axes import SIDE, SIDES
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import Distribution, Thing, Uneven, Value
from cldsl.graph.nodes import Axis
from cldsl.graph.plan import DrawPlan, TensorPlan
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span

if TYPE_CHECKING:
    from cldsl.elaborate.session import Session

#: What is drawn from each distribution, where it is not real.
_DTYPES = {"integer": "int", "permutation": "int", "bernoulli": "bool"}


class Draws:
    def __init__(self, session: Session) -> None:
        self.s = session
        self.plans: dict[str, DrawPlan] = {}
        self.things: dict[str, Thing] = {}
        self.allowed = session.mode != "on"

    def read(self, item: ast.Draw, name: str, span: Span) -> Thing:
        if self.s.mode == "on" and (not self.allowed or item.kind == "view"):
            raise Mistake(
                span,
                "draw-in-on",
                f"{name} is a {item.kind}; an `on` block reads raw columns",
                "evaluation has no chance of its own; only a block that writes a state may draw",
                "apply the model to the column",
            )
        if name not in self.things:
            if name in self.s.busy:
                raise Mistake(
                    item.span,
                    "draw-cycle",
                    f"{name} depends on itself",
                    " -> ".join([*self.s.busy, name]),
                    "draw it from a column",
                )
            self.s.busy.append(name)
            try:
                self._declare(item)
            finally:
                self.s.busy.pop()
        return self.things[name]

    # ---- views

    def _declare(self, item: ast.Draw) -> None:
        name, axes = item.targets[0]
        binders = [axis for axis in axes if isinstance(axis, ast.Comprehension)]
        fresh = [axis for axis in axes if isinstance(axis, ast.Select)]
        if binders:
            self._over_rows(item, name, binders)
            return
        if len(fresh) <= 1:
            index = Scope(None, {fresh[0].axis: self.s.a.const(0)}) if fresh else Scope()
            first = self.s.thing(item.value, index)
            if isinstance(first, Distribution) and not first.law:
                self._view(item, name, fresh[0] if fresh else None)
                return
        self._law(item, name, axes)

    def _view(self, item: ast.Draw, name: str, copy: ast.Select | None) -> None:
        s = self.s
        copies = None if copy is None else s.declare_axis(copy.axis, s.static_int(copy.value, Scope()), copy.span)
        pipelines: list[Distribution] = []
        for index in range(1 if copies is None or copy is None else s.apart_count(copies.size, copy.span)):
            scope = Scope() if copies is None else Scope(None, {copies.name: s.a.const(index)})
            thing = s.thing(item.value, scope)
            assert isinstance(thing, Distribution)
            pipelines.append(thing)
        column = pipelines[0].column
        assert column is not None
        shapes = [self._shape(each, item.span) for each in pipelines]
        box = item.targets[1][0] if len(item.targets) > 1 else None
        stretches: list[tuple[int, int]] = []
        for index, shape in enumerate(shapes):
            if stretches and shapes[stretches[-1][0]] == shape:
                stretches[-1] = (stretches[-1][0], index + 1)
            else:
                stretches.append((index, index + 1))
        parts, pieces = [], []
        for place, (start, stop) in enumerate(stretches):
            own = name if len(stretches) == 1 else f"{name}_{place}"
            trailing = shapes[start]
            leading = () if copies is None else (Axis(copies.name, stop - start),)
            axes = (column.axes[0], *leading, *trailing)
            parts.append((own, start, stop))
            leaf = s.graph.leaf("input", axes, "real", item.span, own, kind="draw", name=own)
            pieces.append((start, stop, Value(leaf)))
            for axis in trailing:
                if len(stretches) == 1:
                    s.sizes.setdefault(axis.name, axis.size)
        self.plans[name] = DrawPlan(
            "view", name, pieces[0][2].axes, "real", pipelines[0].column_name, copies,
            tuple(each.stages for each in pipelines), tuple(parts), box, (), item.span,
        )  # fmt: skip
        if len(pieces) == 1:
            self.things[name] = pieces[0][2]
        else:
            assert copies is not None
            self.things[name] = Uneven(copies, tuple(pieces))
        if box is not None:
            axes = (column.axes[0], *(() if copies is None else (copies,)), Axis(SIDE, SIDES))
            self.things[box] = Value(s.graph.leaf("input", axes, "real", item.span, box, kind="draw", name=box))

    def _shape(self, view: Distribution, span: Span) -> tuple[Axis, ...]:
        """Trailing axes of what a pipeline makes; stages know axes by role (channel, y, x), the column by its own names."""
        from cldsl.views.catalog import consumed, produced

        assert view.column is not None
        own = view.column.axes[1:]
        roles = (
            ("channel", "y", "x")
            if len(own) == 3
            else ("channel",)
            if len(own) == 1
            else tuple(axis.name for axis in own)
        )
        wanted = consumed([(stage.name, dict(stage.args)) for stage in view.stages])
        if len(wanted) > len(own):
            raise Mistake(
                span,
                "view",
                f"this view transforms images; {view.column_name} has the axes {', '.join(view.column.names)}",
                f"it needs {', '.join(wanted)} after the rows' axis",
                "take stages for vectors: `noise`, `scale`",
            )
        try:
            sizes = produced(
                [(stage.name, dict(stage.args)) for stage in view.stages],
                {role: axis.size for role, axis in zip(roles, own, strict=True)},
            )
        except CatalogueError as error:
            raise Mistake(span, "view", error.message, "", error.mend) from error
        return tuple(Axis(axis.name, sizes.get(role, axis.size)) for role, axis in zip(roles, own, strict=True))

    def view_sizes(self) -> dict[str, int | None]:
        """Sizes that the views give to the axes of their columns (those of the first stretch)."""
        found: dict[str, int | None] = {}
        if self.s.mode == "on":
            return found
        for item in self.s.shared.declared(ast.Draw):
            if item.kind != "view" or item.targets[0][0] in self.s.shared.given:
                continue
            try:
                thing = self.read(item, item.targets[0][0], item.span)
            except Mistake:
                continue
            value = thing.pieces[0][2] if isinstance(thing, Uneven) else thing
            if isinstance(value, Value):
                found.update({axis.name: axis.size for axis in value.axes[1:]})
        return found

    # ---- laws

    def _law(self, item: ast.Draw, name: str, axes: tuple[ast.AxisItem, ...]) -> None:
        s = self.s
        own = tuple(self._axis(axis) for axis in axes)
        law = s.thing(item.value, Scope())
        if not isinstance(law, Distribution) or not law.law:
            raise Mistake(
                item.value.span,
                "distribution-expected",
                f"{name} is drawn from a distribution",
                "",
                "write `~ uniform(0, 1)`",
            )
        target = self.ordered_axis(item) if law.law == "permutation" else None
        dtype = self._plan(item, name, own, law)
        leaf = s.graph.leaf("input", own, dtype, item.span, name, kind="draw", name=name)
        self.things[name] = Value(leaf, target=target)

    def ordered_axis(self, item: ast.Draw) -> str | None:
        """The axis whose entries a permutation puts in order, the last one: it points there. None for another draw."""
        call, (name, axes) = item.value, item.targets[0]
        if not (
            isinstance(call, ast.Call) and isinstance(call.function, ast.Name) and call.function.id == "permutation"
        ):
            return None
        if axes and isinstance(axes[-1], (ast.Select, ast.AxisName)):
            return axes[-1].axis if isinstance(axes[-1], ast.Select) else axes[-1].name
        raise Mistake(
            call.span,
            "permutation",
            f"{name} puts no axis in order",
            "a permutation is of the entries of the draw's last axis",
            f"name the axis: `draw {name}[item] ~ permutation()`",
        )

    def _axis(self, axis: ast.AxisItem) -> Axis:
        if isinstance(axis, ast.Select):
            if axis.axis in self.s.shared.sizes:
                return Axis(axis.axis, self.s.shared.sizes[axis.axis])
            return self.s.declare_axis(axis.axis, self.s.static_int(axis.value, Scope()), axis.span)
        if isinstance(axis, ast.AxisName):
            return self.s.axis(axis.name, axis.span)
        raise Mistake(
            axis.span,
            "axis-expected",
            "axes are named here, with sizes where they are new",
            "",
            "write `[item, mix = 8]`",
        )

    def _over_rows(self, item: ast.Draw, name: str, binders: list[ast.Comprehension]) -> None:
        """`draw share[a in z, k in z]`: an entry for each combination of rows, read `share[a, k]`."""
        s = self.s
        axes = []
        for place, comp in enumerate(binders):
            rows = s.rows.source(comp.source, Scope())
            axes.append(Axis(f"{name}_{place}", rows.parts[0].axis.size))
        law = s.thing(item.value, Scope())
        if not isinstance(law, Distribution) or not law.law:
            raise Mistake(
                item.value.span,
                "distribution-expected",
                f"{name} is drawn from a distribution",
                "",
                "write `~ uniform(0, 1)`",
            )
        if law.law == "permutation":
            self.ordered_axis(item)
        dtype = self._plan(item, name, tuple(axes), law)
        leaf = s.graph.leaf("input", tuple(axes), dtype, item.span, name, kind="draw", name=name)
        self.things[name] = Value(leaf, over_rows=tuple(axis.name for axis in axes))

    def supplied(self, item: ast.Draw, name: str, axes: tuple[Axis, ...], dtype: str) -> Value:
        """A draw over pairs of rows that comes from outside, over the axes of each row: `a.item, a.v, k.item, k.v`."""
        s = self.s
        node = s.graph.leaf("input", axes, dtype, item.span, name, kind="given", name=name)
        over = []
        for place, comp in enumerate(each for each in item.targets[0][1] if isinstance(each, ast.Comprehension)):
            rows = s.rows.source(comp.source, Scope()).parts[0]
            own = tuple(f"{comp.variable}.{axis.name}" for axis in rows.row_axes)
            if not set(own) <= set(node.names):
                raise Mistake(
                    item.span,
                    "axes-of-tensor",
                    f"{name} is supplied without {', '.join(own)}",
                    f"it has {', '.join(node.names)}",
                    "a draw over pairs of rows has the axes of each row",
                )
            node = s.graph.make("merge", node, old=own, new=Axis(f"{name}_{place}", rows.axis.size))
            over.append(f"{name}_{place}")
        return Value(node, over_rows=tuple(over))

    def _plan(self, item: ast.Draw, name: str, axes: tuple[Axis, ...], law: Distribution) -> str:
        """Plans the draw; gives the kind of its values."""
        dtype = _DTYPES.get(law.law, "real")
        self.plans[name] = DrawPlan("draw", name, axes, dtype, distribution=(law.law, *law.arguments), span=item.span)
        return dtype

    # ---- tensors

    def tensor(self, item: ast.Cell) -> TensorPlan:
        """A learn or state tensor: axes, first value, whether entries may be absent."""
        s = self.s
        known = s.shared.tensors.get(item.name)
        if known is not None:
            return known
        axes = tuple(self._axis(axis) for axis in item.axes)
        masked, init = self._first_value(item)
        mask_axes = tuple(axis for axis in axes if axis.name != "dim") if masked else ()
        dtype = "int" if item.target is not None else "real"
        ring = None
        plan = TensorPlan(item.kind, item.name, axes, dtype, init, masked, mask_axes, ring, item.span)
        # entries that a column points to are counted when the data is opened; any other size follows from the text
        pointed = {column.target for data in s.shared.declared(ast.Data) for column in data.columns}
        if all(axis.size is not None or axis.name in pointed for axis in axes):
            s.shared.tensors[item.name] = plan
        return plan

    def _first_value(self, item: ast.Cell) -> tuple[bool, tuple[object, ...]]:
        s = self.s
        if item.value is None:
            raise Mistake(
                item.span,
                "first-value",
                f"{item.kind} {item.name} has no first value",
                "",
                "write `= 0`, `= absent` or `~ normal(0, 1)`",
            )
        if item.drawn:
            law = s.thing(item.value, Scope())
            if not isinstance(law, Distribution) or not law.law:
                raise Mistake(
                    item.value.span,
                    "distribution-expected",
                    f"{item.name} is drawn from a distribution",
                    "",
                    "write `~ normal(0, 1)`",
                )
            return False, ("draw", law.law, law.arguments)
        value = s.value(item.value, Scope())
        if value.mask is not None and s.known(value.mask) is False:
            return True, ("absent",)
        known = s.known(value.node)
        if known is None or value.mask is not None:
            raise Mistake(
                item.value.span,
                "first-value",
                "a first value is a number, `absent` or a draw",
                "",
                "write `= 0`, `= absent` or `~ normal(0, 1)`",
            )
        return False, ("value", known)
