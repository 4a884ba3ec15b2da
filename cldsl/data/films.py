"""Ratings of films as sequences: MovieLens-100k, GroupLens 1998, as the package recbole carries it.

Input: a split. Output: raw columns. The ratings may not be passed on, so nothing of them is in cldsl: one file of the
installed distribution is read, and the package, which asks for many others, is never imported.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data.interactions import read_table, sequences
from cldsl.data.order import Array

FILE = "recbole/dataset_example/ml-100k/ml-100k.inter"
LENGTH = 20
LEAST = 5
MEND = "pip install --no-deps recbole==1.2.1"


def read_films(split: str) -> dict[str, Array]:
    """seq[item, time = 20], next[item], user[item]; films with fewer than five ratings are left out."""
    log = sequences(*read_table(_file()), least=LEAST, source="movielens-100k")
    return log.read(split, np.arange(len(log.targets[split])), LENGTH)


def _file() -> Path:
    try:
        found = metadata.distribution("recbole").locate_file(FILE)
    except metadata.PackageNotFoundError as error:
        raise CatalogueError("movielens-100k needs the package recbole, which is not installed", MEND) from error
    path = Path(str(found))
    if not path.is_file():
        raise CatalogueError(f"the package recbole does not hold {FILE}", MEND)
    return path
