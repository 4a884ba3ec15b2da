"""What a spec may name: shipped specs, data, views, models, metrics, optimisers, losses, schedules; names looked up.

Input: a kind, or any word. Output: text. A loss is known by other names elsewhere: the thesaurus leads from those to
the definitions of `cldsl/std/losses.cl`. Reads catalogues and the standard library's text; imports no implementation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cldsl.catalogue import CatalogueError, Entry, nearest, signature
from cldsl.explain.table import joined, table
from cldsl.semantics.resolve import STD
from cldsl.syntax import ast
from cldsl.syntax.parser import parse
from cldsl.syntax.unparse import unparse


@dataclass(frozen=True)
class Meaning:
    """A name from elsewhere: how it is written here."""

    names: tuple[str, ...]
    written: str
    note: str


THESAURUS = (
    Meaning(
        (
            "InfoNCE",
            "NT-Xent",
            "NPairs",
            "MultipleNegativesRanking",
            "MultipleNegativesRankingLoss",
            "in-batch negatives",
            "NCE",
        ),
        "mean(infonce(R))",
        "each positive against itself and the negatives; views of the other items are the negatives",
    ),
    Meaning(
        ("ClipLoss", "CLIP loss", "symmetric InfoNCE", "MultipleNegativesSymmetricRanking", "bidirectional InfoNCE"),
        "symmetric(R)",
        "infonce in both directions of one relation",
    ),
    Meaning(
        ("SupCon", "SupConLoss", "supervised contrastive", "L_out"),
        "mean(supcon(R))",
        "one denominator of all candidates; positives by label: `positive c in z if c.label == a.label and c != a`",
    ),
    Meaning(
        ("DCL", "decoupled", "DecoupledContrastive"), "mean(decoupled(R))", "the positive is not in the denominator"
    ),
    Meaning(("SimpleContrastive", "no softmax"), "mean(simple_loss(R))", "similarities pushed and pulled, no softmax"),
    Meaning(
        ("SoftTargetCrossEntropy", "swapped prediction", "distillation loss"),
        "mean(cross_entropy[k](target, logits))",
        "a target distribution against logits along an axis",
    ),
)


def listing(kind: str | None = None) -> str:
    """A table of one kind, or how many entries each kind has; any other word is looked up.

    Raises CatalogueError for a word that nothing is called.
    """
    if kind is None:
        rows = [[name, str(len(entries()))] for name, entries in KINDS.items()]
        return (
            table(rows, ("kind", "entries"), right=(1,))
            + "\n\n`cldsl list KIND` shows them, `cldsl list NAME` one of them."
        )
    if kind in KINDS:
        return table(KINDS[kind]())
    return lookup(kind)


def lookup(word: str) -> str:
    """An entry of any catalogue, or the meaning of a loss's name from elsewhere. Raises CatalogueError."""
    found = [_meaning(each) for each in THESAURUS if _plain(word) in map(_plain, each.names)]
    found += [
        _detail(kind, entry)
        for kind, entries in _entries().items()
        for entry in entries
        if word in (entry.name, *entry.aliases)
    ]
    found += [
        f"{kind}: {line[0]}\n  {line[1]}"
        for kind in ("losses", "schedules", "views")
        for line in _definitions(kind)
        if line[0].split("(")[0].split("[")[0] == word
    ]
    if not found:
        names = [entry.name for entries in _entries().values() for entry in entries]
        names += [name for each in THESAURUS for name in each.names]
        raise CatalogueError(f"nothing is called {word}", nearest(word, [*names, *KINDS]))
    return "\n\n".join(found)


def _plain(name: str) -> str:
    """Names are the same whatever their case and signs, with or without `loss`."""
    return re.sub(r"[^a-z0-9]", "", name.lower()).removesuffix("loss")


def _meaning(each: Meaning) -> str:
    names = re.findall(r"[a-z_]+(?=[\[(])", each.written)
    own = next(name for name in names if name != "mean")
    return (
        f"{' = '.join(each.names)}\n  written  minimize {each.written} by ...\n"
        f"  from     use std.losses ({own})\n  meaning  {each.note}"
    )


