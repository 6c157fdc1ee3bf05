"""The mixer's panel: sliders, and below them what they do to the picture and to the sound."""

import html
import io
from functools import lru_cache

import ipywidgets as widgets
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from helpers import audio, jukebox
from helpers.jukebox import board, mixer

FRAMES = (256, 512, 1024, 2048, 4096, 8192)
HOPS = (64, 128, 256, 512, 1024, 2048)
KEYS = tuple(zip(board.PITCH_CLASSES, range(12), strict=True))
CHOICES = {"key": KEYS, "n_fft": FRAMES, "hop_length": HOPS}
NAMES = {"n_fft": "frame", "hop_length": "hop"}
LOOK = {"style": {"description_width": "76px"}, "layout": {"width": "auto"}}
# Whatever begins to play takes over where the other one stood, and draws its playhead. (A script
# would not run in a widget's HTML.)
LEFT, ACROSS, BELOW = board.STRIP[0], board.STRIP[2], board.PICTURE[1]
FOLLOW = f"""const root = this.closest('.mixed'), line = root.querySelector('i');
for (const other of root.querySelectorAll('audio')) if (other !== this && !other.paused) {{
  this.currentTime = other.currentTime; other.pause(); }}
const run = () => {{ const share = Math.min(this.currentTime / {mixer.SECONDS}, 1);
  line.hidden = false; line.style.left = 100 * ({LEFT} + {ACROSS} * share) + '%';
  this.paused || requestAnimationFrame(run); }}; run();"""
LINE = f"""position: absolute; top: {1 - sum(board.STRIP[1::2]):.1%}; bottom: {BELOW:.1%};
width: 2px; margin-left: -1px; background: white; box-shadow: 0 0 0 1px black"""


def render(genre, **settings):
    """What the mixer shows of a `mixer.clip`, as HTML: picture and players, or what is wrong."""
    try:
        settings = _turned(genre, settings)  # what stands as it is needn't be played again
        before, clip = mixer.clip(genre), mixer.clip(genre, **settings)
    except ValueError as error:
        return f"<p><b>Not like this:</b> {html.escape(str(error))}.</p>"
    state = describe(genre, **settings)
    canvas, picture = _canvas()
    picture.update(clip, before, state)
    canvas.print_png(file := io.BytesIO(), pil_kwargs={"compress_level": 1})
    width, height = (side // 2 for side in canvas.get_width_height())  # two points for one
    alt = html.escape(board.words(clip, before, state))
    # Decoded before it is shown, and as large as the one before: nothing flickers or jumps.
    size = f'width="{width}" height="{height}" decoding="sync"'
    size += ' style="max-width: none; display: block"'
    image = f'<img alt="{alt}" {size} src="{audio.data_url("image/png", file.getvalue())}">'
    return (
        f'<div class="mixed"><div style="position: relative; width: {width}px">{image}'
        f'<i hidden style="{LINE}"></i></div>{_heard(genre, "before")}'
        f"{_heard(genre, 'after', **settings)}</div>"
    )


@lru_cache(maxsize=16)
def _heard(genre, name, **settings):
    """A clip's player that follows the other one."""
    player = audio.named_player(mixer.clip(genre, **settings).y, name)
    player = player.replace("<audio", f'<audio onplay="{FOLLOW}"')
    return f'<label style="display: inline-block; margin-right: 2em">{name}<br>{player}</label>'


@lru_cache(maxsize=1)
def _canvas():
    """The one figure that all panels draw on, unknown to pyplot, which would show it."""
    figure = Figure(figsize=board.BOARD_SIZE, layout="none", dpi=160)
    return FigureCanvasAgg(figure), board.Board(figure)


def describe(genre, **settings):
    """The state of the mixer in words: the style, and what isn't as it is by default."""
    turned = [
        f"{NAMES.get(name, name)} {board.PITCH_CLASSES[value] if name == 'key' else f'{value:g}'}"
        for name, value in _turned(genre, settings).items()
    ]
    return f"{genre}: {', '.join(turned) or 'all knobs as they are'}"


def _turned(genre, settings):
    """Those that aren't as they are by default: a slider's 0.35 may be 0.35000000000000003."""
    default = jukebox.knobs_for(genre) | mixer.WINDOW
    both = {name: (settings[name], default[name]) for name in default if name in settings}
    return {name: now for name, (now, usual) in both.items() if f"{now:g}" != f"{usual:g}"}


def build(genre="rock"):
    """The mixer: sliders, and below them what `render` makes of them, at first of a style."""
    style = widgets.Dropdown(options=jukebox.GENRES, value=genre, description="style", **LOOK)
    sliders = {name: _slider(name) for name in (*jukebox.KNOBS, *mixer.WINDOW)}
    reset = widgets.Button(description="as they are by default", layout={"width": "auto"})
    shown = widgets.HTML(layout={"min_height": "470px"})

    def redraw(_change=None):
        settings = {name: slider.value for name, slider in sliders.items()}
        shown.value = render(style.value, **settings)

    def put_back(_change=None):
        for name, value in (jukebox.knobs_for(style.value) | mixer.WINDOW).items():
            # Many sliders may move, but one picture is enough.
            sliders[name].unobserve(redraw, "value")
            sliders[name].value = value
            sliders[name].observe(redraw, "value")
        redraw()

    for slider in sliders.values():
        slider.observe(redraw, "value")
    style.observe(put_back, "value")
    reset.on_click(put_back)
    put_back()
    columns = {"grid_template_columns": "repeat(auto-fill, minmax(320px, 1fr))", "width": "660px"}
    controls = (style, *sliders.values(), reset)
    grid = widgets.GridBox(controls, layout={**columns, "max_width": "100%"})
    return widgets.VBox([grid, shown]).add_class("mixer")


def _slider(name):
    options = {"description": NAMES.get(name, name), "continuous_update": False, **LOOK}
    if name in CHOICES:
        return widgets.SelectionSlider(options=CHOICES[name], **options)
    low, high, _ = jukebox.KNOBS[name]
    step, digits = (1, ".0f") if name == "tempo" else (0.05, ".2f")
    return widgets.FloatSlider(min=low, max=high, step=step, readout_format=digits, **options)
