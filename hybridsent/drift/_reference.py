"""A little of what a model was taught: what windows are compared with (layer L3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from hybridsent._numerics.clusters import group_codes
from hybridsent._numerics.scale import column_scale
from hybridsent.views import modalities_of

__all__ = ["DriftReference", "Projected", "ViewReference"]

_ROWS = 500  # that are kept
_DIRECTIONS = 4  # of a view that are looked along
_WIDTH = 256  # columns of a view, of which more are added up first
_STEPS = 1000  # of a number that is written down
_FAR = 30.0  # standard deviations at which projections are cut
_VIEWS = 50
_ANSWERS = 40
_VERSION = 1


@dataclass(frozen=True, eq=False)
class ViewReference:
    """A view of the reference, along a few directions.

    Parameters
    ----------
    width : int
        Columns of the view.
    directions : ndarray of shape (min(width, 256), r)
        Along which it is looked at, with columns of length 1: those in which it varies most.
    centre, scale : ndarray of shape (r,)
        Mean and deviation along each.
    sample : ndarray of shape (m, r)
        Where rows lie, in deviations from the mean; NaN where they lack the view.
    missing : float
        Share of rows that lack the view.
    """

    width: int
    directions: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    sample: np.ndarray
    missing: float

    def project(self, block: np.ndarray) -> np.ndarray:
        """Look at rows along the directions.

        Parameters
        ----------
        block : ndarray of shape (n, width)
            Columns of the view; NaN where it is missing.

        Returns
        -------
        ndarray of shape (n, r)
            In deviations from the mean of the reference; NaN where it is missing.

        Raises
        ------
        ValueError
            If there are more columns or fewer.
        """
        if block.shape[1] != self.width:
            raise ValueError(f"a view must have {self.width} columns. Got {block.shape[1]}.")
        found = (narrowed(block) @ self.directions - self.centre) / self.scale
        return np.asarray(np.clip(found, -_FAR, _FAR))


class Projected(dict[str, np.ndarray]):
    """Rows of a window by view and ``"answers"``: what is compared."""


@dataclass(frozen=True, eq=False)
class DriftReference:
    """A little of what a model was taught, and of what it answered.

    It holds no post: some hundred answers about rows that the model had not learned from, and
    where rows lie along four directions of each view, which do not lead back to a text or face.

    Parameters
    ----------
    n : int
        Rows of which it was made.
    names : tuple of str
        The answers: classes, or ``"prediction"``.
    answers : ndarray of shape (m, k)
        A sample of them.
    views : dict of str to ViewReference
        The views; empty where only answers are known.
    groups : ndarray of int of shape (m,) or None, default=None
        Rows that belong together.

    See Also
    --------
    drift : Compares a window with it.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.drift import DriftReference
    >>> rng = np.random.default_rng(0)
    >>> features = pd.DataFrame(rng.normal(size=(300, 2)), columns=["text__0", "text__1"])
    >>> p = rng.dirichlet([1, 1], 300)
    >>> reference = DriftReference.of(p, features, names=["neg", "pos"])
    >>> reference
    <DriftReference: 300 rows; answers neg, pos; views text>
    """

    n: int
    names: tuple[str, ...]
    answers: np.ndarray
    views: dict[str, ViewReference]
    groups: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        answers: Any,
        features: Any = None,
        *,
        names: Sequence[Any] | None = None,
        groups: Any = None,
        random_state: int = 0,
    ) -> DriftReference:
        """Keep a little of rows.

        Parameters
        ----------
        answers : array of shape (n, k) or (n,)
            Probabilities, or numbers, about rows that the model had not learned from.
        features : DataFrame of n rows or None, default=None
            What it reads, in columns named by view, with NaN where a row lacks a view.
        names : sequence or None, default=None
            Of the answers: the classes; None is ``"prediction"``.
        groups : array of shape (n,) or None, default=None
            Which rows belong together, such as posts of one author.
        random_state : int, default=0
            Seed of what is kept.

        Returns
        -------
        DriftReference
            Some tens of kilobytes, of however many rows.

        Raises
        ------
        ValueError
            If there are fewer than ten rows, or answers, features and names do not fit.
        """
        given = _two_dimensional(answers)
        n, k = given.shape
        called = ["prediction"] if names is None and k == 1 else list(map(str, names or range(k)))
        if n < 10 or len(called) != k or not np.isfinite(given).all():
            raise ValueError(
                "DriftReference.of needs at least ten rows of finite answers, with a name for each "
                f"column. Got the shape {given.shape} and {len(called)} names."
            )
        rng = np.random.RandomState(random_state)
        kept = np.sort(rng.permutation(n)[:_ROWS])
        codes = group_codes(groups, n)
        views = {} if features is None else _views(features, n, kept, rng)
        return cls(
            n,
            tuple(called[:_ANSWERS]),
            _rounded(given[kept, :_ANSWERS]),
            views,
            None if codes is None else np.unique(codes[kept], return_inverse=True)[1],
        )

    def __repr__(self) -> str:
        seen = f"; views {', '.join(self.views)}" if self.views else ""
        return f"<DriftReference: {self.n} rows; answers {', '.join(self.names)}{seen}>"

    def project(self, answers: Any, features: Any = None) -> Projected:
        """Look at a window as at the reference.

        Parameters
        ----------
        answers : array of shape (n, k) or (n,)
            Probabilities, or numbers.
        features : DataFrame of n rows or None, default=None
            What the model reads; None compares answers alone.

        Returns
        -------
        dict of str to ndarray
            ``"answers"``, and each view. It is small, so that posts of a stream need not be kept.

        Raises
        ------
        ValueError
            If columns are others than those of the reference.
        """
        given = _two_dimensional(answers)
        given = given[:, :_ANSWERS]
        if given.shape[1] != len(self.names):
            raise ValueError(
                f"The answers must have a column for each of {list(self.names)}. Got "
                f"{given.shape[1]}."
            )
        found = Projected(answers=given)
        if features is None:
            return found
        blocks = _blocks(features)
        for name, view in self.views.items():
            if name not in blocks:
                raise ValueError(f"The features must have the view {name!r}. Got {list(blocks)}.")
            try:
                found[name] = view.project(blocks[name])
            except ValueError as error:
                raise ValueError(f"The features do not fit: of {name!r} {error}") from error
        return found

    def to_facts(self) -> dict[str, Any]:
        """Plain texts and numbers, ready for JSON and small; `from_facts` reads them.

        Returns
        -------
        dict
            What the model file keeps.
        """
        facts: dict[str, Any] = {
            "version": _VERSION,
            "n": self.n,
            "names": list(self.names),
            "answers": [_written(column) for column in self.answers.T],
            "views": {
                name: {
                    "width": view.width,
                    "missing": round(view.missing, 8),
                    "directions": [_written(column) for column in view.directions.T],
                    "centre": [float(f"{each:.8g}") for each in view.centre],
                    "scale": [float(f"{each:.8g}") for each in view.scale],
                    "sample": [_written(column) for column in view.sample.T],
                }
                for name, view in self.views.items()
            },
        }
        if self.groups is not None:
            facts["groups"] = " ".join(map(str, self.groups.tolist()))
        return facts

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> DriftReference:
        """Read what `to_facts` wrote, of whatever origin.

        Parameters
        ----------
        facts : mapping
            As `to_facts` gives it.

        Returns
        -------
        DriftReference
            The same.

        Raises
        ------
        ValueError
            If it is none, damaged, or of a later version.
        """
        try:
            return cls._read(facts)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise ValueError(
                f"The facts must be what DriftReference.to_facts wrote, version {_VERSION}. Got "
                f"something else ({type(error).__name__}: {error!s:.200})."
            ) from error

    @classmethod
    def _read(cls, facts: Mapping[str, Any]) -> DriftReference:
        if facts["version"] != _VERSION:
            raise ValueError(f"it has version {facts['version']!r:.20}")
        answers = np.column_stack([_numbers(each) for each in facts["answers"]])
        names = tuple(map(str, facts["names"]))
        views = {str(name): _view(each, len(answers)) for name, each in facts["views"].items()}
        groups = None
        if "groups" in facts:
            groups = np.array([int(each) for each in facts["groups"].split()], dtype=np.int64)
            if len(groups) != len(answers) or groups.min() < 0 or groups.max() >= len(groups):
                raise ValueError("groups do not fit")
        if not isinstance(facts["n"], int) or answers.shape[1] != len(names) or len(answers) < 2:
            raise ValueError("its parts do not fit each other")
        if not np.isfinite(answers).all():
            raise ValueError("an answer is missing")
        return cls(facts["n"], names, answers, views, groups)


def _view(facts: Mapping[str, Any], m: int) -> ViewReference:
    directions = np.column_stack([_numbers(each) for each in facts["directions"]])
    sample = np.column_stack([_numbers(each) for each in facts["sample"]])
    centre, scale = (np.asarray(facts[name], dtype=np.float64) for name in ("centre", "scale"))
    width, missing, r = facts["width"], float(facts["missing"]), directions.shape[1]
    fits = (
        isinstance(width, int)
        and len(directions) == min(width, _WIDTH)
        and np.isfinite(directions).all()
        and sample.shape == (m, r)
        and centre.shape == scale.shape == (r,)
        and np.isfinite(centre).all()
        and np.isfinite(scale).all()
        and (scale > 0).all()
        and 0 <= missing <= 1
    )
    if not fits:
        raise ValueError("a view does not fit")
    return ViewReference(width, directions, centre, scale, sample, missing)


def _two_dimensional(answers: Any) -> np.ndarray:
    given = np.asarray(answers, dtype=np.float64)
    if given.ndim not in (1, 2):
        raise ValueError(f"The answers must be one or more numbers a row. Got {given.shape}.")
    return given[:, None] if given.ndim == 1 else given


def _blocks(features: Any) -> dict[str, np.ndarray]:
    """Give the columns of each view; marks of domains and of missing views are of none."""
    places = modalities_of(features.columns)
    values = features.to_numpy(dtype=np.float64, na_value=np.nan)
    return {view: values[:, columns] for view, columns in places.items() if view}


def narrowed(block: np.ndarray) -> np.ndarray:
    """Add up columns of a wide view with signs drawn once for all, which keeps distances nearly.

    Parameters
    ----------
    block : ndarray of shape (n, width)
        Columns of a view.

    Returns
    -------
    ndarray of shape (n, min(width, 256))
        The same where it is narrow.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.drift._reference import narrowed
    >>> narrowed(np.ones((2, 300))).shape
    (2, 256)
    """
    width = block.shape[1]
    if width <= _WIDTH:
        return block
    rng = np.random.RandomState(width)
    place, sign = rng.randint(_WIDTH, size=width), 2.0 * rng.randint(2, size=width) - 1
    return np.asarray(block @ csr_array((sign, (np.arange(width), place)), (width, _WIDTH)))


def _views(
    features: Any, n: int, kept: np.ndarray, rng: np.random.RandomState
) -> dict[str, ViewReference]:
    blocks = _blocks(features)
    found = {}
    for name, block in list(blocks.items())[:_VIEWS]:
        if len(block) != n:
            raise ValueError(f"The features must have {n} rows, one an answer. Got {len(block)}.")
        lacking = np.isnan(block).any(axis=1)
        there = np.flatnonzero(~lacking)
        if len(there) < 10:
            continue
        few = narrowed(block[there[np.sort(rng.permutation(len(there))[:2000])]])
        directions = _directions(few)
        along = few @ directions
        centre, scale = column_scale(along)
        view = ViewReference(
            block.shape[1],
            directions,
            np.array([float(f"{each:.8g}") for each in centre]),
            np.array([float(f"{each:.8g}") for each in scale]),
            np.empty((0, 0)),
            round(float(lacking.mean()), 8),
        )
        sample = np.full((len(kept), directions.shape[1]), np.nan)
        has = ~lacking[kept]
        sample[has] = _rounded(view.project(block[kept[has]]))
        found[name] = ViewReference(
            view.width, directions, view.centre, view.scale, sample, view.missing
        )
    return found


def _directions(rows: np.ndarray) -> np.ndarray:
    """Find directions in which rows vary most."""
    centred = rows - rows.mean(axis=0)
    gram = centred.T @ centred
    values, vectors = np.linalg.eigh(gram)  # in increasing order
    least = 1e-10 * max(float(values[-1]), 1e-300)
    last = len(values)
    kept = [i for i in range(last - 1, max(last - 1 - _DIRECTIONS, -1), -1) if values[i] > least]
    kept = kept or [last - 1]
    return _rounded(vectors[:, kept])


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.round(values * _STEPS) / _STEPS)


def _written(column: np.ndarray) -> str:
    """Write numbers as thousandths, and a missing one as a dash."""
    return " ".join("-" if each != each else str(round(each * _STEPS)) for each in column.tolist())


def _numbers(text: str) -> np.ndarray:
    return np.array(
        [np.nan if each == "-" else int(each) / _STEPS for each in text.split()], dtype=np.float64
    )
