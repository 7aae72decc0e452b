"""The facts of the 2022 effect report in a coordinator's words, for tests that type them in.

The source gives three percentages and four labels without saying which belong together. The pairs here are
arithmetic test data: 50, 35 and 20 % of 20 answers are 10, 7 and 4.
"""

WORDS = {
    "about": "Västerås stadsmission arbetar för människor som lever i utsatthet. Verksamheten har fyra "
    "områden: förebyggande, stödjande, våld i nära relation och arbetsintegration.",
    "vision": "Fem lokala mål 2022–2024:\n\n- Ingen hemlöshet\n- Alla är trygga\n- Ingen ensamhet\n"
    "- Ingen psykisk ohälsa\n- Alla kan arbeta",
    "mission": "Vi möter gäster, deltagare, besökare, kunder och stödsökande.",
    "values": "Alla människor har samma värde.",
    "context": "Stadsmissionen är en del av Riksföreningen Sveriges stadsmissioner.",
    "organisation": "Sex anställda i Dagverksamheten arbetar delvis som ombud. Alla är utbildade i MI.",
    "leadership": "Direktor leder arbetet tillsammans med styrelsen.",
    "strategy": "Vi vill börja mäta effekter 2023, tillsammans med de andra stadsmissionerna.",
    "services": "# Talk2Me\nAnonymt och gratis. Första samtalet inom 14 dagar, med ungefär 40 volontärer.\n\n"
    "# Dagverksamheten\nSturegatan 22.\n\n# Matcentralen\nÖppnade 2022.\n\n# FRIDA\nFör kvinnor, sedan "
    "hösten 2019. All personal är kvinnor.\n\n# Second hand\nButik och arbetsträning.",
    "scope": "Rapporten är begränsad till ombudsmannaskap och länkning i Dagverksamheten.",
    "theory": "Teorin är framtagen av Riksföreningen Sveriges stadsmissioner.",
    "resources": "Kostnaden för ombudsmannaskapet går inte att skilja ut.\n\n"
    "Använda resurser 2022\n| Resurs | 2022 | Anmärkning |\n"
    "| Hela stadsmissionen | 30 mnkr | Total omsättning |\n"
    "| Dagverksamheten | 4,5 mnkr | Hela verksamheten, också måltider |\n"
    "| Personal | 6 anställda | Alla arbetar delvis som ombud och är utbildade i MI |",
    "outputs": "Rådgivning sker flera gånger dagligen. Länkningar sker dagligen.",
    "evaluation": "Enkäten gjordes under några dagar och handlade mest om nöjdhet. 20 gäster svarade. Här "
    "visas de påståenden som har mest med ombudsmannaskap att göra.",
    "comments": "Att personalen lyssnar och att gästerna mår bättre skattades högt. Kunskap om rättigheter "
    "fick relativt låga skattningar. Information om rättigheter och stöd är ett utvecklingsområde.",
    "comment-listened": "Det här påståendet skattades högt.",
    "comment-feel_better": "Också det här skattades högt.",
    "comment-rights_knowledge": "Relativt låga skattningar: vi ska informera mer om rättigheter och stöd.",
    "summary": "I dagsläget följer vi inte upp ombudsmannaskap och kan därför inte mäta effekt.",
    "definitions": "MI: motiverande samtal.",
    "other": "Lokalerna byggdes om 2021. Fler besökare stannar längre, och fler måltider serveras.",
}
"""Part -> the facts of the source in a coordinator's words."""

PARTS = [
    "Det här är Västerås stadsmission", "Vision", "Uppdrag", "Värdegrund",
    "I vilket organisatoriskt sammanhang verkar Västerås stadsmission", "Organisation", "Ledarskap",
    "Strategi", "Verksamheter", "Effektrapportering", "Förändringsteori", "Använda resurser",
    "Aktiviteter och prestationer", "Utvärdering", "Kommentarer deltagarenkät", "Sammanfattning",
    "Definitioner", "Övriga upplysningar",
]  # fmt: skip
"""The parts of the source, in its order."""

AREAS = {
    "Förebyggande": ("Talk2Me",),
    "Stödjande": ("Dagverksamheten", "Matcentralen"),
    "Våld i nära relation": ("FRIDA",),
    "Arbetsintegration": ("Second hand",),
}
"""Area of the organisation -> its activities."""

SHARES = {
    "Jag känner att personalen lyssnar på mig": ("Instämmer helt", "50 %"),
    "Verksamheten bidrar till att jag mår bättre": ("Instämmer bra", "35 %"),
    "Jag har fått ökad kunskap om mina rättigheter genom verksamheten": ("Instämmer delvis", "20 %"),
}
"""Statement -> the answer and the share in its diagram."""

OUTPUTS = {
    "Individer som fått stöd": "ca 200",
    "Rådgivning": "ca 500",
    "Länkning": "ej räknat",
}
"""Counter -> the year's figure."""
