"""A graph is one batch: `batch = all` takes the rows in their order, and a metric is fitted on some of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_tiny import cldsl, write

GRAPH = """spec tiny "A tiny graph"

data graph: x[item, feature], knows[item, other], label[item] -> class, shown[item] -> mark, id[item] -> node from "graph:graph"
model f(feature -> dim) = linear(2)
state seen[node, feature] ~ bernoulli(0.5)  # drawn once
state order[node] = 0
let mean_of = dot[node](knows[other -> node], x[item -> node]) + 0 * seen[node -> item]
let z = f(mean_of)
train on graph(batch = all, epochs = 2):
    order[node = id] <- item
    minimize mean(z * z) by sgd(lr = 0.1)
on graph(split = "train"):
    report told = mean(order[node -> item] == id)
    report micro = linear_probe(mean_of, label, fit = shown == 1)
    report macro = linear_probe(mean_of, label, fit = shown == 1, measure = "macro_f1")
"""


def test_a_whole_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "graph"
    folder.mkdir()
    lines = [f"{node % 2}.5,{node},{node % 2},{int(node < 4)}" for node in range(8)]
    (folder / "nodes.csv").write_text("x.0,x.1,label,shown\n" + "\n".join(lines) + "\n", encoding="utf-8")
    links = "\n".join(f"{node},{(node + 2) % 8}" for node in range(8))
    (folder / "knows.csv").write_text(f"node,other\n{links}\n", encoding="utf-8")
    spec = write(tmp_path, GRAPH)
    assert cldsl("check", spec).exit_code == 0
    result = cldsl("run", spec, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    reports = json.loads((tmp_path / "out" / "reports.json").read_text(encoding="utf-8"))
    assert reports["told"] == 1  # row k of a step is node k
    assert reports["micro"] == reports["macro"] == 1


def test_a_batch_that_is_chosen_is_no_whole_one(tmp_path: Path) -> None:
    text = GRAPH.replace("batch = all", "batch = every")
    assert "every" in cldsl("check", write(tmp_path, text)).output
