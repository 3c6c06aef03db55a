"""A result as a model card in Markdown (layer L5).

huggingface_hub writes cards from a template with blanks; here the blanks that a result can fill are
filled, by the sections of Mitchell et al. (Model cards for model reporting, FAccT 2019).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from hybridsent._version import __version__
from hybridsent.evaluation.report._about import licences_of, versions_of
from hybridsent.evaluation.report._numbers import percent, score, signed
from hybridsent.evaluation.report._scores import written
from hybridsent.evaluation.report._summary import facts_of, summary_of
from hybridsent.evaluation.report._sureness import calibration_for, sureness_in_words
from hybridsent.evaluation.report._told import Told
from hybridsent.evaluation.report._words import Words
from hybridsent.evaluation.results._evaluation import Evaluation
from hybridsent.evaluation.results._result import Score

__all__ = ["model_card"]

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~])")
_MOST_GROUPS = 20


def model_card(
    evaluation: Evaluation,
    *,
    estimator: Any = None,
    check: Any = None,
    calibration: Any = None,
    command: str | None = None,
    title: str | None = None,
    intended_use: str | None = None,
    language: str = "en",
) -> str:
    """Write a result as a model card: what the model is for, how good it is, for whom, and not.

    The card has the sections of Mitchell et al. and quotes no row of the table.

    Parameters
    ----------
    evaluation : Evaluation
        What `evaluate` gave.
    estimator : estimator or None, default=None
        The model, which tells what it reads and the licences of its weights.
    check : Check or None, default=None
        What `hybridsent.evaluation.check` found; None takes what `evaluate` found.
    calibration : Calibration or None, default=None
        What `hybridsent.evaluation.calibration` gave; None computes it.
    command : str or None, default=None
        The command that made the result, word by word.
    title : str or None, default=None
        Name of the model; None is ``"A hybridsent model"`` in the language of the card.
    intended_use : str or None, default=None
        What the model is meant for, in a sentence of yours; None says what it was judged for.
    language : {"en", "zh"}, default="en"
        English or Chinese.

    Returns
    -------
    str
        Markdown, which begins with the front matter that the Hugging Face hub reads.

    Raises
    ------
    ValueError
        If the language is not known.

    See Also
    --------
    make_report : The same as a page, with charts and examples.

    References
    ----------
    Mitchell, Wu, Zaldivar, Barnes, Vasserman, Hutchinson, Spitzer, Raji, Gebru: Model cards for
    model reporting, FAccT 2019.

    Examples
    --------
    >>> from hybridsent.evaluation import Evaluation, Score, model_card
    >>> score = Score(0.8, 0.1, 0.7, 0.9, [0.7, 0.9], 0.8)
    >>> card = model_card(Evaluation(10, {"fusion": {"accuracy": score}}, 10, 0, 1.0, 2))
    >>> [line for line in card.splitlines() if line.startswith("# ")]
    ['# A hybridsent model']
    """
    w, told = Words(language), Told(evaluation)
    findings = evaluation.findings if check is None else check.findings
    believed = calibration_for(told, calibration)
    named = title or w("card.title")
    parts = [
        *_front(told),
        f"# {_plain(named)}",
        "",
        *_details(told, w, estimator),
        *_use(told, w, intended_use),
        *_data(told, w),
        *_metrics(told, w),
        *_breakdown(told, w),
        *_believed(believed, w),
        *_limits(told, w, findings),
        *_licences(w, estimator),
        *_reproduce(told, w, command),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _plain(text: object) -> str:
    """Write a text of the user's so that Markdown and HTML show it as it is."""
    return _SIGNS.sub(r"\\\1", " ".join(str(text).split())).replace("\\<", "&lt;")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join([" --- "] * len(head)) + "|"]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""] if lines else []


