"""The encoders by name: arguments, the shape they produce, and what a pass must know of them.

Input: a name and a call's arguments. Output: a ModuleEntry and bound arguments. Imports no torch.
`batch_statistics` and `draws` may err on the safe side: true where the model is not ours (transformers, timm, python).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cldsl.catalogue import CatalogueError, Entry, Parameter, bind, find, signature
from cldsl.modules import shapes
from cldsl.modules.shapes import Sizes


def _never(bound: Mapping[str, Any]) -> bool:
    return False


def _always(bound: Mapping[str, Any]) -> bool:
    return True


def _batch_norm(bound: Mapping[str, Any]) -> bool:
    return bound["norm"] in ("batch", None)


def _mlp_batch_norm(bound: Mapping[str, Any]) -> bool:
    # `norm` acts on hidden layers alone: with one width there are none.
    widths = bound["widths"]
    hidden = isinstance(widths, (list, tuple)) and len(widths) > 1
    return (hidden and _batch_norm(bound)) or bound["last"] in ("batch", "batch_no_affine", None)


def _mlp_draws(bound: Mapping[str, Any]) -> bool:
    widths = bound["widths"]
    return isinstance(widths, (list, tuple)) and len(widths) > 1 and _dropout(bound)


def _dropout(bound: Mapping[str, Any]) -> bool:
    return bool(bound["dropout"] is None or bound["dropout"] > 0)


@dataclass(frozen=True)
class ModuleEntry(Entry):
    """An encoder. `shape` maps bound arguments and consumed sizes to produced sizes (CatalogueError if impossible).

    batch_statistics: in training mode a row's output depends on the other rows. draws: training mode draws dropout
    masks. causal: position i of the output sees positions up to i. open: further named arguments are passed on.
    takes: what the consumed axes are, in order: "image" is channel, y, x or y, x; "series" is channel, position or
    position; "sequence" is position, width. presence: it is told which entries along its first consumed axis are there.
    runs_user_code: built only with the permission given on the command line. outputs: of a module that may
    make several, the sizes of each; its `shape` is then that of all of them, one after another. arguments: how many it
    may take; what it takes of several comes one behind the other, in one axis.
    """

    shape: Callable[[Mapping[str, Any], Sizes], Sizes] = shapes.unknown
    batch_statistics: Callable[[Mapping[str, Any]], bool] = _never
    draws: Callable[[Mapping[str, Any]], bool] = _never
    causal: bool = False
    open: bool = False
    takes: str = "any"
    presence: bool = False
    runs_user_code: bool = False
    outputs: Callable[[Mapping[str, Any], Sizes], tuple[Sizes, ...]] | None = None
    arguments: int = 1


_NORM = Parameter("norm", "text", "none", "after each hidden layer", ("none", "batch", "layer"))
_DROPOUT = Parameter("dropout", "real", 0.0, "probability of a zero", low=0.0, high=1.0)


def _levels(what: str) -> Parameter:
    return Parameter("levels", "list", [], f"{what}, from 1, whose maps are named outputs before `out`")


def _conv_parameters(widths: list[int], kernel: int) -> tuple[Parameter, ...]:
    return (
        Parameter("widths", "list", widths, "channels of each convolution"),
        Parameter("kernel", "int", kernel, "places on a side, odd", low=1),
        Parameter("norm", "text", "batch", "after each convolution", ("none", "batch")),
        Parameter("pool", "text", "max", "halves the places between convolutions", ("max", "avg")),
        Parameter("out", "text", "mean", "mean over places, all places, or a map", ("mean", "flatten", "map")),
        _levels("convolutions"),
    )


MODULES: tuple[ModuleEntry, ...] = (
    ModuleEntry(
        "linear",
        "One linear map; a list of widths produces several axes.",
        (
            Parameter("width", "list", doc="outputs, or the sizes of several produced axes"),
            Parameter("bias", "bool", True),
            Parameter(
                "init",
                "text",
                "default",
                "first weights; with any but default the bias starts at zero",
                ("default", "normal", "zeros", "identity", "orthogonal", "xavier"),
            ),
        ),
        "cldsl.modules.dense:linear",
        shape=shapes.linear,
    ),
    ModuleEntry(
        "mlp",
        "Hidden layers linear, norm, activation, dropout; then a linear layer and the last norm.",
        (
            Parameter("widths", "list", doc="outputs of each layer"),
            _NORM,
            Parameter(
                "last", "text", "plain", "norm after the last layer", ("plain", "batch", "batch_no_affine", "layer")
            ),
            Parameter("bias", "bool", True, "of the last layer"),
            Parameter("hidden_bias", "bool", True, "of hidden layers"),
            _DROPOUT,
            Parameter("activation", "text", "relu", "", ("relu", "gelu", "tanh")),
        ),
        "cldsl.modules.dense:mlp",
        shape=shapes.mlp,
        batch_statistics=_mlp_batch_norm,
        draws=_mlp_draws,
    ),
    ModuleEntry("identity", "Its input.", (), "cldsl.modules.dense:identity", shape=shapes.identity),
    ModuleEntry(
        "norm",
        "A norm by itself, for what a spec composes layer by layer.",
        (
            Parameter(
                "kind",
                "text",
                doc="over the rows, or over the consumed axes of each",
                choices=("batch", "batch_no_affine", "layer"),
            ),
        ),
        "cldsl.modules.dense:norm",
        shape=shapes.norm,
        batch_statistics=lambda bound: bound["kind"] != "layer",
    ),
    ModuleEntry(
        "dropout",
        "Its input; in training with a share of zeros, the rest scaled up.",
        (Parameter("rate", "real", doc="probability of a zero", low=0.0, high=1.0),),
        "cldsl.modules.dense:dropout",
        shape=shapes.identity,
        draws=lambda bound: bound["rate"] is None or bound["rate"] > 0,
    ),
    ModuleEntry(
        "conv",
        "A small convolutional network for images: convolution, norm, relu; halved between.",
        _conv_parameters([32, 64, 64], 3),
        "cldsl.modules.conv:conv",
        shape=shapes.conv,
        outputs=shapes.conv_outputs,
        takes="image",
        batch_statistics=_batch_norm,
    ),
    ModuleEntry(
        "conv1d",
        "A small convolutional network for spectra and series: convolution, norm, relu; halved between.",
        _conv_parameters([64, 128, 256], 5),
        "cldsl.modules.conv:conv1d",
        shape=shapes.conv1d,
        outputs=shapes.conv1d_outputs,
        takes="series",
        batch_statistics=_batch_norm,
    ),
    ModuleEntry(
        "dilated_conv",
        "A convolutional network for series that keeps every position: blocks whose reach doubles, then causal means.",
        (
            Parameter("dim", "int", doc="outputs at each position", low=1),
            Parameter("hidden", "int", 64, "channels within", low=1),
            Parameter("depth", "int", 10, "blocks before the last one, of dilation 1, 2, 4, ...", low=0),
            Parameter("kernel", "int", 3, "positions, odd", low=1),
            Parameter("spans", "int", 0, "means over the last 1, 2, 4, ... positions, averaged; 0: none", low=0),
        ),
        "cldsl.modules.dilated:dilated_conv",
        shape=shapes.dilated_conv,
    ),
    ModuleEntry(
        "resnet",
        "A residual network for images, pooled or as a map.",
        (
            Parameter("depth", "int", 18, "", (18, 34, 50)),
            Parameter("stem", "text", "large", "small: 3 by 3, no pooling, for images up to 64", ("small", "large")),
            Parameter("width", "int", 64, "channels of the first stage", low=1),
            Parameter("zero_init", "bool", True, "each residual branch starts at zero"),
            Parameter("out", "text", "mean", "mean over places or the map of the last stage", ("mean", "map")),
            _levels("stages"),
        ),
        "cldsl.modules.resnet:resnet",
        shape=shapes.resnet,
        outputs=shapes.resnet_outputs,
        takes="image",
        batch_statistics=_always,
    ),
    ModuleEntry(
        "small_alexnet",
        "Five 3 by 3 convolutions and two dense layers for small images.",
        (
            Parameter("width", "int", 4096, "of the two dense layers", low=1),
            Parameter("scale", "real", 1.0, "shrinks every width", low=0.0),
            Parameter("std", "real", 0.02, "spread of the first weights; 0 keeps torch's own", low=0.0),
        ),
        "cldsl.modules.conv:small_alexnet",
        shape=shapes.small_alexnet,
        takes="image",
        batch_statistics=_always,
    ),
    ModuleEntry(
        "vit",
        "A vision transformer, pre-norm, learned positions.",
        (
            Parameter("patch", "int", doc="places on a side of a patch", low=1),
            Parameter("width", "int", 384, low=1),
            Parameter("depth", "int", 12, low=1),
            Parameter("heads", "int", 6, low=1),
            Parameter("pool", "text", "mean", "none keeps the axis of patches", ("mean", "class", "none")),
            _DROPOUT,
        ),
        "cldsl.modules.vit:vit",
        shape=shapes.vit,
        takes="image",
        draws=_dropout,
    ),
    ModuleEntry(
        "transformer",
        "A transformer over the entries of a sequence, learned positions; absent entries are seen by no other.",
        (
            Parameter("depth", "int", 2, "layers", low=1),
            Parameter("heads", "int", 2, low=1),
            Parameter("hidden", "int", None, "width inside of a layer; none: four times the width", low=1),
            _DROPOUT,
            Parameter("causal", "bool", False, "an entry sees those before it"),
            Parameter("norm", "text", "after", "before or after the parts of a layer", ("before", "after")),
        ),
        "cldsl.modules.transformer:transformer",
        shape=shapes.transformer,
        takes="sequence",
        draws=_dropout,
        presence=True,
    ),
    ModuleEntry(
        "attention",
        "A layer of attention, of a sequence to itself or, with two arguments, to another one; then two dense layers.",
        (
            Parameter("heads", "int", 1, low=1),
            Parameter("hidden", "int", None, "width between the dense layers; none: four times the width", low=1),
            _DROPOUT,
            Parameter("norm", "text", "asking", "what is normalised before it: who asks, or both", ("asking", "both")),
            Parameter("start", "text", "own", "tied: its four projections are equal at first", ("own", "tied")),
        ),
        "cldsl.modules.attention:attention",
        shape=shapes.attention,
        takes="sequence",
        draws=_dropout,
        presence=True,
        arguments=2,
    ),
    ModuleEntry(
        "hf",
        "A transformers model: a kind with configuration, built offline, or OWNER/NAME with its weights, fetched once.",
        (
            Parameter("name", "text", doc="resnet, bert, ... or OWNER/NAME"),
            Parameter("pool", "text", "mean", "over tokens or places", ("mean", "first", "pooled", "none")),
        ),
        "cldsl.modules.hf:hf",
        extra="hf",
        shape=shapes.pretrained,
        batch_statistics=_always,
        draws=_always,
        open=True,
    ),
    ModuleEntry(
        "timm",
        "A pooled image model of the package timm.",
        (Parameter("name", "text"), Parameter("pretrained", "bool", False)),
        "cldsl.modules.timm_model:timm_model",
        extra="timm",
        shape=shapes.pooled_image,
        takes="image",
        batch_statistics=_always,
        draws=_always,
        open=True,
    ),
    ModuleEntry(
        "python",
        "An nn.Module class of your own, called with the further named arguments.",
        (
            Parameter("target", "text", doc="package.module:Class"),
            Parameter("axes", "int", 1, "number of produced axes", low=0),
        ),
        "cldsl.modules.python_class:python_class",
        shape=shapes.unknown,
        batch_statistics=_always,
        draws=_always,
        open=True,
        runs_user_code=True,
    ),
)


def module_entry(name: str) -> ModuleEntry:
    """The encoder of this name. Raises CatalogueError with the nearest name."""
    return find(MODULES, name, "model")


def bind_module(entry: ModuleEntry, args: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Like catalogue.bind, with whole numbers as int.

    An open entry keeps the named arguments it does not know in one dict called "options".
    """
    if not entry.open:
        return _whole_as_int(entry, bind(entry, args, named))
    known = {parameter.name for parameter in entry.parameters}
    if "options" in named:
        raise CatalogueError(
            f"{entry.name} has no argument options", f"write the options themselves: {signature(entry)}"
        )
    bound = _whole_as_int(entry, bind(entry, args, {name: value for name, value in named.items() if name in known}))
    bound["options"] = {name: value for name, value in named.items() if name not in known}
    return bound


def _whole_as_int(entry: ModuleEntry, bound: dict[str, Any]) -> dict[str, Any]:
    whole = {parameter.name for parameter in entry.parameters if parameter.kind == "int"}
    return {name: int(value) if name in whole and value is not None else value for name, value in bound.items()}


def produced(name: str, args: Sequence[Any], named: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """Sizes that the call produces, for the checker. Raises CatalogueError."""
    entry = module_entry(name)
    return entry.shape(bind_module(entry, args, named), consumed)


def outputs(name: str, args: Sequence[Any], named: Mapping[str, Any], consumed: Sizes) -> tuple[Sizes, ...]:
    """Sizes of each output of the call: one, or those that have names. Raises CatalogueError."""
    entry = module_entry(name)
    bound = bind_module(entry, args, named)
    return (entry.shape(bound, consumed),) if entry.outputs is None else entry.outputs(bound, consumed)
