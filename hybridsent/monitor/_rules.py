"""When an alert is given (layer L7)."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsent._hints import did_you_mean
from hybridsent.monitor._post import EVERYTHING

__all__ = ["FIELDS", "Rule", "read_rule", "read_rules"]

FIELDS = {
    "index": "the index of a window",
    "low": "the lower end of its interval",
    "high": "the upper end of its interval",
    "change": "the index less its mean in the windows before",
    "change_low": "the lower end of the interval of the change",
    "change_high": "the upper end of the interval of the change",
    "volume": "posts in a window",
    "spike": "posts in a window over their mean in the windows before",
}
"""What rules compare, beside ``share.LABEL`` and ``drift``."""

_FORM = re.compile(r"\s*([^<>=@]+?)\s*(<=|>=|<|>)\s*([+-]?\d+(?:\.\d+)?)\s*(?:@(.*))?", re.DOTALL)
_DRIFT = re.compile(r"\s*drift\s*")
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class Rule:
    """When an alert is given.

    Parameters
    ----------
    text : str
        As it was written.
    field : str
        What is compared.
    sign : str, default=""
        How; empty for drift, which is there or not.
    bound : float, default=0.0
        With what.
    where : tuple of (str, str), default=()
        Fields and values of the groups that are looked at; none means all.
    """

    text: str
    field: str
    sign: str = ""
    bound: float = 0.0
    where: tuple[tuple[str, str], ...] = ()

    @property
    def is_early(self) -> bool:
        """Whether it holds for good as soon as it holds, while a window is still open."""
        return not (self.field in ("volume", "spike") and self.sign.startswith("<"))

    def looks_at(self, key: Sequence[Sequence[Any]]) -> bool:
        """Tell whether it looks at a group.

        Parameters
        ----------
        key : sequence of (str, str or None)
            The fields and values of the group.

        Returns
        -------
        bool
            Whether the group has all that the rule names.
        """
        has = {(name, value) for name, value in key}
        return all(pair in has for pair in self.where)

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Tell whether it holds.

        Parameters
        ----------
        facts : mapping
            What a window is; what is not known is None, and no rule holds of it.

        Returns
        -------
        bool
            Whether an alert is due.
        """
        if not self.sign:
            return bool(facts.get(self.field))
        found = facts.get(self.field)
        return found is not None and bool(_COMPARE[self.sign](found, self.bound))


def read_rule(text: str, classes: Sequence[Any] = ()) -> Rule:
    """Read a rule.

    Parameters
    ----------
    text : str
        Such as ``"index<-0.2"``, ``"change_high<0"``, ``"volume>1000 @brand=Acme"``,
        ``"share.negative>0.5"`` or ``"drift"``.
    classes : sequence, default=()
        The labels.

    Returns
    -------
    Rule
        The rule.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> from hybridsent.monitor._rules import read_rule
    >>> rule = read_rule("high < -0.2 @brand=Acme")
    >>> rule.field, rule.sign, rule.bound, rule.where
    ('high', '<', -0.2, (('brand', 'Acme'),))
    """
    if _DRIFT.fullmatch(text):
        return Rule(text.strip(), "drift")
    found = _FORM.fullmatch(text)
    known = [*FIELDS, *(f"share.{label}" for label in classes)]
    if found is None or found[1] not in known:
        hint = "" if found is None else did_you_mean(found[1], known)
        raise ValueError(
            "The alerts parameter must hold rules such as 'index<-0.2', 'volume>1000 @brand=Acme' "
            f"or 'drift', of {', '.join(known)}. Got {text!r}.{hint}"
        )
    where = []
    for pair in filter(None, (part.strip() for part in (found[4] or "").split(","))):
        name, sign, value = pair.partition("=")
        if not (name and sign):
            raise ValueError(
                "The alerts parameter must name groups as field=value after the @, such as "
                f"'index<0 @brand=Acme'. Got {text!r}."
            )
        where.append((name.strip(), value.strip()))
    return Rule(text.strip(), found[1], found[2], float(found[3]), tuple(where))


def read_rules(
    texts: Sequence[str],
    by: Sequence[Sequence[str]],
    classes: Sequence[Any] = (),
    *,
    knows_drift: bool = True,
) -> list[Rule]:
    """Read rules, and refuse those that no group would ever be looked at by.

    Parameters
    ----------
    texts : sequence of str
        The rules.
    by : sequence of sequence of str
        Fields by which posts are grouped.
    classes : sequence, default=()
        The labels.
    knows_drift : bool, default=True
        Whether the model holds what drift is told by.

    Returns
    -------
    list of Rule
        Each once.

    Raises
    ------
    ValueError
        If one is no rule, or names a field by which nothing is grouped.
    """
    rules = [read_rule(text, classes) for text in dict.fromkeys(texts)]
    for rule in rules:
        if rule.field == "drift" and not knows_drift:
            raise ValueError(
                "The alerts parameter holds 'drift', and the model holds nothing of what it was "
                "fitted on. Fit it again with `hybridsent fit`, which keeps that."
            )
        names = {name for name, _ in rule.where}
        if names and not any(names <= set(group) for group in by):
            raise ValueError(
                f"The alerts parameter holds {rule.text!r}, and posts are not grouped by "
                f"{sorted(names)} together. Add it with by={[','.join(sorted(names))]!r}."
            )
    return rules


def named(key: str) -> dict[str, Any]:
    """Give the fields and values of a group.

    Parameters
    ----------
    key : str
        The key that the state has.

    Returns
    -------
    dict
        Empty for all posts.

    Examples
    --------
    >>> from hybridsent.monitor._rules import named
    >>> named('[["brand","Acme"]]')
    {'brand': 'Acme'}
    """
    import json

    return {} if key == EVERYTHING else dict(json.loads(key))
