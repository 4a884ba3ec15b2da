"""The command line: `check`, `compile`, `run`, `verify`, `explain`, `fmt`, `list`, `claim`.

Exit codes: 0 done; 1 a run or a verification failed; 2 the user's mistake; 128 + signal a run stopped with its state
saved. A mistake is told by file, line and column, or in one line; a file is written whole or not at all. Whatever a
command needs beyond check's modules it imports itself, so that `cldsl check` starts in a moment and without torch.
"""

from __future__ import annotations

import atexit
import errno
import gc
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from cldsl import __version__
from cldsl.catalogue import CatalogueError
from cldsl.planning.budget import memory_bytes
from cldsl.runtime.errors import RunFailed, Stopped
from cldsl.syntax.diagnostics import NOWHERE, SpecError

F = TypeVar("F", bound=Callable[..., Any])


class Commands(click.Group):
    """A group in which mistakes end in words and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SpecError as error:
            _end(ctx, str(error).replace(f"{NOWHERE}: ", ""), 2)  # a word of the command line has no place
        except CatalogueError as error:
            _end(ctx, f"error: {error.message}" + (f"; {error.mend}" if error.mend else ""), 2)
        except UnicodeDecodeError as error:
            _end(ctx, f"error: a spec is UTF-8 text, this file is not: {error.reason} at byte {error.start}", 2)
        except RunFailed as error:
            _end(ctx, f"error: {error}", 1)
        except Stopped as error:
            _end(ctx, str(error), 128 + error.signal)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            _end(ctx, f"error: {error.strerror or error}" + (f": {error.filename}" if error.filename else ""), 2)


def _end(ctx: click.Context, message: str, code: int) -> None:
    click.echo(message, err=True)
    ctx.exit(code)


# ---- options that commands share


def _pairs(ctx: click.Context, parameter: click.Parameter, words: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise click.BadParameter(f"{word!r} is not {parameter.metavar}")
        pairs[name.strip()] = value.strip()
    return pairs


def _memory(ctx: click.Context, parameter: click.Parameter, word: str | None) -> int | None:
    return memory_bytes(word)


def _options(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


#: `explain --memory` without a size.
_UNBOUNDED = ""
_PATH = click.Path(path_type=Path)
SPEC = click.argument("spec", type=click.Path(), metavar="SPEC")
SPECS = click.argument("specs", type=click.Path(), nargs=-1, required=True, metavar="SPEC...")
VARIANT = click.option("--variant", metavar="NAME", help="A variant of the spec.")
SET = click.option(
    "--set", "sets", multiple=True, metavar="PARAM=VALUE", callback=_pairs, help="Another value of a param."
)
DATA = click.option(
    "--data",
    multiple=True,
    metavar="NAME=SOURCE",
    callback=_pairs,
    help="Another source of a stream; `production` is the spec's own.",
)
LEVEL = click.option(
    "-O", "level", type=click.Choice(["0", "2"]), default="2", help="0 as written, 2 optimised.  [default: 2]"
)
MEMORY = click.option(
    "--memory", metavar="SIZE", callback=_memory, help="What a step may fill: 512MB, 2GiB, bytes.  [default: no bound]"
)
DEVICE = click.option("--device", metavar="NAME", help="auto, cpu, cuda or cuda:N.  [default: auto]")
EPOCHS = click.option("--epochs", type=click.IntRange(0), help="At most so many epochs of each train block.")
STEPS = click.option("--steps", type=click.IntRange(0), help="At most so many steps of each train block.")
BATCH = click.option("--batch", type=click.IntRange(1), help="Rows of a batch, in place of the spec's.")
RUN = _options(
    DEVICE,
    click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all chance."),
    click.option("--out", type=_PATH, metavar="DIR", help="Run folder.  [default: runs/SPEC-VARIANT-SEED]"),
    click.option("--resume", is_flag=True, help="Go on from the last checkpoint of the run folder."),
    click.option("--overwrite", is_flag=True, help="Replace the run of a folder that is not empty."),
    EPOCHS,
    STEPS,
    BATCH,
    click.option(
        "--precision", type=click.Choice(["fp32", "bf16", "fp16"]), help="Of the models' calls.  [default: fp32]"
    ),
    click.option("--compile/--no-compile", "compiled", default=None, help="torch.compile.  [default: on a GPU]"),
    click.option("--log-every", type=click.IntRange(1), help="Steps between lines of metrics.jsonl.  [default: 10]"),
    click.option("--save-every", type=click.IntRange(1), help="Steps between checkpoints.  [default: ends of epochs]"),
    click.option("--tensorboard", is_flag=True, help="Also write TensorBoard files."),
    click.option("--allow-python", is_flag=True, help='Build models of your own Python: python("pkg.mod:Class").'),
    click.option("--quiet", is_flag=True, help="No progress lines."),
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "terminal_width": 100})
@click.version_option(__version__, prog_name="cldsl")
def main() -> None:
    """A language and compiler for contrastive learning: a method is one page, the output is a PyTorch program."""


@main.command()
@SPECS
@VARIANT
@SET
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON.")
@click.pass_context
def check(ctx: click.Context, specs: tuple[str, ...], variant: str | None, sets: dict[str, str], as_json: bool) -> None:
    """Find every mistake of specs and of all their variants, without running anything."""
    with _uncollected():
        from cldsl.explain.findings import findings

        found = [findings(spec, variant, sets) for spec in specs]
    if as_json:
        click.echo(json.dumps([each.plain() for each in found], indent=1))
    else:
        click.echo("\n".join(each.text() for each in found))
    ctx.exit(2 if any(each.count("error") for each in found) else 0)


@main.command(name="compile")
@SPEC
@click.option("-o", "--output", type=_PATH, metavar="FILE", help="Where to write.  [default: NAME.py here]")
@LEVEL
@VARIANT
@SET
@DATA
@MEMORY
@click.option("--print", "printed", is_flag=True, help="Write the program to the terminal instead.")
def compile_(
    spec: str,
    output: Path | None,
    level: str,
    variant: str | None,
    sets: dict[str, str],
    data: dict[str, str],
    memory: int | None,
    printed: bool,
) -> None:
    """Write a spec as one readable PyTorch program."""
    from cldsl.running import prepare, write_whole

    prepared = prepare(spec, variant, sets, data, int(level), memory=memory)
    if printed:
        click.echo(prepared.source, nl=False)
        return
    suffix = f"_{prepared.program.variant}" if prepared.program.variant else ""
    path = output if output is not None else Path(f"{prepared.program.name}{suffix}.py")
    write_whole(path, prepared.source)
    click.echo(f"{path}: {len(prepared.source.splitlines())} lines")


@main.command()
@SPEC
@VARIANT
@SET
@DATA
@RUN
@LEVEL
@MEMORY
def run(
    spec: str,
    variant: str | None,
    sets: dict[str, str],
    data: dict[str, str],
    level: str,
    memory: int | None,
    compiled: bool | None,
    **chosen: Any,
) -> None:
    """Train a spec and print its reports, before training and after."""
    from cldsl.explain.table import number, table
    from cldsl.running import default_out, fit_prepared, prepare

    prepared = prepare(spec, variant, sets, data, int(level), chosen["batch"], memory)
    options = _given({**chosen, "memory": memory}) | (
        {} if compiled is None else {"compile": "on" if compiled else "off"}
    )
    out = options.setdefault("out", default_out(prepared.program, chosen["seed"]))
    reports = fit_prepared(prepared, data, options)
    names = dict.fromkeys(name.removeprefix("before/") for name in reports)
    rows = [[name, number(reports.get(f"before/{name}")), number(reports.get(name))] for name in names]
    if rows:
        click.echo(table(rows, ("report", "before", "after"), right=(1, 2)))
    click.echo(f"written to {out}")


@main.command()
@SPEC
@click.option(
    "--cases",
    required=True,
    type=click.Path(exists=True, file_okay=False),
    metavar="DIR",
    help="Folder of cases (JSON).",
)
@click.option(
    "--bindings",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="How the cases' names bind to the spec.",
)
@click.option(
    "--level",
    type=click.Choice(["eval", "0", "2", "all"]),
    default="all",
    show_default=True,
    help="The evaluator, or a level.",
)
@MEMORY
@click.pass_context
def verify(ctx: click.Context, spec: str, cases: str, bindings: str | None, level: str, memory: int | None) -> None:
    """Compare a spec's values and gradients with published cases."""
    from cldsl.verify import LEVELS, summary
    from cldsl.verify import verify as verify_cases

    found = verify_cases(spec, cases, bindings, LEVELS if level == "all" else [level], memory)
    click.echo(summary(found))
    ctx.exit(0 if found and all(result.ok for result in found) else 1)


