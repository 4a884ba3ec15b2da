"""The files behind a path: the one that is named, and its test file where there is one.

Input: a path. Output: the file of each part. A file whose name holds "train" or "TRAIN" takes its test rows from the file beside
it whose name holds "test" or "TEST" instead, when that exists.
"""

from __future__ import annotations

from pathlib import Path

from cldsl.catalogue import CatalogueError, nearest


def existing(path: str, what: str = "file") -> Path:
    """The path with ~ expanded. Raises CatalogueError with the nearest name of its folder when nothing is there."""
    found = Path(path).expanduser()
    if found.is_dir() if what == "folder" else found.is_file():
        return found
    beside = [other.name for other in found.parent.iterdir()] if found.parent.is_dir() else []
    mend = nearest(found.name, beside) if beside else f"there is no folder {found.parent} or it is empty"
    raise CatalogueError(f"there is no {what} {path}", mend)


def parts(path: str) -> dict[str, Path]:
    """{"train": file} or {"train": file, "test": the file beside it}. Raises CatalogueError for a missing file."""
    train = existing(path)
    test = train.with_name(train.name.replace("train", "test").replace("TRAIN", "TEST"))
    return {"train": train, "test": test} if test != train and test.is_file() else {"train": train}
