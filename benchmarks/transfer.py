"""Transfer methods against skada 0.6, on the same rows.

    python benchmarks/transfer.py [--rounds N] [--full] [--json FILE]

5,000 rows of a source and 5,000 of a target, 384 columns: twenty factors whose mean and spread differ between the
domains, and noise. Each way fits, and adapts or weighs the rows of `fit`, after it has done so once with a few hundred
rows, so that starting threads and finding libraries does not count. What is compared beside the seconds:

CORAL, SA     the adapted rows, of a second run in float64: in float32 each is 1e-4 from it
TCA           the objective, tr((W'(KLK + I/mu)W)^-1 W'KHKW), of W as it was found: skada hands a matrix that is not
              symmetric to a solver for symmetric ones, so its W is not the optimum. With --full: it takes minutes
KMM           the objective, which is to be small: skada's Frank-Wolfe iteration stops before the optimum
KMM, up to 2  the objective where half of the weights are at their bound, against SciPy's L-BFGS-B on the same problem,
              with the kernel of scikit-learn
KLIEP         the mean logarithm of the ratio at the target rows, which is to be large: skada's step is 2e-16
discriminator nothing: ours holds rows out five times, skada's fits once and divides the wrong way round. The same
              work as ours is scikit-learn's `cross_val_predict` and one more fit, whose ratios are compared
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _agreement import largest_difference
from _harness import Benchmark, Way, main, timed
from _report import Goal, Report

GAMMA = 1 / 384  # skada's default
GAMMAS = [GAMMA / 4, GAMMA / 2, GAMMA, 2 * GAMMA, 4 * GAMMA]
METHODS = ("CORAL", "SA", "TCA", "KMM", "KLIEP", "discriminator")
REWEIGHTERS = ("KMM", "KLIEP", "discriminator")
ROWS = ("CORAL", "SA")  # judged by their rows
LONG = ("TCA",)
FOLDS = "cross-fitted discriminator: scikit-learn"
BOUNDED = "KMM, weights up to 2: SciPy"
OURS_BOUNDED = "KMM, weights up to 2: hybridsent"
OURS_RAW = "cross-fitted discriminator: hybridsent"


def make(folder: Path, quick: bool) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    n, p, k = (300 if quick else 5_000), 384, 20
    W = rng.standard_normal((k, p)) / np.sqrt(k)
    Z = rng.standard_normal((2 * n, k))
    Z[n:] = 0.8 * Z[n:] + 0.4 * rng.standard_normal(k)
    np.save(folder / "X.npy", (Z @ W + 0.5 * rng.standard_normal((2 * n, p))).astype(np.float32))
    return {"source": n, "target": n, "columns": p}


def rows(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    X = np.load(folder / "X.npy")
    return X, np.arange(len(X)) >= len(X) // 2


def few(values: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Some rows of both domains."""
    return np.concatenate([values[target == side][:250] for side in (False, True)])


# -- the two libraries


def _skada(method: str) -> Any:
    import skada

    return {
        "CORAL": lambda: skada.CORALAdapter(reg=0.5),
        "SA": lambda: skada.SubspaceAlignmentAdapter(n_components=50, random_state=0),
        "TCA": lambda: skada.TransferComponentAnalysisAdapter(n_components=30, mu=0.1),
        "KMM": lambda: skada.KMMReweightAdapter(gamma=GAMMA),
        "KLIEP": lambda: skada.KLIEPReweightAdapter(gamma=list(GAMMAS), random_state=0),
        "discriminator": lambda: skada.DiscriminatorReweightAdapter(),
    }[method]()


def _ours(method: str) -> Any:
    from hybridsent import transfer

    return {
        "CORAL": lambda: transfer.CORAL(shrinkage=0.5),
        "SA": lambda: transfer.SubspaceAlignment(50),
        "TCA": lambda: transfer.TCA(30, kernel="rbf", gamma=GAMMA, mu=10.0, n_landmarks=None),
        "KMM": lambda: transfer.KMM(GAMMA),
        "KLIEP": lambda: transfer.KLIEP(GAMMAS),
        "discriminator": lambda: transfer.DomainClassifier(),
    }[method]()


