"""Votes of several voters about the label of a row: counted, and joined (layer L0).

A voter is an annotator, or a labelling function. crowd-kit has algorithms for annotators, in long
form and on pandas; functions that abstain, labels that some rows have, and new rows, which a model
is applied to, it does not know. Everything here works on codes: an array of shape (n, m) with the
number of the class that a voter gave a row, and -1 where it gave none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_array
from scipy.special import logsumexp

from hybridsent._numerics.votes_reading import NO_VOTE, read_votes

__all__ = [
    "NO_VOTE",
    "VoteModel",
    "dawid_skene",
    "majority",
    "majority_codes",
    "one_hot_votes",
    "posterior",
    "read_votes",
    "vote_counts",
    "vote_patterns",
]

_FLOOR = 1e-12  # probability of what was never seen, where no prior gives it one


def vote_counts(codes: np.ndarray, n_classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Count the votes for each class.

    Parameters
    ----------
    codes : ndarray of int of shape (n, m)
        Votes, -1 where there is none.
    n_classes : int
        Classes.
    weights : ndarray of shape (m,) or None, default=None
        What a vote of each voter counts; None is 1.

    Returns
    -------
    ndarray of float64 of shape (n, n_classes)
        Sums of weights.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes import vote_counts
    >>> vote_counts(np.array([[0, 1, 1], [-1, -1, 0]]), 2).tolist()
    [[1.0, 2.0], [1.0, 0.0]]
    """
    codes = np.asarray(codes)
    counts = np.zeros((len(codes), n_classes))
    for j in range(codes.shape[1]):  # one voter at a time: no more memory than the result
        rows = np.flatnonzero(codes[:, j] >= 0)
        counts[rows, codes[rows, j]] += 1.0 if weights is None else weights[j]
    return counts


