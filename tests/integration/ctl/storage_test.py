# SPDX-License-Identifier: Apache-2.0
"""sluicectl storage and sluice --check-storage on stores of real servers, with mosquitto's clients at work."""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import unittest

from support import mosquitto
from support.sluice import BINARY, SOURCE, Sluice, environment

SLUICECTL = os.environ.get("SLUICECTL_BIN", str(SOURCE / "build/bin/sluicectl"))
DEADLINE = 60


def finish(*arguments):
    """A program's status, standard output and standard error."""
    ended = subprocess.run(list(map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           timeout=DEADLINE, check=False, env=environment(), stdin=subprocess.DEVNULL)
    return ended.returncode, ended.stdout, ended.stderr


def ctl(server, *arguments):
    return finish(SLUICECTL, "--socket", server.socket, *arguments)


def check(*arguments):
    return finish(BINARY, "--check-storage", *arguments)


def contents(folder):
    """Names and bytes of all files below."""
    return {path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in pathlib.Path(folder).rglob("*") if path.is_file()}


class StorageCase(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="sluice-storage-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.data = self.folder / "data"
        self.data.mkdir()

    @property
    def store(self):
        return self.data / "storage"

    def serve(self, data=None, **settings):
        """A server on a data folder that outlives it."""
        data = data or self.data
        server = Sluice({"node.data_dir": data, "log.error.file": ""} | settings)
        server.socket = data / "sluice.sock"
        self.addCleanup(server.stop)
        return server

    def leave_session(self, server, client_id, topic):
        """A persistent session that nobody is connected to."""
        mosquitto.Subscriber(*mosquitto.address(server), "-c", "-i", client_id, "-q", 1, "-t", topic).kill()

    def publish(self, server, topic, payload, *options):
        mosquitto.publish(*mosquitto.address(server), "-q", 1, "-t", topic, "-m", payload, *options)

    def received(self, server, client_id, topic, count):
        """What waited for a session."""
        subscriber = mosquitto.Subscriber(*mosquitto.address(server), "-c", "-i", client_id, "-q", 1, "-t", topic)
        try:
            return mosquitto.payloads(subscriber.wait_for_messages(count))
        finally:
            subscriber.kill()

    def check_own(self):
        """--check-storage of the store that the configuration names."""
        return check("-c", SOURCE / "etc/sluice.conf", "-o", f"node.data_dir={self.data}", "-o", "log.syslog=off")

    def assert_ok(self, outcome):
        status, out, err = outcome
        self.assertEqual(status, 0, out + err)
        self.assertEqual(err, "")
        return out

    def assert_refused(self, outcome, *texts):
        status, out, err = outcome
        self.assertEqual(status, 1, out + err)
        for text in texts:
            self.assertIn(str(text), err)

    def assert_holds(self, out, **counts):
        for name, count in counts.items():
            self.assertRegex(out, rf"(?m)^{name.replace('_', ' ')}: {count}$")


class StorageCtlTest(StorageCase):
    def test_status(self):
        server = self.serve(**{"storage.sync": "always"})
        self.leave_session(server, "s", "t/#")
        self.publish(server, "t/1", "one")
        status = json.loads(self.assert_ok(ctl(server, "--json", "storage", "status")))
        self.assertEqual((status["type"], status["sync"], status["folder"], status["health"]),
                         ("disc", "always", str(self.store), "good"))
        self.assertGreater(status["disk_bytes"], 0)
        self.assertGreater(status["disk_limit"], status["disk_bytes"])
        self.assertGreater(status["batches"], 0)
        self.assertGreater(status["log_bytes_written"], 0)
        text = self.assert_ok(ctl(server, "storage", "status"))
        self.assertRegex(text, r"(?m)^health +: good$")
        self.assertRegex(text, rf"(?m)^folder +: {re.escape(str(self.store))}$")

    def test_what_a_start_has_restored(self):
        server = self.serve()
        self.leave_session(server, "s", "t/#")
        self.publish(server, "t/1", "one", "-r")
        self.publish(server, "t/2", "two")
        server.kill()
        server.start_again()
        self.assertEqual(self.received(server, "s", "t/#", 2)[-1], "two")
        end = threading.Event()
        timer = threading.Timer(DEADLINE, end.set)
        timer.start()
        self.addCleanup(timer.cancel)
        while not end.is_set():
            restoring = json.loads(self.assert_ok(ctl(server, "--json", "storage", "status")))["restoring"]
            if restoring["phase"] == "over":
                break
        self.assertEqual(restoring, {"phase": "over", "sessions": 1, "of": 1, "queued_messages": 2,
                                     "retained_messages": 1})

    def test_compact(self):
        server = self.serve()
        self.leave_session(server, "s", "t/#")
        self.publish(server, "t/1", "one")
        self.assertRegex(self.assert_ok(ctl(server, "storage", "compact")), r"^compact: done in \d+ ms\n$")
        self.assertEqual(self.received(server, "s", "t/#", 1), ["one"])
        job = json.loads(self.assert_ok(ctl(server, "--json", "storage", "status")))["last_job"]
        self.assertEqual((job["kind"], job["running"]), ("compact", False))

    def test_a_backup_while_clients_work_can_be_served(self):
        server = self.serve()
        self.leave_session(server, "s", "t/#")
        self.leave_session(server, "other", "t/#")  # with two, messages are kept apart from the queues
        for number in range(20):
            self.publish(server, "t", f"before {number}")
        self.publish(server, "r", "kept", "-r")
        with Traffic(server) as traffic:
            traffic.wait_for_more()
            restored = self.folder / "restored"
            restored.mkdir()
            self.assertRegex(self.assert_ok(ctl(server, "storage", "backup", restored / "storage")), "^backup in .*done")
            traffic.wait_for_more()
        out = self.assert_ok(check(restored / "storage"))
        self.assertIn("sound", out)
        again = self.serve(restored)
        self.assertEqual(self.received(again, "s", "t/#", 20), [f"before {number}" for number in range(20)])
        retained = mosquitto.Subscriber(*mosquitto.address(again), "-t", "r", "-C", 1).messages()
        self.assertEqual(mosquitto.payloads(retained), ["kept"])

    def test_a_relative_folder_is_the_callers(self):
        server = self.serve()
        ended = subprocess.run([SLUICECTL, "--socket", server.socket, "storage", "backup", "b"], cwd=self.folder,
                               timeout=DEADLINE, check=False, capture_output=True, text=True)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assert_ok(check(self.folder / "b"))

    def test_folders_that_no_backup_goes_to(self):
        server = self.serve()
        self.assert_refused(ctl(server, "storage", "backup", self.folder), self.folder, "exists already")
        self.assert_refused(ctl(server, "storage", "backup", self.folder / "no/b"), self.folder / "no", "is no folder")
        self.assert_refused(ctl(server, "storage", "backup", "/proc/b"), "/proc")
        self.assert_refused(ctl(server, "storage", "backup", self.store / "b"), "store's own folder")

    def test_a_server_that_keeps_nothing_on_disk(self):
        server = self.serve(**{"storage.type": "ram"})
        self.assertEqual(self.assert_ok(ctl(server, "storage", "status")), "type      : ram: nothing is kept on disk\n")
        self.assert_refused(ctl(server, "storage", "compact"), "storage.type = ram")
        self.assert_refused(ctl(server, "storage", "backup", self.folder / "b"), "storage.type = ram")


class Traffic:
    """QoS 1 messages for a persistent subscriber that is connected, from a publisher that does not stop."""

    def __init__(self, server):
        self._subscriber = mosquitto.Subscriber(*mosquitto.address(server), "-c", "-i", "busy", "-q", 1, "-t", "busy")
        self._publisher = subprocess.Popen(["mosquitto_pub", *mosquitto.address(server), "-q", "1", "-t", "busy", "-l"],
                                           stdin=subprocess.PIPE, text=True)
        self._seen = 0
        self._end = threading.Event()
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._feeder.start()

    def _feed(self):
        number = 0
        while not self._end.is_set():
            self._publisher.stdin.write(f"{number}\n")
            self._publisher.stdin.flush()
            number += 1
            self._end.wait(0.002)

    def wait_for_more(self):
        self._seen += 20
        self._subscriber.wait_for_messages(self._seen)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end.set()
        self._feeder.join()
        self._publisher.stdin.close()
        self._publisher.wait(DEADLINE)
        self._subscriber.kill()


class CheckStorageTest(StorageCase):
    def fill(self, server):
        """A session with two messages, one without, and one retained message."""
        self.leave_session(server, "s", "t/#")
        self.leave_session(server, "idle", "u")
        self.publish(server, "t/1", "one", "-r")
        self.publish(server, "t/2", "two")

    def test_a_store_whose_server_has_ended(self):
        server = self.serve()
        self.fill(server)
        server.stop()
        before = contents(self.data)
        out = self.assert_ok(self.check_own())
        self.assert_holds(out, sessions=2, queued_messages=2, retained_messages=1)
        self.assertIn(f"{self.store}: sound\n", out)
        self.assertRegex(out, r"(?m)^sessions +\d+ +\d+$")
        self.assertEqual(contents(self.data), before, "nothing was changed")

    def test_a_store_whose_server_was_killed(self):
        server = self.serve()
        self.fill(server)
        server.kill()
        log = max(self.store.glob("*.log"), key=lambda path: path.stat().st_size)
        whole = log.read_bytes()
        log.write_bytes(whole + b"the beginning of a write")
        before = contents(self.data)
        out = self.assert_ok(self.check_own())
        self.assertIn(f"the end of {log} is torn", out)
        self.assert_holds(out, sessions=2, queued_messages=2, retained_messages=1)
        self.assertEqual(contents(self.data), before, "nothing was changed")
        server.start_again()
        self.assertEqual(self.received(server, "s", "t/#", 2)[-1], "two")

    def test_a_damaged_table(self):
        server = self.serve()
        self.fill(server)
        self.assert_ok(ctl(server, "storage", "compact"))  # from the log into tables
        server.stop()
        tables = sorted(self.store.glob("*.sst"))
        self.assertTrue(tables)
        for table in tables:
            whole = table.read_bytes()
            table.write_bytes(whole[:10] + bytes([whole[10] ^ 1]) + whole[11:])
            self.assert_refused(self.check_own(), table.name)
            table.write_bytes(whole)
        self.assert_ok(self.check_own())

    def test_a_damaged_log(self):
        server = self.serve()
        self.fill(server)
        server.kill()
        log = max(self.store.glob("*.log"), key=lambda path: path.stat().st_size)
        whole = log.read_bytes()
        log.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
        self.assert_refused(self.check_own(), log.name, "damaged")

    def test_a_store_that_a_server_uses(self):
        server = self.serve()
        self.fill(server)
        self.assert_refused(self.check_own(), self.store, "another process uses this folder")
        self.assertEqual(self.received(server, "s", "t/#", 2)[-1], "two")

    def test_where_there_is_no_store(self):
        self.assert_refused(check(self.folder / "nowhere"), self.folder / "nowhere")
        self.assert_refused(check(self.data), self.data, "holds no store")
        self.assertEqual(list(self.data.iterdir()), [])
        self.assert_refused(check("-c", SOURCE / "etc/sluice.conf", "-o", "storage.type=ram"), "storage.type = ram")
