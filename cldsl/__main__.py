"""`python -m cldsl` is `cldsl`."""

from __future__ import annotations

from cldsl.cli import main

if __name__ == "__main__":
    main(prog_name="cldsl")
