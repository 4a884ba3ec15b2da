"""Axis sizes that each encoder produces from the axis sizes it consumes.

Input: the bound arguments of a call and the consumed sizes in declared order; None is a size or an argument that is
only known at run time. Output: the produced sizes. Raises CatalogueError for a combination that cannot be built.
Imports no torch: `cldsl check` calls these functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cldsl.catalogue import CatalogueError

Size = int | None
Sizes = tuple[Size, ...]


def whole(name: str, parameter: str, value: Any) -> Sizes:
    """A list argument as positive whole numbers; a single number is a list of one."""
    values: Sequence[Any] = value if isinstance(value, (list, tuple)) else (value,)
    if not values:
        raise CatalogueError(f"{name}: {parameter} is an empty list", f"write {parameter} as [128] or [512, 128]")
    for entry in values:
        if entry is None:
            continue
        if isinstance(entry, bool) or not isinstance(entry, (int, float)) or entry < 1 or int(entry) != entry:
            raise CatalogueError(f"{name}: {parameter} must hold positive whole numbers, not {entry!r}")
    return tuple(None if entry is None else int(entry) for entry in values)


def image(name: str, consumed: Sizes) -> tuple[Size, Size, Size]:
    """Consumed sizes read as (channel, y, x); two axes are an image of one channel."""
    if len(consumed) == 2:
        return (1, consumed[0], consumed[1])
    if len(consumed) != 3:
        raise CatalogueError(
            f"{name} consumes the axes channel, y, x (or y, x), {len(consumed)} given",
            f"write f(channel, y, x -> width) = {name}(...)",
        )
    return (consumed[0], consumed[1], consumed[2])


def series(name: str, consumed: Sizes) -> tuple[Size, Size]:
    """Consumed sizes read as (channel, length); one axis is a series of one channel."""
    if len(consumed) == 1:
        return (1, consumed[0])
    if len(consumed) != 2:
        raise CatalogueError(
            f"{name} consumes the axes channel, position (or position), {len(consumed)} given",
            f"write f(position -> width) = {name}(...)",
        )
    return (consumed[0], consumed[1])


def _at_least_one(name: str, consumed: Sizes) -> None:
    if not consumed:
        raise CatalogueError(f"{name} consumes at least one axis", f"write f(width -> dim) = {name}(...)")


def linear(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """One produced axis per entry of `width`; several consumed axes are mapped jointly."""
    _at_least_one("linear", consumed)
    sizes = whole("linear", "width", bound["width"])
    if bound["init"] == "identity" and None not in (*sizes, *consumed) and product(sizes) != product(consumed):
        raise CatalogueError(
            f"linear: the identity needs as many outputs as inputs, {product(consumed)} in and {product(sizes)} out"
        )
    return sizes


def mlp(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """The last of `widths`; several consumed axes are mapped jointly."""
    _at_least_one("mlp", consumed)
    return whole("mlp", "widths", bound["widths"])[-1:]


def identity(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """What is consumed."""
    return consumed


def norm(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """What is consumed; there must be something."""
    _at_least_one("norm", consumed)
    return consumed


def transformer(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """Position and width, as consumed."""
    if len(consumed) != 2:
        raise CatalogueError(
            f"transformer consumes the axes position, width, {len(consumed)} given",
            "write f(time, dim -> time, dim) = transformer(...)",
        )
    width, heads = consumed[1], bound["heads"]
    if width is not None and heads is not None and width % heads:
        raise CatalogueError(
            f"transformer: a width of {width} cannot be shared by {heads} heads", "let heads divide it"
        )
    return consumed


def attention(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """Position and width of the first sequence, as consumed; the second has the same width."""
    if len(consumed) not in (2, 4):
        raise CatalogueError(
            f"attention consumes the axes position, width of one or two sequences, {len(consumed)} axes given",
            "write f(time, dim | word, dim -> time, dim) = attention(...)",
        )
    widths = {width for width in consumed[1::2] if width is not None}
    if len(widths) > 1:
        raise CatalogueError(
            f"attention: the two sequences have widths of {consumed[1]} and {consumed[3]}", "bring both to one width"
        )
    for width in widths:
        if bound["heads"] is not None and width % bound["heads"]:
            raise CatalogueError(
                f"attention: a width of {width} cannot be shared by {bound['heads']} heads", "let heads divide it"
            )
    return consumed[:2]


def conv(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """Images: the last width, alone ("mean"), times the places ("flatten") or before y, x ("map")."""
    return one(conv_outputs(bound, consumed))


def conv1d(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """Series: the last width, alone ("mean"), times the places ("flatten") or before position ("map")."""
    return one(conv1d_outputs(bound, consumed))


def conv_outputs(bound: Mapping[str, Any], consumed: Sizes) -> tuple[Sizes, ...]:
    """The maps of `levels`, then what `conv` makes without them."""
    return _conv_net("conv", bound, image("conv", consumed)[1:])


def conv1d_outputs(bound: Mapping[str, Any], consumed: Sizes) -> tuple[Sizes, ...]:
    """The maps of `levels`, then what `conv1d` makes without them."""
    return _conv_net("conv1d", bound, series("conv1d", consumed)[1:])


def one(outputs: tuple[Sizes, ...]) -> Sizes:
    """A module of several outputs makes one vector, these one after another; the graph takes it apart."""
    if len(outputs) == 1:
        return outputs[0]
    parts = [None if None in sizes else product(sizes) for sizes in outputs]
    return (None if None in parts else sum(part for part in parts if part is not None),)


def levels_of(name: str, bound: Mapping[str, Any], count: int) -> tuple[int, ...]:
    """The stages, numbered from 1, whose maps are outputs of their own."""
    if bound["levels"] in ([], (), None):
        return ()
    levels = tuple(level or 0 for level in whole(name, "levels", bound["levels"]))
    if list(levels) != sorted(set(levels)) or levels[-1] > count:
        raise CatalogueError(f"{name}: levels rise from 1 to {count}, not {list(levels)}", f"write levels = [{count}]")
    return levels


def dilated_conv(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """Every position, with `dim` outputs."""
    if len(consumed) != 2:
        raise CatalogueError(
            f"dilated_conv consumes the axes position, channel, {len(consumed)} given",
            "write f(time, channel -> time, dim) = dilated_conv(...)",
        )
    _odd("dilated_conv", bound["kernel"])
    return (consumed[0], bound["dim"])


def _odd(name: str, kernel: int | None) -> None:
    if kernel is not None and kernel % 2 == 0:
        raise CatalogueError(f"{name}: kernel must be odd, not {kernel}", f"write kernel = {kernel + 1}")


def _conv_net(name: str, bound: Mapping[str, Any], places: Sizes) -> tuple[Sizes, ...]:
    widths = whole(name, "widths", bound["widths"])
    _odd(name, bound["kernel"])
    halvings = len(widths) - 1
    for size in places:
        if size is not None and size >> halvings < 1:
            raise CatalogueError(f"{name}: {size} places cannot be halved {halvings} times", "give fewer widths")
    maps = [(width, *(None if size is None else size >> at for size in places)) for at, width in enumerate(widths)]
    levels = tuple(maps[level - 1] for level in levels_of(name, bound, len(widths)))
    if bound["out"] == "map":
        return (*levels, maps[-1])
    if bound["out"] == "flatten":
        return (*levels, (None if None in maps[-1] else product(maps[-1]),))
    return (*levels, widths[-1:])


def resnet(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """8 widths of channels (32 for depth 50), pooled, or a map of them before y, x."""
    return one(resnet_outputs(bound, consumed))


def resnet_outputs(bound: Mapping[str, Any], consumed: Sizes) -> tuple[Sizes, ...]:
    """The maps of `levels`, then what `resnet` makes without them."""
    _, y, x = image("resnet", consumed)
    depth, width = bound["depth"], bound["width"]
    first = None if depth is None or width is None else width * (4 if depth == 50 else 1)
    stem = None if bound["stem"] is None else (0 if bound["stem"] == "small" else 2)

    def stage(number: int) -> Sizes:
        halvings = None if stem is None else stem + number - 1
        channels = None if first is None else first * 2 ** (number - 1)
        return (channels, _ceil_halved(y, halvings), _ceil_halved(x, halvings))

    levels = tuple(stage(level) for level in levels_of("resnet", bound, 4))
    return (*levels, stage(4)[:1] if bound["out"] == "mean" else stage(4))


def _ceil_halved(size: Size, times: int | None) -> Size:
    return None if size is None or times is None else -(-size // 2**times)


def small_alexnet(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """The width of the last hidden layer. Three poolings of 3 by 2 need at least 15 places a side."""
    for size in image("small_alexnet", consumed)[1:]:
        if size is not None and size < 15:
            raise CatalogueError(f"small_alexnet needs at least 15 places a side, not {size}", "use conv(...)")
    scale, width = bound["scale"], bound["width"]
    return (None if scale is None or width is None else scaled(width, scale),)


def vit(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """`width`, with pool = "none" after the axis of patches (row by row)."""
    _, y, x = image("vit", consumed)
    patch, width, heads = bound["patch"], bound["width"], bound["heads"]
    if width is not None and heads is not None and width % heads:
        raise CatalogueError(f"vit: {heads} heads do not divide the width {width}")
    for size in (y, x):
        if size is not None and patch is not None and size % patch:
            raise CatalogueError(f"vit: patches of {patch} do not divide {size} places")
    if bound["pool"] != "none":
        return (width,)
    if y is None or x is None or patch is None:
        return (None, width)
    return ((y // patch) * (x // patch), width)


def pretrained(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """A transformers model: its width is known when it is built; with pool = "none" after the axis of tokens."""
    if not 1 <= len(consumed) <= 3:
        raise CatalogueError(
            f"hf consumes one to three axes, {len(consumed)} given", "write f(token -> width) = hf(...)"
        )
    if bound["pool"] != "none":
        return (None,)
    return (consumed[0] if len(consumed) == 1 else None, None)


def pooled_image(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """One width, known when the model is built."""
    image("timm", consumed)
    return (None,)


def unknown(bound: Mapping[str, Any], consumed: Sizes) -> Sizes:
    """As many axes as the call says, of sizes known at run time."""
    axes = bound.get("axes")
    return (None,) * (1 if axes is None else axes)


def scaled(width: float, scale: float) -> int:
    """A width shrunk by `scale`, at least 1."""
    return max(1, round(width * scale))


def product(sizes: Sequence[Size]) -> int:
    """Product of known sizes."""
    result = 1
    for size in sizes:
        assert size is not None, "the caller has excluded unknown sizes"
        result *= size
    return result
