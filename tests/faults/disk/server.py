# SPDX-License-Identifier: Apache-2.0
"""A server whose disk fails when a test asks for it (shim.cc), and a test class with persistent clients."""
import errno
import mmap
import os
import pathlib
import struct
import tempfile
import unittest

import wire
from fault_server import SANITIZED, FaultServer, FaultTest, wait_until
from wire import V5, connect, publish, subscribe

SHIM = os.environ.get("DISK_FAULT_SHIM", "")
EXPIRES_LATE = b"\x11" + struct.pack("!I", 1000)
SUCCESS, SERVER_BUSY, QUOTA_EXCEEDED = 0, 0x89, 0x97


class DiskControl:
    """What the shim reads at every call."""

    def __init__(self, file):
        file.write_bytes(bytes(16))
        with open(file, "r+b") as opened:
            self._words = mmap.mmap(opened.fileno(), 16)

    def _set(self, write_error=0, read_error=0, slow_ms=0):
        self._words[0:12] = struct.pack("=III", write_error, read_error, slow_ms)

    def fail_writes(self, name):
        self._set(write_error=getattr(errno, name))

    def fail_reads(self):
        self._set(read_error=errno.EIO)

    def slow(self, milliseconds):
        self._set(slow_ms=milliseconds)

    def mend(self):
        self._set()

    @property
    def hits(self):
        return struct.unpack("=I", self._words[12:16])[0]


class DiskServer(FaultServer):
    """`disk` is the disk below its storage folder."""

    def __init__(self, settings=None):
        self._control = tempfile.TemporaryDirectory(prefix="sluice-disk-")
        self.disk = DiskControl(pathlib.Path(self._control.name) / "control")
        try:
            super().__init__({"storage.type": "disc", "retainer.storage_type": "disc",
                              "mqtt.max_packet_size": "1MB"} | (settings or {}))
        except BaseException:
            self._control.cleanup()
            raise

    def _environment(self):
        return super()._environment() | {"LD_PRELOAD": SHIM, "DISK_FAULT_FOLDER": str(self.storage),
                                         "DISK_FAULT_CONTROL": str(pathlib.Path(self._control.name) / "control")}

    @property
    def storage(self):
        return self.folder / "storage"

    def stop(self):
        self.disk.mend()
        super().stop()
        self._control.cleanup()

    def files(self, ending):
        """The store's files, in the order in which they were made."""
        return sorted(file for file in self.storage.iterdir() if file.name.endswith(ending))


@unittest.skipIf(SANITIZED, "a sanitizer's own functions stand before the shim: no call would reach it")
class DiskTest(FaultTest):
    """A server for each test, with persistent clients."""

    settings = {}

    @classmethod
    def setUpClass(cls):
        if not SHIM:
            raise unittest.SkipTest("DISK_FAULT_SHIM does not name the shim")

    def setUp(self):
        self.server = DiskServer(self.settings)
        self.addCleanup(self.server.stop)
        super().setUp()

    def persistent(self, client_id, expect=SUCCESS, clean=False):
        """A client of MQTT 5 whose session stays; checks the CONNACK's reason."""
        peer = self.peer(connect(client_id, V5, clean=clean, wire=EXPIRES_LATE))
        self.assertEqual(peer.expect(wire.CONNACK)[1], expect)
        return peer

    def subscribed(self, client_id="subscriber"):
        """A persistent subscriber of the test's topic."""
        peer = self.persistent(client_id)
        self.assertEqual(self.subscribe(peer, self.name), 1)
        return peer

    def subscribe(self, peer, text):
        """The reason code."""
        peer.send(subscribe([text], version=V5, options=1))
        return peer.expect(wire.SUBACK)[-1]

    def absent(self, client_id="subscriber"):
        """A persistent subscriber of the test's topic that is away."""
        before = self.server.stats()["clients/count"]
        self.subscribed(client_id).close()
        wait_until(lambda: self.server.stats()["clients/count"] == before, "it is away")

    def publisher(self, version=V5):
        return self.client(f"publisher-{version}", version=version)

    def publish(self, peer, payload, packet_id=1, version=V5):
        peer.send(publish(self.name, payload, 1, packet_id, version=version))

    def puback(self, peer):
        """The reason code of the PUBACK that comes next."""
        body = peer.expect(wire.PUBACK)
        return body[2] if len(body) > 2 else SUCCESS

    def acknowledged(self, peer, payload, packet_id=1):
        self.publish(peer, payload, packet_id)
        self.assertEqual(self.puback(peer), SUCCESS)

    def receive(self, peer, count):
        """The payloads of so many messages, acknowledged."""
        payloads = []
        while len(payloads) < count:
            body = peer.expect(wire.PUBLISH)
            peer.send(wire.ack(wire.PUBACK, wire.packet_id(body)))
            payloads.append(bytes(body[4 + len(wire.topic(body)) + 1:]))
        peer.ping()
        return payloads

    def restart(self):
        """kill -9, and a new server on what it left."""
        self.server.kill()
        self.server.start_again()

    def assert_ends(self, *patterns):
        """The server, which was launched, ends with 1 and has printed each of the patterns."""
        self.assertEqual(self.server.wait_for_end(), 1)
        for pattern in patterns:
            self.assertRegex(self.server.output_of_this_start, pattern)
