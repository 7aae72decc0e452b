"""Sentences that claim a cause."""

import pytest

from kiosk.domain.causal_claims import causal_claims


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
