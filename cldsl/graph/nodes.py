"""The intermediate language: one node class, a table of operators, and builders that type what they make.

A node is an operator applied to nodes; its value is a tensor over named axes in the order of `axes`. Nodes are immutable and
hash-consed within a `Graph`: equal construction gives the same object, so `is` is equality and sharing is visible. Effects are
not nodes: reading a state is an `input`, writing one is an action of the plan (graph/plan.py) that takes a node's value.

Presence is explicit: a value that may be absent travels as two nodes, the value and a bool mask (True = present). Reductions take the
mask as their last input and skip what is absent, in value and in gradient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cldsl.syntax.diagnostics import NOWHERE, Span
from cldsl.syntax.record import record

if TYPE_CHECKING:
    from cldsl.graph.strips import Visit


@record(frozen=True)
class Axis:
    """A named axis. size None: known only at run time (a stream's rows in an `on` block)."""

    name: str
    size: int | None = None

    def __str__(self) -> str:
        return self.name if self.size is None else f"{self.name}={self.size}"


@record(frozen=True, eq=False)
class Node:
    """`op(inputs; attrs)`: a tensor over `axes` of `dtype` ("real", "int", "bool"; "weights": those of a module, without axes). Compared by identity."""

    number: int
    op: str
    inputs: tuple[Node, ...]
    attrs: tuple[tuple[str, Any], ...]
    axes: tuple[Axis, ...]
    dtype: str
    span: Span = NOWHERE
    #: the name in the spec (a let, a line of a contrast), for readable output; not part of identity
    label: str = ""

    def attr(self, name: str) -> Any:
        for key, value in self.attrs:
            if key == name:
                return value
        raise KeyError(f"{self.op} has no attribute {name}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    def axis(self, name: str) -> Axis:
        for axis in self.axes:
            if axis.name == name:
                return axis
        raise KeyError(f"{self.op} has no axis {name}")

    def __repr__(self) -> str:
        return f"%{self.number}:{self.op}[{', '.join(map(str, self.axes))}]"


@record(frozen=True)
class Operator:
    """What an operator takes: number of inputs (least, most; the last may be a mask), attribute names, its meaning, and the
    attribute that may follow the others."""

    least: int
    most: int
    attrs: tuple[str, ...]
    doc: str
    also: str = ""


_UNARY = [
    "neg",
    "abs",
    "exp",
    "log",
    "sqrt",
    "sign",
    "floor",
    "ceil",
    "round",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "relu",
    "softplus",
    "atan",
    "erf",
    "not",
    "isfinite",
]
_BINARY = [
    "add",
    "sub",
    "mul",
    "div",
    "mod",
    "pow",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
    "maximum",
    "minimum",
    "logaddexp",
    "bce",
]

#: The whole vocabulary. Axes of pointwise operators meet by name; the result carries their union.
OPERATORS: Mapping[str, Operator] = {
    "input": Operator(
        0,
        0,
        ("kind", "name"),
        "a value from outside: kind column, draw, state, present (mask of a state), pointer, learn, clock, given, weight (name model.parameter), weights (all of a model); layout of a column that lies alike in every batch: (axis, size, n, m), n rows of each index of the axis, then m of each",
        "layout",
    ),
    "const": Operator(0, 0, ("value",), "a number or truth value, no axes"),
    "table": Operator(0, 0, ("values",), "constants over axes: a nested tuple in the order of axes"),
    "iota": Operator(0, 0, ("axis",), "the index along an axis, int"),
    **{name: Operator(1, 1, (), f"pointwise {name}") for name in _UNARY},
    **{name: Operator(2, 2, (), f"pointwise {name}") for name in _BINARY},
    "where": Operator(3, 3, (), "c ? x : y, pointwise; the untaken branch has no gradient"),
    "cast": Operator(1, 1, ("to",), "to dtype `to`"),
    "stop": Operator(1, 1, (), "the value as a constant"),
    "expand": Operator(1, 1, ("axis",), "the value along a further axis (an Axis)"),
    "reduce": Operator(
        1,
        2,
        ("kind", "over"),
        "kind sum mean max min prod logsumexp any all over the named axes; an optional bool mask selects. mean and max over nothing give 0 and are masked by the caller; logsumexp over nothing is -inf",
    ),
    "softmax": Operator(1, 2, ("over",), "over the named axes jointly; masked entries get 0"),
    "log_softmax": Operator(
        1, 2, ("over",), "over the named axes jointly; masked entries get 0 and are masked by the caller"
    ),
    "argmax": Operator(1, 2, ("axis",), "index of the largest present entry, ties to the lowest index, int"),
    "topk": Operator(
        1,
        2,
        ("axis", "rank", "k"),
        "indices of the k largest present entries, best first, along the new axis `rank` (an Axis); ties to the lowest index",
    ),
    "sort": Operator(
        1,
        2,
        ("axis", "rank"),
        "values rising along the new axis `rank`, masked entries last (as 0); the order is constant",
    ),
    "cumsum": Operator(1, 1, ("axis",), "running sum"),
    "gather": Operator(
        2,
        2,
        ("axis",),
        "x at an int index along axis; axes that x and the index share are aligned, the others are joined",
    ),
    "put": Operator(
        3, 3, ("axis",), "x with rows at index (one axis) replaced by value; with repeated indices the last wins"
    ),
    "dot": Operator(2, 2, ("over",), "sum over the named axes of x y; both carry them"),
    "unit": Operator(1, 1, ("over",), "x / max(|x|, 1e-12) over the named axes; zero has zero gradient"),
    "norm": Operator(1, 1, ("over",), "Euclidean norm over the named axes; zero has zero gradient"),
    "rename": Operator(1, 1, ("pairs",), "axes under other names: ((old, new), ...), simultaneous"),
    "merge": Operator(1, 1, ("old", "new"), "several axes as one, the first slowest: old names, new Axis"),
    "split": Operator(1, 1, ("old", "new"), "one axis as several, the first slowest: old name, new Axes"),
    "slice": Operator(1, 1, ("axis", "start", "stop"), "entries start .. stop of an axis"),
    "concat": Operator(1, 99, ("axis",), "along an axis that all inputs carry"),
    "stack": Operator(1, 999, ("axis",), "along a new axis (an Axis)"),
    "call": Operator(
        1,
        3,
        ("model", "consumes", "produces", "mode", "version", "site"),
        "a module applied (inputs x; for one that asks, bool: which entries are there along the first consumed axis; weights, where they are not its own): consumed axis names, produced Axes; mode train or eval; version counts the moves of its weights in the step, site the textual application; member of a family, the others are not applied",
        "member",
    ),
    "blend": Operator(2, 99, (), "a sum of weights, each after its factor"),
    "grad": Operator(
        1,
        999,
        ("body", "leaves"),
        "the gradient, at the first input, of the output `loss` of a function (body) whose leaves are the inputs",
    ),
    "onehot": Operator(1, 1, ("axis",), "1 at the index along a new axis (an Axis), real"),
    "sinkhorn": Operator(
        1,
        2,
        ("axes", "rounds"),
        "masses 1/size along axes[0] then axes[1], alternately, after exp; the last is exact and the result sums to 1 along axes[0] for each entry of axes[1]; masked entries get 0",
    ),
    "transport": Operator(
        3,
        4,
        ("axes", "rounds", "until"),
        "as sinkhorn, to given masses (inputs scores, those of axes[0], those of axes[1]); a lane whose factors along axes[0] moved by less than `until` in a round rests after it",
    ),
    "soft_sort": Operator(
        2,
        3,
        ("axis", "place"),
        "relaxed odd-even sorting network (inputs x, steepness): share of each slot at each place (an Axis)",
    ),
    "kmeans": Operator(
        2,
        4,
        ("axes", "rounds", "by"),
        "centres of clusters (inputs x, start, and masks of both or of neither): axes are those of rows, of clusters and of features; rounds of Lloyd's algorithm by distance, dot or cosine; masked rows and centres take no part, masked centres are 0",
    ),
    "push": Operator(
        3,
        3,
        ("axis", "order"),
        "a ring (inputs ring, rows, pointer): rows (same axis name, perhaps fewer) written at the pointer, or in front",
    ),
}

COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
BOOLEANS = frozenset({"and", "or", "not", "isfinite"}) | COMPARISONS
POINTWISE = frozenset(_UNARY) | frozenset(_BINARY) | {"where", "cast", "stop"}
#: No gradient passes through these.
CONSTANT = BOOLEANS | {
    "argmax",
    "topk",
    "iota",
    "const",
    "table",
    "stop",
    "floor",
    "ceil",
    "round",
    "sign",
    "onehot",
    "kmeans",
}


class GraphError(Exception):
    """A node that cannot be: a bug of the compiler or a mistake the checker should have reported."""


def union(*groups: Iterable[Axis]) -> tuple[Axis, ...]:
    """Axes of several values, in order of first appearance in the longest first. Sizes must agree."""
    listed = [tuple(group) for group in groups]
    listed.sort(key=len, reverse=True)
    found: dict[str, Axis] = {}
    for group in listed:
        for axis in group:
            known = found.get(axis.name)
            if known is None or known.size is None:
                found[axis.name] = axis if known is None else Axis(axis.name, axis.size)
            elif axis.size is not None and axis.size != known.size:
                raise GraphError(f"axis {axis.name} has two sizes, {known.size} and {axis.size}")
    return tuple(found.values())


class Graph:
    """Makes nodes and shares equal ones. `make` types a node from its inputs; leaves state their own type."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Node] = {}
        self._count = 0

    def leaf(
        self,
        op: str,
        axes: Iterable[Axis] = (),
        dtype: str = "real",
        span: Span = NOWHERE,
        label: str = "",
        **attrs: Any,
    ) -> Node:
        return self._intern(op, (), tuple(attrs.items()), tuple(axes), dtype, span, label)

    def const(self, value: float | int | bool) -> Node:
        dtype = "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "real"
        return self.leaf("const", (), dtype, value=value)

    def make(self, op: str, *inputs: Node, span: Span = NOWHERE, label: str = "", **attrs: Any) -> Node:
        """The node `op(inputs; attrs)`, typed. Raises GraphError where the operator does not fit its inputs."""
        operator = OPERATORS.get(op)
        if operator is None:
            raise GraphError(f"no operator {op}")
        if not operator.least <= len(inputs) <= operator.most:
            raise GraphError(f"{op} takes {operator.least} to {operator.most} inputs, not {len(inputs)}")
        if set(attrs) - {operator.also} != set(operator.attrs):
            raise GraphError(f"{op} has the attributes {operator.attrs}, not {tuple(attrs)}")
        ordered = tuple((name, attrs[name]) for name in (*operator.attrs, operator.also) if name in attrs)
        axes, dtype = infer(op, inputs, attrs)
        return self._intern(op, inputs, ordered, axes, dtype, span, label)

    def again(self, node: Node, inputs: tuple[Node, ...]) -> Node:
        """The same operator on other inputs (a pass rebuilding a graph)."""
        if not inputs:
            return self._intern(node.op, (), node.attrs, node.axes, node.dtype, node.span, node.label)
        return self.make(node.op, *inputs, span=node.span, label=node.label, **dict(node.attrs))

    def _intern(
        self,
        op: str,
        inputs: tuple[Node, ...],
        attrs: tuple[tuple[str, Any], ...],
        axes: tuple[Axis, ...],
        dtype: str,
        span: Span,
        label: str,
    ) -> Node:
        key = (op, tuple(map(id, inputs)), tuple((k, type(v), v) for k, v in attrs), axes, dtype)
        known = self._made.get(key)
        if known is None:
            known = Node(self._count, op, inputs, attrs, axes, dtype, span, label)
            self._count += 1
            self._made[key] = known
        return known


def infer(op: str, inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
    """Axes and dtype of `op(inputs; attrs)`."""
    if op in POINTWISE or op == "bce":
        return union(*(node.axes for node in inputs)), _pointwise_dtype(op, inputs, attrs)
    if op in _SHAPED:
        shaped: tuple[tuple[Axis, ...], str] = _SHAPED[op](inputs, attrs)
        return shaped
    raise GraphError(f"{op} is a leaf: its type is stated, not inferred")


def _pointwise_dtype(op: str, inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> str:
    if op in BOOLEANS:
        return "bool"
    if op == "cast":
        return str(attrs["to"])
    kinds = {node.dtype for node in (inputs[1:] if op == "where" else inputs)}
    if op in (
        "stop",
        "where",
        "neg",
        "abs",
        "add",
        "sub",
        "mul",
        "mod",
        "maximum",
        "minimum",
        "sign",
        "floor",
        "ceil",
        "round",
        "pow",
    ):
        return "real" if "real" in kinds else "int" if kinds != {"bool"} or op not in ("stop", "where") else "bool"
    return "real"


def _without(axes: tuple[Axis, ...], names: Iterable[str]) -> tuple[Axis, ...]:
    gone = set(names)
    missing = gone - {axis.name for axis in axes}
    if missing:
        raise GraphError(
            f"no axis {', '.join(sorted(missing))} among {', '.join(axis.name for axis in axes) or 'none'}"
        )
    return tuple(axis for axis in axes if axis.name not in gone)


def _reduce(inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
    axes = _without(union(*(node.axes for node in inputs)), attrs["over"])
    kind = attrs["kind"]
    if kind in ("any", "all"):
        return axes, "bool"
    if kind in ("mean", "logsumexp"):
        return axes, "real"
    return axes, "int" if inputs[0].dtype == "bool" else inputs[0].dtype


def _keep(inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
    axes = union(*(node.axes for node in inputs))
    named = attrs.get("over") or attrs.get("axes") or (attrs["axis"],)
    _without(axes, named)
    return axes, "real" if "axis" not in attrs else inputs[0].dtype


def _gather(inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
    value, index = inputs
    return union(_without(value.axes, (attrs["axis"],)), index.axes), value.dtype


def _renamed(inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
    names = dict(attrs["pairs"])
    _without(inputs[0].axes, names)
    axes = tuple(Axis(names.get(axis.name, axis.name), axis.size) for axis in inputs[0].axes)
    if len({axis.name for axis in axes}) != len(axes):
        raise GraphError(f"renaming {names} would give two axes one name")
    return axes, inputs[0].dtype


def _merge(inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
    rest = _without(inputs[0].axes, attrs["old"])
    return (attrs["new"], *rest), inputs[0].dtype


def _split(inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
    rest = _without(inputs[0].axes, (attrs["old"],))
    return (*attrs["new"], *rest), inputs[0].dtype


def _slice(inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
    size = attrs["stop"] - attrs["start"]
    return tuple(Axis(a.name, size) if a.name == attrs["axis"] else a for a in inputs[0].axes), inputs[0].dtype


def _concat(inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
    name = attrs["axis"]
    sizes = [node.axis(name).size for node in inputs]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    rest = union(*(_without(node.axes, (name,)) for node in inputs))
    return (Axis(name, total), *rest), inputs[0].dtype


def _dot(inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
    for node in inputs:
        _without(node.axes, attrs["over"])
    return _without(union(*(node.axes for node in inputs)), attrs["over"]), "real"


def _kmeans(inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
    rows, clusters, features = attrs["axes"]
    _without(inputs[0].axes, (rows, features))
    _without(inputs[1].axes, (clusters, features))
    axes = union(*(node.axes for node in inputs))
    rest = tuple(axis for axis in axes if axis.name not in attrs["axes"])
    return (*rest, inputs[1].axis(clusters), inputs[1].axis(features)), "real"


def _new_axis(where: str, dtype: str | None) -> Any:
    def rule(inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> tuple[tuple[Axis, ...], str]:
        axes = union(*(node.axes for node in inputs))
        if where == "front":
            return (attrs["axis"], *axes), dtype or inputs[0].dtype
        if where == "back":
            return (*axes, attrs["axis"]), dtype or inputs[0].dtype
        new = attrs["rank"] if "rank" in attrs else attrs["place"]
        kept = axes if where == "beside" else _without(axes, (attrs["axis"],))
        return (*kept, new), dtype or inputs[0].dtype

    return rule


_SHAPED: dict[str, Any] = {
    "expand": _new_axis("front", None),
    "reduce": _reduce,
    "softmax": _keep,
    "log_softmax": _keep,
    "argmax": lambda i, a: (_without(union(*(n.axes for n in i)), (a["axis"],)), "int"),
    "topk": _new_axis("instead", "int"),
    "sort": _new_axis("instead", None),
    "cumsum": _keep,
    "gather": _gather,
    "put": lambda i, a: (i[0].axes, i[0].dtype),
    "dot": _dot,
    "unit": _keep,
    "norm": lambda i, a: (_without(i[0].axes, a["over"]), "real"),
    "rename": _renamed,
    "merge": _merge,
    "split": _split,
    "slice": _slice,
    "concat": _concat,
    "stack": _new_axis("front", None),
    "blend": lambda i, a: ((), "weights"),
    "grad": lambda i, a: (i[0].axes, i[0].dtype),
    "call": lambda i, a: ((*_without(i[0].axes, a["consumes"]), *a["produces"]), "real"),
    "onehot": _new_axis("back", "real"),
    "sinkhorn": _keep,
    "transport": _keep,
    "soft_sort": _new_axis("beside", "real"),
    "kmeans": _kmeans,
    "push": lambda i, a: (i[0].axes, i[0].dtype),
}


def topological(outputs: Iterable[Node]) -> list[Node]:
    """Every node that the outputs need, inputs before users, in a stable order; without recursion."""
    seen: set[Node] = set()
    ordered: list[Node] = []
    stack: list[Node | None] = list(reversed(list(outputs)))
    waiting: list[Node] = []  # nodes whose inputs are above the Nones of the stack
    while stack:
        node = stack.pop()
        if node is None:
            ordered.append(waiting.pop())
        elif node not in seen:
            seen.add(node)
            if node.inputs:
                waiting.append(node)
                stack.append(None)
                stack += [each for each in reversed(node.inputs) if each not in seen]
            else:
                ordered.append(node)
    return ordered


def users(outputs: Iterable[Node]) -> dict[Node, list[Node]]:
    """node -> the nodes that take it as an input."""
    found: dict[Node, list[Node]] = {}
    for node in topological(outputs):
        found.setdefault(node, [])
        for each in node.inputs:
            found.setdefault(each, []).append(node)
    return found


def walk(outputs: Iterable[Node]) -> Iterator[Node]:
    yield from topological(outputs)


@record(frozen=True)
class Function:
    """A pure function of a step: named outputs over input leaves. `grad`: a gradient is taken of its output `loss`.

    A function with other outputs (`with_outputs`) has no visits: they are made last.
    """

    name: str
    outputs: tuple[tuple[str, Node], ...]
    grad: bool = False
    span: Span = NOWHERE
    doc: str = ""
    #: how it is computed: parts of it a strip of rows at a time (graph/strips.py), in the order of their dependence
    visits: tuple[Visit, ...] = ()

    @property
    def inputs(self) -> tuple[Node, ...]:
        return tuple(node for node in topological(node for _, node in self.outputs) if node.op == "input")

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(node.attr("model") for node in topological(n for _, n in self.outputs) if node.op == "call")
        )

    def with_outputs(self, nodes: Iterable[Node]) -> Function:
        named = tuple((name, node) for (name, _), node in zip(self.outputs, nodes, strict=True))
        return Function(self.name, named, self.grad, self.span, self.doc)
