"""The languages in which the guest's screen is shipped."""

GUEST_LANGUAGES = ("sv", "en", "ar", "fa", "so", "ti", "ro", "pl", "uk", "ru", "es", "fi")
INSTRUMENT_SCALES = {"ons_ensamhet5": ("sv", "en")}
"""Scale of an instrument -> its languages: the official ones, and Swedish."""
