"""Every sentence of a report and a model card, in English and in Chinese (layer L5).

gettext keeps languages in compiled files apart from the code; two of them, side by side, are easier
to keep alike: a test compares their placeholders.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any

from hybridsent._hints import did_you_mean
from hybridsent.evaluation.measures._metric_names import known_name
from hybridsent.evaluation.report._sentences import METRICS, MODELS, SENTENCES

__all__ = ["LANGUAGES", "Words"]

LANGUAGES: Mapping[str, str] = {"en": "en", "zh": "zh-Hans"}
"""Languages of a report, and what HTML calls each."""


class Words:
    """The words of one language.

    Parameters
    ----------
    language : {"en", "zh"}, default="en"
        English or Chinese.
    more : mapping of str to (str, str) or None, default=None
        Sentences of a report of its own, which are looked up first: English, then Chinese.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> from hybridsent.evaluation.report._words import Words
    >>> Words("en")("facts.rows", n=12), Words("zh")("facts.rows", n=12)
    ('12 rows', '12 行')
    """

    def __init__(
        self, language: str = "en", more: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        if language not in LANGUAGES:
            raise ValueError(
                f"The language parameter must be one of {list(LANGUAGES)}. Got {language!r}."
                f"{did_you_mean(str(language), list(LANGUAGES))}"
            )
        self.language = language
        self._at = list(LANGUAGES).index(language)
        self._sentences = ChainMap(dict(more or {}), SENTENCES)

    @property
    def tag(self) -> str:
        """What HTML calls the language."""
        return LANGUAGES[self.language]

    def __call__(self, key: str, /, **values: Any) -> str:
        """Write a sentence with its values."""
        return self._sentences[key][self._at].format(**values)

    def of(self, key: str) -> Callable[..., str]:
        """Give what writes one sentence with the values that come."""
        return lambda **values: self(key, **values)

    def metric(self, name: str) -> str:
        """Name a metric as readers know it; one of one's own keeps its name."""
        known = name if name in METRICS else known_name(name)
        return METRICS[known][self._at] if known in METRICS else name

    def model(self, name: str) -> str:
        """Say in brackets what a model is that is named by a rule; empty for all others."""
        return MODELS[name][self._at] if name in MODELS else ""

    def listed(self, names: list[str]) -> str:
        """Join names to a list as the language writes it."""
        if self.language == "zh":
            return "、".join(names)
        return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)

    def joined(self, sentences: list[str]) -> str:
        """Join sentences to a paragraph."""
        return ("" if self.language == "zh" else " ").join(each for each in sentences if each)

    def quoted(self, name: object) -> str:
        """Put a name of the user's between quotation marks."""
        return f"“{name}”"
