"""Outputs: taps by unit and month, and typed figures by node and period. No guest, no day, no free text."""

from kiosk.domain.counters import Figure, Outputs, Period, Quality, read_period
from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


class OutputRows:
    """The rows of taps and typed figures."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write()
    def tap(self, unit_id: str, month: Period, counter: str, target: str, step: int) -> None:
        """Add `step` (1 or -1) to a counter of a unit in a month; it never falls below 0."""
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

    @one_write()
    def set(self, node_id: str, period: Period, counter: str, figure: Figure | None) -> None:
        """Replace the typed figure of a node and period; None removes it."""
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
        """Return every tap and typed figure."""
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
