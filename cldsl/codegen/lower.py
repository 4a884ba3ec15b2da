"""From the nodes of one function to Python statements over tensors.

Input: a nodes.Function and an `Environment` that says how its inputs and modules are written. Output: statements that
compute the outputs, one line for each node that is used twice, named by the spec, or no cheap arithmetic; the others
are nested. The operators' text is in pointwise.py and operators.py; what stands around the body is functions.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cldsl.codegen.layout import Axes, aligned
from cldsl.codegen.names import RESERVED, Identifier, NameRefused, Names
from cldsl.codegen.printer import flat
from cldsl.codegen.scalars import is_constant, scalar
from cldsl.codegen.sizes import Sizes
from cldsl.codegen.statements import Assign, Attribute, Call, Define, Expression, Name, Return, Statement, call, method
from cldsl.graph.nodes import POINTWISE, Function, Node, topological
from cldsl.graph.strips import Visit
from cldsl.syntax.diagnostics import NOWHERE, Span

#: The longest text that is nested into another expression.
NESTED = 56

#: Cheap or short enough to stand inside an expression.
_LIGHT = POINTWISE | {"call", "dot", "slice", "rename", "reduce", "expand", "norm", "unit"}

#: What a value is called where the spec has no name for it.
_CALLED = {
    "dot": "similarity",
    "topk": "best",
    "argmax": "best",
    "sort": "ordered",
    "gather": "chosen",
    "put": "written",
    "push": "pushed",
    "onehot": "marks",
    "softmax": "share",
    "log_softmax": "log_share",
    "sinkhorn": "plan",
    "transport": "plan",
    "soft_sort": "places",
    "kmeans": "centres",
    "unit": "direction",
    "norm": "length",
    "concat": "joined",
    "stack": "stacked",
    "where": "choice",
    "merge": "merged",
    "split": "parted",
    "cumsum": "running",
    "blend": "weights",
    "grad": "slope",
    "table": "constants",
}
#: Shapes of a named value carry its name.
_SUFFIXES = {"merge": "rows", "expand": "wide", "split": "parts", "gather": "at", "slice": "part"}
_REDUCED = {
    "sum": "total",
    "mean": "average",
    "max": "largest",
    "min": "smallest",
    "prod": "product",
    "logsumexp": "log_total",
    "any": "some",
    "all": "every",
}


@dataclass
class Environment:
    """How a function's surroundings are written: its inputs, its modules, and the families among them.

    family: model -> its family's axis. chunked: modules are applied to whole columns, a chunk of rows at a time.
    """

    leaf: Callable[[Node], Expression]
    model: Callable[[str], Expression]
    family: Callable[[str], str | None]
    frozen: Callable[[str], bool]
    chunked: bool = False
    #: a visit -> the function of its strips
    visit: Callable[[Visit], Expression] | None = None


@dataclass
class Value:
    """A lowered node: its text and axes; plain: a Python number."""

    expression: Expression
    axes: Axes
    plain: bool = False


@dataclass
class Lowering:
    """The state of lowering one function."""

    function: Function
    environment: Environment
    names: Names = field(default_factory=lambda: Names(RESERVED))
    statements: list[Statement] = field(default_factory=list)
    values: dict[Node, Value] = field(default_factory=dict)
    _line: Span = NOWHERE

    def __post_init__(self) -> None:
        outputs = [node for _, node in self.function.outputs]
        #: what strips give, with the visit that gives it
        self.given = {give.node: visit for visit in self.function.visits for give in visit.gives}
        self.order = computed_order(outputs, self.given)
        self.uses: dict[Node, int] = dict.fromkeys(self.order, 0)
        for node in self.order:
            if node not in self.given:
                for each in node.inputs:
                    self.uses[each] += 2 if node.op == "grad" else 1  # what the function inside reads is a name
        for visit in self.function.visits:
            for source in visit.sources:
                self.uses[source] += 2  # an argument is a name
        for node in outputs:
            self.uses[node] += 1
        #: names by node: what the spec calls it, else what the function's output is called
        self.labels = {node: node.label or key for key, node in self.function.outputs}
        self.sizes = Sizes(self.order, self.names)

    def run(self) -> list[tuple[str, Expression]]:
        """Lower every node; the outputs by name."""
        for node in self.order:
            if node not in self.given:
                self.values[node] = self._lowered(node)
            elif node not in self.values:
                self._visited(self.given[node])
        return [(name, self.tensor(node)) for name, node in self.function.outputs]

    def _visited(self, visit: Visit) -> None:
        """A visit is a call: what it takes, each once, and the modules of its body; what it gives has names."""
        assert self.environment.visit is not None
        arguments = [self.tensor(source) for source in visit.sources]
        modules = {model: self.environment.model(model) for model in visit.body.models}
        named = tuple((str(name), e) for name, e in zip(module_names(visit), modules.values(), strict=True))
        targets = []
        for give in visit.gives:
            variable = Name((self._variable(give.node, self.labels.get(give.node, give.node.label)),))
            self.values[give.node] = Value(variable, give.node.names)
            targets.append(variable)
        made = Call(self.environment.visit(visit), tuple(arguments), named)
        first = visit.gives[0].node
        comment = self._comment(first) if len(targets) == 1 else f"rows along {visit.axis}"
        self.statements.append(Assign(tuple(targets), made, comment))

    def inner(self, node: Node) -> Identifier:
        """The body of a gradient as a function of its place, defined here; what it reads besides is around it."""
        body, leaves = node.attr("body"), node.attr("leaves")
        place = self.names.fresh("at")
        around = {leaf: self.tensor(each) for leaf, each in zip(leaves[1:], node.inputs[1:], strict=True)}
        around[leaves[0]] = Name((place,))
        low = Lowering(body, replace(self.environment, leaf=around.__getitem__), self.names)
        values = tuple(expression for _, expression in low.run())
        written = self.names.fresh("slope_of")
        lines = (*low.sizes.head(around.__getitem__), *low.statements, Return(values[0]))
        self.statements.append(Define(written, (place,), lines, doc=""))
        return written

    def _lowered(self, node: Node) -> Value:
        if node.op == "input":
            return Value(self.environment.leaf(node), node.names)
        if is_constant(node):
            return Value(scalar(node), (), plain=True)
        from cldsl.codegen.operators import lower_node  # operators.py needs this class

        expression = lower_node(self, node)
        return Value(self._placed(node, expression), node.names)

    def _placed(self, node: Node, expression: Expression) -> Expression:
        """The expression itself where it may be nested, else the variable it is bound to."""
        label = self.labels.get(node, node.label)
        if isinstance(expression, (Name, Attribute)):
            return expression
        single = self.uses[node] == 1 and not label and node.op in _LIGHT
        if single and len(flat(expression)) <= NESTED:
            return expression
        variable = Name((self._variable(node, label),))
        self.statements.append(Assign((variable,), expression, self._comment(node)))
        return variable

    def _variable(self, node: Node, label: str) -> Identifier:
        try:
            return self.names.fresh(label or self._descriptive(node))
        except NameRefused:
            return self.names.fresh(_called(node))

    def _descriptive(self, node: Node) -> str:
        """A name from what the node is made of where that has one: z_rows, label_wide."""
        suffix = _SUFFIXES.get(node.op)
        made = self.values.get(node.inputs[0]) if suffix else None  # of what strips give, the input is inside of them
        source = made.expression if made is not None else None
        if isinstance(source, Name) and len(source.path) == 1:
            stem, _, last = source.path[0].rpartition("_")
            return f"{stem if stem and last in _SUFFIXES.values() else source.path[0]}_{suffix}"
        return _called(node)

    def _comment(self, node: Node) -> str:
        axes = f"[{', '.join(node.names)}]" if node.axes else "a number"
        span = node.span
        if span == NOWHERE or span.short == self._line.short:
            return axes
        self._line = span
        return f"{axes}  {span.short}"

    # ---- what the operators ask for

    def text(self, node: Node) -> Expression:
        return self.values[node].expression

    def plain(self, node: Node) -> bool:
        """Whether the node became a Python number."""
        return self.values[node].plain

    def tensor(self, node: Node) -> Expression:
        """The node as a tensor; a number is made one."""
        value = self.values[node]
        return call("rt.table", value.expression, self.sizes.device()) if value.plain else value.expression

    def toward(self, node: Node, axes: Axes, full: bool = False) -> Expression:
        """The node so that it broadcasts against these axes; a number stays one."""
        value = self.values[node]
        return value.expression if value.plain else aligned(value.expression, value.axes, axes, full)

    def tensor_toward(self, node: Node, axes: Axes, full: bool = False) -> Expression:
        return aligned(self.tensor(node), self.values[node].axes, axes, full)

    def index(self, node: Node) -> Expression:
        """The node as an index: reals, such as a clock's numbers, become whole."""
        return self.text(node) if node.dtype == "int" and not _clock(node) else method(self.tensor(node), "long")


