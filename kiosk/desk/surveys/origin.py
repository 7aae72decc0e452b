"""The origin and the terms of use that a new survey or scale has unless the coordinator writes others, and
sentences about the origin of an instrument. All texts are in the reader's language."""

from kiosk.desk.context import desk
from kiosk.desk.i18n import language_name, translate
from kiosk.domain.survey import Survey
from kiosk.library.catalogues import REFERENCE, language


def remark_on_translation(survey: Survey) -> str:
    """Return a sentence for an instrument whose owner has not approved the Swedish texts. It says that the
    translation is not official, and names the official languages. "" for other surveys."""
    if survey.is_official_in(REFERENCE):
        return ""
    named = [language(code) for code in survey.official]
    return translate(
        "Ej officiell översättning. Officiellt språk: {languages}.",
        languages=", ".join(language_name(official) or official.autonym for official in named),
    )


def origin_of_instrument(survey: Survey) -> list[str]:
    """Return sentences about the origin of an instrument, a survey with official languages: its source and
    terms of use, and its translation (`remark_on_translation`). Empty for any other survey."""
    if not survey.official:
        return []
    origin = translate("Källa: {source}. Villkor: {licence}.", source=survey.source, licence=survey.licence)
    return [origin, *filter(None, [remark_on_translation(survey)])]


def usual_source() -> str:
    """Return the usual origin of an own survey or scale, with the organisation's name if the theme has
    one."""
    name = desk().library.theme.name
    return translate("Skrivet av {name}", name=name) if name else translate("Skrivet av oss själva")


def usual_licence() -> str:
    """Return the usual terms of use of an own survey or scale."""
    return translate("Får användas fritt")
