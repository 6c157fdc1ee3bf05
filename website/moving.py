"""What moves on a page without Python, as HTML: of what `sliders` has drawn.

``_static/course.js`` moves it. Pictures lie beside the page, and are loaded when they are asked
for; what is said of them lies in the page.
"""

import html
import json

WIDGET = "application/vnd.jupyter.widget-view+json"


def make_moving(cells, shown):
    """Put what was drawn in the place of the notebook's widgets and pictures.

    Parameters
    ----------
    cells : list of notebook cells
    shown : dict of str to list of dict
        What each cell shows, by its id, from `sliders.render`.
    """
    for cell in cells:
        outputs = list(cell.get("outputs", []))
        for what in shown.get(cell.id, []):
            mime, write = KINDS[what["kind"]]
            found = [output for output in outputs if mime in output.get("data", {})]
            if found:
                outputs.remove(found[0])
            if found and write:
                found[0].data = {"text/html": write(what)}


def slider(what):
    state, knobs = 0, ""
    for number, knob in enumerate(what["knobs"]):
        state = state * len(knob["labels"]) + knob["start"]
        knobs += _knob(knob, f"{what['folder']}-{number}")
    picture = _picture(what, state, what["words"][state])
    return _box("slider", what, f'{knobs}<div class="frame">{picture}</div>', what["words"])


def _knob(knob, key):
    said = html.escape(knob["labels"][knob["start"]])
    if knob["list"]:
        options = "".join(
            f'<option value="{at}"{" selected" * (at == knob["start"])}>{html.escape(label)}'
            for at, label in enumerate(knob["labels"])
        )
        control = f'<select id="{key}" autocomplete="off">{options}</select>'
    else:
        labels = html.escape(json.dumps(knob["labels"], ensure_ascii=False))
        control = (
            f'<input id="{key}" type="range" autocomplete="off" max="{len(knob["labels"]) - 1}" '
            f'value="{knob["start"]}" aria-valuetext="{said}" data-labels="{labels}">'
            f'<span aria-hidden="true">{said}</span>'
        )
    note = f"<small>{knob['note']}</small>" * bool(knob["note"])
    return f'<p><label for="{key}">{html.escape(knob["name"])}</label>{control}{note}</p>'


def windows(what):
    """The listening test by picture."""
    n = len(what["songs"])
    genres = "".join(f'<button type="button">{genre}</button>' for genre in what["genres"])
    alt = "{number}: two seconds to the right, low notes at the bottom, loud is bright"
    first = f"Window {alt}".format(number=1)
    body = (
        f'<p aria-live="polite">{n} windows of two seconds, by picture: the sound is not ours to '
        "publish. Look, and name the genre.</p>"
        '<button type="button" class="start">Start</button>'
        f'<div class="form" hidden><img alt="{first}" loading="lazy" width="416" height="224" '
        f'src="sliders/{what["folder"]}/0.png"><div class="genres">{genres}</div>'
        '<button type="button" class="back">← back</button></div>'
        '<div class="result" tabindex="-1" hidden></div>'
    )
    keys = ("songs", "right", "genres", "rivals", "scores", "duels")
    return _box("windows", what, body, {key: what[key] for key in keys})


def song_map(what):
    words = f"map of {len(what['songs'])} songs: arrow keys go from song to song"
    body = (
        '<div class="frame"><div class="map" role="application" tabindex="0" '
        f'aria-label="{words}">{_picture(what, 0, what["alt"])}<i hidden></i></div></div>'
        '<p aria-live="polite">Which song is it? Point at a dot or tap it; or go there by the '
        "keyboard, and from song to song with the arrow keys.</p>"
    )
    return _box("song-map", what, body, what["songs"])


def _picture(what, state, words):
    wide, high = what["width"], what["height"]
    return (
        f'<img alt="{html.escape(words)}" loading="lazy" style="--wide: {wide}px" width="{wide}" '
        f'height="{high}" src="sliders/{what["folder"]}/{state}.png">'
    )


def _box(name, what, body, data):
    # "</" would end the script that holds the data.
    data = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    return (
        f'<div class="moving {name}" data-pictures="sliders/{what["folder"]}">{body}'
        f'<script type="application/json">{data}</script></div>'
    )


# What was drawn: what it takes the place of, and how it is written.
KINDS = {
    "slider": (WIDGET, slider),
    "none": (WIDGET, None),
    "windows": (WIDGET, windows),
    "map": ("image/png", song_map),
}
