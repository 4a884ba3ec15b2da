"""Folders of pictures written here and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cldsl.catalogue import CatalogueError
from cldsl.data.table import open_entry_schema, open_source


def _write(root: Path, name: str, wide: int = 6, high: int = 4, mode: str = "RGB", grey: int = 0) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (wide, high), grey if mode == "L" else (grey, 0, 255)).save(file)


def _birds(root: Path) -> str:
    for part, count in (("train", 5), ("test", 2)):
        for label, kind in enumerate(("crow", "wren")):
            for number in range(count):
                _write(root, f"{part}/{kind}/{number}.png", grey=50 * label + number)
    return f"folder:{root}"


def test_pictures_and_labels_come_by_split(tmp_path: Path) -> None:
    name = _birds(tmp_path)
    entry = open_entry_schema(name)
    assert entry.rows == {"train": 10, "test": 4}
    assert [(c.name, c.sizes, c.classes) for c in entry.columns] == [("image", (3, 4, 6), None), ("label", (), 2)]
    test = open_source(name, "test").columns
    assert test["label"].tolist() == [0, 0, 1, 1]
    assert test["image"].dtype == np.float32 and (test["image"][:, 2] == 1).all() and (test["image"][:, 1] == 0).all()
    assert (test["image"][:, 0, 0, 0] * 255).round().tolist() == [0, 1, 50, 51]


def test_without_train_the_folder_itself_is_split(tmp_path: Path) -> None:
    for number in range(10):
        _write(tmp_path, f"{'ab'[number % 2]}/{number}.png", mode="L", grey=10 * number)
    parts = [open_source(f"folder:{tmp_path}", split).columns["image"] for split in ("train", "test")]
    assert [len(part) for part in parts] == [8, 2] and parts[0].shape[1:] == (1, 4, 6)
    seen = np.concatenate([part[:, 0, 0, 0] for part in parts])
    assert sorted((seen * 255).round().tolist()) == [10 * number for number in range(10)]


def test_val_stands_in_for_test(tmp_path: Path) -> None:
    name = _birds(tmp_path)
    (tmp_path / "test").rename(tmp_path / "val")
    assert open_entry_schema(name).rows == {"train": 10, "test": 4}


def test_other_sizes_need_the_option(tmp_path: Path) -> None:
    name = _birds(tmp_path)
    _write(tmp_path, "train/wren/z.png", wide=9, high=5)
    with pytest.raises(CatalogueError, match=r"z.png is 9 x 5 pixels, the first picture 6 x 4") as caught:
        open_source(name)
    assert caught.value.mend == "give size = the side wanted"
    assert open_source(name, size=8).columns["image"].shape == (11, 3, 8, 8)
    assert open_entry_schema(name, size=8).columns[0].sizes == (3, 8, 8)
    with pytest.raises(CatalogueError, match="size must be at least 1"):
        open_source(name, size=0)


def test_the_centre_is_kept(tmp_path: Path) -> None:
    stripes = np.zeros((4, 12), np.uint8)
    stripes[:, 4:8] = 255
    (tmp_path / "a").mkdir()
    for number in range(2):
        Image.fromarray(stripes).save(tmp_path / "a" / f"{number}.png")
    assert (open_source(f"folder:{tmp_path}", size=4).columns["image"] == 1).all()


def test_labels_alone_decode_nothing(tmp_path: Path) -> None:
    name = _birds(tmp_path)
    (tmp_path / "train" / "wren" / "3.png").write_bytes(b"broken")
    assert open_source(name, columns=["label"]).columns["label"].tolist() == [0] * 5 + [1] * 5
    with pytest.raises(CatalogueError, match=r"3.png is not a picture that can be read"):
        open_source(name)


def test_a_wrong_folder_is_one_line(tmp_path: Path) -> None:
    _birds(tmp_path / "birds")
    with pytest.raises(CatalogueError, match="there is no folder") as caught:
        open_source(f"folder:{tmp_path / 'brids'}")
    assert caught.value.mend == "did you mean birds?"
    with pytest.raises(CatalogueError, match="crow has no subfolders"):
        open_source(f"folder:{tmp_path / 'birds' / 'train' / 'crow'}")
    _write(tmp_path / "birds", "test/corw/0.png")
    with pytest.raises(CatalogueError, match="has the class corw, which the training folder lacks") as caught:
        open_source(f"folder:{tmp_path / 'birds'}")
    assert caught.value.mend == "did you mean crow?"
    (tmp_path / "empty" / "a").mkdir(parents=True)
    with pytest.raises(CatalogueError, match="empty holds no pictures"):
        open_source(f"folder:{tmp_path / 'empty'}")
