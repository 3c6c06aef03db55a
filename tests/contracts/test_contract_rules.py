"""Laws of the tree: each rule of the numbers is written in one module; read from the code."""

from __future__ import annotations

import io
import re
import tokenize

import pytest
from package_tree import MODULES

HOMES = {
    "what a constant column is": (
        r"[<>]=? [^\n]*abs\((self\.)?mean\w*\)|(\* (self\.)?mean\w*\)) \*\* 2",
        "hybridsent._numerics.scale",
    ),
    "the Gaussian kernel": (
        r"rbf_kernel|sqeuclidean|asarray\(-gamma|exp\(-[^\n]*gamma|\*= -(self\.)?gamma",
        "hybridsent._numerics.kernels",
    ),
    "the median heuristic": (r"def median_gamma|1 / \(2 \* m", "hybridsent._numerics.kernels"),
    "which device a name means": (r"mps\.is_available", "hybridsent._numerics.devices"),
    "the loop that trains networks": (
        r"\.zero_grad\(|torch\.optim|clip_grad_|GradScaler|optimi[sz]er\.step\(|import skorch|from skorch",
        "hybridsent._numerics.networks._loop",
    ),
    "InfoNCE": (r"cross_entropy\(\w+\.T", "hybridsent._numerics.networks._losses"),
    "the most probable class": (
        r"(predict_proba\([^\n]*\)|scores|raw|votes\([^\n]*\))\.argmax|> 0\)\.astype\(int\)",
        "hybridsent._numerics.classes",
    ),
    "duals of one-against-one machines": (r"\.n_support_", "hybridsent._numerics.classes"),
    "quadratic programs over a box": (
        r"def \w*quadratic\w*\(",
        "hybridsent._numerics.quadratic",
    ),
}
"""What code looks like that decides a rule, and the one module where it may stand."""


def code_of(source: str) -> str:
    """The source without comments and strings, in which a rule is only told."""
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in (tokenize.COMMENT, tokenize.STRING):
            continue
        (first, start), (last, stop) = token.start, token.end
        for row in range(first - 1, last):
            begin = start if row == first - 1 else 0
            end = stop if row == last - 1 else len(lines[row].rstrip("\n"))
            lines[row] = lines[row][:begin] + " " * (end - begin) + lines[row][end:]
    return "".join(lines)


CODE = {name: code_of(module.path.read_text("utf-8")) for name, module in MODULES.items()}


@pytest.mark.parametrize("rule", HOMES)
def test_a_rule_has_one_home(rule):
    pattern, home = HOMES[rule]
    found = {name for name, code in CODE.items() if re.search(pattern, code)}
    assert found == {home}, f"{rule}: {sorted(found)}"


def test_a_second_home_would_be_seen():
    second = (
        "def scale(X, mean, deviation, gamma, d):\n"
        "    constant = deviation <= 1e-9 * np.abs(mean)\n"
        "    best = self.predict_proba(X).argmax(axis=1)  # rbf_kernel\n"
        "    return np.exp(-gamma * d)\n"
    )
    code = code_of(second)
    told = [rule for rule, (pattern, _) in HOMES.items() if re.search(pattern, code)]
    assert told == ["what a constant column is", "the Gaussian kernel", "the most probable class"]
    assert "rbf_kernel" not in code


def test_of_an_encoder_others_ask_what_it_says_that_they_do():
    """Inside of encoders its methods are free to change; these few are an interface."""
    from hybridsent.encoders._base import ASKED_BY_OTHERS, BaseEncoder

    asked = {
        name: set(re.findall(r"\bencoder_?\.(_[a-z]\w*)", code))
        for name, code in CODE.items()
        if not name.startswith("hybridsent.encoders")
    }
    assert {hook for hooks in asked.values() for hook in hooks} <= set(ASKED_BY_OTHERS)
    assert {name.split(".")[1] for name, hooks in asked.items() if hooks} <= {
        "finetune",
        "persist",
        "timeline",
    }
    unasked = [h for h in ASKED_BY_OTHERS if not any(h in hooks for hooks in asked.values())]
    assert unasked == []
    assert all(callable(getattr(BaseEncoder, hook)) for hook in ASKED_BY_OTHERS)
