"""How the vendored glyphs were made: `python -m cldsl.data.vendored.glyphs FOLDER` writes them again from the fonts below FOLDER.

Input: the font files of FACES, of the Debian packages that LICENCES.md names. Output: glyphs.npz beside this file. Needs Pillow;
the program itself never calls this.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cldsl.data.order import Array, permutation
from cldsl.data.vendored.extract import write

#: Letters of three scripts, digits and signs of different shape in almost every face; twins of two scripts or cases are left out.
CHARACTERS = "ABDEFGHJKLMNPQRTUYabdefghijklmnqrtuy23456789ΓΔΘΛΞΠΣΦΨΩαβγδεζηθλμξπσφχψωБДЖИЛЦЧШЩЪЭЮЯбф&?%"
#: Faces of as different weight, slant and family as have all the characters.
FACES = (
    *("DejaVuSans-ExtraLight", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-BoldItalic"),
    *("LiberationSans-Regular", "LiberationSerif-Italic", "LiberationMono-Bold", "Jura-Light", "Jura-Bold"),
    *("OpenSans-CondLight", "OpenSans-ExtraBoldItalic", "Roboto-Black", "Roboto-Thin", "RobotoCondensed-Italic"),
    *("Cantarell-Light", "Vollkorn-BlackItalic", "Vollkorn-Regular", "EBGaramond12-Italic", "EBGaramond08-Regular"),
    *("LinLibertine_RZI", "LinLibertine_DR", "Play-Bold", "FiraCode-Light"),
)
#: Classes to train on; the others are for testing, so that no character is in both splits.
TRAIN = 59
SIDE, LEVELS, SEED = 28, 16, 89


def drawn(file: Path, character: str) -> Array:
    """A character [y, x] of 0..255, its ink in the middle."""
    font = ImageFont.truetype(str(file), SIDE - 6)
    picture = Image.new("L", (SIDE, SIDE), 0)
    ImageDraw.Draw(picture).text((SIDE / 2, SIDE / 2), character, fill=255, font=font, anchor="mm")
    return centred(np.asarray(picture))


def centred(picture: Array) -> Array:
    """The picture moved so that its ink lies in the middle, in LEVELS steps of grey."""
    grey = np.round(picture / 255 * (LEVELS - 1)).astype(np.uint8)
    for axis in (0, 1):
        ink = np.flatnonzero(grey.any(1 - axis))
        if len(ink):
            grey = np.roll(grey, (grey.shape[axis] - 1 - int(ink[0]) - int(ink[-1])) // 2, axis)
    return grey


def columns(folder: Path) -> dict[str, Array]:
    """Columns by split; grey in steps, `label` the character, `face` the font; rows mixed over both."""
    files = {file.stem: file for pattern in ("*.ttf", "*.otf") for file in sorted(folder.rglob(pattern))}
    order = permutation(len(CHARACTERS), (SEED, 0))
    made: dict[str, Array] = {}
    for number, split in enumerate(("train", "test")):
        classes = order[:TRAIN] if split == "train" else order[TRAIN:]
        pairs = [(int(label), face) for label in sorted(classes) for face in range(len(FACES))]
        pairs = [pairs[place] for place in permutation(len(pairs), (SEED, 1 + number))]
        made[f"{split}_image"] = np.stack([drawn(files[FACES[face]], CHARACTERS[label]) for label, face in pairs])
        made[f"{split}_label"] = np.array([label for label, _ in pairs], dtype=np.uint8)
        made[f"{split}_face"] = np.array([face for _, face in pairs], dtype=np.uint8)
    return made


if __name__ == "__main__":
    write(Path(__file__).parent / "glyphs.npz", columns(Path(sys.argv[1])))
