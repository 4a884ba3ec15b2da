"""A user's own nn.Module class, named in the spec as package.module:Class.

Input: bound arguments; the further named arguments are those of the class. Output: the instance. Importing runs code
of the user's: build.py calls this only with the permission that was given to the process.
"""

from __future__ import annotations

import importlib
from typing import Any

from torch import nn

from cldsl.catalogue import CatalogueError


def python_class(consumes: tuple[int, ...], target: str, axes: int, options: dict[str, Any]) -> nn.Module:
    """Import the class and call it. Raises CatalogueError when it is missing or not an nn.Module."""
    path, _, attribute = target.partition(":")
    if not path or not attribute:
        raise CatalogueError(f"python: {target!r} names no class", 'write python("package.module:Class")')
    try:
        found = getattr(importlib.import_module(path), attribute, None)
    except ModuleNotFoundError as error:
        raise CatalogueError(f"python: no module {error.name} to import for {target}") from error
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise CatalogueError(f"python: {target} is not a class of torch.nn.Module")
    try:
        return found(**options)
    except TypeError as error:
        raise CatalogueError(f"python: {target} does not accept these arguments: {error}") from error
