"""Pointwise operators of the interpreter.

Input: a node and its inputs' tensors. Output: a tensor over the node's axes. Operands meet by name; arithmetic
happens in the node's dtype, comparisons in the widest dtype of the operands.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from cldsl.graph.named import Run, fit, meet
from cldsl.graph.nodes import BOOLEANS, Node


def pointwise(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    """One pointwise node."""
    met, names = meet(node, parts)
    if node.op == "where":
        kept = run.dtypes[node.dtype]
        made = torch.where(met[0], met[1].to(kept), met[2].to(kept))
    elif node.op == "cast":
        made = met[0].to(run.dtypes[node.dtype])
    else:
        dtype = run.dtypes[node.dtype]
        made = _OPERATORS[node.op](*(met if node.op in BOOLEANS else [each.to(dtype) for each in met]))
    return fit(made, names, node.names)


def logaddexp(a: Tensor, b: Tensor) -> Tensor:
    """log(exp a + exp b); -inf without gradient where both are -inf."""
    both = (a == -torch.inf) & (b == -torch.inf)
    top = torch.where(both, torch.zeros_like(a), torch.maximum(a, b)).detach()
    total = (a - top).exp() + (b - top).exp()
    made = top + torch.where(both, torch.ones_like(total), total).log()
    return torch.where(both, torch.full_like(made, -torch.inf), made)


def _bce(p: Tensor, target: Tensor) -> Tensor:
    return torch.nn.functional.binary_cross_entropy(p, target, reduction="none")


def _softplus(x: Tensor) -> Tensor:
    return logaddexp(x, torch.zeros_like(x))


_OPERATORS: dict[str, Callable[..., Tensor]] = {
    "neg": torch.neg,
    "abs": torch.abs,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "sign": torch.sign,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "round": torch.round,
    "sin": torch.sin,
    "cos": torch.cos,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "softplus": _softplus,
    "atan": torch.atan,
    "erf": torch.erf,
    "not": torch.logical_not,
    "isfinite": torch.isfinite,
    "stop": torch.Tensor.detach,
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "mod": torch.remainder,
    "pow": torch.pow,
    "eq": torch.eq,
    "ne": torch.ne,
    "lt": torch.lt,
    "le": torch.le,
    "gt": torch.gt,
    "ge": torch.ge,
    "and": torch.logical_and,
    "or": torch.logical_or,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "logaddexp": logaddexp,
    "bce": _bce,
}
