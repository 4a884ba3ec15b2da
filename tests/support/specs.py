"""Random whole specs: supplied tensors, lets, a contrast with its sets, losses, an objective, as text with data.

Input: a random.Random, or hypothesis. Output: a RandomSpec; its text is the language's, its tensors are seeded. Most are
accepted by the elaborator; whoever uses them discards the others. Models and train steps are not here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from hypothesis import strategies as st
from torch import Tensor

from tests.support.structure import Expressions, Typed

Named = tuple[Tensor, tuple[str, ...]]
Cell = tuple[Tensor, tuple[str, ...], Tensor, tuple[str, ...]]


@dataclass(frozen=True)
class RandomSpec:
    """A text, the expressions worth comparing, supplied tensors, states with presence, and the clock."""

    text: str
    expressions: tuple[str, ...]
    given: Mapping[str, Named]
    cells: Mapping[str, Cell]
    clock: Mapping[str, float]


STANDARD = ("infonce", "supcon", "decoupled", "simple_loss", "hardness_entropy")


def random_spec(rng: random.Random) -> RandomSpec:
    """A spec from a source of choices; equal choices give equal specs."""
    return _Maker(rng).make()


def specs() -> st.SearchStrategy[RandomSpec]:
    """The same, as a strategy."""
    return st.randoms(use_true_random=False).map(random_spec)


@dataclass(frozen=True)
class _Source:
    """Where rows come from: the text behind `in`, its coordinates, what its rows carry."""

    text: str
    tensor: str
    coordinates: tuple[str, ...]
    label: str | None = None
    age: str | None = None


class _Maker:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.size = {"item": rng.randint(2, 5), "v": 2, "dim": rng.randint(2, 4), "slot": rng.randint(2, 5),
                     "class": rng.randint(2, 4), "mix": 2}  # fmt: skip
        self.generator = torch.Generator().manual_seed(rng.randrange(2**31))
        self.given: dict[str, Named] = {}
        self.cells: dict[str, Cell] = {}
        self.lines: list[str] = ['spec random "A random spec"']
        self.tied = rng.random() < 0.15  # data on a coarse grid: ties, exact zeros

    def make(self) -> RandomSpec:
        self._declarations()
        lets = self._lets()
        relation = self._contrast()
        losses = self._losses(relation)
        objective = self._objective(losses)
        self.lines += ["train on rows_of(batch = 4, epochs = 1):", f"    minimize {objective} by sgd(lr = 0.1)"]
        self._read([*losses, *(each for each in lets if "(" in each)])
        expressions = [objective, *losses, *lets]
        clock = {
            "step": float(self.rng.randrange(4)),
            "steps": 8.0,
            "epoch": float(self.rng.randrange(2)),
            "progress": 0.25,
        }
        return RandomSpec("\n".join(self.lines) + "\n", tuple(expressions), self.given, self.cells, clock)

    def _read(self, expressions: list[str]) -> None:
        """Reports that read what nothing else reads, and the imports: a name that reaches nothing is an error."""
        for number, each in enumerate(expressions):
            self.lines.append(f"    report r{number} = {each if ' else ' in each else f'mean({each}) else 0'}")
        text = "\n".join(self.lines)
        spare = [
            name for name in ("tau", "window", "C", "Q", "tag", "scale") if len(re.findall(rf"\b{name}\b", text)) < 2
        ]
        unused = [f"{name}(pull)" for name in ("own1", "own3") if len(re.findall(rf"\b{name}\b", text)) < 2]
        unused += ["own2(pull, 2)"] if len(re.findall(r"\bown2\b", text)) < 2 else []
        for number, each in enumerate([*spare, *unused]):
            self.lines.append(f"    report s{number} = sum({each}) else 0")
        used = [name for name in STANDARD if re.search(rf"\b{name}\(", text)]
        if used:
            self.lines.insert(1, f"use std.losses ({', '.join(used)})")

    # ---- declarations

    def _normal(self, *axes: str) -> Named:
        data = torch.randn([self.size[axis] for axis in axes], generator=self.generator, dtype=torch.float64)
        return (torch.round(data) if self.tied else data), axes

    def _labels(self, count: int, *axes: str) -> Named:
        return torch.randint(0, count, [self.size[axis] for axis in axes], generator=self.generator), axes

    def _declarations(self) -> None:
        rng = self.rng
        self.lines.append(
            f"param tau: real > 0 = {rng.choice([0.2, 0.5, 1])}, window: real > 0 = {rng.choice([0.4, 1])}"
        )
        self.lines.append(
            'data rows_of: emb[item, v, dim], key[item, dim], label[item] -> class, age[item], w[item, v], i[item, mix] from "rows.npz"'
        )
        self.given["emb"] = self._normal("item", "v", "dim")
        self.given["key"] = self._normal("item", "dim")
        self.given["label"] = self._labels(self.size["class"], "item")
        self.given["age"] = self._normal("item")
        self.given["w"] = self._normal("item", "v")
        self.given["i"] = self._labels(3, "item", "mix")
        self.lines.append(f"learn C[class = {self.size['class']}, dim] ~ normal(0, 1)")
        self.given["C"] = self._normal("class", "dim")
        self.lines.append("learn scale[dim] ~ normal(0, 1)")
        self.given["scale"] = self._normal("dim")
        slots = f"slot = {self.size['slot']}"
        self.lines.append(f"state tag[{slots}] -> class = 0")
        self.given["tag"] = self._labels(self.size["class"], "slot")
        if rng.random() < 0.4:
            self.lines.append(f"state Q[{slots}, dim] = absent")
            mask = torch.rand(self.size["slot"], generator=self.generator) < 0.6
            self.cells["Q"] = (self._normal("slot", "dim")[0], ("slot", "dim"), mask, ("slot",))
        else:
            self.lines.append(f"state Q[{slots}, dim] ~ normal(0, 1)")
            self.given["Q"] = self._normal("slot", "dim")
        unit = rng.random() < 0.7
        self.lines.append(f"let z = {'unit(emb * scale)' if unit else 'emb * scale'}")
        self.lines.append(f"let k = {rng.choice(['stop(unit(key))', 'unit(key * scale)', 'key + scale', 'z[v = 0]'])}")

    def _typed(self, name: str, *axes: str, kind: str = "real", target: str = "", maybe: bool = False) -> Typed:
        return Typed(name, {axis: self.size[axis] for axis in axes}, kind, target, maybe)

    def _lets(self) -> list[str]:
        names = [
            self._typed("z", "item", "v", "dim"), self._typed("k", "item", "dim"), self._typed("age", "item"),
            self._typed("w", "item", "v"), self._typed("C", "class", "dim"),
            self._typed("Q", "slot", "dim", maybe="Q" in self.cells),
            self._typed("label", "item", kind="index", target="class"),
            self._typed("tag", "slot", kind="index", target="class"),
        ]  # fmt: skip
        grow = Expressions(self.rng, names, self.tied)
        made: list[str] = []
        for number in range(self.rng.randint(2, 4)):
            name = f"l{number}"
            value = grow.real(self.rng.randint(1, 4))
            text = value.text
            if self.rng.random() < 0.1 and "v" not in value.sizes and "v" not in text and number:
                self.lines.append(f"let {name}[v = 2] = {text} + v")
                value = Typed(name, {"v": 2, **value.sizes}, maybe=value.maybe)
            elif self.rng.random() < 0.15 and value.sizes and not value.maybe:
                self.lines.append(f"let {name}[{', '.join(value.sizes)}] = {text}")
            else:
                self.lines.append(f"let {name} = {text}")
            grow.names.append(Typed(name, value.sizes, maybe=value.maybe))
            made += [name, f"sum(atan({name})) else 0"]
        return made

    # ---- the contrast

    def _sources(self) -> dict[str, _Source]:
        return {
            "z": _Source("z", "z", ("item", "v"), "label", "age"),
            "k": _Source("k", "k", ("item",), "label", "age"),
            "Q": _Source("Q", "Q", ("slot",), "tag"),
            "C": _Source("C", "C", ("class",), "class"),
        }

    def _contrast(self) -> str:
        rng = self.rng
        sources = self._sources()
        anchor = sources[rng.choice(["z", "z", "z", "k", "C"])]
        lines = [f"    anchor      a in {anchor.text}"]
        free = anchor.text == "z" and rng.random() < 0.2
        if free:
            lines = ["    anchor      a in z[item]"]
            sources["z"] = _Source(
                "z[v -> u]" if rng.random() < 0.3 else "z[v = 1]", "other", ("item",), "label", "age"
            )
            anchor = _Source("z[item]", "z", ("item",), "label", "age")
        positives, negatives, own = self._sets(anchor, sources)
        temperature = rng.choice(["tau", "tau", "(0.4 + a.age ^ 2)", "", "(0.3 if step < 2 else 0.6)"])
        if anchor.age is None and "age" in temperature:
            temperature = "tau"
        similarity = rng.choice(
            ["dot(a, c)", "dot(a, c)", "cos(a, c)", "-dist2(a, c)", "dot(a, c) - 0.1 * dist2(a, c)"]
        )
        lines += own + [f"    positive    c in {each}" for each in positives]
        lines += [f"    negative    c in {each}" for each in negatives]
        if any("shift" in each for each in own):
            similarity += " + 0.3 * shift"
        if rng.random() < 0.2:
            lines.append(f"    logit       ({similarity}) / 0.7")
        else:
            lines.append(f"    similarity  {similarity}")
            lines += [f"    temperature {temperature}"] if temperature else []
        self.lines += ["contrast pull:", *lines]
        origins = {each.split()[0] for each in [*positives, *negatives]}
        self.flippable = (
            len(origins) == 1
            and not free
            and " top " not in "\n".join(lines)
            and "weight" not in "\n".join(lines)
            and not own
        )
        self.anchor = anchor
        self.single = len(positives) == len(negatives) == 1
        return "pull"

    def _split(self, anchor: _Source, source: _Source) -> tuple[str, str]:
        """Predicates of positives and negatives of one source, exclusive, the self pair decided."""
        rng = self.rng
        same = source.tensor == anchor.tensor
        own = " and c != a" if same else ""
        choices: list[tuple[str, str]] = []
        a_label, c_label = (f"a.{anchor.label}" if anchor.label else ""), (f"c.{source.label}" if source.label else "")
        if a_label and c_label:
            choices.append((f"{c_label} == {a_label}{own}", f"{c_label} != {a_label}{own}"))
        if anchor.age and source.age:
            choices += [
                (f"abs(c.age - a.age) < window{own}", f"abs(c.age - a.age) >= window{own}"),
                (f"c.age > a.age{own}", f"c.age <= a.age{own}"),
            ]
        if "item" in anchor.coordinates and "item" in source.coordinates:
            if same and "v" in source.coordinates:
                choices += [("c.item == a.item and c.v != a.v", "c.item != a.item")] * 3
            elif not same:
                choices += [("c.item == a.item", "c.item != a.item")] * 2
        choices.append((f"dot(a, c) > 0.3{own}", f"dot(a, c) <= 0.3{own}"))
        if source.tensor == "Q":
            choices.append(("c.slot < 1", "c.slot >= 1"))
        return rng.choice(choices)

    def _sets(self, anchor: _Source, sources: dict[str, _Source]) -> tuple[list[str], list[str], list[str]]:
        rng = self.rng
        first = sources[rng.choice(["z", "z", "k"])]
        positive, negative = self._split(anchor, first)
        positives = [f"{first.text} if {positive}"]
        negatives: list[str] = []
        own: list[str] = []
        if rng.random() < 0.8:
            negatives.append(f"{first.text} if {negative}{self._tail(anchor, first)}")
        others = [each for each in sources.values() if each.tensor not in (first.tensor, anchor.tensor)]
        if rng.random() < 0.5 or not negatives:
            second = rng.choice(others)
            more, less = self._split(anchor, second)
            if rng.random() < 0.3:
                positives.append(f"{second.text} if {more}")
                negatives.append(f"{second.text} if {less}{self._tail(anchor, second)}")
            elif second.tensor == "Q" and rng.random() < 0.6:
                negatives.append("Q" + self._tail(anchor, second))
            else:
                negatives.append(f"{second.text} if {less}{self._tail(anchor, second)}")
        self._further(anchor, first, negatives, own)
        if len(negatives) > 1:  # `top` of a union of several sources is not executed by this version
            negatives = [re.sub(r" top \d by \S+\(a, c\)", "", each) for each in negatives]
        return positives, negatives, own

    def _further(self, anchor: _Source, first: _Source, negatives: list[str], own: list[str]) -> None:
        """Sets by name, mixes of ranked rows, made rows."""
        rng = self.rng
        which = rng.randrange(8)
        if which == 0 and not any("Q" in each.split()[0] for each in negatives):
            own.append(f"    let hard = {{n in Q top {rng.randint(1, 3)} by dot(a, n)}}")
            negatives.append("hard")
        elif which == 1 and "item" in anchor.coordinates:
            own.append("    let hard = {n in Q top 3 by dot(a, n)}")
            own.append("    let two = stop(0.3 * a + 0.7 * hard[rank = a.i])")
            negatives.append("two")
        elif which == 2 and anchor.age and first.tensor == "z" and anchor.tensor == "z" and first.text == "z":
            share = rng.choice(["0.3", "(0.5 if k.item > a.item else 0.2)"])
            wrap = rng.choice(["stop({0})", "{0}"]).format(f"{share} * a + (1 - {share}) * k")
            own.append(f"    let soft[k in z] = rows({wrap}, age = 0.5 * a.age + 0.5 * k.age) if k.item != a.item")
            negatives.append("soft" + rng.choice(["", " weight (abs(a.age - c.age) + 0.5)"]))
        elif which == 3 and anchor.age:
            own.append("    let shift = 0.5 * a.age")

    def _tail(self, anchor: _Source, source: _Source) -> str:
        rng, tail = self.rng, ""
        if rng.random() < 0.15:
            tail += f" top {rng.randint(1, 3)} by {rng.choice(['dot(a, c)', '-dist2(a, c)', 'cos(a, c)'])}"
        if rng.random() < 0.2:
            options = ["2", "(0.2 + dist2(a, c))", "(1 if dot(a, c) > 0 else 0.5)"]
            if anchor.age and source.age:
                options.append("(abs(a.age - c.age) + 0.3)")
            tail += f" weight {rng.choice(options)}"
        return tail

    # ---- losses

    def _losses(self, relation: str) -> list[str]:
        rng = self.rng
        self._defs()
        options = ["infonce(pull)", "supcon(pull)", "decoupled(pull)", "simple_loss(pull, 0.5)", "hardness_entropy(pull)", "own1(pull)",
                   "own2(pull, 0.5)", "own3(pull)", "own1(pull) + own3(pull)"]  # fmt: skip
        if "item" in self.anchor.coordinates:
            options.append("decoupled(pull, age ^ 2)")
            options.append("simple_loss(pull, age)")
        if self.flippable:
            options.append("infonce(flip(pull))")
            options.append("own1(flip(pull))")
        return rng.sample(options, 2)

    def _defs(self) -> None:
        rng = self.rng
        side: Callable[[], str] = partial(rng.choice, ["positive", "negative", "candidate", "negative"])
        inner: Callable[[], str] = partial(
            rng.choice, ["R(a, c)", "R.similarity(a, c)", "R(a, c) * R.weight(a, c)", "tanh(R(a, c))", "R(a, c) ^ 2"]
        )
        op = rng.choice(["sum", "mean", "logsumexp", "max", "min", "sum"])
        if op == "logsumexp":
            first = f"(max(logsumexp[c in a.{side()}]({inner()}), -9))"
        else:
            first = f"({op}[c in a.{side()}]({inner()}) else 0)"
        top = (
            f" top {rng.randint(1, 2)} by {rng.choice(['R(a, c)', '-R.similarity(a, c)'])}"
            if rng.random() < 0.5
            else ""
        )
        filtered = rng.choice(["", " if R(a, c) > 0.1", " if R(a, c) < 1"])
        whole = side()
        if whole == "candidate" or not self.single:
            top = ""
        second = f"sum[c in a.{whole}{filtered}{top}]({inner()})"
        third = rng.choice(
            [
                f"(softmean[c in a.{side()}]({inner()}, {inner()}) else 0)",
                f"(sum[rank](sort[c in a.{side()}]({inner()}) ^ 2) else 0)",
                f"(quantile[c in a.{side()}]({inner()}, {rng.choice(['0', '0.3', '0.5', '0.9', 'progress'])}) else 0)",
                f"(0.1 * count[c in a.{side()} if R(a, c) > 0](c) + (mean[c in a.{side()}](exp(-R(a, c) ^ 2)) else 1))",
                f"(mean[c in a.{side()}](stop(sigmoid(R(a, c))) * R(a, c)) else 0)",
                f"(1 if any[c in a.{side()}](R(a, c) > 0.2) else 0.5) * R.temperature(a) ",
                f"sum[c in a.{side()}](logaddexp(R(a, c), (logsumexp[n in a.{side()}](R(a, n)))))",
            ]
        )
        self.lines.append(f"def own1(R)[a in R] = {first} + 0.1 * {second}")
        self.lines.append(f"def own2(R, k)[a in R] = {second} * k + {first}")
        self.lines.append(f"def own3(R)[a in R]:\n    let s = {third}\n    s * 0.5 + {rng.choice(['0', '1', 's ^ 2'])}")

    def _objective(self, losses: list[str]) -> str:
        rng = self.rng
        loss = losses[0] if rng.random() < 0.5 else f"{losses[0]} + 0.3 * {losses[1]}"
        if any("flip" in each for each in losses):
            loss = losses[0]
        forms = ["(mean({0}) else 0)", "(sum({0}) else 0)", "(mean({0}) else 0) * 2", "log(1 + (mean({0}) else 0) ^ 2)"]
        coordinates = self.anchor.coordinates
        if "flip" not in loss:
            forms.append(
                "(mean[" + ", ".join(coordinates) + "]({0}) else 0)"
                if self.anchor.text != "z[item]"
                else "(sum(mean[item]({0})) else 0)"
            )
            if coordinates == ("item", "v"):
                forms += ["(mean[item](sum[v]({0})) else 0)", "(mean[item, v if label > 0]({0}) else 0)"]
        return rng.choice(forms).format(loss)
