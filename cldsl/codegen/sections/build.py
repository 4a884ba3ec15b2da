"""`build`: modules, tensors, views and optimisers of a program, in the order of the spec.

Input: the plan's models, tensors, draws and optimisers. Output: one `Define`.
"""

from __future__ import annotations

from collections.abc import Iterable

from cldsl.codegen.names import Identifier
from cldsl.codegen.scope import Scope
from cldsl.codegen.statements import (
    Assign,
    Attribute,
    Call,
    Define,
    Do,
    Expression,
    Listed,
    Literal,
    Statement,
    Subscript,
    call,
    display,
    method,
    name,
)
from cldsl.graph.nodes import Axis
from cldsl.graph.plan import DrawPlan, ModelPlan, OptimiserPlan, TensorPlan, TrainPlan

_DTYPES = {"int": "torch.long", "bool": "torch.bool"}


def build(scope: Scope) -> Define:
    """The method that makes everything that stays from step to step."""
    body: list[Statement] = []
    for model in scope.plan.models:
        body += _model(scope, model)
    for tensor in scope.plan.tensors:
        body += _tensor(scope, tensor)
    for ring in scope.rings():
        zero = call("torch.zeros", display(()), dtype=name("torch", "long"))
        body.append(Do(call("rt.state", name("self"), Literal(str(scope.attribute(f"{ring}_pointer"))), zero)))
    for phase in scope.plan.phases:
        if isinstance(phase, TrainPlan):
            body += [_views(scope, phase, draw) for draw in phase.draws if draw.kind == "view"]
    body += [_optimiser(scope, optimiser) for optimiser in scope.plan.optimisers]
    doc = "Modules, tensors, views and optimisers; torch's generator is seeded before."
    return Define("build", ("self",), tuple(body), doc=doc)


def size_of(scope: Scope, axis: Axis) -> Expression:
    """The size of an axis: a number, or one of the data's (rows of a stream, entries a column points to)."""
    if axis.size is not None:
        return Literal(axis.size)
    sizes = Attribute(name("self"), Identifier("sizes"))
    for stream in scope.plan.streams:
        for column in stream.columns:
            if column.target == axis.name:
                return Subscript(sizes, (Literal(f"{stream.name}.{column.name}"),))
    for stream in scope.plan.streams:
        if any(column.axes and column.axes[0].name == axis.name for column in stream.columns):
            return Subscript(sizes, (Literal(stream.name),))
    return Literal(None)


def shape_of(scope: Scope, axes: Iterable[Axis]) -> Expression:
    return display(tuple(size_of(scope, axis) for axis in axes))


# ---- modules


def _model(scope: Scope, model: ModelPlan) -> list[Statement]:
    target = Attribute(name("self"), scope.attribute(model.name))
    if model.kind == "frozen" and model.of in scope.models:
        return []
    if model.kind == "copy" and model.of is not None:
        made = call("rt.copy_of", Attribute(name("self"), scope.attribute(model.of)))
    elif model.kind == "fresh" and model.of in scope.models:
        made = _module(scope, scope.models[model.of])
    else:
        made = _module(scope, model)
    if model.kind == "frozen":
        made = method(made, "requires_grad_", Literal(False))
    rows = dict(scope.plan.cached).get(model.name)
    if rows is not None:
        made = call("rt.cached", made, rows=Literal(rows))
    return [Assign((target,), made, model.span.short)]


def _module(scope: Scope, model: ModelPlan) -> Call:
    named = dict(model.named)
    parts = (Literal(model.entry), Literal(list(model.args)), Literal(named))
    shape = {"consumes": shape_of(scope, model.consumes), "produces": Literal(len(model.produces))}
    if model.family is not None:
        return call("rt.family_of", size_of(scope, model.family), *parts, **shape)
    return call("rt.module", *parts, **shape)


# ---- tensors


def _tensor(scope: Scope, tensor: TensorPlan) -> list[Statement]:
    written = scope.attribute(tensor.name)
    value = _start(scope, tensor)
    if tensor.kind == "learn":
        return [Assign((Attribute(name("self"), written),), call("rt.learn", value), _legend(tensor))]
    named: dict[str, Expression] = {}
    if tensor.masked:
        there = "torch.zeros" if tensor.init[0] == "absent" else "torch.ones"
        named["present"] = call(there, shape_of(scope, tensor.mask_axes), dtype=name("torch", "bool"))
    return [Do(call("rt.state", name("self"), Literal(str(written)), value, **named), _legend(tensor))]


def _start(scope: Scope, tensor: TensorPlan) -> Expression:
    shape = shape_of(scope, tensor.axes)
    if tensor.init[0] == "draw":
        _, distribution, args = tensor.init
        named: dict[str, Expression] = {}
        places = [place for place, axis in enumerate(tensor.axes) if axis.name == "dim"]
        if distribution == "sphere" and places and places[0] != len(tensor.axes) - 1:
            named["dim"] = Literal(places[0])
        seed = Attribute(name("self"), Identifier("seed"))
        return call("rt.start", seed, Literal(tensor.name), Literal(distribution), Literal(tuple(args)), shape, **named)
    value = tensor.init[1] if tensor.init[0] == "value" else 0
    typed: dict[str, Expression] = {}
    if tensor.dtype in _DTYPES:
        typed["dtype"] = name(*_DTYPES[tensor.dtype].split("."))
        value = bool(value) if tensor.dtype == "bool" else int(value)
    else:
        value = float(value)
    return call("torch.full", shape, Literal(value), **typed)


def _legend(tensor: TensorPlan) -> str:
    return f"[{', '.join(axis.name for axis in tensor.axes)}]  {tensor.span.short}"


# ---- views and optimisers


def views_attribute(scope: Scope, phase: TrainPlan, draw: DrawPlan) -> Identifier:
    """The attribute that holds a view's pipelines."""
    return scope.attribute(f"views_{draw.name}" if _single(scope, draw) else f"views_{phase.name}_{draw.name}")


def _single(scope: Scope, draw: DrawPlan) -> bool:
    owners = [p for p in scope.plan.phases if isinstance(p, TrainPlan) and any(d.name == draw.name for d in p.draws)]
    return len(owners) == 1


def _views(scope: Scope, phase: TrainPlan, draw: DrawPlan) -> Statement:
    target = Attribute(name("self"), views_attribute(scope, phase, draw))
    made = tuple(Literal([(stage.name, dict(stage.args)) for stage in pipeline]) for pipeline in draw.pipelines)
    return Assign((target,), call("rt.pipelines", *made), draw.span.short)


def _optimiser(scope: Scope, optimiser: OptimiserPlan) -> Statement:
    members: list[Expression] = []
    for member, factor in optimiser.members:
        moved = Attribute(name("self"), scope.attribute(member))
        members.append(moved if factor == 1 else display((moved, Literal(factor))))
    options = {key: Literal(value) for key, value in optimiser.options if value is not None}
    made = call(
        "self.optimiser", Literal(optimiser.name), Literal(optimiser.entry), Listed("list", tuple(members)), **options
    )
    return Do(made, optimiser.span.short)
