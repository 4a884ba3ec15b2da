"""`cldsl explain`: time line, sets, gradient, passes, memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_tiny import TINY, cldsl, write

from cldsl.explain.memory import cost
from cldsl.explain.reach import reach
from cldsl.explain.sets import sets
from cldsl.explain.table import number, plural, quantity, table
from cldsl.explain.timeline import timeline
from cldsl.graph.nodes import Axis, Function, Graph
from cldsl.graph.reader import read
from cldsl.running import elaborated
from cldsl.semantics.program import Program
from cldsl.semantics.resolve import resolve

_Z = "let z = unit(g(f(x)))"
QUEUE = (
    TINY.replace(
        _Z,
        "model t = copy(f, g)\nlearn C[word = 5, dim] ~ normal(0, 1)\nstate Q[slot = 64, dim] ~ sphere()\n"
        f"{_Z}\nlet k = stop(unit(t.g(t.f(x[v = 1]))))",
    )
    .replace("    similarity", "    negative    c in Q\n    similarity")
    .replace(
        "    minimize mean(infonce(pull))",
        "    t <- mix(t, (f, g), keep = 0.9)\n    minimize mean(infonce(pull)) + mean(stop(dot(z, C)))",
    )
    .replace("(lr = rate)", "(lr = rate)\n    Q <- push[slot](Q, k)\n    report late = mean(dot(k, k))")
)


def _program(text: str) -> Program:
    return resolve(text, "tiny.cl")


def test_the_time_line_tells_reads_and_writes_in_order() -> None:
    program = _program(QUEUE)
    text = timeline(elaborated(program, {}), program.sources)
    places = [
        text.index(word)
        for word in ("t <- mix", "minimize mean", "Q <- push", "pointer of slot moves by 32 of 64", "on_1: on digits")
    ]
    assert places == sorted(places)
    assert "reads   models f, g\n      writes  models t.f, t.g\n" in text
    assert "states Q" in text and "models f, g, t.f, t.g" in text
    assert "reports norm = norm  tiny.cl:34" in text


def test_a_watched_scalar_is_no_statement() -> None:
    program = _program(TINY)
    assert timeline(elaborated(program, {}), program.sources).count("minimize") == 1


def test_sets_are_counted() -> None:
    text = sets(_program(TINY), {}, {})
    assert "64 anchors [item=32, v=2]" in text
    assert "positive  1              64       c in z if c.item == a.item and c.v != a.v" in text
    assert "negative  62             64       c in z if c.item != a.item" in text
    assert "ignored: 1\n" in text
    assert "log 62 = 4.1271 over negatives, log 63 = 4.1431 over one positive and the negatives" in text
    assert "warning" not in text


def test_a_set_that_reads_data_says_so() -> None:
    text = TINY.replace("if c.item == a.item and c.v != a.v", "if c.label == a.label and c != a")
    told = sets(_program(text.replace("if c.item != a.item", "if c.label != a.label")), {}, {})
    assert "positive  1 to 64, depends on data" in told  # the other view has the same label
    assert "negative  0 to 64, depends on data" in told
    assert "warning: an anchor may have no negative" in told and "no positive" not in told
    assert "level when all candidates are alike: depends on data" in told


def test_an_applied_contrast_with_parameters_is_told_under_its_application() -> None:
    text = (
        TINY.replace("contrast pull:", "contrast pull(A):")
        .replace("a in z", "a in A")
        .replace("c in z", "c in A")
        .replace("infonce(pull)", "infonce(pull(z))")
    )
    assert "contrast pull(z)  tiny.cl:15" in sets(_program(text), {}, {})


def test_the_gradient_names_what_moves_and_where_it_is_cut() -> None:
    lines = dict(line.split(": ", 1) for line in reach(elaborated(_program(QUEUE), {})).splitlines())
    assert lines["model f (tiny.cl:11)"] == lines["model g (tiny.cl:12)"]
    assert lines["model f (tiny.cl:11)"].startswith(
        "moved by minimize at tiny.cl:29 by adam; other paths are cut: stop at tiny.cl:29"
    )
    assert lines["learn C (tiny.cl:14)"] == "never moved; the gradient is cut: stop at tiny.cl:29"
    assert lines["model t.f (tiny.cl:13)"].startswith("a copy of f, moved by `<-` alone")
    assert lines["state Q (tiny.cl:15)"].startswith("a constant for every gradient")


def test_work_and_bytes_are_counted_by_hand() -> None:
    graph = Graph()
    text = """function f grad
      %0 = input(kind=given, name=x) : real[a=3, dim=5]
      %1 = input(kind=given, name=y) : real[c=4, dim=5]
      %2 = dot(%0, %1; over=(dim)) : real[a=3, c=4]
      %3 = exp(%2) : real[a=3, c=4]
      %4 = reduce(%3; kind=logsumexp, over=(c)) : real[a=3]
      %5 = reduce(%4; kind=mean, over=(a)) : real[]
      return loss=%5
    """
    found = cost(read("\n".join(line.strip() for line in text.splitlines()), graph), {})
    assert (found.operators, found.flops) == (6, 2 * 3 * 4 * 5 + 12 + 3 * 12 + 3)
    assert (found.peak, found.kept) == (2 * 48, 48 + 48 + 12 + 4)
    assert [size for _, size in found.largest] == [48, 48, 12, 4]


def test_an_axis_of_unknown_size_takes_the_rows_that_are_known() -> None:
    graph = Graph()
    x = graph.leaf("input", (Axis("item"), Axis("dim", 4)), "real", kind="column", name="x")
    function = Function("f", (("y", graph.make("exp", x)),))
    assert cost(function, {"item": 10}).peak == 160
    assert cost(function, {}).peak == 16


def test_passes_memory_and_graphs_as_files(tmp_path: Path) -> None:
    write(tmp_path)
    result = cldsl("explain", "tiny.cl", "--passes", "--memory", "--dump", "graphs", cwd=tmp_path)
    assert result.exit_code == 0, result.output
    for chapter in ("== time line", "== sets", "== gradient", "== passes", "== plan, -O2"):
        assert chapter in result.output
    assert "train_1.objective_1: " in result.output and "[a=64, n=64]" in result.output
    files = sorted(path.name for path in (tmp_path / "graphs").iterdir())
    assert "train_1.objective_1.0.elaborated.txt" in files and len(files) > 2
    for path in (tmp_path / "graphs").iterdir():
        read(path.read_text(encoding="utf-8"), Graph())
    plain = cldsl("explain", "tiny.cl", "--passes", "-O0", cwd=tmp_path).output
    assert "-O0 runs no pass\n" in plain and plain.endswith("-O0 computes every function whole\n")
    assert "== plan" not in plain


def test_a_bound_of_memory_is_told_encoder_by_encoder(tmp_path: Path) -> None:
    """Two linear maps, the first with a hidden layer: it keeps 256 bytes a row, and is cached where they are too many."""
    write(tmp_path, TINY.replace("= linear(16)", "= mlp([64, 16])"))
    told = cldsl("explain", "tiny.cl", "--memory", "20kB", cwd=tmp_path).output
    chapter = told.partition("== encoders\n\n")[2].partition("\n\n==")[0].splitlines()
    rows = [" ".join(line.split()) for line in chapter]
    assert rows[1].startswith("f in objective_1 64 256 B 16.4 kB cached, 16 rows at a time tiny.cl:")
    assert rows[2].startswith("g in objective_1 64 0 B 0 B whole tiny.cl:")
    assert rows[3] == "encoders may keep 10.0 kB of 20.0 kB; whole they keep 16.4 kB, so 0 B and a chunk of 4.1 kB"
    assert "== plan, -O2" in told
    assert "-O0 applies every encoder whole" in cldsl("explain", "tiny.cl", "--memory=1kB", "-O0", cwd=tmp_path).output


@pytest.mark.parametrize(
    "words", [("--memory", "tiny.cl"), ("--memory", "--passes", "tiny.cl"), ("tiny.cl", "--memory")]
)
def test_memory_without_a_size_bounds_nothing(words: tuple[str, ...], tmp_path: Path) -> None:
    write(tmp_path)
    result = cldsl("explain", *words, cwd=tmp_path)
    assert result.exit_code == 0, result.output
    assert "== plan, -O2" in result.output and "== encoders" not in result.output


def test_a_variant_is_explained(tmp_path: Path) -> None:
    write(tmp_path)
    assert cldsl("explain", "tiny.cl", "--variant", "still", cwd=tmp_path).output.startswith(
        "tiny, variant still: A tiny method\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (3, "3"),
        (2.0, "2"),
        (0.12345, "0.1235"),
        (1e-5, "1e-05"),
        (float("nan"), "nan"),
        ([1.0] * 9, "[1.0, 1.0, 1.0, 1.0, ..."),
    ],
)
def test_numbers_as_people_read_them(value: object, text: str) -> None:
    assert number(value) == text


def test_quantities_and_tables() -> None:
    assert [quantity(n, "B") for n in (0, 999, 1000, 2_500_000, 3e15)] == ["0 B", "999 B", "1.0 kB", "2.5 MB", "3.0 PB"]
    assert (plural(1, "seed"), plural(0, "seed")) == ("1 seed", "0 seeds")
    assert table([["a", "1"], ["bb", "10"]], ("n", "count"), right=(1,)) == "n   count\na       1\nbb     10"
    assert table([]) == ""