class _MemoryBefore(click.Command):
    """A command whose `--memory` takes a size or none: in `--memory SPEC` the word after it is no size."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        bare = [i for i, word in enumerate(args[:-1]) if word == "--memory" and not args[i + 1][:1].isdigit()]
        return super().parse_args(ctx, [f"{word}={_UNBOUNDED}" if i in bare else word for i, word in enumerate(args)])


@main.command(cls=_MemoryBefore)
@SPEC
@VARIANT
@SET
@DATA
@click.option("--passes", is_flag=True, help="What each pass of the optimiser changes.")
@click.option("--dump", type=_PATH, metavar="DIR", help="Write the graph of each function before and after.")
@click.option(
    "--memory",
    is_flag=False,
    flag_value=_UNBOUNDED,
    metavar="[SIZE]",
    help="Operators, bytes and work of each function; with a size, what it makes of the program.",
)
@LEVEL
def explain(
    spec: str,
    variant: str | None,
    sets: dict[str, str],
    data: dict[str, str],
    passes: bool,
    dump: Path | None,
    memory: str | None,
    level: str,
) -> None:
    """Tell what a step does: its time line, its sets, what its gradients move."""
    from cldsl.explain.report import Chosen, explain

    budget = None if memory == _UNBOUNDED else memory_bytes(memory)
    click.echo(explain(spec, variant, sets, data, Chosen(passes, memory is not None, dump, int(level), budget)))


@main.command()
@SPECS
@click.option("--check", "checked", is_flag=True, help="Change nothing; exit 1 if a file would change.")
@click.option("--stdout", "printed", is_flag=True, help="Write to the terminal instead.")
@click.pass_context
def fmt(ctx: click.Context, specs: tuple[str, ...], checked: bool, printed: bool) -> None:
    """Bring specs into their one layout."""
    from cldsl.running import write_whole
    from cldsl.syntax.formatter import format_text

    changed = []
    for spec in specs:
        with open(spec, encoding="utf-8", newline="") as file:
            text = file.read()
        formatted = format_text(text, spec)
        if printed:
            click.echo(formatted, nl=False)
        if formatted != text:
            changed.append(spec)
            if not (checked or printed):
                write_whole(Path(spec), formatted)
    if not printed:
        for spec in changed:
            click.echo(f"{spec}: {'would change' if checked else 'formatted'}")
    ctx.exit(1 if checked and changed else 0)


@main.command(name="list")
@click.argument("what", required=False, metavar="[specs|data|views|models|metrics|optimisers|losses|schedules|NAME]")
def list_(what: str | None) -> None:
    """List what a spec may name, or look a name up; names of losses from elsewhere, too."""
    from cldsl.listing import listing

    click.echo(listing(what))


@main.command()
@SPEC
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="Runs of each variant.")
@SET
@DATA
@click.option("--json", "output", type=_PATH, metavar="FILE", help="Also write the outcome as JSON.")
@EPOCHS
@STEPS
@BATCH
@DEVICE
@click.option("--out", type=_PATH, default="runs", show_default=True, metavar="DIR", help="Where run folders lie.")
def claim(
    spec: str,
    seeds: int,
    sets: dict[str, str],
    data: dict[str, str],
    output: Path | None,
    out: Path,
    **chosen: Any,
) -> None:
    """Measure a spec's claims over seeds and tell which hold."""
    from cldsl.claims import Asked, plain, render
    from cldsl.claims import claim as measure
    from cldsl.running import write_whole

    if output is not None and not output.resolve().parent.is_dir():  # told before hours of runs, not after
        raise click.BadParameter(f"there is no folder {output.parent}", param_hint="--json")
    outcome = measure(spec, Asked(seeds, sets, data, _given(chosen), out), lambda line: click.echo(line, err=True))
    if output is not None:
        write_whole(output, json.dumps(plain(outcome), indent=1) + "\n")
    click.echo(render(outcome))
    click.get_current_context().exit(1 if outcome.failed else 0)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector, for a moment's work whose trees live to its end: walking them finds nothing to free.

    That holds at the end of the process too, where Python collects what is not frozen, several times.
    """
    collecting = gc.isenabled()
    gc.disable()
    atexit.register(gc.freeze)
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _given(chosen: dict[str, Any]) -> dict[str, Any]:
    """The options that the user named."""
    return {name: value for name, value in chosen.items() if value is not None and value is not False}
