"""Operators of the interpreter that reduce, normalise or order along axes.

Input: a node and its inputs' tensors; the last may be a mask (True = present). Output: a tensor over the node's axes.
Over nothing: sum, mean, max, min give 0, prod 1, logsumexp -inf, without gradient. Ties go to the lowest index.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from cldsl.graph.named import Names, Run, fit, full, last, meet
from cldsl.graph.nodes import Node


def _masked(run: Run, node: Node, parts: list[Tensor], gone: Names, dtype: str) -> tuple[Tensor, Tensor, Names]:
    """Value and mask with the axes `gone` flattened into the last dim; a mask that is not there is true."""
    met, names = meet(node, parts)
    x, rest = last(met[0].to(run.dtypes[dtype]), names, gone)
    mask = last(met[1], names, gone)[0] if len(met) == 2 else torch.ones_like(x, dtype=torch.bool)
    return x, mask, rest


def _stand(x: Tensor, mask: Tensor, value: float) -> Tensor:
    return torch.where(mask, x, torch.full_like(x, value))


def _reduce(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    kind = node.attr("kind")
    inner = "bool" if kind in ("any", "all") else node.dtype
    x, mask, rest = _masked(run, node, parts, tuple(node.attr("over")), inner)
    return fit(_KINDS[kind](x, mask), rest, node.names)


def _mean(x: Tensor, mask: Tensor) -> Tensor:
    return _stand(x, mask, 0).sum(-1) / mask.sum(-1).clamp(min=1)


def _largest(x: Tensor, mask: Tensor) -> Tensor:
    low = -math.inf if x.is_floating_point() else torch.iinfo(x.dtype).min
    place = torch.argmax(_stand(x.detach(), mask, low), -1, keepdim=True)
    found = x.gather(-1, place).squeeze(-1)
    return torch.where(mask.any(-1), found, torch.zeros_like(found))


def _smallest(x: Tensor, mask: Tensor) -> Tensor:
    return -_largest(-x, mask)


def logsumexp(x: Tensor, mask: Tensor) -> Tensor:
    """Over the last dim; -inf without gradient where nothing is present or everything present is -inf."""
    present = mask & (x != -math.inf)
    x = torch.where(present, x, torch.zeros_like(x))
    top = torch.where(present, x, torch.full_like(x, -math.inf)).amax(-1, keepdim=True).detach()
    some = present.any(-1, keepdim=True)
    top = torch.where(some, top, torch.zeros_like(top))
    shifted = torch.where(present, x - top, torch.zeros_like(x)).exp()
    total = torch.where(present, shifted, torch.zeros_like(x)).sum(-1, keepdim=True)
    made = top + torch.where(some, total, torch.ones_like(total)).log()
    return torch.where(some, made, torch.full_like(made, -math.inf)).squeeze(-1)


_KINDS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sum": lambda x, mask: _stand(x, mask, 0).sum(-1),
    "mean": _mean,
    "max": _largest,
    "min": _smallest,
    "prod": lambda x, mask: _stand(x, mask, 1).prod(-1),
    "logsumexp": logsumexp,
    "any": lambda x, mask: (x & mask).any(-1),
    "all": lambda x, mask: (x | ~mask).all(-1),
}


def _log_softmax(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    gone = tuple(node.attr("over"))
    x, mask, rest = _masked(run, node, parts, gone, "real")
    norm = logsumexp(x, mask).unsqueeze(-1)
    norm = torch.where(norm == -math.inf, torch.zeros_like(norm), norm)
    made = torch.where(mask, _stand(x, mask, 0) - norm, torch.zeros_like(x))
    met, names = meet(node, parts)
    sizes = [met[0].shape[names.index(each)] for each in gone]
    return fit(made.reshape(*made.shape[:-1], *sizes), (*rest, *gone), node.names)


def _softmax(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    share = _log_softmax(run, node, parts).exp()
    if len(parts) == 1:
        return share
    mask = fit(meet(node, parts)[0][1], meet(node, parts)[1], node.names)
    return torch.where(mask, share, torch.zeros_like(share))


def _norm(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    x, rest = last(parts[0].to(run.real), node.inputs[0].names, node.attr("over"))
    return fit(_length(x), rest, node.names)


def _length(x: Tensor) -> Tensor:
    square = (x * x).sum(-1)
    zero = square == 0
    return torch.where(zero, torch.zeros_like(square), torch.where(zero, torch.ones_like(square), square).sqrt())


def _unit(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    names = node.inputs[0].names
    real = parts[0].to(run.real)
    length = fit(_length(last(real, names, node.attr("over"))[0]), _rest(names, node.attr("over")), names)
    zero = length == 0
    made = real / torch.where(zero, torch.ones_like(length), length).clamp(min=1e-12)
    return torch.where(zero, torch.zeros_like(made), made)


def _rest(names: Names, gone: Names) -> Names:
    return tuple(name for name in names if name not in gone)


def _dot(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    met, names = meet(node, parts)
    product = met[0].to(run.real) * met[1].to(run.real)
    made, rest = last(product, names, node.attr("over"))
    return fit(made.sum(-1), rest, node.names)


def _order(x: Tensor, mask: Tensor, falling: bool) -> Tensor:
    """Indices along the last dim, best first, absent entries after all present ones."""
    order = torch.sort(x.detach(), dim=-1, descending=falling, stable=True).indices
    absent = (~mask).gather(-1, order).to(torch.int8)
    return order.gather(-1, torch.sort(absent, dim=-1, stable=True).indices)


def _argmax(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    x, mask, rest = _masked(run, node, parts, (node.attr("axis"),), _ordered(node))
    some = mask.any(-1)
    return fit(
        torch.where(some, _order(x, mask, True)[..., 0], torch.zeros_like(some, dtype=torch.int64)), rest, node.names
    )


def _topk(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    x, mask, rest = _masked(run, node, parts, (node.attr("axis"),), _ordered(node))
    return fit(_order(x, mask, True)[..., : node.attr("k")], (*rest, node.attr("rank").name), node.names)


def _sort(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    x, mask, rest = _masked(run, node, parts, (node.attr("axis"),), _ordered(node))
    order = _order(x, mask, False)
    made = torch.where(mask.gather(-1, order), x.gather(-1, order), torch.zeros_like(x))
    return fit(made, (*rest, node.attr("rank").name), node.names)


def _ordered(node: Node) -> str:
    return "real" if node.inputs[0].dtype == "real" else "int"


def _cumsum(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    return parts[0].to(run.dtypes[node.dtype]).cumsum(node.names.index(node.attr("axis")))


def _sinkhorn(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    """Masses 1/size along axes[0], then along axes[1], alternately; scaled so that each entry of axes[1] sums to 1.

    exp after subtracting the largest present score, which cancels at the first division (arXiv:2006.09882, algorithm
    1).
    """
    first, second = node.attr("axes")
    met, names = meet(node, parts)
    rest = tuple(name for name in names if name not in (first, second))
    x = fit(met[0].to(run.real), names, (*rest, first, second))
    mask = fit(met[1], names, (*rest, first, second)) if len(met) == 2 else torch.ones_like(x, dtype=torch.bool)
    top = _stand(x.detach(), mask, -math.inf).amax((-2, -1), keepdim=True)
    top = torch.where(top == -math.inf, torch.zeros_like(top), top)
    share = torch.where(mask, (_stand(x, mask, 0) - top).exp(), torch.zeros_like(x))
    rows, columns = (
        mask.any(dim, keepdim=True).sum(other, keepdim=True).clamp(min=1) for dim, other in ((-1, -2), (-2, -1))
    )
    for _ in range(node.attr("rounds")):
        share = _divided(share, -1) / rows
        share = _divided(share, -2) / columns
    return fit(share * columns, (*rest, first, second), node.names)


def _transport(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    """Factors of either axis in turn, as logarithms, until those of axes[0] rest, lane by lane."""
    first, second = node.attr("axes")
    met, names = meet(node, parts)
    rest = tuple(name for name in names if name not in (first, second))
    x, mu, nu, *masks = (fit(each, names, (*rest, first, second)) for each in met)
    x, mu, nu = x.to(run.real), mu.to(run.real)[..., :1], nu.to(run.real)[..., :1, :]
    mask = masks[0] if masks else torch.ones_like(x, dtype=torch.bool)
    rows, columns = mask.any(-1, keepdim=True), mask.any(-2, keepdim=True)
    u, v = torch.zeros_like(x[..., :1]), torch.zeros_like(x[..., :1, :])
    done = torch.zeros_like(mask[..., :1, :1])
    for _ in range(node.attr("rounds")):
        total = logsumexp((x + v), mask).unsqueeze(-1)
        new = torch.where(rows, mu.log() - torch.where(rows, total, torch.zeros_like(total)), torch.zeros_like(u))
        moved = (new - u).abs().sum(-2, keepdim=True)
        u = torch.where(done, u, new)
        total = logsumexp((x + u).transpose(-1, -2), mask.transpose(-1, -2)).unsqueeze(-2)
        v = torch.where(done | ~columns, v, nu.log() - torch.where(columns, total, torch.zeros_like(total)))
        done = done | (moved.detach() < node.attr("until"))
    share = torch.where(mask, torch.where(mask, x + u + v, torch.zeros_like(x)).exp(), torch.zeros_like(x))
    return fit(share, (*rest, first, second), node.names)


def _divided(share: Tensor, dim: int) -> Tensor:
    total = share.sum(dim, keepdim=True)
    return share / torch.where(total == 0, torch.ones_like(total), total)


def _soft_sort(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    """A relaxed odd-even network with as many layers as present slots; a comparison keeps 1/2 + atan(slope (b - a)) /
    pi.

    Absent slots never swap and come last (arXiv:2301.02009).
    """
    slot = node.attr("axis")
    rest = tuple(name for name in node.names if name not in (slot, node.attr("place").name))
    sizes = tuple(
        max(
            part.shape[each.names.index(name)]
            for part, each in zip(parts, node.inputs, strict=True)
            if name in each.names
        )
        for name in rest
    )
    count = parts[0].shape[node.inputs[0].names.index(slot)]
    x = full(parts[0].to(run.real), node.inputs[0].names, (*rest, slot), (*sizes, count))
    slope = fit(parts[1].to(run.real), node.inputs[1].names, (*rest, slot) if slot in node.inputs[1].names else rest)
    slope = slope[..., 0] if slot in node.inputs[1].names else slope
    mask = torch.ones(*sizes, count, dtype=torch.bool, device=x.device)
    if len(parts) == 3:
        mask = full(parts[2], node.inputs[2].names, (*rest, slot), (*sizes, count))
    order = torch.sort((~mask).to(torch.int8), dim=-1, stable=True).indices
    shares = _network(_stand(x, mask, 0).gather(-1, order), slope, mask.sum(-1))
    back = torch.argsort(order, dim=-1).unsqueeze(-1).expand(*sizes, count, count)
    shares = shares.gather(-2, back)
    return fit(
        torch.where(mask.unsqueeze(-1), shares, torch.zeros_like(shares)),
        (*rest, slot, node.attr("place").name),
        node.names,
    )


def _network(x: Tensor, slope: Tensor, present: Tensor) -> Tensor:
    """Shares [..., slot, place] of x [..., slot]; only the first `present` slots take part."""
    count = x.shape[-1]
    values = list(x.unbind(-1))
    columns = list(torch.eye(count, dtype=x.dtype, device=x.device).expand(*x.shape, count).unbind(-1))
    for layer in range(count):
        for a in range(layer % 2, count - 1, 2):
            active = (layer < present) & (a + 1 < present)
            stay = 0.5 + torch.atan(slope * (values[a + 1] - values[a])) / math.pi
            stay = torch.where(active, stay, torch.ones_like(stay))
            for held, keep in ((values, stay), (columns, stay.unsqueeze(-1))):
                left, right = held[a], held[a + 1]
                held[a], held[a + 1] = keep * left + (1 - keep) * right, (1 - keep) * left + keep * right
    return torch.stack(columns, -1)


def _kmeans(run: Run, node: Node, parts: list[Tensor]) -> Tensor:
    """Each row to its nearest centre, each centre to the mean of its rows, again and again; one without rows stays."""
    axis, cluster, features = node.attr("axes")
    rest = tuple(name for name in node.names if name not in (cluster, features))
    names = [(*rest, axis, features), (*rest, cluster, features), (*rest, axis), (*rest, cluster)]
    fitted = [fit(part, each.names, to) for part, each, to in zip(parts, node.inputs, names, strict=False)]
    x, centres = fitted[0].to(run.real).detach().unsqueeze(-3), fitted[1].to(run.real).detach()  # rows along -2 of x
    there = fitted[2].unsqueeze(-2) if len(parts) == 4 else torch.ones_like(x[..., 0], dtype=torch.bool)
    kept = fitted[3] if len(parts) == 4 else torch.ones_like(centres[..., 0], dtype=torch.bool)
    for _ in range(node.attr("rounds")):
        to = centres.unsqueeze(-2)
        length = _length(to).unsqueeze(-1).clamp(min=1e-12) if node.attr("by") == "cosine" else 1.0
        far = ((x - to) ** 2).sum(-1) if node.attr("by") == "distance" else -(x * to / length).sum(-1)
        far = torch.where(kept.unsqueeze(-1), far, torch.full_like(far, math.inf))  # [..., cluster, item]
        near = torch.arange(far.shape[-2], device=far.device).unsqueeze(-1) == far.argmin(-2, keepdim=True)
        own = (near & there & kept.unsqueeze(-1)).unsqueeze(-1)
        count = own.sum(-2)
        mean = torch.where(own, x, torch.zeros_like(x)).sum(-2) / count.clamp(min=1)
        centres = torch.where(count > 0, mean, centres)
    made = torch.where(kept.unsqueeze(-1), centres, torch.zeros_like(centres))
    return fit(made, (*rest, cluster, features), node.names)


RULES: dict[str, Callable[[Run, Node, list[Tensor]], Tensor]] = {
    "reduce": _reduce,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "norm": _norm,
    "unit": _unit,
    "dot": _dot,
    "argmax": _argmax,
    "topk": _topk,
    "sort": _sort,
    "cumsum": _cumsum,
    "sinkhorn": _sinkhorn,
    "transport": _transport,
    "soft_sort": _soft_sort,
    "kmeans": _kmeans,
}
