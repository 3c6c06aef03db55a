"""Judge any estimator on a table of posts (layer L5)."""

from hybridsent.evaluation._evaluate import evaluate
from hybridsent.evaluation._result import Evaluation, Score

__all__ = ["Evaluation", "Score", "evaluate"]
