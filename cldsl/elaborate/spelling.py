"""Misspelt names in what the elaborator did not come by: defs that nothing applies, constructs of a later version.

Input: a Program. Output: diagnostics. Names are looked up generously (a name bound anywhere in an item counts in all of it): what is
elaborated is judged exactly there, and this reading must not contradict it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cldsl.catalogue import Entry, find, nearest
from cldsl.elaborate import vocabulary
from cldsl.elaborate.vocabulary import Vocabulary
from cldsl.semantics.program import Program
from cldsl.semantics.samplers import OPTION, called_sampler
from cldsl.semantics.spots import spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span


def judge(program: Program, later: Iterable[str] = ()) -> list[Diagnostic]:
    """Unknown names, functions, axes, attributes and arguments in the program. later: names that count as known."""
    words = vocabulary.of_program(program)
    words.names.update(later)
    words.axes.update(later)
    words.attributes.update(later)
    functions = vocabulary.functions()
    found: list[Diagnostic] = []
    for item in program.body:
        _Reader(program.sources, words, functions, found).item(item)
    return found


class _Reader:
    """Reads one item of the file; `local` are the names bound anywhere in it."""

    def __init__(
        self, sources: Mapping[str, str], words: Vocabulary, functions: set[str], found: list[Diagnostic]
    ) -> None:
        self.sources = sources
        self.words = words
        self.functions = functions
        self.found = found
        self.local: set[str] = set()

    def item(self, item: ast.Statement) -> None:
        self.local = {name for node in ast.walk(item) for name in vocabulary.bound(node)}
        if isinstance(item, ast.Contrast):
            self.local |= self.words.contrasts.get(item.name, frozenset())
        if isinstance(item, ast.Contrast) and item.parent is not None and item.parent not in self.words.names:
            self._say(
                spot(item.span, item.parent, self.sources, "from"),
                "no-contrast",
                f"there is no contrast {item.parent}",
                item.parent,
                self.words.names,
            )
        self._node(item)

    def _node(self, node: ast.Node) -> None:
        if isinstance(node, ast.Model):
            self._model(node)
        elif isinstance(node, ast.Term):
            self._node(node.value)
            self._several(node.over)
            self._optimiser(node)
        elif isinstance(node, (ast.Train, ast.On)):
            self._several(node.streams)
            for line in node.body:
                if isinstance(node, ast.On) and isinstance(line, ast.Report):
                    self._report(line)
                else:
                    self._node(line)
        elif isinstance(node, ast.Stream):
            self._stream(node)
        elif isinstance(node, ast.Domain):
            return
        elif isinstance(node, ast.Cell) and node.target is not None and node.target not in self.words.axes:
            self._axis(node.span, node.target)
            self._several(ast.children(node))
        else:
            self._expression(node)

    def _expression(self, node: ast.Node) -> None:
        if isinstance(node, ast.Name):
            self._name(node)
        elif isinstance(node, ast.Attribute):
            self._node(node.value)
            if isinstance(node.value, ast.Name) and node.value.id in self.words.models:
                return  # a parameter of the model, perhaps
            if node.name not in self.words.attributes and node.name not in self.local:
                self._say(
                    _after_dot(node, self.sources),
                    "no-such-attribute",
                    f"nothing has an attribute {node.name}",
                    node.name,
                    self.words.attributes,
                )
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.Index):
            self._node(node.value)
            self._brackets(node.items, isinstance(node.value, ast.Name) and node.value.id in self.functions)
        else:
            self._several(ast.children(node))

    def _several(self, nodes: Iterable[ast.Node]) -> None:
        for each in nodes:
            if isinstance(each, (ast.AxisName, ast.Select, ast.Slice, ast.Rename)):
                self._brackets((each,), True, declares=True)
            else:
                self._node(each)

    # ---- names

    def _name(self, node: ast.Name) -> None:
        words = self.words
        if (
            node.id not in words.names
            and node.id not in self.local
            and node.id not in words.axes
            and node.id not in vocabulary.LITERALS
        ):
            self._say(
                node.span,
                "unknown-name",
                f"nothing is called {node.id}",
                node.id,
                words.names | self.local | words.axes,
            )

    def _call(self, node: ast.Call) -> None:
        target = node.function
        items: tuple[ast.AxisItem, ...] = ()
        if isinstance(target, ast.Index):
            items, target = target.items, target.value
        self._brackets(items, True)
        if isinstance(target, ast.Name):
            name = target.id
            if name not in self.words.names and name not in self.local and name not in self.functions:
                self._say(
                    target.span,
                    "unknown-function",
                    f"no function is called {name}",
                    name,
                    self.words.names | self.functions,
                )
            elif name in self.words.defs and name not in self.local:
                self._arguments(node, [parameter.name for parameter in self.words.defs[name].parameters], name)
        else:
            self._node(target)
        self._several(argument.value for argument in node.arguments)

    def _arguments(self, node: ast.Call, known: Sequence[str], name: str) -> None:
        for argument in node.arguments:
            if argument.name is not None and argument.name not in known:
                self._say(
                    argument.span, "no-such-argument", f"{name} has no argument {argument.name}", argument.name, known
                )

    def _brackets(self, items: Sequence[ast.AxisItem], operator: bool, declares: bool = False) -> None:
        for item in items:
            if isinstance(item, ast.AxisName):
                known = (
                    item.name in self.words.axes
                    or item.name in self.local
                    or (not operator and item.name in self.words.names)
                )
                if not known:
                    self._axis(item.span, item.name)
                if item.condition is not None:
                    self._node(item.condition)
            elif isinstance(item, (ast.Select, ast.Slice)):
                if item.axis not in self.words.axes:
                    self._axis(item.span, item.axis)
                self._several(ast.children(item))
            elif isinstance(item, ast.Rename):
                for name in item.old:
                    if name not in self.words.axes:
                        self._axis(item.span, name)
                self._several(size for _, size in item.new if size is not None)
            else:
                self._node(item)

    def _axis(self, span: Span, name: str) -> None:
        self._say(spot(span, name, self.sources), "no-axis", f"no axis is called {name}", name, self.words.axes)

    # ---- entries of registries

    def _entry(self, node: ast.Call, entries: Sequence[Entry], what: str, code: str, also: Sequence[str] = ()) -> None:
        from cldsl.catalogue import CatalogueError

        assert isinstance(node.function, ast.Name)
        try:
            entry = find(entries, node.function.id, what)
        except CatalogueError as error:
            self.found.append(Diagnostic(node.function.span, code, error.message, "", error.mend))
            return
        if not getattr(entry, "open", False):
            self._arguments(node, [*(parameter.name for parameter in entry.parameters), *also], entry.name)

    def _model(self, node: ast.Model) -> None:
        from cldsl.modules.catalog import MODULES

        for axis in (*(node.consumes or ()), *(axis for each in node.further for axis in each)):
            if isinstance(axis, ast.AxisName) and axis.name not in self.words.axes:
                self._axis(axis.span, axis.name)
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.function, ast.Name):
            if call.function.id not in vocabulary.PLACED:
                self._entry(call, MODULES, "model", "model-arguments")
            inner: list[ast.Node] = [argument.value for argument in call.arguments]
            for each in inner:
                if isinstance(each, ast.Call) and call.function.id in vocabulary.PLACED:
                    self._model(ast.Model(node.name, (), (), (), each, span=node.span))
                else:
                    self._node(each)
        else:
            message = "a model is an entry of the registry applied to its options"
            self.found.append(
                Diagnostic(
                    call.span,
                    "model-expected",
                    message,
                    "",
                    "write `model f(channel, row, column -> width) = resnet(18)`",
                )
            )

    def _optimiser(self, node: ast.Term) -> None:
        from cldsl.runtime.optimisers.catalog import OPTIMISERS

        call = node.by
        if isinstance(call, ast.Call) and isinstance(call.function, ast.Name):
            self._entry(call, OPTIMISERS, "optimiser", "optimiser")
            self._several(argument.value for argument in call.arguments)
        elif call is not None:
            self._node(call)

    def _report(self, node: ast.Report) -> None:
        from cldsl.metrics.catalog import METRICS

        call = node.value
        self._brackets(node.axes, True)
        if isinstance(call, ast.Call) and isinstance(call.function, ast.Name):
            name = call.function.id
            if name not in self.words.names and name not in self.local and name not in self.functions:
                self._entry(call, METRICS, "metric", "unknown-function", ("fit",))
                self._several(argument.value for argument in call.arguments)
                return
            if any(name in (entry.name, *entry.aliases) for entry in METRICS) and name not in self.words.names:
                self._several(argument.value for argument in call.arguments)
                return
        self._node(call)

    def _stream(self, node: ast.Stream) -> None:
        if isinstance(node.value, ast.Call):
            self._node(node.value.function)
            for argument in node.value.arguments:
                if argument.name == "batch" and argument.value == ast.Name("all"):
                    continue
                called = called_sampler(argument.value) if argument.name == OPTION else None
                # the sampler's own name and arguments are judged where it is elaborated
                self._several(each.value for each in (called[1].arguments if called is not None else (argument,)))
        else:
            self._node(node.value)
        if node.condition is not None:
            self._node(node.condition)

    def _say(self, span: Span, code: str, message: str, name: str, known: Iterable[str]) -> None:
        self.found.append(Diagnostic(span, code, message, "", nearest(name, known)))


def _after_dot(node: ast.Attribute, sources: Mapping[str, str]) -> Span:
    """The attribute's name: the last word of the expression."""
    if not sources.get(node.span.file):
        return node.span
    return Span(
        node.span.file,
        node.span.end_line,
        max(1, node.span.end_column - len(node.name)),
        node.span.end_line,
        node.span.end_column,
    )
