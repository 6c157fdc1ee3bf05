"""A playground's log: what was tried, what came of it, and how far the looking flattered.

Lessons 04 to 07 turn the knobs of a model. The code that trains stands in the notebook; what all
four share stands here.
"""

import time

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML, clear_output, display

from helpers import audio, evaluation, plots

PARTS = ("watched", "sealed")


class Trials:
    """Each trial's settings, accuracies and curves, kept until the kernel ends.

    Parameters
    ----------
    train : callable(progress, **settings) -> dict
        Trains once. It may call ``progress(done, total)`` on the way, and returns

        - "training": the accuracy on the songs it learned from;
        - "watched" and "sealed": predictions for two sets of songs by other artists, as
          `evaluation.vote` returns them. The watched ones are shown; the sealed ones wait for
          `open`;
        - "history", where there are epochs: a table as `models.NetworkClassifier.history_`.
    """

    def __init__(self, train):
        self._train, self._openings = train, 0
        self.log = []

    def run(self, *, compare=None, **settings):
        """Train with these settings, log the trial, and show it, if it came to its end, as HTML.

        Curves (beside those of the earlier trial whose number is `compare`), confusion matrix and
        the table of all trials.
        """
        return self._page(compare) if self.add(**settings) else None

    def add(self, *, progress=lambda done, total: None, **settings):
        """Train with these settings and log the trial, without a picture; True if it was logged.

        Stopped by the kernel's interrupt, or asked for what can't be trained, it says so in a
        sentence, and the trials before it are kept.
        """
        start = time.perf_counter()
        try:
            outcome = self._train(progress, **settings)
        except KeyboardInterrupt:
            print(f"Stopped, and not logged. The trials before it are kept: {len(self.log)}.")
            return False
        except ValueError as error:
            print(f"These settings can't be trained: {error}. The trials before it are kept.")
            return False
        seconds = time.perf_counter() - start
        # Each interval takes a bootstrap, and each later trial's table shows it again.
        scores = {part: evaluation.accuracy(outcome[part]) for part in PARTS}
        self.log.append({"settings": settings, "seconds": seconds, "scores": scores, **outcome})
        return True

    def table(self, sort_by="trial"):
        """A row for each trial: settings, accuracies (the watched one with interval), seconds."""
        rows = [
            {
                "trial": number,
                **trial["settings"],
                "training": round(trial["training"], 2),
                "watched": str(trial["scores"]["watched"]),
                "seconds": round(trial["seconds"], 1),
            }
            for number, trial in enumerate(self.log, start=1)
        ]
        # What is wanted from an accuracy is the highest, and from a trial's number the first.
        best_first = sort_by in ("training", "watched")
        return pd.DataFrame(rows).sort_values(sort_by, ascending=not best_first, kind="stable")

    def panel(self, **choices):
        """Knobs, a button that runs a trial, and the log, which can be sorted.

        Parameters
        ----------
        **choices : list
            The values that each of `train`'s settings can take (a slider knows no `None`). The
            knobs start at the last trial.

        Returns
        -------
        ipywidgets.VBox
        """
        last = self.log[-1]["settings"] if self.log else {}
        wide = {"style": {"description_width": "110px"}, "layout": {"width": "330px"}}
        knobs = {
            name: widgets.SelectionSlider(options=values, description=name, **wide)
            for name, values in choices.items()
        }
        for name, knob in knobs.items():
            knob.value = last[name] if last.get(name) in choices[name] else choices[name][0]
        bar = widgets.IntProgress(layout={"width": "200px"})
        compare = widgets.Dropdown(options=self._others(), description="compare with", **wide)
        orders = ["trial", *choices, "training", "watched", "seconds"]
        order = widgets.Dropdown(options=orders, description="sort by", **wide)

        def progress(done, total):
            bar.max, bar.value = total, done

        def press(**settings):
            bar.value, bar.description = 0, "training …"
            if self.add(progress=progress, **settings):
                display(self._page(compare.value, order.value))
            bar.description = ""
            compare.options = self._others(compare.value)

        run = widgets.interactive(press, {"manual": True, "manual_name": "Run"}, **knobs)
        run.manual_button.button_style = "primary"

        def redraw(_=None):
            if self.log:
                with run.out:
                    clear_output(wait=True)
                    display(self._page(compare.value, order.value))

        compare.observe(redraw, "value")
        order.observe(redraw, "value")
        redraw()
        grid = widgets.HBox(run.kwargs_widgets, layout={"flex_flow": "row wrap"})
        rows = [widgets.HBox([run.manual_button, bar]), widgets.HBox([compare, order])]
        return widgets.VBox([grid, *rows, run.out])

    def open(self):
        """Ask the sealed artists about the trial that was best on the watched ones, and say so."""
        if not self.log:
            print("Run a trial first.")
            return
        self._openings += 1
        scores = {part: [trial["scores"][part] for trial in self.log] for part in PARTS}
        best = int(np.argmax([score.value for score in scores["watched"]]))
        print(f"best of {len(self.log)} trials on the watched artists: trial {best + 1}")
        for part in PARTS:
            score = scores[part][best]
            middle = np.median([other.value for other in scores[part]])
            lead = round(score.value - middle, 2) + 0.0  # no "-0.00"
            print(
                f"{part + ' artists:':17}{score}, n = {score.n} songs by {score.artists} artists, "
                f"{lead:+.2f} against the middle one of all trials"
            )
        if self._openings > 1:
            print(f"Asked {self._openings} times: what you tried since, you tried knowing this.")

    def _others(self, value=None):
        """What a trial can be compared with; the one chosen stays first, and so stays chosen."""
        numbers = range(1, len(self.log) + 1)
        others = [("no other", None), *((f"trial {number}", number) for number in numbers)]
        return sorted(others, key=lambda other: other[1] != value)

    def _page(self, compare=None, sort_by="trial"):
        """Curves, matrix and log of the last trial, beside an earlier one's curves."""
        number, trial = len(self.log), self.log[-1]
        drawn = {f"trial {number}": trial}
        if compare and compare != number:
            drawn[f"trial {compare}"] = self.log[compare - 1]
        figure = _curves(drawn) if "history" in trial else _ladder(drawn)
        source = audio.data_url("image/png", plots.png(figure))
        score = trial["scores"]["watched"]
        words = f"{' and '.join(drawn)} on watched artists, {score} in the last one"
        title = f"Trial {number}, watched artists: {score}, n = {score.n} songs"
        return HTML(
            '<div style="display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start">'
            f'<img alt="{words}" width="{80 * figure.get_figwidth():.0f}" src="{source}">'
            f"{plots.confusion(trial['watched'], title=title).data}</div>"
            '<div style="overflow-x: auto; font-size: 13px" tabindex="0" role="region" '
            f'aria-label="all trials">{self.table(sort_by).to_html(index=False, border=0)}</div>'
        )


def _curves(drawn):
    """Loss and accuracy over the epochs; an earlier trial's lines are paler."""
    figure, axes = plt.subplots(2, 1, figsize=(4, 5.2), sharex=True)
    for (name, trial), strength in zip(drawn.items(), (1, 0.35), strict=False):
        before = [len(ax.lines) for ax in axes]
        plots.history(trial["history"], axes=axes)
        for line in (line for ax, n in zip(axes, before, strict=True) for line in ax.lines[n:]):
            line.set(alpha=strength, label=f"{line.get_label()}, {name}")
    axes[0].set_xlabel("")
    axes[1].get_legend().remove()
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", frameon=False)
    return figure


def _ladder(drawn):
    scores = {name: trial["scores"]["watched"] for name, trial in drawn.items()}
    ax = plots.ladder(scores, title="Watched artists", chance=0.1)
    ax.figure.set_size_inches(4, 1.1 + 0.45 * len(drawn))
    return ax.figure
