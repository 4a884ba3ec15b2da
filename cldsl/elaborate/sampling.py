"""The sampler of a train block: its entry, what groups the rows, the columns that it adds. docs/language.md, section 8.

Input: the option `sampler = episodes(label, way = 5, ...)`. Output: a SamplerPlan and columns; mistakes at their place.
"""

from __future__ import annotations

from typing import Any

from cldsl.catalogue import CatalogueError, bind, find, signature
from cldsl.data.samplers.catalog import SAMPLERS, SamplerEntry
from cldsl.elaborate.axes import axis_name
from cldsl.elaborate.scope import Mistake
from cldsl.elaborate.session import Session
from cldsl.elaborate.shared import Shared
from cldsl.graph.plan import SamplerPlan
from cldsl.semantics.samplers import called_sampler
from cldsl.semantics.spots import argument_span
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span


class Sampling:
    """The sampler that a stream's options name. Raises Mistake."""

    def __init__(self, shared: Shared, data: ast.Data, option: ast.Argument, session: Session) -> None:
        self.shared, self.data, self.session = shared, data, session
        called = called_sampler(option.value)
        if called is None:
            raise Mistake(
                option.value.span, "sampler-expected", "a sampler is a call", "", "write `sampler = quota(label)`"
            )
        name, self.call = called
        self.span = self.call.function.span
        try:
            self.entry: SamplerEntry = find(SAMPLERS, name, "sampler")
        except CatalogueError as error:
            raise Mistake(self.span, "no-sampler", error.message, "", error.mend) from error
        self.options = self._options()
        self.by, self.table = self._by()

    def plan(self) -> SamplerPlan:
        return SamplerPlan(self.entry.name, self.by, self.table, tuple(self.options.items()))

    def rows(self, batch: ast.Argument | None) -> int | None:
        """The rows of a batch where the sampler decides it: then no option `batch` may."""
        if self.entry.rows is None:
            return None
        rows = self.entry.rows(self.options)
        if batch is not None:
            raise Mistake(
                batch.span, "batch-decided", f"{self.entry.name} decides that a step has {rows} rows",
                self._form, "leave out `batch`",
            )  # fmt: skip
        return rows

    def judge(self, batch: int) -> None:
        """Whether a batch can be made of the groups that the source is known to have."""
        entry = self.shared.entry_of(self.data)
        known = {column.name: column for column in entry.columns} if entry is not None else {}
        groups = known[self.by].classes if self.table is None and self.by in known else None
        wrong = None if groups is None else self.entry.classes(groups, batch, self.options)
        if wrong is not None:
            raise Mistake(self.call.span, "sampler-groups", wrong.message, "", wrong.mend)

    def columns(self) -> tuple[ast.Column, ...]:
        """The columns it adds; their names must be free."""
        names = [each.name for each in self.entry.adds]
        found = tuple(self.shared.sampled[name] for name in names)
        for column in found:
            if column.name in self.session.columns or column.name in self.session.items:
                raise Mistake(
                    self.span, "name-taken", f"{self.entry.name} adds {column.name}, and the file uses this name",
                    "a sampler replaces nothing silently", "rename what the file declares",
                )  # fmt: skip
        return found

    @property
    def layout(self) -> tuple[Any, ...] | None:
        """How every batch lies (the entry says what that is), for who proves that a set of its rows is not empty."""
        return None if self.entry.layout is None else self.entry.layout(self.options)

    @property
    def sizes(self) -> dict[str, int]:
        """The axes that added columns point to."""
        return {axis: int(self.options[size]) for axis, size in self.entry.axes}

    @property
    def _form(self) -> str:
        return signature(self.entry).replace("(", "(label, ", 1)

    def _options(self) -> dict[str, Any]:
        named = {
            argument.name: self.session.static_option(argument.value)
            for argument in self.call.arguments
            if argument.name is not None
        }
        try:
            return bind(self.entry, (), named)
        except CatalogueError as error:
            span = argument_span(self.call, error.message)
            raise Mistake(span, "sampler-arguments", error.message, "", error.mend or self._form) from error

    def _by(self) -> tuple[str, str | None]:
        """The column that groups the rows, and the state that it leads to, if one is named."""
        plain = [argument.value for argument in self.call.arguments if argument.name is None]
        if len(plain) != 1 or not isinstance(plain[0], ast.Name):
            raise Mistake(
                self.call.span, "sampler-by", f"{self.entry.name} names what groups the rows, a column or a table", "",
                f"write `{self.entry.name}(label{', ...' if self.entry.parameters else ''})`",
            )  # fmt: skip
        name = plain[0].id
        if name in self.session.columns:
            return self._column(self.session.columns[name], plain[0].span), None
        item = self.session.items.get(name)
        if isinstance(item, ast.Cell) and item.kind == "state":
            return self._table(item, plain[0].span), name
        raise Mistake(
            plain[0].span, "sampler-by", f"{name} is no column of {self.data.name} and no state", "",
            f"its columns are {', '.join(self.session.columns)}",
        )  # fmt: skip

    def _column(self, column: ast.Column, span: Span) -> str:
        if column.target is None or len(column.axes) != 1:
            raise Mistake(
                span, "sampler-by", f"{column.name} is not one index for each row", "rows are grouped by an index",
                f"declare `{column.name}[{axis_name(self.data.columns[0].axes[0])}] -> class` where it is one",
            )  # fmt: skip
        self.shared.used.add(column.name)
        return column.name

    def _table(self, item: ast.Cell, span: Span) -> str:
        axes = [axis_name(axis) for axis in item.axes]
        leading = [column for column in self.session.columns.values() if [column.target] == axes]
        if len(leading) != 1:
            raise Mistake(
                span, "sampler-by", f"no column of {self.data.name} leads into {item.name}[{', '.join(axes)}]",
                "a table has one value for each index of a column",
                f"declare a column `id[item] -> {axes[0] if axes else 'sample'}`",
            )  # fmt: skip
        self.shared.used |= {item.name, leading[0].name}
        self.session.cell(item, span)
        return self._column(leading[0], span)


def unwritten(sampling: Sampling, body: tuple[ast.Statement, ...]) -> None:
    """The table is read when the block begins, so the block does not write it. Raises Mistake."""
    for item in ast.walk(body):
        if isinstance(item, ast.Assign) and sampling.table is not None and _written(item) == sampling.table:
            raise Mistake(
                item.span, "sampler-written", f"{sampling.table} chooses the batches of this block and is written in it",
                f"{sampling.entry.name} reads it once, when the block begins", "write it in a block before or after",
            )  # fmt: skip


def _written(item: ast.Assign) -> str | None:
    target = item.place.value if isinstance(item.place, ast.Index) else item.place
    return target.id if isinstance(target, ast.Name) else None
