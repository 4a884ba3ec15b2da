"""From what the statements need to functions and actions: values of one moment are outputs of one function."""

from __future__ import annotations

from typing import Any

from cldsl.elaborate import moments
from cldsl.elaborate.assigning import Assignments
from cldsl.graph.nodes import Function, Node, topological
from cldsl.graph.plan import Assign, Level, Log, Minimize, Objective, Run
from cldsl.syntax.diagnostics import Span


class Composing(Assignments):
    """Functions and actions of a block."""

    def _functions(self) -> None:
        """Group what the actions need by moment, make the functions, and write the actions."""
        order: list[tuple[str, Any]] = self.pending
        needed: list[tuple[Node, int]] = []
        for kind, thing in order:
            needed += [(node, when) for node, when in self._needs(kind, thing)]
        when_made = moments.moment_of([node for node, _ in needed], self.created)
        outputs: dict[int, dict[Node, str]] = {}
        for node, _ in needed:
            outputs.setdefault(when_made[node], {}).setdefault(node, f"value_{len(outputs.get(when_made[node], {}))}")
        done: set[int] = set()
        assigned: dict[Node, Node] = {}
        names: dict[Node, str] = {}
        for kind, thing in order:
            self._emit(kind, thing, when_made, outputs, done, assigned, names)

    def _needs(self, kind: str, thing: Any) -> list[tuple[Node, int]]:
        if kind == "minimize":
            _, terms, moment = thing
            return [(node, moment) for _, node, _, _ in terms[1:]] if len(terms) > 1 else []
        if kind == "assign":
            _, _, value, mask, moment = thing
            return [(value, moment)] + ([(mask, moment)] if mask is not None else [])
        if kind == "log":
            _, node, moment = thing
            return [(node, moment)]
        return []

    def _emit(
        self,
        kind: str,
        thing: Any,
        when_made: dict[Node, int],
        outputs: dict[int, dict[Node, str]],
        done: set[int],
        assigned: dict[Node, Node],
        names: dict[Node, str],
    ) -> None:
        if kind in ("mix", "advance"):
            self.actions.append(thing)
        elif kind == "minimize":
            self._emit_minimize(thing, when_made, outputs, done, assigned, names)
        elif kind == "assign":
            item, cell, value, mask, _ = thing
            self._ready(value, item.span, when_made, outputs, done, assigned, names)
            if mask is not None:
                self._ready(mask, item.span, when_made, outputs, done, assigned, names)
            self.actions.append(Assign(cell.name, names[value], None if mask is None else names[mask], item.span))
            # the tensor keeps its own order of axes, whatever the value's
            plan = self.s.draws.tensor(cell)
            leaf = self.graph.leaf("input", plan.axes, value.dtype, cell.span, cell.name, kind="state", name=cell.name)
            if cell.kind == "state":
                assigned[value] = leaf
                if mask is not None:
                    assigned[mask] = self.graph.leaf(
                        "input",
                        plan.mask_axes,
                        "bool",
                        cell.span,
                        f"{cell.name}_present",
                        kind="present",
                        name=cell.name,
                    )
        elif kind == "log":
            item, node, _ = thing
            self._ready(node, item.span, when_made, outputs, done, assigned, names)
            self.actions.append(Log(item.name, names[node], item.span))

    def _emit_minimize(
        self,
        thing: Any,
        when_made: dict[Node, int],
        outputs: dict[int, dict[Node, str]],
        done: set[int],
        assigned: dict[Node, Node],
        names: dict[Node, str],
    ) -> None:
        item, terms, moment = thing
        objectives = []
        for place, (term, node, members, watched) in enumerate(terms):
            optimiser, rate = self._optimiser(term, members)
            held = [] if place or moment in done else [n for n in outputs.get(moment, {}) if n not in names]
            named = [("loss", node)] + [(self._output_name(n, names), n) for n in held]
            function = f"objective_{len([f for f in self.functions if f.grad]) + 1}"
            self._make(function, named, True, term.span, assigned, names)
            if not place:
                done.add(moment)
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

    def _output_name(self, node: Node, names: dict[Node, str]) -> str:
        stem = node.label or (node.inputs[0].label if node.op == "stop" and node.inputs else "") or "held"
        name, n = stem, 1
        while name in names.values() or name == "loss":
            n += 1
            name = f"{stem}_{n}"
        names[node] = name
        return name

    def _ready(
        self,
        node: Node,
        span: Span,
        when_made: dict[Node, int],
        outputs: dict[int, dict[Node, str]],
        done: set[int],
        assigned: dict[Node, Node],
        names: dict[Node, str],
    ) -> None:
        """Run the function of the node's moment, unless its objective holds the node already."""
        if node in names:
            return
        moment = when_made[node]
        # what this moment's later minimize will compute anyway cannot be used before it: a function of its own, without gradient
        todo = (
            [n for n in outputs[moment] if n not in names]
            if moment in done or not self._objective_ahead(moment)
            else [node]
        )
        name = f"values_{len([f for f in self.functions if not f.grad]) + 1}"
        self._make(name, [(self._output_name(n, names), n) for n in todo], False, span, assigned, names)
        self.actions.append(Run(name, span))

    def _objective_ahead(self, moment: int) -> bool:
        return any(kind == "minimize" and thing[2] == moment for kind, thing in self.pending)

    def _make(
        self,
        name: str,
        named: list[tuple[str, Node]],
        grad: bool,
        span: Span,
        assigned: dict[Node, Node],
        names: dict[Node, str],
    ) -> None:
        nodes = [node for _, node in named]
        known = {node: leaf for node, leaf in assigned.items() if node not in nodes}
        if assigned:
            fresh = set(map(id, known.values()))
            moments.check_states(
                [n for n in moments.replaced(self.graph, nodes, {k: self._nothing(k) for k in known})],
                [leaf.attr("name") for leaf in known.values()],
                span,
            ) if fresh else None
            nodes = moments.replaced(self.graph, nodes, known)
        nodes = self._held_weights(nodes, names, span)
        nodes = moments.plain_names(self.graph, nodes)
        self.functions.append(
            Function(name, tuple((label, node) for (label, _), node in zip(named, nodes, strict=True)), grad, span)
        )

    def _nothing(self, node: Node) -> Node:
        """Zeros over a node's axes."""
        return self.s.a.spread(self.s.a.cast(self.graph.const(0.0), node.dtype), node.axes)

    def _held_weights(self, nodes: list[Node], names: dict[Node, str], span: Span) -> list[Node]:
        """Values of an older moment that a function needs come from the function that computed them."""
        current = max(moments.moment_of(nodes, self.created).values(), default=0)
        older = moments.moment_of(nodes, self.created)
        weighty = moments.weighty(nodes)
        cut: dict[Node, Node] = {}
        for node in topological(nodes):
            if not weighty[node] or older[node] == current or node in nodes:
                continue
            if self._superseded(node):
                if node not in names:
                    if any(weighty[each] and self._superseded(each) for each in node.inputs):
                        continue
                    continue
                cut[node] = self.graph.leaf(
                    "input", node.axes, node.dtype, node.span, node.label, kind="held", name=names[node]
                )
        return moments.replaced(self.graph, nodes, cut) if cut else nodes

    def _superseded(self, node: Node) -> bool:
        for each in topological([node]):
            version = moments.version_of(each)
            if version is not None and (version[0], version[1] + 1) in self.created:
                return True
        return False
