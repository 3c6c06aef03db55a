"""What a model says about rows, and the columns in which that is written (layer L6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent.exceptions import TableError

__all__ = ["Answers"]


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model says about rows.

    Parameters
    ----------
    prediction : ndarray of shape (n,) or (n, n_labels)
        The model's own answer, which need not be the most probable label: a threshold may be chosen
        otherwise. For sets of labels a column of 0 and 1 for each.
    probabilities : ndarray of float of shape (n, n_classes) or None
        Of each class, in the order of `classes`; None where the model tells none.
    classes : ndarray or None
        The labels; None where the model tells numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.scoring import Answers
    >>> said = Answers(np.array(["good"]), np.array([[0.2, 0.8]]), np.array(["bad", "good"]))
    >>> said.to_frame().to_dict("records")
    [{'prediction': 'good', 'p_bad': 0.2, 'p_good': 0.8}]
    """

    prediction: np.ndarray
    probabilities: np.ndarray | None
    classes: np.ndarray | None

    def __len__(self) -> int:
        return len(self.prediction)

    def to_frame(self, prefix: str = "", index: Any = None) -> Any:
        """Write the answers as columns.

        Parameters
        ----------
        prefix : str, default=""
            How the names of the columns begin.
        index : Index or None, default=None
            Of the rows; None counts them.

        Returns
        -------
        DataFrame
            ``prediction``, sets of labels as ``"joy|anger"``, and ``p_LABEL`` for each label,
            rounded to six digits.
        """
        import pandas as pd

        names = names_of_answers(
            None if self.probabilities is None else self.classes, prefix=prefix
        )
        columns: dict[str, Any] = {names[0]: written(self.prediction, self.classes)}
        if self.probabilities is not None:
            columns.update(zip(names[1:], self.probabilities.T.round(6), strict=True))
        return pd.DataFrame(columns, index=index)

    def as_numbers(self) -> np.ndarray:
        """Write each answer as numbers, as a reference of drift holds them.

        Returns
        -------
        ndarray of float of shape (n, n_classes) or (n,)
            Probabilities; of a model that tells none, 1 for the class that it predicts and 0 for
            all others; of one that tells numbers, these.

        Examples
        --------
        >>> import numpy as np
        >>> from hybridsent.scoring import Answers
        >>> Answers(np.array(["good"]), None, np.array(["bad", "good"])).as_numbers().tolist()
        [[0.0, 1.0]]
        """
        told: Any = self.probabilities
        if told is None:
            told = np.asarray(self.prediction)
            if self.classes is not None and told.ndim == 1:
                told = told[:, None] == np.asarray(self.classes)[None, :]
        return np.asarray(told, dtype=np.float64)

    def plain(self) -> list[tuple[Any, dict[str, float] | None]]:
        """Write each answer as plain JSON.

        Returns
        -------
        list of (object, dict or None)
            The label, the list of labels or the number; and the probability of each label. Numbers
            have six digits behind the point.

        Examples
        --------
        >>> import numpy as np
        >>> from hybridsent.scoring import Answers
        >>> Answers(np.array([1]), np.array([[0.25, 0.75]]), np.array([0, 1])).plain()
        [(1, {'0': 0.25, '1': 0.75})]
        """
        from hybridsent._label_sets import is_of_sets, label_sets

        said: list[Any] = np.asarray(self.prediction).tolist()
        said = [round(each, 6) if isinstance(each, float) else each for each in said]
        if is_of_sets(self.prediction):
            marks, names = label_sets(self.prediction, self.classes)
            labels = np.asarray(names).tolist()
            said = [[labels[i] for i in np.flatnonzero(row == 1)] for row in marks]
        if self.probabilities is None or self.classes is None:
            return [(each, None) for each in said]
        keys = [str(label) for label in np.asarray(self.classes).tolist()]
        rounded = np.asarray(self.probabilities, dtype=np.float64).round(6).tolist()
        return [
            (each, dict(zip(keys, row, strict=True)))
            for each, row in zip(said, rounded, strict=True)
        ]


def names_of_answers(classes: Any, prefix: str = "", table: Any = None) -> list[str]:
    """Name the columns in which answers are written.

    Parameters
    ----------
    classes : sequence or None
        Labels with probabilities; None where there are none.
    prefix : str, default=""
        How the names begin.
    table : DataFrame or None, default=None
        Beside whose columns they are written; a column of the user's is never replaced.

    Returns
    -------
    list of str
        Of the prediction, then of each probability.

    Raises
    ------
    TableError
        If the table has a column of such a name.

    Examples
    --------
    >>> from hybridsent.scoring._answers import names_of_answers
    >>> names_of_answers(["bad", "good"], prefix="new_")
    ['new_prediction', 'new_p_bad', 'new_p_good']
    """
    labels = [] if classes is None else classes
    names = [f"{prefix}prediction", *(f"{prefix}p_{label}" for label in labels)]
    taken = [] if table is None else [name for name in names if name in table.columns]
    if taken:
        raise TableError(
            f"The table has columns {taken} already, which the predictions would replace. Name "
            "the new ones otherwise with prefix='new_'."
        )
    return names


def written(said: Any, classes: Any) -> Any:
    """Write sets of labels as texts, which a table of any format holds.

    Parameters
    ----------
    said : ndarray of shape (n,) or (n, n_labels)
        Predictions.
    classes : ndarray or None
        The labels, where there are any.

    Returns
    -------
    ndarray or list of str
        As they are; sets as ``"joy|anger"``.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.scoring._answers import written
    >>> written(np.array([[1, 1], [0, 1]]), ["anger", "joy"])
    ['anger|joy', 'joy']
    """
    from hybridsent._label_sets import is_of_sets, label_sets, written_sets

    return written_sets(*label_sets(said, classes)) if is_of_sets(said) else said
