"""Which variant of a binding file serves a case: by the function of the source that the case pins.

Input: a spec's binding files (specs/cases/NAME.cl, and NAME-*.cl of its companions) and a case. Output: a `Binding`.

A binding is a variant whose text is a pattern of the case's `source`, commits left out, `*` any text:

    variant weighted "*: loss/tiny.py, PairLoss" from as_published:

After ` where `, the text may name params of the case, `"paper Eq. 6 where sigma = none and weight_detached = false"`
(`absent` where the case has no such param), and inputs by what they are, `int over item`. The first variant that fits,
in the order of the file, is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cldsl.semantics.resolve import resolve_file
from cldsl.syntax import ast
from cldsl.verify.cases import Case
from cldsl.verify.errors import CaseError

_COMMIT = re.compile(r"@[0-9a-f]{6,40}\b")


@dataclass(frozen=True)
class Binding:
    """A variant of a binding file."""

    file: Path
    variant: str
    pattern: str

    def fits(self, case: Case) -> bool:
        """Whether the case pins the function that the binding is of."""
        source, _, conditions = self.pattern.partition(" where ")
        held = all(_holds(each, case) for each in conditions.split(" and ")) if conditions else True
        return held and fnmatchcase(_COMMIT.sub("", case.source), source)


def _holds(condition: str, case: Case) -> bool:
    kind, over, axes = condition.partition(" over ")
    if over:
        wanted = tuple(each.strip() for each in axes.split(","))
        return any(array.axes == wanted and array.whole == (kind == "int") for array in case.at_step(0).values())
    name, _, value = condition.partition("=")
    return _text(case.params, name.strip()) == value.strip().lower()


def binding_files(spec: str | Path) -> list[Path]:
    """The binding files that belong to a spec. Raises CaseError where there is none."""
    spec = Path(spec)
    folder = spec.parent / "cases"
    found = [folder / spec.name, *sorted(folder.glob(f"{spec.stem}-*{spec.suffix}"))]
    files = [file for file in found if file.exists()]
    if not files:
        raise CaseError(f"{spec} has no bindings", f"write {folder / spec.name}, or name a file with --bindings")
    return files


def bindings(files: Sequence[str | Path]) -> list[Binding]:
    """The bindings of files, in their order. Raises SpecError."""
    found = []
    for file in files:
        variants = resolve_file(file).variants
        found += [Binding(Path(file), each.name, each.text) for each in variants if _own(each, file) and each.text]
    return found


def find(known: Sequence[Binding], case: Case) -> Binding:
    """The binding of a case. Raises CaseError where none fits."""
    for binding in known:
        if binding.fits(case):
            return binding
    patterns = ", ".join(repr(each.pattern) for each in known)
    raise CaseError(f"no binding fits the source {case.source!r}", f"the bindings fit {patterns}")


def _own(variant: ast.Variant, file: str | Path) -> bool:
    return Path(variant.span.file) == Path(file)


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    return "absent" if value is None else str(value).lower()
