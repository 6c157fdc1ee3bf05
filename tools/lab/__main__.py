"""JupyterLab as `make lab` opens it, on the learner's own copies of the lessons.

    python tools/lab            # after it, any options of JupyterLab's own

How Lab starts is settled here, how it looks in ``overrides.json`` and ``custom.css`` beside this
file. The learner's own settings go before these, and stay as they are.
"""

import os
import sys
import warnings
from pathlib import Path

from jupyter_core.paths import jupyter_config_dir
from jupyterlab.labapp import LabApp

HERE = Path(__file__).resolve().parent
TORNADO = {
    # A song comes in one message, and Jupyter hangs up on more than 10 MB.
    "websocket_max_message_size": 100_000_000,
    "static_custom_path": [f"{jupyter_config_dir()}/custom", str(HERE)],
}
OPTIONS = {
    # Not my-lessons/ itself: what the lessons link to lies beside it.
    "ServerApp.root_dir": HERE.parents[1],
    "LabApp.default_url": "/lab/tree/my-lessons/00_start_here.ipynb",
    "LabApp.app_settings_dir": HERE,
    "LabApp.custom_css": True,
    "ServerApp.tornado_settings": TORNADO,
    # A kernel that talks over TCP without a key warns about it.
    "KernelManager.transport_encryption": "auto",
    "Application.log_level": "WARN",
    "ServerApp.allow_root": hasattr(os, "geteuid") and os.geteuid() == 0,
    "ServerApp.open_browser": sys.platform != "linux"
    or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")),
}


def main(arguments):
    """Start, say in one line where, and serve until stopped."""
    given = {argument.partition("=")[0].lstrip("-") for argument in arguments}
    options = [f"--{name}={value}" for name, value in OPTIONS.items() if name not in given]
    with warnings.catch_warnings(record=True):  # Jupyter's parts warn each other, not a learner
        server = LabApp.initialize_server(argv=[*options, *arguments])
    print(
        f"Your lessons are at {server.public_url} (Ctrl+C twice stops it, make lab comes back)",
        flush=True,
    )
    server.identity_provider.token_generated = False  # or Jupyter says the same in six lines
    server.start()


if __name__ == "__main__":
    main(sys.argv[1:])
