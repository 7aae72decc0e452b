"""Sentences of a report that seem to claim a cause.

Anonymous cross-sections show what people answered, never why. The patterns are of words in Swedish and
English, so that a claim in other words is not found.
"""

import re

STATE = (
    r"(?:egenmakt|själv\w+|hälsa|trygghet|ensamhet|isolering|ångest|hemlöshet|ohälsa|livskvalitet"
    r"|handlings\w+)\w*\b"
)
"""Text of a pattern for a word that names a state of people, such as health: a part of patterns below."""

BETTER = r"(?:(?:mår|mådde|mått)\ bättre|(?:trygg|frisk|glad|stark|lugn|självständig)are|mindre\ ensam\w*)"
"""Text of a pattern for words that say that people are in a better state: a part of patterns below."""

AGENT = r"(?:vi|vår\w*|verksamhet\w*|stöd\w*|hjälp\w*|insats\w*|ombud\w*|samtal\w*|rådgivning\w*)\b"
"""Text of a pattern for a word that names the organisation or its work: a part of patterns below."""

CAUSES = re.compile(
    r"""\b(?:tack\ vare|till\ följd\ av|som\ en\ följd\ av|led(?:er|de|a)\ till|lett\ till|(?:för)?orsaka\w*
    |medför(?:de|t|a|er)?|resulter\w+\ i|(?:en\ )?effekt(?:en)?\ av|vår\ effekt
    |(?:ett|direkt)\ resultat\ av|resultatet\ av\ vår\w*|påverka(?:t|de|r)\ (?:deras|\w+nas)
    |(?:p\.?\ ?g\.?\ ?a\.?|på\ grund\ av|beror\ på|beror\ på\ att|berodde\ på)
        \ (?:vi|vår\w*|verksamhet\w*|stöd\w*|hjälp\w*|insats\w*|ombud\w*|samtal\w*|rådgivning\w*)
    |(?:gör|gjorde|gjort)\ (?:så\ )?att\ (?:fler|färre|de|gäst\w+|deltag\w+|besök\w+|människor|kvinnor\w*)
    |(?:får|fick|fått)\ (?:dem|\w+na)\ att
    |(?:gör|gjorde|gjort)\ (?:\w+\ ){1,3}{BETTER}
    |{BETTER}\ (?:av|genom|efter|sedan)\ (?:att\ )?{AGENT}
    |(?:ha[rft]*|får|fått|ger|gett|gav)\ (?:(?:en|god|stor|positiv)\ )*effekt\ på
    |(?:förändra|förvandla)(?:r|t|de)\ (?:deras|\w+(?:nas|ens))\ (?:liv|vardag|situation)
    |effekter\ av\ vår\w*|avgörande\ för\ (?:deras|\w+(?:nas|ens))
    |vår\ förtjänst|(?:innebär|innebar|inneburit)\ att\ (?:fler|färre|de|\w+na)
    |(?:gör|gjorde|gjort)\ (?:dem|\w+na|fler|många)\ (?:mer|mindre)
    |(?:insats\w+|stödet|arbetet)\ (?:fungera|hjälpt)\w*
    |(?<!att\ )(?:bota|läk|motverka)(?:er|r|t|te|de)?\ {STATE}
    |rädda(?:r|t|de)\ (?:\w+\ )?liv
    |(?<!att\ )(?:öka|förbättra|stärk|minska|bryt|brut|bröt|lyft|höj|hindra|förhindra|förebygg)(?:
        (?:er|ar|r|t|it|de|te|a)?\ (?:(?:deras|\w+(?:nas|ens))\ {STATE}|{STATE}(?<=n|t))
        |(?:er|ar|r)\ (?:psykisk\ )?{STATE}
        |(?:er|ar|r|t|it|de|te)\ \w+\ (?:hos|bland)\ (?:dem|gäst\w+|deltag\w+|besök\w+|människor))
    |because\ of|as\ a\ result
    |effects?\ of\ (?:our|the)\ \w+\ (?:is|are|was|were)
    |thanks\ to|owing\ to|due\ to\ (?:our|the\ (?:support|service))
    |le(?:d|ads?)\ to|caus(?:ed|es|ing)|result(?:ed|s)\ in|improved\ by|our\ impact
    |(?:our|the)\ impact\ (?:of|on)|mean[ts]?\ that\ (?:they|people|guests|participants)
    |because\ we
    |(?<!to\ )(?<!\bis\ )(?<!\bare\ )(?:improv|increas|strengthen|reduc|rais|boost|lower|chang)(?:ed|es|e|s)
        \ (?:their|loneliness|homelessness|isolation|anxiety|safety|confidence|empowerment|well-?being|health
        |(?:the\ )?\w+(?:[’']s|s[’'])\ \w+)
    |prevent(?:ed|s)\ |keeps?\ (?:people|guests|them)\ (?:out\ of|from)
    |helped\ \d+\ \w+\ (?:to\ )?(?:feel|gain|get|become)
    |empower(?:ed|s)\ (?:them|(?:the\ |our\ )?(?:guests|people|participants|visitors|women))
    |(?:sav(?:ed|es?)|chang(?:ed|es?))\ (?:\w+\ )?lives
    |(?:makes?|made)\ (?:\w+\ ){1,3}(?:safer|happier|stronger|healthier|less\ lonely)
    |(?:made|helped|enabled|got)
        \ (?:them|(?:the\ |our\ )?(?:guests|people|participants|visitors|women)))\b""".replace(
        "{STATE}", STATE
    )
    .replace("{BETTER}", BETTER)
    .replace("{AGENT}", AGENT),
    re.IGNORECASE | re.VERBOSE,
)
"""Words that claim a cause in any sentence."""

