"""Label models from agreements of pairs: triplets in closed form, and MeTaL (layer L0).

snorkel solves MeTaL by gradient steps of torch from a random start, and is no longer kept up;
flyingsquid knows two classes and votes that tell both. Here the same equations are solved without
random numbers, by L-BFGS of SciPy and in closed form.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment, minimize
from scipy.sparse import csr_array

from hybridsent._numerics.votes import one_hot_votes, vote_patterns

__all__ = [
    "metal_loss",
    "metal_start",
    "metal_tables",
    "pair_moments",
    "triplet_tables",
    "triplets",
]

_LEAST = 1e-3
"""Of a probability in closed form; a product of them is not 0 for what was never seen."""


def pair_moments(codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Share of the rows in which two votes were given, for each two of voter and class.

    Parameters
    ----------
    codes : ndarray of int of shape (n, m)
        Votes, -1 where there is none.
    n_classes : int
        Classes, k.

    Returns
    -------
    ndarray of float64 of shape (m * k, m * k)
        O = L'L / n, with L as `one_hot_votes` gives it; the diagonal says how often each voter
        votes for each class.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes_moments import pair_moments
    >>> pair_moments(np.array([[0, 0], [1, -1]]), 2).tolist()[0]
    [0.5, 0.0, 0.5, 0.0]
    """
    first, _, counts = vote_patterns(codes)
    hot = one_hot_votes(np.asarray(codes)[first], n_classes)
    weighed = csr_array(hot.T * counts) @ hot
    return np.asarray(weighed.toarray()) / max(len(codes), 1)


# -- triplets --------------------------------------------------------------------------------------


def triplets(moments: np.ndarray) -> np.ndarray:
    r"""Solve :math:`M_{ij} = a_i a_j` for a, by every two others of each, in closed form.

    .. math:: |a_i| = \operatorname{median}_{j, k} \sqrt{|M_{ij} M_{ik} / M_{jk}|}

    Signs are those of the first eigenvector of M without its diagonal, turned so that a has a
    positive sum: the voters are right more often than not, taken together, and one of them may be
    wrong more often than not.

    Parameters
    ----------
    moments : ndarray of shape (m, m)
        M, symmetric; its diagonal is not looked at. m is at least 3.

    Returns
    -------
    ndarray of shape (m,)
        a; 0 where no pair of others tells.

    References
    ----------
    .. [1] D. Fu, M. Chen, F. Sala, S. Hooper, K. Fatahalian, C. Re, "Fast and three-rious: speeding
       up weak supervision with triplet methods", ICML 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes_moments import triplets
    >>> a = np.array([0.8, 0.6, -0.2, 0.4])
    >>> triplets(np.outer(a, a)).round(6).tolist()
    [0.8, 0.6, -0.2, 0.4]
    """
    m = len(moments)
    M = np.array(moments, dtype=np.float64)
    np.fill_diagonal(M, 0.0)
    found = np.zeros(m)
    for i in range(m):
        others = np.delete(np.arange(m), i)
        j, k = np.triu_indices(m - 1, 1)
        j, k = others[j], others[k]
        told = M[j, k] != 0
        if told.any():
            j, k = j[told], k[told]
            found[i] = np.median(np.sqrt(np.abs(M[i, j] * M[i, k] / M[j, k])))
    signs = np.sign(np.linalg.eigh(M)[1][:, -1])
    found *= np.where(signs == 0, 1.0, signs)
    return found if found.sum() >= 0 else -found


