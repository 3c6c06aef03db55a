"""Judge any estimator on a table of posts (layer L5)."""

from hybridsent.evaluation._evaluate import evaluate
from hybridsent.evaluation._parts import encoders_of
from hybridsent.evaluation._result import Evaluation, Score
from hybridsent.evaluation._splits import as_labels

__all__ = ["Evaluation", "Score", "as_labels", "encoders_of", "evaluate"]
