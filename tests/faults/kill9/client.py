# SPDX-License-Identifier: Apache-2.0
"""A client with a persistent session on a raw socket that does not block: it belongs to the one loop of the load."""
import collections
import select
import socket
import struct

import wire

SESSION_EXPIRY = b"\x11" + struct.pack("!I", 86400)
SHUTTING_DOWN = 0x8B

Publish = collections.namedtuple("Publish", "topic packet_id properties payload qos dup retain")


def read_varint(data, at):
    value, shift = 0, 0
    while True:
        octet = data[at]
        value |= (octet & 127) << shift
        at, shift = at + 1, shift + 7
        if octet < 128:
            return value, at


def parse_publish(first, body, version):
    """A PUBLISH packet from its first octet and its body."""
    qos = first >> 1 & 3
    at = 2 + int.from_bytes(body[:2], "big")
    topic = bytes(body[2:at]).decode()
    packet_id = 0
    if qos:
        packet_id = int.from_bytes(body[at:at + 2], "big")
        at += 2
    wire_properties = b""
    if version == wire.V5:
        length, at = read_varint(body, at)
        wire_properties = bytes(body[at:at + length])
        at += length
    return Publish(topic, packet_id, wire_properties, bytes(body[at:]), qos, bool(first & 8), bool(first & 1))


def split(received):
    """The whole packets as (first octet, body); what is left in `received` is the beginning of one."""
    at = 0
    while len(received) - at >= 2:
        try:
            length, begin = read_varint(received, at + 1)
        except IndexError:
            break
        if len(received) < begin + length:
            break
        yield received[at], received[begin:begin + length]
        at = begin + length
    del received[:at]


class Client:
    """Connection, CONNACK, packets in and out. `known`: the server has said that this session exists."""

    clean = False

    def __init__(self, load, name, version):
        self.load = load
        self.name = name
        self.version = version
        self.socket = None
        self.up = False
        self.known = False
        self._in = bytearray()
        self._out = bytearray()
        self._writing = False

    def violation(self, text):
        self.load.violation(f"{self.name}: {text}")

    def connect(self, port):
        self.up = False
        self._in.clear()
        self._out.clear()
        self._writing = False
        self.socket = socket.socket()
        self.socket.settimeout(wire.DEADLINE)
        try:
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            self.socket = None
            self.load.lost(self)
            return
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.load.watch(self)
        expiry = b"" if self.clean else SESSION_EXPIRY
        self.send(wire.connect(self.name, self.version, clean=self.clean, keep_alive=0,
                               wire=expiry if self.version == wire.V5 else b""))
        self.flush()

    def leave(self, polite):
        """Ends the connection on purpose, with or without a DISCONNECT; the session stays."""
        if self.socket is not None:
            if polite:
                self.send(wire.packet(wire.DISCONNECT))
                self.flush()
            self._close()

    def abandon(self):
        """As if the connection had been cut: what was not read is lost."""
        self._close()
        self.load.lost(self)

    def send(self, data):
        self._out += data
        if self.load.trace:
            self.load.trace.out(self, data)

    def flush(self):
        if self.socket is None or not self._out:
            return
        try:
            sent = self.socket.send(self._out)
        except BlockingIOError:
            sent = 0
        except OSError:
            # What the server wrote before it died is still to be read: the end comes from there.
            self._out.clear()
            return
        del self._out[:sent]
        if bool(self._out) != self._writing:
            self._writing = bool(self._out)
            self.load.watch(self, self._writing)

    def on_event(self, events):
        if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            self._read()
        self.flush()

    def _read(self):
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._in += data
        for first, body in split(self._in):
            if self.load.trace:
                self.load.trace.packet(self, "<", first, body)
            if self.socket is None:
                return
            self._on_packet(first, body)
        if not data and self.socket is not None:
            self._close()
            self.load.lost(self)

    def _on_packet(self, first, body):
        kind = first >> 4
        if kind == wire.CONNACK:
            self._on_connack(body)
        elif kind == wire.DISCONNECT:
            if not body or body[0] != SHUTTING_DOWN:
                self.violation(f"the server sent DISCONNECT {bytes(body).hex()}")
        elif not self.up:
            self.violation(f"packet type {kind} before the CONNACK")
        elif kind == wire.PUBLISH:
            self.on_publish(parse_publish(first, body, self.version))
        else:
            self.on_packet(kind, body)

    def _on_connack(self, body):
        present, code = bool(body[0] & 1), body[1]
        if code != 0:
            self.violation(f"CONNACK {code:#x}")
            return
        if self.known and not present:
            self.violation("the session is gone: CONNACK without session present")
        resumed = self.known and present
        self.load.count("sessions_resumed" if resumed else "sessions_new")
        self.up, self.known = True, not self.clean
        self.on_connected(resumed)

    def _close(self):
        if self.load.trace:
            self.load.trace.line(self.name, "connection ended")
        self.load.forget(self)
        self.socket.close()
        self.socket = None
        self.up = False
        self.on_lost()

    # What the kinds of clients do.

    def on_connected(self, resumed):
        """After the CONNACK; `resumed`: the session of before is there."""

    def on_lost(self):
        """The connection has ended."""

    def on_publish(self, publish):
        self.violation(f"an unexpected message on {publish.topic}")

    def on_packet(self, kind, body):
        self.violation(f"an unexpected packet of type {kind}: {bytes(body).hex()}")

    def tick(self, now):
        """Some time has passed."""
