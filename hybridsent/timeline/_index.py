"""One number for each window, through which the curve goes (layer L7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent._hints import did_you_mean
from hybridsent.quantification import class_values
from hybridsent.scoring import Answers

__all__ = ["Index", "index_of"]


@dataclass(frozen=True)
class Index:
    """What a window's answer is worth.

    Parameters
    ----------
    name : str
        What it is called.
    values : tuple of float or None
        Of each class, by which its probability counts; None where a number is told.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.scoring import Answers
    >>> from hybridsent.timeline._index import Index
    >>> said = Answers(np.array(["good"]), np.array([[0.2, 0.8]]), np.array(["bad", "good"]))
    >>> Index("sentiment", (-1.0, 1.0)).of(said).round(3).tolist()
    [0.6]
    """

    name: str
    values: tuple[float, ...] | None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Between which it lies; None where nothing bounds it."""
        return None if self.values is None else (min(self.values), max(self.values))

    def of(self, answers: Answers) -> np.ndarray:
        """Give the index of each row.

        Parameters
        ----------
        answers : Answers
            What the model says.

        Returns
        -------
        ndarray of shape (n,), float
            The sum of probabilities times values; without probabilities the value of what is
            predicted; a predicted number itself.
        """
        if self.values is None:
            return np.asarray(answers.prediction, dtype=float)
        values = np.array(self.values)
        if answers.probabilities is not None:
            return np.asarray(np.asarray(answers.probabilities, dtype=float) @ values)
        predicted = np.asarray(answers.prediction)
        if predicted.ndim == 2:
            return np.asarray(predicted.astype(float) @ values)
        places = {label: place for place, label in enumerate(np.asarray(answers.classes).tolist())}
        return values[[places[label] for label in predicted.tolist()]]


def index_of(
    classes: Sequence[Any] | None, task: str, asked: str | Mapping[str, float] | None
) -> Index:
    """Decide what the curve shows.

    Parameters
    ----------
    classes : sequence or None
        The labels; None where the model tells numbers.
    task : str
        What it tells.
    asked : str, mapping or None
        A class, whose probability is shown; a value for each class; None for what
        `hybridsent.quantification.class_values` says that classes are worth.

    Returns
    -------
    Index
        What is shown.

    Raises
    ------
    ValueError
        If it names no class, or nobody knows what the classes are worth.

    Examples
    --------
    >>> from hybridsent.timeline._index import index_of
    >>> index_of(["angry", "calm"], "classification", "angry")
    Index(name='probability of angry', values=(1.0, 0.0))
    >>> index_of(["negative", "positive"], "classification", None).values
    (-1.0, 1.0)
    """
    if classes is None or task == "regression":
        if asked is not None:
            raise ValueError(
                f"The index parameter must be None for a model that tells numbers. Got {asked!r}."
            )
        return Index("prediction", None)
    labels = [str(label) for label in classes]
    if isinstance(asked, str):
        _check_known([asked], labels)
        return Index(f"probability of {asked}", tuple(float(label == asked) for label in labels))
    if asked is not None:
        _check_known(list(asked), labels)
        absent = [label for label in labels if label not in map(str, asked)]
        if absent:
            raise ValueError(
                f"The index parameter must give a value to each class, {labels}; {absent} have "
                "none (0 is one)."
            )
    elif task != "classification":
        raise ValueError(f"Sets of labels have no index of their own. {_ways(labels)}")
    try:
        values = class_values(classes, asked)
    except ValueError as error:
        if asked is not None:
            raise ValueError(f"The index parameter is wrong: {error}") from error
        raise ValueError(
            f"Nobody knows what the classes {labels} are worth in an index. {_ways(labels)}"
        ) from error
    worth = tuple(values.values())
    if min(worth) == max(worth):
        raise ValueError(
            "The index parameter must give at least two different values. Got "
            f"{dict(zip(labels, worth, strict=True))}."
        )
    return Index("sentiment index" if asked is None else "index", worth)


def _ways(labels: Sequence[str]) -> str:
    return (
        f"Name one of {list(labels)} whose probability is to be shown, such as index={labels[0]!r},"
        " or say what each is worth: index={" + f"{labels[0]!r}: -1, …" + "}, on the command line "
        f"'{labels[0]}=-1,…'."
    )


def _check_known(names: Sequence[Any], labels: Sequence[str]) -> None:
    for name in names:
        if str(name) not in labels:
            raise ValueError(
                f"The index parameter must name classes of the model, {list(labels)}. Got "
                f"{name!r}.{did_you_mean(str(name), list(labels))}"
            )
