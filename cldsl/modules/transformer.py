"""A transformer over the entries of a sequence, of which some may not be there (arXiv:1706.03762).

Input: consumed sizes (position, width) and bound arguments. Output: an nn.Module from [row, position, width] and the
presence [row, position] of its entries to [row, position, width]. Nobody attends to an absent entry but itself; what
stands at its place is of no meaning.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Self-attention, [row, position, width] -> the same; seen: who may see whom, [row or 1, 1, position, position]."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.inward = nn.Linear(width, 3 * width)
        self.outward = nn.Linear(width, width)

    def forward(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        rows, places, width = x.shape
        parts = self.inward(x).reshape(rows, places, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)  # each [row, head, position, width of a head]
        dropout = self.dropout if self.training else 0.0
        made = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen, dropout_p=dropout)
        return cast(Tensor, self.outward(made.transpose(1, 2).reshape(rows, places, width)))


class Layer(nn.Module):
    """Attention, then two dense layers; each beside its input. first: the norms stand before these parts, else after."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float, first: bool) -> None:
        super().__init__()
        self.first = first
        self.attention = Attention(width, heads, dropout)
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(2)])
        self.dense = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        if self.first:
            x = x + self.dropout(self.attention(self.norms[0](x), seen))
            return cast(Tensor, x + self.dropout(self.dense(self.norms[1](x))))
        x = self.norms[0](x + self.dropout(self.attention(x, seen)))
        return cast(Tensor, self.norms[1](x + self.dropout(self.dense(x))))


class Transformer(nn.Module):
    """Learned positions, layers, and the norm that is missing: after the last layer, or before the first."""

    def __init__(self, places: int, width: int, layers: list[Layer], dropout: float, causal: bool) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.empty(places, width))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(layers)
        self.first = layers[0].first
        allowed = torch.ones(places, places, dtype=torch.bool)
        self.register_buffer("allowed", allowed.tril() if causal else allowed, persistent=False)
        self.register_buffer("own", torch.eye(places, dtype=torch.bool), persistent=False)

    def forward(self, x: Tensor, present: Tensor | None = None) -> Tensor:
        seen = cast(Tensor, self.allowed)[None, None]  # [row or 1, head, who looks, who is seen]
        if present is not None:
            # whoever sees nobody else sees itself: a softmax over nothing has no value
            seen = seen & present[:, None, None, :] | cast(Tensor, self.own)
        x = x + self.position
        x = self.dropout(x if self.first else self.norm(x))
        for layer in self.layers:
            x = layer(x, seen)
        return cast(Tensor, self.norm(x) if self.first else x)


def transformer(
    consumes: tuple[int, ...], depth: int, heads: int, hidden: int | None, dropout: float, causal: bool, norm: str
) -> nn.Module:
    """`depth` layers; weights start normal with deviation 0.02 (as arXiv:1810.04805), biases at zero."""
    places, width = consumes
    layers = [Layer(width, heads, hidden or 4 * width, dropout, norm == "before") for _ in range(depth)]
    network = Transformer(places, width, layers, dropout, causal)
    nn.init.normal_(network.position, std=0.02)
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
    return network
