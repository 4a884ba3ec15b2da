"""Which names mean what, where: a chain of local names under the file's declarations, and the axes that rows bind."""

from __future__ import annotations

from dataclasses import field

from cldsl.elaborate.values import Row, Thing
from cldsl.graph.nodes import Node
from cldsl.syntax.diagnostics import Diagnostic, Span
from cldsl.syntax.record import record


@record()
class Scope:
    """Local names; `aliases` maps axis parameters of a def to axes; `guards` are conditions under which the body counts."""

    parent: Scope | None = None
    names: dict[str, Thing] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    guards: tuple[Node, ...] = ()
    #: an axis that brackets bind here; conditions from outside over an axis of its name are about other entries
    bound: str = ""
    #: a def's body sees its own names and the file's, not its caller's
    closed: bool = False

    def find(self, name: str) -> Thing | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = None if scope.closed else scope.parent
        return None

    def axis(self, name: str) -> str:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.aliases:
                return scope.aliases[name]
            scope = None if scope.closed else scope.parent
        return name

    def all_guards(self) -> tuple[Node, ...]:
        scope: Scope | None = self
        found: list[Node] = []
        hidden: set[str] = set()  # axes bound further in: outside they mean other entries
        while scope is not None:
            found += [guard for guard in scope.guards if guard not in found and not hidden & set(guard.names)]
            hidden.add(scope.bound)
            scope = scope.parent
        return tuple(found)

    def rows(self) -> list[Row]:
        """Every row bound around here, callers' rows included: their axes are taken."""
        scope: Scope | None = self
        found: list[Row] = []
        while scope is not None:
            found += [thing for thing in scope.names.values() if isinstance(thing, Row)]
            scope = scope.parent
        return found

    def child(self, **names: Thing) -> Scope:
        return Scope(self, dict(names))


class Mistake(Exception):
    """A user's mistake, raised where it is seen and caught by the statement around it, which goes on with the next."""

    def __init__(self, span: Span, code: str, message: str, reason: str = "", mend: str = "") -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(span, code, message, reason, mend)


class Consequence(Exception):
    """Something broken was touched; it has been reported already."""
