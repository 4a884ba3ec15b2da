"""From what the statements need to functions and actions: values of one moment are outputs of one function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cldsl.elaborate import moments
from cldsl.elaborate.assigning import Assignments
from cldsl.graph.nodes import Function, Node, topological
from cldsl.graph.plan import Assign, Guarded, Level, Log, Minimize, Objective, Run
from cldsl.syntax.diagnostics import Span


class Composing(Assignments):
    """Functions and actions of a block."""

    def _functions(self) -> None:
        """Group what the actions need by moment, make the functions, and write the actions."""
        order: list[tuple[str, Any]] = self.pending
        self.when_made = moments.moment_of(self._all_needs(order), self.created)
        self._plan(order)

    def _plan(self, order: Sequence[tuple[str, Any]]) -> None:
        """The actions of a body; those of a guarded one see what is held and keep what they hold to themselves."""
        needed = [node for kind, thing in order for node in self._needs(kind, thing)]
        for node in dict.fromkeys([*needed, *moments.frontier(needed, self.created)]):
            if node not in self.names:
                self.wanted.setdefault(self.when_made[node], []).append(node)
        for kind, thing in order:
            self._emit(kind, thing)

    def _all_needs(self, order: Sequence[tuple[str, Any]]) -> list[Node]:
        found: list[Node] = []
        for kind, thing in order:
            found += self._all_needs(thing[2]) if kind == "every" else self._needs(kind, thing)
        return found

    def _needs(self, kind: str, thing: Any) -> list[Node]:
        """What an action takes from a function, beside a minimize's first loss."""
        if kind == "minimize":
            _, terms, _ = thing
            return [node for _, node, _, _ in terms[1:]]
        if kind == "assign":
            _, _, value, mask, _ = thing
            return [value] if mask is None else [value, mask]
        if kind == "every":
            # what a guarded block reads of weights that have moved since is computed, every time, while they are there
            _, _, body, before = thing
            needed = self._all_needs(body)
            return [n for n in [*needed, *moments.frontier(needed, self.created)] if self._older(n, before)]
        return [thing[1]] if kind == "log" else []

    def _older(self, node: Node, now: Mapping[str, int]) -> bool:
        versions = [moments.version_of(each) for each in topological([node])]
        return any(found is not None and found[1] < now.get(found[0], 0) for found in versions)

    def _emit_every(self, thing: Any) -> None:
        item, period, body, _ = thing
        outer = self.actions, dict(self.names), self.wanted, set(self.done), dict(self.assigned), self.pending
        self.actions, self.wanted, self.pending = [], {}, body
        self._plan(body)
        inner = tuple(self.actions)
        self.actions, self.names, self.wanted, self.done, self.assigned, self.pending = outer
        written = {action.tensor for action in inner if isinstance(action, Assign)}
        self._written_apart(written)
        self._forget({name for kind, entry in body if kind == "enter" for name in entry[1]})
        self.actions.append(Guarded(period, item.unit, inner, item.span))

    def _written_apart(self, states: Iterable[str]) -> None:
        """From here on memory alone knows what these states are."""
        names = set(states)
        self._forget(names)
        for name in names:
            self._overwrite(name)
            self.times[name] = self.times.get(name, 0) + 1

    def _forget(self, states: set[str]) -> None:
        """No value that was assigned to these states is what they are."""
        self.assigned = {node: leaf for node, leaf in self.assigned.items() if leaf.attr("name") not in states}

    def _overwrite(self, state: str) -> None:
        """Memory no longer holds what the state was until here."""
        self.overwritten |= {state, *(f"{state}@{times}" for times in range(1, self.times.get(state, 0) + 1))}

    def _emit(self, kind: str, thing: Any) -> None:
        if kind in ("mix", "advance"):
            self.actions.append(thing)
        elif kind == "minimize":
            self._emit_minimize(thing)
        elif kind == "assign":
            item, cell, value, mask, _ = thing
            self._ready(value, item.span)
            if mask is not None:
                self._ready(mask, item.span)
            self.actions.append(
                Assign(cell.name, self.names[value], None if mask is None else self.names[mask], item.span)
            )
            # the tensor keeps its own order of axes, whatever the value's
            plan = self.s.draws.tensor(cell)
            leaf = self.graph.leaf("input", plan.axes, value.dtype, cell.span, cell.name, kind="state", name=cell.name)
            if cell.kind == "state":
                self._overwrite(cell.name)
                self.assigned[value] = leaf
                if mask is not None:
                    self.assigned[mask] = self.graph.leaf(
                        "input",
                        plan.mask_axes,
                        "bool",
                        cell.span,
                        f"{cell.name}_present",
                        kind="present",
                        name=cell.name,
                    )
        elif kind == "every":
            self._emit_every(thing)
        elif kind == "enter":
            action, states = thing
            self._written_apart(states)
            self.actions.append(action)
        elif kind == "log":
            item, node, _ = thing
            self._ready(node, item.span)
            self.actions.append(Log(item.name, self.names[node], item.span))

    def _emit_minimize(self, thing: Any) -> None:
        item, terms, moment = thing
        objectives = []
        for place, (term, node, members, watched) in enumerate(terms):
            optimiser, rate = self._optimiser(term, members)
            held = [] if place else self._held_now(moment)
            named = [("loss", node)] + [(self._output_name(n), n) for n in held]
            function = f"objective_{len([f for f in self.functions if f.grad]) + 1}"
            self._make(function, named, True, term.span)
            if not place:
                self.done.add(moment)
            guards = tuple((name, guard) for name, _, guard in members if guard is not None)
            objectives.append(Objective(function, optimiser, rate, guards, term.span))
            if watched.spread is not None and not place:
                self.functions[-1] = watched.added(self.functions[-1])
        self.actions.append(Minimize(tuple(objectives), item.span))
        first = terms[0][3]
        for name, level in (("uniform", first.uniform), ("temperature", first.temperature)):
            if level is not None and not any(isinstance(a, Level) and a.name == name for a in self.actions):
                self.actions.append(Level(name, level, item.span))
        if first.spread is not None and not any(isinstance(a, Log) and a.name == "embedding_std" for a in self.actions):
            self.actions.append(Log("embedding_std", "embedding_std", item.span))

    def _held_now(self, moment: int) -> list[Node]:
        """What later actions need of weights as they are before this minimize, of earlier moments too: it moves them."""
        own = [] if moment in self.done else self.wanted.get(moment, [])
        older = [node for at, nodes in self.wanted.items() if at < moment and at not in self.done for node in nodes]
        weighty = moments.weighty(older, self.created)
        return [n for n in [*own, *(n for n in older if weighty[n])] if n not in self.names]

    def _output_name(self, node: Node) -> str:
        stem = node.label or (node.inputs[0].label if node.op == "stop" and node.inputs else "") or "held"
        name, n = stem, 1
        while name in self.taken:
            n += 1
            name = f"{stem}_{n}"
        self.taken.add(name)
        self.names[node] = name
        return name

    def _ready(self, node: Node, span: Span) -> None:
        """Run the function of the node's moment, unless its objective holds the node already."""
        if node in self.names:
            return
        moment = self.when_made[node]
        # what this moment's later minimize will compute anyway cannot be used before it: a function of its own, without gradient
        todo = (
            [n for n in self.wanted[moment] if n not in self.names]
            if moment in self.done or not self._objective_ahead(moment)
            else [node]
        )
        name = f"values_{len([f for f in self.functions if not f.grad]) + 1}"
        self._make(name, [(self._output_name(n), n) for n in todo], False, span)
        self.actions.append(Run(name, span))

    def _objective_ahead(self, moment: int) -> bool:
        return any(kind == "minimize" and thing[2] == moment for kind, thing in self.pending)

    def _make(self, name: str, named: list[tuple[str, Node]], grad: bool, span: Span) -> None:
        nodes = [node for _, node in named]
        known = {node: leaf for node, leaf in self.assigned.items() if node not in nodes}
        if self.overwritten:
            held = self._held_weights(nodes)
            without = moments.replaced(self.graph, held, {node: self._nothing(node) for node in known})
            moments.check_states(without, self.overwritten, span)
            nodes = moments.replaced(self.graph, nodes, known)
        nodes = moments.plain_names(self.graph, self._held_weights(nodes))
        self.functions.append(
            Function(name, tuple((label, node) for (label, _), node in zip(named, nodes, strict=True)), grad, span)
        )

    def _nothing(self, node: Node) -> Node:
        """Zeros over a node's axes."""
        return self.s.a.spread(self.s.a.cast(self.graph.const(0.0), node.dtype), node.axes)

    def _held_weights(self, nodes: list[Node]) -> list[Node]:
        """Values of an older moment that a function needs come from the function that computed them."""
        made = moments.moment_of(nodes, self.created)
        current = max(made.values(), default=0)
        weighty = moments.weighty(nodes, self.created)
        cut: dict[Node, Node] = {}
        for node in topological(nodes):
            older = weighty[node] and made[node] != current and node not in nodes
            if older and node in self.names and moments.superseded(node, self.created):
                cut[node] = self.graph.leaf(
                    "input", node.axes, node.dtype, node.span, node.label, kind="held", name=self.names[node]
                )
        return moments.replaced(self.graph, nodes, cut) if cut else nodes