def triplet_tables(codes: np.ndarray, n_classes: int, balance: np.ndarray) -> np.ndarray:
    r"""Learn what each voter says of each class, in closed form.

    For a class y, let :math:`\lambda_i` be 1 where voter i votes for it, -1 where it votes for
    another, 0 where it does not vote. If voters are independent given whether a row is of y, with
    :math:`p = P(y)` and :math:`\delta_i = E[\lambda_i | y] - E[\lambda_i | \text{not } y]`,

    .. math:: \operatorname{Cov}(\lambda_i, \lambda_j) = p (1 - p)\, \delta_i \delta_j,

    which `triplets` solves; with any other :math:`f` of the vote of voter i,
    :math:`\operatorname{Cov}(f, \lambda_j) = p (1 - p)\, \delta_f \delta_j` then tells
    :math:`E[f | y] = E[f] + (1 - p)\, \delta_f`. Where classes are as frequent and each voter is
    as good on both, this is the formula of Fu et al., of uncentred moments; functions that vote for
    one class alone are told right, too. For two classes it is exact; for more, a class is told from
    all others together, which are not quite independent.

    Parameters
    ----------
    codes : ndarray of int of shape (n, m)
        Votes, -1 where there is none; m is at least 3.
    n_classes : int
        Classes, k.
    balance : ndarray of shape (k,)
        Probability of each class.

    Returns
    -------
    ndarray of float64 of shape (m, k, k)
        Probability that voter j votes for l where a row is of class y, at ``[j, y, l]``; what is
        left to 1 is no vote.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes_moments import triplet_tables
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(0, 2, 4000)
    >>> right = rng.random((4000, 3)) < [0.9, 0.8, 0.7]
    >>> codes = np.where(right, truth[:, None], 1 - truth[:, None])
    >>> triplet_tables(codes, 2, np.array([0.5, 0.5]))[:, 0, 0].round(1)
    array([0.9, 0.8, 0.7])
    """
    codes = np.asarray(codes)
    m, k = codes.shape[1], n_classes
    pairs = pair_moments(codes, k)
    often = np.diagonal(pairs).copy()
    C = pairs - np.outer(often, often)
    tables = np.zeros((m, k, k))
    for y in range(k):
        p = float(balance[y])
        spread = max(p * (1 - p), 1e-12)
        side = -np.ones(k)
        side[y] = 1.0
        onto = np.kron(np.eye(m), side)  # (m, m k): from indicators to 1, -1 and 0
        voted = np.kron(np.eye(m), np.ones(k))
        with_votes = C @ onto.T / spread  # of each indicator with each vote
        delta = triplets(onto @ with_votes)
        for j in range(m):
            others = np.arange(m) != j
            weight = delta[others] / max(float(delta[others] @ delta[others]), 1e-12)
            shift = with_votes[j * k : (j + 1) * k, others] @ weight
            of_any = float((voted[j] @ with_votes)[others] @ weight)
            rest = np.arange(k) != y
            share = np.full(k - 1, 1 / (k - 1))
            mine, theirs = (of_any + delta[j]) / 2, (of_any - delta[j]) / 2
            shift[rest] += (theirs - shift[rest].sum()) * share
            shift[y] = mine
            tables[j, y] = often[j * k : (j + 1) * k] + (1 - p) * shift
    return _probabilities(tables)


def _probabilities(tables: np.ndarray) -> np.ndarray:
    """Bring estimates among the probabilities: none below a little, no sum over 1."""
    found = np.maximum(tables, _LEAST)
    return np.asarray(found / np.maximum(found.sum(axis=2, keepdims=True), 1.0))


# -- MeTaL -----------------------------------------------------------------------------------------


def metal_loss(
    mu: np.ndarray,
    pairs: np.ndarray,
    balance: np.ndarray,
    start: np.ndarray,
    l2: float = 0.0,
) -> tuple[float, np.ndarray]:
    r"""Give MeTaL's objective and its gradient.

    With O of `pair_moments`, P = diag(p) and the mask of all entries of two different voters,

    .. math:: \| (O - \mu P \mu')_{mask} \|^2 + \| \mu p - \operatorname{diag} O \|^2
        + \| l_2 (\mu - \mu_0) \|^2.

    Parameters
    ----------
    mu : ndarray of shape (m * k, k)
        Probability of a vote, row ``j * k + l``, given the class, the column.
    pairs : ndarray of shape (m * k, m * k)
        As `pair_moments` gives it.
    balance : ndarray of shape (k,)
        p.
    start : ndarray of shape (m * k, k)
        The start, to which `l2` draws.
    l2 : float, default=0.0
        How much.

    Returns
    -------
    loss : float
        The objective.
    gradient : ndarray of shape (m * k, k)
        Its gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes_moments import metal_loss
    >>> mu = np.array([[0.8, 0.2], [0.2, 0.8], [0.6, 0.4], [0.4, 0.6]])
    >>> p = np.array([0.5, 0.5])
    >>> pairs = mu @ np.diag(p) @ mu.T
    >>> pairs[[0, 1, 2, 3], [0, 1, 2, 3]] = mu @ p
    >>> metal_loss(mu, pairs, p, mu)[0]
    0.0
    """
    k = len(balance)
    voter = np.arange(len(mu)) // k
    weighed = mu * balance
    gap = np.where(voter[:, None] == voter, 0.0, pairs - weighed @ mu.T)
    margin = mu @ balance - np.diagonal(pairs)
    away = l2 * (mu - start)
    loss = float((gap**2).sum() + (margin**2).sum() + (away**2).sum())
    return loss, -4 * gap @ weighed + 2 * np.outer(margin, balance) + 2 * l2 * away


