"""The shipped catalogues of the guest's screen, and their texts for guests who choose no answer."""

from kiosk.domain.ballot import NoAnswer
from kiosk.library.catalogues import read_catalogues
from kiosk.settings import shipped_folder

CATALOGUES = read_catalogues([shipped_folder("translations")], "guest")

NO_ANSWER_TEXTS = {
    code: {
        NoAnswer.DONT_KNOW: catalogue.text("Vet inte"),
        NoAnswer.PREFER_NOT: catalogue.text("Vill inte svara"),
    }
    for code, catalogue in CATALOGUES.items()
}
