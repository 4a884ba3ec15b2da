"""One pure function as a Python function: arguments, sizes at its head, the body, what it returns.

Input: a nodes.Function. Output: a `Define`, as a method of the program (states, learned tensors and modules through
self) or as a module-level function (everything an argument). Which arguments a caller passes is `arguments`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cldsl.codegen.lower import Environment, Lowering
from cldsl.codegen.names import RESERVED, Identifier, Names
from cldsl.codegen.statements import (
    Attribute,
    Define,
    Expression,
    Literal,
    Name,
    Return,
    Statement,
    Subscript,
    call,
    display,
    method,
    name,
)
from cldsl.graph.nodes import CONSTANT, Function, Node
from cldsl.graph.strips import Visit

#: Inputs that a method of the program takes as arguments; it reads the others from itself.
PASSED = frozenset({"column", "draw", "held", "clock", "given"})


@dataclass(frozen=True)
class Surroundings:
    """How a program's methods write its tensors and modules."""

    attribute: Callable[[str], Identifier]
    family: Callable[[str], str | None]
    frozen: Callable[[str], str | None]
    #: the name of the function that a visit's strips are
    strip: Callable[[Visit], Identifier] = lambda visit: Identifier(visit.name)

    def visit(self, visit: Visit) -> Expression:
        return name(self.strip(visit))

    def is_frozen(self, model: str) -> bool:
        return self.frozen(model) is not None

    def module(self, model: str) -> Expression:
        """self.f; of a frozen model, the module whose weights it reads."""
        return Attribute(name("self"), self.attribute(self.frozen(model) or model))


def key_of(leaf: Node) -> str:
    """The name under which an input is passed: its own, with a suffix for what travels with a state."""
    kind, own = leaf.attr("kind"), str(leaf.attr("name")).partition("@")[0]
    return own.replace(".", "_") + {"present": "_present", "pointer": "_pointer"}.get(kind, "")


def arguments(function: Function) -> list[Node]:
    """The inputs a method takes as arguments: columns and draws, then what is held or given, then the clock."""
    order = ("column", "draw", "held", "given", "clock")
    passed = [leaf for leaf in function.inputs if leaf.attr("kind") in PASSED]
    return sorted(passed, key=lambda leaf: order.index(leaf.attr("kind")))


def own_expression(leaf: Node, around: Surroundings) -> Expression:
    """An input that the program holds itself: self.Q, self.Q_present, self.slot_pointer, a module's parameter."""
    kind, own = leaf.attr("kind"), str(leaf.attr("name"))
    if kind == "weights":
        model = own.partition("@")[0]
        verb = "rt.weights_frozen" if around.is_frozen(model) else "rt.weights"
        return call(verb, around.module(model))
    if kind == "weight":
        model, _, parameter = own.partition(".")
        return method(around.module(model), "get_parameter", Literal(parameter))
    if kind == "present":
        return Attribute(name("self"), Identifier(f"{around.attribute(own)}_present"))
    if kind == "pointer":
        return Attribute(name("self"), around.attribute(f"{own}_pointer"))
    # after an assignment in the step a learned tensor is read as `C@1`: the tensor itself, as it is then
    return Attribute(name("self"), around.attribute(own.partition("@")[0]))


def program_method(
    function: Function, written: Identifier, around: Surroundings, chunked: bool = False, minimised: bool = False
) -> Define:
    """The function as a method. minimised: its output `loss` is differentiated and comes first, others constants."""
    names = Names({*RESERVED, *(str(around.strip(visit)) for visit in function.visits)})
    passed = {leaf: Name((names.fresh(key_of(leaf)),)) for leaf in arguments(function)}

    def leaf(node: Node) -> Expression:
        return passed[node] if node in passed else own_expression(node, around)

    environment = Environment(leaf, around.module, around.family, around.is_frozen, chunked, around.visit)
    low = Lowering(function, environment, names)
    outputs = low.run()
    if minimised:
        outputs.sort(key=lambda output: output[0] != "loss")
        nodes = dict(function.outputs)
        outputs = [(key, value if key == "loss" else _constant(nodes[key], value)) for key, value in outputs]
    body = body_of(low, leaf, outputs)
    decorators = () if minimised else (call("torch.no_grad"),)
    parameters = ("self", *(each.path[0] for each in passed.values()))
    return Define(written, parameters, body, doc=_doc(function), decorators=decorators)


def module_function(function: Function, families: Mapping[str, str] | None = None) -> Define:
    """The function with every input as an argument by its name, and `models`, a mapping of modules, as the last.

    The functions of its strips are those of their names (codegen/strips.py).
    """
    names = Names({*RESERVED, *(visit.name for visit in function.visits)})
    passed = {leaf: Name((names.fresh(key_of(leaf)),)) for leaf in function.inputs if leaf.attr("kind") != "weights"}
    around = families or {}

    def model(own: str) -> Expression:
        return Subscript(name("models"), (Literal(own),))

    def leaf(node: Node) -> Expression:
        return passed[node] if node in passed else call("rt.weights", model(str(node.attr("name"))))

    environment = Environment(
        leaf, model, around.get, lambda _: False, visit=lambda visit: name(Identifier(visit.name))
    )
    low = Lowering(function, environment, names)
    body = body_of(low, environment.leaf, low.run())
    parameters = (*(each.path[0] for each in passed.values()), "models")
    return Define(Names(RESERVED).fresh(function.name), parameters, body, doc=_doc(function))


def body_of(
    low: Lowering, leaf: Callable[[Node], Expression], outputs: list[tuple[str, Expression]]
) -> tuple[Statement, ...]:
    """The statements of a lowered function, sizes first."""
    values = tuple(value for _, value in outputs)
    returned: Expression = values[0] if len(values) == 1 else display(values)
    return (*low.sizes.head(leaf), *low.statements, Return(returned))


def _constant(node: Node, value: Expression) -> Expression:
    """The value without gradient, for what is held when the loss has been differentiated."""
    return value if node.op in CONSTANT or node.dtype != "real" or node.op == "input" else method(value, "detach")


def _doc(function: Function) -> str:
    names = ", ".join(key for key, _ in function.outputs)
    line = function.doc or names
    return f"{line} ({function.span.short})" if function.span.file != "<spec>" else line