def skada_way(folder: Path, *, method: str) -> dict[str, Any]:
    import warnings

    model = _skada(method)
    X, target = rows(folder)
    domain = np.where(target, -2, 1)

    def work() -> Any:
        if method not in REWEIGHTERS:
            return model.fit_transform(X, sample_domain=domain)
        model.fit(X, sample_domain=domain)
        return model.compute_weights(X, sample_domain=domain)

    everything = X, domain
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of iterations that were not enough
        X, domain = few(X, target), few(domain, target)
        work()
        X, domain = everything
        figures, found = timed(work)
        if method in ROWS:
            X = X.astype(np.float64)
            found = work()
    W = getattr(model, "eigvects_", None)
    return {**figures, "output": judged(method, X, target, np.asarray(found), W, centred=True)}


def our_way(folder: Path, *, method: str, raw: bool = False) -> dict[str, Any]:
    model = _ours(method)
    if raw:
        model.set_params(calibrate=False, clip=None)
    X, target = rows(folder)
    y = np.where(target, -1, 0)

    def work() -> Any:
        if method not in REWEIGHTERS:
            return model.fit_transform(X, y)
        return model.fit(X, y).sample_weight_

    everything = X, y
    X, y = few(X, target), few(y, target)
    work()
    X, y = everything
    figures, found = timed(work)
    if raw:
        return {**figures, "output": np.log(found[~target])[:, None]}
    if method in ROWS:
        X = X.astype(np.float64)
        found = work()
    W = getattr(model, "coef_", None)
    return {**figures, "output": judged(method, X, target, np.asarray(found), W, centred=False)}


