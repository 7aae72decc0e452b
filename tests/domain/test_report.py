"""The plain markup of a report's text, and sentences that claim a cause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.report import MOST_COLUMNS, Block, Kind, causal_claims, prose


def test_only_paragraphs_lists_and_headings_are_markup() -> None:
    text = "# Rubrik\nEtt stycke\nsom fortsätter.\n\n- ett\n- två\n\n<b>*inte fet*</b>"
    assert prose(text) == (
        Block(Kind.HEADING, "Rubrik", level=2),
        Block(Kind.PARAGRAPH, "Ett stycke som fortsätter."),
        Block(Kind.LIST, rows=(("ett",), ("två",))),
        Block(Kind.PARAGRAPH, "<b>*inte fet*</b>"),
    )


@given(st.text(alphabet="ab- #\n\r\t", max_size=60))
def test_converting_a_text_to_blocks_loses_no_letter(text: str) -> None:
    kept = "".join(block.text + "".join(cell for row in block.rows for cell in row) for block in prose(text))
    assert [letter for letter in kept if letter in "ab"] == [letter for letter in text if letter in "ab"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Gästerna mår bättre tack vare vårt stöd.",
        "Vårt arbete har lett till ökad egenmakt.",
        "Stödet ledde till fler kontakter.",
        "Verksamheten har förbättrat deras hälsa.",
        "Vi har stärkt deltagarnas självförtroende.",
        "Andelen som instämmer har ökat tack vare ombuden.",
        "Rådgivningen bidrar till att gästerna mår bättre.",
        "Samtalen gör att fler blir trygga och mår bra.",
        "Genom våra insatser har deltagarna fått bättre hälsa.",
        "Gästerna är tryggare eftersom vi finns här.",
        "Att fler har kontakt med socialtjänsten är ett resultat av vårt arbete.",
        "Minskad ensamhet är en effekt av matcentralen.",
        "Ökningen beror på stödet från ombuden.",
        "Ombuden hjälpte kvinnorna att må bättre.",
        "Vårt arbete bröt ensamheten.",
        "P.g.a. ombudets stöd klarade fler av sin ansökan.",
        "Våra samtal har fått deltagarna att våga mer.",
        "Matcentralen minskar hungern hos gästerna.",
        "Gästerna har blivit tryggare av våra samtal.",
        "Insatsen har haft god effekt på hälsan.",
        "Ombuden har förändrat deltagarnas liv.",
        "Frida gör kvinnorna tryggare.",
        "Egenmakten har ökat med 20 procent genom Talk2Me.",
        "Genom ombuden har nio personer fått bostad.",
        "Det är vår förtjänst att fler har ett hem.",
        "Vi vet inte hur många, men stödet har lett till ett bättre liv.",
        "Our support has empowered them.",
        "As a result, fewer people are homeless.",
        "The effect of our service is increased confidence.",
        "Talk2Me has helped 40 people feel better.",
        "The new routine boosted participants' confidence.",
        "They felt better because of our work.",
        "Our support improved their health.",
        "The advice helped guests find a home.",
        "Well-being rose as a result of the project.",
        "The service contributes to better health.",
        "Guests feel safer because we are here.",
        "Resultatet visar att vår metod fungerar.",
        "Vi har bevis för att stödet hjälper.",
        "Andelen steg på grund av den nya lokalen.",
        "Minskningen beror på den nya rutinen.",
        "Besökarna är lugnare sedan vi byggde om.",
        "Ensamheten har minskat sedan ombudet började.",
        "The survey proves that our work helps.",
        "More guests feel safe because of the new staff.",
        "Utan oss hade fler varit hemlösa.",
        "Personalens bemötande förklarar den höga siffran.",
        "Stödet var orsaken till att så många instämde.",
    ],
)
def test_a_sentence_that_claims_a_cause_is_reported(sentence: str) -> None:
    assert causal_claims(f"Vi har öppet varje dag. {sentence} Välkommen!") == (sentence,)


@pytest.mark.parametrize(
    "sentence",
    [
        "14 av 20 instämde i att verksamheten bidrar till att de mår bättre.",
        "Andelen som instämmer är högre än förra året.",
        "Vår ledning består av fem personer.",
        "Vi har förbättrat lokalerna och byggt ett nytt kök.",
        "På grund av ombyggnaden var vi stängda i två veckor.",
        "Vi hjälpte 40 deltagare med en ansökan.",
        "Öppettiderna ändrades eftersom personalen var sjuk.",
        "Vårt mål är att bidra till ökad trygghet.",
        "Vi arbetar för att förebygga hemlöshet.",
        "Antalet besök ökade under året.",
        "Effekterna är ökad egenmakt och förbättrat självförtroende.",
        "Vi ger råd till deltagare som vill överklaga ett beslut.",
        "I dagsläget följer vi inte upp ombudsmannaskap och kan därför inte mäta effekt.",
        "Jag har fått ökad kunskap om mina rättigheter genom verksamheten",
        "Vi vet inte om stödet har lett till ökad egenmakt.",
        "Effekten av stödet är inte mätt.",
        "Antalet samtal om psykisk ohälsa ökade.",
        "We aim to reduce homelessness.",
        "The survey cannot show why people feel better.",
        "Rapporten är skriven av ombuden, med hjälp av personalen.",
        "12 of 20 agreed that this place contributes to their feeling better.",
        "We moved to a new house in May because the lease ended.",
        "The share that agrees is higher than last year.",
        "Enkäten visar att 72 procent instämmer.",
        "Vi vet inte varför fler instämmer.",
        "Enkäten kan inte förklara den höga siffran.",
        "Vi har öppnat en ny lokal sedan i våras.",
        "Sedan 2019 har FRIDA öppet.",
    ],
)
def test_a_sentence_without_a_causal_claim_is_not_reported(sentence: str) -> None:
    assert causal_claims(sentence) == ()


def test_lines_with_bars_are_a_table_below_its_caption() -> None:
    money = "Resurser 2022\n| Resurs | Belopp | Anmärkning |\n| Hela året | 30 mnkr |"
    text = f"{money}\n\n| a | b |\n|1|2|\n\n| ensam |"
    assert prose(text) == (
        Block(
            Kind.TABLE, "Resurser 2022", header=("Resurs", "Belopp", "Anmärkning"),
            rows=(("Hela året", "30 mnkr", ""),),
        ),
        Block(Kind.TABLE, "a", header=("a", "b"), rows=(("1", "2"),)),
        Block(Kind.PARAGRAPH, "| ensam |"),
    )  # fmt: skip
    wide = "|" + "a|" * (MOST_COLUMNS + 1)
    assert prose(f"{wide}\n{wide}")[0].kind is Kind.PARAGRAPH
