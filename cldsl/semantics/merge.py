"""How the lines of a variant (or of a spec that inherits) change those of what they build on. docs/language.md, section 9."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cldsl.semantics.program import declared
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic

_BLOCKS = (ast.Train, ast.On, ast.Loop, ast.Every, ast.Minimize, ast.Assign, ast.Report)


class Merger:
    """Collects diagnostics into the list it is given."""

    def __init__(self, found: list[Diagnostic]) -> None:
        self.found = found

    def merge(self, base: Sequence[ast.Statement], change: Sequence[ast.Statement]) -> list[ast.Statement]:
        """`base` with what `change` replaces replaced in place, and what it adds added (declarations before the first block)."""
        body = list(base)
        for item in change:
            if isinstance(item, ast.Train):
                self._train(body, item)
            elif isinstance(item, _BLOCKS):
                body.append(item)
            else:
                self._declaration(body, item)
        return body

    def _declaration(self, body: list[ast.Statement], item: ast.Statement) -> None:
        names = declared(item)
        for place, known in enumerate(body):
            if set(declared(known)) & set(names):
                if isinstance(item, ast.Contrast) and isinstance(known, ast.Contrast) and item.parent is None:
                    item = self.contrast(known, item)
                elif isinstance(item, ast.Param) and isinstance(known, ast.Param) and item.domain is None:
                    item = replace(item, domain=known.domain)
                body[place] = item
                return
        first = next((n for n, known in enumerate(body) if isinstance(known, _BLOCKS)), len(body))
        body.insert(first, item)

    def contrast(self, base: ast.Contrast, change: ast.Contrast) -> ast.Contrast:
        """A kind of line that the change writes replaces all of that kind; a let replaces its namesake. `logit` and
        `similarity`/`temperature` replace each other."""
        kinds = {_kind(line) for line in change.lines}
        if "logit" in kinds:
            kinds |= {"similarity", "temperature"}
        if "similarity" in kinds:
            kinds |= {"logit"}
        kept = [line for line in base.lines if _kind(line) not in kinds]
        lets = [line for line in change.lines if isinstance(line, (ast.Let, ast.Draw))]
        rest = [line for line in change.lines if not isinstance(line, (ast.Let, ast.Draw))]
        if lets:
            # a let may be read by the lines that stay: it stands where its namesake stood, else first after the anchor
            places = {_kind(line): n for n, line in enumerate(base.lines)}
            ordered: list[ast.Role | ast.Pair | ast.Let | ast.Draw] = []
            replaced = {_kind(line): line for line in lets}
            for line in base.lines:
                if _kind(line) in replaced:
                    ordered.append(replaced[_kind(line)])
                elif line in kept:
                    ordered.append(line)
            added = [line for line in lets if _kind(line) not in places]
            at = 1 + max((n for n, line in enumerate(ordered) if _kind(line) == "anchor"), default=-1)
            kept = [*ordered[:at], *added, *ordered[at:]]
        return replace(
            change, lines=tuple([*kept, *rest]), parameters=change.parameters or base.parameters, parent=None
        )

    def _train(self, body: list[ast.Statement], item: ast.Train) -> None:
        trains = [n for n, known in enumerate(body) if isinstance(known, ast.Train)]
        wanted = item.name if item.parent in (None, "this") else item.parent
        places = [n for n in trains if wanted is None or _train_name(body[n]) == wanted]
        if item.parent is None:
            if not places:
                body.append(item)
            else:
                body[places[0]] = item
            return
        if len(places) != 1:
            why = "no train block is there" if not places else f"{len(places)} train blocks are there"
            self.found.append(
                Diagnostic(
                    item.span,
                    "which-train",
                    "`from` names no single train block",
                    why,
                    "name the blocks: `train first on ...`",
                )
            )
            return
        base = body[places[0]]
        assert isinstance(base, ast.Train)
        merged = replace(
            base,
            streams=item.streams or base.streams,
            body=tuple(self.statements(base.body, item.body)),
            span=item.span,
        )
        if item.parent == "this" or item.name in (None, base.name):
            body[places[0]] = merged
        else:
            body.append(replace(merged, name=item.name))

    def statements(self, base: Sequence[ast.Statement], change: Sequence[ast.Statement]) -> list[ast.Statement]:
        """A train's block: minimizes replace all minimizes, assignments and reports their namesakes; what is new stands
        beside the nearest statement that both have."""
        result = list(base)
        fresh = [item for item in change if isinstance(item, ast.Minimize)]
        if fresh:
            at = next((n for n, item in enumerate(result) if isinstance(item, ast.Minimize)), len(result))
            result = [item for item in result if not isinstance(item, ast.Minimize)]
            result[at:at] = fresh
        keys = [_key(item) for item in result]
        for item in change:
            if not isinstance(item, ast.Minimize) and _key(item) in keys:
                result[keys.index(_key(item))] = item
        last: int | None = None
        pending: list[ast.Statement] = []
        for item in change:
            place = next((n for n, known in enumerate(result) if known is item), None)
            if place is not None:
                if last is None:
                    result[place:place] = pending
                    place += len(pending)
                    pending = []
                last = place
            elif last is None:
                pending.append(item)
            else:
                last += 1
                result.insert(last, item)
        for item in pending:
            self._unplaced(result, item)
        return result

    def _unplaced(self, result: list[ast.Statement], item: ast.Statement) -> None:
        if isinstance(item, ast.Assign) and result:
            self.found.append(
                Diagnostic(
                    item.span, "where-does-it-stand", "this assignment has no neighbour that both blocks have",
                    "order is the clock: its place in the step decides what it reads", "repeat the statement above or below which it stands",
                )
            )  # fmt: skip
        elif isinstance(item, (ast.Let, ast.Draw)):
            result.insert(0, item)
        else:
            result.append(item)


def _train_name(item: ast.Statement) -> str | None:
    return item.name if isinstance(item, ast.Train) else None


def _kind(line: ast.Role | ast.Pair | ast.Let | ast.Draw) -> str:
    if isinstance(line, ast.Let):
        return f"let {line.name}"
    if isinstance(line, ast.Draw):
        return f"draw {line.targets[0][0]}"
    return line.kind


def _key(item: ast.Statement) -> object:
    """What makes two statements of a block the same place: the assigned target, the report's or declaration's name."""
    if isinstance(item, ast.Assign):
        return ("<-", item.place)
    if isinstance(item, ast.Report):
        return ("report", item.name)
    names = declared(item)
    return ("declares", names) if names else item
