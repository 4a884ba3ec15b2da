"""Claims of a spec, measured: every variant that a claim names, over seeds, and a verdict for each ordering.

Input: a spec, a number of seeds, options of the runs. Output: an Outcome, drawn as text or as JSON. A run that finished
earlier with the same resolved spec, program and settings is read from its folder. A run that failed is told, never
left out; values are compared as written, `<` means the smaller number, whichever end of a metric is better.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cldsl.catalogue import CatalogueError
from cldsl.explain.findings import THIS
from cldsl.explain.table import joined, number, plural, table
from cldsl.running import Prepared, default_out, digest, fit_prepared, prepare
from cldsl.semantics import claims as names
from cldsl.semantics.program import Program
from cldsl.semantics.resolve import resolve_file
from cldsl.syntax.diagnostics import SpecError


@dataclass(frozen=True)
class Sample:
    """One run. failure: why there are no reports. reused: read from the folder of an earlier run."""

    variant: str
    seed: int
    reports: Mapping[str, Any]
    folder: str
    reused: bool = False
    failure: str = ""


@dataclass(frozen=True)
class Verdict:
    """One ordering. difference: mean of the right side minus the left; spread: the pooled standard deviation."""

    report: str
    left: str
    relation: str
    right: str
    difference: float | None
    spread: float | None
    verdict: str

    def __str__(self) -> str:
        return f"{self.report}: {self.left} {self.relation} {self.right}"


@dataclass(frozen=True)
class Asked:
    """What the user chose. options: fields of RunOptions but seed and out; root: where run folders lie."""

    seeds: int = 3
    sets: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    root: Path = Path("runs")


@dataclass(frozen=True)
class Outcome:
    """Everything measured. better: report -> which end of its metric is better, where it has one."""

    spec: str
    asked: Asked
    samples: tuple[Sample, ...]
    verdicts: tuple[Verdict, ...]
    better: Mapping[str, str]

    @property
    def failed(self) -> list[Sample]:
        """Runs without reports."""
        return [sample for sample in self.samples if sample.failure]


def claim(spec: str, asked: Asked, told: Callable[[str], None] = lambda line: None) -> Outcome:
    """Measure every claim of a spec. told: called with a line before each run.

    Raises SpecError for a claim of unknown names, CatalogueError for a spec without claims, Stopped.
    """
    program = resolve_file(spec, None, asked.sets)
    if not program.claims:
        raise CatalogueError(f"{spec} makes no claim", "write `claim knn: baseline < this` into it")
    mistakes = names.judge(program)
    if mistakes:
        raise SpecError(mistakes, program.sources)
    samples: list[Sample] = []
    better: dict[str, str] = {}
    for variant in variants_named(program):
        prepared = prepare(spec, variant, asked.sets, asked.data, batch=asked.options.get("batch"))
        better |= _better(prepared)
        for seed in range(asked.seeds):
            told(f"{program.name} {variant}, seed {seed}")
            samples.append(_sample(prepared, variant, seed, asked))
    verdicts = [
        judge(
            each.report,
            left,
            relation,
            right,
            _values(samples, left, each.report),
            _values(samples, right, each.report),
            asked.seeds,
        )
        for each in program.claims
        for left, relation, right in each.orderings
    ]
    return Outcome(spec, asked, tuple(samples), tuple(verdicts), better)


def variants_named(program: Program) -> list[str]:
    """The variants that the claims name, in the order of the text."""
    named = [name for each in program.claims for left, _, right in each.orderings for name in (left, right)]
    return list(dict.fromkeys(named))


# ---- runs


def _sample(prepared: Prepared, variant: str, seed: int, asked: Asked) -> Sample:
    from cldsl.runtime.arguments import make_options
    from cldsl.runtime.errors import RunFailed

    chosen = {**asked.options, "seed": seed, "quiet": True}
    settings = make_options({**chosen, "data": dict(asked.data)}).settings()
    plain = default_out(prepared.program, seed, asked.root)
    mark = digest(prepared.spec_text, prepared.source, json.dumps(settings, sort_keys=True))[:8]
    own = plain.with_name(f"{plain.name}-{mark}")
    for folder in (plain, own):
        found = finished(folder, prepared, settings)
        if found is not None:
            return Sample(variant, seed, found, str(folder), reused=True)
    begun = (own / "checkpoints" / "last.safetensors").is_file()
    try:
        reports = fit_prepared(prepared, asked.data, {**chosen, "out": own, "resume": begun, "overwrite": not begun})
    except RunFailed as error:
        return Sample(variant, seed, {}, str(own), failure=str(error))
    return Sample(variant, seed, reports, str(own))


def finished(folder: Path, prepared: Prepared, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """The reports of a folder whose run ended, was of this very program, and had these settings; else None."""
    try:
        reports: dict[str, Any] = json.loads((folder / "reports.json").read_text(encoding="utf-8"))
        record = json.loads((folder / "checkpoints" / "last.json").read_text(encoding="utf-8"))
        same = (folder / "spec.cl").read_text(encoding="utf-8") == prepared.spec_text
        same = same and (folder / "program.py").read_text(encoding="utf-8") == prepared.source
    except (OSError, json.JSONDecodeError):
        return None
    return reports if same and record.get("options") == settings else None


def _better(prepared: Prepared) -> dict[str, str]:
    """Report -> "higher" or "lower", for reports of metrics that have a better end."""
    from cldsl.graph.plan import OnPlan
    from cldsl.metrics.catalog import metric_entry

    found = {}
    for phase in prepared.plan.phases:
        for report in phase.reports if isinstance(phase, OnPlan) else ():
            higher = metric_entry(report.metric).higher_is_better if report.metric else None
            if higher is not None:
                found[report.name] = "higher" if higher else "lower"
    return found


# ---- verdicts


def judge(
    report: str, left: str, relation: str, right: str, lows: Sequence[float], highs: Sequence[float], seeds: int
) -> Verdict:
    """The verdict on `left relation right` from their values over seeds.

    `<` holds where the means differ by more than the pooled standard deviation, holds weakly where their order is right
    but within it; `~` holds where the difference is within it. Undecided: a value is missing, or `~` of a single seed.
    """
    if len(lows) < seeds or len(highs) < seeds or not seeds:
        return Verdict(report, left, relation, right, None, None, "undecided: runs are missing")
    difference = statistics.fmean(highs) - statistics.fmean(lows)
    spread = math.sqrt((statistics.variance(lows) + statistics.variance(highs)) / 2) if seeds > 1 else None
    if relation == "~":
        told = (
            "undecided: one seed has no spread"
            if spread is None
            else "holds"
            if abs(difference) <= spread
            else "does not hold"
        )
    elif difference <= 0:
        told = "does not hold"
    elif spread is None:
        told = "holds weakly: one seed has no spread"
    else:
        told = "holds" if difference > spread else "holds weakly"
    return Verdict(report, left, relation, right, difference, spread, told)


def _values(samples: Sequence[Sample], variant: str, report: str) -> list[float]:
    values = [sample.reports.get(report) for sample in samples if sample.variant == variant]
    return [float(value) for value in values if isinstance(value, (int, float)) and math.isfinite(value)]


# ---- output


def render(outcome: Outcome) -> str:
    """Means and spreads by variant, verdicts, and every run that failed."""
    blocks = []
    for report in dict.fromkeys(verdict.report for verdict in outcome.verdicts):
        end = f" ({outcome.better[report]} is better)" if report in outcome.better else ""
        rows = [_row(outcome, variant, report) for variant in _variants(outcome)]
        head = ("variant", "mean", "sd", "untrained", "values")
        blocks.append(
            f"{report}{end}, {plural(outcome.asked.seeds, 'seed')}\n{table(rows, head, right=(1, 2, 3), indent=2)}"
        )
    rows = [
        [str(v), f"difference {number(v.difference)}", f"spread {number(v.spread)}", v.verdict]
        for v in outcome.verdicts
    ]
    blocks.append(table(rows))
    blocks += [f"failed: {each.variant}, seed {each.seed}: {each.failure}" for each in outcome.failed]
    reused = [sample for sample in outcome.samples if sample.reused]
    if reused:
        folders = joined([sample.folder for sample in reused])
        blocks.append(f"{len(reused)} of {plural(len(outcome.samples), 'run')} were there already: {folders}")
    return "\n\n".join(blocks)


def plain(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON can hold it."""
    reports = dict.fromkeys(verdict.report for verdict in outcome.verdicts)
    return {
        "spec": outcome.spec,
        "seeds": outcome.asked.seeds,
        "set": dict(outcome.asked.sets),
        "data": dict(outcome.asked.data),
        "options": dict(outcome.asked.options),
        "reports": {report: {v: _summary(outcome, v, report) for v in _variants(outcome)} for report in reports},
        "better": {report: outcome.better[report] for report in reports if report in outcome.better},
        "claims": [{**vars(verdict), "claim": str(verdict)} for verdict in outcome.verdicts],
        "failed": [{"variant": s.variant, "seed": s.seed, "why": s.failure} for s in outcome.failed],
        "runs": [
            {"variant": s.variant, "seed": s.seed, "folder": s.folder, "reused": s.reused} for s in outcome.samples
        ],
    }


def _variants(outcome: Outcome) -> list[str]:
    named = list(dict.fromkeys(sample.variant for sample in outcome.samples))
    return sorted(named, key=lambda name: name == THIS)


def _summary(outcome: Outcome, variant: str, report: str) -> dict[str, Any]:
    values = _values(outcome.samples, variant, report)
    before = _values(outcome.samples, variant, f"before/{report}")
    return {
        "values": values,
        "mean": statistics.fmean(values) if values else None,
        "sd": statistics.stdev(values) if len(values) > 1 else None,
        "untrained": statistics.fmean(before) if before else None,
    }


def _row(outcome: Outcome, variant: str, report: str) -> list[str]:
    found = _summary(outcome, variant, report)
    cells = [number(found[name]) for name in ("mean", "sd", "untrained")]
    return [variant, *cells, joined([number(value) for value in found["values"]])]
