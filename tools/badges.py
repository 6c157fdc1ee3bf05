"""Links that open the lessons on Colab and Binder, where nothing has to be installed.

    python tools/badges.py owner/name      # `make badges REPO=owner/name`
    python tools/badges.py ""              # `make badges REPO=` takes it all back

The course doesn't know where it will live on GitHub; whoever puts it there does. The README gets
the links after its line ``<!-- badges -->``, each lesson gets them in its first cell, and a second
cell that installs the course where it isn't. Binder installs what ``.binder/`` says beforehand, and
there, as in JupyterLab here, that cell does nothing.
"""

import argparse
import re
from urllib.parse import quote

from my_lessons import INSTALL, LESSONS, OFFER, ROOT, plain, read, renumber, write

# Colab brings a TensorFlow of its own, and two of them would lie in one folder. Plain Python, no
# magic: what reads the lessons' code reads this cell, too.
CELL = """\
# Where the course isn't installed, on Colab for example: fetch and install it.
import importlib.util
import os
import subprocess
import sys

repo, name, branch = "{repo}", "{name}", "{branch}"
if importlib.util.find_spec("helpers") is None:
    pip = [sys.executable, "-m", "pip", "--quiet"]
    git = ["git", "clone", "--quiet", "--depth=1", f"--branch={{branch}}"]
    if not os.path.exists(name):
        subprocess.run([*git, f"https://github.com/{{repo}}"], check=True)
    if "google.colab" in sys.modules:
        subprocess.run([*pip, "uninstall", "--yes", "tensorflow"], check=True)
    subprocess.run([*pip, "install", "--editable", f"./{{name}}"], check=True)
    sys.path.append(os.path.abspath(name))
    print("Installed. Does the next cell fail? Restart the kernel, run again.")
if os.path.isdir(f"{{name}}/notebooks"):
    os.chdir(f"{{name}}/notebooks")"""


def links(repo, branch, lesson):
    """A lesson's addresses on Colab and on Binder, in Markdown."""
    path = quote(f"notebooks/{lesson}")
    colab = f"https://colab.research.google.com/github/{repo}/blob/{branch}/{path}"
    binder = f"https://mybinder.org/v2/gh/{repo}/{branch}?urlpath=lab/tree/{path}"
    return f"on [Colab]({colab}) or on [Binder]({binder})"


def put(notebook, repo, branch, lesson):
    """Give a lesson its links and the cell that installs; what it had of both goes."""
    first, *others = plain(notebook)["cells"]
    source = CELL.format(repo=repo, branch=branch, name=repo.partition("/")[2])
    cell = {
        "cell_type": "code",
        "execution_count": 1,
        "id": INSTALL,
        "metadata": {"tags": ["remove-cell"]},  # from the site
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }
    text = f"{''.join(first['source'])}{OFFER}Run this lesson {links(repo, branch, lesson)}."
    first["source"] = text.splitlines(keepends=True)
    renumber(others, 1)
    notebook["cells"] = [first, cell, *others]


def mark(repo, branch):
    """Write links into README and lessons; with no repository, take them out."""
    readme = ROOT / "README.md"
    lessons = sorted(LESSONS.glob("[0-9]*.ipynb"))
    start = links(repo, branch, lessons[0].name)
    offer = f"Nothing installed? Run the first lesson {start}.\n" if repo else ""
    text = re.sub(
        "(<!-- badges -->\n)(?:.+\n)?", rf"\1{offer}", readme.read_text(encoding="utf-8"), count=1
    )
    readme.write_text(text, encoding="utf-8", newline="\n")
    for path in lessons:
        notebook = read(path)
        if repo:
            put(notebook, repo, branch, path.name)
        else:
            plain(notebook)
        write(notebook, path)


def main(arguments=None):
    """Check what was asked for, and do it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repo", nargs="?", help="owner/name on GitHub, or nothing")
    parser.add_argument("--branch", default="main")
    asked = parser.parse_args(arguments)
    repo, branch = asked.repo, asked.branch
    if repo is None:
        parser.exit(1, "Say where the course lies on GitHub: make badges REPO=owner/name\n")
    if repo and not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+(?<!\.git)", repo):
        parser.exit(1, f"REPO is owner and name on GitHub, as in owner/name, not {repo!r}.\n")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", branch):
        parser.exit(1, f"BRANCH is the name of a branch without slashes, not {branch!r}.\n")
    try:
        mark(repo, branch)
    except (OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")
    print(f"README and lessons link to {repo}, {branch}." if repo else "The links are gone.")


if __name__ == "__main__":
    main()
