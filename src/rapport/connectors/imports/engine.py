"""Running an import: read, check, land; stopped at any point it goes on where it was or leaves nothing."""

import gc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pghistory
from django.db import connection, transaction
from django.utils import timezone

from rapport.connectors.files import (
    FileRefused,
    Mapping,
    MappingRefused,
    Problem,
    Table,
    Target,
    check_mapping,
    dump_mapping,
    open_table,
    parse_mapping,
)
from rapport.connectors.files.values import ValueProblem, zone
from rapport.connectors.imports.landing import LandingContext
from rapport.connectors.imports.models import ImportBatch, ImportRun
from rapport.connectors.imports.problems import keep_problems
from rapport.connectors.imports.references import CREATABLE, Looking, add_to_catalogue, may_create
from rapport.connectors.imports.rows import ConstantRefused, Counts, ParsedBatch, RowReader
from rapport.connectors.imports.targets import LANDINGS, TARGETS
from rapport.connectors.imports.targets.signals import SIGNAL_HEADINGS, SignalMaker, signal_cells
from rapport.connectors.imports.writers import Writers
from rapport.kernel.models import User
from rapport.rooms.signals.api import BulkRecorder, NewSignal

BATCH = 5_000
LAND_AT_ONCE = 20_000
Progress = Callable[[ImportRun], None]


class ImportRefused(Exception):
    """The import as a whole cannot run; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file, its mapping and its target, found to fit each other."""

    table: Table
    mapping: Mapping
    target: Target


def open_import(path: Path | str, mapping: Mapping) -> Opened:
    """Open the file and check that the mapping fits it; raise ImportRefused or FileRefused when not."""
    target = TARGETS.get(mapping.target)
    if target is None:
        raise ImportRefused(f"There is no target '{mapping.target}'. There are: {', '.join(TARGETS)}.")
    if not 0 < len(mapping.source) <= 60:
        raise ImportRefused("Name the source system in 1 to 60 characters.")
    try:
        zone(mapping.time_zone)
    except ValueProblem as wrong:
        raise ImportRefused(wrong.what) from wrong
    table = open_table(path, mapping.file)
    wrong_parts = check_mapping(mapping, target, table.names)
    if wrong_parts:
        raise ImportRefused(" ".join(wrong_parts))
    return Opened(table, mapping, target)


def run_import(
    path: Path | str,
    mapping: Mapping,
    user: User | None,
    now: datetime,
    *,
    dry_run: bool = False,
    limit: int | None = None,
    progress: Progress | None = None,
) -> ImportRun:
    """Import a file in this process and return what became of it; problems stand beside the run.

    Raises ImportRefused, FileRefused or MappingRefused when nothing can begin.
    """
    open_import(path, mapping)
    run = ImportRun.objects.create(
        path=str(Path(path).resolve()),
        file_name=Path(path).name,
        target=mapping.target,
        source=mapping.source,
        mapping=dump_mapping(mapping),
        dry_run=dry_run,
        state=ImportRun.State.WAITING,
        started_by=user,
        created_at=now,
    )
    carry_out(run, now, limit=limit, progress=progress)
    return run


@dataclass(frozen=True, slots=True)
class Landed:
    """Rows as they stand after checking: number, fate, and what each field became."""

    headings: list[str]
    rows: list[tuple[int, str, tuple[str, ...]]]


def rehearse(
    path: Path | str, mapping: Mapping, user: User | None, now: datetime, limit: int
) -> tuple[ImportRun, Landed]:
    """Go through the first rows as an import does, without landing them; the caller takes it all back."""
    run = ImportRun.objects.create(
        path=str(path),
        file_name=Path(path).name,
        target=mapping.target,
        source=mapping.source,
        mapping=dump_mapping(mapping),
        dry_run=True,
        started_by=user,
        created_at=now,
    )
    execution = _Execution(run, now, limit, lambda _: None)
    execution.go()
    return run, execution.landed


def carry_out(
    run: ImportRun, now: datetime, *, limit: int | None = None, progress: Progress | None = None
) -> None:
    """Do the import, or go on with one that was interrupted; a refusal is written on the run."""
    if run.is_over:
        return
    with _alone(run), pghistory.context(user=run.started_by_id, import_run=str(run.pk)):
        # Another process may have carried it out while this one waited for its turn.
        run.refresh_from_db()
        if run.is_over:
            return
        try:
            _Execution(run, now, limit, progress or (lambda _: None)).go()
        except (ImportRefused, FileRefused, MappingRefused, ConstantRefused) as refused:
            _end(run, ImportRun.State.FAILED, now, str(refused))


