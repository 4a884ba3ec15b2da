"""Tensor helpers of emitted programs, where torch has no one-liner: masks, absent rows, ties, rows by index.

Input and output: tensors whose axes have a known order; `dims` are positions, negative or not. A mask is bool, True =
present, and meets x by broadcasting. What a mask leaves out has neither value nor gradient. Everything captures under
torch.compile.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

Dims = int | Sequence[int]

# ---- dtypes and small tensors


def real(x: Any) -> Any:
    """x as real numbers: truth values and ints in the default dtype, reals as they are."""
    if not isinstance(x, Tensor):
        return float(x)
    return x if x.is_floating_point() else x.to(torch.get_default_dtype())


def table(values: Any, device: torch.device | None = None) -> Tensor:
    """Constants as a tensor; reals in the default dtype."""
    return torch.tensor(values, device=device)


def onehot(index: Tensor, count: int) -> Tensor:
    """[..., count]: 1 at the index, real. An index outside 0 .. count - 1 gives a row of zeros."""
    marks = index.unsqueeze(-1) == torch.arange(count, device=index.device)
    return marks.to(torch.get_default_dtype())


def broadcast(*parts: Tensor) -> list[Tensor]:
    """The parts over one shape."""
    # torch's signature is untyped.
    return list(cast(Any, torch).broadcast_tensors(*parts))


def full_like_axes(parts: Sequence[Any]) -> list[Tensor]:
    """The parts over one shape; a number becomes a tensor like the first tensor among them."""
    like = next((part for part in parts if isinstance(part, Tensor)), None)
    made = [part if isinstance(part, Tensor) else _beside(part, like) for part in parts]
    return broadcast(*made)


def _beside(number: Any, like: Tensor | None) -> Tensor:
    """A number as a tensor that does not widen the one it meets."""
    if like is None:
        return torch.tensor(number)
    wide = isinstance(number, bool) or not like.is_floating_point()
    return torch.tensor(number, dtype=None if wide else like.dtype, device=like.device)


def stack(parts: Sequence[Any], dim: int = 0) -> Tensor:
    """Parts along a new axis, after broadcasting; the dtype is the widest of theirs."""
    made = full_like_axes(parts)
    dtype = made[0].dtype
    for part in made[1:]:
        dtype = torch.promote_types(dtype, part.dtype)
    return torch.stack([part.to(dtype) for part in made], dim)


def cat(parts: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Parts along an axis that all have; the other axes broadcast."""
    rest = broadcast(*(part.select(dim, 0) for part in parts))[0].shape
    full = [part.expand(*rest[:dim], part.shape[dim], *rest[dim:]) for part in parts]
    return torch.cat(full, dim)


# ---- reductions; over nothing: sum 0, prod 1, mean max min 0 (the caller masks them), logsumexp -inf


def _positions(x: Tensor, dims: Dims) -> list[int]:
    listed = [dims] if isinstance(dims, int) else list(dims)
    return [dim % max(1, x.dim()) for dim in listed]


def _joined(x: Tensor, dims: Dims) -> Tensor:
    """x with these axes merged into a last one, the first slowest."""
    gone = _positions(x, dims)
    kept = [dim for dim in range(x.dim()) if dim not in gone]
    return x.permute(*kept, *gone).flatten(len(kept))


def _selected(x: Tensor, mask: Tensor | None, fill: float | bool) -> tuple[Tensor, Tensor | None]:
    """x with `fill` where the mask is false, both over one shape."""
    if mask is None:
        return x, None
    x, mask = broadcast(x, mask)
    return torch.where(mask, x, torch.full((), fill, dtype=x.dtype, device=x.device)), mask


def total(x: Tensor, dims: Dims, mask: Tensor | None = None) -> Tensor:
    """The sum of the present entries."""
    x, _ = _selected(x, mask, 0)
    return x.sum(_positions(x, dims))


def mean(x: Tensor, dims: Dims, mask: Tensor | None = None) -> Tensor:
    """The mean of the present entries; 0 over nothing."""
    x, mask = _selected(real(x), mask, 0)
    gone = _positions(x, dims)
    if mask is None:
        return x.mean(gone) if x.numel() else x.sum(gone)
    return x.sum(gone) / mask.sum(gone).clamp(min=1)


def product(x: Tensor, dims: Dims, mask: Tensor | None = None) -> Tensor:
    """The product of the present entries."""
    x, _ = _selected(x, mask, 1)
    return _joined(x, dims).prod(-1)