def _points(lines: Sequence[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _front(told: Told) -> Iterator[str]:
    """Give the front matter; of YAML, strings of JSON are a part."""
    yield "---"
    yield "library_name: hybridsent"
    yield "tags: [sentiment-analysis, multimodal, scikit-learn]"
    yield f"metrics: {json.dumps(told.metrics, ensure_ascii=False)}"
    yield "---"
    yield ""


def _details(told: Told, w: Words, estimator: Any) -> list[str]:
    lines = [w("card.kind", version=__version__)]
    lines += [
        w("card.view", view=_plain(each["view"]), name=_plain(each["name"]))
        for each in licences_of(estimator)
    ]
    made = [step for _, step in getattr(estimator, "steps", [])]
    steps = [type(step).__name__ for step in made if not isinstance(step, str)]
    if steps:
        lines.append(w("card.steps", steps=" → ".join(steps)))
    kinds = {"classes": "card.classes", "numbers": "card.numbers", "sets": "card.sets"}
    names = w.listed([w.quoted(_plain(name)) for name in told.names])
    lines.append(w(kinds[told.target], names=names))
    return _section(w("card.details"), _points(lines))


def _use(told: Told, w: Words, intended_use: str | None) -> list[str]:
    meant = w("card.meant") if intended_use is None else _plain(intended_use)
    return _section(w("card.use"), _points([meant, w("card.not_meant"), w("card.not_people")]))


def _data(told: Told, w: Words) -> list[str]:
    lines = ["; ".join(facts_of(told, w)) + "."]
    if told.kept is not None and told.target != "numbers":
        counts = [
            f"{_plain(name)}: {each.rows:.0f}"
            for name, each in zip(told.names, told.classes.itertuples(), strict=True)
        ]
        lines.append(w("card.counts", counts=w.listed(counts)))
    lines.append(w("card.unseen"))
    return _section(w("card.data"), _points(lines))


def _metrics(told: Told, w: Words) -> list[str]:
    head = [w("scores.model"), *(_plain(w.metric(name)) for name in told.metrics)]
    rows = [
        [_plain(name), *(_interval(each[m]) if m in each else "" for m in told.metrics)]
        for name, each in told.models.items()
    ]
    lines = [w("card.metrics_lead"), "", *_table(head, rows)]
    gains = [
        [
            _plain(other),
            _plain(w.metric(metric)),
            f"{signed(gain.value)} [{signed(gain.low)}, {signed(gain.high)}]",
            written(gain.p).replace("<", "&lt;"),
        ]
        for other, each in told.evaluation.gains.items()
        for metric, gain in list(each.items())[:1]
    ]
    if gains:
        head = [w("scores.model"), w("card.metric"), w("gains.value"), "p"]
        lines += [w("gains.lead", model=_plain(told.model)), "", *_table(head, gains)]
    lines += _points([_plain(line) for line in summary_of(told, w)])
    return _section(w("card.metrics"), lines)


def _interval(each: Score) -> str:
    known = math.isfinite(each.low) and math.isfinite(each.high)
    return score(each.value) + (f" [{score(each.low)}, {score(each.high)}]" if known else "")


def _breakdown(told: Told, w: Words) -> list[str]:
    """Tell who the model serves better and worse: by class, and by group."""
    lines: list[str] = []
    if told.kept is not None and told.target != "numbers":
        head = ["name", "rows", "recall", "precision"]
        rows = [
            [
                _plain(name),
                f"{each.rows:.0f}",
                _share(each.recall, each.low, each.high),
                percent(float(each.precision)),
            ]
            for name, each in zip(told.names, told.classes.itertuples(), strict=True)
        ]
        lines += _table([w(f"classes.{key}") for key in head], rows)
    if told.groups is not None:
        value = "error" if told.target == "numbers" else "accuracy"
        heading = w("groups.error" if value == "error" else "groups.right")
        shown = told.groups.head(_MOST_GROUPS)
        rows = [
            [
                _plain(name),
                f"{each.rows:.0f}",
                _share(getattr(each, value), each.low, each.high, numbers=value == "error"),
            ]
            for name, each in zip(shown.index, shown.itertuples(), strict=True)
        ]
        lines += [w("groups.lead"), ""]
        lines += _table([w("groups.name"), w("classes.rows"), heading], rows)
        lines.append(w("groups.shown", shown=len(shown), all=len(told.groups)))
    return _section(w("card.breakdown"), lines)


def _share(value: float, low: float, high: float, *, numbers: bool = False) -> str:
    told = score if numbers else percent
    return told(value) + (f" [{told(low)}, {told(high)}]" if math.isfinite(low) else "")


def _believed(believed: Any, w: Words) -> list[str]:
    if believed is None:
        return []
    numbers = believed.target == "numbers"
    key = "calibration.numbers.caption" if numbers else "calibration.caption"
    lines = [w(key, ece=score(believed.ece.value), n=len(believed.bins))]
    return _section(w("card.calibration"), [*lines, sureness_in_words(believed, w)])


def _limits(told: Told, w: Words, findings: Sequence[Any]) -> list[str]:
    lines = [
        f"**{w(f'check.{each.severity}')}**: {_plain(each.sentence)}"
        if w.language == "en"
        else f"**{w(f'check.{each.severity}')}**：{w(f'check.means.{each.kind}')}"
        for each in findings
    ]
    if w.language == "en":
        said = {f"{each.severity.capitalize()}: {each.sentence}" for each in findings}
        lines += [_plain(note) for note in told.evaluation.notes if note not in said]
    lines += [w("card.limit_data"), w("card.limit_language"), w("card.limit_labels")]
    return _section(w("card.limits"), _points(lines))


def _licences(w: Words, estimator: Any) -> list[str]:
    found = licences_of(estimator)
    if not found:
        return []
    head = [w(f"how.{key}") for key in ("view", "weights", "licence", "commercial")]
    rows = [
        [
            *(_plain(each[key]) for key in ("view", "name", "licence")),
            w(f"how.{each['commercial']}"),
        ]
        for each in found
    ]
    return _section(w("how.licences"), _table(head, rows))


def _reproduce(told: Told, w: Words, command: str | None) -> list[str]:
    lines = [w("how.no_command"), ""]
    if command:
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", command)), default=0))
        lines = [f"{fence}bash", command, fence, ""]
    versions = [f"{name} {number}" for name, number in versions_of(told.evaluation).items()]
    return _section(w("card.reproduce"), [*lines, w("card.versions", versions=w.listed(versions))])
