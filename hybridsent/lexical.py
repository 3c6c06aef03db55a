"""Words and characters of texts as features that are learned from the rows of a fit (layer L3).

scikit-learn's TfidfVectorizer counts and its truncated SVD reduces; nothing of that is written
anew. What they leave to the caller is here: missing and broken cells, the cleaning that the text
encoder knows, both vocabularies side by side, fewer components where the rows are few, and names.
skrub's StringEncoder is the nearest of a library: it counts words or characters, not both, takes
neither ``sublinear_tf`` nor ``min_df``, and makes one vector of all missing cells.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.extmath import randomized_svd
from sklearn.utils.validation import check_is_fitted

from hybridsent._folders import depth_of_caller
from hybridsent._frames import NamedOutput
from hybridsent._params import Interval, StrOptions
from hybridsent.encoders._column_of_cells import Cells, as_cells
from hybridsent.encoders._items import Spread, lists_in, mean_of, spread_of
from hybridsent.encoders._own_cleaning import function_of
from hybridsent.encoders._text import TextEncoder
from hybridsent.exceptions import CellWarning, EmptyTextError, MediaError
from hybridsent.media import load_text
from hybridsent.media._rewrite import UNSPACED
from hybridsent.media.text import POLICIES
from hybridsent.views import feature_names

__all__ = ["WordFeatures"]

_ROUNDING = 1e-5  # singular values below, beside the largest, are float32's rounding
# scikit-learn's own drops "I", "u", "!", ":)" and emoji, and takes a Chinese clause for a word
WORD = rf"(?u)[{UNSPACED}]|[^\W{UNSPACED}]+|[^\w\s]"


class WordFeatures(NamedOutput, BaseEstimator):
    """Turn texts into vectors by the words and characters that they are made of.

    Words and runs of characters are counted (TF-IDF), and the counts of both together are reduced
    to `n_components` by a truncated singular value decomposition (latent semantic analysis). It is
    no frozen encoder: vocabulary, weights and components are learned from the rows of `fit`, so it
    belongs inside the pipeline that is cross-validated, and its vectors are in no store. Beside a
    frozen encoder on the same column it adds what pretraining does not know: slang, names, other
    languages. In scripts that put no blanks between words (Chinese, Japanese, Thai) each sign
    counts as a word, so that single signs, pairs and longer runs are terms.

    Parameters
    ----------
    n_components : int, default=300
        Columns of the output. Where there are fewer texts or terms, or texts that are alike, it is
        as many as these tell apart, which `n_components_` says.
    words : (int, int) or None, default=(1, 2)
        Shortest and longest run of words that is a term; None counts no words.
    characters : (int, int) or None, default=(2, 5)
        Shortest and longest run of characters within a word that is a term; None counts none.
    min_df : int, default=2
        In how many texts of `fit` a term must be. Where none is in so many, one is enough.
    max_features : int or None, default=20000
        Most terms of each kind; the most frequent are kept. A fitted model holds a number for each
        term and component.
    lowercase : bool, default=True
        Whether case is ignored.
    random_state : int, default=0
        Seed of the decomposition.
    unicode : {"NFC", "NFKC"} or None, default="NFC"
        Unicode normalisation, as in `TextEncoder`, like all that follow.
    urls : {"keep", "token", "drop"}, default="keep"
        Links; ``"token"`` writes ``http``.
    mentions : {"keep", "token", "drop"}, default="keep"
        ``@name``; ``"token"`` writes ``@user``.
    hashtags : {"keep", "split", "drop"}, default="keep"
        ``#LoveThis``; ``"split"`` writes the words.
    emoji : {"keep", "name", "drop"}, default="keep"
        ``"name"`` writes their Unicode names.
    elongation : {"keep", "shorten"}, default="keep"
        ``"shorten"`` writes ``soooo`` as ``soo``.
    clean : callable, str or None, default=None
        A function of one's own, str → str, or its name as ``"module:function"``, by which saved
        models find it.
    on_error : {"raise", "missing"}, default="raise"
        What a broken cell does: an error that names it, or a row of NaN and one warning.

    Attributes
    ----------
    vectorizers_ : dict of str to TfidfVectorizer
        Those fitted: ``"words"`` and ``"characters"``; one that found no term is not there.
    projection_ : ndarray of shape (n_terms, n_components_), float32
        From terms to components.
    n_components_ : int
        Components that there are.
    n_features_out_ : int
        Columns of the output: `n_components_`.

    See Also
    --------
    hybridsent.TextEncoder : Pretrained features of texts.
    hybridsent.encoders.PresentCells : Any other vectorizer in place of this one.

    Notes
    -----
    A row depends on its own text alone, whatever rows are transformed beside it. A text of terms
    that `fit` has not seen is a row of zeros.

    References
    ----------
    Deerwester et al.: Indexing by Latent Semantic Analysis, JASIS 41(6), 1990.

    Examples
    --------
    >>> from hybridsent.lexical import WordFeatures
    >>> texts = ["good soup", "good film", None, "bad soup", "bad film"]
    >>> words = WordFeatures(n_components=2).fit(texts)
    >>> words.transform(texts).shape, words.get_feature_names_out().tolist()
    ((5, 2), ['text__0', 'text__1'])
    """

    modality: ClassVar[str] = "text"
    """What its cells are of."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "words": [tuple, list, None],
        "characters": [tuple, list, None],
        "min_df": [Interval(Integral, 1, None, closed="left")],
        "max_features": [Interval(Integral, 1, None, closed="left"), None],
        "lowercase": ["boolean"],
        "random_state": [Interval(Integral, 0, 2**32 - 1, closed="both")],
        **{name: TextEncoder._parameter_constraints[name] for name in (*POLICIES, "clean")},
        "on_error": [StrOptions({"raise", "missing"})],
    }

    def __init__(
        self,
        n_components: int = 300,
        *,
        words: tuple[int, int] | None = (1, 2),
        characters: tuple[int, int] | None = (2, 5),
        min_df: int = 2,
        max_features: int | None = 20000,
        lowercase: bool = True,
        random_state: int = 0,
        unicode: str | None = "NFC",
        urls: str = "keep",
        mentions: str = "keep",
        hashtags: str = "keep",
        emoji: str = "keep",
        elongation: str = "keep",
        clean: Any = None,
        on_error: str = "raise",
    ) -> None:
        self.n_components = n_components
        self.words = words
        self.characters = characters
        self.min_df = min_df
        self.max_features = max_features
        self.lowercase = lowercase
        self.random_state = random_state
        self.unicode = unicode
        self.urls = urls
        self.mentions = mentions
        self.hashtags = hashtags
        self.emoji = emoji
        self.elongation = elongation
        self.clean = clean
        self.on_error = on_error

    def fit(self, X: Any, y: Any = None) -> WordFeatures:
        """Learn terms, their weights and the components from the texts that are there.

        Parameters
        ----------
        X : DataFrame with one column, Series, list or array of shape (n,) or (n, 1)
            Cells; None, NaN and empty strings are missing. A cell with several texts is the mean of
            their vectors.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self
            The fitted transformer.

        Raises
        ------
        CellError
            If a cell is broken and ``on_error="raise"``.
        ValueError
            If no text is there, or none has a term.
        """
        self._validate_params()
        for name in ("words", "characters"):
            _check_lengths(name, getattr(self, name))
        cells = as_cells(X, "text")
        texts = _texts(self, cells).in_order()
        if not texts:
            raise ValueError(
                f"At least one text must be there to fit WordFeatures. All {len(cells)} cells are "
                "missing or broken; leave this view out."
            )
        self.vectorizers_, terms = self._learned(texts)
        _, sizes, found = randomized_svd(
            terms,
            min(self.n_components, *terms.shape),
            n_iter=5,
            random_state=self.random_state,
            flip_sign=True,
        )
        # texts that are alike leave components of rounding, which a scaler would make large
        self.n_components_ = max(1, int((sizes > _ROUNDING * sizes[0]).sum()))
        found = found[: self.n_components_]
        # as it is multiplied: transposed anew, one row would copy all of it
        self.projection_ = np.ascontiguousarray(found.T, dtype=np.float32)
        self.n_features_out_ = self.n_components_
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Give the components of texts.

        Parameters
        ----------
        X : DataFrame with one column, Series, list or array of shape (n,) or (n, 1)
            Cells; None, NaN and empty strings are missing. A cell with several texts is the mean of
            their vectors.

        Returns
        -------
        ndarray of shape (n, n_features_out_), float32
            A vector a row; NaN where the cell is missing (or broken, with ``on_error="missing"``).
            With ``set_output(transform="pandas")`` a DataFrame.

        Raises
        ------
        CellError
            If a cell is broken and ``on_error="raise"``; the message names row, column and cause.
        """
        check_is_fitted(self)
        cells = as_cells(X, "text")
        texts = _texts(self, cells)
        out = np.full((len(cells), self.n_features_out_), np.nan, dtype=np.float32)
        if texts.sound.any():
            vectors = self._terms([text or "" for text in texts.clean]) @ self.projection_
            for rows, which, weights in texts.spread.alike(texts.sound, vectors.shape[1]):
                out[rows] = mean_of(vectors, which, weights)
        return out

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns: ``text__0`` and so on.

        Parameters
        ----------
        input_features : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        check_is_fitted(self)
        return np.asarray(feature_names("text", self.n_features_out_), dtype=object)

    def _learned(self, texts: Sequence[str]) -> tuple[dict[str, TfidfVectorizer], csr_matrix]:
        """Fit the vectorizers of words and of characters, and count; one without terms is left out.

        Texts are cut into terms once: that is most of the time.
        """
        kinds = {
            "words": {"ngram_range": self.words, "token_pattern": WORD},
            "characters": {"ngram_range": self.characters, "analyzer": "char_wb"},
        }
        fitted, counted = {}, []
        for name, options in kinds.items():
            if options["ngram_range"] is None:
                continue
            for min_df in dict.fromkeys((self.min_df, 1)):
                vectorizer = TfidfVectorizer(
                    **{**options, "ngram_range": tuple(options["ngram_range"])},
                    min_df=min_df,
                    max_features=self.max_features,
                    lowercase=self.lowercase,
                    sublinear_tf=True,
                    dtype=np.float32,
                )
                try:
                    counted.append(vectorizer.fit_transform(texts))
                except ValueError:  # no term is in so many texts; the parameters are checked
                    continue
                fitted[name] = vectorizer
                break
        if not fitted:
            raise ValueError(
                "At least one text must have a term to fit WordFeatures. Got none in "
                f"{len(texts)} texts; count runs of words or characters that are shorter."
            )
        terms = hstack(counted, format="csr")
        terms.sort_indices()  # as `transform` gives them: sums in one order, to the last bit
        return fitted, terms

    def _terms(self, texts: Sequence[str]) -> csr_matrix:
        return hstack([each.transform(texts) for each in self.vectorizers_.values()], format="csr")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []
        return tags


@dataclass(frozen=True)
class _Texts:
    """What the cells of a column hold: each distinct text once, clean, or None."""

    spread: Spread
    clean: list[str | None]

    @property
    def sound(self) -> np.ndarray:
        return np.array([text is not None for text in self.clean], dtype=bool)

    def in_order(self) -> list[str]:
        """Give the texts of all rows, as often as they stand there."""
        texts = (self.clean[number] for number in self.spread.which)
        return [text for text in texts if text is not None]


def _texts(words: WordFeatures, cells: Cells) -> _Texts:
    """Clean the texts of a column; one without anything visible is missing, as for an encoder."""
    own = None if words.clean is None else function_of(words.clean)
    policies = {name: getattr(words, name) for name in POLICIES}
    spread = spread_of(cells, range(len(cells)), lists_in(cells, "text"), "text")
    items, broken = spread.items, dict[int, str]()
    clean: list[str | None] = [None] * len(items)
    for number, item in enumerate(items.values):
        try:
            clean[number] = load_text(item, clean=own, **policies)
        except EmptyTextError:
            continue
        except MediaError as error:
            broken[number] = f"{items.where(number)}: {error}"
            if words.on_error == "raise":
                raise items.refused(number, broken[number]) from error
    if broken:
        warnings.warn(items.counted(broken), CellWarning, stacklevel=depth_of_caller())
    return _Texts(spread, clean)


def _check_lengths(name: str, lengths: Any) -> None:
    """Refuse what is no shortest and longest run."""
    if lengths is None:
        return
    whole = all(isinstance(each, Integral) and not isinstance(each, bool) for each in lengths)
    if len(lengths) != 2 or not whole or not 1 <= lengths[0] <= lengths[1]:
        raise ValueError(
            f"The {name} parameter of WordFeatures must be None or a pair (shortest, longest) of "
            f"ints from 1. Got {lengths!r}; write for example (1, 2)."
        )
