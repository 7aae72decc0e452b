"""Outputs: taps by unit and month, and typed figures by node and period. No guest, no day, no free text."""

from collections.abc import Sequence

from kiosk.domain.counters import Figure, Outputs, Period, Quality, Tap, read_period
from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


class OutputRows:
    """The rows of taps and typed figures."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write
    def tap(self, unit_id: str, month: Period, counter: str, target: str, step: int) -> None:
        """Add `step`, which may be negative, to a counter of a unit in a month; the number, 0 at first, stays
        if it would fall below 0. `target` is the id of a target, "" for a counter without targets. The caller
        has checked all ids."""
        row = {"unit_id": unit_id, "month": str(month), "counter": counter, "target": target}
        taps = tables.OutputCount
        self._database.run(taps.insert(**row, number=0).on_conflict_ignore())
        self._database.run(
            taps.update(number=taps.number + step).where(
                taps.unit_id == unit_id,
                taps.month == str(month),
                taps.counter == counter,
                taps.target == target,
                taps.number + step >= 0,
            )
        )

    @one_write
    def take(self, taps: Sequence[Tap], first_open: Period) -> int:
        """Count each tap whose ticket was not counted before, and return the number of these taps. Of taps
        with the same ticket, one is counted. A number that would fall below 0 with all of them becomes 0.

        The caller has checked ids, and that all taps are of the month `first_open` or a later one; tickets of
        earlier months are deleted.
        """
        tickets = tables.OutputTicket
        self._database.run(tickets.delete().where(tickets.month < str(first_open)))
        asked = tickets.select(tickets.ticket).where(tickets.ticket.in_([tap.ticket for tap in taps]))
        counted = {ticket for (ticket,) in self._database.rows(asked)}
        new = {tap.ticket: tap for tap in taps if tap.ticket not in counted}
        steps: dict[tuple[str, str, str, str], int] = {}
        for tap in new.values():
            key = tap.unit_id, str(tap.month), tap.counter, tap.target
            steps[key] = steps.get(key, 0) + tap.step
            self._database.run(tickets.insert(ticket=tap.ticket, month=str(tap.month)))
        for key, step in steps.items():
            self._add(*key, step)
        return len(new)

    def _add(self, unit_id: str, month: str, counter: str, target: str, step: int) -> None:
        taps = tables.OutputCount
        row = {"unit_id": unit_id, "month": month, "counter": counter, "target": target}
        is_row = [getattr(taps, name) == value for name, value in row.items()]
        old = self._database.row(taps.select(taps.number).where(*is_row))
        self._database.run(taps.insert(**row, number=0).on_conflict_ignore())
        self._database.run(taps.update(number=max((old[0] if old else 0) + step, 0)).where(*is_row))

    @one_write
    def set(self, node_id: str, period: Period, counter: str, figure: Figure | None) -> None:
        """Replace the typed figure of a counter for a node and period; None removes it. `Figure.is_complete`
        is not stored."""
        typed = tables.TypedFigure
        self._database.run(
            typed.delete().where(
                typed.node_id == node_id, typed.period == str(period), typed.counter == counter
            )
        )
        if figure:
            row = {"node_id": node_id, "period": str(period), "counter": counter}
            self._database.run(typed.insert(**row, quality=figure.quality.value, number=figure.number))

    def all(self) -> Outputs:
        """Return the numbers of taps and the typed figures of all units, nodes and periods. A number may be
        0, after taps that were taken back."""
        taps, typed = tables.OutputCount, tables.TypedFigure
        tapped = taps.select(taps.unit_id, taps.month, taps.counter, taps.target, taps.number)
        figures = typed.select(typed.node_id, typed.period, typed.counter, typed.quality, typed.number)
        return Outputs(
            {
                (unit, read_period(month), counter, target): number
                for unit, month, counter, target, number in self._database.rows(tapped)
            },
            {
                (node, read_period(period), counter): Figure(number, Quality(quality))
                for node, period, counter, quality, number in self._database.rows(figures)
            },
        )
