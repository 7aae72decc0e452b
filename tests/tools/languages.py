"""The languages in which the guest's screen is shipped."""

GUEST_LANGUAGES = ("sv", "en", "ar", "fa", "so", "ti", "ro", "pl", "uk", "ru", "es", "fi")
