"""A fitted model that is asked about new rows (layer L6).

scikit-learn's ``predict`` wants the table as it was at ``fit``. Here a table of new rows becomes
that: which columns the model reads is told by `_inputs`, which of them may be absent by `_lacking`,
and what a saved model adds by itself by `_speech` (what is said) and `_context` (the neighbours).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hybridsent._tables import as_table, check_names_differ
from hybridsent.exceptions import LicenceError, TableError
from hybridsent.scoring._answers import Answers, names_of_answers
from hybridsent.scoring._context import contexts_in, lists_in, with_known_contexts
from hybridsent.scoring._inputs import (
    features_of_tables,
    first_step,
    inputs_of,
    learns_from_cells,
)
from hybridsent.scoring._lacking import with_domains, with_features, with_missing
from hybridsent.scoring._opened import plain_model
from hybridsent.scoring._reference import (
    drift_reference_in,
    features_of,
    no_reference,
    reference_in,
)
from hybridsent.scoring._speech import transcribed, transcripts_in, unheard
from hybridsent.scoring._words import silent

if TYPE_CHECKING:
    import os

    import pandas as pd

    from hybridsent.drift import DriftReference
    from hybridsent.quantification import Reference
    from hybridsent.scoring._explained import Explained
    from hybridsent.scoring._speech import Transcript

__all__ = ["Scorer"]


class Scorer:
    """A fitted model that is asked about new rows.

    Parameters
    ----------
    model : estimator
        Fitted: a pipeline of `hybridsent.make_fusion`, or any estimator of scikit-learn that reads
        a table of cells or of features.
    facts : mapping or None, default=None
        What a saved model knows of how it was fitted: the metadata that `hybridsent fit` writes.
    paths : sequence of str, default=()
        Folders and files from which a network may be read that the facts name.
    name : str, default="model"
        What it is called in messages.

    Attributes
    ----------
    inputs : list of Input
        The columns of cells that it reads; empty for a model of ready features.
    features : list of str
        The columns of features that it reads; empty for a model of cells.
    task : {"classification", "regression", "multilabel"}
        What it tells.
    classes : ndarray or None
        The labels; None where it tells numbers.

    See Also
    --------
    hybridsent.persist.load : Reads the model alone.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.scoring import Scorer
    >>> texts = ["good", "fine", "bad", "awful"] * 3
    >>> posts = pd.DataFrame({"text": texts, "label": [1, 1, 0, 0] * 3})
    >>> model = make_fusion(views={"text": "text/words"}).fit(posts[["text"]], posts["label"])
    >>> scorer = Scorer(model)
    >>> [(each.column, each.optional) for each in scorer.inputs]
    [('text', True)]
    >>> scorer.score(pd.DataFrame({"text": ["a good day"]})).prediction.tolist()
    [1]
    """

    def __init__(
        self,
        model: Any,
        facts: Mapping[str, Any] | None = None,
        *,
        paths: Sequence[str | os.PathLike[str]] = (),
        name: str = "model",
    ) -> None:
        self.model, self.name = model, name
        self.facts: dict[str, Any] = dict(facts or {})
        self._contexts, self._lists = contexts_in(self.facts), lists_in(self.facts)
        self._transcripts = transcripts_in(self.facts, [str(path) for path in paths])
        self.inputs = inputs_of(model)
        self.features = [] if self.inputs else features_of_tables(model)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        trusted: Sequence[str] = (),
        plugins: Sequence[str | os.PathLike[str]] = (),
        paths: Sequence[str | os.PathLike[str]] = (),
        local_files_only: bool = True,
    ) -> Scorer:
        """Load a saved model, and what it knows of itself; no code from the file is run.

        Parameters
        ----------
        path : str or os.PathLike
            File that `hybridsent.persist.save` or ``hybridsent fit`` wrote.
        trusted : sequence of str, default=()
            As `hybridsent.persist.load` takes it.
        plugins : sequence of str or os.PathLike, default=()
            As `hybridsent.persist.load` takes it.
        paths : sequence of str or os.PathLike, default=()
            As `hybridsent.persist.load` takes it.
        local_files_only : bool, default=True
            As `hybridsent.persist.load` takes it.

        Returns
        -------
        Scorer
            Ready to be asked.

        Raises
        ------
        PersistError
            As `hybridsent.persist.load` raises it.
        """
        from hybridsent.persist import inspect, load

        model = load(
            path,
            trusted=trusted,
            plugins=plugins,
            paths=paths,
            local_files_only=local_files_only,
        )
        return cls(model, inspect(path)["metadata"], paths=paths, name=str(path))

    # -- what it reads and tells

    @property
    def first(self) -> Any:
        """The step that reads the table; None where the model is no pipeline."""
        return first_step(self.model)

    @property
    def task(self) -> str:
        """What it tells."""
        from sklearn.base import is_regressor

        told = self.facts.get("task")
        if told in ("classification", "regression", "multilabel"):
            return str(told)
        return "regression" if is_regressor(self.model) else "classification"

    @property
    def classes(self) -> Any:
        """The labels; None where it tells numbers."""
        return getattr(self.model, "classes_", None)

    def names(self, prefix: str = "", table: Any = None) -> list[str]:
        """Name the columns in which its answers are written.

        Parameters
        ----------
        prefix : str, default=""
            How the names begin.
        table : DataFrame or None, default=None
            Beside whose columns they are written.

        Returns
        -------
        list of str
            Of the prediction, then of each probability.

        Raises
        ------
        TableError
            If the table has a column of such a name.
        """
        has = self.classes if hasattr(self.model, "predict_proba") else None
        return names_of_answers(has, prefix, table)

    @property
    def media(self) -> list[str]:
        """Columns that it reads whose cells may be paths of files."""
        from hybridsent.media import list_modalities

        files = {each.name for each in list_modalities() if each.extensions}
        found = [each.column for each in self.inputs if each.modality in files]
        found += [each.column for each in self._contexts if each.name in found]
        return [*found, *(each.column for each in self._transcripts)]

    @property
    def beside(self) -> dict[str, bool]:
        """Columns that a table of new rows holds beside the inputs, and whether each must be there.

        They tell whose neighbour a row is, and its group; or hold what neighbours and texts are
        gathered from.
        """
        from hybridsent.views import GROUP

        found = dict.fromkeys([each.column for each in self._transcripts], False)
        found.update(dict.fromkeys([each.column for each in self._contexts], False))
        found.update({name: True for each in self._contexts for name in each.reads})
        for view, _, columns in getattr(self.first, "transformers_", ()):
            if view == GROUP:
                found[columns[0]] = True
        return found

    @property
    def made(self) -> list[str]:
        """Inputs that are gathered from other columns, and may not be columns of a table."""
        return [each.name for each in self._contexts]

    @property
    def needs_other_rows(self) -> bool:
        """Whether an answer depends on neighbours of the row, which must be in the same table."""
        return bool(self._contexts)

    @property
    def transcripts(self) -> list[Transcript]:
        """What it writes down of what is said in sounds, and with which speech model."""
        return list(self._transcripts)

    @property
    def listens(self) -> bool:
        """Whether it writes down what is said in sounds."""
        return bool(self._transcripts)

    # -- what it is told of itself

    @cached_property
    def reference(self) -> Reference | None:
        """What the model mistakes, by which shares are corrected.

        None for models of numbers and of sets of labels, files of before, and models made by hand;
        `why_no_reference` says why.
        """
        return reference_in(self.facts, self.classes)

    @cached_property
    def drift_reference(self) -> DriftReference | None:
        """A little of what the model was taught, with which windows are compared.

        None for files of before, and for models made by hand.
        """
        return drift_reference_in(self.facts)

    @property
    def why_no_reference(self) -> str | None:
        """A sentence where there is no reference; None where there is one."""
        return no_reference(self.task) if self.reference is None else None

    # -- the work

    def configure(self, **parameters: Any) -> Scorer:
        """Set how cells are read on this machine, which changes no feature of a sound cell.

        Parameters
        ----------
        **parameters : object
            Parameters of encoders: ``device``, ``store``, ``on_error``, ``n_jobs``, ``verbose``,
            ``batch_size``, ``local_files_only`` and limits of modalities, such as
            ``max_seconds``.

        Returns
        -------
        Scorer
            Itself.

        Raises
        ------
        ValueError
            If nothing that reads cells in the model has such a parameter.
        """
        known = self.parameters
        for name in parameters:
            if self.readers and name not in known:
                raise ValueError(
                    f"{name} must be a parameter of what reads cells in {self.name}, one of "
                    f"{sorted(known)}."
                )
        for each in self.readers:
            has = each.get_params(deep=False)
            each.set_params(**{name: v for name, v in parameters.items() if name in has})
        return self

    @property
    def readers(self) -> list[Any]:
        """All that reads cells in it: encoders, and what learns from cells itself."""
        from hybridsent.encoders._nesting import every_encoder

        return [*every_encoder(self.model), *self.learners]

    @property
    def parameters(self) -> set[str]:
        """Names that `configure` takes."""
        return {name for each in self.readers for name in each.get_params(deep=False)}

    @property
    def learners(self) -> list[Any]:
        """What learns from cells in it, with no encoder."""
        from hybridsent._held import everything

        return [each for each in everything(self.model) if learns_from_cells(each)]

    def check_commercial(self) -> None:
        """Refuse a model whose encoders may not be used commercially, or that does not tell them.

        Raises
        ------
        LicenceError
            If it is so.
        """
        from hybridsent.encoders import check_commercial

        if not any(each.modality for each in self.inputs):
            raise LicenceError(
                "commercial=True cannot be answered: this model learned from features, and does "
                "not say what made them; leave it out."
            )
        check_commercial(self.model)

    def read(
        self,
        table: pd.DataFrame,
        *,
        base: str | os.PathLike[str] | None = None,
        lists: Sequence[str] = (),
        media: Sequence[str] | None = None,
        speech: Mapping[str, Any] | None = None,
        told: Callable[[str], None] = silent,
    ) -> pd.DataFrame:
        """Give new rows as the model reads them.

        Parameters
        ----------
        table : DataFrame
            The rows, also as a table of polars or pyarrow, or as a dict of columns; columns that
            the model does not read may stand beside those that it reads.
        base : str, os.PathLike or None, default=None
            Folder from which paths of media are seen; None leaves them as they are.
        lists : sequence of str, default=()
            Columns whose cells hold several texts, beside those that the model knows.
        media : sequence of str or None, default=None
            Columns of paths, beside those that the model reads as such; None for those that look
            like it, which some rows of a table may do otherwise than all of them.
        speech : mapping or None, default=None
            Parameters of `hybridsent.datasets.transcribe`, for a model that listens.
        told : callable, default=silent
            Gets each line for people: what is missing, what was added.

        Returns
        -------
        DataFrame
            With the columns that the model reads. A column of a modality that the table lacks is
            there, and missing in every row.

        Raises
        ------
        TableError
            If all columns that the model reads are absent, or one that cannot be missing is; if
            two of the table have one name.
        """
        from hybridsent.datasets import media_columns
        from hybridsent.datasets._several import as_lists
        from hybridsent.datasets._table import with_absolute_paths

        read = table = as_table(table)
        check_names_differ(table)
        if base is not None:
            known = media_columns(table) if media is None else list(media)
            given = [name for name in dict.fromkeys(self.media) if name in table.columns]
            paths = [*known, *(name for name in given if name not in known)]
            read = with_absolute_paths(table, paths, base)
        named = dict.fromkeys([*self._lists, *lists])
        read = as_lists(read, [name for name in named if name in table.columns])
        read = with_domains(self.first, read, told)
        for each in unheard(read, self._transcripts, told):
            made = transcribed(read, each, told, **(speech or {}))
            read = read.assign(**{each.name: made[each.name]})
        read = with_known_contexts(read, self._contexts, told)
        if self.inputs:
            return with_missing(self.inputs, read, told)
        return with_features(self.model, self.features, read, told) if self.features else read

    def answer(self, read: pd.DataFrame) -> Answers:
        """Ask the model about rows that `read` gave.

        Parameters
        ----------
        read : DataFrame
            What `read` gave.

        Returns
        -------
        Answers
            A row for each. Cells are encoded once, for prediction and probabilities.

        Raises
        ------
        TableError
            If there is no row.
        """
        if not len(read):
            raise TableError(
                "The table must have rows that the model can be asked about. Got none."
            )
        return self._asked(plain_model(self.model), read)

    def _asked(self, model: Any, read: Any) -> Answers:
        from sklearn.pipeline import Pipeline

        if type(model) is Pipeline and len(model.steps) > 1:  # encodes once for both answers
            read, model = model[:-1].transform(read), model[-1]
        probable = hasattr(model, "predict_proba") and hasattr(self.model, "predict_proba")
        return Answers(
            model.predict(read), model.predict_proba(read) if probable else None, self.classes
        )

    def answer_with_features(self, read: pd.DataFrame) -> tuple[Answers, Any]:
        """Ask the model about rows, and give the features of their views, computed once for both.

        Parameters
        ----------
        read : DataFrame
            What `read` gave.

        Returns
        -------
        answers : Answers
            As `answer` gives them.
        features : DataFrame or None
            In columns named by view, for `hybridsent.drift.drift`; None where the model shows none.

        Examples
        --------
        >>> import pandas as pd
        >>> from hybridsent import make_fusion
        >>> from hybridsent.scoring import Scorer
        >>> table = pd.DataFrame({"text__0": [0.0, 1.0] * 9, "image__0": [0.5, 0.5, 0.4] * 6})
        >>> model = make_fusion(features="passthrough").fit(table, ["bad", "good"] * 9)
        >>> answers, features = Scorer(model).answer_with_features(table[1:3])
        >>> answers.prediction.tolist(), list(features)
        (['good', 'bad'], ['text__0', 'image__0'])
        """
        features, head = features_of(self.model, read)
        if features is None:
            return self.answer(read), None
        return self._asked(plain_model(head), features), features

    def score(self, table: pd.DataFrame, **how: Any) -> Answers:
        """Ask the model about a table of new rows.

        Parameters
        ----------
        table : DataFrame
            The rows.
        **how : object
            Parameters of `read`.

        Returns
        -------
        Answers
            A row for each.
        """
        return self.answer(self.read(table, **how))

    def explain(self, read: pd.DataFrame) -> list[Explained]:
        """Ask the model about rows, and about the same rows without each of their views.

        Features are computed once; what stands behind them is asked about every subset of the views
        that a row has (of more than six, about those that occur in orders that are drawn).

        Parameters
        ----------
        read : DataFrame
            What `read` gave.

        Returns
        -------
        list of Explained
            One a row: the answer, the share of each view, what is sure, what is missing.

        See Also
        --------
        hybridsent.evaluation.contributions : What each view adds to a score.

        Examples
        --------
        >>> import pandas as pd
        >>> from hybridsent import make_fusion
        >>> from hybridsent.scoring import Scorer
        >>> table = pd.DataFrame({"text__0": [0.0, 1.0] * 9, "image__0": [0.5, 0.5, 0.4] * 6})
        >>> model = make_fusion(features="passthrough").fit(table, ["bad", "good"] * 9)
        >>> (said,) = Scorer(model).explain(table[1:2])
        >>> said.prediction, said.views["text"].share > 0.9
        ('good', True)
        """
        from hybridsent.scoring._explained import explain

        return explain(self, read)

    @cached_property
    def readers_of_texts(self) -> list[tuple[str, Any]]:
        """Column and encoder of each text that it reads, without code of one's own before it."""
        from hybridsent.evaluation.results._notes import readers_of_texts

        return list(readers_of_texts([self.model]))
