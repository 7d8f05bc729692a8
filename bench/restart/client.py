# SPDX-License-Identifier: Apache-2.0
"""An MQTT 3.1.1 client that is just large enough to fill a store and to look at what came back."""

import itertools
import socket
import struct

CONNACK, PUBLISH, PUBACK, SUBACK = 0x20, 0x30, 0x40, 0x90
SECONDS = 120
PER_ADDRESS = 4096  # connections from one source address: the kernel is slow to find free ports among many used ones

_made = itertools.count()


def text(value):
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def packet(first, body):
    length, encoded = len(body), b""
    while True:
        length, digit = divmod(length, 128)
        encoded += bytes([digit | (0x80 if length else 0)])
        if not length:
            return bytes([first]) + encoded + body


def connect(client_id, clean):
    return packet(0x10, text("MQTT") + bytes([4, 2 if clean else 0]) + struct.pack(">H", 300) + text(client_id))


def subscribe(filters, qos=1):
    return packet(0x82, b"\0\1" + b"".join(text(one) + bytes([qos]) for one in filters))


def publish(topic, payload, packet_id, retain=False):
    return packet(0x32 | retain, text(topic) + struct.pack(">H", packet_id) + payload)


DISCONNECT = b"\xe0\0"


def open_socket(port):
    opened = socket.socket()
    opened.settimeout(SECONDS)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.bind((f"127.0.1.{1 + next(_made) // PER_ADDRESS % 250}", 0))
    opened.connect(("127.0.0.1", port))
    return opened


class Client:
    """A connected client; raises OSError or EOFError if the server does not do its part."""

    def __init__(self, port, client_id, clean):
        self.socket, self.buffer, self.at = open_socket(port), b"", 0
        self.send(connect(client_id, clean))
        _, body = self.expect(CONNACK)
        if body[1] != 0:
            raise OSError(f"CONNACK {body[1]}")
        self.session_present = bool(body[0])

    def send(self, data):
        self.socket.sendall(data)

    def _need(self, count):
        while len(self.buffer) - self.at < count:
            data = self.socket.recv(1 << 18)
            if not data:
                raise EOFError("the server closed the connection")
            self.buffer, self.at = self.buffer[self.at:] + data, 0

    def receive(self):
        """The next packet: its first byte and its body."""
        self._need(2)
        first, length, shift = self.buffer[self.at], 0, 0
        self.at += 1
        while True:
            self._need(1)
            digit = self.buffer[self.at]
            self.at += 1
            length |= (digit & 0x7F) << shift
            shift += 7
            if digit < 0x80:
                break
        self._need(length)
        body = self.buffer[self.at:self.at + length]
        self.at += length
        return first, body

    def expect(self, kind):
        first, body = self.receive()
        if first & 0xF0 != kind:
            raise OSError(f"packet {first:#x} instead of {kind:#x}")
        return first, body

    def next_publish(self):
        """(topic, payload, packet id) of the next message; other packets are passed over."""
        while True:
            first, body = self.receive()
            if first & 0xF0 == PUBLISH:
                break
        length, = struct.unpack_from(">H", body)
        at = 2 + length
        packet_id = 0
        if first & 0x06:
            packet_id, = struct.unpack_from(">H", body, at)
            at += 2
        return body[2:2 + length].decode(), body[at:], packet_id

    def acknowledge(self, packet_id):
        self.send(packet(PUBACK, struct.pack(">H", packet_id)))

    def close(self):
        self.send(DISCONNECT)
        self.socket.close()

    def abort(self):
        self.socket.close()
