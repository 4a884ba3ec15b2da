"""What stands in for models and data in each shipped spec: names, axes, kinds, and the params that keep it small.

Input: a spec's name, a seed. Output: Samples whose expressions are every term that it minimises and every let that is a
tensor. Sizes are random; labels have few classes, so that sets are empty at times.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from cldsl.semantics.program import Program
from cldsl.semantics.resolve import resolve_file
from cldsl.syntax import ast
from tests.equivalence.three_levels import Cell, Named, Sample

FOLDER = Path(__file__).resolve().parents[2] / "specs"


@dataclass(frozen=True)
class Stand:
    """given: name -> axes; `~name` marks a positive number, `axis>` a column of indices into an axis, `name*` a share.

    masked: states with presence -> (axes, axes of presence). relations: lets that are no tensors. fixed: sizes of axes.
    """

    given: Mapping[str, str]
    masked: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    relations: tuple[str, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, int] = field(default_factory=dict)
    variants: Mapping[str, Stand] = field(default_factory=dict)


_MOCHI = {
    "q": "item dim", "k": "item dim", "Q": "slot dim", "i": "item mix > 3", "j": "item mix > 3", "r": "item blend > 3",
    "share": "item mix ~", "own": "item blend ~", "label": "item > class",
}  # fmt: skip
_MOCHI_SETS = {"hardest": "3", "pairs": "3", "blends": "2", "start": "1"}
_HYDRA = {
    "q": "item v dim", "k": "item v dim", "gate": "item dim ~", "label": "item > class", "pair": "item > class",
}  # fmt: skip
_LATER = {name: axes for name, axes in _HYDRA.items() if name not in ("q", "k")} | {"z": "item v dim"}
_GRAPH = {
    "actor": "item player ~", "director": "item maker ~", "writer": "item author ~", "kept": "path row node", "film": "item dim",
    "fine": "item dim", "coarse": "item dim", "first": "again group > node", "second": "again circle > node",
    **{name: "item dim" for name in ("views", "people", "h", "share")},
}  # fmt: skip
_GRAPH_SIZES = {
    **{name: 5 for name in ("item", "node", "row")}, "path": 3, "player": 4, "maker": 3, "author": 2, "again": 2, "group": 2, "circle": 3,
}  # fmt: skip
_TILES = {
    "q": "item dim", "k": "item dim", "score": "item class", "label": "item > class", "id": "item > sample", "mu": "class dim",
    "inner": "item width", "likely": "item tile class ~",
}  # fmt: skip
_PSEUDO = {"Q": ("slot dim", "slot"), "P": ("slot class", "slot class"), "s": ("sample class", "sample class")}
_SPACES = {"c": "item v dim", "s": "item v dim", "target": "item > kind"}
_SIDES = {name: "sample" for name in ("si", "bi", "ui", "st", "bt", "ut")}
_PIXPRO = {"p": "item v y x dim", "k": "item v y x dim", "value": "item v y x dim", "box": "item v side ~"}
_OBOW = {
    "low": "item width m n", "high": "item dim k l", "top": "item crop dim", "V": "word width", "U": "word dim", "near": "~", "close": "~",
    "score": "item crop word", "second": "item crop word", "seen": "item",
}  # fmt: skip
_WORDS = {"width": 3, "m": 4, "n": 3, "k": 3, "l": 3, "crop": 5, "word": 4}
_PLACES = {"v": 2, "side": 5, "y": 2, "x": 3}

STANDS: Mapping[str, Stand] = {
    "beclr": Stand(
        {"s": "item v dim", "made": "memory item v dim", "proto": "memory word dim", "first": "word > slot", "e": "item dim"},
        {"bank": ("memory slot dim", "memory slot"), "tag": ("memory slot", "memory slot")},
        sets={"words": "2", "slots": "6", "near": "2", "begin": "0"}, fixed={"memory": 3, "slot": 6, "word": 2},
    ),
    "cacr": Stand(
        {"z": "item v dim"}, sets={"views": "3"}, fixed={"v": 3},
        variants={
            "two_views": Stand({"z": "item v dim"}, fixed={"v": 2}),
            "baseline": Stand({"z": "item v dim"}, fixed={"v": 2}),
            "momentum": Stand({"z": "item v dim", "k": "item v dim", "Q": "slot dim"}, sets={"views": "3"}, fixed={"v": 3}),
            "rbf": Stand({"z": "item v dim", "k": "item v dim", "Q": "slot dim"}, sets={"views": "3"}, fixed={"v": 3}),
            "as_published": Stand({"z": "item v dim", "k": "item v dim", "Q": "slot dim"}, sets={"views": "3"}, fixed={"v": 3}),
        },
    ),
    "dcl": Stand({"z": "item v dim"}),
    "groco": Stand({"z": "item v dim"}, sets={"hardest": "3"}),
    "hardness-aware": Stand(
        {"z": "item dim", "id": "item > sample", "bank": "sample dim"},
        variants={name: Stand({"z": "item dim", "id": "item > sample", "bank": "sample dim"}, sets={"nearest": "3"})
                  for name in ("as_published", "as_published_simple")},
    ),
    "hydra": Stand(
        _HYDRA,
        variants={
            "open": Stand({name: axes for name, axes in _HYDRA.items() if name != "gate"}),
            "partner": Stand({**{name: axes for name, axes in _HYDRA.items() if name != "pair"}, "order": "item > item"}),
            **{name: Stand({**_HYDRA, "single": "item dim ~"}) for name in ("binary", "as_published")},
            "simlap": Stand(_LATER),
            **{name: Stand({key: axes for key, axes in _LATER.items() if key != "gate"}) for name in ("simlap_open", "supcon")},
        },
    ),
    "ins-mil": Stand(
        _TILES, _PSEUDO, fixed={"tile": 3, "width": 4},
        variants={"as_published": Stand({**_TILES, "pooled": "item width"}, _PSEUDO, fixed={"tile": 3, "width": 4})},
    ),
    "sepclr": Stand(
        _SPACES, relations=("code_c", "code_s"), fixed={"kind": 2},
        variants={
            "split": Stand({"z": "item v dim", **_SPACES}, relations=("code_c", "code_s"), fixed={"kind": 2}),
            "attributes": Stand(
                {"c": "item v dim", "s": "item part", "target": "item > kind", "trait": "item part"},
                relations=("code_c", "code_s"), fixed={"kind": 2, "part": 3},
            ),
        },
    ),
    "isogclr": Stand({"z": "item v dim", "id": "item > sample", "s": "sample ~", "u": "sample", "tau": "sample ~"}),
    "isogclr-bimodal": Stand(
        {"zi": "item dim", "zt": "item dim", "id": "item > sample", **_SIDES, "ti": "sample ~", "tt": "sample ~",
         "si": "sample ~", "st": "sample ~"},
        relations=("images", "texts"),
    ),
    "meow": Stand(
        _GRAPH, sets={"few": "2", "many": "3", "starts": "2", "near": "2"}, fixed=_GRAPH_SIZES,
        variants={"learned": Stand({**_GRAPH, "trust": "item node ~"}, sets={"few": "2", "many": "3", "starts": "2", "near": "2"}, fixed=_GRAPH_SIZES)},
    ),
    "mochi": Stand(
        _MOCHI, sets=_MOCHI_SETS, fixed={"slot": 6, "mix": 3, "blend": 2},
        variants={
            "baseline": Stand({"q": "item dim", "k": "item dim", "Q": "slot dim"}, sets={"hardest": "3"}, fixed={"slot": 6}),
            "oracle": Stand(_MOCHI, {"tag": ("slot", "slot")}, sets=_MOCHI_SETS, fixed={"slot": 6, "mix": 3, "blend": 2}),
        },
    ),
    "sc-mil": Stand(
        {"tiles": "item tile width", "share": "item tile ~", "z": "item dim", "score": "item class", "label": "item > class"},
        fixed={"tile": 4, "width": 3, "class": 3},
    ),
    "obow": Stand(
        _OBOW, sets={"words": "4"}, fixed=_WORDS,
        variants={"vanilla": Stand(_OBOW, sets={"words": "4"}, fixed={**_WORDS, "crop": 2}),
                  "static": Stand({**_OBOW, "score": "item crop word", "second": "item crop word"}, sets={"words": "4"}, fixed=_WORDS)},
    ),
    "pixpro": Stand(
        _PIXPRO, fixed=_PLACES,
        variants={
            name: Stand({**_PIXPRO, "whole": "item v dim", "mate": "item v dim"}, fixed=_PLACES)
            for name in ("instance", "both")
        } | {"as_published": Stand({**_PIXPRO, "rows_of": "~", "columns": "~"}, fixed=_PLACES)},
    ),
    "supremix": Stand({"z": "item v dim", "age": "item round", "share": "a.item a.v k.item k.v ~"}, fixed={"a.v": 2, "k.v": 2},
                      variants={"supcr": Stand({"z": "item v dim", "age": "item round"}),
                                "supcon_classes": Stand({"z": "item v dim", "age": "item round"})}),
    "swav": Stand(
        {"z": "item crop dim", "C": "word dim"}, sets={"crops": "3", "words": "4"}, fixed={"crop": 3, "word": 4},
        variants={
            "two_crops": Stand({"z": "item crop dim", "C": "word dim"}, sets={"words": "4"}, fixed={"crop": 2, "word": 4}),
            "queue": Stand({"z": "item crop dim", "C": "word dim"}, {"Q": ("maker slot dim", "maker slot")},
                           sets={"crops": "3", "words": "4", "slots": "3"}, fixed={"crop": 3, "word": 4, "maker": 2, "slot": 3}),
        },
    ),
}  # fmt: skip


@cache
def variants(spec: str) -> tuple[str | None, ...]:
    """The spec itself, and each of its variants."""
    return (None, *(each.name for each in resolve_file(FOLDER / f"{spec}.cl", None, {}).variants))


def all_programs() -> list[tuple[str, str | None]]:
    """Every shipped spec with every variant."""
    return [(spec, variant) for spec in sorted(STANDS) for variant in variants(spec)]


def stand_of(spec: str, variant: str | None) -> Stand:
    """What is supplied to a variant: its own entry, else that of the spec."""
    stand = STANDS[spec]
    return stand.variants.get(variant or "", stand)


def sample_of(spec: str, variant: str | None, seed: int) -> Sample:
    """Random data of random sizes for a spec. Equal seeds give equal data."""
    rng = random.Random(f"{spec}/{variant}/{seed}")
    stand = stand_of(spec, variant)
    items, dim = rng.randint(2, 7), rng.randint(2, 5)
    sizes = {"item": items, "a.item": items, "k.item": items, "dim": dim, "v": 2, "sample": items + 3, "slot": 6,
             "class": 2, **stand.fixed}  # fmt: skip
    source = torch.Generator().manual_seed(rng.randrange(2**31))
    given = {name: _drawn(axes, sizes, source) for name, axes in stand.given.items()}
    cells: dict[str, Cell] = {}
    for name, (axes, presence) in stand.masked.items():
        tensor, own = _drawn(f"{axes} > class" if name == "tag" else axes, sizes, source)
        shape = [sizes[axis] for axis in presence.split()]
        share = rng.choice([0.0, 0.5, 1.0])
        cells[name] = (tensor, own, torch.rand(shape, generator=source) < share, tuple(presence.split()))
    clock = {"step": float(rng.randrange(4)), "steps": 8.0, "epoch": float(rng.randrange(2)), "progress": 0.25}
    path = FOLDER / f"{spec}.cl"
    program = resolve_file(path, variant, stand.sets)
    expressions = tuple([*objectives(program), *lets(program, stand)])
    own_sizes = {axis: size for axis, size in sizes.items() if axis in ("sample", "class", "slot", "dim")}
    return Sample(
        path.read_text(encoding="utf-8"), expressions, given, cells, clock, own_sizes, variant, stand.sets, str(path)
    )


def objectives(program: Program) -> list[ast.Expr]:
    """Every term that a train block minimises."""
    found = [item for train in program.all(ast.Train) for item in train.body if isinstance(item, ast.Minimize)]
    return [term.value for item in found for term in item.terms]


def lets(program: Program, stand: Stand) -> list[str]:
    """Every let at the file's level that is a tensor and is not supplied."""
    names = [each.name for each in program.all(ast.Let)]
    models = ("q", "k", "z", "zi", "zt", "age")
    return [name for name in names if name not in stand.given and name not in stand.relations and name not in models]


def _drawn(axes: str, sizes: Mapping[str, int], source: torch.Generator) -> Named:
    """A tensor by its description: `item dim`, `item > class`, `sample ~`, `item round`, `item mix > 3`."""
    names, _, target = axes.partition(">")
    words = [word for word in names.split() if word not in ("~", "round")]
    shape = [sizes[word] for word in words]
    if target:
        bound = sizes[target.strip()] if not target.strip().isdigit() else int(target)
        distinct = target.strip() == "sample"
        indices = (
            torch.randperm(bound, generator=source)[: shape[0]]
            if distinct
            else torch.randint(0, bound, shape, generator=source)
        )
        return indices, tuple(words)
    data: Tensor
    if "~" in axes:
        data = 0.1 + 0.8 * torch.rand(shape, generator=source, dtype=torch.float64)
    else:
        data = torch.randn(shape, generator=source, dtype=torch.float64)
    return (torch.round(2 * data) if "round" in axes else data), tuple(words)
