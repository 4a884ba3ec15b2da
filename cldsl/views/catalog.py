"""The view stages by name: arguments, the sizes they produce, and the axes they read.

A view is a nest of stages around a column, `blur(flip(crop(image, 28)), p = 0.5)`; here the column is no parameter.
Input: a name and a call's arguments without the column. Output: a StageEntry, bound arguments. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cldsl.catalogue import REQUIRED, CatalogueError, Entry, Parameter, bind, find, signature
from cldsl.views import shapes
from cldsl.views.shapes import Sizes

IMAGE = ("channel", "y", "x")


@dataclass(frozen=True)
class StageEntry(Entry):
    """A stage. `shape` maps bound arguments and sizes by role to the sizes produced.

    over: roles of the trailing axes it reads, in order; ("channel",) means any trailing axes, entry by entry.
    geometry: it moves pixels (neighbours of this kind share one resampling). boxed: it can report where it looked.
    """

    shape: Callable[[Mapping[str, Any], Mapping[str, int | None]], Sizes] = shapes.same
    over: tuple[str, ...] = IMAGE
    geometry: bool = False
    boxed: bool = False


def _p(default: float) -> Parameter:
    return Parameter("p", "real", default, "probability that the stage acts", low=0.0, high=1.0)


def _strength(name: str, high: float | None, default: Any = 0.0) -> Parameter:
    return Parameter(name, "real", default, "largest change", low=0.0, high=high)


_SIZE = Parameter("size", "list", REQUIRED, "pixels: a whole number or a pair (y, x)")
_RATIO = "width over height in pixels, drawn evenly in its logarithm"
_FILTER = (
    Parameter("antialias", "bool", True, "average over the source pixels where the image shrinks"),
    Parameter("interpolation", "text", "bilinear", "", ("bilinear", "bicubic")),
)

_GEOMETRY = (
    StageEntry(
        "crop",
        "A random part of the image, resized.",
        (
            _SIZE,
            Parameter("scale", "pair", (0.08, 1.0), "share of the area", low=0.0, high=1.0),
            Parameter("ratio", "pair", (3 / 4, 4 / 3), _RATIO, low=0.01),
            *_FILTER,
        ),
        "cldsl.views.geometry:Crop",
        shape=shapes.resized,
        geometry=True,
        boxed=True,
    ),
    StageEntry(
        "center",
        "The middle of the image, cut to a size without resizing.",
        (_SIZE,),
        "cldsl.views.geometry:Center",
        shape=shapes.resized,
        geometry=True,
        boxed=True,
    ),
    StageEntry(
        "resize",
        "The whole image at another size.",
        (_SIZE, *_FILTER),
        "cldsl.views.geometry:Resize",
        shape=shapes.resized,
        geometry=True,
        boxed=True,
    ),
    StageEntry("flip", "Left and right exchanged.", (_p(0.5),), "cldsl.views.geometry:Flip", geometry=True, boxed=True),
    StageEntry(
        "shift",
        "A move by whole pixels, up to this many on each axis; edge pixels are repeated.",
        (Parameter("pixels", "int", REQUIRED, low=0),),
        "cldsl.views.geometry:Shift",
        geometry=True,
        boxed=True,
    ),
    StageEntry(
        "rotate",
        "A turn about the centre by up to this many degrees either way; edge pixels are repeated.",
        (Parameter("degrees", "real", REQUIRED, low=0.0, high=180.0), _p(1.0)),
        "cldsl.views.geometry:Rotate",
        geometry=True,
    ),
    StageEntry(
        "shear",
        "A slant of rows and of columns by up to this many degrees either way; edge pixels are repeated.",
        (Parameter("degrees", "real", REQUIRED, low=0.0, high=80.0), _p(1.0)),
        "cldsl.views.geometry:Shear",
        geometry=True,
    ),
)

_COLOUR = (
    StageEntry(
        "jitter",
        "Brightness, contrast, saturation, hue changed in this order; one channel has neither saturation nor hue.",
        (
            _strength("brightness", None, REQUIRED),
            _strength("contrast", None),
            _strength("saturation", None),
            _strength("hue", 0.5),
            _p(0.8),
        ),
        "cldsl.views.colour:Jitter",
    ),
    StageEntry("gray", "Every channel becomes the luma.", (_p(0.2),), "cldsl.views.colour:Gray"),
    StageEntry(
        "normalize",
        "(x - mean) / std, a number or one for each channel.",
        (Parameter("mean", "list", REQUIRED), Parameter("std", "list", REQUIRED)),
        "cldsl.views.entries:Normalize",
        over=("channel",),
    ),
)

_FILTERS = (
    StageEntry(
        "blur",
        "A Gaussian blur, cut at three of its largest standard deviations; edges are reflected.",
        (Parameter("sigma", "pair", (0.1, 2.0), "standard deviation in pixels", low=0.01), _p(0.5)),
        "cldsl.views.filters:Blur",
    ),
    StageEntry(
        "sharpness",
        "The image moved away from, or towards, its smoothed self.",
        (_strength("strength", None, REQUIRED), _p(1.0)),
        "cldsl.views.filters:Sharpness",
    ),
    StageEntry(
        "autocontrast",
        "Each channel stretched to the whole range.",
        (_p(0.5),),
        "cldsl.views.filters:Autocontrast",
    ),
    StageEntry(
        "equalize", "Each channel's histogram of 256 levels made flat.", (_p(0.5),), "cldsl.views.filters:Equalize"
    ),
)

_CHOICE = (
    StageEntry(
        "operations",
        "Drawn from ten: none, autocontrast, equalize, brightness, sharpness, rotate, shear and shift by axis.",
        (
            Parameter("count", "int", 2, "operations in a row", low=1),
            Parameter("magnitude", "real", 7.0, "strength, of 10", low=0.0, high=10.0),
        ),
        "cldsl.views.choice:Operations",
    ),
)

_ENTRIES = (
    StageEntry(
        "solarize",
        "Values from the threshold up are inverted.",
        (Parameter("threshold", "real", 0.5, low=0.0, high=1.0), _p(0.2)),
        "cldsl.views.entries:Solarize",
        over=("channel",),
    ),
    StageEntry(
        "posterize",
        "Values rounded down to this many bits.",
        (Parameter("bits", "int", REQUIRED, low=1, high=8), _p(0.5)),
        "cldsl.views.entries:Posterize",
        over=("channel",),
    ),
    StageEntry(
        "erase",
        "A random rectangle is set to a value.",
        (
            Parameter("scale", "pair", (0.02, 0.33), "share of the area", low=0.0, high=1.0),
            _p(0.5),
            Parameter("ratio", "pair", (0.3, 3.3), _RATIO, low=0.01),
            Parameter("value", "real", 0.0),
        ),
        "cldsl.views.entries:Erase",
    ),
    StageEntry(
        "noise",
        "A normal number added to each entry.",
        (Parameter("sigma", "real", REQUIRED, "standard deviation", low=0.0),),
        "cldsl.views.entries:Noise",
        over=("channel",),
    ),
    StageEntry(
        "scale",
        "All entries of an item times one factor, drawn evenly.",
        (Parameter("low", "real", REQUIRED), Parameter("high", "real", REQUIRED)),
        "cldsl.views.entries:Scale",
        over=("channel",),
    ),
    StageEntry(
        "mask",
        "Each entry is set to zero with this probability; what stays is not rescaled.",
        (_p(0.5),),
        "cldsl.views.entries:Mask",
        over=("channel",),
    ),
)

STAGES: tuple[StageEntry, ...] = (*_GEOMETRY, *_COLOUR, *_FILTERS, *_CHOICE, *_ENTRIES)


def stage_entry(name: str) -> StageEntry:
    """The stage of this name. Raises CatalogueError with the nearest name."""
    return find(STAGES, name, "view stage")


def bind_stage(entry: StageEntry, args: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments (without the column) by name, defaults filled in. Raises CatalogueError for what does not fit."""
    bound = bind(entry, args, named)
    for parameter in entry.parameters:
        value = bound[parameter.name]
        if value is None:
            continue
        if parameter.kind == "pair":
            _check_pair(entry, parameter, value)
        elif parameter.name == "size":
            _check_size(entry, value)
        elif parameter.kind == "list":
            _check_numbers(entry, parameter, value)
    low, high = bound.get("low"), bound.get("high")
    if low is not None and high is not None and low > high:
        raise CatalogueError(f"{entry.name}: low = {low} is above high = {high}", "write the smaller first")
    return bound


