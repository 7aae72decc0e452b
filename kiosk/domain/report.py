"""The yearly effect report: its parts in the order of the source's report, its terms, and its document.

A report is drafted in parts by people; the program adds tables, charts, definitions and limits. A published
edition is a document: a list of blocks that no later count or text changes.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

LONGEST_PART = 50_000
"""Longest text of one part, in characters."""

MOST_STATEMENTS = 40
"""Most statements of a report."""


NARROW_FROM = 4
"""Fewest columns of a table on paper whose columns are too narrow for long words."""

LONGEST_SHORT_HEADING = 24
"""Most characters of a row's heading that stays on one line of a table with narrow columns."""


class Part(StrEnum):
    """The parts that people write, in order."""

    ABOUT = "about"
    VISION = "vision"
    MISSION = "mission"
    VALUES = "values"
    CONTEXT = "context"
    ORGANISATION = "organisation"
    LEADERSHIP = "leadership"
    STRATEGY = "strategy"
    SERVICES = "services"
    SCOPE = "scope"
    THEORY = "theory"
    RESOURCES = "resources"
    OUTPUTS = "outputs"
    EVALUATION = "evaluation"
    COMMENTS = "comments"
    SUMMARY = "summary"
    DEFINITIONS = "definitions"
    OTHER = "other"


@dataclass(frozen=True)
class Terms:
    """The scope of a report: a year, a node of a tree, a theory, closed rounds, and the statements it
    shows."""

    title: str
    organisation: str
    year: int
    node_id: str
    theory_id: str
    rounds: tuple[str, ...]
    statements: tuple[str, ...]


def terms_from_json(row: Mapping[str, Any]) -> Terms:
    """Return terms from their JSON, `dataclasses.asdict`. KeyError or TypeError for another shape."""
    lists = {name: tuple(row[name]) for name in ("rounds", "statements")}
    return Terms(**{**row, **lists})


class Kind(StrEnum):
    """The kinds of blocks of a report. Each writer of a format draws all of them."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    NOTE = "note"
    WARNING = "warning"
    LIST = "list"
    TABLE = "table"
    CHART = "chart"
    PAGE = "page"
    """A page break."""


@dataclass(frozen=True)
class Block:
    """One block of a report's document.

    `text` is a heading, a paragraph, a table's caption or a chart's description; `level` is a heading's, 1 or
    2; `rows` are a table's, each as long as `header`, or the lines of a list. A cell may have several lines.
    `data` has the numbers behind a chart, the first row a heading. `has_row_headings` says whether the first
    cell of each row of a table names the row.
    """

    kind: Kind
    text: str = ""
    level: int = 0
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    svg: str = ""
    data: tuple[tuple[str, ...], ...] = ()
    has_row_headings: bool = True

    @property
    def short_heading(self) -> int:
        """The most characters of a row's heading, if the table has so many columns that its headings need a
        width of their own, and they are short; otherwise 0."""
        if len(self.header) < NARROW_FROM or not self.has_row_headings:
            return 0
        headings = [line for cells in (self.header, *self.rows) for line in cells[0].split("\n")]
        longest = max(map(len, headings))
        return longest if longest <= LONGEST_SHORT_HEADING else 0


@dataclass(frozen=True)
class ReportDocument:
    """A report, ready to be rendered. `edition` is a sentence with the edition's number and date, or one that
    says that the report is a draft. In editions made by earlier versions the subtitle contains the
    organisation. `logo` is a data address, or "" without one."""

    title: str
    subtitle: str
    language: str
    edition: str
    blocks: tuple[Block, ...]
    organisation: str = ""
    logo: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def document_from_json(row: Mapping[str, Any]) -> ReportDocument:
    """Return a document from its JSON: the inverse of `ReportDocument.as_json`. KeyError, TypeError or
    ValueError for another shape."""
    blocks = tuple(
        Block(
            Kind(block["kind"]),
            block["text"],
            block["level"],
            tuple(block["header"]),
            tuple(tuple(cells) for cells in block["rows"]),
            block["svg"],
            # Editions of earlier versions have no data and no row headings.
            tuple(tuple(cells) for cells in block.get("data", ())),
            block.get("has_row_headings", False),
        )
        for block in row["blocks"]
    )
    return ReportDocument(**{**row, "blocks": blocks})


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction is Arabic or Hebrew."""
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind for kind in directions if kind in {"L", "R", "AL"}), "L") != "L"


def data_rows(table: Iterable[Iterable[object]]) -> tuple[tuple[str, ...], ...]:
    """Return a table as a block's data; None becomes empty."""
    return tuple(tuple("" if cell is None else str(cell) for cell in row) for row in table)


