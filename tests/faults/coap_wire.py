# SPDX-License-Identifier: Apache-2.0
"""CoAP messages as bytes, right and wrong ones, and a client on a UDP socket. Many addresses: coap_swarm.py."""
import collections
import itertools
import socket
import struct
import time

from wire import DEADLINE

CON, NON, ACK, RST = 0, 1, 2, 3
GET, POST, PUT, DELETE = 1, 2, 3, 4
OBSERVE, URI_PATH, CONTENT_FORMAT, URI_QUERY = 6, 11, 12, 15
ACCEPT, BLOCK2, BLOCK1, SIZE2, SIZE1, ECHO = 17, 23, 27, 28, 60, 252
PAYLOAD = b"\xff"
RESEND_AFTER = 1

Message = collections.namedtuple("Message", "kind code mid token options payload")


def code_text(code):
    return f"{code >> 5}.{code & 31:02d}"


def uint(number):
    """An option's value: as few bytes as it takes."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def block(number, more, exponent=6):
    """A Block1 or Block2 option's value; blocks have 2^(exponent + 4) bytes."""
    return uint(number << 4 | more << 3 | exponent)


def _nibble(number):
    if number < 13:
        return number, b""
    return (13, bytes([number - 13])) if number < 269 else (14, struct.pack("!H", number - 269))


def option(delta, value=b""):
    """One option as bytes; `delta`: its number less the one before it."""
    high, more_delta = _nibble(delta)
    low, more_length = _nibble(len(value))
    return bytes([high << 4 | low]) + more_delta + more_length + value


def options(pairs):
    out, before = b"", 0
    for number, value in sorted(pairs, key=lambda pair: pair[0]):
        out += option(number - before, value)
        before = number
    return out


def header(code, mid=0, kind=CON, token=b"", version=1):
    return bytes([version << 6 | kind << 4 | len(token), code]) + struct.pack("!H", mid) + token


def ping(mid):
    """An empty confirmable message; a Reset is due."""
    return header(0, mid)


def target(path):
    """`mqtt/a/b?c=x&qos=1` as options."""
    path, _, query = path.partition("?")
    return [(URI_PATH, part.encode()) for part in path.split("/")] + \
           [(URI_QUERY, part.encode()) for part in query.split("&") if part]


def request(code, path, payload=b"", mid=0, kind=CON, token=b"", more=()):
    """`more`: further options as (number, value)."""
    body = options([*target(path), *more]) + (PAYLOAD + payload if payload else b"")
    return header(code, mid, kind, token) + body


def _extended(data, at, nibble):
    if nibble < 13:
        return nibble, at
    return (13 + data[at], at + 1) if nibble == 13 else (269 + struct.unpack_from("!H", data, at)[0], at + 2)


def parse(data):
    """A message of the server, which is trusted to be right."""
    kind, token_size = data[0] >> 4 & 3, data[0] & 15
    at, number, found = 4 + token_size, 0, []
    while at < len(data) and data[at] != PAYLOAD[0]:
        first = data[at]
        delta, at = _extended(data, at + 1, first >> 4)
        length, at = _extended(data, at, first & 15)
        number += delta
        found.append((number, data[at:at + length]))
        at += length
    return Message(kind, code_text(data[1]), struct.unpack_from("!H", data, 2)[0], data[4:4 + token_size], found,
                   data[at + 1:])


def value_of(message, number):
    """Of the first option of that number; None without one."""
    return next((value for found, value in message.options if found == number), None)


class StreamClient:
    """A connection of RFC 8323 that says hello, and has as small a buffer for what it receives as there is."""
    CSM, MAX_MESSAGE_SIZE = 7 << 5 | 1, 2

    def __init__(self, port, largest=65536):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(DEADLINE)
        self._in = self.socket.makefile("rb")
        self._send(self.CSM, b"", option(self.MAX_MESSAGE_SIZE, uint(largest)))

    def close(self):
        self._in.close()
        self.socket.close()

    def _send(self, code, token, body):
        nibble, extended = _nibble(len(body))
        self.socket.sendall(bytes([nibble << 4 | len(token)]) + extended + bytes([code]) + token + body)

    def request(self, code, path, token, more=()):
        self._send(code, token, options([*target(path), *more]))

    def receive(self):
        """The next message, signals apart; its message id says nothing."""
        while True:
            first = self._in.read(1)[0]
            length, token_size = first >> 4, first & 15
            if length > 12:
                size, base = {13: (1, 13), 14: (2, 269), 15: (4, 65805)}[length]
                length = base + int.from_bytes(self._in.read(size), "big")
            code = self._in.read(1)
            rest = self._in.read(token_size + length)
            if code[0] >> 5 != 7:
                return parse(bytes([token_size]) + code + b"\0\0" + rest)


class Client:
    """One address of the loopback. It sends again what is not answered, so that a flood beside it may cost it
    datagrams; it proves its address where it is asked to (Echo)."""

    def __init__(self, port, source="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self._mids = itertools.count(1)

    def close(self):
        self.socket.close()

    def send(self, *datagrams):
        for datagram in datagrams:
            self.socket.send(datagram)

    def receive(self, seconds=DEADLINE):
        """The next message; None if none comes in time."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            return parse(self.socket.recv(65536))
        except socket.timeout:
            return None

    def next_mid(self):
        return next(self._mids) % 65536

    def answer_to(self, datagram, wanted):
        """Sends the datagram, again and again, until a message comes that is `wanted`."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            self.send(datagram)
            until = time.monotonic() + RESEND_AFTER
            while (left := until - time.monotonic()) > 0:
                message = self.receive(left)
                if message is not None and wanted(message):
                    return message
        raise AssertionError(f"no answer to {datagram[:80].hex()}")

    def ask(self, code, path, payload=b"", more=()):
        """The answer to a confirmable request."""
        for _ in range(2):
            mid = self.next_mid()
            token = struct.pack("!H", mid)
            message = self.answer_to(request(code, path, payload, mid, token=token, more=more),
                                     lambda answer: answer.token == token and answer.code != "0.00")
            if message.kind == CON:
                self.send(header(0, message.mid, ACK))
            if message.code != "4.01" or value_of(message, ECHO) is None:
                break
            more = [*more, (ECHO, value_of(message, ECHO))]
        return message

    def ping(self):
        """A round trip: everything that came before it has been dealt with."""
        mid = self.next_mid()
        self.answer_to(ping(mid), lambda answer: answer.kind == RST and answer.mid == mid)

    def upload(self, path, body, exponent=6):
        """The answer to a PUT whose body goes block by block: to its last block, or to the first that is refused."""
        size = 16 << exponent
        for number in range(-(-len(body) // size)):
            part = body[number * size:(number + 1) * size]
            more = (number + 1) * size < len(body)
            answer = self.ask(PUT, path, part, [(BLOCK1, block(number, more, exponent))])
            if more and answer.code != "2.31":
                break
        return answer
