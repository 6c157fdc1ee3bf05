"""How `make page` serves the page: to whoever has its address with the token, within bounds."""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.web import HTTPError

PROTOCOL = "v1.kernel.websocket.jupyter.org"


class OneProtocol(ZMQChannelsWebsocketConnection):
    """Voila 0.5 freezes for ever at pictures for a client that speaks Jupyter's older protocol."""

    async def prepare(self):
        if PROTOCOL not in self.websocket_handler.request.headers.get("Sec-WebSocket-Protocol", ""):
            raise HTTPError(400, f"this page speaks {PROTOCOL} only")
        await super().prepare()


c = get_config()  # noqa: F821 (Voila puts it here)
c.Voila.auto_token = True
c.Voila.kernel_websocket_connection_class = OneProtocol
c.Voila.tornado_settings = {
    "allow_remote_access": False,  # who asks for another host than this one is refused
    "websocket_max_message_size": 100_000_000,  # tornado buffers no more; the notebook takes less
}
# A kernel takes 440 MB, and Voila lets it live on when its tab is closed.
c.MappingKernelManager.cull_idle_timeout = 300
c.MappingKernelManager.cull_interval = 60
