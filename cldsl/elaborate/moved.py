"""States, copies and models by who writes and who reads them: constants in disguise, and what is kept for nobody.

Input: what is shared by an elaboration. Output: diagnostics, given to it. It reads the tree alone; a use in any variant is a use.
"""

from __future__ import annotations

from collections.abc import Iterator

from cldsl.elaborate.shared import Shared
from cldsl.semantics.spots import spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span


def judge(shared: Shared) -> None:
    """Every state, copy and model of the program."""
    program = shared.program
    trees = (*program.body, *program.variants)
    written = {name for name, _ in _assigns(trees)}
    read = set(_read(trees))
    for item in program.body:
        if not isinstance(item, (ast.Cell, ast.Model)) or item.name not in program.mentioned:
            continue
        place = spot(item.span, item.name, program.sources)
        if isinstance(item, ast.Cell) and item.kind == "state":
            _state(shared, item, place, item.name in written, item.name in read)
        elif isinstance(item, ast.Model):
            _model(shared, item, place, item.name in written, item.name in read)


def _state(shared: Shared, item: ast.Cell, place: Span, written: bool, read: bool) -> None:
    """Chance that is drawn once and kept is a state that nothing writes."""
    name = item.name
    if written and not read:
        _error(
            shared,
            place,
            "never-read",
            f"{name} is written and never read",
            "it costs memory and changes nothing",
            "read it, or remove it and its assignments",
        )
    elif read and not written and not item.drawn and name in shared.used:
        shared.warn(
            place,
            "never-written",
            f"{name} is never written: it is a constant",
            "only `<-` moves a state",
            f"write `{name} <- ...` in a train block, or make it a param or a let",
        )


def _model(shared: Shared, item: ast.Model, place: Span, written: bool, read: bool) -> None:
    call = item.value
    copied = isinstance(call, ast.Call) and isinstance(call.function, ast.Name) and call.function.id == "copy"
    if not read:
        _error(
            shared,
            place,
            "never-applied",
            f"{item.name} is never applied",
            "only copies, assignments or `over` name it",
            f"apply it: `{item.name}(x)`, or remove it",
        )
    elif copied and not written and item.name in shared.used:
        shared.warn(
            place,
            "never-written",
            f"{item.name} is a copy that nothing moves",
            "`minimize` never moves a copy, `<-` does",
            f"write `{item.name} <- mix({item.name}, f, keep = 0.99)`",
        )


def _assigns(trees: object) -> Iterator[tuple[str, ast.Assign]]:
    """What is assigned, by the name left of the arrow."""
    for node in ast.walk(trees):
        if isinstance(node, ast.Assign):
            root = _root(node.place)
            if root is not None:
                yield root, node


def _root(place: ast.Expr) -> str | None:
    while isinstance(place, (ast.Index, ast.Attribute)):
        place = place.value
    return place.id if isinstance(place, ast.Name) else None


def _read(tree: object) -> Iterator[str]:
    """Names that are read for their value: not left of an arrow, not the first argument of the own push or mix, not in `over`."""
    stack: list[object] = list(tree) if isinstance(tree, tuple) else [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Assign):
            stack += _indices(node.place)
            stack += _sources(node.value, _root(node.place))
        elif isinstance(node, ast.Term):
            stack += [node.value, *([node.by] if node.by is not None else [])]
        elif isinstance(node, ast.Model):
            call = node.value
            derived = (
                isinstance(call, ast.Call)
                and isinstance(call.function, ast.Name)
                and call.function.id in ("copy", "fresh")
            )
            stack += [] if derived else [call]
        else:
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.name
            stack += ast.children(node)


def _indices(place: ast.Expr) -> list[object]:
    found: list[object] = []
    while isinstance(place, (ast.Index, ast.Attribute)):
        if isinstance(place, ast.Index):
            found += place.items
        place = place.value
    return found


def _sources(value: ast.Expr, target: str | None) -> list[object]:
    """What an assignment reads; of `push[slot](Q, k)` and `mix(t, f)` the rest, and of a copy the models it follows are no use."""
    if not isinstance(value, ast.Call):
        return [] if isinstance(value, ast.TupleOf) else [value]
    function = value.function.value if isinstance(value.function, ast.Index) else value.function
    name = function.id if isinstance(function, ast.Name) else ""
    arguments = [argument.value for argument in value.arguments]
    if name == "mix":
        return list(arguments[2:])
    if name == "push" and arguments and _root(arguments[0]) == target:
        return [*arguments[1:]]
    return [value]


def _error(shared: Shared, span: Span, code: str, message: str, reason: str, mend: str) -> None:
    shared.complain(Diagnostic(span, code, message, reason, mend))
