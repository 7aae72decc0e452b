"""The desk's table of drawable signs agrees with the typesetter, which has the last word."""

import pytest
import typst

from kiosk.output.glyphs import undrawable
from kiosk.output.paper import shipped_fonts

DRAWN = "aåö€–”½ïñłşžЖΩन\u1ea5ءگቀ\u200b\u200d\u00a0\u00ad\ufe0f\u0301"
NOT_DRAWN = "😀❤אש漢কก☺✓⚠"
FAMILIES = '"Noto Sans", "Noto Naskh Arabic", "Noto Sans Ethiopic"'


def typeset(signs: str) -> None:
    document = f'#set document(title: "x")\n#set text(font: ({FAMILIES}), fallback: false)\na{signs}'
    typst.compile(
        document.encode(), font_paths=shipped_fonts(), ignore_system_fonts=True, pdf_standards="ua-1"
    )


def test_the_typesetter_draws_what_is_called_drawable() -> None:
    typeset(DRAWN)
    assert undrawable(DRAWN) == ()


@pytest.mark.parametrize("sign", NOT_DRAWN)
def test_the_typesetter_refuses_what_is_called_undrawable(sign: str) -> None:
    with pytest.raises(typst.TypstError, match="could not be displayed"):
        typeset(sign)
    assert undrawable(sign) == (sign,)


def test_each_undrawable_sign_is_named_once_in_the_order_of_the_text() -> None:
    assert undrawable("Bra 😀 שלום 😀!") == ("😀", "ש", "ל", "ו", "ם")
