"""Sentences that interpret charts and say how uncertain the figures are. `labels` have the highest option
first."""

from collections.abc import Collection, Iterable, Sequence

from kiosk.desk.i18n import asked, day, in_a_row, in_percent, named_period, translate
from kiosk.desk.results.change_words import change_word
from kiosk.domain.noisy_statistics import largest_by_noise, usual_error
from kiosk.domain.results import (
    PERCENT_FROM,
    Break,
    Change,
    Row,
    Spread,
    Turn,
    comparable,
    compared,
    interval_in_parts,
    shares,
)
from kiosk.domain.rounding import whole_percent
from kiosk.domain.rounds import Admission, ProtectionLevel, Round
from kiosk.domain.snapshot import Document, made_at
from kiosk.domain.statistics import Interval, Trend
from kiosk.domain.survey import Good, Statement
from kiosk.domain.target import TargetState, is_upper_limit, target_position, target_state
from kiosk.domain.time_change import TimeChange
from kiosk.domain.tree import Node


def about_round(row: Row, labels: Sequence[str]) -> tuple[str, ...]:
    """Return sentences about one round of a statement. `labels` has its options' labels, the highest option
    first.

    - Without answers on the scale: the sentence of `about_follow_up`, if it is a follow-up, then the reason.
    - With several options: one sentence, that several could be chosen.
    - On a scale without an order: the sentence of `about_follow_up`, if it is a follow-up, then that there is
      no order.
    - On a scale with an order: the number that agreed, its uncertainty, which share is good, the target.
    """
    if not row.on_scale:
        return (*about_follow_up(row), missing(row))
    if row.statement.several:
        return (several_possible(row),)
    if not row.statement.scale.is_ordered:
        return (*about_follow_up(row), without_order())
    return (
        _agreement(row, labels),
        *uncertainty(row.agreeing_interval, row.on_scale),
        *about_direction(row.statement),
        *about_target(row),
    )


def about_target(row: Row) -> tuple[str, ...]:
    """Return sentences about the target of a statement: its percentage, the line in the bar that shows it, if
    there is one, and whether it is reached. Until the round is closed, the last sentence says that this is
    shown after the closing. Empty without a target, or without answers on the scale."""
    state, percent = target_state(row), row.statement.target
    if state is None:
        return ()
    if is_upper_limit(row.statement):
        target = translate("Målet är att högst {target} procent svarar så.", target=percent)
    else:
        target = translate("Målet är att minst {target} procent svarar så.", target=percent)
    line = (
        (translate("Strecket i stapeln visar målet."),) if target_position(row.statement) is not None else ()
    )
    if not row.is_closed:
        return (target, *line, translate("Om målet är nått visas när omgången är avslutad."))
    verdicts = {
        TargetState.REACHED: translate("Målet är nått."),
        TargetState.MISSED: translate("Målet är inte nått."),
    }
    uncertain = translate(
        "Det går inte att säga om målet är nått: svaren är för få, eller spannet för brett."
    )
    return (target, *line, verdicts.get(state, uncertain))


def target_word(state: TargetState | None, *, is_closed: bool) -> str | None:
    """Return a table cell's words about a target: reached, not reached or uncertain. Until the round is
    closed, they say that this is shown after the closing. None if `state` is None: there is no target, or no
    answer on the scale."""
    if state is None:
        return None
    if not is_closed:
        return translate("visas när omgången är avslutad")
    return {
        TargetState.REACHED: translate("nått"),
        TargetState.MISSED: translate("inte nått"),
        TargetState.UNCERTAIN: translate("osäkert"),
    }[state]


def without_order() -> str:
    """Return the sentence that options without an order are shown one by one, and that nothing is
    compared."""
    return translate(
        "Svaren har ingen ordning: varje svar visas för sig, och omgångar och verksamheter jämförs inte."
    )


