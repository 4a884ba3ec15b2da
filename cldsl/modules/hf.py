"""Models of the package transformers: by kind and configuration (offline), or OWNER/NAME with published weights.

Input: consumed sizes and bound arguments. One consumed axis: token identifiers; two axes after a text model: vectors in
place of token embeddings; otherwise images (channel, y, x). Output: an nn.Module from [row, *consumed] to [row, width],
or [row, token, width] with pool = "none". Tokens equal to the configuration's padding identifier are absent: they are
neither attended to nor averaged. Code published beside weights is never run; weights are read from safetensors only.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import transformers
from torch import Tensor, nn

from cldsl.catalogue import CatalogueError, nearest


class Pooled(nn.Module):
    """The model's last hidden states as [row, token, width], pooled."""

    def __init__(self, model: nn.Module, pool: str, takes: str, padding: int | None) -> None:
        super().__init__()
        self.model = model
        self.pool = pool
        self.takes = takes
        self.padding = padding

    def forward(self, x: Tensor) -> Tensor:
        inputs = {self.takes: x}
        present: Tensor | None = None
        if self.takes == "input_ids" and self.padding is not None:
            present = x != self.padding  # [row, token]
            inputs["attention_mask"] = present.long()
        result = self.model(**inputs)
        if self.pool == "pooled":
            return cast(Tensor, result.pooler_output.flatten(1))
        hidden = cast(Tensor, result.last_hidden_state)
        if hidden.dim() == 4:
            hidden = hidden.flatten(2).transpose(1, 2)  # a map: places become tokens
        if self.pool == "none":
            return hidden
        if self.pool == "first":
            return hidden[:, 0]
        if present is None:
            return hidden.mean(1)
        weight = present.to(hidden.dtype).unsqueeze(2)
        return (hidden * weight).sum(1) / weight.sum(1).clamp_min(1)


def hf(consumes: tuple[int, ...], name: str, pool: str, options: dict[str, Any]) -> nn.Module:
    """Build or fetch the model. Raises CatalogueError: unknown kind or option, no network, no pooled output."""
    config = _configuration(name, options)
    images = len(consumes) > 1 and hasattr(config, "num_channels")
    if images:
        if len(consumes) != 3:
            raise CatalogueError(f"hf({name}) consumes channel, y, x, {len(consumes)} axes given")
        if "/" not in name:
            config.num_channels = consumes[0]
    model = _model(name, config)
    takes = str(model.main_input_name) if images or len(consumes) == 1 else "inputs_embeds"
    if len(consumes) == 1 and takes != "input_ids":
        raise CatalogueError(f"hf({name}) takes {takes}, not one axis of token identifiers")
    if len(consumes) == 3 and not images:
        raise CatalogueError(f"hf({name}) is not an image model: it cannot consume three axes")
    if pool == "pooled" and not _has_pooler(model):
        raise CatalogueError(f"hf({name}) has no pooled output", 'write pool = "first" or pool = "mean"')
    return Pooled(model, pool, takes, getattr(config, "pad_token_id", None))


def _has_pooler(model: nn.Module) -> bool:
    return any(child == "pooler" and module is not None for child, module in model.named_children())


def _configuration(name: str, options: dict[str, Any]) -> Any:
    if "/" not in name and name not in transformers.CONFIG_MAPPING:
        raise CatalogueError(
            f"transformers knows no kind of model called {name}", nearest(name, transformers.CONFIG_MAPPING)
        )
    config = _described(name, {})
    known = set(config.to_dict())
    for option in options:
        # transformers would keep a misspelt option without a word.
        if option not in known:
            raise CatalogueError(f"hf({name}) has no option {option}", nearest(option, known))
    return _described(name, options) if options else config


def _described(name: str, options: dict[str, Any]) -> Any:
    if "/" not in name:
        return transformers.AutoConfig.for_model(name, **options)
    try:
        return transformers.AutoConfig.from_pretrained(name, **options)
    except (OSError, ValueError) as error:
        raise _unreachable(name) from error


def _model(name: str, config: Any) -> nn.Module:
    try:
        if "/" not in name:
            return cast(nn.Module, cast(Any, transformers.AutoModel).from_config(config))
        return cast(
            nn.Module,
            transformers.AutoModel.from_pretrained(name, config=config, use_safetensors=True, dtype=torch.float32),
        )
    except OSError as error:
        raise _unreachable(name) from error
    except ValueError as error:
        raise CatalogueError(f"hf({name}) cannot be built: {str(error).splitlines()[0]}") from error


def _unreachable(name: str) -> CatalogueError:
    return CatalogueError(
        f"hf: the weights of {name} are not on this machine and could not be fetched",
        'check the name and the network, or build the kind offline: hf("resnet", depths = [1, 1, 1, 1])',
    )
