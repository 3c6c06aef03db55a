"""Judge any estimator on a table of posts, search among several, and judge transfer (layer L5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.evaluation._calibration import Calibration, ReliabilityBin, calibration
    from hybridsent.evaluation._check import Check, check, near_duplicates
    from hybridsent.evaluation._columns import feature_columns, unread_columns
    from hybridsent.evaluation._compare_results import compare
    from hybridsent.evaluation._comparison import Comparison, Pair
    from hybridsent.evaluation._conformal import CoverageReport, Covered, coverage_report
    from hybridsent.evaluation._contribution import Contributions, Decisions
    from hybridsent.evaluation._contributions import contributions
    from hybridsent.evaluation._curve import Curve, CurvePoint
    from hybridsent.evaluation._curves import cost_curve, label_curve
    from hybridsent.evaluation._evaluate import evaluate
    from hybridsent.evaluation._findings import Finding
    from hybridsent.evaluation._gains import Gain
    from hybridsent.evaluation._intervals import Interval
    from hybridsent.evaluation._label_columns import as_labels
    from hybridsent.evaluation._labelled import LabeledTable, check_target_is_told, read_labels
    from hybridsent.evaluation._labelled_scores import LabeledSplit, labeled_scorer
    from hybridsent.evaluation._metric_names import list_metrics, register_metric
    from hybridsent.evaluation._models import unadapted
    from hybridsent.evaluation._nesting import encoders_of
    from hybridsent.evaluation._out_of_fold import OutOfFold
    from hybridsent.evaluation._results import Evaluation, Score, Searched, SearchResult
    from hybridsent.evaluation._robustness import missing_curve, noise_curve
    from hybridsent.evaluation._scorers import (
        importance_weighted_score,
        prediction_entropy_score,
        soft_neighborhood_density_score,
    )
    from hybridsent.evaluation._search import search
    from hybridsent.evaluation._shelf import sharing_fits
    from hybridsent.evaluation._shift import (
        MMDTest,
        maximum_mean_discrepancy,
        mmd_permutation_test,
        proxy_a_distance,
    )
    from hybridsent.evaluation._transfer import transfer_report
    from hybridsent.evaluation._transfer_result import Shift, TransferPair, TransferReport
    from hybridsent.evaluation.report._card import model_card
    from hybridsent.evaluation.report._page import Report, make_report

_HOMES = {
    "Calibration": "hybridsent.evaluation._calibration",
    "Check": "hybridsent.evaluation._check",
    "Comparison": "hybridsent.evaluation._comparison",
    "Contributions": "hybridsent.evaluation._contribution",
    "CoverageReport": "hybridsent.evaluation._conformal",
    "Covered": "hybridsent.evaluation._conformal",
    "Curve": "hybridsent.evaluation._curve",
    "CurvePoint": "hybridsent.evaluation._curve",
    "Decisions": "hybridsent.evaluation._contribution",
    "Evaluation": "hybridsent.evaluation._results",
    "Finding": "hybridsent.evaluation._findings",
    "Gain": "hybridsent.evaluation._gains",
    "Interval": "hybridsent.evaluation._intervals",
    "LabeledSplit": "hybridsent.evaluation._labelled_scores",
    "LabeledTable": "hybridsent.evaluation._labelled",
    "MMDTest": "hybridsent.evaluation._shift",
    "OutOfFold": "hybridsent.evaluation._out_of_fold",
    "Pair": "hybridsent.evaluation._comparison",
    "ReliabilityBin": "hybridsent.evaluation._calibration",
    "Report": "hybridsent.evaluation.report._page",
    "Score": "hybridsent.evaluation._results",
    "SearchResult": "hybridsent.evaluation._results",
    "Searched": "hybridsent.evaluation._results",
    "Shift": "hybridsent.evaluation._transfer_result",
    "TransferPair": "hybridsent.evaluation._transfer_result",
    "TransferReport": "hybridsent.evaluation._transfer_result",
    "as_labels": "hybridsent.evaluation._label_columns",
    "calibration": "hybridsent.evaluation._calibration",
    "check": "hybridsent.evaluation._check",
    "check_target_is_told": "hybridsent.evaluation._labelled",
    "compare": "hybridsent.evaluation._compare_results",
    "contributions": "hybridsent.evaluation._contributions",
    "cost_curve": "hybridsent.evaluation._curves",
    "coverage_report": "hybridsent.evaluation._conformal",
    "encoders_of": "hybridsent.evaluation._nesting",
    "evaluate": "hybridsent.evaluation._evaluate",
    "feature_columns": "hybridsent.evaluation._columns",
    "importance_weighted_score": "hybridsent.evaluation._scorers",
    "label_curve": "hybridsent.evaluation._curves",
    "labeled_scorer": "hybridsent.evaluation._labelled_scores",
    "list_metrics": "hybridsent.evaluation._metric_names",
    "make_report": "hybridsent.evaluation.report._page",
    "maximum_mean_discrepancy": "hybridsent.evaluation._shift",
    "missing_curve": "hybridsent.evaluation._robustness",
    "mmd_permutation_test": "hybridsent.evaluation._shift",
    "model_card": "hybridsent.evaluation.report._card",
    "near_duplicates": "hybridsent.evaluation._check",
    "noise_curve": "hybridsent.evaluation._robustness",
    "prediction_entropy_score": "hybridsent.evaluation._scorers",
    "proxy_a_distance": "hybridsent.evaluation._shift",
    "read_labels": "hybridsent.evaluation._labelled",
    "register_metric": "hybridsent.evaluation._metric_names",
    "search": "hybridsent.evaluation._search",
    "sharing_fits": "hybridsent.evaluation._shelf",
    "soft_neighborhood_density_score": "hybridsent.evaluation._scorers",
    "transfer_report": "hybridsent.evaluation._transfer",
    "unadapted": "hybridsent.evaluation._models",
    "unread_columns": "hybridsent.evaluation._columns",
}

__all__ = [
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