def prose(text: str) -> tuple[Block, ...]:
    """Return the blocks of a part's text: paragraphs between empty lines, lines that begin with "- " as a
    list, lines that begin with "|" as a table, below a line with its caption, and a line that begins with
    "# " as a heading. Nothing else is markup."""
    blocks: list[Block] = []
    for chunk in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip()):
        lines = [line.strip() for line in chunk.split("\n") if line.strip()]
        if lines and lines[0].startswith("# "):
            blocks.append(Block(Kind.HEADING, lines.pop(0)[2:].strip(), level=2))
        if lines and all(line.startswith("- ") for line in lines):
            blocks.append(Block(Kind.LIST, rows=tuple((line[2:].strip(),) for line in lines)))
        elif table := _table(lines):
            blocks.append(table)
        elif lines:
            blocks.append(Block(Kind.PARAGRAPH, " ".join(lines)))
    return tuple(blocks)


MOST_COLUMNS = 6
"""Most columns of a table in a text: more have no room on a page."""


def _table(lines: list[str]) -> Block | None:
    """Return the table of a chunk's lines: a caption unless the first line begins with "|", then a heading
    and at least one row. None for other lines."""
    caption = "" if lines and lines[0].startswith("|") else "".join(lines[:1])
    rows = [_cells(line) for line in lines[1 if caption else 0 :]]
    if len(rows) < 2 or None in rows:
        return None
    header, *body = ((*(cells or ()),) for cells in rows)
    width = max(len(header), *map(len, body))
    if width > MOST_COLUMNS:
        return None
    filled = ((*cells, *("",) * (width - len(cells))) for cells in (header, *body))
    header, *body = filled
    return Block(Kind.TABLE, caption or header[0], header=header, rows=tuple(body))


def _cells(line: str) -> tuple[str, ...] | None:
    """Return the cells of a line that begins with "|"; None for another line."""
    return tuple(cell.strip() for cell in line.strip("|").split("|")) if line.startswith("|") else None


STATE = (
    r"(?:egenmakt|själv\w+|hälsa|trygghet|ensamhet|isolering|ångest|hemlöshet|ohälsa|livskvalitet"
    r"|handlings\w+)\w*\b"
)
BETTER = r"(?:(?:mår|mådde|mått)\ bättre|(?:trygg|frisk|glad|stark|lugn|självständig)are|mindre\ ensam\w*)"
AGENT = r"(?:vi|vår\w*|verksamhet\w*|stöd\w*|hjälp\w*|insats\w*|ombud\w*|samtal\w*|rådgivning\w*)\b"
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
"""Words that claim a cause. Anonymous cross-sections show what people answered, never why."""

