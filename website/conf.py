"""Sphinx settings: the course as a static site. ``lessons.py`` lays out what Sphinx reads."""

project = "Hear the Genre"
author = "the authors of Hear the Genre"
copyright = "code MIT, text CC BY 4.0"
language = "en"

extensions = ["myst_nb"]
root_doc = "index"
exclude_patterns = ["build"]
# The lessons are shown as they were committed; the tests run them.
nb_execution_mode = "off"
nb_merge_streams = True
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_title = "Hear the Genre"
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_theme_options = {
    "home_page_in_toc": True,
    "use_fullscreen_button": False,
    "navbar_persistent": [],  # one search field is enough
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
