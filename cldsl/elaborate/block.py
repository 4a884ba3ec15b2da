"""The head of a block: its stream, its session, and what the statements hand on to the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cldsl.catalogue import nearest
from cldsl.elaborate import streams
from cldsl.elaborate.axes import axis_name
from cldsl.elaborate.sampling import Sampling, unwritten
from cldsl.elaborate.scope import Consequence, Mistake
from cldsl.elaborate.session import Session
from cldsl.elaborate.shared import Shared
from cldsl.graph.nodes import Function, Graph, Node
from cldsl.semantics.samplers import OPTION
from cldsl.semantics.spots import spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span


class Block:
    """A train block under elaboration: `pending` holds (kind, thing) in the order of the text."""

    def __init__(self, shared: Shared, block: ast.Train, inner: bool = False) -> None:
        self.shared = shared
        self.block = block
        self.inner = inner
        self.name = shared.block_name("train")
        self.graph = Graph()
        self.sampling: Sampling | None = None
        self.data, self.options = self._stream(block)
        self.beside = [self._beside(stream) for stream in block.streams[1:]]
        rows = [(data, batch_rows(options)) for data, options in self.beside]
        self.s = Session(shared, self.graph, "train", self.data, batch_rows(self.options), rows)
        if self.sampling is not None:
            unwritten(self.sampling, block.body)
            if inner and self.sampling.table is not None:
                raise Mistake(
                    block.streams[0].span, "not-executed",
                    "a sampler by a table is not executed by this version in a train block that another enters",
                    "its steps would change from visit to visit", "",
                )  # fmt: skip
            self.s.columns = {**self.s.columns, **{each.name: each for each in self.sampling.columns()}}
            self.s.sizes.update(self.sampling.sizes)
            self.s.layout = self.sampling.layout
        self.actions: list[Any] = []
        self.pending: list[tuple[str, Any]] = []
        self.functions: list[Function] = []
        self.created: dict[tuple[str, int], int] = {}
        self.moment = 0
        self.pushed: dict[str, tuple[int, int]] = {}
        # what the guarded block under elaboration is entered by, and the states that inner blocks have written
        self.guard: tuple[int, str] | None = None
        self.entered: set[str] = set()
        self.guarded_rings: dict[str, Span] = {}
        # what composing.py knows while it makes functions: a value's moment, what each moment must give, the moments
        # whose objective was made, the leaf that stands for a written value, the held name of a value
        self.when_made: dict[Node, int] = {}
        self.wanted: dict[int, list[Node]] = {}
        self.done: set[int] = set()
        self.assigned: dict[Node, Node] = {}
        self.names: dict[Node, str] = {}
        self.taken: set[str] = {"loss"}
        # leaves of states that memory no longer holds, and how often guarded blocks have written each so far
        self.overwritten: set[str] = set()
        self.times: dict[str, int] = {}
        #: the optimiser and the rate of the statements so far, by what exactly they move
        self.steps: dict[frozenset[str], tuple[str, Node]] = {}

    # ---- head

    def _stream(self, block: ast.Train) -> tuple[ast.Data, dict[str, Any]]:
        if not block.streams:
            raise Mistake(
                block.span,
                "stream-missing",
                "a train block names its stream",
                "",
                "write `train on photos(batch = 256, epochs = 100):`",
            )
        stream = block.streams[0]
        data, options = stream_of(self.shared, stream)
        option = option_of(stream, OPTION)
        if option is not None:
            self.sampling = Sampling(self.shared, data, option, Session(self.shared, Graph(), "free", data, None))
            rows = self.sampling.rows(option_of(stream, "batch"))
            options = options if rows is None else {**options, "batch": rows}
        distinct([(data, stream.span), *((stream_of(self.shared, each)[0], each.span) for each in block.streams[1:])])
        if not streams.train_options(self.shared, block, options):
            raise Consequence
        batch = batch_rows(options)
        if self.sampling is not None and batch is not None:
            self.sampling.judge(batch)
        return data, options

    def _beside(self, stream: ast.Stream) -> tuple[ast.Data, dict[str, Any]]:
        """A further stream of each step: it says how many rows a step takes of it, and goes round for itself."""
        data, options = stream_of(self.shared, stream)
        for name in ("epochs", "steps", OPTION):
            option = option_of(stream, name)
            if option is not None:
                raise Mistake(
                    option.span,
                    "stream-option",
                    f"{name} is said by the first stream of a step",
                    "a further stream begins anew when its rows are used up",
                    "remove it, or put this stream first",
                )
        if "batch" not in options:
            raise Mistake(
                stream.span,
                "batch-missing",
                f"how many rows of {data.name} a step has is not said",
                "",
                f"write `{data.name}(batch = 8)`",
            )
        if not streams.stream_options(self.shared, stream.span, options):
            raise Consequence
        return data, options


def distinct(streams: Sequence[tuple[ast.Data, Span]]) -> None:
    """Streams of one step tell their rows and columns apart. Raises Mistake at the later one."""
    axes: dict[str, str] = {}
    columns: dict[str, str] = {}
    for data, span in streams:
        rows = {axis_name(column.axes[0]) for column in data.columns if column.axes}
        for known, names, what in ((axes, rows, "row axis"), (columns, {each.name for each in data.columns}, "column")):
            both = sorted(names & set(known))
            if both:
                raise Mistake(
                    span,
                    "stream-clash",
                    f"the {what} {both[0]} is that of {known[both[0]]}, too",
                    "one step reads both streams, and a name stands for one thing",
                    f"name it differently in one of the two `data` lines: `{both[0]}_2`",
                )
            known.update(dict.fromkeys(names, data.name))


def option_of(stream: ast.Stream, name: str) -> ast.Argument | None:
    """The option of a stream that has this name."""
    arguments = stream.value.arguments if isinstance(stream.value, ast.Call) else ()
    return next((argument for argument in arguments if argument.name == name), None)


def batch_rows(options: Mapping[str, Any]) -> int | None:
    """Rows of a step; None where nothing says, or where it is every row of a source that is not opened."""
    batch = options.get("batch")
    return None if batch is None else int(batch)


def stream_of(shared: Shared, stream: ast.Stream) -> tuple[ast.Data, dict[str, Any]]:
    """The data a block names, and the constant options of its call."""
    expr = stream.value
    options: dict[str, Any] = {}
    whole: list[ast.Argument] = []
    session = Session(shared, Graph(), "free", None, None)
    if stream.condition is not None:
        raise Mistake(
            stream.span, "not-executed", "a filtered stream is not executed by this version", "it parses and checks", ""
        )
    if isinstance(expr, ast.Call) and isinstance(expr.function, ast.Name):
        for argument in expr.arguments:
            if argument.name is None:
                raise Mistake(
                    argument.span, "option-name", "options of a stream have names", "", "write `photos(batch = 256)`"
                )
            if argument.name == OPTION or (argument.name == "batch" and argument.value == ast.Name("all")):
                continue
            options[argument.name] = session.static_option(argument.value)
        whole = [argument for argument in expr.arguments if argument.name == "batch" and "batch" not in options]
        expr = expr.function
    if not isinstance(expr, ast.Name):
        raise Mistake(stream.span, "stream-expected", "a stream is named here", "", "write `photos(batch = 256)`")
    item = session.items.get(expr.id)
    if not isinstance(item, ast.Data):
        raise Mistake(
            expr.span,
            "no-stream",
            f"no stream is called {expr.id}",
            "",
            nearest(expr.id, [d.name for d in shared.declared(ast.Data)]),
        )
    shared.used.add(item.name)
    known = {"batch", "epochs", "steps", "split", "fit", "limit", OPTION}
    for name in options:
        if name not in known:
            raise Mistake(
                spot(stream.span, name, shared.program.sources),
                "no-option",
                f"a stream has no option {name}",
                "",
                nearest(name, known),
            )
    if whole:
        options |= {"batch": shared.rows_of(item, str(options.get("split", "train"))), "whole": True}
    return item, options
