"""What `finetune` gives back (layer L4)."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from hybridsent.encoders import Backbone, BaseEncoder
from hybridsent.encoders._tuned import TEMPORARY

__all__ = ["FineTuned", "check_empty", "new_folder", "place"]


def new_folder() -> Path:
    """Make a folder that lasts as long as the process.

    Returns
    -------
    Path
        An empty folder.
    """
    folder = Path(tempfile.mkdtemp(prefix=TEMPORARY))
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, pid: int) -> None:
    if os.getpid() == pid:  # not when a fork of the process ends
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(eq=False)
class FineTuned:
    """A fine-tuned backbone, and how it came about.

    Parameters
    ----------
    backbone : Backbone
        The new backbone, registered under its name in this process.
    folder : Path
        Where its files are: a temporary folder, which ends with the process, until `save` moves
        them. The name ``"tuned:FOLDER"`` works in every process as long as it is there.
    classes_ : ndarray of shape (n_classes,) or None
        Classes of the head, or labels of the sets; None for numbers.
    coef_ : ndarray of shape (n_classes, width)
        Coefficients of the logits: with ``loss="contrastive"`` of a linear classifier fitted to the
        tuned vectors of the labelled rows, else of the trained head. For numbers a row, in the unit
        of y.
    intercept_ : ndarray of shape (n_classes,)
        Intercepts of the logits, or of the number.
    history : list of dict
        An entry an epoch: ``epoch`` (0 is the frozen network), mean ``loss``, its parts
        ``target``, ``source`` and ``alignment``, and the loss ``held_out`` where rows are.
    n_trained : int
        Numbers of the network that were trained.
    n_rows : int
        Labelled rows of the target that it learned from.
    seconds : float
        Time it took.
    device : str
        Where it was trained.
    precision : str
        Arithmetic of its products: ``"float32"``, ``"bfloat16"`` or ``"float16"``.
    base : BaseEncoder
        The encoder whose network was tuned, on a copy.
    task : {"classification", "regression", "multilabel"}, default="classification"
        What it learned.
    """

    backbone: Backbone
    folder: Path
    classes_: np.ndarray | None
    coef_: np.ndarray
    intercept_: np.ndarray
    history: list[dict[str, float]]
    n_trained: int
    n_rows: int
    seconds: float
    device: str
    precision: str
    base: BaseEncoder = field(repr=False)
    task: str = "classification"

    @property
    def name(self) -> str:
        """Name of the backbone, for ``TextEncoder(name)`` and its siblings in this process."""
        return self.backbone.name

    def encoder(self, **parameters: Any) -> BaseEncoder:
        """Give an encoder over the tuned network, with the settings it was tuned with.

        Parameters
        ----------
        **parameters : object
            Other parameters of the encoder.

        Returns
        -------
        BaseEncoder
            Its ``model`` is ``"tuned:FOLDER"``, with the whole path of `folder`, so that other
            processes find it once it is saved.
        """
        return self.over(self.base, self.folder, **parameters)

    @staticmethod
    def over(base: BaseEncoder, folder: Path, **parameters: Any) -> BaseEncoder:
        """Give an encoder over a tuned network, with the settings of the one that was tuned.

        Parameters
        ----------
        base : BaseEncoder
            The encoder whose network was tuned.
        folder : Path
            Where the files are.
        **parameters : object
            Other parameters of the encoder.

        Returns
        -------
        BaseEncoder
            Its ``model`` is ``"tuned:FOLDER"``.
        """
        tuned: BaseEncoder = clone(base)
        if "revision" in tuned.get_params():
            tuned.set_params(revision=None)  # of the repository that the base came from
        tuned.set_params(model=f"tuned:{folder}", **parameters)
        return tuned

    def save(self, folder: str | Path) -> Path:
        """Copy the files into a folder that stays, and that `encoder` names from then on.

        Parameters
        ----------
        folder : str or path
            A folder that is empty, or not there yet.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        FileExistsError
            If something is in the folder.
        """
        placed = place(self.folder, Path(folder).expanduser())
        self.folder = placed.resolve()
        return placed


def place(made: Path, folder: Path) -> Path:
    """Copy a folder to where it shall be; it appears whole, or not at all.

    Parameters
    ----------
    made : Path
        The folder.
    folder : Path
        Where it shall be: an empty folder, or nothing.

    Returns
    -------
    Path
        The folder there.

    Raises
    ------
    FileExistsError
        If something is there.
    """
    check_empty(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.parent / f".{folder.name}-{uuid.uuid4().hex}"
    try:
        shutil.copytree(made, draft)
        if folder.is_dir():
            folder.rmdir()
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def check_empty(folder: Path) -> None:
    """Refuse a folder that holds something.

    Parameters
    ----------
    folder : Path
        Where a network shall be written.

    Raises
    ------
    FileExistsError
        If something is there.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise FileExistsError(
            f"The folder of a tuned network must be empty or new. {folder} is not; choose another."
        )
