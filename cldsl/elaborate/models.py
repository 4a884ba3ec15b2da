"""Models: declared, sized at their first application, applied with the version of their weights."""

from __future__ import annotations

import math

from cldsl.catalogue import CatalogueError
from cldsl.elaborate.axes import axis_name
from cldsl.elaborate.draws import Draws
from cldsl.elaborate.expressions import Expressions
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.shared import ModelInfo, Shared
from cldsl.elaborate.values import ModelValue, Thing
from cldsl.graph.nodes import Axis
from cldsl.modules import catalog as module_catalog
from cldsl.modules.shapes import Sizes
from cldsl.semantics.spots import argument_span
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span


class Declared(Expressions):
    """The models of a block. The session provides names, versions and what is needed."""

    shared: Shared
    mode: str
    draws: Draws
    items: dict[str, ast.Statement]
    versions: dict[str, int]
    needs: list[set[tuple[str, str, int]]]

    # ---- provided by the session

    def item_axes(self) -> set[str]:
        raise NotImplementedError

    def infer_size(self, name: str) -> int | None:
        raise NotImplementedError

    # ---- models

    def model_infos(self) -> list[ModelInfo]:
        for item in self.shared.declared(ast.Model):
            try:
                self.model(item)
            except (Mistake, Consequence):
                continue
        return list(self.shared.models.values())

    def model(self, item: ast.Model) -> ModelValue:
        plans = [
            info
            for info in self.shared.models.values()
            if info.name == item.name or info.name.startswith(item.name + ".")
        ]
        if not plans:
            plans = self._declare_model(item)
        return ModelValue(tuple(info.plan() for info in plans), item.name)

    def _declare_model(self, item: ast.Model) -> list[ModelInfo]:
        call = item.value
        if not isinstance(call, ast.Call) or not isinstance(call.function, ast.Name):
            raise Mistake(
                call.span,
                "model-expected",
                "a model is an entry of the registry applied to its options",
                "",
                "write `model f(channel, row, column -> width) = resnet(18)`",
            )
        kind = call.function.id
        if kind in ("copy", "fresh", "frozen"):
            return self._derived(item, call, kind)
        if item.consumes is None:
            raise Mistake(
                item.span,
                "signature-missing",
                f"model {item.name} says no axes",
                "the axes it consumes and makes cannot be guessed",
                f"write `model {item.name}(channel, row, column -> width) = ...`",
            )
        args = tuple(self.finite(a.value) for a in call.arguments if a.name is None)
        named = tuple((a.name, self.finite(a.value)) for a in call.arguments if a.name is not None)
        try:
            entry = module_catalog.module_entry(kind)
            bound = module_catalog.bind_module(entry, args, dict(named))
        except CatalogueError as error:
            raise Mistake(
                argument_span(call, error.message), "model-arguments", error.message, "", error.mend
            ) from error
        family = None
        for each in item.family:
            if isinstance(each, ast.Select):
                family = self.declare_axis(each.axis, self.static_int(each.value, Scope()), each.span)
        if len(item.further) >= entry.arguments:
            raise Mistake(
                item.span,
                "signature",
                f"{kind} takes {entry.arguments} argument(s), the signature names {len(item.further) + 1}",
                "a bar stands between the axes of two arguments",
                "write the axes of one argument with commas between them",
            )
        if item.further and family is not None:
            raise Mistake(
                item.span, "not-executed", "families of several arguments are not executed by this version", "", ""
            )
        outputs = self._outputs(item)
        produces = (f"outputs of {item.name}",) if outputs else tuple(out.name for out in item.produces)
        info = ModelInfo(
            item.name, "module", kind, args, named, tuple(axis_name(axis) for axis in item.consumes), produces, None, family,
            item.span, batch_statistics=entry.batch_statistics(bound), outputs=outputs,
            further=tuple(tuple(axis_name(axis) for axis in each) for each in item.further),
        )  # fmt: skip
        self.shared.models[item.name] = info
        return [info]

    def _outputs(self, item: ast.Model) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Named outputs with their axes; none where the model makes one value."""
        named = [out for out in item.produces if out.axes is not None]
        if named and len(named) < len(item.produces):
            plain = next(out for out in item.produces if out.axes is None)
            raise Mistake(
                plain.span,
                "signature",
                f"{plain.name} is an axis beside the output {named[0].name}",
                "a model makes one value, or outputs that all have names and axes",
                f"write `{plain.name}[...]` with the axes of that output",
            )
        found = tuple((out.name, tuple(axis_name(axis) for axis in out.axes or ())) for out in named)
        for place, (name, _) in enumerate(found):
            if name in [other for other, _ in found[:place]]:
                raise Mistake(
                    named[place].span, "signature", f"two outputs are called {name}", "", "give each a name of its own"
                )
        return found

    def _derived(self, item: ast.Model, call: ast.Call, kind: str) -> list[ModelInfo]:
        infos = []
        for argument in call.arguments:
            if not isinstance(argument.value, ast.Name):
                raise Mistake(
                    argument.span, "model-expected", f"{kind} takes names of models", "", "name a model: `copy(f)`"
                )
            base = self.top(argument.value.id, argument.span)
            if not isinstance(base, ModelValue):
                raise Mistake(
                    argument.span, "model-expected", f"{argument.value.id} is no model", "", "name a model: `copy(f)`"
                )
            source = self.shared.models[base.plan.name]
            name = item.name if len(call.arguments) == 1 else f"{item.name}.{argument.value.id}"
            info = ModelInfo(
                name,
                kind,
                source.entry,
                source.args,
                source.named,
                source.consumes,
                source.produces,
                source.name,
                source.family,
                item.span,
                source.sizes_in,
                source.sizes_out,
                source.batch_statistics,
                outputs=source.outputs,
                shapes=source.shapes,
                further=source.further,
            )
            self.shared.models[name] = info
            infos.append(info)
        if not infos:
            raise Mistake(call.span, "model-expected", f"{kind} takes a model", "", "name a model: `copy(f)`")
        return infos

    def size_model(self, info: ModelInfo) -> None:
        """Sizes of a model from those of the axes it consumes, where these are known without an application."""
        if info.sizes_out is not None:
            return
        known = self.draws.view_sizes()
        sizes = tuple(
            known.get(name, self.sizes.get(name)) if name in known else self._size_or_none(name) for name in info.taken
        )
        self._sized(info, sizes, info.span)

    def _size_or_none(self, name: str) -> int | None:
        size = self.sizes.get(name)
        return size if size is not None else self.infer_size(name)

    def _sized(self, info: ModelInfo, sizes: tuple[int | None, ...], span: Span) -> None:
        """The model takes these sizes, as those of its first application."""
        info.shapes = self._shapes(info, sizes, span)
        info.sizes_in = sizes
        info.sizes_out = (self._together(info.shapes),) if info.outputs else info.shapes[0]

    def _shapes(self, info: ModelInfo, sizes: tuple[int | None, ...], span: Span) -> tuple[Sizes, ...]:
        """The sizes of each output for an argument of these sizes."""
        try:
            made = module_catalog.outputs(info.entry, info.args, dict(info.named), sizes)
        except CatalogueError as error:
            raise Mistake(span, "model-arguments", error.message, "", error.mend) from error
        if (not info.outputs and len(made) > 1) or (info.outputs and len(made) != len(info.outputs)):
            raise Mistake(
                info.span,
                "signature",
                f"{info.entry} makes {len(made)} output{'s' if len(made) > 1 else ''} here, "
                f"the signature names {len(info.outputs) or 'none'}",
                "",
                "name each with its axes: `-> low[width, y, x], high[deep]`"
                if len(made) > 1
                else "name its axes alone",
            )
        named = info.outputs or (("", info.produces),)
        for (name, axes), own in zip(named, made, strict=True):
            if len(own) != len(axes):
                raise Mistake(
                    info.span,
                    "signature",
                    f"{info.entry} makes {len(own)} axes{f' for {name}' if name else ''}, the signature names {len(axes)}",
                    "",
                    "name as many axes as it makes",
                )
        return made

    @staticmethod
    def _together(shapes: tuple[Sizes, ...]) -> int | None:
        """The length of all outputs, one after another."""
        sizes = [size for own in shapes for size in own]
        return None if None in sizes else sum(math.prod(n for n in own if n is not None) for own in shapes)

    def produced_axis(self, name: str, size: int | None, span: Span) -> Axis:
        if self.sizes.get(name) is None or name in ("dim",):
            self.sizes[name] = size
        known = self.sizes.get(name)
        if known is not None and size is not None and known != size and name not in self.item_axes():
            self.sizes[name] = size
        return Axis(name, size if size is not None else known)

    def model_weight(self, model: ModelValue, name: str, span: Span) -> Thing:
        raise Mistake(span, "not-executed", "reading a model's parameters is not executed by this version", "", "")
