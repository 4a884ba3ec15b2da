"""What `<-` makes of a state or learned tensor: its new value and presence. docs/language.md, section 8.

Input: an assignment and the tensor as it is. Output: nodes. When it acts is the block's business (assigning.py, evaluate.py).
"""

from __future__ import annotations

from cldsl.catalogue import nearest
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.session import Session
from cldsl.elaborate.values import Value
from cldsl.graph.nodes import Graph, Node
from cldsl.syntax import ast


class Writing:
    """New values of tensors; `pushed` gathers, by ring, how many rows its pointer moves of how many slots."""

    s: Session
    graph: Graph
    pushed: dict[str, tuple[int, int]]

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