def computed_order(outputs: Sequence[Node], given: Mapping[Node, Visit]) -> list[Node]:
    """Every node that is computed, or given by a visit, after what it needs; inside of strips none is listed."""
    ordered: dict[Node, None] = {}
    stack: list[tuple[Node, bool]] = [(node, False) for node in reversed(outputs)]
    while stack:
        node, ready = stack.pop()
        if ready:
            ordered[node] = None
        elif node not in ordered:
            stack.append((node, True))
            needed = given[node].sources if node in given else list(node.inputs)
            stack += [(each, False) for each in reversed(needed) if each not in ordered]
    return list(ordered)


def module_names(visit: Visit) -> list[Identifier]:
    """The arguments by which a body takes its modules, in the order of `visit.body.models`."""
    names = Names({*RESERVED, *(str(take.leaf.attr("name")) for take in visit.takes)})
    return [names.fresh(model) for model in visit.body.models]


def _clock(node: Node) -> bool:
    return any(each.op == "input" and each.attr("kind") == "clock" for each in topological([node]))


def _called(node: Node) -> str:
    if node.op == "reduce":
        return _REDUCED[node.attr("kind")]
    if node.op == "iota":
        return f"{_word(node.axes[0].name)}_index"
    if node.op == "call":
        return f"{_word(node.attr('model'))}_out"
    if node.op in POINTWISE and node.dtype == "bool":
        return "mask"
    return _CALLED.get(node.op, "value")


def _word(text: str) -> str:
    """Letters of a text that may be part of a name."""
    return "".join(char if char.isascii() and char.isalnum() else "_" for char in text) or "value"