def _extreme(dtype: torch.dtype, sign: int) -> Any:
    if dtype.is_floating_point:
        return sign * math.inf
    return torch.iinfo(dtype).max if sign > 0 else torch.iinfo(dtype).min


def _number(x: Tensor) -> Tensor:
    return x.long() if x.dtype == torch.bool else x


def largest(x: Tensor, dims: Dims, mask: Tensor | None = None) -> Tensor:
    """The largest present entry; the gradient goes to the first of equals. 0 over nothing."""
    x, mask = _selected(_number(x), mask, _extreme(_number(x).dtype, -1))
    return _or_zero(_joined(x, dims).max(-1).values, mask, dims)


def smallest(x: Tensor, dims: Dims, mask: Tensor | None = None) -> Tensor:
    """The smallest present entry; the gradient goes to the first of equals. 0 over nothing."""
    x, mask = _selected(_number(x), mask, _extreme(_number(x).dtype, 1))
    return _or_zero(_joined(x, dims).min(-1).values, mask, dims)


def _or_zero(x: Tensor, mask: Tensor | None, dims: Dims) -> Tensor:
    return x if mask is None else torch.where(some(mask, dims), x, torch.zeros_like(x))


def some(x: Tensor, dims: Dims, mask: Tensor | None = None) -> Tensor:
    """Whether any present entry is true."""
    x, _ = _selected(x.bool(), mask, False)
    return _joined(x, dims).any(-1)


def every(x: Tensor, dims: Dims, mask: Tensor | None = None) -> Tensor:
    """Whether all present entries are true."""
    x, _ = _selected(x.bool(), mask, True)
    return _joined(x, dims).all(-1)


def logsumexp(x: Tensor, dims: Dims, mask: Tensor | None = None, keepdim: bool = False) -> Tensor:
    """log sum exp of the present entries; -inf, with no gradient, where nothing is present or all is -inf."""
    x, _ = _selected(real(x), mask, -math.inf)
    gone = _positions(x, dims)
    if not x.numel():
        return torch.full_like(x.sum(gone, keepdim=keepdim), -math.inf)
    top = x.detach().amax(gone, keepdim=True)
    top = torch.where(top.isfinite(), top, torch.zeros_like(top))
    # One exponential serves the sum and its gradient: what torch.logsumexp's gradient would compute a second time.
    sums = (x - top).exp().sum(gone, keepdim=True)
    nothing = sums == 0
    result = torch.where(nothing, torch.ones_like(sums), sums).log() + top
    result = torch.where(nothing, torch.full_like(result, -math.inf), result)
    return result if keepdim else result.squeeze(gone)


def log_softmax(x: Tensor, dims: Dims, mask: Tensor | None = None) -> Tensor:
    """x - logsumexp(x) over these axes jointly; 0 where absent."""
    x, mask = _selected(real(x), mask, 0)
    norm = logsumexp(x, dims, mask, keepdim=True)
    if mask is None:
        return x - norm
    return torch.where(mask, x - torch.where(norm == -math.inf, torch.zeros_like(norm), norm), torch.zeros_like(x))


def softmax(x: Tensor, dims: Dims, mask: Tensor | None = None) -> Tensor:
    """exp(log_softmax(x)) over these axes jointly; 0 where absent."""
    share = log_softmax(x, dims, mask).exp()
    return share if mask is None else torch.where(mask, share, torch.zeros_like(share))


# ---- pointwise


def logaddexp(a: Any, b: Any) -> Tensor:
    """log(exp a + exp b); -inf, with no gradient, where both are -inf."""
    a, b = full_like_axes([real(a), real(b)])
    nothing = (a.detach() == -math.inf) & (b.detach() == -math.inf)
    zero = torch.zeros((), dtype=a.dtype, device=a.device)
    result = torch.logaddexp(torch.where(nothing, zero, a), torch.where(nothing, zero.to(b.dtype), b))
    return torch.where(nothing, torch.full_like(result, -math.inf), result)


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp x), without the linear cut of torch's softplus."""
    return logaddexp(x, torch.zeros_like(real(x)))


def bce(p: Any, target: Any) -> Tensor:
    """-(target log p + (1 - target) log(1 - p)), logs not below -100, gradient over max(p (1 - p), 1e-12)."""
    p, target = full_like_axes([real(p), real(target)])
    return torch.nn.functional.binary_cross_entropy(p, target.to(p.dtype), reduction="none")


