"""CIFAR-10 as people have it on their disk: the binary version, folders, and what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hybridsent import ImageEncoder
from hybridsent.datasets import read_cifar10
from hybridsent.exceptions import TableError

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(256, size=(6, 32, 32, 3), dtype=np.uint8)


def batch(path: Path, labels: list[int], pictures: np.ndarray) -> None:
    """Write a file as its makers describe it: label, red, green, blue, each row by row."""
    rows = [
        bytes([label]) + b"".join(picture[..., colour].tobytes() for colour in range(3))
        for label, picture in zip(labels, pictures, strict=True)
    ]
    path.write_bytes(b"".join(rows))


@pytest.fixture
def home(tmp_path) -> Path:
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    batch(folder / "data_batch_1.bin", [0, 9], PICTURES[:2])
    batch(folder / "data_batch_2.bin", [3, 3, 8], PICTURES[2:5])
    batch(folder / "test_batch.bin", [5], PICTURES[5:])
    return folder


def test_the_binary_version_gives_every_picture_and_its_name(home):
    table = read_cifar10(home)
    assert table["label"].tolist() == ["airplane", "truck", "cat", "cat", "ship"]
    np.testing.assert_array_equal(np.stack(table["image"]), PICTURES[:5])
    np.testing.assert_array_equal(read_cifar10(home.parent, "test")["image"][0], PICTURES[5])
    rows = ImageEncoder(store=None).fit_transform(table["image"][:2])
    assert np.isfinite(rows).all()


def test_folders_of_classes_give_paths(tmp_path):
    for split, label in (("train", "bird"), ("train", "frog"), ("test", "frog")):
        (tmp_path / split / label).mkdir(parents=True)
        Image.fromarray(PICTURES[0]).save(tmp_path / split / label / "0001.png")
    assert read_cifar10(tmp_path)["label"].tolist() == ["bird", "frog"]
    assert read_cifar10(tmp_path, "test")["image"][0] == str(tmp_path / "test/frog/0001.png")


def test_pickles_are_never_read(tmp_path):
    class Trap:
        def __reduce__(self):
            return Path(tmp_path, "ran").touch, ()

    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(TableError, match=r"pickles.*Download the binary version"):
        read_cifar10(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_what_is_no_cifar10_is_refused(home, tmp_path):
    with pytest.raises(TableError, match=r"no test_batch\*\.bin and no folder 'test'"):
        read_cifar10(_empty(tmp_path), "test")
    with pytest.raises(TableError, match="There is no folder"):
        read_cifar10(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"split parameter must be one of .* Got 'dev'"):
        read_cifar10(home, "dev")
    with (home / "test_batch.bin").open("ab") as file:
        file.write(b"x")
    with pytest.raises(TableError, match=r"3073 bytes a picture\. Got 3074 bytes"):
        read_cifar10(home, "test")
    batch(home / "data_batch_3.bin", [0, 57], PICTURES[:2])
    with pytest.raises(TableError, match=r"labels from 0 to 9\. Got 57 in picture 1"):
        read_cifar10(home)


def _empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"
