"""Names of a body's inputs and outputs: words of the spec, each once."""

from __future__ import annotations


def word(text: str, taken: set[str]) -> str:
    """The text as a word that is not yet taken, and take it."""
    stem = "".join(char if char.isascii() and char.isalnum() else "_" for char in text).strip("_") or "value"
    if stem[0].isdigit():
        stem = f"x{stem}"
    name, count = stem, 2
    while name in taken:
        name, count = f"{stem}_{count}", count + 1
    taken.add(name)
    return name
