"""The losses of other libraries on the same tensors, each with the options that make it the same function.

Input: the name of a library and of a loss. Output: a step (forward and backward) of tensors by name. A library that is
not installed raises Missing. The losses of lightly and open_clip need no torchvision, their packages do: where it is
absent, the packages' own `__init__` is not run, and the one name that a file beside them imports from it stands for nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from tests.bench.plain import MARGIN, TAU, TAU_CLIP

Step = Callable[[Mapping[str, Tensor]], Tensor]

METRIC = "pytorch-metric-learning"
SENTENCE = "sentence-transformers"
CACHED = "sentence-transformers cached"
LIGHTLY = "lightly"
OPEN_CLIP = "open_clip"
#: how a registry calls them
DISTRIBUTIONS = {METRIC: METRIC, SENTENCE: SENTENCE, LIGHTLY: LIGHTLY, OPEN_CLIP: "open-clip-torch"}


class Missing(Exception):
    """A library that is not installed here, or that does not import."""


def peer(who: str, loss: str) -> Step:
    """A step of a library's loss. Raises KeyError where the library has no such loss, Missing where it is absent."""
    return PEERS[who][loss]()


def versions() -> str:
    """The libraries that are installed, with their versions."""
    found = []
    for name, distribution in DISTRIBUTIONS.items():
        try:
            found.append(f"{name} {importlib.metadata.version(distribution)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def _imported(module: str, *packages: str) -> Any:
    """A module of a library; `packages` are passed through without their `__init__` where torchvision is absent."""
    try:
        if packages and importlib.util.find_spec("torchvision") is None:
            with _without_vision(packages):
                return importlib.import_module(module)
        return importlib.import_module(module)
    except ImportError as error:
        raise Missing(str(error).splitlines()[0]) from error


@contextlib.contextmanager
def _without_vision(packages: tuple[str, ...]) -> Iterator[None]:
    """Packages that run nothing of their own, and a torchvision of names alone; neither outlasts the import."""
    made = {}
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec is None:
            raise Missing(f"No module named {package!r}")
        sys.modules[package] = made[package] = types.ModuleType(package)
        made[package].__path__, made[package].__spec__ = list(spec.submodule_search_locations or ()), spec
    for name in ("torchvision", "torchvision.ops"):
        sys.modules[name] = made[name] = types.ModuleType(name)
        made[name].__dict__["StochasticDepth"] = object  # imported beside the memory bank of a loss, and not used
    try:
        yield
    finally:
        for name in made:
            sys.modules.pop(name, None)


def _backward(function: Step) -> Step:
    def step(tensors: Mapping[str, Tensor]) -> Tensor:
        loss = function(tensors)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    return step


def _metric_self(name: str, **options: Any) -> Step:
    """A loss of z[item, v, dim] whose classes are the items, or the labels where there are any."""
    losses, reducers = _imported("pytorch_metric_learning.losses"), _imported("pytorch_metric_learning.reducers")
    loss = getattr(losses, name)(reducer=reducers.MeanReducer(), **options)

    def function(tensors: Mapping[str, Tensor]) -> Tensor:
        z = tensors["z"]
        label = tensors["label"] if "label" in tensors else torch.arange(len(z))
        found: Tensor = loss(z.flatten(0, 1), label.repeat_interleave(z.shape[1]))
        return found

    return _backward(function)


def _metric_triplet() -> Step:
    cosine = _imported("pytorch_metric_learning.distances").CosineSimilarity()
    return _metric_self("TripletMarginLoss", margin=MARGIN, distance=cosine)


def _metric_clip() -> Step:
    losses = _imported("pytorch_metric_learning.losses")
    one_way = losses.SelfSupervisedLoss(losses.NTXentLoss(temperature=TAU_CLIP), symmetric=False)
    return _backward(lambda t: (one_way(t["zi"], t["zt"]) + one_way(t["zt"], t["zi"])) / 2)


def _sentence(name: str) -> Any:
    losses = _imported("sentence_transformers.sentence_transformer.losses")
    return getattr(losses, name)(
        torch.nn.Sequential(torch.nn.Identity()),  # stands for the encoder: vectors are given
        scale=1 / TAU_CLIP,
        directions=("query_to_doc", "doc_to_query"),
        partition_mode="per_direction",
    )


def _sentence_clip() -> Step:
    loss = _sentence("MultipleNegativesRankingLoss")
    unused = torch.empty(0)
    return _backward(lambda t: loss.compute_loss_from_embeddings([t["zi"], t["zt"]], unused))


def _sentence_cached() -> Step:
    """Its stage of the loss, which goes backward by mini-batches of 32 rows (the library's default)."""
    loss = _sentence("CachedMultipleNegativesRankingLoss")
    return lambda t: loss.calculate_loss([[t["zi"]], [t["zt"]]], with_backward=True)


def _lightly(module: str, name: str) -> Step:
    packages = ("lightly.models", "lightly.models.modules", "lightly.loss")
    loss = getattr(_imported(f"lightly.loss.{module}", *packages), name)(temperature=TAU)
    return _backward(lambda t: loss(t["z"][:, 0], t["z"][:, 1]))


def _open_clip() -> Step:
    loss = _imported("open_clip.loss", "open_clip").ClipLoss()
    unit = torch.nn.functional.normalize  # as its model does before the loss
    return _backward(lambda t: loss(unit(t["zi"], dim=-1), unit(t["zt"], dim=-1), 1 / TAU_CLIP))


PEERS: dict[str, dict[str, Callable[[], Step]]] = {
    METRIC: {
        "nt-xent": lambda: _metric_self("NTXentLoss", temperature=TAU),
        "supcon": lambda: _metric_self("SupConLoss", temperature=TAU),
        "clip": _metric_clip,
        "triplet": _metric_triplet,
    },
    SENTENCE: {"clip": _sentence_clip},
    CACHED: {"clip": _sentence_cached},
    LIGHTLY: {
        "nt-xent": lambda: _lightly("ntx_ent_loss", "NTXentLoss"),
        "dcl": lambda: _lightly("dcl_loss", "DCLLoss"),
    },
    OPEN_CLIP: {"clip": _open_clip},
}
