"""What models said about rows they had not learned from: all that judges reads it (layer L5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from hybridsent._label_sets import written_sets
from hybridsent.evaluation.results._answers import Answers

__all__ = ["OutOfFold", "Target", "gather"]

Target = Literal["classes", "numbers", "sets"]
"""What is predicted: one class a row, a number, or a set of labels."""


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Answers of several models about the same rows, each by a model that had not learned from it.

    A row stands in it once for each seed: ``row``, ``seed``, ``fold``, ``truth``, ``groups`` and
    the answers of every model are arrays of one length m, sorted by seed, then row.

    Parameters
    ----------
    row : ndarray of int of shape (m,)
        Position of the row in the table that was given.
    seed : ndarray of int of shape (m,)
        Seed of the folds and of the models.
    fold : ndarray of int of shape (m,)
        In which fold of this seed the row was a test row; 0 for a fixed split.
    truth : ndarray of shape (m,) or (m, n_classes)
        Labels; of sets of labels, 0 and 1 for each.
    answers : dict of str to Answers
        Of each model, by the names of `Evaluation.models`.
    classes : ndarray of shape (n_classes,) or None
        All labels there are, in the order of the probabilities; None for numbers.
    groups : ndarray of shape (m,) or None, default=None
        Group of each row, where they are told.
    target : {"classes", "numbers", "sets"}, default="classes"
        What is predicted.
    ratio : float, default=0.25
        Test rows over training rows, on average (Nadeau and Bengio's correction asks for it).

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation import OutOfFold
    >>> from hybridsent.evaluation.results._answers import Answers
    >>> truth, said = np.array(["bad", "good"]), np.array([[0.9, 0.1], [0.6, 0.4]])
    >>> kept = OutOfFold(
    ...     np.arange(2), np.zeros(2, int), np.arange(2), truth,
    ...     {"fusion": Answers(np.array(["bad", "bad"]), said)}, np.unique(truth),
    ... )
    >>> kept.to_frame()[["row", "truth", "prediction", "p_good"]].to_dict("list")
    {'row': [0, 1], 'truth': ['bad', 'good'], 'prediction': ['bad', 'bad'], 'p_good': [0.1, 0.4]}
    """

    row: np.ndarray
    seed: np.ndarray
    fold: np.ndarray
    truth: np.ndarray
    answers: dict[str, Answers]
    classes: np.ndarray | None
    groups: np.ndarray | None = None
    target: Target = "classes"
    ratio: float = field(default=0.25)

    def __repr__(self) -> str:
        return f"<OutOfFold: {len(self.row)} answers each of {', '.join(self.answers)}>"

    def __len__(self) -> int:
        return len(self.row)

    @property
    def models(self) -> list[str]:
        """Names of the models.

        Returns
        -------
        list of str
            In the order of the result.
        """
        return list(self.answers)

    def of(self, model: str) -> Answers:
        """Give the answers of a model.

        Parameters
        ----------
        model : str
            Its name.

        Returns
        -------
        Answers
            One a row of this table.

        Raises
        ------
        ValueError
            If there is no such model.
        """
        if model not in self.answers:
            raise ValueError(
                f"The model parameter must be one of {self.models}, the models that were judged. "
                f"Got {model!r}."
            )
        return self.answers[model]

    def only(self, model: str) -> OutOfFold:
        """Leave the answers of one model.

        Parameters
        ----------
        model : str
            Its name.

        Returns
        -------
        OutOfFold
            The same rows.
        """
        return replace(self, answers={model: self.of(model)})

    def to_frame(self, model: str | None = None) -> Any:
        """Write the answers as a table.

        Parameters
        ----------
        model : str or None, default=None
            One model alone; None is all of them, one below the other.

        Returns
        -------
        DataFrame
            Columns ``model``, ``row``, ``group`` (where groups are told), ``fold``, ``seed``,
            ``truth``, ``prediction``, and ``p_CLASS`` for each class where the model has
            probabilities. Sets of labels are written ``"joy|anger"``.
        """
        import pandas as pd

        names = self.models if model is None else [model]
        return pd.concat([self._frame_of(name) for name in names], ignore_index=True)

    def _frame_of(self, model: str) -> Any:
        import pandas as pd

        said = self.of(model)
        columns: dict[str, Any] = {"model": np.repeat(model, len(self)), "row": self.row}
        if self.groups is not None:
            columns["group"] = self.groups
        columns |= {"fold": self.fold, "seed": self.seed}
        columns |= {"truth": self.named(self.truth), "prediction": self.named(said.labels)}
        if self.classes is not None and said.probabilities is not None:
            for j, name in enumerate(self.classes.tolist()):
                columns[f"p_{name}"] = said.probabilities[:, j]
        return pd.DataFrame(columns)

    def named(self, labels: np.ndarray) -> Any:
        """Write labels as users do.

        Parameters
        ----------
        labels : ndarray of shape (m,) or (m, n_classes)
            Truth or predictions.

        Returns
        -------
        ndarray or list of str
            As they are; sets of labels as ``"joy|anger"``, the empty one as ``"|"``.
        """
        if self.target != "sets" or self.classes is None:
            return labels
        return written_sets(labels, self.classes)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, ready for JSON; `from_dict` reads them.

        Returns
        -------
        dict
            Keys as the parameters.
        """
        return {
            "row": self.row.tolist(),
            "seed": self.seed.tolist(),
            "fold": self.fold.tolist(),
            "truth": self.truth.tolist(),
            "classes": None if self.classes is None else self.classes.tolist(),
            "groups": None if self.groups is None else self.groups.tolist(),
            "target": self.target,
            "ratio": self.ratio,
            "answers": {
                name: {
                    "labels": each.labels.tolist(),
                    "probabilities": _written(each.probabilities, self.target),
                }
                for name, each in self.answers.items()
            },
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> OutOfFold:
        """Read what `to_dict` wrote.

        Parameters
        ----------
        plain : mapping
            As `to_dict` gives it.

        Returns
        -------
        OutOfFold
            The same answers; probabilities to six places.
        """
        classes, groups = plain["classes"], plain["groups"]
        answers = {
            name: Answers(
                np.asarray(each["labels"]),
                _as_written(each["probabilities"], plain["target"]),
            )
            for name, each in plain["answers"].items()
        }
        return cls(
            np.asarray(plain["row"]),
            np.asarray(plain["seed"]),
            np.asarray(plain["fold"]),
            np.asarray(plain["truth"]),
            answers,
            None if classes is None else np.asarray(classes),
            None if groups is None else np.asarray(groups),
            plain["target"],
            plain["ratio"],
        )


def _written(probabilities: np.ndarray | None, target: Target) -> list[Any] | None:
    """Round probabilities; the greatest of each row keeps the sum what it was, which is 1."""
    if probabilities is None:
        return None
    p = np.round(probabilities, 6)
    if target == "classes":
        rows, most = np.arange(len(p)), p.argmax(axis=1)
        p[rows, most] = np.round(p[rows, most] + probabilities.sum(axis=1) - p.sum(axis=1), 6)
    return [] if not len(p) else list(p.tolist())


def _as_written(probabilities: Any, target: Target) -> np.ndarray | None:
    """Read probabilities, of which rounding has made the sum of a row other than 1."""
    if probabilities is None:
        return None
    p = np.asarray(probabilities, dtype=np.float64)
    total = p.sum(axis=1, keepdims=True)
    rounded = target == "classes" and bool(np.all(np.abs(total - 1) < 1e-4))
    return np.asarray(p / total) if rounded else p


def gather(
    answers: Mapping[str, Sequence[Answers]],
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    truth: np.ndarray,
    classes: np.ndarray | None,
    *,
    groups: np.ndarray | None = None,
    rows: np.ndarray | None = None,
    seeds: Sequence[int] | None = None,
    target: Target = "classes",
) -> OutOfFold:
    """Put the answers of all folds together.

    Parameters
    ----------
    answers : mapping of str to sequence of Answers
        Of each model, one a fold.
    splits : sequence of (ndarray, ndarray)
        Training and test positions of each fold.
    truth : ndarray of shape (n,) or (n, n_classes)
        Labels of all rows.
    classes : ndarray or None
        All labels there are; None for numbers.
    groups : ndarray of shape (n,) or None, default=None
        Groups of all rows.
    rows : ndarray of int of shape (n,) or None, default=None
        Position of each row in the table that the user gave; None is 0 to n - 1.
    seeds : sequence of int or None, default=None
        Seed of each fold; None is 0.
    target : {"classes", "numbers", "sets"}, default="classes"
        What is predicted.

    Returns
    -------
    OutOfFold
        Sorted by seed, then row.
    """
    tests = [test for _, test in splits]
    told = [0] * len(splits) if seeds is None else list(seeds)
    position = np.concatenate(tests)
    seed = np.repeat(told, [len(test) for test in tests])
    number = [told[:k].count(told[k]) for k in range(len(told))]
    fold = np.repeat(number, [len(test) for test in tests])
    order = np.lexsort((position, seed))
    position = position[order]
    return OutOfFold(
        position if rows is None else rows[position],
        seed[order],
        fold[order],
        truth[position],
        {name: _joined(each, order) for name, each in answers.items()},
        classes,
        None if groups is None else groups[position],
        target,
        float(np.mean([len(test) / len(train) for train, test in splits])),
    )


def _joined(parts: Sequence[Answers], order: np.ndarray) -> Answers:
    labels = np.concatenate([each.labels for each in parts])[order]
    known = [each.probabilities for each in parts if each.probabilities is not None]
    return Answers(labels, np.concatenate(known)[order] if len(known) == len(parts) else None)