def about_follow_up(row: Row) -> tuple[str, ...]:
    """Return one sentence about a follow-up: the answers after which it was asked, and the number of guests
    who were asked. The number is approximate in a protected round, and a maximum if answers to the statement
    before it are withheld. Empty if the statement is no follow-up, and without figures."""
    follows = row.statement.follows
    if follows is None or row.asked is None:
        return ()
    survey = row.round.survey
    before = survey.statement(follows.statement)
    labels = (asked(survey, before.scale.labels[option - 1]) for option in reversed(follows.when))
    answers = in_a_row((translate("”{text}”", text=label) for label in labels), is_choice=True)
    values = {"asked": row.asked, "answers": answers, "statement": asked(survey, before.text)}
    if row.round.is_protected:
        words = translate(
            "Frågan gällde dem som svarade {answers} på ”{statement}”: ungefär {asked}.", **values
        )
    elif row.is_asked_at_most:
        words = translate(
            "Frågan gällde dem som svarade {answers} på ”{statement}”: högst {asked}. Några svar på "
            "påståendet är dolda av anonymitetsskäl.",
            **values,
        )
    else:
        words = translate("Frågan gällde dem som svarade {answers} på ”{statement}”: {asked}.", **values)
    return (words,)


def several_possible(row: Row) -> str:
    """Return the sentence about a question of which guests may choose several options: its shares are of all
    ballots, may add up to more than 100 percent, and are not compared."""
    return translate(
        "Det går att välja flera svar. Varje stapel är en andel av alla {n} som lämnade svar i omgången, "
        "även av dem som inte svarade på frågan. Staplarna kan tillsammans bli mer än 100 procent. "
        "Omgångar och verksamheter jämförs inte.",
        n=row.on_scale,
    )


def n_heading(row: Row) -> str:
    """Return the heading of a column with n: the number of ballots if a guest may choose several options,
    else that of answers on the scale."""
    return translate("Lämnade svar (n)") if row.statement.several else translate("På skalan (n)")


def about_n(row: Row) -> str:
    """Return the sentence with the meaning of n, and the number of answers from which on percentages are
    shown."""
    if row.statement.several:
        return translate(
            "n är antalet som lämnade svar i omgången. Procent visas från {from_n} svar.", from_n=PERCENT_FROM
        )
    return translate("n är antalet svar på skalan. Procent visas från {from_n} svar.", from_n=PERCENT_FROM)


def uncertainty(interval: Interval | None, n: int) -> tuple[str, ...]:
    """Return the sentence with the confidence interval of a share of `n` answers, in tenths if `n` is small,
    else in percent (`parts_of`). Empty if `interval` is None: too few answers, or options without an order.
    """
    if not interval:
        return ()
    low, high, parts = interval_in_parts(interval, n)
    if parts == 10:
        return (translate("Med så få svar kan det vara mellan {low} och {high} av 10.", low=low, high=high),)
    return (translate("Räkna med att det kan vara mellan {low} och {high} procent.", low=low, high=high),)


def agreeing_answers(statement: Statement, labels: Sequence[str]) -> str:
    """Return the options that agree with a statement, the highest option first, as one text such as "”Alltid”
    eller ”Ofta”"; "" for options without an order. `labels` has all options' labels, the highest option
    first."""
    options = reversed(statement.agreeing_options)
    return in_a_row((translate("”{text}”", text=labels[-option]) for option in options), is_choice=True)


def share_rule(statement: Statement, labels: Sequence[str]) -> str:
    """Return sentences with the options that count in the share that agrees, and the meaning of n; only the
    meaning of n for options without an order. `labels` has all options' labels, the highest option first."""
    if not statement.scale.is_ordered:
        return translate("n är antalet svar på skalan.")
    answers = agreeing_answers(statement, labels)
    return translate("Andelen är de som svarade {labels}. n är antalet svar på skalan.", labels=answers)


def _agreement(row: Row, labels: Sequence[str]) -> str:
    chosen = agreeing_answers(row.statement, labels)
    if row.round.is_protected:
        return translate(
            "Ungefär {agreeing} av {n} svarade {options}.",
            agreeing=row.agreeing,
            n=row.on_scale,
            options=chosen,
        )
    return translate(
        "{agreeing} av {n} svarade {options}.", agreeing=row.agreeing, n=row.on_scale, options=chosen
    )


def about_direction(statement: Statement) -> tuple[str, ...]:
    """Return a sentence that a low share of a statement is good, or that neither a low nor a high share is
    better. Empty if a high share is good, or the survey does not say."""
    if statement.good_share is Good.LOW:
        return (translate("Här är en liten andel bra."),)
    if statement.good_share is Good.NEITHER:
        return (translate("Här är varken en stor eller en liten andel bättre."),)
    return ()