LINKS = re.compile(
    r"""\b(?:bidra(?:r|git|ga)?\ till|bidrog\ till|(?:gör|gjorde|gjort)\ (?:så\ )?att|hjälp(?:er|te|t)
    |eftersom|därför\ att|för\ att\ vi|(?:får|fick|fått)\ (?:\w+\ )?(?:att|må)
    |(?:skapa|möjliggör|gav|gett)\w*|ge|ger
    |(?:genom|med\ hjälp\ av|via)\ (?:vår\w*|verksamhet\w*|stöd\w*|insats\w*|ombud\w*|samtal\w*)
    |contribut\w+\ to|because|since\ we|through\ our|by\ our|with\ our)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that claim a cause in a sentence about how people are, and not in one about what the staff did."""

STATES = re.compile(
    r"""\b(?:må|mår|mådde|mått)\b|\b(?:välmående|hälsa|ohälsa|livskvalitet|trygg(?:a\b|are|het)|egenmakt|
    själv(?:förtroende|känsla|ständig|mord)|handlingsförmåga|ensamhet|hemlös|friskare|gladare|starkare|rädsla|vågar|vågat|återhämtning|
    ökad\ kunskap|bättre\ liv|feel|felt|well-?being|health|loneliness|confidence|safer|happier|stronger
    |homeless)""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words for how people are."""

ANSWERS = re.compile(
    r"\b(?:instäm\w+|svara\w*|håll(?:er|it)? med|höll med|påstående\w*|jag|mig|mina?|mitt|mål(?:et|en)?"
    r"|syfte\w*|vill|ska|agree\w*|answer\w*|statement\w*|my|aims?|goals?|want)\b",
    re.IGNORECASE,
)
"""Words with which a sentence reports answers, quotes a statement, or says what somebody aims for."""


CHANGES = re.compile(
    r"""\b(?:(?:öka|minska|stärk|förbättra|förändra|höj|sänk|lyft)(?:r|t|de|er|te|s|ts|des)?
    |(?:increas|reduc|improv|strengthen|chang|lower)(?:ed|es|e|s))\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Verbs of a change."""

MEANS = re.compile(rf"\b(?:genom|via|med\ hjälp\ av|through|{AGENT}|our)\b", re.IGNORECASE | re.VERBOSE)
"""Words for what the organisation did. With a change of how people are, they claim a cause."""

GAINS = re.compile(
    rf"\bgenom {AGENT}.{{0,80}}\b(?:fått|fick|får)\b|\b(?:fått|fick|får)\b.{{0,80}}\bgenom {AGENT}",
    re.IGNORECASE,
)
"""Words with which people got something through what the organisation did."""

PROOF = re.compile(
    rf"""\b(?:visa|bevisa|bekräfta|styrk)(?:r|er|t|de|te)?\ att\b.{{0,40}}
        (?:{AGENT}|metod\w*|arbete\w*|modell\w*|satsning\w*|det\ vi\ gör)
        .{{0,40}}\b(?:fungera\w*|verkan|effekt\w*|skillnad|nytta|hjälp(?:er|te|t)|lyckas|lyckats|rätt)\b
    |\bbevis\w*\ (?:för|på)\ att\ {AGENT}
    |\b(?:shows?|showed|proves?|proved|confirms?|confirmed)\ that\ (?:our|the)\b.{{0,40}}
        \b(?:works?|worked|helps?|helped|effective|difference)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words with which figures are taken for a proof of what the organisation achieved."""

REASON = re.compile(
    r"""\b(?:andel\w*|resultat\w*|ökning\w*|minskning\w*|fler|färre|siffr\w+|the\ share|more|fewer)\b.{0,80}
    \b(?:på\ grund\ av|p\.?\ ?g\.?\ ?a\.?|eftersom|därför\ att|beror\ på|berodde\ på|because|due\ to)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that give a reason for a share or its change."""

WITHOUT = re.compile(
    r"""\butan\ (?:oss|vår\w*|stöd\w*|hjälp\w*|ombud\w*|verksamhet\w*)\b.{0,60}\b(?:hade|skulle)\b
    |\bwithout\ (?:us|our)\b.{0,60}\bwould\b
    |\bförklara(?:r|t|de)\ (?:den|det|de|varför|ökning\w*|minskning\w*|siffr\w*|resultat\w*)\b
    |\bexplain(?:s|ed)?\ (?:the|why)\b|\b(?:är|var)\ (?:en\ )?orsak\w*\ till\b
    |\b(?:is|was)\ down\ to\ (?:our|the)\b
    |\bfått\ det\ bättre\ genom\b|\b(?:får|fick|fått)\ (?:fler|många)\ att\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that say what would have been otherwise, or what explains a figure."""

AFTERWARDS = re.compile(
    rf"""\b{BETTER}\ (?:efter\ att|sedan|nu\ när)\b
    |\b(?:efter|sedan|since)\ (?:\w+\ )?{AGENT}.{{0,80}}\b(?:gått\ (?:ner|upp)|minskat|ökat|sjunkit|stigit
        |blivit\ (?:\w+are|färre|fler|bättre))\b
    |\b(?:minskat|ökat|sjunkit|stigit|blivit\ \w+are)\b.{{0,40}}\b(?:sedan|efter\ att)\ {AGENT}""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words with which a change after something the organisation did is taken for its effect."""

AIMS = re.compile(
    r"\b(?:för att|att|arbeta\w* (?:för|mot)|vision\w*|hoppas|strävar|försök\w*|antal\w*|hur|om"
    r"|to|aim\w*|hope\w*|number|whether|how)\b",
    re.IGNORECASE,
)
"""Words with which a sentence about changes says what somebody aims for, asks or counts."""

DENIES = re.compile(
    r"\b(?:inte|ingen|inget)\b.{0,200}\b(?:mät\w*|säga|säger|vet|veta|visa\w*|bevis\w*|slutsats\w*|orsak\w*|förklara\w*)\b"
    r"|\b(?:mät\w*|säga|säger|vet|visar|bevisar)\b.{0,200}\b(?:inte|inget)\b|\bokän\w+"
    r"|\b(?:not|cannot|can[’']t|unable|never)\b.{0,200}\b(?:measur|say|know|show|pro(?:ve|of)|tell|claim)\w*",
    re.IGNORECASE,
)
"""Words with which a sentence says that a cause is not known."""

TURNS = re.compile(r"\b(?:men|utan|but|however)\b", re.IGNORECASE)
"""Words after which a sentence may claim what its first half denies."""


def causal_claims(text: str) -> tuple[str, ...]:
    """Return the sentences that seem to claim that something caused an effect. Words alone decide, so that a
    claim in other words is not found."""
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
