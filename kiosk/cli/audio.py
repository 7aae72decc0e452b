"""Speech for guests: synthesised drafts, recordings, and texts without a sound."""

import click

from kiosk.cli.arguments import check_among, current_settings, owned_settings, usable_library
from kiosk.cli.errors import report_errors
from kiosk.library.library import Library
from kiosk.screen.speech import VOICES, speeches, spoken_texts
from kiosk.screen.speech import build as build_audio


@click.group()
def audio() -> None:
    """Texts read aloud to guests: synthesised drafts, and people's recordings."""


@audio.command(name="build")
@report_errors
def audio_build() -> None:
    """Synthesise a draft for each text without a sound, in languages with a voice; needs espeak-ng and
    lame."""
    settings = owned_settings()
    drafts, removed = build_audio(settings.audio_folder, _spoken(usable_library(settings)))
    click.echo(f"{settings.audio_folder}: {drafts} drafts made, {removed} removed. A machine speaks them;")
    click.echo("ask native speakers to record them: kiosk audio list --language CODE")


@audio.command(name="list")
@click.option("--language", help="All texts of one language, as a script to record from.")
@report_errors
def audio_list(language: str | None) -> None:
    """List which texts are recorded, synthesised or silent in each language."""
    settings = current_settings()
    spoken, folder = _spoken(usable_library(settings)), settings.audio_folder
    if language is not None:
        check_among(set(spoken), language, "language")
        click.echo(f"Record each as {folder / 'recordings' / language}/NAME.mp3 (or .m4a, .ogg, .wav):")
        for speech in speeches(folder, language, spoken[language]):
            state = "recorded" if speech.is_recorded else "draft" if speech.file else "silent"
            click.echo(f"{speech.name}  {state:8}  {speech.text}")
        return
    for code, texts in spoken.items():
        all_speech = speeches(folder, code, texts)
        recorded, sounds = (
            sum(speech.is_recorded for speech in all_speech),
            sum(speech.file is not None for speech in all_speech),
        )
        voice = "" if code in VOICES else "; no voice for drafts: must be recorded"
        click.echo(
            f"{code}: {recorded} recorded, {sounds - recorded} drafts by a machine, "
            f"{len(all_speech) - sounds} silent{voice}"
        )


def _spoken(library: Library) -> dict[str, list[str]]:
    """Return language code -> every text that guests can hear in the language."""
    surveys = list(library.surveys.values())
    return {code: spoken_texts(catalogue, surveys) for code, catalogue in library.guest.items()}
