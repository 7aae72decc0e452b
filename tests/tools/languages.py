"""The languages the guest's screen is shipped in."""

GUEST_LANGUAGES = ("sv", "en", "ar", "fa", "so", "ti", "ro", "pl", "uk", "ru", "es", "fi")
