"""The data sources by name: columns with axes and sizes, rows by split, licence, and the digest of what is read.

Input: a name of a spec's `from` clause. Output: a SourceEntry (and, for the readers, its path and fixed split).
Imports neither numpy nor torch and opens no file: the sizes of a production source come from
`cldsl.data.table.open_entry_schema`. Every opened source also has the column `id`, 0, 1, ... over its rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cldsl.catalogue import CatalogueError, Entry, Parameter, nearest
from cldsl.data import digests

#: The splits that a source may have; all have the first and the last.
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class ColumnEntry:
    """One column. axes and sizes leave out the leading item axis; classes is set where it indexes a class axis.

    ragged: those of its axes along which rows have their own lengths. Their size is that of the longest row; shorter
    ones are padded with zeros, and the column "AXIS*" of the table holds the lengths.
    """

    name: str
    axes: tuple[str, ...] = ()
    sizes: tuple[int | None, ...] = ()
    dtype: str = "real"
    classes: int | None = None
    doc: str = ""
    ragged: tuple[str, ...] = ()


def present_name(column: str) -> str:
    """Under which name the presence of a ragged column travels beside it; no column of a spec can be called so."""
    return f"{column}.present"


@dataclass(frozen=True)
class SourceEntry(Entry):
    """A source. rows and sha256 are by split and empty where they are unknown; tier: core, extra or production."""

    columns: tuple[ColumnEntry, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    licence: str = ""
    tier: str = "core"
    sha256: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Resolved:
    """A name taken apart: its entry, the path or repository of a production source, its options and the split it names."""

    entry: SourceEntry
    path: str = ""
    split: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def _image(size: int, channels: int = 1, name: str = "image", width: int | None = None) -> ColumnEntry:
    sizes = (channels, size, size if width is None else width)
    return ColumnEntry(name, ("channel", "y", "x"), sizes, doc="brightness from 0 to 1")


def _label(classes: int, doc: str) -> ColumnEntry:
    return ColumnEntry("label", (), (), "int", classes, doc)


def _embedded(
    name: str, doc: str, reader: str, columns: tuple[ColumnEntry, ...], rows: tuple[int, ...], licence: str
) -> SourceEntry:
    return SourceEntry(
        name,
        doc,
        implementation=f"cldsl.data.{reader}",
        columns=columns,
        rows=dict(zip(SPLITS if len(rows) == len(SPLITS) else SPLITS[::2], rows, strict=True)),
        licence=licence,
        sha256=digests.SHA256[name],
    )


_DIGIT = _label(10, "the digit")
_HALVES = (_image(28, name="left", width=14), _image(28, name="right", width=14), _DIGIT)
_MNIST = "CC BY-SA 3.0"
_IMBALANCED = (
    ColumnEntry(
        "image", ("tile", "channel", "y", "x"), (20, 1, 28, 28), doc="brightness from 0 to 1", ragged=("tile",)
    ),
    _label(3, "which of 7, 8 and 9 occurs"),
    ColumnEntry("truth", ("tile",), (20,), "int", 2, "whether it is that digit", ("tile",)),
)
_UCI = "CC BY 4.0"
#: Relations of the film graph, and how many entities each has.
FILM_LINKS = (("trait", 345), ("actor", 1774), ("director", 75), ("writer", 76))
_PHOTOGRAPHS = "as the photographs of scikit-image and scikit-learn (CC0, CC BY, public domain)"

_EMBEDDED = (
    _embedded(
        "digits-8x8",
        "Handwritten digits, a split of 80 to 20 by seed.",
        "embedded:read_digits",
        (_image(8), _DIGIT),
        (1437, 360),
        _UCI,
    ),
    _embedded(
        "digits-16",
        "The same digits and split, enlarged twice by bilinear interpolation.",
        "embedded:read_digits_16",
        (_image(16), _DIGIT),
        (1437, 360),
        _UCI,
    ),
    _embedded(
        "mnist-5k",
        "5000 MNIST digits, 400 of each class to train on and 100 to test.",
        "embedded:read_mnist",
        (_image(28), _DIGIT),
        (4000, 1000),
        _MNIST,
    ),
    _embedded(
        "mnist-5k-lt",
        "A long-tailed cut of its training rows, 400 zeros down to 8 nines; the test rows are balanced.",
        "embedded:read_mnist_lt",
        (_image(28), _DIGIT),
        (1120, 1000),
        _MNIST,
    ),
    _embedded(
        "mnist-5k-novel",
        "The digits 0 to 4 to train on, and 5 to 9 to test.",
        "embedded:read_mnist_novel",
        (_image(28), _DIGIT),
        (2000, 500),
        _MNIST,
    ),
    _embedded(
        "digit-halves",
        "The left and the right half of each digit of mnist-5k, as two modalities.",
        "embedded:read_halves",
        _HALVES,
        (4000, 1000),
        _MNIST,
    ),
    _embedded(
        "digit-halves-lt",
        "The halves of mnist-5k-lt.",
        "embedded:read_halves_lt",
        _HALVES,
        (1120, 1000),
        _MNIST,
    ),
    _embedded(
        "digit-scenes",
        "Three to five of the digits of digits-16 on a noisy ground, and what lies in each cell of a grid.",
        "scenes:read_scenes",
        (
            _image(48),
            ColumnEntry("cell", ("y", "x"), (6, 6), "int", 11, "the digit in a cell of 8 by 8 pixels; 10: none"),
        ),
        (1000, 300),
        _UCI,
    ),
    _embedded(
        "coloured-digits",
        "The digits of mnist-5k at half their size, white on grounds of ten colours that tell nothing of the digit.",
        "embedded:read_coloured",
        (_image(14, channels=3), _DIGIT, ColumnEntry("colour", (), (), "int", 10, "of the ground")),
        (4000, 1000),
        _MNIST,
    ),
    _embedded(
        "tecator",
        "Near infrared absorbance of meat, 850 to 1050 nm, and its fat.",
        "embedded:read_tecator",
        (
            ColumnEntry("spectrum", ("channel",), (100,), doc="-log10 of the transmittance, raw"),
            ColumnEntry("fat", doc="per cent"),
        ),
        (172, 43),
        "public domain, with the permission note",
    ),
    _embedded(
        "diabetes",
        "Ten measurements of a patient and the progression a year later, a split of 80 to 20 by seed.",
        "embedded:read_diabetes",
        (
            ColumnEntry("features", ("feature",), (10,), doc="mean 0 and deviation 1 over the training rows"),
            ColumnEntry("target", doc="25 to 346"),
        ),
        (353, 89),
        "public, Efron et al. 2004",
    ),
    _embedded(
        "digit-clips",
        "Shown and spoken digits step by step, the sound up to a step off; a run of nines makes a clip positive.",
        "bags:read_clips",
        (
            ColumnEntry("visual", ("time", "feature"), (32, 196), doc="a digit of 14 x 14 pixels", ragged=("time",)),
            ColumnEntry("audio", ("time", "feature"), (32, 96), doc="6 x 16 log mel energies", ragged=("time",)),
            _label(2, "whether a nine occurs"),
            ColumnEntry("truth", ("time",), (32,), "int", 2, "whether a nine is shown or said", ("time",)),
        ),
        (400, 150),
        f"{_MNIST} (sounds: see vendored/LICENCES.md)",
    ),
    _embedded(
        "digit-bags",
        "Bags of 20 digits, each of mnist-5k in one bag; four nines make a bag positive.",
        "bags:read_bags",
        (
            ColumnEntry("image", ("tile", "channel", "y", "x"), (20, 1, 28, 28), doc="brightness from 0 to 1"),
            _label(2, "whether there are nines"),
            ColumnEntry("truth", ("tile",), (20,), "int", 2, "whether it is a nine"),
        ),
        (200, 50),
        _MNIST,
    ),
    _embedded(
        "digit-tiles",
        "The digits of digit-bags as rows, bag after bag.",
        "bags:read_tiles",
        (
            _image(28),
            ColumnEntry("bag", dtype="int", doc="the row in digit-bags"),
            _label(2, "whether its bag has nines"),
            ColumnEntry("truth", (), (), "int", 2, "whether it is a nine"),
        ),
        (4000, 1000),
        _MNIST,
    ),
    _embedded(
        "digit-bags-lt",
        "Bags of 10 to 20 digits, 1 to 4 of them telling the class: 100, 10 and 10 to train on, 40 of each to test.",
        "bags:read_imbalanced",
        _IMBALANCED,
        (120, 120),
        _MNIST,
    ),
    _embedded(
        "digit-bags-lt-shifted",
        "The same bags at half the contrast and with noise.",
        "bags:read_shifted",
        _IMBALANCED,
        (120, 120),
        _MNIST,
    ),
    _embedded(
        "sea-temperature",
        "Hourly temperatures of the sea, a week at a time, and the two days that follow; tested on the last fifth.",
        "series:read_sea",
        (
            ColumnEntry("x", ("time", "channel"), (168, 1), doc="standardised on the training hours"),
            ColumnEntry("future", ("ahead", "channel"), (48, 1), doc="what follows"),
        ),
        (1869, 469),
        "free use and redistribution, with the disclaimer of NERACOOS",
    ),
    _embedded(
        "japanese-vowels",
        "Twelve cepstrum coefficients of two vowels by nine speakers.",
        "series:read_vowels",
        (
            ColumnEntry("x", ("time", "channel"), (29, 12), doc="standardised, zeros after the end"),
            ColumnEntry("length", (), (), "int", doc="positions before the end"),
            _label(9, "the speaker"),
        ),
        (270, 370),
        _UCI,
    ),
    _embedded(
        "glyphs-28",
        "89 letters, digits and signs in 24 faces, centred: 59 of them to train on, the other 30 to test.",
        "embedded:read_glyphs",
        (_image(28), _label(89, "the character"), ColumnEntry("face", (), (), "int", 24, "the font")),
        (1416, 720),
        "pictures of characters; the fonts are free, see LICENCES.md",
    ),
    _embedded(
        "film-graph",
        "Films linked to actors, directors and writers, told apart as action, comedy or drama; a split is the whole graph.",
        "graph:read_film_graph",
        (
            *(ColumnEntry(name, (name,), (size,), doc="0 or 1") for name, size in FILM_LINKS),
            _label(3, "the genre"),
            ColumnEntry("shown", (), (), "int", 2, "1 for 20 films of each class, to fit a probe on"),
        ),
        (516, 516),
        "CC BY 2.5",
    ),
    replace(
        _embedded(
            "textures-32",
            "Crops of 20 photographs, one class each; left halves to train on, right halves to test.",
            "textures:read_textures",
            (_image(32, channels=3), _label(20, "the photograph")),
            (3000, 1000),
            _PHOTOGRAPHS,
        ),
        tier="extra",
        extra="data",
    ),
    replace(
        _embedded(
            "digits-on-textures",
            "Texture patches at half strength, every second one under a digit: targets against a background.",
            "composites:read_digit_textures",
            (
                _image(32, channels=3),
                ColumnEntry("target", dtype="int", classes=2, doc="1 with a digit, 0 without"),
                ColumnEntry("texture", dtype="int", classes=20, doc="the photograph"),
                ColumnEntry("digit", dtype="int", classes=10, doc="0 where there is none"),
                ColumnEntry("trait", ("part",), (3,), doc="digit, place from the left, from the top, 0 to 1"),
            ),
            (3000, 1000),
            f"digits {_MNIST}; textures {_PHOTOGRAPHS}",
        ),
        tier="extra",
        extra="data",
    ),
    replace(
        _embedded(
            "movielens-100k",
            "What each of 943 people rated before, and the film that came next; the last two of each are held out.",
            "films:read_films",
            (
                ColumnEntry("seq", ("time",), (20,), "int", 1350, "the latest films, then zeros"),
                ColumnEntry("next", (), (), "int", 1350, "the next film"),
                ColumnEntry("user", (), (), "int", 943),
            ),
            (96458, 943, 943),
            "MovieLens: research use, no redistribution; read from the installed package recbole (MIT)",
        ),
        tier="extra",
    ),
)

_SIZE = Parameter("size", "int", None, "shorter side in pixels after resizing; the centre square is kept", low=1)


_WINDOW = (
    Parameter("length", "int", 168, "hours of a window", low=1),
    Parameter("ahead", "int", 48, "hours after it", low=1),
    Parameter("stride", "int", 1, "hours between the starts of two windows", low=1),
    Parameter("channel", "text", None, "the column that is taken; all by default"),
    Parameter("tested", "real", 0.2, "share of the series, its end, to test on", low=0.0, high=1.0),
    Parameter("rows", "int", None, "lines that are read; all by default", low=1),
)


_LENGTH = Parameter("length", "int", None, "parts that a longer row keeps, evenly spaced", low=1)


def _production(
    name: str, doc: str, reader: str, extra: str | None = None, options: tuple[Parameter, ...] = ()
) -> SourceEntry:
    return SourceEntry(name, doc, options, f"cldsl.data.{reader}", extra, licence="its own", tier="production")


_PATTERNS: tuple[tuple[re.Pattern[str], SourceEntry], ...] = (
    (
        re.compile(r"(?:hf:)(?P<path>.+)", re.S),
        _production("hf:OWNER/NAME", "A Hugging Face data set.", "hub:open_hub", "hf", options=(_SIZE,)),
    ),
    (
        re.compile(r"folder:(?P<path>.+)", re.S),
        _production(
            "folder:PATH", "Images in a folder for each class.", "folder:open_folder", "data", options=(_SIZE,)
        ),
    ),
    (
        re.compile(r"graph:(?P<path>.+)", re.S),
        _production("graph:PATH", "A folder of nodes and links, as tables.", "graph:open_graph"),
    ),
    (
        re.compile(r"(?:npz:(?P<path>.+)|(?P<plain>.+\.npz))", re.S),
        _production("PATH.npz", "Named numpy arrays.", "arrays:open_npz"),
    ),
    (
        re.compile(r"bags:(?P<path>.+)", re.S),
        _production(
            "bags:LIST.csv", "Arrays of any length, a list of their files.", "listed:open_bags", options=(_LENGTH,)
        ),
    ),
    (
        re.compile(r"tiles:(?P<path>.+)", re.S),
        _production("tiles:LIST.csv", "The rows of such arrays, one by one.", "listed:open_tiles"),
    ),
    (
        re.compile(r"(?:log:(?P<path>.+)|(?P<plain>.+\.inter))", re.S),
        _production(
            "log:PATH",
            "Interactions (user, item, time) as sequences.",
            "interactions:open_log",
            options=(
                Parameter("length", "int", 50, "latest items of a row", low=1),
                Parameter("least", "int", 5, "interactions of a user or item that is kept", low=1),
            ),
        ),
    ),
    (
        re.compile(r"(?P<path>.+\.safetensors)", re.S),
        _production("PATH.safetensors", "Named tensors.", "arrays:open_safetensors"),
    ),
    (
        re.compile(r"(?P<path>.+\.parquet)", re.S),
        _production("PATH.parquet", "A table of Arrow.", "parquet:open_parquet", "tables"),
    ),
    (
        re.compile(r"windows:(?P<path>.+)", re.S),
        _production("windows:PATH.csv", "Windows of a long series.", "series:open_windows", options=_WINDOW),
    ),
    (
        re.compile(r"(?P<path>.+\.ts)", re.S),
        _production("PATH.ts", "Labelled series of the UEA archive.", "series:open_ts"),
    ),
    (re.compile(r"(?P<path>.+\.csv)", re.S), _production("PATH.csv", "Numbers with a header line.", "comma:open_csv")),
    (
        re.compile(r"(?P<path>[\w.-]+/[\w.-]+(?::[\w.-]+)?)"),
        _production("OWNER/NAME", "A Hugging Face data set.", "hub:open_hub", "hf", options=(_SIZE,)),
    ),
)

#: Options after a production name.
_OPTIONS = re.compile(r"(?P<plain>.+?)\?(?P<options>\w+=[^&]*(?:&\w+=[^&]*)*)", re.S)

SOURCES: tuple[SourceEntry, ...] = _EMBEDDED

#: The forms of a production name, for help texts.
PRODUCTION: tuple[SourceEntry, ...] = tuple(entry for _, entry in _PATTERNS)


def source(name: str) -> SourceEntry:
    """The entry of an embedded name, or one made for a production name (its columns and rows are not known yet).

    Raises CatalogueError, with the nearest name, for a name that is neither.
    """
    return resolve(name).entry


def resolve(name: str) -> Resolved:
    """The name taken apart. Raises CatalogueError like `source`.

    "mnist-5k/test" is the test split of mnist-5k; "windows:a.csv?length=96&ahead=24" gives options.
    """
    base, slash, split = name.partition("/")
    for entry in SOURCES:
        if entry.name == base:
            if slash and split not in SPLITS:
                raise CatalogueError(f"source {base} has no split {split}", nearest(split, SPLITS))
            return Resolved(entry, split=split or None)
    plain, options = _options(name)
    for pattern, entry in _PATTERNS:
        match = pattern.fullmatch(plain)
        if match:
            path = next(text for text in match.groups() if text)
            return Resolved(replace(entry, name=name), path, options=options)
    names = [entry.name for entry in SOURCES]
    forms = ", ".join(entry.name for entry in PRODUCTION)
    raise CatalogueError(f"no source is called {name}", f"{nearest(name, names)} (or one of {forms})")


def _options(name: str) -> tuple[str, dict[str, Any]]:
    """The name without its options, and these: whole numbers and reals as such, anything else as text."""
    match = _OPTIONS.fullmatch(name)
    if match is None:
        return name, {}
    pairs = (each.partition("=") for each in match["options"].split("&"))
    return match["plain"], {option: _constant(text) for option, _, text in pairs}


def _constant(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
