"""Judge any estimator on a table of posts, search among several, and judge transfer (layer L5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent._numerics.discrepancy import (
        MMDTest,
        maximum_mean_discrepancy,
        mmd_permutation_test,
    )
    from hybridsent.evaluation._evaluate import evaluate
    from hybridsent.evaluation._search import search
    from hybridsent.evaluation.comparisons._compare import compare
    from hybridsent.evaluation.comparisons._comparison import Comparison, Pair
    from hybridsent.evaluation.confidence._calibration import calibration
    from hybridsent.evaluation.confidence._conformal import coverage_report
    from hybridsent.evaluation.confidence._covered import CoverageReport, Covered
    from hybridsent.evaluation.confidence._reliability import Calibration, ReliabilityBin
    from hybridsent.evaluation.curves._active_curve import ActiveCurve, Needed, active_curve
    from hybridsent.evaluation.curves._curve import Curve, CurvePoint
    from hybridsent.evaluation.curves._curves import cost_curve, label_curve
    from hybridsent.evaluation.curves._robustness import missing_curve, noise_curve
    from hybridsent.evaluation.fits._models import unadapted
    from hybridsent.evaluation.fits._nesting import encoders_of
    from hybridsent.evaluation.fits._shelf import sharing_fits
    from hybridsent.evaluation.leaks._check import Check, check, near_duplicates
    from hybridsent.evaluation.measures._intervals import Interval
    from hybridsent.evaluation.measures._metric_names import list_metrics, register_metric
    from hybridsent.evaluation.report._card import model_card
    from hybridsent.evaluation.report._page import make_report
    from hybridsent.evaluation.report._shell import Report
    from hybridsent.evaluation.results._evaluation import Evaluation
    from hybridsent.evaluation.results._findings import Finding
    from hybridsent.evaluation.results._gains import Gain
    from hybridsent.evaluation.results._out_of_fold import OutOfFold
    from hybridsent.evaluation.results._result import Score
    from hybridsent.evaluation.results._search_result import Searched, SearchResult
    from hybridsent.evaluation.rows._columns import feature_columns, unread_columns
    from hybridsent.evaluation.rows._label_columns import as_labels
    from hybridsent.evaluation.rows._labelled import LabeledTable, check_target_is_told
    from hybridsent.evaluation.rows._labelled_scores import LabeledSplit, labeled_scorer
    from hybridsent.evaluation.rows._read_labels import read_labels
    from hybridsent.evaluation.shares._contribution import Contributions, Decisions
    from hybridsent.evaluation.shares._contributions import contributions
    from hybridsent.evaluation.transfer._a_distance import proxy_a_distance
    from hybridsent.evaluation.transfer._report import transfer_report
    from hybridsent.evaluation.transfer._result import Shift, TransferPair, TransferReport
    from hybridsent.evaluation.transfer._scorers import (
        importance_weighted_score,
        prediction_entropy_score,
        soft_neighborhood_density_score,
    )

_HOMES = {
    "ActiveCurve": "hybridsent.evaluation.curves._active_curve",
    "Calibration": "hybridsent.evaluation.confidence._reliability",
    "Check": "hybridsent.evaluation.leaks._check",
    "Comparison": "hybridsent.evaluation.comparisons._comparison",
    "Contributions": "hybridsent.evaluation.shares._contribution",
    "CoverageReport": "hybridsent.evaluation.confidence._covered",
    "Covered": "hybridsent.evaluation.confidence._covered",
    "Curve": "hybridsent.evaluation.curves._curve",
    "CurvePoint": "hybridsent.evaluation.curves._curve",
    "Decisions": "hybridsent.evaluation.shares._contribution",
    "Evaluation": "hybridsent.evaluation.results._evaluation",
    "Finding": "hybridsent.evaluation.results._findings",
    "Gain": "hybridsent.evaluation.results._gains",
    "Interval": "hybridsent.evaluation.measures._intervals",
    "LabeledSplit": "hybridsent.evaluation.rows._labelled_scores",
    "LabeledTable": "hybridsent.evaluation.rows._labelled",
    "MMDTest": "hybridsent._numerics.discrepancy",
    "Needed": "hybridsent.evaluation.curves._active_curve",
    "OutOfFold": "hybridsent.evaluation.results._out_of_fold",
    "Pair": "hybridsent.evaluation.comparisons._comparison",
    "ReliabilityBin": "hybridsent.evaluation.confidence._reliability",
    "Report": "hybridsent.evaluation.report._shell",
    "Score": "hybridsent.evaluation.results._result",
    "SearchResult": "hybridsent.evaluation.results._search_result",
    "Searched": "hybridsent.evaluation.results._search_result",
    "Shift": "hybridsent.evaluation.transfer._result",
    "TransferPair": "hybridsent.evaluation.transfer._result",
    "TransferReport": "hybridsent.evaluation.transfer._result",
    "active_curve": "hybridsent.evaluation.curves._active_curve",
    "as_labels": "hybridsent.evaluation.rows._label_columns",
    "calibration": "hybridsent.evaluation.confidence._calibration",
    "check": "hybridsent.evaluation.leaks._check",
    "check_target_is_told": "hybridsent.evaluation.rows._labelled",
    "compare": "hybridsent.evaluation.comparisons._compare",
    "contributions": "hybridsent.evaluation.shares._contributions",
    "cost_curve": "hybridsent.evaluation.curves._curves",
    "coverage_report": "hybridsent.evaluation.confidence._conformal",
    "encoders_of": "hybridsent.evaluation.fits._nesting",
    "evaluate": "hybridsent.evaluation._evaluate",
    "feature_columns": "hybridsent.evaluation.rows._columns",
    "importance_weighted_score": "hybridsent.evaluation.transfer._scorers",
    "label_curve": "hybridsent.evaluation.curves._curves",
    "labeled_scorer": "hybridsent.evaluation.rows._labelled_scores",
    "list_metrics": "hybridsent.evaluation.measures._metric_names",
    "make_report": "hybridsent.evaluation.report._page",
    "maximum_mean_discrepancy": "hybridsent._numerics.discrepancy",
    "missing_curve": "hybridsent.evaluation.curves._robustness",
    "mmd_permutation_test": "hybridsent._numerics.discrepancy",
    "model_card": "hybridsent.evaluation.report._card",
    "near_duplicates": "hybridsent.evaluation.leaks._check",
    "noise_curve": "hybridsent.evaluation.curves._robustness",
    "prediction_entropy_score": "hybridsent.evaluation.transfer._scorers",
    "proxy_a_distance": "hybridsent.evaluation.transfer._a_distance",
    "read_labels": "hybridsent.evaluation.rows._read_labels",
    "register_metric": "hybridsent.evaluation.measures._metric_names",
    "search": "hybridsent.evaluation._search",
    "sharing_fits": "hybridsent.evaluation.fits._shelf",
    "soft_neighborhood_density_score": "hybridsent.evaluation.transfer._scorers",
    "transfer_report": "hybridsent.evaluation.transfer._report",
    "unadapted": "hybridsent.evaluation.fits._models",
    "unread_columns": "hybridsent.evaluation.rows._columns",
}

__all__ = [
    "ActiveCurve",
    "Calibration",
    "Check",
    "Comparison",
    "Contributions",
    "CoverageReport",
    "Covered",
    "Curve",
    "CurvePoint",
    "Decisions",
    "Evaluation",
    "Finding",
    "Gain",
    "Interval",
    "LabeledSplit",
    "LabeledTable",
    "MMDTest",
    "Needed",
    "OutOfFold",
    "Pair",
    "ReliabilityBin",
    "Report",
    "Score",
    "SearchResult",
    "Searched",
    "Shift",
    "TransferPair",
    "TransferReport",
    "active_curve",
    "as_labels",
    "calibration",
    "check",
    "check_target_is_told",
    "compare",
    "contributions",
    "cost_curve",
    "coverage_report",
    "encoders_of",
    "evaluate",
    "feature_columns",
    "importance_weighted_score",
    "label_curve",
    "labeled_scorer",
    "list_metrics",
    "make_report",
    "maximum_mean_discrepancy",
    "missing_curve",
    "mmd_permutation_test",
    "model_card",
    "near_duplicates",
    "noise_curve",
    "prediction_entropy_score",
    "proxy_a_distance",
    "read_labels",
    "register_metric",
    "search",
    "sharing_fits",
    "soft_neighborhood_density_score",
    "transfer_report",
    "unadapted",
    "unread_columns",
]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