def produced(stages: Sequence[tuple[str, Mapping[str, Any]]], sizes: Mapping[str, int | None]) -> Sizes:
    """Sizes by role after all stages, innermost first. Raises CatalogueError for a call that does not fit."""
    out: Sizes = dict(sizes)
    for name, named in stages:
        entry = stage_entry(name)
        out = entry.shape(bind_stage(entry, (), named), out)
    return out


def consumed(stages: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[str, ...]:
    """Roles of the trailing axes that the nest reads: those of an image if any stage needs one."""
    return IMAGE if any(stage_entry(name).over == IMAGE for name, _ in stages) else ("channel",)


def boxed(stages: Sequence[tuple[str, Mapping[str, Any]]]) -> bool:
    """Whether the nest can report its crop geometry: every stage that moves pixels keeps the axes."""
    entries = [stage_entry(name) for name, _ in stages]
    return all(entry.boxed or not entry.geometry for entry in entries)


def _numbers(value: Any) -> bool:
    items = value if isinstance(value, (list, tuple)) else (value,)
    return all(item is None or (isinstance(item, (int, float)) and not isinstance(item, bool)) for item in items)


def _check_numbers(entry: StageEntry, parameter: Parameter, value: Any) -> None:
    items = value if isinstance(value, (list, tuple)) else (value,)
    if not items or not _numbers(value):
        raise CatalogueError(f"{entry.name}: {parameter.name} must hold numbers, not {value!r}", signature(entry))
    if parameter.name == "std" and any(item is not None and item <= 0 for item in items):
        raise CatalogueError(f"{entry.name}: std must be above 0, not {value!r}")


def _check_pair(entry: StageEntry, parameter: Parameter, value: Any) -> None:
    where = f"{entry.name}: {parameter.name}"
    if not _numbers(value):
        raise CatalogueError(f"{where} must be a pair of numbers, not {value!r}", signature(entry))
    low, high = value
    if low is None or high is None:
        return
    if low > high:
        raise CatalogueError(f"{where} = ({low}, {high}) has its ends exchanged", f"{parameter.name} = ({high}, {low})")
    if parameter.low is not None and low < parameter.low:
        raise CatalogueError(f"{where} must be at least {parameter.low}, not {low}")
    if parameter.high is not None and high > parameter.high:
        raise CatalogueError(f"{where} must be at most {parameter.high}, not {high}")
    if parameter.name == "scale" and low <= 0:
        raise CatalogueError(f"{where} must be above 0, not {low}", f"{parameter.name} = (0.01, {high})")


def _check_size(entry: StageEntry, value: Any) -> None:
    items = value if isinstance(value, (list, tuple)) else (value,)
    whole = _numbers(value) and all(item is None or (float(item).is_integer() and item >= 1) for item in items)
    if not whole or len(items) not in (1, 2) or (isinstance(value, (list, tuple)) and len(items) != 2):
        raise CatalogueError(
            f"{entry.name}: size must be a positive whole number or a pair of them, not {value!r}",
            f"{entry.name}(..., size = 28)",
        )
