"""What can be wrong with a case or its binding, in one line."""

from __future__ import annotations

from cldsl.catalogue import CatalogueError


class CaseError(CatalogueError):
    """A file that is no case, or a case that a binding does not fit."""
