"""Subspace alignment: principal components of the source are turned onto the target's.

No label of the target is needed. The domain is a column of the table (``domain=``,
``target_domain=``); without it, rows without a label (-1) are the target.

Task: labels of one domain, such as book reviews; predictions for another.
Data: Multi-Domain Sentiment, 8,000 reviews of four kinds of products, two classes.
Score: accuracy 0.744 as mean of twelve pairs (source only 0.743).
Seed: 0
"""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from hybridsent import make_fusion

GRID = {
    "adapt__n_components": [0.5, 0.7, 0.9],
}


def build(**options: Any) -> Pipeline:
    """Build the pipeline; options are those of `hybridsent.make_fusion`, such as ``text=True``."""
    return make_fusion(adapt="subspace", **options)
