"""Image models of the package timm, without their classifier.

Input: consumed sizes (channel, y, x) or (y, x) and bound arguments; further named arguments go to timm.create_model.
Output: an nn.Module from [row, *consumed] to [row, width].
"""

from __future__ import annotations

from typing import Any

import timm
from torch import nn

from cldsl.catalogue import CatalogueError, nearest
from cldsl.modules.conv import with_channel


def timm_model(consumes: tuple[int, ...], name: str, pretrained: bool, options: dict[str, Any]) -> nn.Module:
    """The model of this name. Raises CatalogueError for an unknown name."""
    if not timm.is_model(name):
        raise CatalogueError(f"timm knows no model called {name}", nearest(name, timm.list_models()))
    first, channel = with_channel(consumes, 2)
    model: nn.Module = timm.create_model(name, pretrained=pretrained, num_classes=0, in_chans=channel, **options)
    return nn.Sequential(*first, model)
