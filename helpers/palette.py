"""One look for the whole course, set when this module is imported."""

import matplotlib.pyplot as plt

# After Paul Tol's "muted" scheme, moved apart until every pair can be told by people with
# protanopia, deuteranopia or tritanopia as well (a test simulates them, after Machado et al. 2009).
GENRE_COLORS = {
    "blues": "#1E009E",
    "classical": "#B3D7F7",
    "country": "#DAD786",
    "disco": "#CE5F72",
    "hiphop": "#99285C",
    "jazz": "#4CAAAA",
    "metal": "#303127",
    "pop": "#9A54AE",
    "reggae": "#396D00",
    "rock": "#A9A108",
}
# Shapes say the genre once more, for prints in grey.
GENRE_MARKERS = dict(zip(GENRE_COLORS, "osD^vP*X<>", strict=True))
TRAIN_COLOR, TEST_COLOR = "#332288", "#CC6677"

plt.rcParams.update(
    {
        "figure.figsize": (8, 3.2),
        "figure.dpi": 80,
        "figure.constrained_layout.use": True,
        "font.size": 10,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": plt.cycler(color=list(GENRE_COLORS.values())),
        # The same bytes every time: no creation date, no random identifiers.
        "svg.hashsalt": "hear-the-genre",
    }
)
