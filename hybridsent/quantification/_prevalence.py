"""Estimate the shares of classes in a window of answers (layer L3)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from hybridsent._notes import note
from hybridsent._numerics.clusters import Window, checked_weights, group_codes
from hybridsent.quantification._counting import count
from hybridsent.quantification._intervals import Variance, interval
from hybridsent.quantification._likelihood import calibrated, likeliest
from hybridsent.quantification._mixture import MISFIT, mixture_p_value
from hybridsent.quantification._moments import answered, solve
from hybridsent.quantification._reference import (
    Reference,
    checked_probabilities,
    codes_of,
)
from hybridsent.quantification._results import Estimate, Prevalence, Spread
from hybridsent.quantification._values import class_values, plain_label

__all__ = ["METHODS", "Method", "prevalence"]

Method = Literal["auto", "count", "mean", "acc", "pacc", "emq"]
METHODS = ("auto", "count", "mean", "acc", "pacc", "emq")
_UNCORRECTED = ("count", "mean")
_OF_PROBABILITIES = ("mean", "pacc", "emq")


def prevalence(
    probabilities: Any,
    predictions: Any = None,
    reference: Reference | None = None,
    *,
    method: Method = "auto",
    classes: Any = None,
    values: Mapping[Any, float] | None = None,
    confidence: float = 0.95,
    weights: Any = None,
    groups: Any = None,
) -> Prevalence:
    """Estimate the shares of classes in a window of answers, and the index that they make.

    Parameters
    ----------
    probabilities : array of shape (n, k) or None
        What the model told of each post, in the order of the classes; None for models that tell
        none.
    predictions : array of shape (n,) or None, default=None
        What the model said; None takes the most probable class.
    reference : Reference or None, default=None
        What the model mistakes; without it answers can only be counted.
    method : {"auto", "count", "mean", "acc", "pacc", "emq"}, default="auto"
        How the shares are found. ``"count"`` counts predictions and ``"mean"`` averages
        probabilities, both uncorrected. ``"acc"`` finds the shares that explain the counts by the
        confusion of the reference, ``"pacc"`` those that explain the mean probabilities, ``"emq"``
        those under which the probabilities, calibrated on the reference, are likeliest.
        ``"auto"`` is ``"pacc"``, ``"acc"`` without probabilities and ``"count"`` without a
        reference: see the notes.
    classes : sequence or None, default=None
        The labels, in the order of the probabilities; None takes those of the reference, else
        those of the predictions, sorted.
    values : mapping of label to number or None, default=None
        What a post of each class is worth in the index; None asks `class_values`, and there is no
        index where that knows none.
    confidence : float, default=0.95
        Probability with which each interval holds what is true.
    weights : array of shape (n,) or None, default=None
        How much each post counts.
    groups : array of shape (n,) or None, default=None
        Which posts belong together, such as those of one author: ten of one are not ten.

    Returns
    -------
    Prevalence
        Shares and index with intervals, and what they assume.

    Raises
    ------
    ValueError
        If there is no post, or answers, classes, weights or groups do not fit each other, or the
        method asks for what is not given.

    See Also
    --------
    compare_prevalences : Tells two windows apart.
    mean_of_numbers : The index of a model that tells numbers.

    Notes
    -----
    Intervals hold the noise of the window and that of the reference: each value of a share is
    asked whether the window speaks against it, with the variance it would have if it were true.

    All corrections assume prior shift, that the distribution of posts of a class is the one of the
    reference. It fails where people speak of other things (covariate shift) or mean other things by
    the same words (concept shift); ``fit`` tests it, by the histograms of all probabilities, and a
    note warns where it is below 0.01. It finds what changes answers in ways that no shares explain,
    not what looks like a change of shares.

    ``"auto"`` was chosen by simulation: the intervals of ``"pacc"`` held at every size, drift and
    quality of classifier that was tried, also where probabilities are not calibrated. Those of
    ``"emq"`` were narrower, and fell short where shares are near 0 and classes are many.

    References
    ----------
    Forman: Quantifying counts and costs via classification, Data Mining and Knowledge Discovery
    2008. Bella, Ferri, Hernández-Orallo, Ramírez-Quintana: Quantification via probability
    estimators, ICDM 2010. Saerens, Latinne, Decaestecker: Adjusting the outputs of a classifier to
    new a priori probabilities, Neural Computation 2002. Fieller: Some problems in interval
    estimation, Journal of the Royal Statistical Society B 1954.

    Examples
    --------
    >>> from hybridsent.quantification import Reference, prevalence
    >>> truth = ["neg"] * 100 + ["pos"] * 100
    >>> said = ["neg"] * 90 + ["pos"] * 10 + ["neg"] * 30 + ["pos"] * 70
    >>> reference = Reference.of(truth, said)
    >>> window = ["neg"] * 480 + ["pos"] * 520
    >>> told = prevalence(None, window, reference)
    >>> told.method, round(told.shares["pos"].value, 2)
    ('acc', 0.7)
    >>> round(prevalence(None, window, reference, method="count").shares["pos"].value, 2)
    0.52
    """
    if not isinstance(confidence, float) or not 0 < confidence < 1:
        raise ValueError(
            f"The confidence parameter of prevalence must be between 0 and 1. Got {confidence!r}."
        )
    labels = _labels(predictions, reference, classes)
    k = len(labels)
    p = checked_probabilities(probabilities, None, k)
    said = None if predictions is None else codes_of(predictions, labels, "predictions")
    if said is None:
        if p is None:
            raise ValueError(
                "prevalence needs probabilities or predictions, what a model answered. Got neither."
            )
        said = p.argmax(axis=1)
    n = len(said)
    if not n:
        raise ValueError("prevalence needs at least one post. Got none.")
    checked_probabilities(p, n, k)
    used = _method(method, p, reference)
    window = Window.of(n, checked_weights(weights, n), group_codes(groups, n))
    answers = p if used in _OF_PROBABILITIES and p is not None else np.eye(k)[said]
    found: Any
    if reference is None or used in _UNCORRECTED:
        found = count(window, answers, whole=used == "count")
    elif used == "emq":
        found = likeliest(_calibrated(reference), window, answers)
    else:
        found = solve(_answered(reference, used), window, answers)
    notes = [note("counted" if used in _UNCORRECTED else "assumes")]
    freedom = (window.freedom, _freedom(reference, used))
    singular = bool(getattr(found, "singular", False))

    def told(v: np.ndarray) -> tuple[Estimate, float]:
        per_post = window.per_post(found.influence(v, answers))
        if singular:
            return Estimate(float(v @ found.shares), float(v.min()), float(v.max())), 1 / per_post

        def variance(q: np.ndarray) -> Variance:
            one, other = found.variances(v, q)
            return Variance(one * per_post, other)

        return (
            interval(
                v,
                found.shares,
                found.centre,
                _direction(v, found.covariance()),
                variance,
                freedom,
                confidence,
            ),
            1 / per_post,
        )

    if singular:
        notes.append(note("singular"))
    each = {label: told(np.eye(k)[c]) for c, label in enumerate(labels)}
    worth, index, effective = _worth(labels, values, notes), None, each[labels[0]][1]
    if worth is not None:
        v = np.array([worth[label] for label in labels])
        index, effective = told(v)
    shares = {label: pair[0] for label, pair in each.items()}
    fit = None
    if reference is not None and used not in _UNCORRECTED and p is not None:
        fit = mixture_p_value(reference, window, p)
    if fit is not None and fit < MISFIT:
        notes.append(note("misfit", p=f"{fit:.2g}"))
    per_window = window.per_post(found.influence(np.arange(k, dtype=float), answers))
    load, error = found.loading()
    spread = Spread(
        found.centre,
        found.covariance() * max(per_window, 1 / effective),
        load,
        error,
        window.freedom,
        f"{used} {'' if reference is None else reference.key}",
    )
    return Prevalence(
        shares, index, worth, used, n, float(effective), confidence, fit, tuple(notes), spread
    )


def _labels(predictions: Any, reference: Reference | None, classes: Any) -> list[Any]:
    if reference is not None:
        labels = list(reference.classes)
        given = labels if classes is None else list(map(plain_label, classes))
        if given != labels:
            raise ValueError(
                f"The classes parameter must be those of the reference, {labels[:20]}, or left "
                f"out. Got {given[:20]}."
            )
        return labels
    if classes is not None:
        labels = list(map(plain_label, classes))
    elif predictions is not None:
        labels = list(map(plain_label, np.unique(np.asarray(predictions))))
    else:
        raise ValueError(
            "prevalence needs the classes parameter, the labels in the order of the probabilities, "
            "where neither predictions nor a reference tell them."
        )
    if len(labels) < 1 or len(set(labels)) < len(labels):
        raise ValueError(f"The classes must be different labels. Got {labels[:20]}.")
    return labels


def _method(method: str, p: np.ndarray | None, reference: Reference | None) -> str:
    if method not in METHODS:
        raise ValueError(
            f"The method parameter of prevalence must be one of {list(METHODS)}. Got {method!r}."
        )
    probable = p is not None and (reference is None or reference.probabilities is not None)
    if method == "auto":
        if reference is None:
            return "count"
        return "pacc" if probable else "acc"
    if method not in _UNCORRECTED and reference is None:
        raise ValueError(
            f"method={method!r} needs the reference parameter, what the model mistakes. Make one "
            "by hybridsent.scoring.reference_of, or take method='count', which corrects nothing."
        )
    if method in _OF_PROBABILITIES and (p is None or (method != "mean" and not probable)):
        where = "the window" if p is None else "the reference"
        raise ValueError(
            f"method={method!r} needs probabilities, and {where} has none. Take method='acc', "
            "which reads predictions alone."
        )
    return method


@lru_cache(maxsize=16)
def _answered(reference: Reference, method: str) -> Any:
    k = len(reference.classes)
    p = reference.probabilities
    values = np.eye(k)[reference.predicted] if method == "acc" or p is None else p
    return answered(reference, values[:, : k - 1])


@lru_cache(maxsize=16)
def _calibrated(reference: Reference) -> Any:
    return calibrated(reference)


def _freedom(reference: Reference | None, method: str) -> float:
    if reference is None or reference.groups is None or method in _UNCORRECTED:
        return np.inf
    return float(max(len(np.unique(reference.groups)) - 1, 1))


def _direction(v: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Tell how the shares move where chance moves their sum by one."""
    moved = covariance @ v
    along = float(v @ moved)
    if along > 1e-12:
        return np.asarray(moved / along)
    apart = v - v.mean()
    return np.asarray(apart / max(float(apart @ v), 1e-300))


def _worth(
    labels: list[Any], values: Mapping[Any, float] | None, notes: list[str]
) -> dict[Any, float] | None:
    """Tell what the classes are worth; a note where nobody knows."""
    if values is not None:
        return class_values(labels, values)
    try:
        return class_values(labels)
    except ValueError as error:
        notes.append(note("no_index", why=f"{str(error)[0].lower()}{str(error)[1:]}"))
        return None