def kind_of_figures(level: ProtectionLevel) -> str:
    """Return the sentence that names the protection of a round's figures."""
    return {
        ProtectionLevel.PROTECTED: translate("Skyddade siffror."),
        ProtectionLevel.STRONG: translate("Starkt skyddade siffror."),
        ProtectionLevel.EXACT: translate("Exakta siffror."),
    }[level]


def kinds_of_figures(levels: Collection[ProtectionLevel]) -> tuple[str, ...]:
    """Return sentences that name the protection of several rounds' figures: that of the protected ones, then
    that some rounds have another protection. `levels` has those of the rounds, at least one."""
    first = next(level for level in ProtectionLevel if level in levels)
    return (kind_of_figures(first), *other_kinds(levels))


def other_kinds(levels: Collection[ProtectionLevel]) -> tuple[str, ...]:
    """Return sentences that some of the rounds, whose protections are `levels`, are strongly protected or
    exact, if others are protected; or exact, if others are strongly protected."""
    sentences = {
        ProtectionLevel.STRONG: translate("Några av omgångarna har starkt skyddade siffror."),
        ProtectionLevel.EXACT: translate("Några av omgångarna har exakta siffror."),
    }
    return tuple(sentences[level] for level in [kind for kind in ProtectionLevel if kind in levels][1:])