def metal_start(pairs: np.ndarray, balance: np.ndarray, prec_init: float = 0.7) -> np.ndarray:
    r"""Give the start of MeTaL: every vote is right with one probability.

    Parameters
    ----------
    pairs : ndarray of shape (m * k, m * k)
        As `pair_moments` gives it.
    balance : ndarray of shape (k,)
        Probability of each class.
    prec_init : float, default=0.7
        Probability that a vote is right.

    Returns
    -------
    ndarray of shape (m * k, k)
        :math:`\mu_0`: for votes for the class of the column :math:`O_{ii} \cdot prec / p`, at most
        1; for others 0.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes_moments import metal_start
    >>> metal_start(np.diag([0.5, 0.5]), np.array([0.5, 0.5])).tolist()
    [[0.7, 0.0], [0.0, 0.7]]
    """
    k = len(balance)
    votes_for = np.tile(np.eye(k), (len(pairs) // k, 1))
    start = votes_for * np.diagonal(pairs)[:, None] * prec_init / balance
    return np.asarray(np.clip(start, 0, 1))


def metal_tables(
    codes: np.ndarray,
    n_classes: int,
    balance: np.ndarray,
    *,
    l2: float = 0.0,
    prec_init: float = 0.7,
    max_iter: int = 1000,
    tol: float = 1e-7,
) -> tuple[np.ndarray, int, bool]:
    """Learn what each voter says of each class, by MeTaL.

    The objective of `metal_loss` is minimised by L-BFGS-B with probabilities between 0 and 1, from
    `metal_start` on; snorkel takes gradient steps from a random multiple of that start. Columns are
    then put in the order in which votes are right most often, among classes that are as frequent
    (the Hungarian method), as snorkel does.

    Parameters
    ----------
    codes : ndarray of int of shape (n, m)
        Votes, -1 where there is none; m is at least 3.
    n_classes : int
        Classes, k.
    balance : ndarray of shape (k,)
        Probability of each class.
    l2 : float, default=0.0
        How much the start draws.
    prec_init : float, default=0.7
        Probability, at the start, that a vote is right.
    max_iter : int, default=1000
        Most iterations.
    tol : float, default=1e-7
        Where to stop: the change of the objective, as a share of it.

    Returns
    -------
    tables : ndarray of float64 of shape (m, k, k)
        Probability that voter j votes for l where a row is of class y, at ``[j, y, l]``.
    n_iter : int
        Iterations.
    converged : bool
        Whether L-BFGS-B ended by itself.

    References
    ----------
    .. [1] A. Ratner, B. Hancock, J. Dunnmon, F. Sala, S. Pandey, C. Re, "Training complex models
       with multi-task weak supervision", AAAI 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.votes_moments import metal_tables
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(0, 2, 4000)
    >>> right = rng.random((4000, 3)) < [0.9, 0.8, 0.7]
    >>> codes = np.where(right, truth[:, None], 1 - truth[:, None])
    >>> metal_tables(codes, 2, np.array([0.5, 0.5]))[0][:, 0, 0].round(1)
    array([0.9, 0.8, 0.7])
    """
    balance = np.asarray(balance, dtype=np.float64)
    pairs = pair_moments(codes, n_classes)
    start = metal_start(pairs, balance, prec_init)
    shape = start.shape

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = metal_loss(flat.reshape(shape), pairs, balance, start, l2)
        return loss, gradient.ravel()

    told = minimize(
        objective,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, 1.0)] * start.size,
        options={"maxiter": max_iter, "maxfun": 4 * max_iter, "ftol": tol / 100, "gtol": 1e-9},
    )
    mu = told.x.reshape(shape)[:, _best_order(told.x.reshape(shape), balance)]
    least = min(0.01, 10.0 ** -np.ceil(np.log10(max(len(codes), 1))))  # snorkel's
    tables = np.clip(mu, least, 1 - least).reshape(-1, n_classes, n_classes).transpose(0, 2, 1)
    return np.ascontiguousarray(tables), int(told.nit), bool(told.success)


def _best_order(mu: np.ndarray, balance: np.ndarray) -> np.ndarray:
    """Order of the columns, among classes as frequent, in which most votes are right."""
    k = len(balance)
    right = mu.reshape(-1, k, k).sum(axis=0) * balance  # votes for the row, of the column
    alike = np.abs(balance[:, None] - balance) < 1e-3
    return np.asarray(linear_sum_assignment(np.where(alike, -right, np.inf))[1])
