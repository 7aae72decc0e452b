"""The origin and the terms of use that a new survey or scale has unless the coordinator writes others."""

from kiosk.desk.context import desk
from kiosk.desk.i18n import translate


def usual_source() -> str:
    """Return the usual origin of an own survey or scale, with the organisation's name if the theme has
    one."""
    name = desk().library.theme.name
    return translate("Skrivet av {name}", name=name) if name else translate("Skrivet av oss själva")


def usual_licence() -> str:
    """Return the usual terms of use of an own survey or scale."""
    return translate("Får användas fritt")
