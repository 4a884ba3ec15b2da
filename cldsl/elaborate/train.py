"""A `train` block as a plan: statements in order become actions, values become functions. docs/language.md, section 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cldsl.catalogue import CatalogueError, nearest
from cldsl.elaborate import census, moments, streams
from cldsl.elaborate.reach import members_reached
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.session import Session
from cldsl.elaborate.shared import Shared
from cldsl.elaborate.values import ModelValue, Value
from cldsl.elaborate.watching import watch
from cldsl.graph.nodes import Function, Graph, GraphError, Node, topological
from cldsl.graph.plan import Advance, Assign, Level, Log, Minimize, Mix, Objective, OptimiserPlan, Run, TrainPlan
from cldsl.semantics.spots import argument_span, headword, spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span


class Train:
    """Elaborates one block; `plan` is the result."""

    def __init__(self, shared: Shared, block: ast.Train, number: int) -> None:
        self.shared = shared
        self.block = block
        self.name = f"train_{number}"
        self.graph = Graph()
        self.data, self.options = self._stream(block)
        batch = self.options.get("batch")
        self.s = Session(shared, self.graph, "train", self.data, None if batch is None else int(batch))
        self.actions: list[Any] = []
        self.pending: list[tuple[str, Any]] = []
        self.functions: list[Function] = []
        self.created: dict[tuple[str, int], int] = {}
        self.moment = 0
        self.pushed: dict[str, tuple[int, int]] = {}
        self.logs: list[tuple[ast.Report, Value]] = []

    # ---- head

    def _stream(self, block: ast.Train) -> tuple[ast.Data | None, dict[str, Any]]:
        if len(block.streams) > 1:
            raise Mistake(block.streams[1].span, "not-executed", "several streams in one step are not executed by this version", "they parse and check", "")
        if not block.streams:
            raise Mistake(block.span, "stream-missing", "a train block names its stream", "", "write `train on photos(batch = 256, epochs = 100):`")
        data, options = stream_of(self.shared, block.streams[0])
        if not streams.train_options(self.shared, block, options):
            raise Consequence
        return data, options

    # ---- statements

    def run(self) -> TrainPlan:
        for item in self.block.body:
            self.s.relation_cache = {}
            try:
                self._statement(item)
            except Mistake as mistake:
                self.shared.complain(mistake.diagnostic)
            except GraphError as error:
                self.shared.complain(Diagnostic(item.span, "axes-do-not-meet", str(error), "", "rename one of the axes: `x[item -> j]`"))
            except Consequence:
                pass
        self._reports()
        for axis, (rows, size) in self.pushed.items():
            self.pending.append(("advance", Advance(axis, rows, size)))
        if self.shared.found and any(d.severity == "error" for d in self.shared.found):
            return TrainPlan(self.name, "", (), (), (), (), self.block.span)
        self._functions()
        used = {node.attr("name") for f in self.functions for node in f.inputs if node.attr("kind") == "draw"}
        draws = tuple(plan for plan in self.s.draws.plans.values() if plan.name in used or plan.box in used or any(part[0] in used for part in plan.parts))
        stream = self.data.name if self.data is not None else ""
        return TrainPlan(self.name, stream, tuple(self.options.items()), draws, tuple(self.functions), tuple(self.actions), self.block.span)

    def _statement(self, item: ast.Statement) -> None:
        if isinstance(item, ast.Minimize):
            self._minimize(item)
        elif isinstance(item, ast.Assign):
            self._assign(item)
        elif isinstance(item, ast.Report):
            self.pending.append(("report", item))
        elif isinstance(item, (ast.Let, ast.Draw)):
            for name in [item.name] if isinstance(item, ast.Let) else [name for name, _ in item.targets]:
                self.s.items[name] = item
        elif isinstance(item, (ast.Loop, ast.Every, ast.On, ast.Train)):
            word = headword(item)
            raise Mistake(spot(item.span, word, self.shared.program.sources), "not-executed", f"`{word}` inside a train block is not executed by this version", "it parses and checks", "")
        else:
            raise Mistake(item.span, "statement-expected", "this declaration stands at the file's level", "", "move it out of the block")

    # ---- minimize

    def _minimize(self, item: ast.Minimize) -> None:
        terms = []
        for term in item.terms:
            self.s.minimizing, self.s.anew = True, {}
            self.s.relation_cache = {}
            try:
                value = self.s.value(term.value, Scope())
            finally:
                self.s.minimizing = False
            node = self.present_scalar(value, term.value)
            self.shared.losses.append((node, term.value.span))
            terms.append((term, node, self._members(term, node), watch(self.s, term.value)))
        self.pending.append(("minimize", (item, terms, self.moment)))
        for _, _, members, _ in terms:
            for name, _, _ in members:
                self._moves(name)
        self.s.relation_cache = {}

    def present_scalar(self, value: Value, expr: ast.Expr) -> Node:
        """An objective or report as one number that is there."""
        if value.axes:
            names = ", ".join(value.names)
            raise Mistake(expr.span, "scalar-expected", f"an objective is one number; this has the axes [{names}]", "", "write the reduction: `mean(...)`")
        if value.mask is not None and census.verdict(value.mask) is not True:
            raise Mistake(expr.span, "may-be-absent", "this may be over nothing", "a mean, max or min of an empty set is absent, and an absent objective has no gradient", "write `else 0`, or filter the rows so that the set cannot be empty")
        return self.s.a.cast(value.node, "real")

    def _members(self, term: ast.Term, node: Node) -> list[tuple[str, float, Node | None]]:
        """What the term moves: (model or learn tensor, rate factor, guard)."""
        reached = members_reached(node, self.shared)
        objective = f"minimize at {term.value.span.short}"
        if not term.over:
            if not reached:
                raise Mistake(term.value.span, "no-gradient", "no parameter is reached by this objective's gradient", "every path is cut by `stop`, a state, a copy or an index", "remove the `stop`, or name what should move")
            for name in reached:
                self.shared.reached.setdefault(name, []).append(objective)
            return [(name, 1.0, None) for name in reached]
        members: list[tuple[str, float, Node | None]] = []
        for expr in term.over:
            factor, guard = 1.0, None
            inner: ast.Expr = expr
            if isinstance(inner, ast.Choose):
                guard = self.s.scalar(inner.condition, "a guard")
                inner = inner.then
            if isinstance(inner, ast.Binary) and inner.op == "*":
                factor = float(self.s.static_option(inner.left))
                inner = inner.right
            for name in self._named(inner):
                if name not in reached:
                    raise Mistake(expr.span, "unreached", f"the objective's gradient does not reach {name}", "it moves nothing", f"reached: {', '.join(reached) or 'nothing'}")
                self.shared.reached.setdefault(name, []).append(objective)
                members.append((name, factor, guard))
        return members

    def _named(self, expr: ast.Expr) -> list[str]:
        if isinstance(expr, ast.Name):
            item = self.s.items.get(expr.id)
            if isinstance(item, ast.Cell) and item.kind == "learn":
                return [expr.id]
        thing = self.s.thing(expr, Scope())
        if isinstance(thing, ModelValue):
            return [plan.name for plan in thing.plans]
        raise Mistake(expr.span, "member-expected", "`over` lists models and learn tensors", "", "name models or learn tensors: `over f, g`")

    def _moves(self, name: str) -> None:
        version = self.s.versions.get(name, 0) + 1
        self.s.versions[name] = version
        self.created[(name, version)] = self.moment + 1

    def _optimiser(self, term: ast.Term, members: Sequence[tuple[str, float, Node | None]]) -> tuple[str, Node]:
        from cldsl.runtime.optimisers import catalog

        call = term.by
        while isinstance(call, ast.Name) and isinstance(self.s.items.get(call.id), ast.Let):
            let = self.s.items[call.id]
            assert isinstance(let, ast.Let)
            self.shared.used.add(call.id)
            call = let.value
        if call is None:
            raise Mistake(term.span, "optimiser-missing", "`minimize` says by which optimiser", "", "write `by adam(lr = 1e-3)`")
        if not isinstance(call, ast.Call) or not isinstance(call.function, ast.Name):
            raise Mistake(call.span, "optimiser-expected", "an optimiser is applied to its options", "", "write `by adam(lr = 1e-3)`")
        rate: Node | None = None
        named: dict[str, Any] = {}
        positional: list[Any] = []
        for place, argument in enumerate(call.arguments):
            if argument.name == "lr" or (argument.name is None and place == 0):
                rate = self.s.scalar(argument.value, "a rate")
            elif argument.name is None:
                positional.append(self.s.static_option(argument.value))
            else:
                named[argument.name] = self.s.static_option(argument.value)
        if rate is None:
            raise Mistake(call.span, "rate-missing", "an optimiser needs a rate", "", f"write `{call.function.id}(lr = 1e-3)`")
        try:
            entry = catalog.optimiser_entry(call.function.id)
            bound = catalog.bind_optimiser(entry, [0.0, *positional], named)
        except CatalogueError as error:
            raise Mistake(argument_span(call, error.message), "optimiser", error.message, "", error.mend) from error
        options = tuple((name, value) for name, value in bound.items() if name != "lr")
        name = f"by_{len(self.shared.optimisers) + 1}"
        self.shared.optimisers.append(OptimiserPlan(name, entry.name, options, tuple((n, factor) for n, factor, _ in members), term.span))
        return name, rate

    # ---- assignments

    def _assign(self, item: ast.Assign) -> None:
        name, index = self._target(item)
        model = self.s.items.get(name)
        if isinstance(model, ast.Model):
            self._mix(item, name)
            return
        cell = model
        if not isinstance(cell, ast.Cell):
            raise Mistake(item.place.span, "not-assignable", f"{name} is no state, learn tensor or copy", "only these are moved by `<-`", "assign to a state, a learn tensor or a copy")
        self.shared.used.add(name)
        current = self.s.cell(cell, item.span)
        value, mask = self._new_value(item, cell, current, index)
        self.shared.trained.append(value)
        self.pending.append(("assign", (item, cell, value, mask, self.moment)))
        if cell.kind == "state":
            self.s.now[name] = Value(value, mask, target=cell.target)
        else:
            self.s.minimizing = False
            self.moment += 1
            version = self.s.versions.get(name, 0) + 1
            self.s.versions[name] = version
            self.created[(name, version)] = self.moment
        self._stale(item, name)

    def _target(self, item: ast.Assign) -> tuple[str, ast.Select | None]:
        place = item.place
        if isinstance(place, ast.Name):
            return place.id, None
        if isinstance(place, ast.Index) and isinstance(place.value, ast.Name) and len(place.items) == 1 and isinstance(place.items[0], ast.Select):
            return place.value.id, place.items[0]
        raise Mistake(place.span, "place-expected", "left of `<-` stands a state, or rows of it", "", "write `Q <- e` or `s[sample = id] <- e`")

    def _new_value(self, item: ast.Assign, cell: ast.Cell, current: Value, index: ast.Select | None) -> tuple[Node, Node | None]:
        s = self.s
        call = item.value
        if index is None and isinstance(call, ast.Call) and isinstance(call.function, ast.Index) and isinstance(call.function.value, ast.Name) and call.function.value.id == "push":
            return self._push(call, cell, current)
        value = s.value(call, Scope())
        node = s.a.cast(value.node, current.node.dtype)
        if index is None:
            self._same_axes(node, current.node, item)
            if value.mask is not None and current.mask is None:
                kept = self.graph.make("where", value.mask, node, current.node)
                return self._stopped(kept), None
            mask = None if current.mask is None else s.a.spread(value.mask if value.mask is not None else self.graph.const(True), current.mask.axes)
            return self._stopped(s.a.spread(node, current.node.axes)), mask
        if index.axis not in current.names:
            raise Mistake(index.span, "no-axis", f"{cell.name} has no axis {index.axis}", f"its axes are {', '.join(current.names) or 'none'}", nearest(index.axis, current.names))
        axis = current.node.axis(index.axis)
        place = s.value(index.value, Scope())
        if len(place.axes) != 1:
            raise Mistake(index.span, "index-axes", "rows are written at an index over one axis", "", "write rows at an index with one axis: `s[sample = id] <- e`")
        rest = [each for each in current.axes if each.name != axis.name]
        wanted = {each.name for each in rest} | set(place.names)
        if not set(node.names) <= wanted:
            extra = sorted(set(node.names) - wanted)
            raise Mistake(item.value.span, "axes-do-not-meet", f"the value has the axis {extra[0]}, which {cell.name} has not", "", "reduce it first: `mean[v](...)`")
        row = s.a.spread(node, [*rest, *place.axes])
        if value.mask is not None:
            old = s.a._at(current.node, axis, place.node)
            row = self.graph.make("where", value.mask, row, old)
        put = self.graph.make("put", current.node, place.node, self._stopped(row), axis=axis.name, span=item.span)
        mask = None
        if current.mask is not None:
            here = s.a.spread(value.mask if value.mask is not None else self.graph.const(True), place.axes)
            mask = self.graph.make("put", current.mask, place.node, here, axis=axis.name)
        return put, mask

    def _same_axes(self, node: Node, wanted: Node, item: ast.Assign) -> None:
        extra = [name for name in node.names if name not in wanted.names]
        if extra:
            raise Mistake(item.value.span, "axes-do-not-meet", f"the value has the axis {extra[0]}, which its target has not", f"the target has {', '.join(wanted.names)}", "reduce or select it first")

    def _push(self, call: ast.Call, cell: ast.Cell, current: Value) -> tuple[Node, Node | None]:
        """`push[slot](Q, k)`: rows of k along the axis that Q lacks, written at the ring's pointer."""
        s = self.s
        assert isinstance(call.function, ast.Index)
        (ring,) = s.library.axes_of(call.function.items, Scope(), ())
        plain = [argument.value for argument in call.arguments if argument.name is None]
        s.library.options(call, 2, "order")
        order = s.library.option(call, "order", "ring", Scope())
        if order not in ("ring", "front"):
            raise Mistake(call.span, "push-order", f'order is "ring" or "front", not {order!r}', "", 'write `order = "ring"` or `order = "front"`')
        if len(plain) != 2 or not isinstance(plain[0], ast.Name) or plain[0].id != cell.name:
            raise Mistake(call.span, "push", "push takes the state that is assigned, then rows", "", f"write `{cell.name} <- push[{ring}]({cell.name}, rows)`")
        rows = s.value(plain[1], Scope())
        if ring not in current.names:
            raise Mistake(call.span, "no-axis", f"{cell.name} has no axis {ring}", "", "name an axis that it has")
        extra = [axis for axis in rows.axes if axis.name not in current.names]
        if len(extra) != 1 or extra[0].size is None:
            raise Mistake(call.span, "push-rows", "the pushed rows lie along one axis that the state lacks", f"they have {', '.join(rows.names)}", "select or merge axes until one is left: `k[(v, item) -> row]`")
        size = current.node.axis(ring).size
        if size is None or extra[0].size > size:
            raise Mistake(call.span, "push-size", f"{extra[0].size} rows do not fit into {size} slots", "", "take a longer ring")
        node = self._stopped(s.a._renamed(s.a.cast(rows.node, current.node.dtype), {extra[0].name: ring}))
        pointer = self.graph.leaf("input", (), "int", call.span, f"{ring}_pointer", kind="pointer", name=ring)
        new = self.graph.make("push", current.node, node, pointer, axis=ring, order=order, span=call.span)
        mask = None
        if current.mask is not None:
            here = rows.mask if rows.mask is not None else self.graph.const(True)
            here = s.a._renamed(s.a.spread(here, [extra[0]]), {extra[0].name: ring})
            here = s.a.spread(here, [axis for axis in current.mask.axes if axis.name != ring])
            mask = self.graph.make("push", current.mask, here, pointer, axis=ring, order=order)
        if order == "ring":
            self.pushed[ring] = (extra[0].size, size)
        return new, mask

    def _stopped(self, node: Node) -> Node:
        return node if node.op in ("stop", "input", "const") else self.graph.make("stop", node)

    def _mix(self, item: ast.Assign, name: str) -> None:
        """`t <- mix(t, f, keep)` or `t <- f`."""
        target = self.s.top(name, item.span)
        assert isinstance(target, ModelValue)
        call = item.value
        keep: Node = self.graph.const(0.0)
        sources: list[ast.Expr]
        if isinstance(call, ast.Call) and isinstance(call.function, ast.Name) and call.function.id == "mix":
            plain = [a.value for a in call.arguments if a.name is None]
            named = {a.name: a.value for a in call.arguments if a.name is not None}
            if len(plain) == 3:
                named["keep"] = plain.pop()
            if len(plain) != 2 or set(named) != {"keep"} or plain[0] != ast.Name(name):
                raise Mistake(call.span, "mix", "mix takes the copy, what it follows, and how much it keeps", "", f"write `{name} <- mix({name}, f, keep = 0.99)`")
            keep = self.s.scalar(named["keep"], "the kept share")
            sources = list(plain[1].items) if isinstance(plain[1], ast.TupleOf) else [plain[1]]
        else:
            sources = list(call.items) if isinstance(call, ast.TupleOf) else [call]
        if any(plan.kind == "module" for plan in target.plans) and self.shared.models[target.plans[0].name].kind == "module":
            raise Mistake(item.place.span, "not-a-copy", f"{name} is trained; `<-` moves copies", "", f"declare `model t = copy({name})`")
        models = [self.s.thing(source, Scope()) for source in sources]
        if not all(isinstance(model, ModelValue) for model in models) or len(models) != len(target.plans):
            raise Mistake(call.span, "mix", f"{name} holds {len(target.plans)} model(s), {len(models)} given", "", "name a model for each part")
        pairs = tuple((plan.name, model.plan.name) for plan, model in zip(target.plans, models, strict=True) if isinstance(model, ModelValue))
        self.pending.append(("mix", Mix(pairs, keep, item.span)))
        self.moment += 1
        for own, _ in pairs:
            version = self.s.versions.get(own, 0) + 1
            self.s.versions[own] = version
            self.created[(own, version)] = self.moment

    def _stale(self, item: ast.Assign, name: str) -> None:
        """A held value that read this state before now, and that a later statement reads again."""
        position = next((n for n, each in enumerate(self.block.body) if each is item), len(self.block.body))
        for let, held in self.s.held.items():
            if not any(kind == "state" and what == name for kind, what, _ in held.needs):
                continue
            for later in self.block.body[position + 1 :]:
                if isinstance(later, ast.Report):
                    continue
                for node in ast.walk(later):
                    if isinstance(node, ast.Name) and node.id == let and isinstance(later, ast.Minimize):
                        self.shared.warn(node.span, "stale", f"{let} was read from {name} before {name} was written at {item.span.short}", "a held value is not evaluated anew when a state changes", "move the assignment below, or write the formula where it is used")

    # ---- reports

    def _reports(self) -> None:
        """Evaluated last, from what is held."""
        pending = self.pending
        for n, (kind, thing) in enumerate(pending):
            if kind != "report":
                continue
            try:
                value = self.s.value(thing.value, Scope())
                pending[n] = ("log", (thing, self._report_value(value, thing), self.moment))
            except Mistake as mistake:
                self.shared.complain(mistake.diagnostic)
            except Consequence:
                pass

    def _report_value(self, value: Value, item: ast.Report) -> Node:
        if value.axes and self.shared.given == {} and not item.axes:
            raise Mistake(item.value.span, "scalar-expected", f"a report of a step is one number; this has the axes [{', '.join(value.names)}]", "", "write `mean(...)`")
        node = self.s.a.cast(value.node, "real") if value.node.dtype == "bool" else value.node
        if value.mask is not None:
            node = self.graph.make("where", value.mask, self.s.a.cast(node, "real"), self.graph.const(float("nan")))
        return self._stopped(node)

    # ---- functions

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

    def _emit(self, kind: str, thing: Any, when_made: dict[Node, int], outputs: dict[int, dict[Node, str]], done: set[int], assigned: dict[Node, Node], names: dict[Node, str]) -> None:
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
                    assigned[mask] = self.graph.leaf("input", plan.mask_axes, "bool", cell.span, f"{cell.name}_present", kind="present", name=cell.name)
        elif kind == "log":
            item, node, _ = thing
            self._ready(node, item.span, when_made, outputs, done, assigned, names)
            self.actions.append(Log(item.name, names[node], item.span))

    def _emit_minimize(self, thing: Any, when_made: dict[Node, int], outputs: dict[int, dict[Node, str]], done: set[int], assigned: dict[Node, Node], names: dict[Node, str]) -> None:
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

    def _ready(self, node: Node, span: Span, when_made: dict[Node, int], outputs: dict[int, dict[Node, str]], done: set[int], assigned: dict[Node, Node], names: dict[Node, str]) -> None:
        """Run the function of the node's moment, unless its objective holds the node already."""
        if node in names:
            return
        moment = when_made[node]
        # what this moment's later minimize will compute anyway cannot be used before it: a function of its own, without gradient
        todo = [n for n in outputs[moment] if n not in names] if moment in done or not self._objective_ahead(moment) else [node]
        name = f"values_{len([f for f in self.functions if not f.grad]) + 1}"
        self._make(name, [(self._output_name(n, names), n) for n in todo], False, span, assigned, names)
        self.actions.append(Run(name, span))

    def _objective_ahead(self, moment: int) -> bool:
        return any(kind == "minimize" and thing[2] == moment for kind, thing in self.pending)

    def _make(self, name: str, named: list[tuple[str, Node]], grad: bool, span: Span, assigned: dict[Node, Node], names: dict[Node, str]) -> None:
        nodes = [node for _, node in named]
        known = {node: leaf for node, leaf in assigned.items() if node not in nodes}
        if assigned:
            fresh = set(map(id, known.values()))
            moments.check_states(
                [n for n in moments.replaced(self.graph, nodes, {k: self._nothing(k) for k in known})], [leaf.attr("name") for leaf in known.values()], span
            ) if fresh else None
            nodes = moments.replaced(self.graph, nodes, known)
        nodes = self._held_weights(nodes, names, span)
        nodes = moments.plain_names(self.graph, nodes)
        self.functions.append(Function(name, tuple((label, node) for (label, _), node in zip(named, nodes, strict=True)), grad, span))

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
                cut[node] = self.graph.leaf("input", node.axes, node.dtype, node.span, node.label, kind="held", name=names[node])
        return moments.replaced(self.graph, nodes, cut) if cut else nodes

    def _superseded(self, node: Node) -> bool:
        for each in topological([node]):
            version = moments.version_of(each)
            if version is not None and (version[0], version[1] + 1) in self.created:
                return True
        return False


