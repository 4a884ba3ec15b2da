"""The losses that have a name, each as short torch code: one matrix of similarities, in-place masks, library reductions.

Input: tensors by name, unit where the spec makes them so. Output: the loss. Gradients are autograd's. These are also
what every other column is checked against.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

TAU = 0.1
TAU_CLIP = 0.05
MARGIN = 0.1


def nt_xent(tensors: Mapping[str, Tensor]) -> Tensor:
    """NT-Xent of z[item, 2, dim]: arXiv:2002.05709, equation 1."""
    z = tensors["z"].transpose(0, 1).flatten(0, 1)
    logits = z @ z.t() / TAU
    logits.fill_diagonal_(-torch.inf)
    return cross_entropy(logits, torch.arange(len(z)).roll(len(z) // 2))


def dcl(tensors: Mapping[str, Tensor]) -> Tensor:
    """Decoupled loss of z[item, 2, dim]: arXiv:2110.06848, equation 6."""
    z = tensors["z"].transpose(0, 1).flatten(0, 1)
    row = torch.arange(len(z))
    partner = row.roll(len(z) // 2)
    logits = z @ z.t() / TAU
    positive = logits[row, partner]
    logits[row, row] = -torch.inf
    logits[row, partner] = -torch.inf
    return (logits.logsumexp(1) - positive).mean()


def supcon(tensors: Mapping[str, Tensor]) -> Tensor:
    """SupCon, the mean outside the logarithm, of z[item, 2, dim] and label[item]: arXiv:2004.11362, equation 2."""
    z, label = tensors["z"].flatten(0, 1), tensors["label"].repeat_interleave(2)
    same = label[:, None] == label
    same.fill_diagonal_(False)
    logits = z @ z.t() / TAU
    positive = logits.where(same, 0).sum(1) / same.sum(1)
    logits.fill_diagonal_(-torch.inf)
    return (logits.logsumexp(1) - positive).mean()


def clip(tensors: Mapping[str, Tensor]) -> Tensor:
    """Both directions of zi[item, dim] and zt[item, dim]: arXiv:2103.00020, figure 3."""
    logits = tensors["zi"] @ tensors["zt"].t() / TAU_CLIP
    target = torch.arange(len(logits))
    return (cross_entropy(logits, target) + cross_entropy(logits.t(), target)) / 2


def triplet(tensors: Mapping[str, Tensor]) -> Tensor:
    """The hinge of every triplet of z[item, v, dim], a mean over all: arXiv:1503.03832, equation 3, in cosines."""
    z = tensors["z"]
    items, count, _ = z.shape
    rows = z.flatten(0, 1)
    item = torch.arange(items).repeat_interleave(count)
    others = torch.tensor([[v for v in range(count) if v != own] for own in range(count)])
    positive = (z @ z.transpose(1, 2)).gather(2, others.expand(items, -1, -1)).flatten(0, 1)  # [row, count - 1]
    negative = (rows @ rows.t()).masked_fill(item[:, None] == item, -torch.inf)
    hinges = torch.relu(negative[:, None] - positive[:, :, None] + MARGIN)
    return hinges.sum() / (positive.numel() * (len(rows) - count))


PLAIN: dict[str, Callable[[Mapping[str, Tensor]], Tensor]] = {
    "nt-xent": nt_xent,
    "dcl": dcl,
    "supcon": supcon,
    "clip": clip,
    "triplet": triplet,
}
