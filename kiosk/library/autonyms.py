"""The name of each language in the language itself, as the language picker shows it."""

AUTONYMS = {
    "sv": "Svenska",
    "en": "English",
    "ar": "العربية",
    "fa": "فارسی / دری",
    "so": "Af-Soomaali",
    "ti": "ትግርኛ",
    "ro": "Română",
    "pl": "Polski",
    "uk": "Українська",
    "ru": "Русский",
    "es": "Español",
    "fi": "Suomi",
    "bg": "Български",
    "rom": "Romani čhib",
}
"""Language code -> name in that language, in the order of the language picker."""
