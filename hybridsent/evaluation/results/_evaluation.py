"""What `evaluate` found: scores of models on the same rows, and how to look at them (layer L5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hybridsent.evaluation.results import _looks
from hybridsent.evaluation.results._answered import Answered
from hybridsent.evaluation.results._findings import Finding
from hybridsent.evaluation.results._gains import Gain
from hybridsent.evaluation.results._out_of_fold import OutOfFold
from hybridsent.evaluation.results._paper_tables import Style, grid_of_scores
from hybridsent.evaluation.results._paper_text import latex, markdown
from hybridsent.evaluation.results._result import Score, folds_times_seeds, frame_of

__all__ = ["Evaluation", "headed"]


@dataclass(frozen=True)
class Evaluation(Answered):
    """Scores of models, of each view alone, and of baselines, all on the same folds.

    Parameters
    ----------
    rows : int
        Rows that were judged.
    models : dict of str to dict of str to Score
        ``models["fusion"]["accuracy"]``; the other models are the single views and baselines such
        as ``"dummy"``.
    encoded_rows : int
        Distinct cells that an encoder had to encode.
    store_hits : int
        Distinct cells that were found in the feature store.
    seconds : float
        Wall time of the evaluation.
    folds : int
        Number of folds of a repetition; 1 for a fixed split.
    notes : list of str, default=[]
        What the reader should know, such as licences.
    findings : list of Finding, default=[]
        What the guard against leakage found.
    costs : dict of str to dict of str to float, default={}
        Of each model ``"fit_seconds"`` and ``"predict_seconds"``, added up over all fits.
    versions : dict of str to str, default={}
        Of Python, of this package and of those that computed, and ``"system"``.
    encoders : list of dict, default=[]
        Of each encoder ``"view"``, ``"model"``, ``"revision"`` and ``"fingerprint"``.
    out_of_fold : OutOfFold or None, default=None
        What each model said about each row that was judged; `predictions` has it as a table.
    seeds : int, default=1
        How often folds and models were made anew.
    target : {"classes", "numbers", "sets"}, default="classes"
        What is predicted.
    split : str or None, default=None
        Name of the held-out rows that were scored; None for cross-validation.
    gains : dict of str to dict of str to Gain, default={}
        ``gains["text"]["accuracy"]``: how much the first model is better than another one, with a
        paired interval and a p-value corrected for the number of models it is compared with.

    Notes
    -----
    `to_dict` has the keys ``rows``, ``n_folds``, ``n_seeds``, ``target``, ``split``, ``models``
    (model, metric, then mean, std, interval, folds, pooled), ``gains``, ``findings``, ``costs``,
    ``encoded_rows``, ``store_hits``, ``versions``, ``encoders``, ``seconds`` and ``notes``, and
    with predictions ``out_of_fold``.

    Examples
    --------
    >>> from hybridsent.evaluation import Evaluation, Score
    >>> score = Score(0.8, 0.1, 0.7, 0.9, [0.7, 0.9], 0.8)
    >>> print(Evaluation(10, {"fusion": {"accuracy": score}}, 10, 0, 1.0, 2))
    10 rows, 2 folds, 10 cells encoded, 0 found in the store, 1.0 s
    <BLANKLINE>
    model   accuracy
    fusion  0.800 [0.700, 0.900]
    """

    rows: int
    models: dict[str, dict[str, Score]]
    encoded_rows: int
    store_hits: int
    seconds: float
    folds: int
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    costs: dict[str, dict[str, float]] = field(default_factory=dict, compare=False)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Evaluation:
        """Read what `to_dict` wrote, also of a version that wrote less.

        Parameters
        ----------
        plain : mapping
            As `to_dict` gives it, or as JSON has it.

        Returns
        -------
        Evaluation
            The same result.

        Examples
        --------
        >>> from hybridsent.evaluation import Evaluation, Score
        >>> score = Score(0.8, 0.1, 0.7, 0.9, [0.7, 0.9], 0.8)
        >>> found = Evaluation(10, {"fusion": {"accuracy": score}}, 10, 0, 1.0, 2)
        >>> Evaluation.from_dict(found.to_dict()) == found
        True
        """
        kept = plain.get("out_of_fold")
        return cls(
            rows=plain["rows"],
            models={
                name: {metric: _read_score(each) for metric, each in scores.items()}
                for name, scores in plain["models"].items()
            },
            encoded_rows=plain["encoded_rows"],
            store_hits=plain["store_hits"],
            seconds=plain["seconds"],
            folds=plain["n_folds"],
            notes=list(plain["notes"]),
            out_of_fold=None if kept is None else OutOfFold.from_dict(kept),
            seeds=plain.get("n_seeds", 1),
            target=plain.get("target", "classes"),
            gains={
                other: {metric: Gain.from_dict(each) for metric, each in gains.items()}
                for other, gains in plain.get("gains", {}).items()
            },
            findings=[Finding.from_dict(each) for each in plain.get("findings", [])],
            costs=dict(plain.get("costs", {})),
            split=plain.get("split"),
            versions=dict(plain.get("versions", {})),
            encoders=[dict(each) for each in plain.get("encoders", [])],
        )

    def to_latex(
        self,
        *,
        spread: str | None = "interval",
        percent: bool | str = False,
        digits: int | None = None,
        caption: str | None = None,
    ) -> str:
        r"""Write the scores as a table of a paper, in LaTeX (it needs the package booktabs).

        Parameters
        ----------
        spread : {"interval", "std"} or None, default="interval"
            What stands beside each score: its 95 % interval, or the deviation over folds.
        percent : bool or "all", default=False
            Whether scores with a range are multiplied by 100; ``"all"`` multiplies errors, too.
        digits : int or None, default=None
            Places behind the point; None is 3, and 1 of what is multiplied by 100.
        caption : str or None, default=None
            With one, the tabular stands in a table with this caption.

        Returns
        -------
        str
            A row a model, a column a metric, the best of each column in bold; accuracies and F1
            with and without 0 (`metrics.acc2_has0`, `metrics.acc2_non0`) in one, as ``a/b``.

        Examples
        --------
        >>> from hybridsent.evaluation import Evaluation, Score
        >>> score = Score(0.8, 0.1, 0.7, 0.9, [0.7, 0.9], 0.8)
        >>> found = Evaluation(10, {"fusion": {"accuracy": score}}, 10, 0, 1.0, 2)
        >>> print(found.to_latex(percent=True).splitlines()[4])
        fusion & 80.0 {\scriptsize [70.0, 90.0]} \\
        """
        grid = grid_of_scores(self._shown(), Style(spread, percent, digits))
        return latex(grid, caption=caption)

    def to_markdown(
        self,
        *,
        spread: str | None = "interval",
        percent: bool | str = False,
        digits: int | None = None,
    ) -> str:
        """Write the scores as a table in Markdown.

        Parameters
        ----------
        spread : {"interval", "std"} or None, default="interval"
            What stands beside each score: its 95 % interval, or the deviation over folds.
        percent : bool or "all", default=False
            Whether scores with a range are multiplied by 100; ``"all"`` multiplies errors, too.
        digits : int or None, default=None
            Places behind the point; None is 3, and 1 of what is multiplied by 100.

        Returns
        -------
        str
            As `to_latex` says.
        """
        return markdown(grid_of_scores(self._shown(), Style(spread, percent, digits)))

    def confusion(self, model: str | None = None) -> Any:
        """Count what a model says of rows of each class.

        Parameters
        ----------
        model : str or None, default=None
            Its name; None is the first one.

        Returns
        -------
        DataFrame
            A row for each true class, a column for each predicted one; of sets of labels a row for
            each label, and the columns ``right``, ``missed``, ``added`` and ``absent``. Of several
            seeds the mean.

        Raises
        ------
        ValueError
            If numbers were predicted, or the result has no predictions.
        """
        return _looks.confusion(self._answers(), self._first(model))

    def recall_by_class(self, model: str | None = None) -> Any:
        """Tell how much of each class a model finds, and how much of what it calls so is right.

        Parameters
        ----------
        model : str or None, default=None
            Its name; None is the first one.

        Returns
        -------
        DataFrame
            A row for each class (of sets, each label): ``rows``, ``recall`` with its 95 % interval
            ``low`` to ``high``, and ``precision``.

        Raises
        ------
        ValueError
            If numbers were predicted, or the result has no predictions.
        """
        return _looks.recall_by_class(self._answers(), self._first(model))

    def recall_by_group(self, model: str | None = None, groups: Any = None) -> Any:
        """Tell how well a model does in each group, the worst first.

        Parameters
        ----------
        model : str or None, default=None
            Its name; None is the first one.
        groups : array-like of shape (n,) or None, default=None
            Group of each row of the table that was given to `evaluate`, such as age or source; None
            is that by which folds were made.

        Returns
        -------
        DataFrame
            A row for each group: ``rows``; of classes ``accuracy`` with its 95 % interval ``low``
            to ``high``, the mean ``recall`` of its classes, and ``recall_CLASS`` of each; of sets
            ``accuracy``, the share of rows of which each label is right; of numbers ``error``, the
            mean absolute one.

        Raises
        ------
        ValueError
            If no groups are told, or the result has no predictions.
        """
        return _looks.recall_by_group(self._answers(), self._first(model), groups)

    def errors(self, model: str | None = None, n: int | None = None, table: Any = None) -> Any:
        """List the rows that a model gets wrong, the most confident mistakes first.

        Parameters
        ----------
        model : str or None, default=None
            Its name; None is the first one.
        n : int or None, default=None
            How many; None is all.
        table : DataFrame or None, default=None
            The table that was given to `evaluate`, whose cells are put beside each row.

        Returns
        -------
        DataFrame
            A line for each row: ``row``, its position in the table; ``group``, where groups are
            told; ``truth`` and ``prediction``; of classes and sets ``confidence``, the probability
            of what is wrong, and of classes ``p_truth``; of numbers ``error``, largest first. Of
            several seeds the mean of the probabilities, and what they say together.

        Raises
        ------
        ValueError
            If the table has fewer rows than were judged, or the result has no predictions.
        """
        return _looks.errors(self._answers(), self._first(model), n, table)

    def plot_scores(self, metric: str | None = None, *, path: Any = None, ax: Any = None) -> Any:
        """Draw the scores of all models with their intervals.

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

        return _plots.plot_scores(self, metric, ax, path)

    def plot_gains(self, metric: str | None = None, *, path: Any = None, ax: Any = None) -> Any:
        """Draw how much better the first model is than the others.

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

        return _plots.plot_gains(self, metric, ax, path)

    def plot_confusion(self, model: str | None = None, *, path: Any = None, ax: Any = None) -> Any:
        """Draw what is taken for what, in shares of the true class.

        Parameters
        ----------
        model : str or None, default=None
            Its name; None is the first one.
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

        return _plots.plot_confusion(self.confusion(model), ax, path)

    def plot_calibration(
        self, model: str | None = None, *, path: Any = None, ax: Any = None
    ) -> Any:
        """Draw how often a model is right against how sure it is.

        Parameters
        ----------
        model : str or None, default=None
            Its name; None is the first one.
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
        from hybridsent.evaluation.confidence._calibration import calibration

        return calibration(self._answers(), self._first(model)).plot(path=path, ax=ax)

    def plot_errors(self, model: str | None = None, *, path: Any = None, ax: Any = None) -> Any:
        """Draw wrong answers by how sure the model was; of numbers, predictions against truth.

        Parameters
        ----------
        model : str or None, default=None
            Its name; None is the first one.
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

        return _plots.plot_errors(self, self._first(model), ax, path)

    def _first(self, model: str | None) -> str:
        return next(iter(self.models)) if model is None else model

    def to_frame(self, value: str = "value") -> Any:
        """One row a model, one column a metric.

        Parameters
        ----------
        value : {"value", "mean", "std", "low", "high", "pooled"}, default="value"
            Which number; ``"value"`` is what is printed, with the interval from low to high.

        Returns
        -------
        DataFrame
            The table.
        """
        return frame_of(self._records(value))

    def _facts(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "n_folds": self.folds,
            "n_seeds": self.seeds,
            "target": self.target,
            "split": self.split,
            "models": self.models,
            "gains": self.gains,
            "findings": [each.to_dict() for each in self.findings],
            "costs": self.costs,
            "encoded_rows": self.encoded_rows,
            "store_hits": self.store_hits,
        }

    def _records(self, value: str = "value") -> list[dict[str, Any]]:
        return [
            {"model": name, **{metric: getattr(score, value) for metric, score in scores.items()}}
            for name, scores in self.models.items()
        ]

    def _headline(self) -> str:
        judged = folds_times_seeds(self.folds, self.seeds, self.split)
        return (
            f"{self.rows} rows, {judged}, {self.encoded_rows} cells encoded, "
            f"{self.store_hits} found in the store, {self.seconds:.1f} s"
        )

    def _table(self) -> Sequence[Sequence[object]]:
        metrics = list(next(iter(self.models.values())))
        shown = self._shown()
        rows = [[name, *(scores[metric] for metric in metrics)] for name, scores in shown.items()]
        heads = [headed(name, shown.values()) if self.split is None else name for name in metrics]
        return [["model", *heads], *rows]

    def _remarks(self) -> list[str]:
        """Say in a sentence each what the first metric shows of the first model and the others."""
        first = next(iter(self._shown()))  # a fusion of one view is told by the view's name
        return self._on_gains(first)

    def _shown(self) -> dict[str, dict[str, Score]]:
        """Give the lines of tables."""
        return {
            name: scores for name, scores in self.models.items() if not self._is_its_modality(name)
        }

    def _is_its_modality(self, name: str) -> bool:
        """Whether this is the fusion of one modality, which would be the same line twice."""
        return name == "fusion" and any(
            other != name and scores is self.models[name] for other, scores in self.models.items()
        )


def _read_score(plain: Mapping[str, Any]) -> Score:
    """Read a score as `_plain_score` wrote it."""
    low, high = plain["interval"] or (None, None)
    numbers = (plain["mean"], plain["std"], low, high)
    mean, std, low, high = (float("nan") if each is None else each for each in numbers)
    folds = [float("nan") if each is None else each for each in plain["folds"]]
    sign = plain.get("sign", 1)
    return Score(mean, std, low, high, folds, plain["pooled"], plain["of"], sign)


def headed(metric: str, models: Iterable[Mapping[str, Score]]) -> str:
    """Say above a column whether its scores are those of all rows together."""
    return metric + (" (pooled)" if any(each[metric].of == "rows" for each in models) else "")
