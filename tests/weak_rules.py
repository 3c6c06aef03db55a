"""Labelling functions that stand in a module, as users write them in a file of their own."""

from __future__ import annotations

from hybridsent.weak import labeling_function


@labeling_function(columns="text")
def refund(text):
    return "negative" if "refund" in text.lower() else None


@labeling_function(columns="text", vectorized=True, name="shouted")
def in_capitals(texts):
    return ["negative" if str(text).isupper() else None for text in texts]


def plain(row):
    return "positive" if (row.get("likes") or 0) > 100 else None
