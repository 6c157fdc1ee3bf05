"""Guesses that remember, and questions to click; their words lie in ``notebooks/words``."""

import hashlib
import html
import re

import ipywidgets as widgets
from IPython.display import display

from helpers import plots
from helpers.audio.own import Clickable
from helpers.exercises.exercise import Verdict

NO_GUESS = "You made no guess."
_guessed = {}  # what was guessed, by key
_shown = {}  # where an answer is shown, and how it is made anew when a guess changes
_out = {}  # whether a guess came out, once its answer has been shown
_chosen = {}  # the last choice for each question


def guess(key):
    """See `exercises.guess`."""
    entry = plots.lookup("guesses", key)
    note = widgets.HTML(_note(key))

    def remember(change):
        read = "number" not in entry or _number(change.new, entry["number"]) is not None
        if change.new and read:
            _guessed[key] = change.new
        elif change.new:
            _guessed.pop(key, None)
        note.value = _note(key) if read or not change.new else _wanted(entry["number"])
        if key in _shown:
            handle, answer = _shown[key]
            handle.update(answer())

    if "number" in entry:
        choices = entry["number"]
        field = widgets.Text(
            _guessed.get(key, ""), description="I say", placeholder=choices, continuous_update=False
        )
    else:
        choices = " / ".join(entry["options"])
        field = widgets.ToggleButtons(options=entry["options"], value=_guessed.get(key))
        field.style.button_width = "auto"
    field.observe(remember, "value")
    display(Clickable([field, note], f"Guess: {choices} (run this cell to click)"))


def _note(key):
    said = _guessed.get(key)
    return f'<span aria-live="polite">Noted: {html.escape(said)}.</span>' if said else ""


def _wanted(kind):
    kind = f"a number {kind}" if kind.startswith("from") else f"a number ({kind})"
    return f'<span aria-live="polite">I look for {html.escape(kind)}.</span>'


def guessed(key, value=None, **figures):
    """See `exercises.guessed`."""

    def answer():
        return _answer(key, value, figures)

    _shown[key] = display(answer(), display_id=True), answer


def _answer(key, value, figures):
    entry, said = plots.lookup("guesses", key), _guessed.get(key)
    right = entry["answer"] if value is None else value
    praise = "It came out."
    if "number" in entry:
        digits = max(-int(f"{entry['near']:e}".partition("e")[2]), 0)
        number = _number(said or "", entry["number"])
        # What counts as equal is what is shown as equal.
        out = said is not None and abs(number - right) <= entry["near"] * (1 + 1e-9)
        if out and round(number, digits) != round(float(right), digits):
            praise = "Near enough."
        right = f"{right:,.{digits}f}"
    else:
        rights = [str(one) for one in (right if isinstance(right, list) else [right])]
        out, right = said in rights, " or ".join(rights)
    if said is None:
        _out.pop(key, None)
        text = f"{NO_GUESS} The answer: **{right}**."
    else:
        _out[key] = bool(out)
        text = f"You said **{said}**. {praise if out else ''}"
        if not out or "number" in entry:
            text += f" The answer: **{right}**."
    return Verdict(bool(out), " ".join(f"{text} {entry.get('why', '').format(**figures)}".split()))


def _number(said, kind):
    """What somebody typed, as a number of that kind ("from 0 to 1"), or None: "70 %" is 0.7."""
    said = re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", said).replace(",", ".")
    found = re.search(r"-?(\d+\.?\d*|\.\d+)", said)
    if not found:
        return None
    number, ends = float(found[0]) / 100 ** ("%" in said), re.search(r"from (\d+) to (\d+)", kind)
    return None if ends and not float(ends[1]) <= number <= float(ends[2]) else number


def guesses(lesson):
    """See `exercises.guesses`."""
    keys = [f"{lesson}.{name}" for name in plots.lesson_words(lesson)["guesses"]]
    made = [_out[key] for key in keys if key in _out]
    text = f"You guessed {len(made)} times of {len(keys)}, and {sum(made)} came out as you said."
    display(Verdict(True, text if made else f"You made none of this lesson's {len(keys)} guesses."))


def ask(*keys):
    """See `exercises.ask`."""
    display(Clickable([_question(key) for key in keys], "\n\n".join(map(_printed, keys))))


def options(key):
    """The choices of a question with what each gets to hear, in an order that tells nothing."""
    entry = plots.lookup("questions", key)
    heard = {entry["right"]: f"✔ {entry['because']}"}
    heard |= {wrong: f"✘ {why}" for wrong, why in entry["wrong"].items()}
    return dict(sorted(heard.items(), key=lambda pair: _order(key, pair[0])))


def _order(key, option):
    return hashlib.sha256(f"{key} {option}".encode()).hexdigest()


def _question(key):
    heard, said = options(key), widgets.HTML()
    buttons = [widgets.Button(description=option, layout={"width": "auto"}) for option in heard]

    def choose(button):
        _chosen[key] = button.description
        for other in buttons:
            other.button_style = "info" if other is button else ""
        said.value = f'<div aria-live="polite">{to_html(heard[button.description])}</div>'

    for button in buttons:
        button.on_click(choose)
        if button.description == _chosen.get(key):
            choose(button)
    text = widgets.HTML(f"<b>{to_html(plots.lookup('questions', key)['ask'])}</b>")
    wrapped = widgets.HBox(buttons, layout={"flex_flow": "row wrap"})
    return widgets.VBox([text, wrapped, said], layout={"margin": "0 0 16px"})


def _printed(key):
    lines = "".join(f"\n  ○ {option}" for option in options(key))
    return plots.lookup("questions", key)["ask"] + lines


MARKUP = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^]]+)\]\(([^)]+)\)")
TAGS = {
    1: r"<code>\1</code>", 2: r"<b>\2</b>", 3: r"<em>\3</em>", 5: r'<a href="\5">\4</a>'
}  # fmt: skip


def to_html(text):
    """A sentence or two with `code`, *stress*, **strong** and [links](…) as HTML."""
    text = html.escape(" ".join(text.split()))
    return MARKUP.sub(lambda found: found.expand(TAGS[found.lastindex]), text)
