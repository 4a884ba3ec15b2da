"""What all blocks of a program share while they are elaborated: models as they become known, tensors, sizes, diagnostics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from functools import cached_property
from typing import Any

from cldsl.catalogue import CatalogueError
from cldsl.data import catalog as data_catalog
from cldsl.elaborate.axes import axes_declared
from cldsl.elaborate.scope import Consequence, Mistake
from cldsl.graph.nodes import Axis, GraphError, Node
from cldsl.graph.plan import ModelPlan, OptimiserPlan, TensorPlan
from cldsl.semantics.program import Program, declared
from cldsl.semantics.samplers import sampled_columns
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span
from cldsl.syntax.record import record


@record(frozen=True)
class Given:
    """A value supplied from outside in place of a definition: its axes with sizes, its dtype, whether a mask comes with it."""

    axes: tuple[Axis, ...]
    dtype: str = "real"


@record()
class ModelInfo:
    """A declared model; sizes of its axes are filled in at its first application."""

    name: str
    kind: str
    entry: str
    args: tuple[Any, ...]
    named: tuple[tuple[str, Any], ...]
    consumes: tuple[str, ...]
    produces: tuple[str, ...]
    of: str | None
    family: Axis | None
    span: Span
    sizes_in: tuple[int | None, ...] | None = None
    sizes_out: tuple[int | None, ...] | None = None
    batch_statistics: bool = False
    applied: bool = False
    #: named outputs with their axes; the module then makes one vector, all of them one after another
    outputs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    #: the sizes of each output, where they are known
    shapes: tuple[tuple[int | None, ...], ...] = ()
    #: what it consumes of its second and later arguments; `sizes_in` holds the sizes of all arguments, one after the other
    further: tuple[tuple[str, ...], ...] = ()

    def known_size(self, axis: str) -> int | None:
        """The size of an axis that it makes."""
        named = self.outputs or (("", self.produces),)
        sizes = {
            each: size
            for (_, axes), own in zip(named, self.shapes or ((None,) * len(axes) for _, axes in named), strict=True)
            for each, size in zip(axes, own, strict=True)
        }
        return sizes.get(axis)

    @property
    def taken(self) -> tuple[str, ...]:
        """The axes consumed of all arguments."""
        return (*self.consumes, *(name for each in self.further for name in each))

    def plan(self) -> ModelPlan:
        ins = self.sizes_in or (None,) * len(self.taken)
        outs = self.sizes_out or (None,) * len(self.produces)
        return ModelPlan(
            self.name, self.kind, self.entry, self.args, self.named,
            tuple(Axis(n, s) for n, s in zip(self.taken, ins, strict=True)),
            tuple(Axis(n, s) for n, s in zip(self.produces, outs, strict=True)),
            self.of, self.family, self.batch_statistics, self.span,
        )  # fmt: skip


@record()
class Shared:
    """One object for the whole elaboration of a program."""

    program: Program
    given: Mapping[str, Given] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)  # stream -> source, from the command line
    found: list[Diagnostic] = field(default_factory=list)
    models: dict[str, ModelInfo] = field(default_factory=dict)
    tensors: dict[str, TensorPlan] = field(default_factory=dict)
    optimisers: list[OptimiserPlan] = field(default_factory=list)
    blocks: dict[str, int] = field(default_factory=dict)  # kind of block -> how many so far
    inner: list[Any] = field(default_factory=list)  # plans of blocks that others enter
    used: set[str] = field(default_factory=set)  # names that something reads
    reached: dict[str, list[str]] = field(default_factory=dict)  # member -> objectives that move it
    axes_known: dict[str, int] = field(default_factory=dict)
    #: for the review: what each `minimize` minimises with its place, what was computed without gradient, sets of anchors
    losses: list[tuple[Node, Span]] = field(default_factory=list)
    trained: list[Node] = field(default_factory=list)
    met: list[Any] = field(default_factory=list)

    def block_name(self, kind: str) -> str:
        """The next name of a block: train_1, on_1, ..."""
        self.blocks[kind] = self.blocks.get(kind, 0) + 1
        return f"{kind}_{self.blocks[kind]}"

    @cached_property
    def unexecuted(self) -> frozenset[str]:
        """Names that a construct of a later version declares: reading one is its consequence."""
        later = [node for node in ast.walk(self.program.body) if isinstance(node, ast.Loop)]
        inside = [
            node
            for node in ast.walk(tuple(later))
            if isinstance(node, (ast.Let, ast.Cell, ast.Report, ast.Draw, ast.Loop))
        ]
        names = {name for node in inside if isinstance(node, (ast.Let, ast.Cell, ast.Draw)) for name in declared(node)}
        names |= {node.name for node in inside if isinstance(node, ast.Report)} | {node.variable for node in later}
        return frozenset(names | {item.name for item in self.program.body if isinstance(item, ast.Report)})

    @cached_property
    def sampled(self) -> dict[str, ast.Column]:
        """The columns that samplers add, by name."""
        return sampled_columns(self.program)

    @cached_property
    def axes_declared(self) -> tuple[str, ...]:
        """Names of axes that the file's items bring, in order."""
        pointed = [column.target for column in self.sampled.values() if column.target is not None]
        return tuple(dict.fromkeys([*(name for item in self.program.body for name in axes_declared(item)), *pointed]))

    @contextmanager
    def telling(self, span: Span) -> Iterator[None]:
        """A mistake inside is told, axes that do not meet at `span`, and what comes after goes on."""
        try:
            yield
        except Mistake as mistake:
            self.complain(mistake.diagnostic)
        except GraphError as error:
            self.complain(
                Diagnostic(span, "axes-do-not-meet", str(error), "", "rename one of the axes: `x[item -> j]`")
            )
        except Consequence:
            pass

    def complain(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self.found:
            self.found.append(diagnostic)

    def warn(self, span: Span, code: str, message: str, reason: str = "", mend: str = "") -> None:
        self.complain(Diagnostic(span, code, message, reason, mend, "warning"))

    def declared(self, kind: type[Any]) -> list[Any]:
        return self.program.all(kind)

    def source_of(self, data: ast.Data) -> str | None:
        if data.name in self.sources:
            return self.sources[data.name]
        return data.sources[0] if data.sources else None

    def rows_of(self, data: ast.Data, split: str) -> int | None:
        """How many rows a split of a stream has; None where its source is not opened."""
        entry = self.entry_of(data)
        rows = entry.rows.get(split) if entry is not None else None
        return self.sizes.get(f"{data.name}.{split}") if rows is None else rows

    def entry_of(self, data: ast.Data) -> data_catalog.SourceEntry | None:
        name = self.source_of(data)
        if name is None:
            return None
        try:
            return data_catalog.source(name)
        except CatalogueError:
            return None


@record(frozen=True)
class Held:
    """A let as it was when it was first needed, with what it depends on: (kind, name, version)."""

    thing: Any
    needs: frozenset[tuple[str, str, int]]


Clock = Mapping[str, Node]
