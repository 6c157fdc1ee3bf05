"""The mixer's panel: sliders, and below them what they do to the picture and to the sound."""

import html
import io
from dataclasses import asdict
from functools import lru_cache

import ipywidgets as widgets
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from helpers import jukebox, mixer, pictures

WINDOWS = (256, 512, 1024, 2048, 4096, 8192)
HOPS = (64, 128, 256, 512, 1024, 2048)


def render(genre, n_fft=mixer.N_FFT, hop_length=mixer.HOP_LENGTH, **knobs):
    """What the mixer shows, as HTML: a picture and a player, or what is wrong in a sentence.

    Parameters
    ----------
    genre, n_fft, hop_length, **knobs : as for `mixer.listen`

    Returns
    -------
    str
    """
    try:
        before, clip = mixer.untouched(genre), mixer.listen(genre, n_fft, hop_length, **knobs)
    except ValueError as error:
        return f"<p><b>Not like this:</b> {html.escape(str(error))}.</p>"
    state = describe(genre, n_fft, hop_length, **knobs)
    canvas, board = _canvas()
    board.update(clip, before, state)
    canvas.print_png(file := io.BytesIO(), pil_kwargs={"compress_level": 1})
    width, height = canvas.get_width_height()
    alt = html.escape(pictures.words(clip, before, state))
    # Decoded before it is shown, and as large as the one before: nothing flickers or jumps.
    size = f'width="{width}" height="{height}" decoding="sync" style="max-width: none"'
    image = f'<img alt="{alt}" {size} src="{pictures.data_url("image/png", file.getvalue())}">'
    return f"{image}<br>{pictures.player(clip.y, state)}"


@lru_cache(maxsize=1)
def _canvas():
    """The one figure that all panels draw on, unknown to pyplot, which would show it."""
    figure = Figure(figsize=pictures.BOARD_SIZE, layout="none")
    return FigureCanvasAgg(figure), pictures.Board(figure)


def describe(genre, n_fft=mixer.N_FFT, hop_length=mixer.HOP_LENGTH, **knobs):
    """The state of the mixer in words: the style, and what isn't as it is by default."""
    default = asdict(jukebox.knobs_for(genre)) | {"window": mixer.N_FFT, "hop": mixer.HOP_LENGTH}
    state = default | knobs | {"window": n_fft, "hop": hop_length}
    turned = [
        f"{name} {pictures.PITCH_CLASSES[int(value)] if name == 'key' else f'{value:g}'}"
        for name, value in state.items()
        if f"{value:g}" != f"{default[name]:g}"  # a slider's 0.35 may be 0.35000000000000003
    ]
    return f"{genre}: {', '.join(turned) or 'all knobs as they are'}"


def build(genre="rock"):
    """The mixer: sliders, and below them the picture and the player of what they are set to.

    Parameters
    ----------
    genre : str
        The style that it starts with.

    Returns
    -------
    ipywidgets.VBox
    """
    look = {"style": {"description_width": "76px"}, "layout": {"width": "auto"}}
    style = widgets.Dropdown(options=jukebox.GENRES, value=genre, description="style", **look)
    knobs = {name: _slider(name, look) for name in mixer.KNOBS}
    window, hop = (
        widgets.SelectionSlider(
            options=sizes, value=size, description=name, continuous_update=False, **look
        )
        for name, sizes, size in (("window", WINDOWS, mixer.N_FFT), ("hop", HOPS, mixer.HOP_LENGTH))
    )
    reset = widgets.Button(description="as they are by default", layout={"width": "auto"})
    shown = widgets.HTML(layout={"min_height": "430px"})
    sliders = (*knobs.values(), window, hop)

    quiet = False

    def redraw(_=None):
        if not quiet:
            values = {name: slider.value for name, slider in knobs.items()}
            shown.value = render(style.value, window.value, hop.value, **values)

    def put_back(_=None):
        nonlocal quiet
        quiet = True  # many sliders may move, but one picture is enough
        for name, value in asdict(jukebox.knobs_for(style.value)).items():
            knobs[name].value = value
        window.value, hop.value = mixer.N_FFT, mixer.HOP_LENGTH
        quiet = False
        redraw()

    put_back()
    for slider in sliders:
        slider.observe(redraw, "value")
    style.observe(put_back, "value")
    reset.on_click(put_back)
    columns = {"grid_template_columns": "repeat(auto-fill, minmax(320px, 1fr))", "width": "740px"}
    grid = widgets.GridBox((style, *sliders, reset), layout={**columns, "max_width": "100%"})
    return widgets.VBox([grid, shown]).add_class("mixer")


def _slider(name, look):
    options = {"description": name, "continuous_update": False, **look}
    if name == "key":
        keys = [(key_name, key) for key, key_name in enumerate(pictures.PITCH_CLASSES)]
        return widgets.SelectionSlider(options=keys, **options)
    if name == "tempo":
        low, high = mixer.TEMPOS
        return widgets.FloatSlider(min=low, max=high, step=1, readout_format=".0f", **options)
    return widgets.FloatSlider(min=0, max=1, step=0.05, readout_format=".2f", **options)
