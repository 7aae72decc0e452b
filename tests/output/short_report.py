"""A short report with each kind of block."""

from kiosk.domain.report import Block, Kind, ReportDocument
from kiosk.output.chart_pictures import Picture, svg
from kiosk.output.stacked_bars import Bar

DRAWN = svg(Picture("", ("ja", "nej"), ("#000000", "#ffffff"), (Bar("FRIDA", "n = 0", ()),), ()))

TABLE = Block(
    Kind.TABLE, "Prestationer", header=("Prestation", "2026"), rows=(("Råd", "12"), ("a\nb", "=1+1"))
)

REPORT = ReportDocument(
    "Effektrapport 2026",
    "FRIDA, 2026",
    "sv",
    "Utgåva 1",
    (
        Block(Kind.WARNING, "DEMONSTRATION"),
        Block(Kind.HEADING, "I korthet", level=1),
        Block(Kind.CHART, "Ingen svarade.", svg=DRAWN, data=(("Svar", "2026"), ("ja", "7"))),
        Block(Kind.PAGE),
        Block(Kind.HEADING, "Vision", level=1),
        Block(Kind.HEADING, "Mål", level=2),
        Block(Kind.PARAGRAPH, "Alla ska <b>med</b>."),
        Block(Kind.PARAGRAPH, "مرحبا Anna"),
        Block(Kind.LIST, rows=(("ett",), ("två",))),
        Block(Kind.NOTE, "Källa: boken."),
        TABLE,
    ),
    "Staden",
)
