# SPDX-License-Identifier: Apache-2.0
"""A server under attack: its counters, its log, its memory, its CPU time; and a test class with the probe pair."""
import http.client
import json
import os
import re
import socket
import subprocess
import time
import unittest

from probe_pair import ProbePair
from support.sluice import SOURCE, TCP, Sluice
from wire import DEADLINE, Peer, connect

# Sanitizers multiply memory and time: what is counted in them means nothing there.
SANITIZED = bool(os.environ.get("SLUICE_SANITIZED"))
SLUICECTL = os.environ.get("SLUICECTL_BIN", str(SOURCE / "build/bin/sluicectl"))


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def wait_until(condition, what):
    """Polls `condition`, which has no event to wait for, until it holds; its value."""
    end = time.monotonic() + DEADLINE
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {DEADLINE} s: {what}")
        time.sleep(0.01)
    return value


class FaultServer(Sluice):
    """One shard unless the test says otherwise: attacker and probe pair then share everything there is to share."""

    def _defaults(self):
        return super()._defaults() | {"node.shards": 1, "log.error.file": ""}

    @property
    def pid(self):
        return self._process.pid

    def api(self, path):
        connection = _UnixConnection(self.folder / "sluice.sock")
        try:
            connection.request("GET", f"/api/v2/{path}")
            return json.loads(connection.getresponse().read())["result"]
        finally:
            connection.close()

    def metrics(self):
        return self.api("monitoring/metrics")

    def metric(self, name):
        return self.metrics().get(name, 0)

    def stats(self):
        return next(iter(self.api("monitoring/stats")[0].values()))

    def sluicectl(self, *arguments):
        """What the command line prints."""
        return subprocess.run([SLUICECTL, "--socket", self.folder / "sluice.sock", *arguments], check=True,
                              stdout=subprocess.PIPE, text=True, timeout=DEADLINE).stdout

    def listener(self):
        """What the API says of the TCP listener."""
        return next(iter(self.api("monitoring/listeners").values()))[0]

    def rss(self):
        """Resident memory in bytes."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024

    def cpu(self):
        """CPU time used so far, in seconds."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class FaultTest(unittest.TestCase):
    """A server for each test class."""

    settings = {}
    plugins = ()

    @classmethod
    def setUpClass(cls):
        cls.server = FaultServer(cls.settings, cls.plugins)
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.name = self.id().rpartition(".")[2]
        self._log_begin = len(self.server.output)
        self._before = self.server.metrics()

    def probe(self, server=None):
        """The probe pair, as a context in which to attack."""
        return ProbePair((server or self.server).port(TCP), latency=not SANITIZED)

    def peer(self, *parts, **more):
        """A raw connection that is closed when the test ends."""
        peer = Peer(self.server.port(), *parts, **more)
        self.addCleanup(peer.close)
        return peer

    def client(self, client_id=None, **options):
        """A peer that is connected."""
        return self.peer(connect(client_id or self.name, **options)).accepted()

    def moved(self, name):
        """By how much a counter has grown in this test."""
        return self.server.metric(name) - self._before.get(name, 0)

    def wait_moved(self, name, by=1):
        wait_until(lambda: self.moved(name) >= by, f"{name} grows by {by}")

    def assert_logged(self, pattern):
        """Waits until a line that matches has been logged in this test."""
        found = self.server.wait_for_output(pattern, DEADLINE, self._log_begin)
        if found is None:
            self.fail(f"no log line {pattern} in:\n{self.server.output[self._log_begin:]}")

    def assert_memory(self, before, bound, what):
        """The server has grown by no more than `bound` since `before`."""
        grown = self.server.rss() - before
        if not SANITIZED:
            self.assertLessEqual(grown, bound, f"memory grew by {grown / 1e6:.1f} MB; {what}")
