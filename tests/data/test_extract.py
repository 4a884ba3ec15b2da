"""The vendored extracts: their parsers on small texts, their size, and that their credit goes with them."""

from __future__ import annotations

import io
import wave
from importlib import resources

import numpy as np

from cldsl.data.table import open_source
from cldsl.data.vendored import glyphs
from cldsl.data.vendored.extract import TEST_ROWS, digits, sea, spectra
from cldsl.data.vendored.extract_speech import BANDS, RATE, SEGMENTS, features, samples


def test_digits_are_split_by_class_and_lose_no_row() -> None:
    lines = [b",".join([b"%d" % (row % 251)] * 784 + [b"%d" % (row % 2)]) for row in range(2 * TEST_ROWS + 40)]
    columns = digits(lines)
    assert np.bincount(columns["test_label"]).tolist() == [TEST_ROWS, TEST_ROWS]
    assert np.bincount(columns["train_label"]).tolist() == [20, 20]
    rows = np.concatenate([columns["train_image"], columns["test_image"]])[:, 0]
    assert sorted(rows) == [row % 251 for row in range(2 * TEST_ROWS + 40)]
    assert all(len(set(columns[f"{split}_label"][:15])) == 2 for split in ("train", "test"))


def test_spectra_skip_headers_and_blank_lines() -> None:
    columns = spectra(["# about", "@data", "", "1.5,2.5:10.25", "\n", "3,4:7"], "test")
    assert columns["test_spectrum"].tolist() == [[1.5, 2.5], [3.0, 4.0]]
    assert columns["test_fat"].tolist() == [10.25, 7.0]


def test_energies_of_a_tone_lie_in_its_band_and_silence_is_cut() -> None:
    time = np.arange(RATE) / RATE
    tones = [np.sin(2 * np.pi * pitch * time) for pitch in (300, 3000)]
    low, high = (features(np.concatenate([np.zeros(RATE), tone, np.zeros(RATE)])) for tone in tones)
    assert low.shape == (SEGMENTS, BANDS) and low.dtype == np.uint8 and low.max() == 255
    assert (low.argmax(1) < 5).all() and (high.argmax(1) > 10).all()


def test_samples_are_brought_to_one_rate() -> None:
    stored = io.BytesIO()
    with wave.open(stored, "wb") as file:
        file.setparams((1, 2, 2 * RATE, 0, "NONE", ""))
        file.writeframes(np.full(2 * RATE, 1000, "<i2").tobytes())
    sound = samples(stored.getvalue())
    assert len(sound) == RATE and abs(sound[RATE // 2] - 1000) < 1


def test_every_second_line_of_the_sea_is_kept() -> None:
    columns = sea(["time,celsius\n", "t0,4.929\n", "t1,4.8\n", "t2,22.15\n", "t3,5\n"])
    assert columns["celsius_1000"].tolist() == [4929, 22150] and columns["celsius_1000"].dtype == np.int16


def test_extracts_are_small_and_credited() -> None:
    folder = resources.files("cldsl.data").joinpath("vendored")
    terms = folder.joinpath("LICENCES.md").read_text(encoding="utf-8")
    limits = {
        "mnist_5k": 1_100_000,
        "tecator": 200_000,
        "spoken_digits": 200_000,
        "sea_temperature": 20_000,
        "glyphs": 200_000,
        "japanese_vowels": 500_000,
    }
    for file, limit in ((f"{name}.npz", limit) for name, limit in limits.items()):
        assert len(folder.joinpath(file).read_bytes()) < limit
        assert f"## {file}" in terms
    assert "Attribution-ShareAlike 3.0" in terms and "permission note is attached" in terms


def test_glyphs_are_centred_and_share_no_character() -> None:
    picture = np.zeros((6, 6), dtype=np.uint8)
    picture[0, 1:3] = 255
    assert np.argwhere(glyphs.centred(picture)).tolist() == [[2, 2], [2, 3]] and glyphs.centred(picture).max() == 15
    assert not glyphs.centred(np.zeros((6, 6), dtype=np.uint8)).any()
    train, test = (open_source("glyphs-28", split).columns for split in ("train", "test"))
    assert np.unique(train["label"], return_counts=True)[1].tolist() == [24] * glyphs.TRAIN
    assert np.unique(test["face"], return_counts=True)[1].tolist() == [30] * len(glyphs.FACES)
    assert sorted({*train["label"], *test["label"]}) == list(range(len(glyphs.CHARACTERS)))
    assert not {*train["label"]} & {*test["label"]}
