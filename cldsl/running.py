"""A spec compiled and trained in one go: what `cldsl run`, `cldsl claim` and `cldsl.run` share.

Input: a spec, a variant, overrides, sources, options of the run. Output: reports by name. torch is imported when a
program is loaded, not before. The batch and the sources that a user chooses are settled before elaboration, because
sizes of axes follow from them.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cldsl import elaborate as elaboration
from cldsl.catalogue import CatalogueError, nearest
from cldsl.compiler import optimise
from cldsl.graph.plan import ProgramPlan
from cldsl.planning.budget import memory_bytes
from cldsl.semantics.program import Program
from cldsl.semantics.resolve import resolve_file
from cldsl.syntax import ast
from cldsl.syntax.unparse import unparse

#: Written in place of a source's name: the production source that the spec gives.
PRODUCTION = "production"


@dataclass(frozen=True)
class Prepared:
    """A spec on the way to being run: resolved, elaborated, optimised; `spec_text` is the resolved spec."""

    program: Program
    plan: ProgramPlan
    source: str
    spec_text: str


def run_spec(
    spec: str | Path,
    variant: str | None = None,
    set: Mapping[str, Any] | None = None,
    data: Mapping[str, str] | None = None,
    level: int = 2,
    memory: int | str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Compile and train a spec; the reports by name ("knn", "before/knn").

    set: params by name. data: source by stream. memory: what a step may fill, as of `compile`. options: the fields of `cldsl.runtime.RunOptions` (seed, out, epochs,
    device, ...); without `out` nothing is written.
    Raises SpecError, CatalogueError for the user's mistakes, RunFailed for a run that cannot go on.
    """
    from cldsl.api import _texts

    bound = memory_bytes(memory)
    prepared = prepare(spec, variant, _texts(set), data or {}, level, options.get("batch"), bound)
    return fit_prepared(prepared, data or {}, {**options, "memory": bound})


def prepare(
    spec: str | Path,
    variant: str | None,
    sets: Mapping[str, str],
    data: Mapping[str, str],
    level: int = 2,
    batch: int | None = None,
    memory: int | None = None,
) -> Prepared:
    """The spec through every stage but loading. memory: bytes that a step may fill. Raises SpecError, CatalogueError, OSError."""
    from cldsl.codegen import emit

    program = with_batch(resolve_file(spec, variant, sets), batch)
    plan = optimise(elaborated(program, data), level, memory=memory)
    return Prepared(program, plan, emit(plan, level), resolved_text(program))


def elaborated(program: Program, data: Mapping[str, str]) -> ProgramPlan:
    """The plan of a program on the chosen sources. Raises SpecError, CatalogueError."""
    sources = chosen_sources(program, data)
    return elaboration.elaborate(program, source_sizes(program, sources), sources)


def fit_prepared(prepared: Prepared, data: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    """Train what was prepared. Raises CatalogueError, RunFailed, Stopped."""
    from cldsl.codegen import load
    from cldsl.runtime.arguments import make_options
    from cldsl.runtime.main import fit

    chosen = make_options({**options, "data": dict(data)})
    program = load(prepared.source, prepared.plan.name)
    return fit(program, chosen, source_text=prepared.source, spec_text=prepared.spec_text)


def default_out(program: Program, seed: int, root: str | Path = "runs") -> Path:
    """`runs/tiny-baseline-0`; a spec without a variant is `this`."""
    return Path(root) / f"{program.name}-{program.variant or 'this'}-{seed}"


# ---- what the command line chooses


def with_batch(program: Program, batch: int | None) -> Program:
    """The program with another batch in every `train` block."""
    if batch is None:
        return program
    return replace(
        program, body=tuple(_rebatched(item, batch) if isinstance(item, ast.Train) else item for item in program.body)
    )


def _rebatched(block: ast.Train, batch: int) -> ast.Train:
    streams = []
    for stream in block.streams:
        call = (
            stream.value if isinstance(stream.value, ast.Call) else ast.Call(stream.value, (), span=stream.value.span)
        )
        kept = tuple(argument for argument in call.arguments if argument.name != "batch")
        chosen = ast.Argument("batch", ast.Number(batch, span=call.span), span=call.span)
        streams.append(replace(stream, value=replace(call, arguments=(chosen, *kept))))
    return replace(block, streams=tuple(streams))


def chosen_sources(program: Program, data: Mapping[str, str]) -> dict[str, str]:
    """Sources by stream, `production` replaced by its name. Raises CatalogueError for an unknown stream."""
    streams = {item.name: item for item in program.all(ast.Data)}
    chosen = {}
    for name, source in data.items():
        if name not in streams:
            raise CatalogueError(f"--data: there is no stream {name}", nearest(name, streams))
        if source == PRODUCTION:
            if len(streams[name].sources) < 2:
                raise CatalogueError(f"the stream {name} has no production source", "name one in its data line")
            source = streams[name].sources[1]
        chosen[name] = source
    return chosen


def source_sizes(program: Program, sources: Mapping[str, str]) -> dict[str, int]:
    """Sizes of the axes of production sources, and rows of their splits as `photos.train`, from their metadata. Raises CatalogueError for what is missing."""
    from cldsl.data.catalog import source

    sizes: dict[str, int] = {}
    for item in program.all(ast.Data):
        name = sources.get(item.name, item.sources[0] if item.sources else None)
        if name is not None and source(name).tier == "production":
            sizes |= _opened_sizes(item, name)
    return sizes


def _opened_sizes(item: ast.Data, name: str) -> dict[str, int]:
    from cldsl.data.table import open_entry_schema

    entry = open_entry_schema(name)
    columns = {column.name: column for column in entry.columns}
    sizes = {f"{item.name}.{split}": count for split, count in entry.rows.items()}
    for column in item.columns:
        known = columns.get(column.name)
        if known is not None:
            for axis, size in zip(column.axes[1:], known.sizes, strict=False):
                if isinstance(axis, ast.AxisName) and size is not None:
                    sizes[axis.name] = size
        count = entry.rows.get("train") if column.name == "id" else known.classes if known is not None else None
        if column.target is not None and count is not None:
            sizes[column.target] = count
    return sizes


# ---- texts


def resolved_text(program: Program) -> str:
    """The program as one spec with nothing left to merge, headed by digests of the libraries it uses.

    It identifies a run: equal text, equal method.
    """
    header = ast.Header(program.name, tuple(text for text in (program.title, program.link) if text), None)
    imports = [use for use in program.uses if any(name in program.imported for name in use.names)]
    libraries = sorted(file for file in program.sources if file != program.file and not file.startswith("--set "))
    marks = [f"# {Path(file).name} sha256 {_sha(program.sources[file])[:16]}" for file in libraries]
    return "\n".join([*marks, *(unparse(item) for item in (header, *imports, *program.body))]) + "\n"


def digest(*texts: str) -> str:
    """sha256 of texts, in hexadecimal."""
    return _sha("\0".join(texts))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all. Raises OSError."""
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(part, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
