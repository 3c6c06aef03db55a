"""Tell which of several models is better, by files that --json wrote (layer L7)."""

from __future__ import annotations

import argparse

from hybridsent.cli._console import UsageError, write_json
from hybridsent.cli._files import check_outputs
from hybridsent.cli._options import add_metric_option
from hybridsent.cli._view_options import add_plugins


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "results",
        nargs="+",
        metavar="FILE",
        help="what evaluate or search --json wrote; of one file all models are compared, of "
        "several the first model of each",
    )
    what = "what is measured, such as UAR (default: all that the files hold)"
    add_metric_option(parser, what, several=True)
    parser.add_argument(
        "--model",
        action="append",
        metavar="NAME",
        help="which model of each file is compared, such as fusion; may be given again",
    )
    parser.add_argument(
        "--reference",
        metavar="NAME",
        help="compare all others with this model, or this file by its name without ending, alone",
    )
    parser.add_argument(
        "--percent", action="store_true", help="write scores and correlations times 100 in tables"
    )
    parser.add_argument("--latex", metavar="FILE", help="write the scores as a LaTeX table here")
    parser.add_argument("--markdown", metavar="FILE", help="write the scores as Markdown here")
    parser.add_argument("--json", metavar="FILE", help="write all scores and differences here")
    add_plugins(parser)


def run(arguments: argparse.Namespace) -> None:
    """Compare, print the table and write the files."""
    from hybridsent.evaluation import compare

    if arguments.percent and not (arguments.latex or arguments.markdown):
        raise UsageError("--percent needs --latex or --markdown, the tables that it is about")
    asked = {name: (getattr(arguments, name), ()) for name in ("latex", "markdown", "json")}
    outputs = check_outputs(asked, reads=arguments.results)
    try:
        result = compare(
            *arguments.results,
            metric=arguments.metric,
            model=arguments.model,
            reference=arguments.reference,
        )
    except ValueError as error:  # files, names and metrics that do not go together
        raise UsageError(str(error)) from error
    print(result)
    if "latex" in outputs:
        text = result.to_latex(percent=arguments.percent)
        outputs["latex"].write_text(text, encoding="utf-8")
    if "markdown" in outputs:
        text = result.to_markdown(percent=arguments.percent)
        outputs["markdown"].write_text(text, encoding="utf-8")
    if "json" in outputs:
        write_json(outputs["json"], result.to_dict())
