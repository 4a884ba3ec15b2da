"""The operators that change axes, as Python text: reductions, indices, shapes, modules.

Input: a node and the lowering that holds its inputs. Output: one expression over the node's axes in their order.
`lower_node` is the table; pointwise operators are in pointwise.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from cldsl.codegen.layout import Axes, aligned, einsum, permuted, picked, position, positions
from cldsl.codegen.lower import Lowering
from cldsl.codegen.pointwise import pointwise
from cldsl.codegen.statements import Binary, Expression, Listed, Literal, Name, Range, call, display, method
from cldsl.graph.nodes import POINTWISE, GraphError, Node, union

#: Rows times rows of a product below which it is written as a sum.
TINY = 16

Lowered = Callable[[Lowering, Node], Expression]


def lower_node(low: Lowering, node: Node) -> Expression:
    """The text of a node whose inputs are lowered. Raises GraphError for an operator without a rule."""
    if node.op in POINTWISE:
        return pointwise(low, node)
    rule = _RULES.get(node.op)
    if rule is None:
        raise GraphError(f"the emitter has no rule for {node.op}")
    return rule(low, node)


def _union(node: Node) -> Axes:
    return tuple(axis.name for axis in union(*(each.axes for each in node.inputs)))


# ---- leaves


def _table(low: Lowering, node: Node) -> Expression:
    return call("rt.table", Literal(node.attr("values")), low.sizes.device())


def _iota(low: Lowering, node: Node) -> Expression:
    device = low.sizes.device()
    size = low.sizes.of(node.axes[0])
    return call("torch.arange", size) if device == Literal(None) else call("torch.arange", size, device=device)


def _expand(low: Lowering, node: Node) -> Expression:
    x = node.inputs[0]
    rest = (Literal(-1) for _ in x.axes)
    return method(low.tensor(x), "expand", low.sizes.of(node.axes[0]), *rest)


# ---- reductions

_HELPERS = {
    "sum": "rt.total",
    "mean": "rt.mean",
    "max": "rt.largest",
    "min": "rt.smallest",
    "prod": "rt.product",
    "logsumexp": "rt.logsumexp",
    "any": "rt.some",
    "all": "rt.every",
}


def _reduce(low: Lowering, node: Node) -> Expression:
    kind, over, x = node.attr("kind"), node.attr("over"), node.inputs[0]
    axes = _union(node)
    if len(node.inputs) == 2:
        if kind == "sum" and low.text(x) == Literal(1) and low.plain(x):
            mask = node.inputs[1]
            return method(low.tensor(mask), "sum", positions(mask.names, over))
        mask_text = low.tensor_toward(node.inputs[1], axes)
        return call(_HELPERS[kind], low.tensor_toward(x, axes), positions(axes, over), mask_text)
    text = low.tensor(x)
    everything = len(over) == len(axes)
    simple = kind == "sum" or (kind == "mean" and x.dtype == "real") or (kind in ("any", "all") and len(over) == 1)
    if simple:
        return method(text, kind) if everything else method(text, kind, positions(axes, over))
    return call(_HELPERS[kind], text, positions(axes, over))


def _share(low: Lowering, node: Node) -> Expression:
    axes, over = _union(node), node.attr("over")
    dims = positions(axes, over)
    if len(node.inputs) == 2:
        e = call(
            f"rt.{node.op}", low.tensor_toward(node.inputs[0], axes), dims, low.tensor_toward(node.inputs[1], axes)
        )
    elif len(over) == 1:
        e = call(f"torch.{node.op}", low.tensor(node.inputs[0]), dims)
    else:
        e = call(f"rt.{node.op}", low.tensor(node.inputs[0]), dims)
    return permuted(e, axes, node.names)


def _cumsum(low: Lowering, node: Node) -> Expression:
    return method(low.tensor(node.inputs[0]), "cumsum", Literal(position(node.names, node.attr("axis"))))


def _dot(low: Lowering, node: Node) -> Expression:
    x, y = node.inputs
    over = set(node.attr("over"))
    if x.names == y.names:
        product = Binary("*", low.text(x), low.text(y))
        return method(product, "sum", positions(x.names, over))
    left, right = low.text(x), low.text(y)
    if len(over) == 1 and x.names[-1] in over and (y.names[-1] in over):
        if len(y.axes) == 1:
            return Binary("@", left, right)
        natural = (*x.names[:-1], *y.names[:-1])
        if len(y.axes) == 2 and natural == node.names:
            return Binary("@", left, method(right, "t"))
        if natural == node.names and len(set(natural)) == len(natural):
            # One product of matrices: einsum's gradient comes transposed, which Inductor's CPU kernels may misread.
            return call("torch.tensordot", left, right, Literal(((-1,), (-1,))))
        if _tiny(node):
            axes = (*node.names, x.names[-1])
            return method(Binary("*", low.toward(x, axes), low.toward(y, axes)), "sum", Literal(-1))
    return einsum([(left, x.names), (right, y.names)], node.names)


def _tiny(node: Node) -> bool:
    """Products of a few rows each, many of them: a batch of matrix products costs more than it computes."""
    shared = set(node.inputs[0].names) & set(node.inputs[1].names) & set(node.names)
    sizes = [axis.size for axis in node.axes if axis.name not in shared]
    return bool(shared) and None not in sizes and math.prod(size or 1 for size in sizes) <= TINY


def _unit(low: Lowering, node: Node) -> Expression:
    over = node.attr("over")
    if tuple(over) == node.inputs[0].names[-1:]:
        return call("rt.unit", low.tensor(node.inputs[0]))
    return call("rt.unit", low.tensor(node.inputs[0]), positions(node.names, over))


def _norm(low: Lowering, node: Node) -> Expression:
    x = node.inputs[0]
    return call("rt.norm", low.tensor(x), positions(x.names, node.attr("over")))


# ---- orders


def _argmax(low: Lowering, node: Node) -> Expression:
    axes, x = _union(node), node.inputs[0]
    dim = Literal(position(axes, node.attr("axis")))
    if len(node.inputs) == 1:
        return call("rt.argmax", low.tensor(x), dim)
    return call("rt.argmax", low.tensor_toward(x, axes), dim, low.tensor_toward(node.inputs[1], axes))


def _ordered(low: Lowering, node: Node) -> Expression:
    """topk and sort: the axis is brought to the end, where the rank stands."""
    axis = node.attr("axis")
    axes = (*(each for each in _union(node) if each != axis), axis)
    parts = [low.tensor_toward(each, axes) for each in node.inputs]
    dim = Literal(-1)
    if node.op == "topk":
        return call("rt.topk", parts[0], dim, Literal(node.attr("k")), *parts[1:])
    return call("rt.sort", parts[0], dim, *parts[1:])


# ---- indices


def _gather(low: Lowering, node: Node) -> Expression:
    x, index = node.inputs
    axis = node.attr("axis")
    place = x.names.index(axis)
    if low.plain(index):
        return picked(low.text(x), place, low.text(index))
    shared = tuple(each for each in x.names if each != axis and each in index.names)
    if not index.axes:
        return call("rt.entry", low.text(x), low.index(index), Literal(place))
    if not shared:
        natural = (*x.names[:place], *index.names, *x.names[place + 1 :])
        return permuted(picked(low.text(x), place, low.index(index)), natural, node.names)
    rest = tuple(each for each in x.names if each != axis and each not in shared)
    new = tuple(each for each in index.names if each not in shared)
    rows = permuted(low.text(x), x.names, (*shared, axis, *rest))
    at = permuted(low.index(index), index.names, (*shared, *new))
    taken = call("rt.take", rows, at, shared=Literal(len(shared)))
    return permuted(taken, (*shared, *new, *rest), node.names)


def _put(low: Lowering, node: Node) -> Expression:
    x, index, value = node.inputs
    axis = node.attr("axis")
    row = index.names[0] if index.axes else axis
    wanted = tuple(row if each == axis else each for each in x.names)
    at = low.tensor(index) if low.plain(index) else low.index(index)
    dim = Literal(x.names.index(axis))
    return call("rt.put", low.tensor(x), at, low.tensor_toward(value, wanted, full=True), dim)


def _push(low: Lowering, node: Node) -> Expression:
    ring, rows, pointer = node.inputs
    filled = low.tensor_toward(rows, ring.names, full=True)
    dim = Literal(ring.names.index(node.attr("axis")))
    if node.attr("order") == "front":
        return call("rt.push", low.tensor(ring), filled, low.text(pointer), dim, order=Literal("front"))
    return call("rt.push", low.tensor(ring), filled, low.text(pointer), dim)


def _onehot(low: Lowering, node: Node) -> Expression:
    return call("rt.onehot", low.tensor(node.inputs[0]), low.sizes.of(node.axes[-1]))


# ---- shapes


def _rename(low: Lowering, node: Node) -> Expression:
    return low.tensor(node.inputs[0])


def _merge(low: Lowering, node: Node) -> Expression:
    x, old = node.inputs[0], tuple(node.attr("old"))
    rest = tuple(each for each in x.names if each not in old)
    first = permuted(low.text(x), x.names, (*old, *rest))
    return method(first, "flatten", Literal(0), Literal(len(old) - 1))


def _split(low: Lowering, node: Node) -> Expression:
    x, old = node.inputs[0], node.attr("old")
    rest = tuple(each for each in x.names if each != old)
    first = permuted(low.text(x), x.names, (old, *rest))
    sizes = [low.sizes.of(axis) for axis in node.attr("new")]
    empty = any(axis.size == 0 for axis in node.attr("new"))  # nothing tells how many
    if isinstance(sizes[0], Literal) and not empty:
        sizes[0] = Literal(-1)  # as many as there are
    return method(first, "unflatten", Literal(0), display(tuple(sizes)))


def _slice(low: Lowering, node: Node) -> Expression:
    x = node.inputs[0]
    cut = Range(Literal(node.attr("start")), Literal(node.attr("stop")))
    return picked(low.text(x), x.names.index(node.attr("axis")), cut)


def _concat(low: Lowering, node: Node) -> Expression:
    axis = node.attr("axis")
    longest = max(node.inputs, key=lambda each: len(each.axes))
    axes = tuple(dict.fromkeys((*longest.names, *node.names)))
    equal = all(set(each.names) == set(axes) for each in node.inputs)
    parts = Listed("list", tuple(low.tensor_toward(each, axes, full=True) for each in node.inputs))
    joined = call("torch.cat" if equal else "rt.cat", parts, Literal(axes.index(axis)))
    return permuted(joined, axes, node.names)


def _stack(low: Lowering, node: Node) -> Expression:
    if all(low.plain(each) for each in node.inputs):
        return call("rt.table", Listed("list", tuple(low.text(each) for each in node.inputs)), low.sizes.device())
    axes = node.names[1:]
    equal = all(each.names == axes and each.dtype == node.dtype and not low.plain(each) for each in node.inputs)
    parts = tuple(low.toward(each, axes) for each in node.inputs)
    return call("torch.stack" if equal else "rt.stack", Listed("list", parts))


# ---- modules and assignments


def _call(low: Lowering, node: Node) -> Expression:
    x, model = node.inputs[0], node.attr("model")
    consumed = tuple(node.attr("consumes"))
    picked = dict(node.attrs).get("member")
    member = low.environment.family(model) if picked is None else None
    module = low.environment.model(model)
    if picked is not None:
        module = method(module, "member", Literal(picked))
    rest = tuple(each for each in x.names if each not in consumed)
    lead = (member, *(each for each in rest if each != member)) if member in rest and member is not None else rest
    rows = aligned(low.tensor(x), x.names, (*lead, *consumed))
    evaluates = node.attr("mode") == "eval"
    verb = "chunked" if low.environment.chunked else "apply_eval" if evaluates else "apply"
    verb += "_family" if member is not None else ""
    given = [each for each in node.inputs[1:] if each.dtype == "weights"]
    if given:
        verb = "apply_eval_with" if evaluates else "apply_with"
    elif low.environment.frozen(model) and not low.environment.chunked:  # an evaluation takes no gradient anyway
        verb += "_frozen"
    named: dict[str, Expression] = {"consumed": Literal(len(consumed))}
    if len(node.inputs) > 1 and node.inputs[1].dtype == "bool":
        named["present"] = low.tensor_toward(node.inputs[1], (*lead, consumed[0]), full=True)
    own = [low.text(each) for each in given]
    made = call(f"rt.{verb}", module, *own, rows, **named)
    produced = tuple(axis.name for axis in node.attr("produces"))
    return permuted(made, (*lead, *produced), node.names)


def _blend(low: Lowering, node: Node) -> Expression:
    pairs = zip(node.inputs[::2], node.inputs[1::2], strict=True)
    return call("rt.blend", *(display((low.text(factor), low.text(each))) for factor, each in pairs))


def _grad(low: Lowering, node: Node) -> Expression:
    """The body as a function of the place, which reads all else around it."""
    return call("rt.grad", Name((low.inner(node),)), low.text(node.inputs[0]))


def _sinkhorn(low: Lowering, node: Node) -> Expression:
    axes = _union(node)
    dims = Literal(tuple(axes.index(axis) for axis in node.attr("axes")))
    masks = [low.tensor_toward(each, axes) for each in node.inputs[1:]]
    scores = low.tensor_toward(node.inputs[0], axes)
    return permuted(call("rt.sinkhorn", scores, dims, Literal(node.attr("rounds")), *masks), axes, node.names)


def _transport(low: Lowering, node: Node) -> Expression:
    axes = _union(node)
    dims = Literal(tuple(axes.index(axis) for axis in node.attr("axes")))
    scores = low.tensor_toward(node.inputs[0], axes)
    masses = [low.tensor_toward(each, axes) for each in node.inputs[1:3]]
    masks = [low.tensor_toward(each, axes) for each in node.inputs[3:]]
    options = (Literal(node.attr("rounds")), Literal(node.attr("until")))
    return permuted(call("rt.transport", scores, *masses, dims, *options, *masks), axes, node.names)


def _soft_sort(low: Lowering, node: Node) -> Expression:
    axes = _union(node)
    parts = [low.tensor_toward(node.inputs[0], axes, full=True), low.toward(node.inputs[1], axes, full=True)]
    masks = [low.tensor_toward(each, axes, full=True) for each in node.inputs[2:]]
    return call("rt.soft_sort", *parts, Literal(axes.index(node.attr("axis"))), *masks)


def _kmeans(low: Lowering, node: Node) -> Expression:
    axis, cluster, features = node.attr("axes")
    rest = tuple(each for each in node.names if each not in (cluster, features))
    x, start = (low.tensor_toward(node.inputs[i], (*rest, own, features)) for i, own in enumerate((axis, cluster)))
    rounds = Literal(node.attr("rounds"))
    masks = [low.tensor_toward(each, (*rest, own)) for each, own in zip(node.inputs[2:], (axis, cluster), strict=False)]
    made = call("rt.kmeans", x, start, rounds, Literal(node.attr("by")), *masks)
    return permuted(made, (*rest, cluster, features), node.names)


_RULES: dict[str, Lowered] = {
    "table": _table,
    "iota": _iota,
    "expand": _expand,
    "reduce": _reduce,
    "softmax": _share,
    "log_softmax": _share,
    "argmax": _argmax,
    "topk": _ordered,
    "sort": _ordered,
    "cumsum": _cumsum,
    "gather": _gather,
    "put": _put,
    "push": _push,
    "dot": _dot,
    "unit": _unit,
    "norm": _norm,
    "rename": _rename,
    "merge": _merge,
    "split": _split,
    "slice": _slice,
    "concat": _concat,
    "stack": _stack,
    "call": _call,
    "blend": _blend,
    "grad": _grad,
    "onehot": _onehot,
    "sinkhorn": _sinkhorn,
    "transport": _transport,
    "soft_sort": _soft_sort,
    "kmeans": _kmeans,
}
