"""Sources that are files of named arrays: .npz and .safetensors.

Input: a path. Output: Opened; only headers are read until rows are asked for (and whole-numbered columns of one axis,
to count their classes). Each array's first axis is the item axis. Arrays of Python objects are refused.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from safetensors import SafetensorError, safe_open

from cldsl.catalogue import CatalogueError
from cldsl.data import files
from cldsl.data.catalog import ColumnEntry
from cldsl.data.layout import Opened, classes, describe, same_length
from cldsl.data.order import Array, Indices

Header = Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]
Load = Callable[[Path, Sequence[str]], dict[str, Array]]

_SAFETENSORS = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "I16": "int16",
    "I32": "int32",
    "I64": "int64",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
}


def open_npz(path: str) -> Opened:
    """The arrays of a .npz file. Raises CatalogueError for a file that is missing or is none."""
    return _open(path, _npz_header, _npz_load)


def open_safetensors(path: str) -> Opened:
    """The tensors of a .safetensors file. Raises CatalogueError for a file that is missing or is none."""
    return _open(path, _safetensors_header, _safetensors_load)


def _open(path: str, header: Callable[[Path], Header], load: Load) -> Opened:
    parts = files.parts(path)
    headers = {part: header(file) for part, file in parts.items()}
    described = {name: describe(name, *held) for name, held in headers["train"].items()}
    columns = [column for column in described.values() if isinstance(column, ColumnEntry)]
    lengths = {
        part: same_length(parts[part].name, {column.name: _length(parts[part], held, column) for column in columns})
        for part, held in headers.items()
    }

    def read(part: str, names: Sequence[str], rows: Indices) -> dict[str, Array]:
        return {name: array[rows] for name, array in load(parts[part], names).items()}

    labels = [column.name for column in columns if column.dtype == "int" and not column.axes]
    loaded = [load(file, labels) for file in parts.values()]
    counts = {name: classes([part[name] for part in loaded]) for name in labels}
    return Opened(
        tuple(replace(column, classes=counts.get(column.name)) for column in columns),
        lengths,
        read,
        {name: text for name, text in described.items() if isinstance(text, str)},
    )


def _length(file: Path, held: Header, column: ColumnEntry) -> int:
    """Rows of the column in this part. Raises CatalogueError when the part lacks it or it has another shape there."""
    if column.name not in held:
        raise CatalogueError(f"{file.name} has no array {column.name}, which its training file has")
    shape = held[column.name][0]
    if shape[1:] != column.sizes:
        raise CatalogueError(
            f"{file.name}: {column.name} is {shape[1:]} a row, and {column.sizes} in the training file"
        )
    return shape[0]


def _npz_header(file: Path) -> Header:
    if not zipfile.is_zipfile(file):
        raise CatalogueError(f"{file} is not a .npz file", "write it with numpy.savez")
    held: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}
    with zipfile.ZipFile(file) as archive:
        for member in archive.namelist():
            with archive.open(member) as stream:
                shape, dtype = npy_header(stream)
            held[member.removesuffix(".npy")] = (shape, dtype)
    return held


def npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype of a .npy file that is read from its start. Raises ValueError for a file that is none."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype


def _npz_load(file: Path, names: Sequence[str]) -> dict[str, Array]:
    with np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in names}


def _safetensors_header(file: Path) -> Header:
    try:
        with safe_open(file, framework="numpy") as stored:
            slices = {name: stored.get_slice(name) for name in stored.keys()}  # noqa: SIM118 - it is no mapping
            return {
                name: (tuple(held.get_shape()), np.dtype(_SAFETENSORS.get(held.get_dtype(), "object")))
                for name, held in slices.items()
            }
    except SafetensorError as error:
        raise CatalogueError(f"{file} is not a .safetensors file", str(error)) from error


def _safetensors_load(file: Path, names: Sequence[str]) -> dict[str, Array]:
    with safe_open(file, framework="numpy") as stored:
        return {name: stored.get_tensor(name) for name in names}