def _detail(kind: str, entry: Entry) -> str:
    rows = [
        [p.name, p.kind, p.doc + (f" ({joined([str(c) for c in p.choices])})" if p.choices else "")]
        for p in entry.parameters
    ]
    needs = f"\n  needs pip install 'cldsl[{entry.extra}]'" if entry.extra else ""
    head = f"{kind}: {signature(entry) if entry.parameters else entry.name}\n  {entry.doc}{needs}"
    return head + (f"\n{table(rows, indent=4)}" if rows else "")


# ---- the kinds


def _entries() -> dict[str, Sequence[Entry]]:
    from cldsl.data.catalog import PRODUCTION, SOURCES
    from cldsl.data.samplers.catalog import SAMPLERS
    from cldsl.metrics.catalog import METRICS
    from cldsl.modules.catalog import MODULES
    from cldsl.runtime.optimisers.catalog import OPTIMISERS
    from cldsl.views.catalog import STAGES

    return {
        "data": (*SOURCES, *PRODUCTION),
        "samplers": SAMPLERS,
        "views": STAGES,
        "models": MODULES,
        "metrics": METRICS,
        "optimisers": OPTIMISERS,
    }


def _plain_rows(kind: str) -> list[list[str]]:
    return [[signature(entry), entry.doc] for entry in _entries()[kind]]


def _data() -> list[list[str]]:
    from cldsl.data.catalog import PRODUCTION, SOURCES

    rows = []
    for entry in SOURCES:
        columns = [
            f"{c.name}[{', '.join(f'{a} = {s}' for a, s in zip(c.axes, c.sizes, strict=True))}]" if c.axes else c.name
            for c in entry.columns
        ]
        rows.append(
            [f'"{entry.name}"', joined(columns), " + ".join(str(count) for count in entry.rows.values()), entry.doc]
        )
    return rows + [[f'"{entry.name}"', "as stored", "", entry.doc] for entry in PRODUCTION]


def _views() -> list[list[str]]:
    return [*_definitions("views"), *_plain_rows("views")]


def _metrics() -> list[list[str]]:
    from cldsl.metrics.catalog import METRICS

    ends = {True: "higher is better", False: "lower is better", None: ""}
    return [[signature(entry), ends[entry.higher_is_better], entry.doc] for entry in METRICS]


def _definitions(name: str) -> list[list[str]]:
    """Signatures of a file of the standard library, each with the comment above it."""
    text = (STD / f"{name}.cl").read_text(encoding="utf-8")
    lines = text.split("\n")
    rows = []
    for item in parse(text, f"std/{name}.cl").items:
        if isinstance(item, ast.Def):
            above = lines[item.span.line - 2].strip() if item.span.line > 1 else ""
            head = unparse(item).split("\n")[0].removeprefix("def ")
            rows.append([_head(head), above.removeprefix("#").strip() if above.startswith("#") else ""])
    return rows


def _head(text: str) -> str:
    """The part of a def before its `=`; defaults have theirs inside brackets."""
    depth = 0
    for place, char in enumerate(text):
        depth += (char in "([") - (char in ")]")
        if depth == 0 and char in "=:":
            return text[:place].strip()
    return text


def specs_folder() -> Path:
    """Where the shipped specs lie: in the package, or beside it in a checkout."""
    own = Path(__file__).resolve().parent
    return own / "specs" if (own / "specs").is_dir() else own.parent / "specs"


def _specs() -> list[list[str]]:
    rows = []
    for path in sorted(specs_folder().glob("*.cl")):
        items = parse(path.read_text(encoding="utf-8"), path.name).items
        header = next((item for item in items if isinstance(item, ast.Header)), None)
        variants = [item.name for item in items if isinstance(item, ast.Variant)]
        texts = header.texts if header is not None else ()
        rows.append([path.name, texts[0] if texts else "", texts[1] if len(texts) > 1 else "", joined(variants)])
    return rows


KINDS: dict[str, Callable[[], list[list[str]]]] = {
    "specs": _specs,
    "data": _data,
    "samplers": lambda: _plain_rows("samplers"),
    "views": _views,
    "models": lambda: _plain_rows("models"),
    "metrics": _metrics,
    "optimisers": lambda: _plain_rows("optimisers"),
    "losses": lambda: _definitions("losses"),
    "schedules": lambda: _definitions("schedules"),
}
