"""Loaded by each Python whose PYTHONPATH holds this folder: the network is refused.

Lessons are tested like this, with nothing fetched: what they say has to be true on every machine.
"""

import socket

HERE = ("127.0.0.1", "localhost", "::1")


def _refuse(*args, **kwargs):
    raise OSError("the network is refused while lessons are tested")


def _connect(self, address, connect=socket.socket.connect):
    if isinstance(address, tuple) and address[0] not in HERE:
        _refuse()
    return connect(self, address)


socket.socket.connect = _connect
socket.getaddrinfo = _refuse
