"""The guest page about stored data, made from the database's tables.

A table or column without a description is an error, so a change of the schema cannot leave the page
incomplete.
"""

from collections.abc import Mapping, Sequence

from kiosk.screen.texts import _


class UndescribedTableError(Exception):
    """The guest page does not describe a table or column."""


_OTHERS = _("Allt annat som sparas handlar om frågorna, platserna och personalen. Inget handlar om dig.")

DESCRIPTIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
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
            "Vi sparar också ett slumptal för varje svar, så att inget räknas två gånger. "
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
    "batches": (("round_id", "node_id", "number"), _OTHERS),
    "slip_count": (("round_id", "unit_id", "run", "printed", "used"), _OTHERS),
    "installation": (("key", "value"), _OTHERS),
    "account": (("name", "role", "password"), _OTHERS),
    "second_factor": (("name", "sealed_secret", "last_step"), _OTHERS),
    "recovery_code": (("name", "digest"), _OTHERS),
    "account_link": (("digest", "name", "role", "expires_at"), _OTHERS),
    "api_token": (("name", "digest", "made_at"), _OTHERS),
    "mail_choice": (("name", "address", "language", "summary", "silence"), _OTHERS),
    "outgoing_mail": (
        ("id", "name", "kind", "about", "state", "tries", "queued_at", "next_try", "problem"),
        _OTHERS,
    ),
    "kiosk_contact": (("code", "after_count", "is_reported"), _OTHERS),
    "round": (("id", "terms", "closed", "lost_boxes"), _OTHERS),
    "snapshot": (("id", "document"), _OTHERS),
    "change_index": (("id", "document"), _OTHERS),
    "link": (
        ("code", "admission", "unit_id", "width_mm", "distance_mm", "lower_edge_mm"),
        _OTHERS,
    ),
    "wall": (("code", "node_id"), _OTHERS),
    "log": (("number", "at", "name", "deed", "what"), _OTHERS),
    "reply": (("round_id", "language", "words"), _OTHERS),
    "comment": (("round_id", "statement_id", "words"), _OTHERS),
    "output_count": (("unit_id", "month", "counter", "target", "number"), _OTHERS),
    "output_ticket": (("ticket", "month"), _OTHERS),
    "report": (("id", "terms"), _OTHERS),
    "report_text": (("report_id", "part", "version", "words"), _OTHERS),
    "report_edition": (("report_id", "edition", "document"), _OTHERS),
    "typed_figure": (("node_id", "period", "counter", "quality", "number"), _OTHERS),
    "imported": (("id", "figures"), _OTHERS),
}
"""Table -> (its columns, the reference text about it), tables about guests first."""

CONSEQUENCE = _("Därför kan vi inte hitta eller ta bort dina svar när du har skickat dem.")
"""The last text of the page."""


def descriptions(schema: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the reference texts for a schema (table -> columns), tables about guests first, each text once.

    Raises UndescribedTableError for a table or column without a description.
    """
    for table, columns in schema.items():
        if table not in DESCRIPTIONS or tuple(columns) != DESCRIPTIONS[table][0]:
            raise UndescribedTableError(f"the guest page does not describe {table}({', '.join(columns)})")
    texts = dict.fromkeys(text for table, (_columns, text) in DESCRIPTIONS.items() if table in schema)
    return (*texts, CONSEQUENCE)
