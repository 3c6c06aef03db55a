"""A model that watches a stream of posts (layer L7)."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from hybridsent.datasets._times import read_zone
from hybridsent.monitor._batch import columns_of, score
from hybridsent.monitor._board import Board
from hybridsent.monitor._drift import Drifts
from hybridsent.monitor._outbox import Outbox, read_command
from hybridsent.monitor._points import Pointer
from hybridsent.monitor._post import Broken, Post, PostReader
from hybridsent.monitor._rules import read_rules
from hybridsent.monitor._settings import Settings, identity_of, read_by, read_file
from hybridsent.monitor._source import Piece, Source
from hybridsent.monitor._sources import media_endings, open_source
from hybridsent.monitor._state import State
from hybridsent.monitor._tally import Tally
from hybridsent.monitor._view import View
from hybridsent.monitor._watch import Watch
from hybridsent.monitor._when import written_length
from hybridsent.scoring._words import silent

if TYPE_CHECKING:
    import os

    from hybridsent.scoring import Scorer

__all__ = ["Monitor"]

_IDLE = 0.2
_HOUSEKEEPING = 60.0


class Monitor:
    r"""A model that watches a stream of posts: an index with its interval, drift, alerts.

    Posts are read in small batches, each counted once however often the monitor is stopped or
    killed, and what is known is kept in one file, from which a next run goes on.

    Parameters
    ----------
    scorer : Scorer
        The model.
    source : object or sequence
        One or several of what `open_source` takes: ``"-"``, a file that is followed, a folder into
        which files are dropped, the address of a stream of Redis.
    state : str or os.PathLike
        The file of the state, ending in ``.sqlite``.
    by : str or sequence, default=()
        Fields by which posts are grouped: ``"brand"``, ``["brand", "place"]`` for each of both, or
        ``["brand,topic"]`` for both together.
    time : str or None, default=None
        Field of the time of a post; None takes the time at which it arrives.
    id : str or None, default=None
        Field of the id of a post; None takes its place in the source, or what it says.
    zone : str, default="UTC"
        Time zone of times that tell none.
    window : str or float, default="1h"
        Length of a window.
    slide : str, float or None, default=None
        Length between the ends of windows, of which the window is a multiple; None is a window.
    columns : mapping of str to str or None, default=None
        Field of each column that is named otherwise in the posts, such as ``{"text": "body"}``.
    media : str, os.PathLike or None, default=None
        Folder in which files that posts name lie; None refuses posts that name some.
    values : mapping or None, default=None
        What each class is worth in the index; None reads it from their names.
    method : str, default="auto"
        How shares are corrected, as `hybridsent.quantification.prevalence` takes it.
    confidence : float, default=0.95
        Of all intervals.
    alerts : sequence of str, default=()
        Rules, such as ``"high<-0.2"``, ``"change_high<0 @brand=Acme"``, ``"spike>3"``, ``"drift"``.
    against : int, default=6
        Windows before, with which changes and spikes are compared.
    min_posts : int, default=30
        Posts that a window must have for rules about anything but its volume.
    cool_down : str, float or None, default=None
        Time of the stream in which a rule is silent about a group after an alert; None is six
        windows.
    alerts_file : str, os.PathLike or None, default=None
        Gets a JSON line for each alert.
    on_alert : str, sequence of str or None, default=None
        Command that is run for each alert, without a shell, with the alert as JSON on its standard
        input.
    batch_size : int, default=256
        The most posts that are scored at once.
    batch_seconds : float, default=1.0
        The longest that a post waits for others.
    refresh : float, default=1.0
        Seconds between two looks at the windows; 0 looks after each batch.
    sample : int, default=1000
        Posts of each pane and group whose probabilities are kept, for corrections and intervals.
    keep : str or float, default="90d"
        For how long before the newest post panes are kept; older posts are kept aside.
    remember : str or float, default="7d"
        For how long ids are remembered; a post that comes again later is counted again.
    max_groups : int, default=1000
        Groups that are told apart; posts of further ones are counted together.
    show_posts : int, default=0
        Latest posts that are shown on the page, and kept nowhere else.
    told : callable or None, default=None
        Gets each line for people.

    Attributes
    ----------
    counts : dict of str to int
        Posts ``counted``, ``repeated``, ``broken`` and ``late``.
    board : Board
        What the page shows.

    See Also
    --------
    hybridsent.scoring.Scorer : The model that is asked.

    Examples
    --------
    >>> import io, tempfile
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.monitor import Monitor
    >>> from hybridsent.scoring import Scorer
    >>> words = pd.DataFrame({"text": ["good", "fine", "bad", "awful"] * 5})
    >>> label = ["positive", "positive", "negative", "negative"] * 5
    >>> scorer = Scorer(make_fusion(views={"text": "text/words"}).fit(words, label))
    >>> posts = io.BytesIO(b'{"text": "a good day"}\n{"text": "a bad one"}\nno post\n')
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Monitor(scorer, posts, state=f"{folder}/state.sqlite") as monitor:
    ...         monitor.run(once=True)
    ...         monitor.counts
    {'counted': 2, 'repeated': 0, 'broken': 1, 'late': 0}
    """

    def __init__(
        self,
        scorer: Scorer,
        source: Any,
        *,
        state: str | os.PathLike[str],
        by: Any = (),
        time: str | None = None,
        id: str | None = None,  # noqa: A002 - the name of the option
        zone: str = "UTC",
        window: str | float = "1h",
        slide: str | float | None = None,
        columns: Mapping[str, str] | None = None,
        media: str | os.PathLike[str] | None = None,
        values: Mapping[Any, float] | None = None,
        method: str = "auto",
        confidence: float = 0.95,
        alerts: Sequence[str] = (),
        against: int = 6,
        min_posts: int = 30,
        cool_down: str | float | None = None,
        alerts_file: str | os.PathLike[str] | None = None,
        on_alert: str | Sequence[str] | None = None,
        batch_size: int = 256,
        batch_seconds: float = 1.0,
        refresh: float = 1.0,
        sample: int = 1000,
        keep: str | float = "90d",
        remember: str | float = "7d",
        max_groups: int = 1000,
        show_posts: int = 0,
        told: Callable[[str], None] | None = None,
    ) -> None:
        self.settings = Settings.of(
            window=window,
            slide=slide,
            keep=keep,
            remember=remember,
            cool_down=cool_down,
            batch_size=batch_size,
            batch_seconds=batch_seconds,
            refresh=refresh,
            sample=sample,
            max_groups=max_groups,
            against=against,
            min_posts=min_posts,
            show_posts=show_posts,
            confidence=confidence,
        )
        self.scorer, self.told = scorer, silent if told is None else told
        grouped = read_by(by)
        fields = columns_of(scorer, columns or {})
        endings = media_endings(scorer)
        folder = None if media is None else Path(media).expanduser().absolute()
        self.reader = PostReader(
            fields,
            id=id,
            time=time,
            by=grouped,
            zone=read_zone(zone, "zone"),
            media=list(endings),
            base=folder,
        )
        self.tally = Tally(scorer.task, scorer.classes)
        self.pointer = Pointer(
            self.tally,
            reference=getattr(scorer, "reference", None),
            why=getattr(scorer, "why_no_reference", None),
            method=method,
            confidence=confidence,
            values=values,
        )
        drift_reference = getattr(scorer, "drift_reference", None)
        rules = read_rules(
            alerts, grouped, self.tally.classes, knows_drift=drift_reference is not None
        )
        command = read_command(on_alert)
        written = None if alerts_file is None else read_file(alerts_file, "alerts_file")
        several = source if isinstance(source, list | tuple) else [source]
        self.sources: list[Source] = [open_source(each, media=endings) for each in several]
        begun_with = {
            "model": identity_of(scorer),
            "time": time,
            "by": [",".join(names) for names in grouped],
            "zone": zone,
            "id": id,
            "columns": fields,
            "window": written_length(self.settings.window),
            "slide": written_length(self.settings.pane),
            "sample": sample,
        }
        self.state = State(
            read_file(state, "state"),
            begun_with,
            pane=self.settings.pane,
            sample=sample,
            max_groups=max_groups,
        )
        try:
            self.outbox = Outbox(self.state, written, command, self.told)
            drifts = Drifts(self.state, drift_reference)
            self.watch = Watch(
                self.state,
                self.pointer,
                window=self.settings.window,
                rules=rules,
                against=against,
                min_posts=min_posts,
                cool_down=self.settings.cool_down,
                unsent=(0, 0 if command else 2),
                drift=drifts if drifts.known else None,
            )
            self._set_up(rules, grouped)
        except BaseException:  # a state that nobody closes stays locked
            self.state.close()
            raise

    def _set_up(self, rules: Any, grouped: Any) -> None:
        self.board = Board()
        self._view = View(self, rules, grouped)
        self._stop = threading.Event()
        self._posts: deque[dict[str, Any]] = deque(maxlen=max(1, self.settings.show_posts))
        self._refreshed = self._kept_house = 0.0
        self._reasons: dict[str, int] = {}
        self._begun = False
        self._next = 0
        self._closed = False

    # -- the loop

    def run(self, *, once: bool = False) -> None:
        """Read until `stop` is called, or, with `once`, until all that is there is counted.

        Parameters
        ----------
        once : bool, default=False
            Whether what is there now is all.
        """
        self.begin(once=once)
        while not self._stop.is_set():
            n = self.step()
            if all(source.ended for source in self.sources):
                break
            if not n:
                self._stop.wait(_IDLE)
        self.refresh()
        self.outbox.finish()

    def stop(self) -> None:
        """Let `run` end after the batch that it is at; may be called from any thread."""
        self._stop.set()

    def begin(self, *, once: bool = False) -> None:
        """Open the sources where an earlier run left them; `run` does it by itself.

        Parameters
        ----------
        once : bool, default=False
            Whether what is there now is all that will be read.
        """
        if self._begun:
            return
        self._begun = True
        names = [source.name for source in self.sources]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"The source parameter names {sorted(twice)[0]!r} more than once.")
        for note in self.pointer.notes:
            self.told(note)
        for source in self.sources:
            source.begin(self.state.place(source.name), self.told, once=once)
        with self.state.transaction():  # such as the name by which a server knows this monitor
            self.state.keep_places({source.name: source.where() for source in self.sources})
            self.state.group("[]")
        self.told(
            f"ids are remembered for {written_length(self.settings.remember)}; windows of "
            f"{written_length(self.settings.window)} are kept for "
            f"{written_length(self.settings.keep)}"
        )
        self._view.show(None)

    def step(self) -> int:
        """Read and count a batch.

        Returns
        -------
        int
            Pieces that were read.
        """
        self.begin()
        pieces = self._gather()
        if pieces:
            self._take(pieces)
        now = time.monotonic()
        if now - self._refreshed >= self.settings.refresh:
            self.refresh()
        self.outbox.send()
        return len(pieces)

    def _gather(self) -> list[Piece]:
        """Take pieces of all sources in turn, until there are enough or they have waited enough."""
        pieces: list[Piece] = []
        until = time.monotonic() + self.settings.batch_seconds
        while len(pieces) < self.settings.batch_size and not self._stop.is_set():
            before = len(pieces)
            for _ in self.sources:
                source = self.sources[self._next % len(self.sources)]
                self._next += 1
                room = self.settings.batch_size - len(pieces)
                if room and not source.ended:
                    pieces += source.poll(room)
            if all(source.ended for source in self.sources) or time.monotonic() >= until:
                break
            if len(pieces) == before:
                if not pieces:
                    break
                self._stop.wait(min(0.05, max(0.0, until - time.monotonic())))
        return pieces

    def _take(self, pieces: Sequence[Piece]) -> None:
        """Read, score and count pieces, in one transaction with the places behind them."""
        now = time.time()
        posts, broken, repeated, late = self._read(pieces, now)
        drift = self.watch.drift
        project = None if drift is None else drift.project
        scored, sums, kept, seen, said, failed = score(
            self.scorer, self.tally, posts, list(self.reader.columns), project
        )
        broken += [told for _, told in failed]
        with self.state.transaction():
            if scored:
                self.state.count(scored, sums, kept, now)
            if seen is not None and drift is not None:
                drift.keep(scored, seen)
            self.state.remember([post for post, _ in failed], now)
            self.state.set_aside(broken, now)
            self.state.add_counts({"repeated": repeated, "late": late})
            self.state.keep_places({source.name: source.where() for source in self.sources})
            self._keep_house(now)
        for source in self.sources:
            source.done()
        self._tell(broken)
        self._view.count(len(scored), time.monotonic())
        if self.settings.show_posts:
            self._posts += [self._shown(*each) for each in zip(scored, said, kept, strict=True)]

    def _read(
        self, pieces: Sequence[Piece], now: float
    ) -> tuple[list[Post], list[Broken], int, int]:
        """Read pieces as posts; leave out what was counted before, and what is too old."""
        newest = self.state.newest
        oldest = -1.0 if newest is None else newest - self.settings.keep
        found: dict[bytes, Post] = {}
        broken: list[Broken] = []
        repeated = late = 0
        for piece in pieces:
            read = self.reader.read(piece, now)
            if isinstance(read, Broken):
                broken.append(read)
            elif read.id in found:
                repeated += 1
            elif read.at < oldest:
                late += 1
                broken.append(
                    Broken.of(piece, f"it is older than what is kept ({self.settings.keep:g} s)")
                )
            else:
                found[read.id] = read
        known = self.state.known(post.id for post in found.values() if post.remembered)
        posts = [post for post in found.values() if post.id not in known]
        return posts, broken, repeated + len(known), late

    def _keep_house(self, now: float) -> None:
        if now - self._kept_house < _HOUSEKEEPING:
            return
        self._kept_house = now
        self.state.forget(now - self.settings.remember)
        newest = self.state.newest
        if newest is not None:
            self.state.drop(newest - self.settings.keep)

    def _tell(self, broken: Sequence[Broken]) -> None:
        """Say of each reason when it is met first, and then at every power of ten."""
        for each in broken:
            kind = each.reason.split(":")[0]
            if kind not in self._reasons and len(self._reasons) >= 200:
                kind = "…"
            n = self._reasons[kind] = self._reasons.get(kind, 0) + 1
            if n in (1, 10, 100) or n % 1000 == 0:
                where = f"{each.source} {each.place or ''}".strip()
                self.told(f"kept aside ({n}×): {where}: {each.reason}")

    def _shown(self, post: Post, said: Any, kept: Any) -> dict[str, Any]:
        texts = [str(cell) for name, cell in post.cells.items() if name not in self.reader.media]
        p = self.tally.probabilities(kept[None])
        return {
            "at": post.at,
            "text": " · ".join(texts)[:500],
            "prediction": said if isinstance(said, int | float | str) else str(said),
            "p": None if p is None else round(float(p.max()), 3),
            "groups": list(post.groups[1:4]),
        }

    # -- what is known

    def refresh(self) -> None:
        """Make points of the windows that changed, give alerts, and show both."""
        made = self.watch.refresh()
        self.outbox.send()
        self._refreshed = time.monotonic()
        self._view.show(made)

    @property
    def counts(self) -> dict[str, int]:
        """Posts that were counted, came again, were broken, or too late."""
        return self.state.counts

    def to_frame(self) -> Any:
        """Give the index of each window and group.

        Returns
        -------
        DataFrame
            A row for each, as `export` writes them.
        """
        from hybridsent.monitor._export import points_of

        return points_of(self.state.connection)

    def close(self) -> None:
        """Close the sources and the state."""
        if self._closed:
            return
        self._closed = True
        for source in self.sources:
            source.close()
        self.state.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
