"""Thousands of named columns at the cost of a few (layer L0).

pandas makes an index of names anew for every frame, and whoever reads the frame compares every name
with those of `fit`: for a row of 8,000 features each takes longer than the arithmetic on it. Here
an estimator writes one index again and again, and knows by it what it has compared already. Names
are still asked for, and compared, in every call; scikit-learn offers no place for such an index.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from sklearn import get_config
from sklearn.base import TransformerMixin

from hybridsent._tables import same_names

__all__ = ["NamedOutput", "columns_of", "writes_pandas"]


class NamedOutput(TransformerMixin):
    """scikit-learn's TransformerMixin, of which all frames share one index of names.

    What `transform` gives is what scikit-learn makes of it; only where pandas is asked for
    (``set_output``), the frame is made here.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent._frames import NamedOutput
    >>> from sklearn.base import BaseEstimator, OneToOneFeatureMixin
    >>> class Doubled(OneToOneFeatureMixin, NamedOutput, BaseEstimator):
    ...     def fit(self, X, y=None):
    ...         self.n_features_in_ = X.shape[1]
    ...         return self
    ...
    ...     def transform(self, X):
    ...         return 2 * X
    >>> doubled = Doubled().set_output(transform="pandas").fit(np.ones((1, 2)))
    >>> a, b = doubled.transform(np.ones((1, 2))), doubled.transform(np.ones((3, 2)))
    >>> list(a.columns), a.columns.is_(b.columns)
    (['x0', 'x1'], True)
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """Stand before scikit-learn's wrapper, where it wraps what the class defines."""
        given = cls.__dict__.get("transform")
        super().__init_subclass__(**options)
        wrapped = cls.__dict__.get("transform")
        if given is not None and wrapped is not given:
            cls.transform = _sharing(given, wrapped)


def _sharing(given: Callable[..., Any], wrapped: Any) -> Callable[..., Any]:
    """Make `transform` of the one that a class defines and of scikit-learn's wrapper around it."""

    @wraps(wrapped)
    def transform(self: Any, X: Any, *args: Any, **options: Any) -> Any:
        named = None
        if writes_pandas(self):
            named = _named(self, given(self, X, *args, **options), X)
        # what no frame can be made of here, scikit-learn makes one of, or refuses
        return wrapped(self, X, *args, **options) if named is None else named

    return transform


def _named(estimator: Any, values: Any, X: Any) -> Any:
    """Make the frame that scikit-learn would; None for what is no matrix, or has no names."""
    import pandas as pd

    if isinstance(values, np.ndarray):
        index = X.index if isinstance(X, pd.DataFrame | pd.Series) else None
        values = pd.DataFrame(values, index=index, copy=False)
    if not isinstance(values, pd.DataFrame):
        return None
    columns = columns_of(estimator)
    if columns is not None:
        values.columns = columns
    return None if columns is None else values


def writes_pandas(estimator: Any) -> bool:
    """Tell whether an estimator was asked for frames of pandas, itself or for all.

    Parameters
    ----------
    estimator : estimator
        A transformer.

    Returns
    -------
    bool
        False also where ``set_output`` is switched off; a version of scikit-learn that keeps what
        it was asked for elsewhere is answered with False, and wraps the output itself.

    Examples
    --------
    >>> from hybridsent._frames import writes_pandas
    >>> from hybridsent.scaling import ViewScaler
    >>> writes_pandas(ViewScaler()), writes_pandas(ViewScaler().set_output(transform="pandas"))
    (False, True)
    """
    own = getattr(estimator, "_sklearn_output_config", {})
    asked = own.get("transform", get_config()["transform_output"])
    return bool(asked == "pandas" and hasattr(estimator, "set_output"))


_written: WeakKeyDictionary[Any, tuple[np.ndarray, Any]] = WeakKeyDictionary()
"""Names, which nobody else holds, and the index that was made of them."""


def columns_of(estimator: Any) -> Any:
    """Give the index of the columns that an estimator writes: one for all frames.

    Parameters
    ----------
    estimator : estimator
        A fitted transformer.

    Returns
    -------
    Index or None
        Of the names that ``get_feature_names_out`` gives now; a view of the one that is kept, so
        that an index may be given a name of its own. None where the estimator cannot tell names.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent._frames import columns_of
    >>> from hybridsent.scaling import ViewScaler
    >>> list(columns_of(ViewScaler().fit(pd.DataFrame({"text__0": [0.5, 1.0]}))))
    ['text__0']
    """
    import pandas as pd

    try:
        names = np.asarray(estimator.get_feature_names_out())
    except AttributeError:
        return None
    kept = _written.get(estimator)
    if kept is None or not same_names(kept[0], names):
        frame = pd.DataFrame(np.empty((0, len(names))))
        frame.columns = names  # as scikit-learn names a frame
        kept = _written[estimator] = names.copy(), frame.columns
    return kept[1].view()
