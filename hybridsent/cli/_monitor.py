"""Watch a stream of posts with a saved model: index, drift and alerts on a live page (layer L7)."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.cli._class_values import class_values
from hybridsent.cli._console import UsageError, columns, say
from hybridsent.cli._files import check_outputs
from hybridsent.cli._given import refuse_given
from hybridsent.cli._options import add_care_options
from hybridsent.cli._parser import number
from hybridsent.cli._scorers import add_trust_options, equip, opened_scorer
from hybridsent.cli._view_options import add_plugins
from hybridsent.exceptions import HybridsentError

if TYPE_CHECKING:
    from hybridsent.monitor import Monitor

_AS_GIVEN = (
    *("by", "time", "id", "zone", "window", "slide", "media", "method", "confidence"),
    *("against", "min_posts", "cool_down", "alerts_file", "on_alert", "batch_size"),
    *("batch_seconds", "keep", "remember", "show_posts"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("model", metavar="MODEL", help="file written by `hybridsent fit`")
    parser.add_argument(
        "source",
        metavar="SOURCE",
        nargs="*",
        help="-, JSON lines on standard input; a file of JSON lines, which is followed; a folder "
        "into which tables or media are dropped; redis://HOST:PORT/DB?stream=NAME; several are "
        "read in turn",
    )
    _add_posts(parser)
    _add_windows(parser)
    _add_alerts(parser)
    group = parser.add_argument_group("what is kept and shown")
    group.add_argument(
        "--state",
        metavar="FILE",
        help="what is known, from which a next run goes on (default: MODEL.monitor.sqlite, in this "
        "folder)",
    )
    group.add_argument(
        "--keep", default="90d", metavar="TIME", help="how long windows are kept (default: 90d)"
    )
    group.add_argument(
        "--remember", default="7d", metavar="TIME", help="how long ids are kept (default: 7d)"
    )
    group.add_argument(
        "--export", metavar="FILE", help="write the index of all windows to a csv, and end"
    )
    group.add_argument(
        "--broken", metavar="FILE", help="write what was kept aside to a jsonl, and end"
    )
    group.add_argument(
        "--once", action="store_true", help="count what is there now, print a table, and end"
    )
    group.add_argument("--no-page", action="store_true", help="serve no page")
    group.add_argument(
        "--port",
        type=number(0, most=65535),
        default=0,
        metavar="N",
        help="port of the page on this machine (default: one that is free, the same each time)",
    )
    group.add_argument("--browser", action="store_true", help="open the page in a browser")
    group.add_argument(
        "--show-posts",
        type=number(0),
        default=0,
        metavar="N",
        help="show the latest N posts on the page; they are kept nowhere (default: 0)",
    )
    _add_model(parser)


def _add_posts(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what a post is")
    group.add_argument(
        "--columns",
        action="append",
        default=[],
        metavar="COL=FIELD",
        help="field in which a column of the model stands, such as text=user.post",
    )
    group.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="FIELD[,FIELD…]",
        help="an index for each value of a field, or of several together; may be given again",
    )
    group.add_argument(
        "--time", metavar="FIELD", help="when a post was written (default: when it arrives)"
    )
    group.add_argument(
        "--zone", default="UTC", metavar="NAME", help="zone of times that tell none (default: UTC)"
    )
    group.add_argument(
        "--id",
        metavar="FIELD",
        help="by which a post is known (default: its place in the source, or what it says)",
    )
    group.add_argument(
        "--media", metavar="FOLDER", help="folder in which files that posts name lie"
    )


def _add_windows(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("windows and index")
    group.add_argument(
        "--window", default="1h", metavar="TIME", help="such as 15m, 1h or 1d (default: 1h)"
    )
    group.add_argument(
        "--slide", metavar="TIME", help="between the ends of windows (default: a window)"
    )
    group.add_argument(
        "--values",
        action="append",
        default=[],
        metavar="LABEL=NUMBER[,…]",
        help="what a class is worth in the index (default: read from its name)",
    )
    group.add_argument(
        "--method",
        default="auto",
        help="how shares are corrected: auto, emq, acc, pacc, count or mean (default: auto)",
    )
    group.add_argument(
        "--confidence", type=float, default=0.95, metavar="X", help="of intervals (default: 0.95)"
    )
    group.add_argument(
        "--batch-size",
        type=number(1),
        default=256,
        metavar="N",
        help="posts at once (default: 256)",
    )
    group.add_argument(
        "--batch-seconds",
        type=float,
        default=1.0,
        metavar="S",
        help="how long a post waits for others (default: 1)",
    )


def _add_alerts(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("alerts")
    group.add_argument(
        "--alert",
        action="append",
        default=[],
        metavar="RULE",
        help='such as "index<-0.2", "change_high<0 @brand=Acme", "spike>3", "share.negative>0.5" '
        "or drift; may be given again",
    )
    group.add_argument(
        "--against",
        type=number(1),
        default=6,
        metavar="N",
        help="windows before, with which changes and spikes are compared (default: 6)",
    )
    group.add_argument(
        "--min-posts",
        type=number(1),
        default=30,
        metavar="N",
        help="posts that a window must have for an alert about more than its volume (default: 30)",
    )
    group.add_argument(
        "--cool-down", metavar="TIME", help="silence after an alert (default: six windows)"
    )
    group.add_argument("--alerts-file", metavar="FILE", help="gets a JSON line for each alert")
    group.add_argument(
        "--on-alert",
        metavar="CMD",
        help="command that is run for each alert, without a shell; it gets the alert as JSON on "
        "its standard input",
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("model")
    add_trust_options(group)
    group.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    add_care_options(group)
    add_plugins(parser)
    parser.set_defaults(on_error="missing", store="off")  # a stream must not fill a disk


def run(arguments: argparse.Namespace) -> None:
    """Watch until Ctrl-C, or until all is read."""
    state = arguments.state or f"{Path(arguments.model).name}.monitor.sqlite"
    if arguments.export or arguments.broken:
        refuse_given(
            arguments,
            "says nothing with --export or --broken, which only write what is known:",
            but=("state", "export", "broken"),
        )
        if arguments.source:
            raise UsageError("--export and --broken read the state alone; leave SOURCE out")
        _write(state, arguments)
        return
    if not arguments.source:
        raise UsageError("SOURCE must be given: -, a file, a folder or redis://…?stream=NAME")
    from hybridsent.monitor import Monitor, serve_page

    scorer = opened_scorer(arguments)
    equip(scorer, arguments)
    try:
        monitor = Monitor(
            scorer,
            arguments.source,
            state=state,
            columns=_pairs(arguments.columns, "--columns"),
            values=class_values(arguments.values, "--values"),
            alerts=arguments.alert,
            told=say,
            **{name: getattr(arguments, name) for name in _AS_GIVEN},
        )
    except HybridsentError:
        raise
    except ValueError as error:  # of a parameter, which an option names
        raise UsageError(str(error)) from error
    with monitor:
        page: Any = nullcontext()
        if not (arguments.no_page or arguments.once):
            page = serve_page(monitor, port=arguments.port, browser=arguments.browser, told=say)
        with page, _ending(monitor):
            monitor.run(once=arguments.once)
        _tell(monitor, arguments.once)


@contextmanager
def _ending(monitor: Monitor) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the monitor behind the batch that it is at.

    Yields
    ------
    None
        While it is so.
    """

    def end(number: int, frame: Any) -> None:
        monitor.stop()
        signal.signal(number, signal.default_int_handler)  # the second one ends at once

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _tell(monitor: Monitor, once: bool) -> None:
    counts = monitor.counts
    told = ", ".join(f"{n} {name}" for name, n in counts.items())
    say(f"{told} -> {monitor.state.path}")
    if once:
        frame = monitor.to_frame()
        print(_table(monitor, frame))
        if (windows := frame["end"].nunique() if len(frame) else 0) > 1:
            say(f"newest window of each group; --export FILE writes all {windows} windows")


