"""Random well-typed expressions of the language, as text with axes, kind and possible absence.

Input: a random.Random and typed names. Output: Typed expressions of bounded size. Rows and relations are not here
(specs.py); nothing is evaluated.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

#: No value of a generated spec has more entries.
LARGEST = 1500
Sizes = Mapping[str, int]


@dataclass(frozen=True)
class Typed:
    """A text and what it stands for. kind: real, bool, or index; `maybe`: it may be absent; `bounded`: small."""

    text: str
    sizes: Sizes = field(default_factory=dict)
    kind: str = "real"
    target: str = ""
    maybe: bool = False


def fits(*values: Typed) -> bool:
    """Whether the values meet: one size per axis, and not too many entries."""
    sizes: dict[str, int] = {}
    for value in values:
        for axis, size in value.sizes.items():
            if sizes.setdefault(axis, size) != size:
                return False
    return prod(sizes.values()) <= LARGEST


def union(*values: Typed) -> dict[str, int]:
    """The axes of values that meet."""
    return {axis: size for value in values for axis, size in value.sizes.items()}


class Expressions:
    """Grows expressions over `names`, which the caller extends as it declares more."""

    def __init__(self, rng: random.Random, names: Sequence[Typed], smooth: bool = False) -> None:
        """smooth: nothing with a kink, whose gradient at a tie of pointwise operands no rule decides."""
        self.rng, self.smooth = rng, smooth
        self.names = list(names)
        self.made = 0
        self.growths: list[Callable[[int], Typed | None]] = [
            self._unary, self._unary, self._binary, self._binary, self._reduced, self._reduced, self._reduced,
            self._along, self._chosen, self._filled, self._guarded, self._at, self._at, self._sliced, self._renamed,
            self._stacked, self._joined, self._vectors, self._merged, self._ordered,
            self._assigned, self._counted, self._apart,
        ]  # fmt: skip

    # ---- what can be asked for

    def real(self, depth: int) -> Typed:
        """A real expression."""
        for _ in range(8):
            if depth <= 0:
                break
            found = self.rng.choice(self.growths)(depth)
            if found is not None and prod(found.sizes.values()) <= LARGEST:
                return found
        return self._leaf()

    def truth(self, depth: int) -> Typed:
        """A condition."""
        which = self.rng.randrange(7 if depth > 0 else 2)
        if which == 0:
            axis = self._indices()
            return Typed(
                f"{axis.text} {self.rng.choice(['==', '!=', '<', '>='])} {self.rng.randrange(3)}", axis.sizes, "bool"
            )
        if which == 1:
            index = self._names("index")
            return Typed(f"{index.text} {self.rng.choice(['==', '!='])} {self.rng.randrange(3)}", index.sizes, "bool")
        if which == 2:
            inner = self.truth(depth - 1)
            return Typed(f"not ({inner.text})", inner.sizes, "bool")
        if which == 3:
            left, right = self.truth(depth - 1), self.truth(depth - 1)
            if fits(left, right):
                return Typed(
                    f"(({left.text}) {self.rng.choice(['and', 'or'])} ({right.text}))", union(left, right), "bool"
                )
            return left
        if which == 4:
            inner = self.real(depth - 1)
            if inner.maybe:
                return Typed(f"present({inner.text})", inner.sizes, "bool")
        left, right = self.real(depth - 1), self.real(depth - 1)
        if not fits(left, right):
            right = Typed("0.2")
        return Typed(f"{left.text} {self.rng.choice(['<', '>', '<=', '>='])} {right.text}", union(left, right), "bool")

    def index(self, axis: str, size: int, depth: int) -> Typed:
        """An index into an axis; out of range at times."""
        which = self.rng.randrange(5)
        if which == 0:
            return Typed(str(self.rng.randrange(size + 1)), kind="index", maybe=True)
        pointing = [each for each in self.names if each.kind == "index" and each.target == axis]
        if which == 1 and pointing:
            return self.rng.choice(pointing)
        if which == 2 and depth > 0:
            over = self.real(depth - 1)
            if over.sizes.get(axis) == size:
                left = {each: n for each, n in over.sizes.items() if each != axis}
                return Typed(f"argmax[{axis}]({over.text})", left, "index", axis, True)
        other = self._indices()
        shift = self.rng.choice(["+ 1", "- 1", f"% {size}", "* 2"])
        return Typed(f"{other.text} {shift}", other.sizes, "index", axis, True)

    def fresh(self) -> str:
        """A name for an axis that nothing has."""
        self.made += 1
        return f"t{self.made}"

    # ---- leaves

    def _leaf(self) -> Typed:
        if self.rng.random() < 0.12:
            return Typed(str(self.rng.choice([0.5, 1, 2, 0.1, -1.5, 0])))
        if self.rng.random() < 0.08:
            axis = self._indices()
            return Typed(f"(0.3 * {axis.text})", axis.sizes)
        return self._names("real")

    def _names(self, kind: str) -> Typed:
        return self.rng.choice([each for each in self.names if each.kind == kind])

    def _indices(self) -> Typed:
        axes = {axis: size for each in self.names for axis, size in each.sizes.items() if not axis.startswith("t")}
        axis = self.rng.choice(sorted(axes))
        return Typed(axis, {axis: axes[axis]}, "index", axis)

    def _axis(self, value: Typed) -> str | None:
        return self.rng.choice(sorted(value.sizes)) if value.sizes else None

    # ---- pointwise

    def _unary(self, depth: int) -> Typed:
        x = self.real(depth - 1)
        smooth = ["exp(0.3 * tanh({0}))", "tanh({0})", "sin({0})", "atan({0})", "stop({0})", "({0} * {0})"]
        form = self.rng.choice(
            smooth if self.smooth else
            ["exp(0.3 * tanh({0}))", "tanh({0})", "sigmoid({0})", "relu({0})", "softplus({0})", "abs({0})", "sin({0})",
             "sqrt(abs({0}) + 0.1)", "log(abs({0}) + 0.2)", "atan({0})", "erf({0})", "clamp({0}, -1, 1)", "stop({0})", "(-{0})",
             "({0} * {0})", "cos_angle({0})", "floor({0})", "((0.5 * {0}) ^ 2)", "max({0}, 0)"]
        )  # fmt: skip
        return Typed(form.format(x.text), x.sizes, maybe=x.maybe)

    def _binary(self, depth: int) -> Typed | None:
        x, y = self.real(depth - 1), self.real(depth - 1)
        if not fits(x, y):
            return None
        form = self.rng.choice(
            ["({0} + {1})", "({0} * {1})", "logaddexp({0}, {1})"] if self.smooth else
            ["({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} / (1 + {1} ^ 2))", "max({0}, {1})", "min({0}, {1})",
             "logaddexp({0}, {1})", "({0} + 0.5 * {1})"]
        )  # fmt: skip
        return Typed(form.format(x.text, y.text), union(x, y), maybe=x.maybe or y.maybe)

    # ---- absence

    def _chosen(self, depth: int) -> Typed | None:
        x, y, c = self.real(depth - 1), self.real(depth - 1), self.truth(depth - 1)
        if not fits(x, y, c):
            return None
        return Typed(f"({x.text} if {c.text} else {y.text})", union(x, y, c), maybe=x.maybe or y.maybe)

    def _filled(self, depth: int) -> Typed | None:
        x, y, c = self.real(depth - 1), self._leaf(), self.truth(depth - 1)
        if not fits(x, y, c):
            return None
        if self.rng.random() < 0.5:
            return Typed(f"({x.text} if {c.text})", union(x, c), maybe=True)
        return Typed(f"(({x.text} if {c.text}) else {y.text})", union(x, y, c), maybe=y.maybe)

    def _guarded(self, depth: int) -> Typed:
        """A branch that must not be computed where it is not taken."""
        x = self.real(depth - 1)
        form = self.rng.choice(["(log({0}) if {0} > 0 else 0)", "(sqrt({0}) if {0} > 0)", "(1 / {0} if abs({0}) > 0.4 else 0)",
                                "(log({0}) if {0} > 0.1)"])  # fmt: skip
        return Typed(form.format(x.text), x.sizes, maybe=x.maybe or "else" not in form)

    # ---- reductions

    def _filter(self, value: Typed, axes: Sequence[str], depth: int) -> str:
        if self.rng.random() < 0.55:
            return ""
        condition = self.truth(min(depth - 1, 1))
        if not fits(value, condition) or not set(condition.sizes) <= set(value.sizes):
            return ""
        return f" if {condition.text}"

    def _reduced(self, depth: int) -> Typed | None:
        x = self.real(depth - 1)
        if not x.sizes:
            return None
        axes = self.rng.sample(sorted(x.sizes), self.rng.randint(1, min(2, len(x.sizes))))
        kind = self.rng.choice(
            ["sum", "mean", "max", "min", "logsumexp", "prod", "var", "std", "first", "last", "quantile"]
        )
        if len(axes) > 1 and (kind in ("first", "last") or (self.smooth and kind in ("max", "min", "quantile"))):
            axes = axes[:1]  # among equals the lowest coordinate of several axes is not told by their names
        filtered = self._filter(x, axes, depth)
        body = {"prod": f"(1 + 0.3 * tanh({x.text}))", "std": f"({x.text} + 0.1 * {axes[0]})"}.get(kind, x.text)
        if kind == "std" and axes[0].startswith("t"):
            body = x.text
        left = {axis: size for axis, size in x.sizes.items() if axis not in axes}
        empty = kind not in ("sum", "prod", "logsumexp") and (bool(filtered) or x.maybe)
        share = f", {self.rng.choice(['0.25', '0.5', '0.8', '1', 'progress'])}" if kind == "quantile" else ""
        result = f"{kind}[{', '.join(axes)}{filtered}]({body}{share})"
        if kind == "logsumexp" and (filtered or x.maybe):
            result = f"max({result}, -20)"
        return Typed(result, left, maybe=x.maybe or empty)

    def _counted(self, depth: int) -> Typed | None:
        c = self.truth(depth - 1)
        axis = self._axis(c)
        if axis is None:
            return None
        left = {each: size for each, size in c.sizes.items() if each != axis}
        form = self.rng.choice(
            ["(0.2 * count[{0} if {1}]({1}))", "(1 if any[{0}]({1}) else 0.5)", "(1 if all[{0}]({1}) else 0.5)"]
        )
        if "count" in form:
            return Typed(f"(0.2 * sum[{axis}](1 if {c.text} else 0))", left)
        return Typed(form.format(axis, c.text), left)

    def _along(self, depth: int) -> Typed | None:
        x = self.real(depth - 1)
        axis = self._axis(x)
        if axis is None:
            return None
        kind = self.rng.choice(["softmax", "log_softmax", "softmax", "cumsum"])
        if kind == "cumsum" and x.maybe:
            return None
        filtered = "" if kind == "cumsum" else self._filter(x, (axis,), depth)
        return Typed(f"{kind}[{axis}{filtered}]({x.text})", x.sizes, maybe=x.maybe or bool(filtered))

    def _ordered(self, depth: int) -> Typed | None:
        x = self.real(depth - 1)
        axis = self._axis(x)
        if axis is None or "rank" in x.sizes:
            return None
        name = self.fresh()
        sizes = {name if each == axis else each: size for each, size in x.sizes.items()}
        return Typed(f"sort[{axis}]({x.text})[rank -> {name}]", sizes, maybe=x.maybe)

    # ---- indices and shapes

    def _at(self, depth: int) -> Typed | None:
        x = self.real(depth - 1)
        axis = self._axis(x)
        if axis is None:
            return None
        index = self.index(axis, x.sizes[axis], depth - 1)
        rest = Typed("", {each: size for each, size in x.sizes.items() if each != axis})
        if not fits(rest, index):
            return None
        return Typed(f"{x.text}[{axis} = {index.text}]", union(rest, index), maybe=True)

    def _sliced(self, depth: int) -> Typed | None:
        x = self.real(depth - 1)
        axis = self._axis(x)
        if axis is None or x.sizes[axis] < 2:
            return None
        start = self.rng.randrange(x.sizes[axis] - 1)
        stop = self.rng.randint(start + 1, x.sizes[axis])
        name = self.fresh()
        sizes = {name if each == axis else each: stop - start if each == axis else n for each, n in x.sizes.items()}
        written = f"{start} : {stop}" if self.rng.random() < 0.7 or stop < x.sizes[axis] else f"{start} :"
        return Typed(f"{x.text}[{axis} = {written}][{axis} -> {name}]", sizes, maybe=x.maybe)

    def _renamed(self, depth: int) -> Typed | None:
        x = self.real(depth - 1)
        axis = self._axis(x)
        if axis is None:
            return None
        name = self.fresh()
        sizes = {name if each == axis else each: size for each, size in x.sizes.items()}
        return Typed(f"{x.text}[{axis} -> {name}]", sizes, maybe=x.maybe)

    def _merged(self, depth: int) -> Typed | None:
        x = self.real(depth - 1)
        if len(x.sizes) < 2:
            return None
        first, second = self.rng.sample(sorted(x.sizes), 2)
        row = self.fresh()
        rest = {each: size for each, size in x.sizes.items() if each not in (first, second)}
        merged = f"{x.text}[({first}, {second}) -> {row}]"
        if self.rng.random() < 0.5:
            return Typed(merged, {row: x.sizes[first] * x.sizes[second], **rest}, maybe=x.maybe)
        one, two = self.fresh(), self.fresh()
        sizes = {one: x.sizes[first], two: x.sizes[second], **rest}
        return Typed(f"{merged}[{row} -> ({one} = {x.sizes[first]}, {two} = {x.sizes[second]})]", sizes, maybe=x.maybe)

    def _stacked(self, depth: int) -> Typed | None:
        x, y = self.real(depth - 1), self.real(depth - 1)
        if not fits(x, y):
            return None
        name = self.fresh()
        return Typed(f"stack[{name}]({x.text}, {y.text})", {name: 2, **union(x, y)}, maybe=x.maybe or y.maybe)

    def _joined(self, depth: int) -> Typed | None:
        x, y = self.real(depth - 1), self.real(depth - 1)
        first, second = self._axis(x), self._axis(y)
        if first is None or second is None:
            return None
        name = self.fresh()
        rest = [
            Typed("", {each: n for each, n in z.sizes.items() if each != axis}) for z, axis in ((x, first), (y, second))
        ]
        if not fits(*rest) or first in rest[1].sizes or second in rest[0].sizes:
            return None
        sizes = {name: x.sizes[first] + y.sizes[second], **union(*rest)}
        return Typed(
            f"cat[{name}]({x.text}[{first} -> {name}], {y.text}[{second} -> {name}])", sizes, maybe=x.maybe or y.maybe
        )

    def _assigned(self, depth: int) -> Typed | None:
        x = self.real(depth - 1)
        if len(x.sizes) < 2 or x.maybe:
            return None
        first, second = self.rng.sample(sorted(x.sizes), 2)
        return Typed(f"sinkhorn[{first}, {second}](tanh({x.text}), rounds = {self.rng.randint(1, 3)})", x.sizes)

    def _apart(self, depth: int) -> Typed | None:
        """Members of a small axis evaluated one by one."""
        x = self.real(depth - 1)
        own = Typed("", {"v": 2})
        return Typed(f"([1, 0.5, 2][v % 3] * {x.text})", union(x, own), maybe=x.maybe) if fits(x, own) else None

    # ---- vectors

    def _vectors(self, depth: int) -> Typed | None:
        vectors = [each for each in self.names if each.kind == "real" and "dim" in each.sizes]
        x, y = self.rng.choice(vectors), self.rng.choice(vectors)
        if not fits(x, y):
            return None
        form = self.rng.choice(["dot({0}, {1})", "cos({0}, {1})", "dist2({0}, {1})", "norm({0})", "sq({0})", "unit({0})",
                                "dot(unit({0}), unit({1}))", "unit({0} + 0.5 * {1})"])  # fmt: skip
        both = union(x, y) if "{1}" in form else dict(x.sizes)
        sizes = both if form.startswith("unit") else {each: size for each, size in both.items() if each != "dim"}
        return Typed(form.format(x.text, y.text), sizes, maybe=x.maybe or ("{1}" in form and y.maybe))