def norm(x: Tensor, dims: Dims, keepdim: bool = False) -> Tensor:
    """Euclidean norm over these axes; zero has zero gradient."""
    square = x.square().sum(_positions(x, dims), keepdim=keepdim)
    zero = square == 0
    return torch.where(zero, torch.zeros_like(square), torch.where(zero, torch.ones_like(square), square).sqrt())


def unit(x: Tensor, dims: Dims = -1) -> Tensor:
    """x / max(|x|, 1e-12) over these axes; zero stays zero, with zero gradient."""
    length = norm(x, dims, keepdim=True)
    zero = length == 0
    made = x / torch.where(zero, torch.ones_like(length), length).clamp(min=1e-12)
    return torch.where(zero, torch.zeros_like(made), made)


# ---- orders: ties go to the lowest index


def _order(x: Tensor, dim: int, descending: bool, mask: Tensor | None) -> Tensor:
    """Indices in order, present entries first."""
    key = x.detach()
    if mask is not None:
        key = _key(key)
        key = torch.where(mask, key, torch.iinfo(key.dtype).min if descending else torch.iinfo(key.dtype).max)
    return torch.sort(key, dim=dim, descending=descending, stable=True).indices


def _key(x: Tensor) -> Tensor:
    """Integers in the order of x, none of which is the least or the largest: room for what is absent, in one sort.

    The bits of a float rise with it where it is positive and fall where it is negative.
    """
    if not x.is_floating_point():
        return x.long()
    x = (x if x.dtype == torch.float64 else x.float()) + 0.0  # -0 and 0 are equal
    bits = x.view(torch.int64 if x.dtype == torch.float64 else torch.int32)
    return torch.where(bits >= 0, bits, bits ^ torch.iinfo(bits.dtype).max)


def _both(x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
    if mask is None:
        return x, None
    x, mask = broadcast(x, mask)
    return x, mask


def argmax(x: Tensor, dim: int, mask: Tensor | None = None) -> Tensor:
    """The index of the largest present entry."""
    x, _ = _selected(_number(x), mask, _extreme(_number(x).dtype, -1))
    return x.detach().argmax(dim)


def topk(x: Tensor, dim: int, k: int, mask: Tensor | None = None) -> Tensor:
    """Indices of the k largest present entries, best first, in the place of the axis."""
    x, mask = _both(_number(x), mask)
    return _order(x, dim, True, mask).narrow(dim, 0, k)


def sort(x: Tensor, dim: int, mask: Tensor | None = None) -> Tensor:
    """Values rising along the axis, absent ones last, as 0."""
    x, mask = _both(_number(x), mask)
    order = _order(x, dim, False, mask)
    values = x.gather(dim, order)
    return values if mask is None else torch.where(mask.gather(dim, order), values, torch.zeros_like(values))


# ---- rows by index


def entry(x: Tensor, index: Tensor, dim: int) -> Tensor:
    """x at one index along dim; brackets with a number that is computed would end a captured graph."""
    return x.index_select(dim, index.reshape(1)).squeeze(dim)


def take(x: Tensor, index: Tensor, shared: int = 0) -> Tensor:
    """Rows of x by index: x [*shared, entry, *rest], index [*shared, *new] -> [*shared, *new, *rest]."""
    if shared == 0:
        return x[index]
    count, lead = x.shape[shared], x.shape[:shared]
    groups = math.prod(lead)
    start = (torch.arange(groups, device=x.device) * count).reshape(*lead, *([1] * (index.dim() - shared)))
    return x.flatten(0, shared)[index + start]


def put(x: Tensor, index: Tensor, value: Tensor, dim: int = 0) -> Tensor:
    """x with rows at index [row] along dim replaced by value, row at dim in it; of repeated rows the last wins.

    Rows whose index is outside the axis are left out.
    """
    count = x.shape[dim]
    index, rows = index.reshape(-1), index.numel()
    shape = [*x.shape[:dim], rows, *x.shape[dim + 1 :]]
    value = value.to(x.dtype).expand(shape)
    inside = (index >= 0) & (index < count)
    slot = torch.where(inside, index, torch.full_like(index, count))
    turn = torch.arange(rows, device=x.device)
    last = torch.full((count + 1,), -1, dtype=turn.dtype, device=x.device).scatter_reduce(0, slot, turn, "amax")[:count]
    fresh = value.index_select(dim, last.clamp(min=0))
    written = (last >= 0).reshape([-1 if each == dim else 1 for each in range(x.dim())])
    return torch.where(written, fresh, x)