def _table(monitor: Monitor, frame: Any) -> str:
    """Lay out the newest window of each group."""
    fields = list(dict.fromkeys(name for names in monitor.reader.by for name in names))
    rows: list[list[object]] = [["window ends", *fields, "posts", "index", "interval"]]
    if len(frame):
        newest = frame.drop_duplicates(fields or None, keep="last") if fields else frame[-1:]
        for row in newest.itertuples(index=False):
            told = row._asdict()
            known = told["index"] is not None and told["index"] == told["index"]
            ends = f"{told['low']:+.2f} … {told['high']:+.2f}" if known else "-"
            named = [_word(told[name]) for name in fields]
            index = f"{told['index']:+.3f}" if known else "-"
            rows.append([told["end"], *named, told["n"], index, ends])
    return columns(rows)


def _word(value: Any) -> str:
    return "all" if value is None or value != value else str(value)


def _write(state: str, arguments: argparse.Namespace) -> None:
    import json

    from hybridsent.monitor import broken_of, read_points

    asked = {"export": (arguments.export, (".csv",)), "broken": (arguments.broken, (".jsonl",))}
    outputs = check_outputs(asked, reads=[state])
    if output := outputs.get("export"):
        frame = read_points(state)
        frame.to_csv(output, index=False, encoding="utf-8", lineterminator="\n")
        say(f"{len(frame)} windows -> {output}")
    if output := outputs.get("broken"):
        rows = broken_of(state)
        lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        output.write_text(lines, encoding="utf-8")
        say(f"{len(rows)} that were kept aside -> {output}")


def _pairs(given: list[str], option: str) -> dict[str, str]:
    found = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise UsageError(f"{option} must be NAME=VALUE; got {text!r}")
        if name in found:
            raise UsageError(f"{option} must name each column once; got {name!r} twice")
        found[name] = value
    return found
