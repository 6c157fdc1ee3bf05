"""A small page that takes songs and answers: the same in lesson 10 and served on its own."""

import html
import io

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import soundfile as sf
from IPython.display import HTML

from helpers import audio, plots
from helpers.audio import own, reader
from helpers.features import filters
from helpers.song import NOT_SURE, as_file, inputs, training

NAMES = {name: known["words"] for name, known in inputs.KNOWN.items()}
# What browsers play, by libsndfile's words for it, and the largest file that is sent back to them.
PLAYED = {"MP3": "mpeg", "OGG": "ogg", "FLAC": "flac", "WAV": "wav", "WAVEX": "wav"}
CODED = ("PCM", "FLOAT", "VORBIS", "OPUS", "MPEG")
LARGEST = 30_000_000  # bytes
SONG, ANSWER, BAR, STYLE = (plots.ROOT / "website/song.html").read_text("utf-8").split("\n\n")
# Of a picture of a song: samples in a frame, bands, and the most columns that it needs.
N_FFT, N_MELS, COLUMNS = 1024, 64, 1200


def build(classifiers, example=None, sr=audio.SAMPLE_RATE):
    """A button for songs, and what each `song.SongClassifier` says of them: an ipywidgets.VBox.

    Until songs are chosen, the classifiers judge the example, if there is one: samples of shape
    (n,), `sr` a second.
    """
    said, songs = widgets.HTML().add_class("said"), widgets.Box().add_class("songs")

    def judge(files, *rate):
        # The old cards keep their room until the first new one is there.
        before, cards = songs.children, []
        for number, (name, song) in enumerate(files, 1):
            words = f"listening to {name}" + f" ({number} of {len(files)})" * (len(files) > 1)
            said.value = f"<p role='status'>{html.escape(words)} …</p>"
            cards.append(own.as_widget(card(name, song, classifiers, *rate).data))
            songs.children = cards
        said.value = ""
        for old in before:
            old.close()

    if example is not None:
        judge([("an example from the jukebox", example)], sr)
    hint = "<p>WAV, MP3, FLAC, OGG or AIFF; several stand side by side. They go no further than "
    hint = widgets.HTML(f"{STYLE}{hint}the machine that runs this page.</p>")
    trust = "<h3>How far to trust it</h3>"
    for ear, model in ((NAMES[model.card["embedding"]], model) for model in classifiers):
        trust += f"<p><b>{ear}:</b> {html.escape(training.trust(model.card))}</p>"
    above = [own.chooser("Your songs", judge, multiple=True), hint]
    stage = widgets.VBox([said, songs]).add_class("stage")
    parts = [widgets.HBox(above, layout=own.WRAPPED), stage, widgets.HTML(trust)]
    return own.Clickable(parts, "Choose songs (run this cell to do it)").add_class("song-page")


def card(name, song, classifiers, sr=None):
    """What classifiers say of a song: verdicts, bars, and a picture with a player (lesson 10).

    `song` is an open file, or samples of shape (n,), `sr` a second; what can't be used gets the
    reason. Returns an IPython.display.HTML.
    """
    try:
        answers = [(model.predict(song, sr), model.card) for model in classifiers]
        said, figure = "".join(_answer(*each) for each in answers), draw(answers, *mel(song, sr))
        alt = "; ".join(f"{NAMES[card['embedding']]}: {answer}" for answer, card in answers)
        alt = f"Mel spectrogram, and probabilities by window: {alt}"
        source = audio.player(song, sr).src_attr() if sr else address(song)
        picture = plots.heard([(figure.axes[0], alt, source, "")]).data
    except Exception as error:  # a page must always answer
        said, picture = f"<p role='alert'>{html.escape(str(error))}.</p>", ""
    return HTML(SONG.format(name=html.escape(name), answers=said, style=STYLE, picture=picture))


def _answer(answer, card):
    """A verdict, why, and a bar for each genre, as HTML."""
    top, sure = answer.probabilities.rename(html.escape), card["threshold"]
    colors, first = [plots.GENRE_COLORS.get(name, "#777777") for name in top.index], top.index[0]
    look = {"color": "none", "ink": "inherit", "sort": "unsure", "verdict": NOT_SURE}
    why = f"No genre is above {sure:.1%}: {first} comes nearest, with {top.iloc[0]:.1%}."
    if answer.genre != NOT_SURE:
        look = {"color": colors[0], "ink": plots.ink(colors[0]), "sort": ""}
        look["verdict"], why = f"{first} {top.iloc[0]:.0%}", f"Sure: that is above {sure:.1%}."
    why += f" Silent windows, which count for nothing: {answer.silent}." * bool(answer.silent)
    bars = [
        BAR.format(color=color, p=p, genre=genre)
        for color, (genre, p) in zip(colors, top.items(), strict=True)
    ]
    ear = NAMES[card["embedding"]]
    return ANSWER.format(ear=ear, why=why, bars="".join(bars), sure=sure, **look)


def address(song):
    """A file's sound for browsers: as it is, if they play that, or ten minutes of it as FLAC."""
    with reader.opened(song) as file:
        kind = PLAYED.get(file.format) if file.subtype.startswith(CODED) else None
    if kind and len(content := song.getvalue()) <= LARGEST:
        return audio.data_url(f"audio/{kind}", content)
    y = np.concatenate(list(audio.stream(song, duration=600)))
    sf.write(flac := io.BytesIO(), y, audio.SAMPLE_RATE, format="FLAC")  # MP3 would take seconds
    return audio.data_url("audio/flac", flac.getvalue())


def mel(song, sr=None):
    """Mel power of a song, streamed: shape (64, up to 1200), and its samples a column."""
    bands, power = filters.mel(audio.SAMPLE_RATE, N_FFT, N_MELS).T, []
    whole = 600 * N_FFT / audio.SAMPLE_RATE  # seconds: no frame ends in another block
    for y in audio.stream(as_file(song, sr) if sr else song, seconds=whole):
        frames = y[: len(y) // N_FFT * N_FFT].reshape(-1, N_FFT) * filters.hann(N_FFT)
        power.append(np.abs(np.fft.rfft(frames)) ** 2 @ bands)
    power = np.concatenate(power)
    each = -(-len(power) // COLUMNS)
    columns = power[: len(power) // each * each].reshape(-1, each, N_MELS).mean(axis=1)
    return columns.T, each * N_FFT


def draw(answers, power, hop_length):
    """A song as a figure: its `mel` spectrogram; under it what each classifier hears, and when."""
    shape = {"nrows": 1 + len(answers), "height_ratios": (3, *[4] * len(answers))}
    size = 5.2, 1.4 + 1.7 * len(answers)
    figure, (above, *below) = plt.subplots(figsize=size, sharex=True, **shape)
    bins = filters.mel(audio.SAMPLE_RATE, N_FFT, N_MELS).argmax(axis=1)
    hz, ticks = bins * audio.SAMPLE_RATE / N_FFT, (250, 1000, 4000)
    plots.image(10 * np.log10(np.maximum(power, 1e-10)), hz, hop_length, ax=above)
    above.set_yticks(np.interp(ticks, hz, range(N_MELS)), ticks)
    for ax, (answer, card) in zip(below, answers, strict=True):
        plots.timeline(answer, title=f"{NAMES[card['embedding']]}: {answer.genre}", ax=ax)
        if ax.get_legend():  # the bars name all colors
            ax.get_legend().remove()
    for ax in figure.axes[:-1]:
        ax.set_xlabel("")
    above.set(ylabel="Hz", xlim=(0, power.shape[1] * hop_length / audio.SAMPLE_RATE))
    return figure