def majority(codes: np.ndarray, n_classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Share of the votes that each class has.

    Parameters
    ----------
    codes : ndarray of int of shape (n, m)
        Votes, -1 where there is none.
    n_classes : int
        Classes.
    weights : ndarray of shape (m,) or None, default=None
        What a vote of each voter counts, none below 0; None is 1.

    Returns
    -------
    ndarray of float64 of shape (n, n_classes)
        Shares, which sum to 1; NaN in a row that nobody voted on, or without weight.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes import majority
    >>> majority(np.array([[0, 1, 1, 1], [-1, -1, -1, -1]]), 2).tolist()
    [[0.25, 0.75], [nan, nan]]
    """
    counts = vote_counts(codes, n_classes, weights)
    total = counts.sum(axis=1, keepdims=True)
    shares = np.full_like(counts, np.nan)
    np.divide(counts, total, out=shares, where=total > 0)
    return shares


def majority_codes(
    codes: np.ndarray,
    n_classes: int,
    weights: np.ndarray | None = None,
    *,
    ties: Literal["class", "voter"] = "class",
) -> np.ndarray:
    """Tell which class has most votes.

    Whoever says "majority" asks here, and says how ties are broken.

    Parameters
    ----------
    codes : ndarray of int of shape (n, m)
        Votes, -1 where there is none.
    n_classes : int
        Classes.
    weights : ndarray of shape (m,) or None, default=None
        What a vote of each voter counts, none below 0; None is 1.
    ties : {"class", "voter"}, default="class"
        Of classes with equally many votes the first one, whatever the order of the voters; or what
        the first voter said who is for one of them, which favours no class: where two voters
        differ, the first class would always be found.

    Returns
    -------
    ndarray of int of shape (n,)
        Codes; -1 in a row that nobody voted on, or without weight.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes import majority_codes
    >>> codes = np.array([[1, 0, -1], [1, 0, 1], [-1, -1, -1]])
    >>> majority_codes(codes, 2).tolist(), majority_codes(codes, 2, ties="voter").tolist()
    ([0, 1, -1], [1, 1, -1])
    """
    codes = np.asarray(codes)
    counts = vote_counts(codes, n_classes, weights)
    most = counts.max(axis=1, initial=0.0, keepdims=True)
    best = counts >= most * (1 - 1e-12)  # weights whose sums differ by rounding alone are equal
    best &= most > 0
    if ties == "class":
        return np.where(best.any(axis=1), best.argmax(axis=1), -1)
    found = np.full(len(codes), -1)
    for j in reversed(range(codes.shape[1])):
        if weights is None or weights[j] > 0:
            rows = np.flatnonzero(codes[:, j] >= 0)
            rows = rows[best[rows, codes[rows, j]]]
            found[rows] = codes[rows, j]
    return found


def one_hot_votes(
    codes: np.ndarray, n_classes: int, abstain: np.ndarray | None = None
) -> csr_array:
    """Write votes as a sparse matrix of 0 and 1, a column for each voter and class.

    Parameters
    ----------
    codes : ndarray of int of shape (n, m)
        Votes, -1 where there is none.
    n_classes : int
        Classes.
    abstain : ndarray of bool of shape (m,) or None, default=None
        Voters of whom no vote is one more class, the last one; None is a matrix without that class.

    Returns
    -------
    csr_array of float64 of shape (n, m * c)
        Column ``j * c + l`` is 1 where voter j voted for class l; c is `n_classes`, or one more.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes import one_hot_votes
    >>> one_hot_votes(np.array([[0, 1], [-1, 0]]), 2).toarray().astype(int).tolist()
    [[1, 0, 0, 1], [0, 0, 1, 0]]
    """
    codes = np.asarray(codes)
    n, m = codes.shape
    width = n_classes if abstain is None else n_classes + 1
    there = codes >= 0 if abstain is None else (codes >= 0) | abstain
    code = np.where(codes >= 0, codes, n_classes)
    column = (code + np.arange(m) * width)[there]
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    return csr_array((np.ones(len(column)), column, starts), shape=(n, m * width))


def vote_patterns(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the rows of votes that are alike, so that each is computed with once.

    Parameters
    ----------
    codes : ndarray of int of shape (n, m)
        Votes, -1 where there is none.

    Returns
    -------
    first : ndarray of int of shape (p,)
        A row of each pattern; in an order that does not depend on that of the rows.
    pattern : ndarray of int of shape (n,)
        Which pattern each row has.
    counts : ndarray of float64 of shape (p,)
        Rows of each.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes import vote_patterns
    >>> first, pattern, counts = vote_patterns(np.array([[1, 0], [0, -1], [1, 0]]))
    >>> first.tolist(), pattern.tolist(), counts.tolist()
    ([1, 0], [1, 0, 1], [1.0, 2.0])
    """
    codes = np.ascontiguousarray(codes)
    n, m = codes.shape
    base = int(codes.max(initial=0)) + 2
    keys: np.ndarray
    if base**m < 2**62:  # one whole number says it all
        keys = (codes.astype(np.int64) + 1) @ (base ** np.arange(m, dtype=np.int64)[::-1])
    else:
        keys = codes.astype(">i4").view(f"V{4 * m}").ravel() if n else np.empty(0)
    _, first, pattern, counts = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    return np.asarray(first), np.asarray(pattern), counts.astype(np.float64)


@dataclass(frozen=True)
class VoteModel:
    """What was learned of voters: how often which class is, and what each voter says of it.

    Parameters
    ----------
    balance : ndarray of float64 of shape (k,)
        Probability of each class.
    tables : ndarray of float64 of shape (m, k, k + 1)
        Probability that voter j, of a row of class y, votes for class l, at ``[j, y, l]``; the last
        one of k + 1 is no vote, where that tells something, and else the others sum to 1.
    abstain : ndarray of bool of shape (m,)
        Of whom no vote tells something.
    accuracies : ndarray of float64 of shape (m,)
        Share of the votes of each that are right, as far as the probabilities tell; NaN for one who
        gave none.
    n_iter : int
        Iterations.
    converged : bool
        Whether the last one changed nothing any more.
    log_likelihood : float
        Of the votes, per row with votes or a known label, without the prior.
    probabilities : ndarray of float64 of shape (n, k)
        Of the rows that it was learned from; NaN where nobody voted and no label was known, and 1
        for a label that was known.
    """

    balance: np.ndarray
    tables: np.ndarray
    abstain: np.ndarray
    accuracies: np.ndarray
    n_iter: int
    converged: bool
    log_likelihood: float
    probabilities: np.ndarray


def dawid_skene(
    codes: np.ndarray,
    n_classes: int,
    *,
    known: np.ndarray | None = None,
    prior: float = 1.0,
    balance: np.ndarray | None = None,
    abstain: np.ndarray | None = None,
    max_iter: int = 1000,
    tol: float = 1e-9,
) -> VoteModel:
    """Learn from votes alone how good each voter is, and what each row is.

    The model: a row has class y with probability ``balance[y]``, and voter j says l of it with
    probability ``tables[j, y, l]``, whatever the others say. The posterior mode is found by EM,
    which starts from the majority: the classes from the tables, the tables from the classes, until
    the objective (log-likelihood and log-prior, a row) changes by less than `tol`. Where labels are
    known it starts from these alone, too, and the higher mode is taken: labels can tell that the
    majority is wrong. Rows with the same votes are computed once.

    Parameters
    ----------
    codes : ndarray of int of shape (n, m)
        Votes, -1 where there is none.
    n_classes : int
        Classes, k.
    known : ndarray of int of shape (n,) or None, default=None
        Codes of labels that are known, -1 where none is; they are kept.
    prior : float, default=1.0
        Votes that each voter is thought to have given already to each class: half of them right,
        the other half spread over all classes (a Dirichlet prior, less 1). 0 is the likelihood.
    balance : ndarray of shape (k,) or None, default=None
        Probability of each class, where it is known; None learns it.
    abstain : ndarray of bool of shape (m,) or None, default=None
        Voters of whom no vote tells something of the class, as of a function that fires for one
        class alone; of the others it is not looked at whether they vote. None is nobody.
    max_iter : int, default=1000
        Most iterations.
    tol : float, default=1e-9
        Where to stop.

    Returns
    -------
    VoteModel
        What was learned, and the probabilities of the rows.

    References
    ----------
    .. [1] A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using
       the EM algorithm", Applied Statistics 28, 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes import dawid_skene
    >>> truth = np.arange(300) % 2
    >>> rng = np.random.default_rng(0)
    >>> right = rng.random((300, 3)) < [0.9, 0.9, 0.6]
    >>> found = dawid_skene(np.where(right, truth[:, None], 1 - truth[:, None]), 2)
    >>> np.diagonal(found.tables, axis1=1, axis2=2).mean(axis=1).round(1)
    array([0.9, 0.9, 0.6])
    """
    codes = np.asarray(codes)
    m = codes.shape[1]
    known = np.full(len(codes), NO_VOTE, dtype=np.int32) if known is None else np.asarray(known)
    first, pattern, rows_of = vote_patterns(np.column_stack([codes, known]))
    votes, told = codes[first], known[first]
    used: np.ndarray = (votes >= 0).any(axis=1) | (told >= 0)
    counts = np.where(used, rows_of, 0.0)  # a row that nobody voted on says nothing of voters
    abstain = np.zeros(m, dtype=bool) if abstain is None else np.asarray(abstain, dtype=bool)
    hot = one_hot_votes(votes, n_classes, abstain)
    back = csr_array(hot.T)
    width = n_classes + 1
    pseudo = np.zeros((m, n_classes, width))
    pseudo[:, :, :n_classes] = np.eye(n_classes) * prior / 2
    pseudo[~abstain, :, :n_classes] += prior / (2 * n_classes)
    pseudo[abstain] += prior / (2 * width)
    fixed = None if balance is None else np.asarray(balance, dtype=np.float64)

    def clamped(found: np.ndarray) -> np.ndarray:
        found[told >= 0] = np.eye(n_classes)[told[told >= 0]]
        return found

    total = max(counts.sum(), 1.0)

    def climb(guess: np.ndarray) -> tuple[float, dict[str, Any]]:
        """Go up from probabilities of the rows; give the objective and what was found."""
        before, n_iter = -np.inf, 0
        while True:
            weighed = guess * counts[:, None]
            seen = (back @ weighed).reshape(m, width, n_classes).transpose(0, 2, 1)
            tables = seen + pseudo
            sums = tables.sum(axis=2, keepdims=True)
            tables = np.divide(tables, sums, out=np.full_like(tables, 1 / width), where=sums > 0)
            often = weighed.sum(axis=0) + prior / n_classes
            often = often / often.sum() if often.sum() else np.full(n_classes, 1 / n_classes)
            often = often if fixed is None else fixed
            logs = np.log(np.maximum(tables, _FLOOR))
            joint = _joint(hot, logs, often)
            rows = logsumexp(joint, axis=1)
            guess = clamped(np.exp(joint - rows[:, None]))
            ends = np.where(told >= 0, joint[np.arange(len(told)), np.maximum(told, 0)], rows)
            likelihood = float(ends @ counts) / total
            objective = likelihood + float((pseudo * logs).sum()) / total
            n_iter += 1
            if objective - before < tol or n_iter >= max_iter:
                break
            before = objective
        votes_of = seen[:, :, :n_classes].sum(axis=(1, 2))
        right = np.trace(seen[:, :, :n_classes], axis1=1, axis2=2)
        return objective, {
            "balance": often,
            "tables": tables,
            "accuracies": np.divide(right, votes_of, out=np.full(m, np.nan), where=votes_of > 0),
            "n_iter": n_iter,
            "converged": objective - before < tol,
            "log_likelihood": likelihood,
            "probabilities": np.where(used[:, None], guess, np.nan)[pattern],
        }

    start = majority(votes, n_classes)
    objective, found = climb(clamped(np.where(np.isnan(start), 1 / n_classes, start)))
    if (told >= 0).any():  # labels may tell that the majority is wrong
        other, from_labels = climb(clamped(np.zeros((len(votes), n_classes))))
        found = from_labels if other > objective else found
    return VoteModel(abstain=abstain, **found)


def posterior(
    codes: np.ndarray,
    balance: np.ndarray,
    tables: np.ndarray,
    abstain: np.ndarray | None = None,
) -> np.ndarray:
    """Give the probability of each class, from votes and what is known of the voters.

    Parameters
    ----------
    codes : ndarray of int of shape (n, m)
        Votes, -1 where there is none.
    balance : ndarray of shape (k,)
        Probability of each class.
    tables : ndarray of shape (m, k, k + 1)
        As `VoteModel` has it; rows need not sum to 1, and without `abstain` the last column may
        miss.
    abstain : ndarray of bool of shape (m,) or None, default=None
        Of whom no vote tells something; None is nobody.

    Returns
    -------
    ndarray of float64 of shape (n, k)
        Probabilities; NaN in a row that nobody voted on.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes import posterior
    >>> table = np.array([[[0.9, 0.1], [0.2, 0.8]]])
    >>> posterior(np.array([[0], [-1]]), np.array([0.5, 0.5]), table).round(3)
    array([[0.818, 0.182],
           [  nan,   nan]])
    """
    codes = np.asarray(codes)
    told = abstain if tables.shape[2] > tables.shape[1] else None
    if told is None:
        tables = tables[:, :, : tables.shape[1]]
    hot = one_hot_votes(codes, tables.shape[1], told)
    joint = _joint(hot, np.log(np.maximum(tables, _FLOOR)), balance)
    found = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    voted = np.asarray((codes >= 0).any(axis=1))
    return np.where(voted[:, None], found, np.nan)


def _joint(hot: csr_array, logs: np.ndarray, balance: np.ndarray) -> np.ndarray:
    """Log-probability of votes and class, of each row and class."""
    columns = logs.transpose(0, 2, 1).reshape(-1, logs.shape[1])
    return np.asarray(hot @ columns + np.log(np.maximum(balance, _FLOOR)))
