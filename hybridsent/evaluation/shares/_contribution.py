"""What each view adds to a model: the result of `contributions` (layer L5).

shap explains a prediction by single features and knows no views, folds or intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent.evaluation.measures._intervals import Interval
from hybridsent.evaluation.results._result import Result, folds_times_seeds

__all__ = ["Contributions", "Decisions"]

UNDECIDED = "none"
"""What the view of a row is called for whose answer no view speaks alone."""


@dataclass(frozen=True, eq=False)
class Decisions:
    """For each row, how much the answer changes without each view.

    Parameters
    ----------
    row : ndarray of int of shape (n,)
        Position of the row in the table that was given.
    view : ndarray of str of shape (n,)
        The view that speaks loudest for the answer, of numbers the one without which it changes
        most; ``"none"`` where none does.
    changes : dict of str to ndarray of shape (n,)
        For each view, the probability of the answer that was given less the same without the view:
        above 0 the view speaks for the answer. Of numbers, the change of the prediction; of sets
        of labels, the mean change over labels. Means over the seeds.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation import Decisions
    >>> told = Decisions(
    ...     np.arange(2), np.array(["text", "image"]),
    ...     {"text": np.array([0.3, 0.1]), "image": np.array([0.0, 0.2])},
    ... )
    >>> told.to_frame()["view"].tolist()
    ['text', 'image']
    """

    row: np.ndarray
    view: np.ndarray
    changes: dict[str, np.ndarray]

    def to_frame(self) -> Any:
        """Write them as a table.

        Returns
        -------
        DataFrame
            Columns ``row``, ``view``, and ``without_VIEW``, the change, for each view.
        """
        import pandas as pd

        changes = {f"without_{name}": each for name, each in self.changes.items()}
        return pd.DataFrame({"row": self.row, "view": self.view, **changes})


@dataclass(frozen=True)
class Contributions(Result):
    """What each view adds to the score of a model, and which view decided about each row.

    Parameters
    ----------
    views : list of str
        The views, in the order of the model.
    shapley : dict of str to dict of str to Interval
        ``shapley["text"]["accuracy"]``: the fair share of a view in what all views together are
        better than none; over the views these add up to that.
    without : dict of str to dict of str to Interval
        The score of all views less that without this one.
    alone : dict of str to dict of str to Interval
        The score of the same model where the rows have this view only.
    whole, empty : dict of str to Interval
        Scores with all views, and with none.
    decided : Decisions
        Row by row.
    exact : bool
        Whether all orders of the views were gone through, and not a sample of them.
    rows, folds, seeds : int
        Rows that were judged, folds a seed, and seeds.
    seconds : float
        Wall time.
    notes : list of str, default=[]
        What the reader should know, such as what stands in for a view that is left out.

    See Also
    --------
    contributions : Makes one.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation import Contributions, Decisions, Interval
    >>> none = Decisions(np.arange(0), np.array([], dtype=str), {"text": np.empty(0)})
    >>> share = {"text": {"accuracy": Interval(0.2, 0.15, 0.25)}}
    >>> made = Contributions(
    ...     ["text"], share, share, share, {"accuracy": Interval(0.7, 0.6, 0.8)},
    ...     {"accuracy": Interval(0.5, 0.4, 0.6)}, none, True, 90, 5, 1, 1.0,
    ... )
    >>> made.to_frame()["value"].round(2).tolist()
    [0.2, 0.2, 0.2]
    """

    views: list[str]
    shapley: dict[str, dict[str, Interval]]
    without: dict[str, dict[str, Interval]]
    alone: dict[str, dict[str, Interval]]
    whole: dict[str, Interval]
    empty: dict[str, Interval]
    decided: Decisions
    exact: bool
    rows: int
    folds: int
    seeds: int
    seconds: float
    notes: list[str] = field(default_factory=list)

    @property
    def metrics(self) -> list[str]:
        """What was measured.

        Returns
        -------
        list of str
            Names.
        """
        return list(self.whole)

    @property
    def deciding(self) -> dict[str, float]:
        """In which share of the rows each view decided.

        Returns
        -------
        dict of str to float
            By view, and ``"none"`` where no view alone changes the answer.
        """
        n = max(1, len(self.decided.view))
        names = [*self.views, UNDECIDED]
        return {name: float((self.decided.view == name).sum() / n) for name in names}

    def plot(self, metric: str | None = None, *, path: Any = None, ax: Any = None) -> Any:
        """Draw the fair share of each view with its interval.

        Parameters
        ----------
        metric : str or None, default=None
            Which; None is the first one.
        path : str, os.PathLike or None, default=None
            File in which it is saved, with its fonts, by its ending: pdf and svg are vectors. The
            figure is closed then.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a figure as wide as one column of a paper.

        Returns
        -------
        matplotlib Axes
            What was drawn on.

        Raises
        ------
        MissingDependencyError
            If matplotlib is not installed: ``pip install "hybridsent[plot]"``.
        """
        from hybridsent.evaluation.results import _plots

        return _plots.plot_contributions(self, metric, ax, path)

    def _facts(self) -> dict[str, Any]:
        return {
            "views": self.views,
            "shapley": _plain(self.shapley),
            "without": _plain(self.without),
            "alone": _plain(self.alone),
            "whole": _plain(self.whole),
            "empty": _plain(self.empty),
            "deciding": self.deciding,
            "exact": self.exact,
            "rows": self.rows,
            "n_folds": self.folds,
            "n_seeds": self.seeds,
        }

    def _records(self) -> list[dict[str, Any]]:
        kinds = {"shapley": self.shapley, "without": self.without, "alone": self.alone}
        return [
            {"view": view, "metric": metric, "what": what, **vars(each)}
            for what, told in kinds.items()
            for view in self.views
            for metric, each in told[view].items()
        ]

    def _headline(self) -> str:
        return (
            f"contributions: {self.rows} rows, {folds_times_seeds(self.folds, self.seeds)}, "
            f"{self.seconds:.1f} s"
        )

    def _table(self) -> Sequence[Sequence[object]]:
        cells: list[Sequence[object]] = []
        for metric in self.metrics:
            cells.append([metric, "Shapley value", "lost without it", "alone", "decides"])
            cells += [
                [
                    view,
                    self.shapley[view][metric],
                    self.without[view][metric],
                    self.alone[view][metric],
                    f"{self.deciding[view]:.0%}",
                ]
                for view in self.views
            ]
        return cells

    def _remarks(self) -> list[str]:
        told = [
            f"{metric}: {self.empty[metric].value:z.3f} without any view, "
            f"{self.whole[metric].value:z.3f} with all"
            for metric in self.metrics
        ]
        return ["", *told]


def _plain(told: Any) -> Any:
    if isinstance(told, Interval):
        return vars(told)
    return {name: _plain(each) for name, each in told.items()}
