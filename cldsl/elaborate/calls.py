"""Models applied: to one argument or several, with the version of their weights, told what of an argument is there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from cldsl.elaborate.folding import constant
from cldsl.elaborate.models import Declared
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.shared import ModelInfo
from cldsl.elaborate.values import ModelValue, Outputs, Thing, Uneven, Value
from cldsl.elaborate.weights import combined, gradient
from cldsl.graph.nodes import Axis, Node
from cldsl.modules import catalog as module_catalog
from cldsl.modules.shapes import Sizes
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span


class Models(Declared):
    """The calls of a block's models."""

    def weights(self, op: str, left: Thing, right: Thing, span: Span) -> Thing | None:
        return combined(self, op, left, right, span)

    def slope(self, expr: ast.Call, scope: Scope) -> Thing:
        return gradient(self, expr, scope)

    def apply_member(self, model: ModelValue, argument: Thing, item: ast.Select, scope: Scope, span: Span) -> Thing:
        """`w[v = e](x)`: the members that an index names; where it is one number no other member is applied."""
        family = self.shared.models[model.plan.name].family
        if family is None or family.name != item.axis:
            raise Mistake(
                item.span, "member-pick", f"{model.name} is no family along {item.axis}",
                f"it is one along {family.name}" if family is not None else "it has no members",
                f"declare `model {model.name}[{item.axis} = 2](...)`",
            )  # fmt: skip
        place = self.value(item.value, scope)
        known = constant(place.node) if place.mask is None else None
        if known is not None:
            if not 0 <= int(known) < (family.size or 0):
                raise Mistake(
                    item.span, "member-pick", f"{model.name} has no member {int(known)}", f"it has {family.size} members",
                    "count from 0",
                )  # fmt: skip
            return self.apply_model(model, argument, scope, span, member=int(known))
        # the value and the index may have the family's axis, which is then that of neither
        aside, member = f"{family.name}_at", f"{family.name}_member"
        value = self.a.rename(self.as_value(argument, span), {family.name: aside})
        made = self.as_value(self.apply_model(model, value, scope, span), span)
        made = self.a.rename(made, {family.name: member, aside: family.name})
        return self.a.gather(made, Axis(member, family.size), place)

    def apply_model(
        self,
        model: ModelValue,
        argument: Thing,
        scope: Scope,
        span: Span,
        weights: Node | None = None,
        member: int | None = None,
        others: Sequence[Thing] = (),
    ) -> Thing:
        """The model mapped over the axes that it does not consume, with its own weights or with these; of a family one
        member alone, where it is told.
        """
        if len(model.plans) != 1:
            parts = ", ".join(plan.name for plan in model.plans)
            raise Mistake(
                span,
                "which-model",
                f"{model.name} holds several models",
                f"they are {parts}",
                f"apply one: `{model.plans[0].name}(x)`",
            )
        info = self.shared.models[model.plan.name]
        if len(others) != len(info.further):
            raise Mistake(
                span,
                "argument-count",
                f"{info.name} takes {len(info.further) + 1} argument(s), {len(others) + 1} given",
                "",
                f"it consumes {' | '.join(', '.join(each) for each in (info.consumes, *info.further))}",
            )
        if isinstance(argument, Uneven) and not others:
            made = [self.apply_model(model, value, scope, span, weights, member) for _, _, value in argument.pieces]
            along = argument.axis.name
            return self._combined(
                made, lambda own: Value(self.graph.make("concat", *(v.node for v in own), axis=along, span=span)), span
            )
        values = [self.as_value(each, span) for each in (argument, *others)]
        axis = next((axis for name in self.apart for v in values for axis in v.axes if axis.name == name), None)
        if axis is not None:
            made = []
            for index in range(self.apart_count(axis.size, span)):
                first, *rest = (self._entry(v, axis, index) if axis.name in v.names else v for v in values)
                made.append(self.apply_model(model, first, scope, span, weights, member, rest))
            return self._combined(made, lambda own: self.stacked(own, axis), span)
        if info.further:
            return self._several(model, info, values, span, weights)
        (value,) = values
        self._carries(info, value, info.consumes, span)
        sizes = tuple(value.node.axis(name).size for name in info.consumes)
        return self._called(model, info, value, info.consumes, sizes, span, weights, member)

    def _carries(self, info: ModelInfo, value: Value, wanted: tuple[str, ...], span: Span) -> None:
        for name in wanted:
            if name not in value.names:
                raise Mistake(
                    span,
                    "model-axis",
                    f"{info.name} consumes the axis {name}, which its argument lacks",
                    f"the argument has {', '.join(value.names) or 'no axes'}",
                    f"{info.name} consumes {', '.join(wanted)}",
                )

    def _several(
        self, model: ModelValue, info: ModelInfo, values: Sequence[Value], span: Span, weights: Node | None
    ) -> Thing:
        """A model of several arguments: what it takes of each row of them, one behind the other, is one axis of its call."""
        taken = list(zip(values, (info.consumes, *info.further), strict=True))
        for value, wanted in taken:
            self._carries(info, value, wanted, span)
            self._whole(info, wanted, value.mask, span)
        sizes = tuple(value.node.axis(name).size for value, wanted in taken for name in wanted)
        rows = {axis.name: axis for value, wanted in taken for axis in value.axes if axis.name not in wanted}
        pack = self.fresh_axis("pack")
        parts, mask = [], None
        for value, wanted in taken:
            old = [value.node.axis(name) for name in wanted]
            known = [axis.size for axis in old if axis.size is not None]
            flat = Axis(pack, math.prod(known) if len(known) == len(old) else None)
            node = self.a.spread(self.a.cast(value.node, "real"), [r for r in rows.values() if r.name not in wanted])
            parts.append(self.a._merged(node, old, flat))
            mask = self.a.both(mask, value.mask)
        packed = self.graph.make("concat", *parts, axis=pack, span=span)
        return self._called(model, info, Value(packed, mask), (pack,), sizes, span, weights, None)

    def _called(
        self,
        model: ModelValue,
        info: ModelInfo,
        value: Value,
        consumes: tuple[str, ...],
        sizes: tuple[int | None, ...],
        span: Span,
        weights: Node | None,
        member: int | None,
    ) -> Thing:
        """The call itself, at the version of the model's weights. sizes: of what it takes of all its arguments."""
        if info.sizes_in is None or info.sizes_out is None or (not info.applied and None not in sizes):
            self._sized(info, sizes, span)
        info.applied = True
        shapes = info.shapes if None in sizes else self._shapes(info, sizes, span)
        if info.outputs:
            produces: tuple[Axis, ...] = (Axis(info.produces[0], self._together(shapes)),)
        else:
            produces = self._axes(info.produces, shapes[0], span)
        version = self.versions.get(info.name, 0) if weights is None else 0
        if weights is None:
            self.needs[-1].add(("model", info.name, version))
        self.shared.used.add(info.name.split(".")[0])
        evaluated = model.evaluated or self.mode == "on" or info.kind == "frozen"
        source, mask = value.node, value.mask
        if info.family is not None and member is None:
            source = self.a.spread(source, [info.family])
        site = f"{span.line}:{span.column}" + "".join(f",{axis}={index}" for axis, index in self.site)
        source, told, presence = self._present_rows(info, source, mask, evaluated, span)
        picked: dict[str, Any] = {} if member is None else {"member": member}
        node = self.graph.make(
            "call",
            source,
            *told,
            *([weights] if weights is not None else []),
            model=info.name,
            consumes=consumes,
            produces=produces,
            mode="eval" if evaluated else "train",
            version=version,
            site=site,
            span=span,
            **picked,
        )
        return self._named(info, Value(node, presence), shapes, span) if info.outputs else Value(node, presence)

    def _axes(self, names: tuple[str, ...], sizes: Sizes, span: Span) -> tuple[Axis, ...]:
        return tuple(self.produced_axis(name, size, span) for name, size in zip(names, sizes, strict=True))

    def _named(self, info: ModelInfo, whole: Value, shapes: tuple[Sizes, ...], span: Span) -> Outputs:
        """The outputs of one application; only those that are read have axes in this block."""
        flat = info.produces[0]
        if whole.node.axis(flat).size is None:
            raise Mistake(
                span,
                "not-executed",
                "named outputs of sizes that only the run knows are not executed by this version",
                "",
                "give the images a size: `resize(image, 224)`",
            )
        counts = [math.prod(n for n in own if n is not None) for own in shapes]

        def pick(name: str) -> Value:
            place = [own for own, _ in info.outputs].index(name)
            axes = self._axes(info.outputs[place][1], shapes[place], span)
            start = sum(counts[:place])
            part = self.graph.make("slice", whole.node, axis=flat, start=start, stop=start + counts[place], span=span)
            if len(axes) == 1:
                return Value(self.graph.make("rename", part, pairs=((flat, axes[0].name),), span=span), whole.mask)
            return Value(self.graph.make("split", part, old=flat, new=axes, span=span), whole.mask)

        return Outputs(info.name, tuple(name for name, _ in info.outputs), pick)

    def _combined(self, made: list[Thing], join: Callable[[list[Value]], Value], span: Span) -> Thing:
        """Applications to parts of an argument, put together; of named outputs one by one."""
        first = made[0]
        if not isinstance(first, Outputs):
            return join([self.as_value(each, span) for each in made])
        every = [each for each in made if isinstance(each, Outputs)]
        return Outputs(first.model, first.names, lambda name: join([each.pick(name) for each in every]))

    def _entry(self, value: Value, axis: Axis, index: int) -> Value:
        """The value at an index of an axis that it has."""
        place = self.graph.const(index)
        mask = None if value.mask is None else self.a._at(value.mask, axis, place)
        if value.node.op == "stack" and value.node.attr("axis") == axis:
            return Value(value.node.inputs[index], mask)
        return Value(self.a._at(value.node, axis, place), mask)

    def _present_rows(
        self, info: ModelInfo, source: Node, mask: Node | None, evaluated: bool, span: Span
    ) -> tuple[Node, tuple[Node, ...], Node | None]:
        """What a model gets of a value that may be absent, what it is told of that, and where its result is present.

        Rows that are absent as a whole are computed at stand-ins. An absent part of what the model takes whole would be
        seen by it, if it is not told. Raises Mistake for that, and for statistics of a batch with absent rows.
        """
        mask = None if mask is None else self.a.unless_proven(mask)
        if mask is None:
            return source, (), None
        inside = [] if info.further else [name for name in info.consumes if name in mask.names]
        if not module_catalog.module_entry(info.entry).presence or inside != [info.consumes[0]]:
            self._whole(info, tuple(inside), mask, span)
        if info.batch_statistics and not evaluated:
            raise Mistake(
                span,
                "absent-rows",
                f"{info.name} takes statistics of the batch, and rows of its argument may be absent",
                "absent rows are no rows of a population, and their number is not known before the program runs",
                'fill them first: `x else 0`, or take another norm: `norm = "layer"`',
            )
        source = self.a.stand_in(source, mask, (), 0.0)
        if not inside:
            return source, (), mask
        left = mask if inside[0] in info.produces else self.graph.make("reduce", mask, kind="any", over=(inside[0],))
        return source, (mask,), left

    def _whole(self, info: ModelInfo, taken: tuple[str, ...], mask: Node | None, span: Span) -> None:
        """Raises Mistake where an entry along an axis that the model takes whole may be absent."""
        inside = [name for name in taken if mask is not None and name in mask.names]
        if inside:
            raise Mistake(
                span,
                "absent-part",
                f"{info.name} takes {inside[0]} whole, and entries along it may be absent",
                f"{info.entry} is not told which are there",
                "fill them first: `x else 0`",
            )
