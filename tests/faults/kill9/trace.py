# SPDX-License-Identifier: Apache-2.0
"""Every packet of the load as a line of a file (KILL9_TRACE), for who looks for the cause of a failure."""
import os
import time

import wire

NAMES = {getattr(wire, name): name for name in
         ("CONNECT CONNACK PUBLISH PUBACK PUBREC PUBREL PUBCOMP SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK PINGREQ PINGRESP "
          "DISCONNECT").split()}


def _text(first, body, version):
    kind = first >> 4
    if kind == wire.PUBLISH:
        at = wire.packet_id(body)
        head = bytes(body[4 + int.from_bytes(body[:2], "big"):])
        head = head[1 + head[0]:] if version == wire.V5 and head else head
        return f"PUBLISH {at} DUP={first >> 3 & 1} QoS={first >> 1 & 3} {b' '.join(head.split(b' ')[:2]).decode()}"
    if kind in (wire.CONNECT, wire.CONNACK):
        return f"{NAMES[kind]} {bytes(body[:16]).hex()}"
    return f"{NAMES.get(kind, kind)} {int.from_bytes(body[:2], 'big')} {bytes(body[2:40]).hex()}"


class Trace:
    """Nothing without KILL9_TRACE."""

    def __init__(self, split):
        path = os.environ.get("KILL9_TRACE")
        self._file = open(path, "w", encoding="utf-8") if path else None
        self._split = split

    def __bool__(self):
        return self._file is not None

    def line(self, name, *words):
        print(f"{time.monotonic():.6f}", name, *words, file=self._file, flush=True)

    def packet(self, client, direction, first, body):
        self.line(client.name, direction, _text(first, body, client.version))

    def out(self, client, data):
        for first, body in self._split(bytearray(data)):
            self.packet(client, ">", first, body)
