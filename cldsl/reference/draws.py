"""Draws: random values as a function of (seed, name, step), over axes (docs/language.md, section 6).

Views are draws too, but of images: the evaluator takes them as supplied values.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch

from cldsl.reference.errors import EvaluationError
from cldsl.reference.scope import PairDraw, Scope, Thing
from cldsl.reference.values import Value, joined_axes
from cldsl.syntax import ast

if TYPE_CHECKING:
    from cldsl.reference.expressions import Interpreter
    from cldsl.reference.world import World

Sampler = Callable[..., "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"]

_SAMPLERS: dict[str, Sampler] = {
    "uniform": lambda rng, shape, low, high: rng.uniform(low, high, shape),
    "normal": lambda rng, shape, mean, std: rng.normal(mean, std, shape),
    "integer": lambda rng, shape, low, high: rng.integers(low, high + 1, shape),
    "beta": lambda rng, shape, a, b: rng.beta(a, b, shape),
    "bernoulli": lambda rng, shape, p: rng.uniform(0, 1, shape) < p,
    "sphere": lambda rng, shape: rng.normal(0, 1, shape),
    "permutation": lambda rng, shape: rng.uniform(0, 1, shape).argsort(-1),  # of the last axis, for each of the others
}


class Draws:
    """Samples with numpy's generators, one for each (seed, name, step)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def sample(self, name: str, item: ast.Draw, scope: Scope, world: World, interpreter: Interpreter) -> Thing:
        """The draw `name` of an item. Raises EvaluationError for a view: it has to be supplied."""
        if item.kind == "view":
            raise EvaluationError(f"the view {name} is not supplied", item.span)
        brackets = next(axes for each, axes in item.targets if each == name)
        sizes: dict[str, int] = {}
        variables: list[str] = []
        for axis in brackets:
            if isinstance(axis, ast.Select):
                sizes[scope.axis(axis.axis)] = world.declared_size(axis.axis, axis.value, scope)
            elif isinstance(axis, ast.AxisName):
                sizes[scope.axis(axis.name)] = interpreter.size(scope.axis(axis.name), scope)
            elif isinstance(axis, ast.Comprehension):
                variables.append(axis.variable)
                leaf = next(interpreter.sources.rows(axis.source, scope).leaves())
                sizes.update({f"{axis.variable}.{each}": size for each, size in leaf.grid})
            else:
                raise EvaluationError("a draw is over axes or rows", axis.span)
        value = self.distribution(name, item.value, sizes, scope, interpreter, int(world.clock["step"]))
        return PairDraw(value, tuple(variables)) if variables else value

    def distribution(
        self, name: str, node: ast.Expr, sizes: Mapping[str, int], scope: Scope, interpreter: Interpreter, step: int
    ) -> Value:
        """Independent values over the axes of `sizes`, from a call such as `beta(2, 8)`."""
        if (
            not isinstance(node, ast.Call)
            or not isinstance(node.function, ast.Name)
            or node.function.id not in _SAMPLERS
        ):
            raise EvaluationError(f"a distribution is one of {', '.join(_SAMPLERS)}", node.span)
        kind = node.function.id
        if kind == "permutation" and (not sizes or "." in list(sizes)[-1]):
            raise EvaluationError(f"{name} puts no axis in order", node.span)
        parameters = [interpreter.value(each.value, scope) for each in node.arguments]
        axes = joined_axes([tuple(sizes), *(each.axes for each in parameters)])
        known = {**{axis: int(each.size(axis) or 0) for each in parameters for axis in each.axes}, **sizes}
        rng = np.random.default_rng([self.seed, zlib.crc32(name.encode()), step])
        arrays = [each.ordered(axes).detach().numpy() for each in parameters]
        data = torch.as_tensor(_SAMPLERS[kind](rng, [known[axis] for axis in axes], *arrays))
        if kind == "sphere":
            data = data / data.norm(dim=axes.index("dim"), keepdim=True)
        return Value(data, axes)