@contextmanager
def _alone(run: ImportRun) -> Iterator[None]:
    """Keep two imports of the same source into the same target from running at once."""
    key = zlib.crc32(f"{run.target}\0{run.source}".encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(7204, %s)", [key - 2**31])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(7204, %s)", [key - 2**31])


def _end(run: ImportRun, state: "ImportRun.State", now: datetime, message: str = "") -> None:
    run.state, run.message = state, message
    run.finished_at = max(now, timezone.now()) if run.started_at else now
    run.share = 1.0
    run.save()


@dataclass(frozen=True, slots=True)
class _Batch:
    """Signals of one stretch of the file, and what kept others out."""

    number: int
    made: list[tuple[int, NewSignal]]
    problems: list[Problem]
    counts: Counts

    def references(self) -> frozenset[str]:
        """Return what its signals are known by; all are of one source."""
        return frozenset(signal.external_reference for _, signal in self.made)


@contextmanager
def _few_collections() -> Iterator[None]:
    """Look for circular garbage rarely: a million rows make none, and looking costs a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _Execution:
    """One import from beginning to end."""

    def __init__(self, run: ImportRun, now: datetime, limit: int | None, progress: Progress) -> None:
        self.run, self.now, self.limit, self.progress = run, now, limit, progress
        self.mapping = parse_mapping(run.mapping, run.file_name)
        self.user = run.started_by
        self.looking = Looking(self.user, self.mapping.source, now, self._creatable())
        self.landed = Landed([], [])

    def _creatable(self) -> frozenset[str]:
        target = TARGETS.get(self.mapping.target)
        asked = [name for name, source in self.mapping.fields.items() if source.create] if target else []
        kinds = {field.refers_to for name in asked if target and (field := target.field(name))}
        if kinds - CREATABLE:
            raise ImportRefused(
                f"Entries of this kind cannot be created by an import: {', '.join(kinds - CREATABLE)}."
            )
        if kinds and not may_create(self.user):
            raise ImportRefused(
                "The mapping adds to the catalogue, which you may not do. Ask an administrator."
            )
        return frozenset(kinds)

    def go(self) -> None:
        opened = open_import(self.run.location, self.mapping)
        self.reader = RowReader(opened.table, self.mapping, opened.target)
        landing = self.run.state == ImportRun.State.LANDING
        resuming = landing and (self.run.checkpoint > 0 or self.run.batches.exists())
        if not resuming:
            self._begin()
        if self.mapping.target in LANDINGS:
            self._go_by_table()
        else:
            self._go_by_stream(resuming)

    def _begin(self) -> None:
        """Start from nothing; whatever an interrupted reading left is dropped."""
        self.run.problems.all().delete()
        self.run.batches.all().delete()
        self.run.state = ImportRun.State.READING
        self.run.started_at = self.run.started_at or max(self.now, timezone.now())
        self.run.checkpoint, self.run.share = 0, 0.0
        self.run.save()

    def _note(self, counts: Counts) -> None:
        for name, count in counts.as_dict().items():
            setattr(self.run, name, count)

    def _show(self, share: float) -> None:
        self.run.share = min(0.999, share)
        self.run.save()
        self.progress(self.run)

    def _batches(self) -> Iterator[ParsedBatch]:
        """Yield parsed batches up to the limit of a preview."""
        left = self.limit
        for parsed in self.reader.batches(min(BATCH, self.limit or BATCH)):
            yield parsed
            if left is not None:
                left -= parsed.read
                if left <= 0:
                    return

    def _refuses(self, counts: Counts) -> bool:
        """Say whether bad rows keep the whole file out."""
        if self.mapping.on_error != "abort" or not counts.rejected or self.run.dry_run:
            return False
        rows = f"{counts.rejected:,} rows are" if counts.rejected > 1 else "1 row is"
        _end(
            self.run,
            ImportRun.State.REFUSED,
            self.now,
            f"{rows} wrong, and the mapping wants all or nothing: nothing landed. Mend them by the report.",
        )
        return True

    # -- tables: all rows are staged and checked before the first lands

    def _go_by_table(self) -> None:
        context = LandingContext(self.run.pk, self.mapping, self.looking)
        self.landing = LANDINGS[self.mapping.target](context)
        if self.run.checkpoint:
            # Rows landed before the interruption are found again as unchanged.
            self._restage()
        else:
            self._stage(share_of_reading=0.6)
        try:
            if self.limit is not None:
                self.landed = Landed(*self.landing.shown())
            if self._refuses(self._counts()) or self.run.dry_run:
                if not self.run.is_over:
                    _end(self.run, ImportRun.State.DONE, self.now)
                return
            self._land()
        finally:
            self.landing.stage.drop()

    def _restage(self) -> None:
        landed = Counts(**{name: getattr(self.run, name) for name in Counts.__slots__})
        self.run.problems.all().delete()
        self._stage(share_of_reading=0.6)
        fresh = self._counts()
        self._note(replace(fresh, created=landed.created, changed=landed.changed, unchanged=landed.unchanged))

    def _stage(self, share_of_reading: float) -> None:
        stage = self.landing.stage
        stage.create()
        read = left_out = rejected = 0
        for parsed in self._batches():
            with transaction.atomic():
                self.landing.add(parsed)
                keep_problems(self.run.pk, parsed.problems)
            read, left_out = read + parsed.read, left_out + parsed.left_out
            rejected += parsed.rejected
            self.run.read, self.run.rejected = read, rejected
            self._show(parsed.share * share_of_reading)
        with transaction.atomic():
            checked = self.landing.check()
        self._note(checked + Counts(read=read, left_out=left_out, rejected=rejected))
        self.run.save()

    def _counts(self) -> Counts:
        return Counts(**{name: getattr(self.run, name) for name in Counts.__slots__})

    def _land(self) -> None:
        stage = self.landing.stage
        step = max(1, stage.size) if self.landing.whole else LAND_AT_ONCE
        with transaction.atomic():
            self.landing.prepare()
            self.run.state = ImportRun.State.LANDING
            self.run.save()
        for first in range(1, stage.size + 1, step):
            last = min(first + step - 1, stage.size)
            with transaction.atomic():
                self.landing.land(first, last)
                self.run.checkpoint = last
                keep_problems(self.run.pk, self.landing.remarks)
                self.landing.remarks.clear()
                self._show(0.6 + 0.4 * last / stage.size)
        _end(self.run, ImportRun.State.DONE, self.now)

    # -- signals: a batch is read, checked and recorded in one transaction

    def _go_by_stream(self, resuming: bool) -> None:
        if self.mapping.on_error == "abort" and not resuming and not self.run.dry_run:
            counts = self._rehearse_all((0.0, 0.4))
            self._note(counts)
            if self._refuses(counts):
                return
            self._begin()
        if not resuming:
            self.run.state = ImportRun.State.LANDING
            self.run.save()
        start = 0.4 if self.mapping.on_error == "abort" else 0.0
        share = (start, 1.0 - start)
        self._note(self._rehearse_all(share) if self.run.dry_run else self._record_all(share))
        with transaction.atomic():
            _end(self.run, ImportRun.State.DONE, self.now)
            self.run.batches.all().delete()

    def _record_all(self, share: tuple[float, float]) -> Counts:
        """Record batch after batch; each leaves a note in its transaction, so that none is done twice."""
        done = set(self.run.batches.values_list("number", flat=True))
        maker, read = self._maker(), 0
        with _few_collections(), Writers(self._open_ledger, _Batch.references) as writers:
            for number, parsed in enumerate(self._batches(), start=1):
                batch = self._make(maker, number, parsed)
                self._add_to_catalogue()
                if number not in done:
                    writers.give(batch)
                read += parsed.read
                self.run.read = read
                self._show(share[0] + parsed.share * share[1])
        return sum((Counts(**batch.counts) for batch in self.run.batches.all()), Counts())

    def _add_to_catalogue(self) -> None:
        if self.looking.additions:
            with transaction.atomic():
                add_to_catalogue(self.looking)
            self.looking.additions.clear()

    def _open_ledger(self) -> Callable[["_Batch"], None]:
        """Return the function that records a batch; each thread has its own."""
        recorder = self._recorder()

        def record(batch: _Batch) -> None:
            with transaction.atomic():
                # First the note: the last batch of a killed import may be landing still.
                note, fresh = ImportBatch.objects.get_or_create(
                    run_id=self.run.pk, number=batch.number, defaults={"counts": {}}
                )
                if not fresh:
                    return
                counts, refused = self._record(recorder, batch.made)
                keep_problems(self.run.pk, [*batch.problems, *refused])
                note.counts = dict((counts + batch.counts).as_dict())
                note.save(update_fields=["counts"])

        return record

    def _rehearse_all(self, share: tuple[float, float]) -> Counts:
        """Check every row as if it were recorded, and take it all back."""
        counts, maker, recorder = Counts(), self._maker(), self._recorder()
        rehearsed: set[int] = set()
        for number, parsed in enumerate(self._batches(), start=1):
            batch = self._make(maker, number, parsed)
            if self.limit is not None:
                self._show_signals(batch.made)
            found, refused = self._rehearse(recorder, batch.made, rehearsed)
            keep_problems(self.run.pk, [*batch.problems, *refused])
            counts += found + batch.counts
            self._note(counts)
            self._show(share[0] + parsed.share * share[1])
        return counts

    def _maker(self) -> SignalMaker:
        headings = {
            name: " + ".join(source.columns) for name, source in self.mapping.fields.items() if source.columns
        }
        scored = [s["value"].columns[0] for s in self.mapping.groups.get("scores", ()) if s["value"].columns]
        headings |= {"scores": " + ".join(scored), "metric": " + ".join(scored)}
        said = [s["text"].columns[0] for s in self.mapping.groups.get("comments", ()) if s["text"].columns]
        headings |= {"comments": " + ".join(said), "external_reference": headings.get("external_id", "")}
        self.headings = headings
        lenient = frozenset(
            name for name, source in self.mapping.fields.items() if source.if_wrong == "empty"
        )
        return SignalMaker(self.mapping.source, self.looking, headings, lenient)

    def _recorder(self) -> BulkRecorder:
        return BulkRecorder(
            author=None, now=self.now, live=self.mapping.live, system=self.mapping.source, seen_by=self.user
        )

    def _make(self, maker: SignalMaker, number: int, parsed: ParsedBatch) -> "_Batch":
        made: list[tuple[int, NewSignal]] = []
        problems = list(parsed.problems)
        for row, signal in maker.make(parsed):
            if isinstance(signal, Problem):
                problems.append(signal)
            else:
                made.append((row, signal))
        unknown = len(problems) - len(parsed.problems)
        counts = Counts(read=parsed.read, left_out=parsed.left_out, rejected=parsed.rejected + unknown)
        return _Batch(number, made, problems, counts)

    def _record(
        self, recorder: BulkRecorder, made: list[tuple[int, NewSignal]]
    ) -> tuple[Counts, list[Problem]]:
        done = recorder.record([signal for _, signal in made])
        problems = [self._refusal(made[r.position], r.field, r.message) for r in done.refusals]
        counts = Counts(
            created=len(done.signal_ids),
            unchanged=done.known,
            rejected=len(problems),
            unmatched=done.unmatched,
        )
        return counts, problems

    def _rehearse(
        self, recorder: BulkRecorder, made: list[tuple[int, NewSignal]], rehearsed: set[int]
    ) -> tuple[Counts, list[Problem]]:
        """Record and take it back; what earlier batches would have recorded is remembered."""
        fresh = [(row, s) for row, s in made if hash(s.external_reference) not in rehearsed]
        rehearsed.update(hash(signal.external_reference) for _, signal in made)
        with transaction.atomic():
            added = add_to_catalogue(self.looking)
            outcome = self._record(self._recorder() if added else recorder, fresh)
            transaction.set_rollback(True)
        counts, problems = outcome
        return counts + Counts(unchanged=len(made) - len(fresh)), problems

    def _show_signals(self, made: list[tuple[int, NewSignal]]) -> None:
        known = self._recorder().known([signal for _, signal in made])
        self.landed.headings[:] = SIGNAL_HEADINGS
        self.landed.rows.extend(
            (row, "unchanged" if old else "new", signal_cells(signal))
            for (row, signal), old in zip(made, known, strict=True)
        )

    def _refusal(self, made: tuple[int, NewSignal], field: str, message: str) -> Problem:
        row, signal = made
        value = getattr(signal, field, "")
        shown = value if isinstance(value, str) else "" if isinstance(value, tuple) else str(value)
        if field == "scores":
            shown = ", ".join(f"{score.value:g}" for score in signal.scores)
        heading = self.headings.get(field) or self.headings.get("occurred_at", field)
        return Problem(row, heading, shown, message, "Correct the value, or leave the row out.")