def fold_by_fold(folder: Path) -> dict[str, Any]:
    """The domain classifier of hybridsent as one writes it with scikit-learn."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, target = rows(folder)
    estimator = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)

    def work() -> Any:
        held_out = cross_val_predict(estimator, X, target, cv=folds, method="predict_proba")
        return estimator.fit(X, target), held_out

    cross_val_predict(estimator, few(X, target), few(target, target), method="predict_proba")
    figures, (_, held_out) = timed(work)
    return {**figures, "output": np.log(held_out[~target, 1:] / held_out[~target, :1])}


def bounded_by_scipy(folder: Path) -> dict[str, Any]:
    """Weights of KMM up to 2, of which half are at a bound, by SciPy alone."""
    from scipy.optimize import minimize
    from sklearn.metrics.pairwise import rbf_kernel

    X, target = rows(folder)

    def work(X: np.ndarray, target: np.ndarray) -> np.ndarray:
        X = X.astype(np.float64)
        source = X[~target]
        kernel, n = rbf_kernel(source, gamma=GAMMA), len(source)
        linear = n * rbf_kernel(source, X[target], gamma=GAMMA).mean(axis=1)
        unit = linear.max() * n

        def value(b: np.ndarray) -> tuple[float, np.ndarray]:
            image = kernel @ b
            return (b @ image / 2 - linear @ b) / unit, (image - linear) / unit

        options = {"maxiter": 3000, "maxfun": 6000, "ftol": 1e-15, "gtol": 1e-9 / n}
        start, bounds = np.ones(n), [(0, 2)] * n
        return minimize(value, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x

    work(few(X, target), few(target, target))
    figures, found = timed(lambda: work(X, target))
    return {**figures, "output": np.array([[kmm_objective(X, target, found)]])}


def bounded_by_us(folder: Path) -> dict[str, Any]:
    from hybridsent.transfer import KMM

    X, target = rows(folder)
    y = np.where(target, -1, 0)
    model = KMM(GAMMA, upper=2.0)
    model.fit(few(X, target), few(y, target))
    figures, found = timed(lambda: model.fit(X, y).sample_weight_)
    return {**figures, "output": np.array([[kmm_objective(X, target, found[~target])]])}


# -- what they found, in numbers that can be compared


def judged(
    method: str, X: np.ndarray, target: np.ndarray, found: np.ndarray, W: Any, *, centred: bool
) -> np.ndarray | None:
    measure: dict[str, Callable[[], Any]] = {
        # skada takes the mean off both domains; ours keeps that of the target
        "CORAL": lambda: found[~target] - (0 if centred else X[target].mean(axis=0)),
        "SA": lambda: np.abs(found),  # signs are free
        "TCA": lambda: [[tca_objective(X, target, W)]],
        "KMM": lambda: [[kmm_objective(X, target, found[~target])]],
        "KLIEP": lambda: None,
        "discriminator": lambda: None,
    }
    out = measure[method]()
    return None if out is None else np.asarray(out, dtype=np.float64)


def kmm_objective(X: np.ndarray, target: np.ndarray, weights: np.ndarray) -> float:
    from sklearn.metrics.pairwise import rbf_kernel

    source = X[~target].astype(np.float64)
    matched = rbf_kernel(source, X[target].astype(np.float64), gamma=GAMMA).mean(axis=1)
    kernel = rbf_kernel(source, gamma=GAMMA)
    return float(weights @ kernel @ weights / 2 - len(source) * (matched @ weights)) / len(source)


def tca_objective(X: np.ndarray, target: np.ndarray, W: np.ndarray) -> float:
    from sklearn.metrics.pairwise import rbf_kernel

    order = np.argsort(target, kind="stable")  # skada's order: the source first
    K = rbf_kernel(X[order].astype(np.float64), gamma=GAMMA)
    Z = K @ W
    gap = Z[~target[order]].mean(axis=0) - Z[target[order]].mean(axis=0)
    centred = Z - Z.mean(axis=0)
    return float(np.trace(np.linalg.solve(W.T @ W + 0.1 * np.outer(gap, gap), centred.T @ centred)))


def name(library: str, method: str) -> str:
    return f"{method}: {library}"


WAYS = (
    *(
        Way(
            name(library, method),
            partial(way, method=method),
            name("skada", method),
            long=method in LONG,
        )
        for method in METHODS
        for library, way in (("skada", skada_way), ("hybridsent", our_way))
    ),
    Way(BOUNDED, bounded_by_scipy, BOUNDED),
    Way(OURS_BOUNDED, bounded_by_us, BOUNDED),
    Way(FOLDS, fold_by_fold, FOLDS),
    Way(OURS_RAW, partial(our_way, method="discriminator", raw=True), FOLDS),
)


def goals(report: Report) -> list[Goal]:
    found = []
    for method in METHODS:
        ours, theirs = name("hybridsent", method), name("skada", method)
        wanted = 5 if method in REWEIGHTERS else 1
        found.append(Goal(f"{method} against skada", wanted, report.ratio(ours, theirs)))
    same_work = report.ratio(OURS_RAW, FOLDS)
    found.append(Goal("cross-fitted discriminator against scikit-learn", 5, same_work))
    bounded = report.ratio(OURS_BOUNDED, BOUNDED)
    found.append(Goal("KMM, weights up to 2, against SciPy's L-BFGS-B", 1.5, bounded))
    difference = report.agreements.get(OURS_BOUNDED)
    found.append(Goal("KMM, weights up to 2: objective", 3e-10, difference, at_least=False))
    for method in ROWS:
        difference = report.agreements.get(name("hybridsent", method))
        found.append(Goal(f"{method}: difference of rows", 1e-4, difference, at_least=False))
    return found


BENCHMARK = Benchmark(
    "transfer",
    WAYS,
    make,
    goals,
    agreement=largest_difference,
    agreement_name="largest difference, relative to the largest of its column",
    worst=max,
    rounds=3,
)

if __name__ == "__main__":
    main(BENCHMARK)
