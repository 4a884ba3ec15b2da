"""The views of sequences (cldsl/std/sequences.cl) by hand: what is left, in which order, and where nothing is."""

from __future__ import annotations

import torch

from cldsl.reference import Evaluator
from cldsl.semantics.resolve import resolve

TEXT = """spec views "Views of sequences"
use std.sequences (cropped, hidden, reordered)
data rows_of: seq[item, time], at[item], noise[item, time] from "rows.npz"
let s = seq if seq > 0
let run = cropped[time](s, 0.5, at) else 0
let left = hidden[time](s, 0.5, noise) else 0
let mixed = reordered[time](s, 0.8, at, noise) else 0
"""
SEQ = torch.tensor([[7, 8, 9, 4, 5, 0], [3, 2, 0, 0, 0, 0], [6, 0, 0, 0, 0, 0]])
AT = torch.tensor([0.99, 0.0, 0.5])
NOISE = torch.tensor([[0.5, 0.1, 0.4, 0.9, 0.2, 0.0], [0.8, 0.3, 0.1, 0.2, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0, 0.0, 0.0]])


def _told(name: str) -> list[list[float]]:
    columns = {"seq": (SEQ, ("item", "time")), "at": (AT, ("item",)), "noise": (NOISE, ("item", "time"))}
    value = Evaluator(resolve(TEXT, "views.cl"), {}, columns).value(name)
    found: list[list[float]] = value.ordered(("item", "time")).tolist()
    return found


def test_a_run_moves_to_the_start() -> None:
    # two of five, the last place they may begin is 3; one of two; of a single entry itself
    assert _told("run") == [[4, 5, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0], [6, 0, 0, 0, 0, 0]]


def test_the_lowest_noise_hides() -> None:
    assert _told("left") == [[7, 0, 9, 4, 0, 0], [3, 0, 0, 0, 0, 0], [6, 0, 0, 0, 0, 0]]


def test_a_run_is_put_in_the_order_of_its_noise() -> None:
    # four of five from place 1: noise 0.1, 0.4, 0.9, 0.2; the first stays
    assert _told("mixed") == [[7, 8, 5, 9, 4, 0], [3, 2, 0, 0, 0, 0], [6, 0, 0, 0, 0, 0]]
