# The developer's door. `make run` and `make test` are the two commands of the README; .ci/run calls `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
THREADS = OMP_NUM_THREADS=1

.PHONY: run test quick check bench bench-views install clean

run: $(VENV)/ready
	$(BIN)/cldsl run specs/dcl.cl --out runs/dcl --overwrite

test: $(VENV)/ready
	$(THREADS) $(BIN)/python -m pytest -q -n 2 --dist loadfile

quick: $(VENV)/ready
	$(THREADS) $(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not slow and not inductor" tests/syntax tests/semantics tests/elaborate tests/graph tests/passes tests/data tests/test_tiny.py tests/test_public.py tests/test_layers.py

check: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy cldsl
	$(BIN)/python -m pytest -q tests/docs/test_paths.py
	$(BIN)/cldsl fmt --check specs/*.cl cldsl/std/*.cl

# The whole table takes hours; BENCH="--quick" takes minutes. Other libraries are measured where they are installed.
bench: $(VENV)/ready
	$(BIN)/python tests/bench/bench_losses.py $(BENCH)

bench-views: $(VENV)/ready
	$(BIN)/python tests/bench/bench_views.py

install: $(VENV)/ready

# torch first and alone, by its exact pin: a CPU build; an open range would fetch gigabytes.
$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,data,tables]"
	# data alone, never imported: its own requirements are not wanted
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps recbole==1.2.1
	touch $@

clean:
	rm -rf $(VENV) runs build dist
