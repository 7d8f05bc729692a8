# SPDX-License-Identifier: Apache-2.0
"""MQTT packets as bytes, right and wrong ones, and a peer that sends them over a raw socket."""
import socket
import struct

DEADLINE = 20
V31, V311, V5 = 3, 4, 5

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = 8, 9, 10, 11, 12, 13, 14, 15

PING = b"\xc0\x00"


def varint(number):
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def block(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack("!H", len(data)) + data


def packet(kind, body=b"", flags=0):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def properties(version, wire=b""):
    """The property block as it stands in a packet: nothing before MQTT 5."""
    return varint(len(wire)) + wire if version == V5 else b""


def user_property(name="n", value="v"):
    return b"\x26" + block(name) + block(value)


def connect(client_id="", version=V311, clean=True, keep_alive=60, wire=b"", flags=0, will=None,
            will_wire=b"", level=None, name=None):
    """`will` is (topic, payload), `wire` and `will_wire` are properties, `flags` come on top of those of the rest."""
    flags |= 2 if clean else 0
    payload = block(client_id)
    if will is not None:
        flags |= 4
        payload += properties(version, will_wire) + block(will[0]) + block(will[1])
    name = name if name is not None else "MQIsdp" if version == V31 else "MQTT"
    level = version if level is None else level
    return packet(CONNECT, block(name) + bytes([level, flags]) + struct.pack("!H", keep_alive) +
                  properties(version, wire) + payload)


def publish(topic, payload=b"", qos=0, packet_id=1, version=V311, retain=False, dup=False, wire=b""):
    flags = (8 if dup else 0) | qos << 1 | (1 if retain else 0)
    identifier = struct.pack("!H", packet_id) if qos else b""
    return packet(PUBLISH, block(topic) + identifier + properties(version, wire) + payload, flags)


def subscribe(filters, packet_id=1, version=V311, options=0, wire=b""):
    body = struct.pack("!H", packet_id) + properties(version, wire)
    return packet(SUBSCRIBE, body + b"".join(block(text) + bytes([options]) for text in filters), 2)


def unsubscribe(filters, packet_id=1, version=V311, wire=b""):
    return packet(UNSUBSCRIBE, struct.pack("!H", packet_id) + properties(version, wire) +
                  b"".join(map(block, filters)), 2)


def topic(body):
    """Of a PUBLISH."""
    return body[2:2 + int.from_bytes(body[:2], "big")]


def packet_id(body):
    """Of a PUBLISH with QoS 1 or 2."""
    begin = 2 + len(topic(body))
    return int.from_bytes(body[begin:begin + 2], "big")


def ack(kind, packet_id):
    return packet(kind, struct.pack("!H", packet_id), 2 if kind == PUBREL else 0)


class Peer:
    """A raw connection. Reads packets as (first octet, body); everything it waits for has a deadline."""

    def __init__(self, port, *parts, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self.send(*parts)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, *parts):
        if parts:
            self.socket.sendall(b"".join(parts))

    def send_while_open(self, *parts):
        """As send(); that the server closes meanwhile is no error."""
        try:
            self.send(*parts)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def more(self):
        """Reads once from the socket; False at the end of the connection."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        except socket.timeout:
            raise AssertionError("no answer, and the connection stays open") from None
        self._received += data
        return bool(data)

    def take(self):
        """The next whole packet of what was received, or None."""
        length, shift = 0, 0
        for index in range(1, min(5, len(self._received))):
            octet = self._received[index]
            length |= (octet & 127) << shift
            shift += 7
            if octet < 128:
                end = index + 1 + length
                if len(self._received) < end:
                    return None
                taken = self._received[0], self._received[index + 1:end]
                self._received = self._received[end:]
                return taken
        return None

    def receive(self):
        """The next packet; None when the server has closed."""
        while (taken := self.take()) is None:
            if not self.more():
                return None
        return taken

    def expect(self, kind):
        """The body of the next packet, which must be of this kind."""
        taken = self.receive()
        if taken is None or taken[0] >> 4 != kind:
            raise AssertionError(f"packet type {kind} is due, {taken and (hex(taken[0]), taken[1])} came")
        return taken[1]

    def rest(self):
        """All packets up to the end of the connection, which must come."""
        packets = []
        while (taken := self.receive()) is not None:
            packets.append(taken)
        return packets

    def accepted(self):
        """Reads the CONNACK and fails unless it says yes; self."""
        body = self.expect(CONNACK)
        if body[1] != 0:
            raise AssertionError(f"CONNACK {body[1]:#x}")
        return self

    def ping(self):
        """A round trip: everything before it has been dealt with."""
        self.send(PING)
        while (taken := self.receive()) is not None:
            if taken[0] >> 4 == PINGRESP:
                return
        raise AssertionError("the connection has ended")

    def close(self):
        self.socket.close()


def disconnect_reason(packets):
    """The reason code of the DISCONNECT that ends `packets`; None where there is none."""
    if not packets or packets[-1][0] >> 4 != DISCONNECT:
        return None
    body = packets[-1][1]
    return body[0] if body else 0
