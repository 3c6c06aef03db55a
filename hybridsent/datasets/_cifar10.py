"""CIFAR-10 from a download of the user's own → a table (layer L4).

torchvision reads the pickled version only, and pickles run code when they are read. The binary
version holds the same pictures as plain bytes; copies as folders of files are read as any folder of
classes is.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from hybridsent.datasets._table import read_table
from hybridsent.exceptions import TableError

__all__ = ["read_cifar10"]

LABELS = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
_BATCHES = {"train": "data_batch_*", "test": "test_batch*"}
_SIDE = 32
_BYTES = 1 + 3 * _SIDE * _SIDE  # the label, then all of red, all of green, all of blue
_INSIDE = ("cifar-10-batches-bin", "cifar-10-batches-py", "cifar10", "cifar-10")


def read_cifar10(folder: str | os.PathLike[str], split: str = "train") -> pd.DataFrame:
    """Read the pictures of CIFAR-10 from a folder of the user's own; nothing is downloaded.

    Parameters
    ----------
    folder : str or PathLike
        The unpacked binary version (``cifar-10-batches-bin``, with ``data_batch_1.bin`` to
        ``data_batch_5.bin`` and ``test_batch.bin``), or a folder with the folders ``train`` and
        ``test``, each of which holds a folder of pictures for each class. The folder that such a
        one lies in will do, too.
    split : {"train", "test"}, default="train"
        Which pictures.

    Returns
    -------
    DataFrame
        A row a picture: ``image``, an array (32, 32, 3) of uint8 or, of folders of classes, the
        path, and ``label``, such as ``"airplane"``.

    Raises
    ------
    TableError
        If the folder holds neither, is of the pickled version ("python"), or a file is cut short or
        of another data set.
    ValueError
        If `split` is none of these.

    See Also
    --------
    read_table : Reads any folder of classes.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hybridsent.datasets import read_cifar10
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     size = Path(folder, "test_batch.bin").write_bytes(bytes([8]) + bytes(3072))
    ...     table = read_cifar10(folder, "test")
    >>> table["label"].tolist(), table["image"][0].shape
    (['ship'], (32, 32, 3))
    """
    if split not in _BATCHES:
        raise ValueError(f"The split parameter must be one of {list(_BATCHES)}. Got {split!r}.")
    home = Path(folder).expanduser()
    if not home.is_dir():
        raise TableError(f"There is no folder {home} (seen from {Path.cwd()}). Check the path.")
    places = [home, *(home / name for name in _INSIDE if (home / name).is_dir())]
    for place in places:
        batches = sorted(place.glob(f"{_BATCHES[split]}.bin"))
        if batches:
            return _table([_read_batch(batch) for batch in batches])
        if (place / split).is_dir():
            return read_table(place / split)
    if any([*place.glob("data_batch_*"), *place.glob("test_batch")] for place in places):
        raise TableError(
            f"{home} holds the version of CIFAR-10 for Python, which are pickles, and may run code "
            "when they are read. Download the binary version from the same page "
            "(https://www.cs.toronto.edu/~kriz/cifar.html), and name its folder."
        )
    raise TableError(
        f"{home} holds no {_BATCHES[split]}.bin and no folder {split!r}. Name the folder of the "
        "unpacked binary version, or a folder in which train and test lie, with a folder of "
        "pictures for each class."
    )


def _read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read labels and pictures of one file."""
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise TableError(f"{path} cannot be read ({error}). Check who may read it.") from error
    if not len(data) or len(data) % _BYTES:
        raise TableError(
            f"{path} must hold {_BYTES} bytes a picture. Got {len(data)} bytes: it is cut short or "
            "of another data set; download and unpack it again."
        )
    rows = data.reshape(-1, _BYTES)
    labels = rows[:, 0]
    if labels.max() >= len(LABELS):
        raise TableError(
            f"{path} must hold labels from 0 to {len(LABELS) - 1}. Got {labels.max()} in picture "
            f"{labels.argmax()}: it is of another data set, or broken."
        )
    return labels, rows[:, 1:].reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)


def _table(batches: list[tuple[np.ndarray, np.ndarray]]) -> pd.DataFrame:
    pictures = [np.ascontiguousarray(picture) for _, many in batches for picture in many]
    labels = [LABELS[number] for numbers, _ in batches for number in numbers]
    return pd.DataFrame({"image": pd.Series(pictures, dtype=object), "label": labels})
