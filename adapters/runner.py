"""Runs the projections: reads the log in pages, folds them, saves documents and positions in one transaction."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, Protocol

import msgspec
import structlog
from eventsourcing.persistence import IntegrityError, PersistenceError

from adapters import envelope
from adapters.store import Row
from adapters.view_tables import Poison, Save, ViewsRecorder
from domain.message import Recorded

log = structlog.get_logger()

PAGE = 12_000
"""The more events of a document in a page, the fewer times it is saved. Under light load a page holds one event."""

HELD_DOCUMENTS = 2_000
"""The most documents of one projection that stay decoded in memory."""

_encode = msgspec.json.Encoder().encode


class Tail(Protocol):
    """Where the log is read from."""

    async def page(self, after: int, limit: int) -> list[Row]: ...
    async def wait(self, after: int) -> None: ...


class Fold:
    """One projection at one position: its documents as far as they are held, and what changed since the last save."""

    def __init__(self, projection: ModuleType, name: str, recorder: ViewsRecorder) -> None:
        self.projection = projection
        self.name = name
        self.kinds = projection.MINE | {UnreadableRow}
        """What concerns it: its own events, and whatever nobody can tell to be none of these."""
        self.position = self._saved = recorder.position(name)
        self.generation = recorder.generation(projection.NAME)
        self._recorder = recorder
        self._decode = msgspec.json.Decoder(projection.View).decode
        self._held: OrderedDict[str, Any] = OrderedDict()
        self._changed: set[str] = set()

    def take(self, page: "list[Recorded | UnreadableRow]", parked: set[tuple[str, str]]) -> list[Poison]:
        """Fold a page of the log; what cannot be folded parks its stream and is reported."""
        poisons: list[Poison] = []
        mine: list[tuple[str, Recorded]] = []
        key_of = self.projection.key
        for recorded in page:
            if recorded.position <= self.position or (self.name, recorded.stream) in parked:
                continue
            try:
                if isinstance(recorded, UnreadableRow):
                    raise recorded.error
                key = key_of(recorded)
            except Exception as error:
                poisons.append(self._park(recorded, error, parked))
                continue
            if key is not None:
                mine.append((key, recorded))
        self._load({key for key, _ in mine})
        evolve = self.projection.evolve
        folded: list[tuple[str, Recorded]] = []
        for key, recorded in mine:
            if (self.name, recorded.stream) in parked:
                continue
            try:
                self._held[key] = evolve(self._held[key], recorded)
                folded.append((key, recorded))
            except Exception as error:
                poisons.append(self._park(recorded, error, parked))
                self._refold(key, [r for k, r in folded if k == key])
            self._changed.add(key)
        self.position = max(self.position, page[-1].position)
        return poisons

    def _refold(self, key: str, before: list[Recorded]) -> None:
        """The view as it stood before an event that failed half-way."""
        del self._held[key]
        self._load({key})
        for recorded in before:
            self._held[key] = self.projection.evolve(self._held[key], recorded)

    def to_save(self) -> Save:
        """What changed since the last time, encoded; forgets the longest unused documents."""
        docs: dict[str, bytes | None] = {}
        facets: dict[str, dict[str, Any]] = {}
        facets_of = getattr(self.projection, "facets", None)
        for key in self._changed:
            view = self._held[key]
            docs[key] = None if view is None else _encode(view)
            facets[key] = facets_of(view) if facets_of and view is not None else {}
        self._changed.clear()
        while len(self._held) > HELD_DOCUMENTS:
            self._held.popitem(last=False)
        since, self._saved = self._saved, self.position
        return Save(self.name, since, self.position, docs, facets)

    def _load(self, keys: set[str]) -> None:
        for key in keys & self._held.keys():
            self._held.move_to_end(key)
        if missing := [key for key in keys if key not in self._held]:
            found = self._recorder.load(self.name, missing)
            for key in missing:
                self._held[key] = self._decode(found[key]) if key in found else None

    def _park(
        self, recorded: "Recorded | UnreadableRow", error: Exception, parked: set[tuple[str, str]]
    ) -> Poison:
        log.error("stream-parked", projection=self.name, stream=recorded.stream, error=str(error))
        parked.add((self.name, recorded.stream))
        return Poison(self.name, recorded.stream, recorded.position, f"{type(error).__name__}: {error}")


def take(
    folds: "Iterable[Fold]", page: "list[Recorded | UnreadableRow]", parked: set[tuple[str, str]]
) -> list[Poison]:
    """Fold a page of the log into projections. Those that nothing in it concerns, most of them in a rush at the
    windows, only move on."""
    kinds = {type(row.event) if isinstance(row, Recorded) else UnreadableRow for row in page}
    poisons: list[Poison] = []
    for fold in folds:
        if kinds.isdisjoint(fold.kinds):
            fold.position = max(fold.position, page[-1].position)
        else:
            poisons += fold.take(page, parked)
    return poisons


class UnreadableRow(msgspec.Struct, frozen=True):
    """A stored event that this code cannot read."""

    stream: str
    position: int
    error: Exception


def read_page(rows: Iterable[Row]) -> list[Recorded | UnreadableRow]:
    """Decode a page of the log, keeping the place of what cannot be decoded."""
    page: list[Recorded | UnreadableRow] = []
    for row in rows:
        try:
            page.append(envelope.read(*row))
        except envelope.UnreadableEvent as error:
            page.append(UnreadableRow(row.stream, row.position, error))
    return page


class ProjectionRunner:
    """Keeps all projections up with the log. ``run`` until cancelled; heals itself."""

    def __init__(self, recorder: ViewsRecorder, tail: Tail, projections: Iterable[ModuleType]) -> None:
        self._recorder = recorder
        self._tail = tail
        self._projections = tuple(projections)
        self.position = 0

    async def run(self) -> None:
        pause = 0.1
        while True:
            try:
                folds, parked = await asyncio.to_thread(self._begin)
                pause = 0.1
                while True:
                    self.position = min(fold.position for fold in folds)
                    rows = await self._tail.page(self.position, PAGE)
                    if rows:
                        await asyncio.to_thread(self._fold_and_save, folds, parked, rows)
                    else:
                        await self._tail.wait(self.position)
            except IntegrityError as error:
                log.warning("projections-moved", error=str(error))
                await asyncio.sleep(pause)
            except (PersistenceError, OSError) as error:
                log.warning("projections-waiting", error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)

    def _begin(self) -> tuple[list[Fold], set[tuple[str, str]]]:
        folds = [Fold(p, p.NAME, self._recorder) for p in self._projections]
        return folds, self._recorder.parked()

    def _fold_and_save(self, folds: list[Fold], parked: set[tuple[str, str]], rows: list[Row]) -> None:
        page = read_page(rows)
        behind = [fold for fold in folds if fold.position < page[-1].position]
        poisons = take(behind, page, parked)
        self._recorder.save(
            [fold.to_save() for fold in behind],
            poisons,
            {fold.name: fold.generation for fold in behind},
        )


async def rebuild(
    recorder: ViewsRecorder, tail: Tail, projections: Iterable[ModuleType], report: Callable[[int], None]
) -> dict[str, int]:
    """Fold projections from the first event, beside those that serve, then put them in their place: the log is read
    and decoded once for all of them.

    Args:
        report: told the position reached after each page.

    Returns:
        By projection how many of the served documents differed: 0 unless the code had changed or a view had been
        damaged.

    Raises:
        RuntimeError: a serving projection kept getting ahead.
    """
    left = list(projections)
    for projection in left:
        await asyncio.to_thread(recorder.begin_rebuild, projection)
    folds = {p.NAME: Fold(p, f"{p.NAME}_next", recorder) for p in left}
    parked: set[tuple[str, str]] = set()
    differing: dict[str, int] = {}

    def fold_and_save(page: list[Recorded | UnreadableRow]) -> None:
        taking = [folds[projection.NAME] for projection in left]
        poisons = take(taking, page, parked)
        recorder.save([fold.to_save() for fold in taking], poisons)

    for _ in range(20):
        last: list[Recorded | UnreadableRow] = []
        rows = await tail.page(folds[left[0].NAME].position, PAGE)
        while rows:
            last = read_page(rows)
            reading = asyncio.create_task(tail.page(rows[-1].position, PAGE))
            try:
                await asyncio.to_thread(fold_and_save, last)
                report(rows[-1].position)
            finally:
                (rows,) = await asyncio.gather(reading)
        for projection in left:
            fold = folds[projection.NAME]
            told = await asyncio.to_thread(recorder.switch, projection, fold.position, _keyed(fold, last))
            if told is not None:
                differing[projection.NAME] = told
        left = [projection for projection in left if projection.NAME not in differing]
        if not left:
            return differing
    raise RuntimeError(f"{left[0].NAME} could not be caught up with: try again when it is quieter")


def _keyed(fold: Fold, page: list[Recorded | UnreadableRow]) -> list[tuple[int, str]]:
    """The documents a page touched, each with the position that did."""
    readable = (r for r in page if isinstance(r, Recorded))
    keys = ((r.position, fold.projection.key(r)) for r in readable)
    return [(position, key) for position, key in keys if key is not None]