def about_protection(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return sentences about the noise: by how many answers a bar may be off, and up to which count a bar may
    be noise alone.

    Both numbers are those of the noisiest row, so that no bar has a larger error. If some rows have another
    protection, sentences between the two say so. If no protected row has figures, the only sentence names
    the figures' protection: exact if one of the rounds is exact, else strong only if all rounds are strongly
    protected.
    """
    noisy = [row for row in rows if row.round.is_protected and row.table]
    if not noisy:
        levels = {row.round.level for row in rows}
        weakest = (ProtectionLevel.EXACT, ProtectionLevel.PROTECTED, ProtectionLevel.STRONG)
        return (kind_of_figures(next((level for level in weakest if level in levels), weakest[1])),)
    worst = max(noisy, key=lambda row: row.noise.variance)
    most = largest_by_noise(worst.noise)
    nobody = translate("Där det står {most} eller färre kan det vara ingen alls.", most=most)
    return (_error(noisy, worst), *other_kinds({row.round.level for row in rows if row.table}), nobody)


def _error(noisy: Sequence[Row], worst: Row) -> str:
    """Return the sentence about the error of bars. `noisy` are rows of protected rounds, `worst` is the
    noisiest of them."""
    off = usual_error(worst.noise)
    if {row.round.level for row in noisy} == {ProtectionLevel.STRONG}:
        return translate(
            "Starkt skyddade siffror: varje stapel kan vara fel på upp till {off} svar.", off=off
        )
    return translate("Skyddade siffror: varje stapel kan vara fel på upp till {off} svar.", off=off)


def about_intervals(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return a sentence saying that the intervals include the noise; empty unless a protected row has an
    interval."""
    if any(row.round.is_protected and row.agreeing_interval for row in rows):
        return (translate("Spannet räknar med både slump och skydd."),)
    return ()


def about_change(history: Sequence[Row], changes: TimeChange) -> tuple[str, ...]:
    """Return sentences about the change over the rounds that can be compared (the closed ones since the last
    break, with at least PERCENT_FROM answers): the trend, the shares in the first and the last round, and the
    last step if it differs from the trend. If no two rounds can be compared, the first sentence says why. If
    a round is not closed, the last one says that it is not compared.

    For options without an order, the only sentence says so; empty for a question with several options.
    `history` has a statement's rows at one node, the earliest round first; they may lack `units`. `changes`
    is their `time_change`.
    """
    if history and history[-1].statement.several:
        return ()
    if history and not history[-1].statement.scale.is_ordered:
        return (without_order(),)
    rounds_compared, overall, turned = compared(history), changes.overall, changes.turn
    sentences = [
        translate(
            "Det finns ännu inte två avslutade omgångar med minst {from_n} svar som kan jämföras.",
            from_n=PERCENT_FROM,
        )
    ]
    if overall and overall.trend is None:
        sentences = [
            translate(
                "Går inte att jämföra: ingen verksamhet har egna siffror från två av de avslutade omgångarna."
            )
        ]
    elif overall:
        sentences = [_change(changes, rounds_compared), *_ends(rounds_compared, changes.ends)]
    if turned:
        sentences.append(_turn(turned, is_noisy=is_noisy(rounds_compared[-2:])))
    if overall and overall.trend and overall.has_several_units:
        sentences.append(translate("Varje verksamhet jämförs bara med sig själv."))
    if not all(row.is_closed for row in history):
        sentences.append(translate("Omgången som pågår är inte med i jämförelsen: dess siffror ändras ännu."))
    return tuple(sentences)


def is_noisy(rows: Sequence[Row]) -> bool:
    """Return whether one of the rows is from a protected round."""
    return any(row.round.is_protected for row in rows)


def _change(changes: TimeChange, rows: Sequence[Row]) -> str:
    """Return the sentence about the trend over all compared rounds. A trend that the first and the last round
    contradict significantly is not called up or down."""
    rounds, trend = len(rows), (changes.overall and changes.overall.trend) or Trend.CHANCE
    between = (changes.ends and changes.ends.trend) or Trend.CHANCE
    if {trend, between} == {Trend.UP, Trend.DOWN}:
        return translate(
            "Både upp och ner: sett över de {rounds} omgångar som kan jämföras har andelen som svarade så "
            "ändrats mer än slumpen brukar ge, men inte åt ett och samma håll.",
            rounds=rounds,
        )
    word = change_word(trend, rows[-1].statement, is_noisy=is_noisy(rows))
    if trend is Trend.UP:
        return translate(
            "{word}: sett över de {rounds} omgångar som kan jämföras har andelen som svarade så ökat mer än "
            "slumpen brukar ge.",
            word=word,
            rounds=rounds,
        )
    if trend is Trend.DOWN:
        return translate(
            "{word}: sett över de {rounds} omgångar som kan jämföras har andelen som svarade så minskat mer "
            "än slumpen brukar ge.",
            word=word,
            rounds=rounds,
        )
    if is_noisy(rows):
        return translate(
            "{word}: sett över de {rounds} omgångar som kan jämföras har andelen som svarade så varken ökat "
            "eller minskat mer än slumpen och skyddet brukar ge.",
            word=word,
            rounds=rounds,
        )
    return translate(
        "{word}: sett över de {rounds} omgångar som kan jämföras har andelen som svarade så varken ökat "
        "eller minskat mer än slumpen brukar ge.",
        word=word,
        rounds=rounds,
    )


def _ends(rows: Sequence[Row], between: Change | None) -> tuple[str, ...]:
    """Return one sentence with the shares of the first and the last of the compared rounds, `rows`. If there
    are rounds between them, it also says whether `between`, the change from the first to the last, is
    significant. If the two shares cannot be compared, because the units' parts of the answers changed, the
    sentence says so instead, also if `between` is None or has no trend."""
    first, last = rows[0], rows[-1]
    if not between or between.trend is None or between.has_mix_moved:
        return (
            translate(
                "Verksamheterna står för andra delar av svaren än i den första omgången. Därför går "
                "{first} då och {last} nu inte att jämföra rakt av: se varje verksamhet för sig.",
                first=_agreeing(first),
                last=_agreeing(last),
            ),
        )
    numbers = translate(
        "I den första omgången som kan jämföras svarade {first} så, i den senaste avslutade {last}.",
        first=_agreeing(first),
        last=_agreeing(last),
    )
    if len(rows) == 2:
        return (numbers,)
    return (f"{numbers} {_between(between.trend, is_noisy=is_noisy([first, last]))}",)


def _between(verdict: Trend, *, is_noisy: bool) -> str:
    if verdict is not Trend.CHANCE:
        return translate("Skillnaden mellan de två är större än slumpen brukar ge.")
    if is_noisy:
        return translate("Skillnaden mellan de två kan vara slump eller skydd.")
    return translate("Skillnaden mellan de två kan vara slump.")


def _turn(last_turn: Turn, *, is_noisy: bool) -> str:
    """Return the sentence about the change in the last step, which the trend over all rounds does not show.
    `is_noisy` says whether one of the two rounds of the step is protected."""
    if is_noisy and not last_turn.is_sure:
        return _noisy_turn(last_turn)
    return {
        (True, True): translate(
            "Men från näst sista till sista avslutade omgången ökade andelen som svarade så mer än slumpen "
            "brukar ge."
        ),
        (False, True): translate(
            "Men från näst sista till sista avslutade omgången minskade andelen som svarade så mer än "
            "slumpen brukar ge."
        ),
        (True, False): translate(
            "Från näst sista till sista avslutade omgången ökade andelen som svarade så lite. Det kan vara "
            "slump."
        ),
        (False, False): translate(
            "Från näst sista till sista avslutade omgången minskade andelen som svarade så lite. Det kan "
            "vara slump."
        ),
    }[last_turn.is_up, last_turn.is_sure]


def _noisy_turn(last_turn: Turn) -> str:
    if last_turn.is_up:
        return translate(
            "Från näst sista till sista avslutade omgången ökade andelen som svarade så lite. Det kan vara "
            "slump eller skydd."
        )
    return translate(
        "Från näst sista till sista avslutade omgången minskade andelen som svarade så lite. Det kan vara "
        "slump eller skydd."
    )


def about_places(spread: Spread | None) -> tuple[str, ...]:
    """Return sentences about the units with the largest and the smallest share that agrees, whether the
    difference is significant, and that only units with at least PERCENT_FROM answers are compared. If all
    shares are equal, they say so. For None, the only sentence says that fewer than two units have so many
    answers."""
    if spread is None:
        return (
            translate(
                "Färre än två verksamheter har minst {from_n} svar. Därför jämförs de inte.",
                from_n=PERCENT_FROM,
            ),
        )
    only = translate("Bara verksamheter med minst {from_n} svar jämförs.", from_n=PERCENT_FROM)
    if spread.is_equal_everywhere:
        return (translate("Lika stor andel svarade så i alla verksamheter som kan jämföras."), only)
    where = translate(
        "Störst andel svarade så på {most}, minst på {least}.",
        most=_named(spread.most),
        least=_named(spread.least),
    )
    certainty = translate("Skillnaden är större än slumpen brukar ge.")
    if not spread.is_sure:
        is_noisy = any(place_row.round.is_protected for _, place_row in spread.most)
        certainty = (
            translate("Skillnaden kan vara slump eller skydd.")
            if is_noisy
            else translate("Skillnaden kan vara slump.")
        )
    return (f"{where} {certainty}", only)


def _named(places: Sequence[tuple[Node, Row]]) -> str:
    """Return the names of the places as one text, each with the number of answers that agree, n and the
    percentage."""
    return in_a_row(
        translate(
            "{name} ({count} av {n}, {percent} %)",
            name=node.name,
            count=place_row.agreeing,
            n=place_row.on_scale,
            percent=whole_percent(place_row.agreeing, place_row.on_scale),
        )
        for node, place_row in places
    )


def _agreeing(row: Row) -> str:
    """Return the number that agrees and n as text, with the percentage from PERCENT_FROM answers on."""
    share, _ = shares((row.agreeing, row.on_scale - row.agreeing))
    of = translate("{count} av {n}", count=share.count, n=row.on_scale)
    return of if share.percent is None else f"{of} ({in_percent(share.percent)})"


def percent(share: int | None, before: str) -> str:
    """Return a percentage as text after the text `before`: ", 35 %" for 35 and ", "; "" if `share` is
    None."""
    return "" if share is None else f"{before}{in_percent(share)}"


def missing(row: Row) -> str:
    """Return the reason why a row has no answers on the scale, as a sentence: too few to publish, not enough
    yet, or published figures with none on the scale. The row's `on_scale` must be 0."""
    if row.why == "too_few":
        return translate("För få svar, eller svar på för få dagar, för att visas för sig.")
    return translate("Väntar på fler svar.") if row.why == "waiting" else translate("Inga svar på skalan.")


def broken(row: Row) -> str:
    """Return a sentence that a row cannot be compared with the row before it, which stands above it, with the
    changes that prevent this; "" if it can."""
    if not row.breaks:
        return ""
    return translate("Går inte att jämföra med det ovanför: {changes}.", changes=break_names(row.breaks))


def break_names(breaks: Sequence[Break]) -> str:
    """Return the words for the changes that prevent a comparison, separated by commas; "" for none."""
    names = {
        Break.WORDING: translate("andra ord"),
        Break.SCALE: translate("annan skala"),
        Break.PLACES: translate("andra verksamheter"),
    }
    return ", ".join(names[change] for change in breaks)


def about_versions(history: Sequence[Row]) -> tuple[str, ...]:
    """Return warnings if the rounds of `history` used different versions of the survey; empty if all used the
    same.

    The last warning says that something in the survey changed, such as a translation. If the statement had
    other words with the same meaning since the last break of the trend, a warning before it has these words,
    the latest first. `history` has the rows of one statement, the earliest round first.
    """
    if len({row.round.survey.version for row in history}) < 2:
        return ()
    texts = list(dict.fromkeys(row.statement.text for row in reversed(comparable(history))))
    previous = " ".join(translate("”{text}”", text=text) for text in texts[1:])
    return (
        *(
            [translate("Påståendet har haft andra ord med samma innebörd: {texts}", texts=previous)]
            if previous
            else []
        ),
        translate(
            "Omgångarna har olika versioner: något i enkäten har ändrats, till exempel en "
            "översättning. Jämför med försiktighet."
        ),
    )


def about_new_statement(row: Row, rounds: Iterable[Round], node_id: str) -> tuple[str, ...]:
    """Return one sentence if earlier rounds of the row's survey have the node, but none of them asked the
    row's statement.

    It says that the statement is new or, if an earlier round asked the same text as another statement, that
    the two are not compared. Empty otherwise. `rounds` may have rounds of all surveys.
    """
    before = [
        other
        for other in rounds
        if other.survey.id == row.round.survey.id
        and other.opens_at < row.round.opens_at
        and other.tree.has(node_id)
    ]
    if not before or any(other.survey.asks(row.statement.id) for other in before):
        return ()
    asked = (statement for other in before for statement in other.survey.statements)
    if any(row.statement.means(statement) for statement in asked):
        return (
            translate(
                "Tidigare omgångar frågade med samma text men som ett annat påstående, till exempel med en "
                "annan skala. Här jämförs de inte."
            ),
        )
    return (translate("Påståendet är nytt i enkäten: tidigare omgångar frågade inte samma sak."),)


def origin(document: Document, row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    """Return sentences about the source of the figures, for readers who see them without the page. `document`
    is the snapshot.

    The last one has the survey and the state of the round of `row`, the time of the snapshot's count, and the
    ways to answer in the rounds of `rows`. In a demonstration it also says that the answers are made up. If
    one of these rounds admits posters, a warning comes first.
    """
    ways = {
        Admission.KIOSK: translate("kiosk"),
        Admission.SLIP: translate("lapp"),
        Admission.POSTER: translate("affisch"),
    }
    admitted = frozenset().union(*(row.round.admission for row in rows))
    counted = made_at(document)
    line = translate(
        "Enkät: {title}. {state}, räknat {day} kl. {time}. Svar från: {ways}.",
        title=row.round.survey.title,
        state=translate("Avslutad") if row.is_closed else translate("Pågår"),
        day=day(counted) if counted else "–",
        time=f"{counted:%H:%M}" if counted else "–",
        ways=", ".join(name for way, name in ways.items() if way in admitted),
    )
    poster = (
        translate(
            "Omgången tog emot svar från affischer. Där hindrade inget att samma person svarade flera gånger."
        )
        if row.is_closed
        else translate(
            "Omgången tar emot svar från affischer. Där hindrar inget att samma person svarar flera gånger."
        )
    )
    return (
        *([poster] if Admission.POSTER in admitted else []),
        line + (" " + translate("DEMONSTRATION: svaren är påhittade.") if document["demonstration"] else ""),
    )


def place_and_period(row: Row, node_id: str) -> str:
    """Return "<place>, <period>." for a round's figures at a node. The period has the round's name, if it has
    one, and its first and last day."""
    return f"{row.round.tree.node(node_id).name}, {named_period(row.round)}."
