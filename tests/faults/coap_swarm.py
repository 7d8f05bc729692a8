# SPDX-License-Identifier: Apache-2.0
"""Datagrams from as many addresses of the loopback as there are to be, all from one socket (IP_PKTINFO chooses the
source of each), many with one system call; what the server sends to these addresses comes back to the socket."""
import collections
import ctypes
import os
import select
import socket
import struct
import time

import coap_wire
from wire import DEADLINE

BATCH = 128  # datagrams; two of them fit into the buffer of the server's socket
SMALL = 512  # bytes
AS_ONESELF = 0x7F000001
FIRST = 0x7F010000  # 127.1.0.0
IP_PKTINFO = 8
PING_AGAIN_AFTER = 0.2

_libc = ctypes.CDLL(None, use_errno=True)


class _Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


class _Header(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_size", ctypes.c_uint32), ("pieces", ctypes.c_void_p),
                ("piece_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_size", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class _Message(ctypes.Structure):
    _fields_ = [("header", _Header), ("size", ctypes.c_uint)]


class _Slots:
    """Memory for a batch: of each datagram its bytes, its size, and the address that is ours (control)."""

    CONTROL = 32
    ADDRESS_AT = 20  # of in_pktinfo.ipi_spec_dst in the control message
    HEADER = struct.pack("=Qii", 28, socket.IPPROTO_IP, IP_PKTINFO)

    def __init__(self, largest, name=None):
        self.largest = largest
        self.bytes = bytearray(BATCH * largest)
        self.control = bytearray((self.HEADER.ljust(self.CONTROL, b"\0")) * BATCH)
        self._name = name
        base, control = (ctypes.addressof(ctypes.c_char.from_buffer(memory)) for memory in (self.bytes, self.control))
        self.pieces = (_Piece * BATCH)(*(_Piece(base + i * largest, largest) for i in range(BATCH)))
        self.messages = (_Message * BATCH)()
        for i in range(BATCH):
            head = self.messages[i].header
            head.pieces, head.piece_count = ctypes.addressof(self.pieces) + i * ctypes.sizeof(_Piece), 1
            if name is not None:
                head.name, head.name_size = ctypes.cast(name, ctypes.c_void_p).value, len(name.raw) - 1
                head.control, head.control_size = control + i * self.CONTROL, self.CONTROL

    def put(self, index, source, datagram):
        size = len(datagram)
        begin = index * self.largest
        self.bytes[begin:begin + size] = datagram
        self.pieces[index].size = size
        struct.pack_into("!I", self.control, index * self.CONTROL + self.ADDRESS_AT, source)


class Swarm:
    """`send` takes (source, datagram), sources as numbers: FIRST and those that follow. No more than two batches are
    ever unserved, so nothing is lost on the way, and all that the server answers is counted: `sent` and `received` in
    bytes, `answers` by code. Each batch ends with a ping of our own; its Reset tells that the batch has been served."""

    def __init__(self, port, largest=SMALL):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        self.socket.bind(("0.0.0.0", 0))
        address = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, socket.inet_aton("127.0.0.1"))
        self._out = _Slots(largest, ctypes.create_string_buffer(address))
        self._in = _Slots(2048)
        # What one socket's buffer has room for, twice.
        self._batch = BATCH if largest <= SMALL else max(4, BATCH * SMALL // 2 // largest)
        self._mid = 0
        self._pings = {}
        self.sent = self.received = 0
        self.answers = collections.Counter()

    def close(self):
        self.socket.close()

    def send(self, datagrams):
        index = size = 0
        for source, datagram in datagrams:
            self._out.put(index, source, datagram)
            size += len(datagram)
            index += 1
            if index == self._batch - 1:
                self._send_batch(index, size)
                index = size = 0
        self._send_batch(index, size)
        self._await_pings(0)

    def _send_batch(self, count, size):
        self._mid = (self._mid + 1) % 65536
        ping = coap_wire.ping(self._mid)
        self._pings[coap_wire.header(0, self._mid, coap_wire.RST)] = ping
        self._out.put(count, AS_ONESELF, ping)
        self._transmit(count + 1)
        self.sent += size
        self._await_pings(1)

    def _transmit(self, count):
        done = 0
        while done < count:
            rest = ctypes.byref(self._out.messages, done * ctypes.sizeof(_Message))
            step = _libc.sendmmsg(self.socket.fileno(), rest, count - done, 0)
            if step < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            done += step

    def _await_pings(self, most):
        """Reads until no more than `most` pings have no answer; sends them again when they were lost."""
        end = time.monotonic() + DEADLINE
        while len(self._pings) > most:
            if not select.select([self.socket], [], [], PING_AGAIN_AFTER)[0]:
                if time.monotonic() > end:
                    raise AssertionError("the server does not answer a ping")
                for index, ping in enumerate(self._pings.values()):
                    self._out.put(index, AS_ONESELF, ping)
                self._transmit(len(self._pings))
            self.read()

    def read(self):
        """Counts what has come."""
        data, largest = self._in.bytes, self._in.largest
        while (count := _libc.recvmmsg(self.socket.fileno(), self._in.messages, BATCH, socket.MSG_DONTWAIT, None)) > 0:
            for i in range(count):
                size, begin = self._in.messages[i].size, i * largest
                if size == 4 and self._pings.pop(bytes(data[begin:begin + 4]), None) is not None:
                    continue
                self.received += size
                self.answers[data[begin + 1]] += 1

    def answered(self):
        """How often each code came, by its text."""
        return {coap_wire.code_text(code): count for code, count in self.answers.items()}


def settle(swarm, done):
    """Reads what comes late until it is all there."""
    end = time.monotonic() + DEADLINE
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"not all is answered: {swarm.answered()}")
        select.select([swarm.socket], [], [], PING_AGAIN_AFTER)
        swarm.read()
