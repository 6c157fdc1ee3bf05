"""How `make page` serves the page: to whoever has its address with the token, within bounds."""

import os
from datetime import UTC, datetime
from pathlib import Path

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError

PROTOCOL = "v1.kernel.websocket.jupyter.org"


class OneProtocol(ZMQChannelsWebsocketConnection):
    """Voila 0.5 freezes for ever at pictures for a client that speaks Jupyter's older protocol."""

    async def prepare(self):
        if PROTOCOL not in self.websocket_handler.request.headers.get("Sec-WebSocket-Protocol", ""):
            raise HTTPError(400, f"this page speaks {PROTOCOL} only")
        await super().prepare()


class Waiting(AsyncMappingKernelManager):
    """A kernel that waited for its visitor isn't idle: its time begins when it is handed out.

    Voila asks about none that waits; else it would be culled before the browser has connected.
    """

    async def cull_kernel_if_idle(self, kernel_id):
        kernel = self.get_kernel(kernel_id)
        if not hasattr(kernel, "handed_out"):
            kernel.handed_out = kernel.last_activity = datetime.now(UTC)
        await super().cull_kernel_if_idle(kernel_id)


c = get_config()  # noqa: F821 (Voila puts it here)
c.Voila.auto_token = True
# Its own template lies beside it: nothing is fetched from elsewhere.
os.environ["JUPYTER_PATH"] = str(Path("share").resolve())
c.VoilaConfiguration.template = "song"
# A kernel that has already answered waits for the next visitor.
c.VoilaConfiguration.preheat_kernel = True
c.VoilaConfiguration.multi_kernel_manager_class = Waiting
c.Voila.kernel_websocket_connection_class = OneProtocol
c.Voila.tornado_settings = {
    "allow_remote_access": False,  # who asks for another host than this one is refused
    "websocket_max_message_size": 100_000_000,  # tornado buffers no more; the notebook takes less
}
# A kernel takes 440 MB, and Voila lets it live on when its tab is closed.
c.MappingKernelManager.cull_idle_timeout = 300
c.MappingKernelManager.cull_interval = 60
