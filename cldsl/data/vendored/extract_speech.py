"""How spoken_digits.npz was made: `python -m cldsl.data.vendored.extract_speech FOLDER` in a checkout writes it again.

Input: the program espeak-ng 1.51 (each of its voice variants says each English digit at two speeds), and FOLDER with
0.wav to 9.wav, the digits of the Debian package asterisk-core-sounds-en-wav. Output: log mel energies of each clip,
the speakers split: every fifth voice and the recorded one are for testing. Licences and credit are in LICENCES.md.
"""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from cldsl.data.order import Array, permutation
from cldsl.data.vendored.extract import write

RATE = 8000
FRAME, HOP, FFT = 200, 80, 256
BANDS, SEGMENTS = 16, 6
SPEEDS = (140, 180)
#: Range of log mel energy below the loudest of a clip, in nepers, that the 256 steps of a byte cover.
RANGE = 8.0
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SEED = 8000


def features(sound: Array) -> Array:
    """[segment = 6, band = 16] of 0..255 from samples at RATE: silence cut, then equal parts of the clip averaged."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP] * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames, FFT)) ** 2 @ _mel().T  # [frame, band]
    loud = np.log(power.sum(1) + 1e-12)
    heard = np.flatnonzero(loud > loud.max() - RANGE / 2)
    cut = np.log(power[heard[0] : heard[-1] + 1] + 1e-12)
    edges = np.linspace(0, len(cut), SEGMENTS + 1)
    parts = [cut[int(a) : max(int(np.ceil(b)), int(a) + 1)].mean(0) for a, b in itertools.pairwise(edges)]
    level = np.stack(parts) - np.max(parts)
    scaled: Array = np.round(255 * np.clip(1 + level / RANGE, 0, 1)).astype(np.uint8)
    return scaled


def _mel() -> Array:
    """Triangles [band, frequency] equally wide in mel from 100 Hz to half the rate."""
    mel = np.linspace(1127 * np.log1p(100 / 700), 1127 * np.log1p(RATE / 2 / 700), BANDS + 2)
    at = 700 * np.expm1(mel / 1127)
    frequency = np.fft.rfftfreq(FFT, 1 / RATE)
    rising = (frequency - at[:-2, None]) / (at[1:-1] - at[:-2])[:, None]
    falling = (at[2:, None] - frequency) / (at[2:] - at[1:-1])[:, None]
    triangles: Array = np.maximum(0, np.minimum(rising, falling))
    return triangles


def samples(stored: bytes) -> Array:
    """The samples of a mono wave file of 16 bits, at RATE."""
    with wave.open(io.BytesIO(stored)) as opened:
        rate = opened.getframerate()
        # A stream that espeak-ng writes states no length: the header is passed over and all that follows is read.
        raw = opened.readframes(2**30 // 2)
    return np.asarray(resample_poly(np.frombuffer(raw[: len(raw) // 2 * 2], "<i2").astype(float), RATE, rate))


def _say(voice: str, speed: int, word: str) -> bytes:
    command = ["espeak-ng", "-v", f"en-us+{voice}", "-s", str(speed), "--stdout", word]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _voices() -> list[str]:
    listed = subprocess.run(["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True).stdout
    return sorted({line.split()[-1].removeprefix("!v/") for line in listed.splitlines()[1:]})


def main(folder: Path) -> None:
    """Write the extract."""
    held: dict[str, list[tuple[Array, int]]] = {"train": [], "test": []}
    for number, voice in enumerate(_voices()):
        part = held["test" if number % 5 == 4 else "train"]
        part.extend(
            (features(samples(_say(voice, speed, word))), digit) for speed in SPEEDS for digit, word in enumerate(WORDS)
        )
    recorded = [(features(samples((folder / f"{digit}.wav").read_bytes())), digit) for digit in range(10)]
    held["test"].extend(recorded)
    columns: dict[str, Array] = {}
    seen: set[bytes] = set()  # some variants sound alike: a clip is kept once, and never in both splits
    for split, spoken in held.items():
        clips = []
        for sound, digit in spoken:
            if sound.tobytes() not in seen:
                clips.append((sound, digit))
            seen.add(sound.tobytes())
        order = permutation(len(clips), (SEED, len(clips)))
        columns[f"{split}_sound"] = np.stack([sound for sound, _ in clips])[order]
        columns[f"{split}_label"] = np.array([digit for _, digit in clips], dtype=np.uint8)[order]
    write(Path(__file__).parent / "spoken_digits.npz", columns)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
