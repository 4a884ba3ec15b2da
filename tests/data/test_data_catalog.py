"""Names of sources: what is found, what is proposed, what the catalogue promises, and what it may not import."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources

import pytest

from cldsl.catalogue import CatalogueError
from cldsl.data.catalog import SOURCES, SPLITS, ColumnEntry, SourceEntry, resolve, source


def test_check_loads_no_heavy_package() -> None:
    code = "import sys, cldsl.data.catalog; print([m for m in ('numpy', 'torch', 'sklearn') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("entry", SOURCES, ids=lambda entry: entry.name)
def test_every_embedded_source_is_complete(entry: SourceEntry) -> None:
    assert tuple(entry.rows) == tuple(entry.sha256) == tuple(split for split in SPLITS if split in entry.rows)
    assert {"train", "test"} <= set(entry.rows)
    assert entry.licence and entry.doc and all(len(digest) == 64 for digest in entry.sha256.values())
    for column in entry.columns:
        assert len(column.axes) == len(column.sizes) and column.dtype in ("real", "int")
    assert callable(entry.load())


@pytest.mark.parametrize(
    ("name", "path", "extra"),
    [
        ("hf:uoft-cs/cifar10", "uoft-cs/cifar10", "hf"),
        ("ILSVRC/imagenet-1k", "ILSVRC/imagenet-1k", "hf"),
        ("nyu-mll/glue:mrpc", "nyu-mll/glue:mrpc", "hf"),
        ("folder:/data/birds", "/data/birds", "data"),
        ("npz:cells", "cells", None),
        ("bags:slides.csv", "slides.csv", None),
        ("tiles:some/slides.csv", "some/slides.csv", None),
        ("some/where/cells.npz", "some/where/cells.npz", None),
        ("some/cells.safetensors", "some/cells.safetensors", None),
        ("some/cells.parquet", "some/cells.parquet", "tables"),
        ("cells.csv", "cells.csv", None),
        ("log:clicks.csv", "clicks.csv", None),
        ("some/ml-100k.inter", "some/ml-100k.inter", None),
    ],
)
def test_production_names_resolve_by_their_form(name: str, path: str, extra: str | None) -> None:
    found = resolve(name)
    assert (found.entry.name, found.path, found.entry.extra) == (name, path, extra)
    assert found.entry.tier == "production" and found.entry.columns == () and not found.entry.rows


def test_a_name_may_fix_the_split() -> None:
    assert resolve("mnist-5k/test").split == "test"
    assert source("mnist-5k/test") is source("mnist-5k")
    with pytest.raises(CatalogueError, match="source mnist-5k has no split tset") as caught:
        source("mnist-5k/tset")
    assert caught.value.mend == "did you mean test?"


def test_an_unknown_name_proposes_the_nearest() -> None:
    with pytest.raises(CatalogueError, match=r"no source is called mnist-5") as caught:
        source("mnist-5")
    assert caught.value.mend.startswith("did you mean mnist-5k? (or one of hf:OWNER/NAME, folder:PATH")


def _shown(column: ColumnEntry) -> str:
    named = [axis + "*" * (axis in column.ragged) for axis in column.axes]
    axes = ", ".join(f"{axis} = {size}" for axis, size in zip(named, column.sizes, strict=True))
    return column.name + (f"[{axes}]" if axes else "") + (f" -> {column.classes}" if column.classes else "")


def test_the_table_of_the_readme_is_the_catalogue() -> None:
    readme = resources.files("cldsl.data").joinpath("README.md").read_text(encoding="utf-8")
    for entry in SOURCES:
        columns = "; ".join(_shown(column) for column in entry.columns)
        cells = [entry.name, entry.rows["train"], entry.rows["test"], columns, entry.licence, entry.extra or ""]
        assert "| " + " | ".join(map(str, cells)) + " |" in readme
