"""What is stored about a guest, said from the tables there are: a table without words stops the program.

So nobody can add a column about guests and leave the page silent about it.
"""

from collections.abc import Mapping, Sequence

from kiosk.screen.texts import _


class UnsaidError(Exception):
    """A table or column the guest's page has no words for."""


_OTHERS = _("Allt annat som sparas handlar om frågorna, platserna och personalen. Inget handlar om dig.")

SAID: Mapping[str, tuple[tuple[str, ...], str]] = {
    "box": (
        ("round_id", "unit_id", "key_id", "sealed"),
        _(
            "Dina svar ligger i en låst låda tills de räknas. "
            "Där finns inget namn, ingen tid och ingen ordning."
        ),
    ),
    "tally": (
        ("round_id", "node_id", "statement_id", "option", "answers"),
        _("När svaren räknas sparas bara hur många som svarade vad. Sedan förstörs ditt svar."),
    ),
    "letterbox": (
        ("round_id", "unit_id", "public_key", "key_id", "sealed"),
        _(
            "Om skärmen inte når nätet ligger dina svar låsta i skärmen tills de kan skickas. "
            "Vi sparar också ett slumptal för varje svar från en skärm, så att inget räknas två gånger. "
            "Talet säger inget om dig."
        ),
    ),
    "slip_set": (
        ("round_id", "unit_id", "tag", "key_id", "sealed"),
        _("Om du har en lapp: vi sparar att den är använd, inte vem som hade den."),
    ),
    "excluded_rapid": (
        ("round_id", "unit_id", "ballots"),
        _("Om någon trycker många gånger i rad på skärmen sparar vi bara hur många gånger."),
    ),
    "slip_count": (("round_id", "unit_id", "run", "printed", "used"), _OTHERS),
    "installation": (("key", "value"), _OTHERS),
    "account": (("name", "role", "password"), _OTHERS),
    "round": (("id", "terms", "closed", "lost_boxes"), _OTHERS),
    "snapshot": (("id", "document"), _OTHERS),
    "link": (
        ("code", "admission", "unit_id", "width_mm", "distance_mm", "lower_edge_mm"),
        _OTHERS,
    ),
    "wall": (("code", "node_id"), _OTHERS),
    "log": (("number", "at", "name", "deed", "what"), _OTHERS),
    "reply": (("round_id", "language", "words"), _OTHERS),
    "activity": (("unit_id", "month", "kind", "number"), _OTHERS),
    "imported": (("id", "figures"), _OTHERS),
}

CONSEQUENCE = _("Därför kan vi inte hitta eller ta bort dina svar när du har skickat dem.")


def sentences(schema: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Reference texts for the tables there are (table -> columns), what is about guests first.

    Raises UnsaidError for a table or column without words.
    """
    for table, columns in schema.items():
        if table not in SAID or tuple(columns) != SAID[table][0]:
            raise UnsaidError(f"the guest's page has no words for {table}({', '.join(columns)})")
    said = dict.fromkeys(words for table, (_columns, words) in SAID.items() if table in schema)
    return (*said, CONSEQUENCE)
