"""`<-`: states, learn tensors, rows of tables, rings and copies. docs/language.md, section 8."""

from __future__ import annotations

from cldsl.catalogue import nearest
from cldsl.elaborate.objectives import Objectives
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import ModelValue, Value
from cldsl.graph.nodes import Node
from cldsl.graph.plan import Mix
from cldsl.syntax import ast


class Assignments(Objectives):
    """The assignments of a block."""

    def _assign(self, item: ast.Assign) -> None:
        name, index = self._target(item)
        model = self.s.items.get(name)
        if isinstance(model, ast.Model):
            self._mix(item, name)
            return
        cell = model
        if not isinstance(cell, ast.Cell):
            raise Mistake(
                item.place.span,
                "not-assignable",
                f"{name} is no state, learn tensor or copy",
                "only these are moved by `<-`",
                "assign to a state, a learn tensor or a copy",
            )
        self.shared.used.add(name)
        current = self.s.cell(cell, item.span)
        value, mask = self._new_value(item, cell, current, index)
        self.shared.trained.append(value)
        self.pending.append(("assign", (item, cell, value, mask, self.moment)))
        if cell.kind == "state":
            self.s.now[name] = Value(value, mask, target=cell.target)
        else:
            self.s.minimizing = False
            self.moment += 1
            version = self.s.versions.get(name, 0) + 1
            self.s.versions[name] = version
            self.created[(name, version)] = self.moment
        self._stale(item, name)

    def _target(self, item: ast.Assign) -> tuple[str, ast.Select | None]:
        place = item.place
        if isinstance(place, ast.Name):
            return place.id, None
        if (
            isinstance(place, ast.Index)
            and isinstance(place.value, ast.Name)
            and len(place.items) == 1
            and isinstance(place.items[0], ast.Select)
        ):
            return place.value.id, place.items[0]
        raise Mistake(
            place.span,
            "place-expected",
            "left of `<-` stands a state, or rows of it",
            "",
            "write `Q <- e` or `s[sample = id] <- e`",
        )

    def _new_value(
        self, item: ast.Assign, cell: ast.Cell, current: Value, index: ast.Select | None
    ) -> tuple[Node, Node | None]:
        s = self.s
        call = item.value
        if (
            index is None
            and isinstance(call, ast.Call)
            and isinstance(call.function, ast.Index)
            and isinstance(call.function.value, ast.Name)
            and call.function.value.id == "push"
        ):
            return self._push(call, cell, current)
        value = s.value(call, Scope())
        node = s.a.cast(value.node, current.node.dtype)
        if index is None:
            self._same_axes(node, current.node, item)
            if value.mask is not None and current.mask is None:
                kept = self.graph.make("where", value.mask, node, current.node)
                return self._stopped(kept), None
            mask = (
                None
                if current.mask is None
                else s.a.spread(value.mask if value.mask is not None else self.graph.const(True), current.mask.axes)
            )
            return self._stopped(s.a.spread(node, current.node.axes)), mask
        if index.axis not in current.names:
            raise Mistake(
                index.span,
                "no-axis",
                f"{cell.name} has no axis {index.axis}",
                f"its axes are {', '.join(current.names) or 'none'}",
                nearest(index.axis, current.names),
            )
        axis = current.node.axis(index.axis)
        place = s.value(index.value, Scope())
        if len(place.axes) != 1:
            raise Mistake(
                index.span,
                "index-axes",
                "rows are written at an index over one axis",
                "",
                "write rows at an index with one axis: `s[sample = id] <- e`",
            )
        rest = [each for each in current.axes if each.name != axis.name]
        wanted = {each.name for each in rest} | set(place.names)
        if not set(node.names) <= wanted:
            extra = sorted(set(node.names) - wanted)
            raise Mistake(
                item.value.span,
                "axes-do-not-meet",
                f"the value has the axis {extra[0]}, which {cell.name} has not",
                "",
                "reduce it first: `mean[v](...)`",
            )
        row = s.a.spread(node, [*rest, *place.axes])
        if value.mask is not None:
            old = s.a._at(current.node, axis, place.node)
            row = self.graph.make("where", value.mask, row, old)
        put = self.graph.make("put", current.node, place.node, self._stopped(row), axis=axis.name, span=item.span)
        mask = None
        if current.mask is not None:
            here = s.a.spread(value.mask if value.mask is not None else self.graph.const(True), place.axes)
            mask = self.graph.make("put", current.mask, place.node, here, axis=axis.name)
        return put, mask

    def _same_axes(self, node: Node, wanted: Node, item: ast.Assign) -> None:
        extra = [name for name in node.names if name not in wanted.names]
        if extra:
            raise Mistake(
                item.value.span,
                "axes-do-not-meet",
                f"the value has the axis {extra[0]}, which its target has not",
                f"the target has {', '.join(wanted.names)}",
                "reduce or select it first",
            )

    def _push(self, call: ast.Call, cell: ast.Cell, current: Value) -> tuple[Node, Node | None]:
        """`push[slot](Q, k)`: rows of k along the axis that Q lacks, written at the ring's pointer."""
        s = self.s
        assert isinstance(call.function, ast.Index)
        (ring,) = s.library.axes_of(call.function.items, Scope(), ())
        plain = [argument.value for argument in call.arguments if argument.name is None]
        s.library.options(call, 2, "order")
        order = s.library.option(call, "order", "ring", Scope())
        if order not in ("ring", "front"):
            raise Mistake(
                call.span,
                "push-order",
                f'order is "ring" or "front", not {order!r}',
                "",
                'write `order = "ring"` or `order = "front"`',
            )
        if len(plain) != 2 or not isinstance(plain[0], ast.Name) or plain[0].id != cell.name:
            raise Mistake(
                call.span,
                "push",
                "push takes the state that is assigned, then rows",
                "",
                f"write `{cell.name} <- push[{ring}]({cell.name}, rows)`",
            )
        rows = s.value(plain[1], Scope())
        if ring not in current.names:
            raise Mistake(call.span, "no-axis", f"{cell.name} has no axis {ring}", "", "name an axis that it has")
        extra = [axis for axis in rows.axes if axis.name not in current.names]
        if len(extra) != 1 or extra[0].size is None:
            raise Mistake(
                call.span,
                "push-rows",
                "the pushed rows lie along one axis that the state lacks",
                f"they have {', '.join(rows.names)}",
                "select or merge axes until one is left: `k[(v, item) -> row]`",
            )
        size = current.node.axis(ring).size
        if size is None or extra[0].size > size:
            raise Mistake(
                call.span, "push-size", f"{extra[0].size} rows do not fit into {size} slots", "", "take a longer ring"
            )
        node = self._stopped(s.a._renamed(s.a.cast(rows.node, current.node.dtype), {extra[0].name: ring}))
        pointer = self.graph.leaf("input", (), "int", call.span, f"{ring}_pointer", kind="pointer", name=ring)
        new = self.graph.make("push", current.node, node, pointer, axis=ring, order=order, span=call.span)
        mask = None
        if current.mask is not None:
            here = rows.mask if rows.mask is not None else self.graph.const(True)
            here = s.a._renamed(s.a.spread(here, [extra[0]]), {extra[0].name: ring})
            here = s.a.spread(here, [axis for axis in current.mask.axes if axis.name != ring])
            mask = self.graph.make("push", current.mask, here, pointer, axis=ring, order=order)
        if order == "ring":
            self.pushed[ring] = (extra[0].size, size)
        return new, mask

    def _stopped(self, node: Node) -> Node:
        return node if node.op in ("stop", "input", "const") else self.graph.make("stop", node)

    def _mix(self, item: ast.Assign, name: str) -> None:
        """`t <- mix(t, f, keep)` or `t <- f`."""
        target = self.s.top(name, item.span)
        assert isinstance(target, ModelValue)
        call = item.value
        keep: Node = self.graph.const(0.0)
        sources: list[ast.Expr]
        if isinstance(call, ast.Call) and isinstance(call.function, ast.Name) and call.function.id == "mix":
            plain = [a.value for a in call.arguments if a.name is None]
            named = {a.name: a.value for a in call.arguments if a.name is not None}
            if len(plain) == 3:
                named["keep"] = plain.pop()
            if len(plain) != 2 or set(named) != {"keep"} or plain[0] != ast.Name(name):
                raise Mistake(
                    call.span,
                    "mix",
                    "mix takes the copy, what it follows, and how much it keeps",
                    "",
                    f"write `{name} <- mix({name}, f, keep = 0.99)`",
                )
            keep = self.s.scalar(named["keep"], "the kept share")
            sources = list(plain[1].items) if isinstance(plain[1], ast.TupleOf) else [plain[1]]
        else:
            sources = list(call.items) if isinstance(call, ast.TupleOf) else [call]
        if (
            any(plan.kind == "module" for plan in target.plans)
            and self.shared.models[target.plans[0].name].kind == "module"
        ):
            raise Mistake(
                item.place.span,
                "not-a-copy",
                f"{name} is trained; `<-` moves copies",
                "",
                f"declare `model t = copy({name})`",
            )
        models = [self.s.thing(source, Scope()) for source in sources]
        if not all(isinstance(model, ModelValue) for model in models) or len(models) != len(target.plans):
            raise Mistake(
                call.span,
                "mix",
                f"{name} holds {len(target.plans)} model(s), {len(models)} given",
                "",
                "name a model for each part",
            )
        pairs = tuple(
            (plan.name, model.plan.name)
            for plan, model in zip(target.plans, models, strict=True)
            if isinstance(model, ModelValue)
        )
        self.pending.append(("mix", Mix(pairs, keep, item.span)))
        self.moment += 1
        for own, _ in pairs:
            version = self.s.versions.get(own, 0) + 1
            self.s.versions[own] = version
            self.created[(own, version)] = self.moment

    def _stale(self, item: ast.Assign, name: str) -> None:
        """A held value that read this state before now, and that a later statement reads again."""
        position = next((n for n, each in enumerate(self.block.body) if each is item), len(self.block.body))
        for let, held in self.s.held.items():
            if not any(kind == "state" and what == name for kind, what, _ in held.needs):
                continue
            for later in self.block.body[position + 1 :]:
                if isinstance(later, ast.Report):
                    continue
                for node in ast.walk(later):
                    if isinstance(node, ast.Name) and node.id == let and isinstance(later, ast.Minimize):
                        self.shared.warn(
                            node.span,
                            "stale",
                            f"{let} was read from {name} before {name} was written at {item.span.short}",
                            "a held value is not evaluated anew when a state changes",
                            "move the assignment below, or write the formula where it is used",
                        )
