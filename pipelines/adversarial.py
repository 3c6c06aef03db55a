"""Domain-adversarial network: features that tell the classes, but not the domains.

No label of the target is needed; labels that are there take part.

Task: labels of one domain, such as book reviews; predictions for another.
Data: Multi-Domain Sentiment, 8,000 reviews of four kinds of products, two classes.
Score: accuracy 0.742 as mean of twelve pairs (source only 0.743).
Seed: 0
"""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from hybridsent import make_fusion

GRID = {
    "classify__trade_off": [0.1, 1.0],
}


def build(**options: Any) -> Pipeline:
    """Build the pipeline; options are those of `hybridsent.make_fusion`, such as ``text=True``."""
    return make_fusion(adapt="adversarial", **options)
