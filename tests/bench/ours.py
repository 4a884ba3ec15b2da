"""Our side of the table: a spec's objective as a function of supplied tensors. Nothing else here knows the package.

Input: a case, example tensors, a level. Output: a function of tensors by name that gives the loss, which torch.compile
captures whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

import cldsl
from cldsl.codegen import argument_of
from cldsl.codegen.functions import key_of
from tests.bench.cases import Case

Loss = Callable[[Mapping[str, Tensor]], Tensor]


def objective(case: Case, tensors: Mapping[str, Tensor], level: int) -> Loss:
    """What the first `minimize` of the spec minimises, on tensors of these names and sizes, emitted at a level.

    Raises SpecError or CatalogueError where the tensors do not fit the spec, ValueError where they do not suffice.
    """
    program = cldsl.compile(case.spec, case.variant, level=level)
    given = {name: (tensor, case.axes[name]) if name in case.axes else tensor for name, tensor in tensors.items()}
    made = program.objective_on(None, given)
    if made.holds or made.models:
        raise ValueError(f"{case.name}: {', '.join((*made.holds, *made.models))} must be supplied")
    names = {str(argument_of(key_of(leaf))): str(leaf.attr("name")) for leaf in made._leaves}
    emitted = made._call

    def loss(tensors: Mapping[str, Tensor]) -> Tensor:
        found = emitted(models={}, **{argument: tensors[name] for argument, name in names.items()})
        value: Tensor = found[0] if isinstance(found, tuple) else found  # beside it: whether it is present
        return value

    return loss