LINKS = re.compile(
    r"""\b(?:bidra(?:r|git|ga)?\ till|bidrog\ till|(?:gör|gjorde|gjort)\ (?:så\ )?att|hjälp(?:er|te|t)
    |eftersom|därför\ att|för\ att\ vi|(?:får|fick|fått)\ (?:\w+\ )?(?:att|må)
    |(?:skapa|möjliggör|gav|gett)\w*|ge|ger
    |(?:genom|med\ hjälp\ av|via)\ (?:vår\w*|verksamhet\w*|stöd\w*|insats\w*|ombud\w*|samtal\w*)
    |contribut\w+\ to|because|since\ we|through\ our|by\ our|with\ our)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that claim a cause in a sentence about a state of people, and not in one about the staff's work."""

STATES = re.compile(
    r"""\b(?:må|mår|mådde|mått)\b|\b(?:välmående|hälsa|ohälsa|livskvalitet|trygg(?:a\b|are|het)|egenmakt|
    själv(?:förtroende|känsla|ständig|mord)|handlingsförmåga|ensamhet|hemlös|friskare|gladare|starkare|rädsla|vågar|vågat|återhämtning|
    ökad\ kunskap|bättre\ liv|feel|felt|well-?being|health|loneliness|confidence|safer|happier|stronger
    |homeless)""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words for a state of people. With words of LINKS, they claim a cause."""

ANSWERS = re.compile(
    r"\b(?:instäm\w+|svara\w*|håll(?:er|it)? med|höll med|påstående\w*|jag|mig|mina?|mitt|mål(?:et|en)?"
    r"|syfte\w*|vill|ska|agree\w*|answer\w*|statement\w*|my|aims?|goals?|want)\b",
    re.IGNORECASE,
)
"""Words by which a sentence reports answers, quotes a statement, or states an aim. In such a sentence, only
CAUSES, PROOF, REASON, WITHOUT and AFTERWARDS show a claim."""


CHANGES = re.compile(
    r"""\b(?:(?:öka|minska|stärk|förbättra|förändra|höj|sänk|lyft)(?:r|t|de|er|te|s|ts|des)?
    |(?:increas|reduc|improv|strengthen|chang|lower)(?:ed|es|e|s))\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Verbs of a change. With words of MEANS and STATES they claim a cause, unless AIMS has a word too."""

MEANS = re.compile(rf"\b(?:genom|via|med\ hjälp\ av|through|{AGENT}|our)\b", re.IGNORECASE | re.VERBOSE)
"""Words for the organisation's work as the means of a change (see CHANGES)."""

GAINS = re.compile(
    rf"\bgenom {AGENT}.{{0,80}}\b(?:fått|fick|får)\b|\b(?:fått|fick|får)\b.{{0,80}}\bgenom {AGENT}",
    re.IGNORECASE,
)
"""Words by which people got something through the organisation's work. They claim a cause."""

PROOF = re.compile(
    rf"""\b(?:visa|bevisa|bekräfta|styrk)(?:r|er|t|de|te)?\ att\b.{{0,40}}
        (?:{AGENT}|metod\w*|arbete\w*|modell\w*|satsning\w*|det\ vi\ gör)
        .{{0,40}}\b(?:fungera\w*|verkan|effekt\w*|skillnad|nytta|hjälp(?:er|te|t)|lyckas|lyckats|rätt)\b
    |\bbevis\w*\ (?:för|på)\ att\ {AGENT}
    |\b(?:shows?|showed|proves?|proved|confirms?|confirmed)\ that\ (?:our|the)\b.{{0,40}}
        \b(?:works?|worked|helps?|helped|effective|difference)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that take figures for a proof of the organisation's success. They claim a cause in any sentence."""

REASON = re.compile(
    r"""\b(?:andel\w*|resultat\w*|ökning\w*|minskning\w*|fler|färre|siffr\w+|the\ share|more|fewer)\b.{0,80}
    \b(?:på\ grund\ av|p\.?\ ?g\.?\ ?a\.?|eftersom|därför\ att|beror\ på|berodde\ på|because|due\ to)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that give a reason for a share or its change. They claim a cause in any sentence."""

WITHOUT = re.compile(
    r"""\butan\ (?:oss|vår\w*|stöd\w*|hjälp\w*|ombud\w*|verksamhet\w*)\b.{0,60}\b(?:hade|skulle)\b
    |\bwithout\ (?:us|our)\b.{0,60}\bwould\b
    |\bförklara(?:r|t|de)\ (?:den|det|de|varför|ökning\w*|minskning\w*|siffr\w*|resultat\w*)\b
    |\bexplain(?:s|ed)?\ (?:the|why)\b|\b(?:är|var)\ (?:en\ )?orsak\w*\ till\b
    |\b(?:is|was)\ down\ to\ (?:our|the)\b
    |\bfått\ det\ bättre\ genom\b|\b(?:får|fick|fått)\ (?:fler|många)\ att\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words for the case without the organisation, or for the explanation of a figure. They claim a cause in any
sentence."""

AFTERWARDS = re.compile(
    rf"""\b{BETTER}\ (?:efter\ att|sedan|nu\ när)\b
    |\b(?:efter|sedan|since)\ (?:\w+\ )?{AGENT}.{{0,80}}\b(?:gått\ (?:ner|upp)|minskat|ökat|sjunkit|stigit
        |blivit\ (?:\w+are|färre|fler|bättre))\b
    |\b(?:minskat|ökat|sjunkit|stigit|blivit\ \w+are)\b.{{0,40}}\b(?:sedan|efter\ att)\ {AGENT}""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that take a change after the organisation's work for the effect of this work. They claim a cause in
any sentence."""

AIMS = re.compile(
    r"\b(?:för att|att|arbeta\w* (?:för|mot)|vision\w*|hoppas|strävar|försök\w*|antal\w*|hur|om"
    r"|to|aim\w*|hope\w*|number|whether|how)\b",
    re.IGNORECASE,
)
"""Words by which a sentence about changes states an aim, a question or a count."""

DENIES = re.compile(
    r"\b(?:inte|ingen|inget)\b.{0,200}\b(?:mät\w*|säga|säger|vet|veta|visa\w*|bevis\w*|slutsats\w*|orsak\w*|förklara\w*)\b"
    r"|\b(?:mät\w*|säga|säger|vet|visar|bevisar)\b.{0,200}\b(?:inte|inget)\b|\bokän\w+"
    r"|\b(?:not|cannot|can[’']t|unable|never)\b.{0,200}\b(?:measur|say|know|show|pro(?:ve|of)|tell|claim)\w*",
    re.IGNORECASE,
)
"""Words with which a sentence says that a cause is not known. Such a sentence claims none, unless TURNS has a
word of it."""

TURNS = re.compile(r"\b(?:men|utan|but|however)\b", re.IGNORECASE)
"""Words of contrast, after which a sentence may claim a cause that its first half denies."""


def causal_claims(text: str) -> tuple[str, ...]:
    """Return the sentences of a Swedish or English text that seem to claim that something caused an effect,
    in the order of the text; () if there are none. Words alone decide, so that a claim in other words is not
    found."""
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-ZÅÄÖ0-9”\"])|\n+", text)
    return tuple(sentence.strip() for sentence in sentences if _claims_cause(sentence))


def _claims_cause(sentence: str) -> bool:
    if DENIES.search(sentence) and not TURNS.search(sentence):
        return False
    if any(words.search(sentence) for words in (CAUSES, PROOF, REASON, WITHOUT, AFTERWARDS)):
        return True
    if ANSWERS.search(sentence):
        return False
    is_changed = CHANGES.search(sentence) and MEANS.search(sentence) and not AIMS.search(sentence)
    is_caused = LINKS.search(sentence) or is_changed
    return bool(GAINS.search(sentence) or (is_caused and STATES.search(sentence)))