def stream_of(shared: Shared, stream: ast.Stream) -> tuple[ast.Data, dict[str, Any]]:
    """The data a block names, and the constant options of its call."""
    expr = stream.value
    options: dict[str, Any] = {}
    session = Session(shared, Graph(), "free", None, None)
    if stream.condition is not None:
        raise Mistake(stream.span, "not-executed", "a filtered stream is not executed by this version", "it parses and checks", "")
    if isinstance(expr, ast.Call) and isinstance(expr.function, ast.Name):
        for argument in expr.arguments:
            if argument.name is None:
                raise Mistake(argument.span, "option-name", "options of a stream have names", "", "write `photos(batch = 256)`")
            options[argument.name] = session.static_option(argument.value)
        expr = expr.function
    if not isinstance(expr, ast.Name):
        raise Mistake(stream.span, "stream-expected", "a stream is named here", "", "write `photos(batch = 256)`")
    item = session.items.get(expr.id)
    if not isinstance(item, ast.Data):
        raise Mistake(expr.span, "no-stream", f"no stream is called {expr.id}", "", nearest(expr.id, [d.name for d in shared.declared(ast.Data)]))
    shared.used.add(item.name)
    known = {"batch", "epochs", "steps", "split", "fit", "limit"}
    for name in options:
        if name not in known:
                raise Mistake(spot(stream.span, name, shared.program.sources), "no-option", f"a stream has no option {name}", "", nearest(name, known))
    return item, options
