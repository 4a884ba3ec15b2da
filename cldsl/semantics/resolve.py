"""Imports, inheritance, variants and overrides: from a parsed file to a Program.

Input: a file (or a text), a variant's name, overrides of params. Output: Program. Raises SpecError with every diagnostic.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from cldsl.catalogue import nearest
from cldsl.semantics.merge import Merger
from cldsl.semantics.program import Program, declared
from cldsl.semantics.spots import spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import NOWHERE, Diagnostic, Span, SpecError
from cldsl.syntax.parser import parse, parse_expression

STD = Path(__file__).resolve().parents[1] / "std"


def resolve_file(path: str | Path, variant: str | None = None, overrides: Mapping[str, str] | None = None) -> Program:
    """The program of a spec file. Raises SpecError; OSError where the file cannot be read."""
    text = Path(path).read_text(encoding="utf-8")
    return resolve(text, str(path), variant, overrides)


def resolve(
    text: str, file: str = "<spec>", variant: str | None = None, overrides: Mapping[str, str] | None = None
) -> Program:
    """The program of a spec text; `overrides` maps a param to an expression's text."""
    return _Resolver().run(text, file, variant, overrides or {})


class _Resolver:
    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self.sources: dict[str, str] = {}
        self.libraries: dict[str, dict[str, ast.Def]] = {}
        self.imported: dict[str, ast.Def] = {}
        self.uses: list[ast.Use] = []
        self.reading: list[str] = []
        self.mentioned: set[str] = set()

    def run(self, text: str, file: str, variant: str | None, overrides: Mapping[str, str]) -> Program:
        header, body, variants, claims = self.read(text, file)
        merger = Merger(self.found)
        self.libraries[file] = {item.name: item for item in body if isinstance(item, ast.Def)}
        if variant is not None and variant != "this":
            body = self.apply(body, variants, variant, merger, overrides_span(variants, variant))
        body = self.override(body, overrides)
        self._duplicates(body)
        if self.found:
            raise SpecError(self.found, self.sources)
        title, link = (*header.texts, "", "")[:2]
        return Program(
            header.name, title, link, file, tuple(body), self.libraries, self.imported, tuple(self.uses),
            variant if variant != "this" else None, tuple(variants.values()), tuple(claims), self.sources,
            frozenset(self.mentioned),
        )  # fmt: skip

    # ---- reading

    def read(
        self, text: str, file: str
    ) -> tuple[ast.Header, list[ast.Statement], dict[str, ast.Variant], list[ast.Claim]]:
        """The items of a file by kind, its parent's (`spec B from "a.cl"`) before its own."""
        self.sources[file] = text
        if file in self.reading:
            self.error(Span(file), "inheritance-cycle", f"{file} inherits from itself", "", "inherit from another file")
            raise SpecError(self.found, self.sources)
        self.reading.append(file)
        tree = parse(text, file)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                self.mentioned.add(node.id)
            elif isinstance(node, ast.Attribute):
                self.mentioned.add(node.name)
        headers = [item for item in tree.items if isinstance(item, ast.Header)]
        for extra in headers[1:]:
            self.error(extra.span, "two-headers", "a file has one `spec` line", "", "keep one of them")
        header = headers[0] if headers else ast.Header(Path(file).stem.replace("-", "_"), (), None, span=Span(file))
        body: list[ast.Statement] = []
        variants: dict[str, ast.Variant] = {}
        claims: list[ast.Claim] = []
        if header.parent is not None:
            body, variants, claims, header = self._inherit(header, file)
        own: list[ast.Statement] = []
        for item in tree.items:
            if isinstance(item, ast.Use):
                self.uses.append(item)
                self.use(item, file)
            elif isinstance(item, ast.Variant):
                variants[item.name] = item
            elif isinstance(item, ast.Claim):
                claims.append(item)
            elif not isinstance(item, ast.Header):
                own.append(item)
        self.reading.pop()
        return header, Merger(self.found).merge(body, own) if body else own, variants, claims

    def _inherit(
        self, header: ast.Header, file: str
    ) -> tuple[list[ast.Statement], dict[str, ast.Variant], list[ast.Claim], ast.Header]:
        path = Path(file).parent / str(header.parent)
        text = self.load(path, header.span)
        if text is None:
            return [], {}, [], header
        parent, body, variants, claims = self.read(text, str(path))
        self.libraries[str(path)] = {item.name: item for item in body if isinstance(item, ast.Def)}
        texts = header.texts or parent.texts
        return body, variants, claims, replace(header, texts=texts)

    def use(self, item: ast.Use, file: str) -> None:
        """Import defs of a library file; `std.losses` is cldsl/std/losses.cl, other paths are relative to the spec."""
        if item.path[0] == "std":
            folder, stem, parts = STD, "std.", item.path[1:]
        else:
            folder, stem, parts = Path(file).parent, "", item.path
        path = folder.joinpath(*parts).with_suffix(".cl")
        if not path.exists():
            written = ".".join(item.path)
            known = [f"{stem}{each.stem}" for each in sorted(folder.glob("*.cl"))]
            self.error(
                spot(item.span, written, self.sources),
                "no-library",
                f"there is no library {written}",
                f"no file {path.name} is there",
                nearest(written, known),
            )
            return
        defs = self.library(path)
        for name in item.names:
            if name in defs:
                self.imported[name] = defs[name]
            else:
                self.error(
                    spot(item.span, name, self.sources, "("),
                    "no-such-def",
                    f"{'.'.join(item.path)} has no def {name}",
                    "",
                    nearest(name, defs),
                )

    def library(self, path: Path) -> dict[str, ast.Def]:
        file = f"std/{path.name}" if path.parent == STD else str(path)
        if file not in self.libraries:
            text, tree = _standard(path) if path.parent == STD else _parsed(path, file)
            self.sources[file] = text
            self.libraries[file] = {}
            for item in tree.items:
                if isinstance(item, ast.Def):
                    self.libraries[file][item.name] = item
                elif isinstance(item, ast.Use):
                    self.use(item, file)
        return self.libraries[file]

    def load(self, path: Path, span: Span) -> str | None:
        try:
            return path.read_text(encoding="utf-8")
        except OSError:
            near = [each.name for each in sorted(path.parent.glob("*.cl"))] if path.parent.is_dir() else []
            self.error(span, "no-file", f"there is no file {path}", "", nearest(path.name, near) if near else "")
            return None

    # ---- variants and overrides

    def apply(
        self, body: list[ast.Statement], variants: dict[str, ast.Variant], name: str, merger: Merger, span: Span,
        below: tuple[str, ...] = (),
    ) -> list[ast.Statement]:  # fmt: skip
        variant = variants.get(name)
        if variant is None:
            self.error(span, "no-variant", f"there is no variant {name}", "", nearest(name, [*variants, "this"]))
            return body
        if name in below:
            self.error(
                variant.span, "variant-cycle", f"variant {name} builds on itself", "", "let one of them build on `this`"
            )
            return body
        if variant.parent not in (None, "this"):
            body = self.apply(body, variants, str(variant.parent), merger, variant.span, (*below, name))
        return merger.merge(body, variant.body)

    def override(self, body: list[ast.Statement], overrides: Mapping[str, str]) -> list[ast.Statement]:
        names = {item.name for item in body if isinstance(item, ast.Param)}
        values: dict[str, ast.Expr] = {}
        for name, text in overrides.items():
            file = f"--set {name}"
            self.sources[file] = f"let value = {text}"
            if name not in names:
                self.error(Span(file), "no-param", f"there is no param {name}", "", nearest(name, names))
                continue
            values[name] = parse_expression(text, file)
        return [
            replace(item, value=values[item.name]) if isinstance(item, ast.Param) and item.name in values else item
            for item in body
        ]

    def _duplicates(self, body: Iterable[ast.Statement]) -> None:
        first: dict[str, Span] = {}
        for item in body:
            for name in declared(item):
                if name in first:
                    self.found.append(
                        Diagnostic(
                            spot(item.span, name, self.sources), "declared-twice", f"{name} is declared twice", "a file declares a name once", "give one of them another name",
                            related=((spot(first[name], name, self.sources), "declared here first"),),
                        )
                    )  # fmt: skip
                else:
                    first[name] = item.span

    def error(self, span: Span, code: str, message: str, reason: str = "", mend: str = "") -> None:
        self.found.append(Diagnostic(span, code, message, reason, mend))


def _parsed(path: Path, file: str) -> tuple[str, ast.File]:
    text = path.read_text(encoding="utf-8")
    return text, parse(text, file)


@functools.cache
def _standard(path: Path) -> tuple[str, ast.File]:
    """A file of the standard library: it does not change while the program runs."""
    return _parsed(path, f"std/{path.name}")


def overrides_span(variants: Mapping[str, ast.Variant], name: str) -> Span:
    """Where to point when a variant is asked for that may not exist: at it, or nowhere (the command line)."""
    return variants[name].span if name in variants else NOWHERE
