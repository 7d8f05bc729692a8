# SPDX-License-Identifier: Apache-2.0
"""A TCP relay that cuts connections after so many bytes, where the other side cannot foresee it."""
import select
import socket
import threading


class CuttingRelay:
    """Relays to `port`. The n-th connection is cut after limits[n] bytes, both directions together; later ones never."""

    def __init__(self, port, limits):
        self._target = port
        self._limits = list(limits)
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            limit = self._limits.pop(0) if self._limits else None
            threading.Thread(target=self._relay, args=(client, limit), daemon=True).start()

    def _relay(self, client, limit):
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            other = {client: server, server: client}
            passed = 0
            while limit is None or passed < limit:
                for side in select.select([client, server], [], [])[0]:
                    try:
                        data = side.recv(4096)
                        other[side].sendall(data)
                    except OSError:
                        return
                    if not data:
                        return
                    passed += len(data)
            self.cuts += 1
