# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, broken, read-only or slow while the server runs: what needs no disk goes on, what needs one is
refused or waits, and everything that was acknowledged is there afterwards."""
import wire
from disk.server import QUOTA_EXCEEDED, SERVER_BUSY, SUCCESS, DiskTest
from wire import V5, V311, publish, subscribe

LARGE = bytes(100_000)


class WriteFaultTest(DiskTest):
    def assert_fault_is_survived(self, error, text):
        self.absent()
        publisher = self.publisher()
        self.acknowledged(publisher, b"before")
        with self.probe():
            self.server.disk.fail_writes(error)
            self.publish(publisher, b"at the beginning")  # taken: nobody knows yet
            self.assert_logged(f"storage_failing: .*{self.server.storage}.*{text}")
            self.assert_refused()
            self.assert_others_go_on()
            self.server.disk.mend()
            self.assertEqual(self.puback(publisher), SUCCESS)
            self.assert_logged("storage_failing: it is over")
        self.assertGreater(self.moved("storage/write_errors"), 0)
        self.acknowledged(publisher, b"afterwards", 3)
        self.restart()
        with self.persistent("subscriber") as subscriber:
            self.assertEqual(self.receive(subscriber, 3), [b"before", b"at the beginning", b"afterwards"])

    def assert_refused(self):
        """Publishers to the persistent session, and whoever wants a new one."""
        with self.client("refused", version=V5) as peer:
            self.publish(peer, b"refused")
            self.assertEqual(self.puback(peer), QUOTA_EXCEEDED)
            peer.send(publish("retained", b"refused", 1, version=V5, retain=True))
            self.assertEqual(self.puback(peer), QUOTA_EXCEEDED)
        with self.publisher(V311) as peer:
            self.publish(peer, b"refused", version=V311)
            peer.send(wire.PING)
            self.assertEqual(peer.receive()[0] >> 4, wire.PINGRESP, "not acknowledged")
        self.persistent("new", SERVER_BUSY).close()
        self.assert_logged("message refused: .*the store takes nothing")
        self.assert_logged("client refused: .*the store takes nothing")
        self.assertEqual(self.moved("storage/refused"), 3)
        self.assertEqual(self.moved("storage/refused_sessions"), 1)

    def assert_others_go_on(self):
        """QoS 0 and clean sessions."""
        with self.client("clean") as subscriber, self.client("sender") as sender:
            subscriber.send(subscribe(["other", self.name]))
            subscriber.expect(wire.SUBACK)
            sender.send(publish("other", b"1", 1))
            sender.expect(wire.PUBACK)
            sender.send(publish(self.name, b"2"))
            self.assertEqual([wire.topic(subscriber.expect(wire.PUBLISH)) for _ in range(2)],
                             [b"other", self.name.encode()])

    def test_a_full_disk(self):
        self.assert_fault_is_survived("ENOSPC", "No space left on device.*make room")

    def test_a_broken_disk(self):
        self.assert_fault_is_survived("EIO", "Input/output error.*look at the device")

    def test_a_disk_that_may_only_be_read(self):
        self.assert_fault_is_survived("EROFS", "Read-only file system.*writable")

    def test_a_client_that_comes_meanwhile_gets_what_is_written_and_later_the_rest(self):
        self.absent()
        publisher = self.publisher()
        self.acknowledged(publisher, b"before")
        self.server.disk.fail_writes("EIO")
        self.publish(publisher, b"waits")
        self.assert_logged("storage_failing: ")
        with self.persistent("subscriber") as subscriber:
            self.assertEqual(self.receive(subscriber, 1), [b"before"])
            self.server.disk.mend()
            self.assertEqual(self.receive(subscriber, 1), [b"waits"])
            self.assertEqual(self.puback(publisher), SUCCESS)
        self.acknowledged(publisher, b"afterwards", 2)
        self.restart()
        with self.persistent("subscriber") as subscriber:
            self.assertEqual(self.receive(subscriber, 1), [b"afterwards"])

    def test_the_server_ends_while_its_disk_fails(self):
        self.absent()
        publisher = self.publisher()
        self.acknowledged(publisher, b"before")
        self.server.disk.fail_writes("EIO")
        self.publish(publisher, b"never acknowledged")
        self.assert_logged("storage_failing")
        self.server.terminate()
        self.assertEqual(self.server.wait_for_end(), 0)
        self.assert_logged("could not be written before the server ended")
        self.server.disk.mend()
        self.server.start_again()
        with self.persistent("subscriber") as subscriber:
            self.assertEqual(self.receive(subscriber, 1), [b"before"])


class ReadFaultTest(DiskTest):
    def test_messages_come_when_the_disk_can_be_read_again(self):
        self.absent()
        with self.publisher() as publisher:
            for number in range(20):
                self.acknowledged(publisher, b"%d" % number)
        self.restart()  # what the log had lies in tables now
        self.assert_logged(r"restored \d+ sessions, 20 queued messages")
        self.server.disk.fail_reads()
        with self.probe(), self.persistent("subscriber") as subscriber:
            self.assert_logged("a queued message cannot be read: .*Input/output error")
            subscriber.ping()
            self.server.disk.mend()
            self.assertEqual(self.receive(subscriber, 20), [b"%d" % number for number in range(20)])


class SlowDiskTest(DiskTest):
    settings = {"storage.memory": "16MB", "mqtt.mqueue.max_length": 0}

    def test_acknowledgements_wait_for_a_slow_disk(self):
        self.absent()
        with self.probe(), self.publisher() as publisher:
            self.server.disk.slow(2000)
            self.publish(publisher, b"slow")
            self.assert_logged("storage_slow: a write has been under way for .*look at what else uses the device")
            publisher.ping()
            self.server.disk.mend()
            self.assertEqual(self.puback(publisher), SUCCESS)
            self.assert_logged("storage_slow: it is over")
        self.assert_logged("a write took .* ms")
        self.assertGreater(self.moved("storage/slow_writes"), 0)
        self.restart()
        with self.persistent("subscriber") as subscriber:
            self.assertEqual(self.receive(subscriber, 1), [b"slow"])

    def test_what_waits_for_a_slow_disk_is_bounded(self):
        self.absent()
        other = self.persistent("other")
        publisher = self.publisher()
        with self.probe():
            self.server.disk.slow(3000)
            for number in range(1, 101):
                self.publish(publisher, LARGE, number)
            self.wait_moved("storage/refused")
            self.assert_logged(r"\d+ bytes wait to be written, \d+ may")
            self.assert_logged("storage_slow: ")
            self.assertEqual(self.subscribe(other, "more"), QUOTA_EXCEEDED)
            self.persistent("new", SERVER_BUSY).close()
            self.persistent("subscriber", SERVER_BUSY).close()
            self.server.disk.mend()
            answers = [self.puback(publisher) for _ in range(100)]
        self.assertEqual(set(answers), {SUCCESS, QUOTA_EXCEEDED})
        self.assertLessEqual(answers.count(SUCCESS), 60, "4 MB may wait, and what is being written comes on top")
        self.assert_logged("storage_slow: it is over")
        self.assertEqual(self.subscribe(other, "more"), 1)
        self.restart()
        with self.persistent("subscriber") as subscriber:
            self.assertEqual(len(self.receive(subscriber, answers.count(SUCCESS))), answers.count(SUCCESS))


class FullStoreTest(DiskTest):
    settings = {"storage.max_bytes": "8MB", "storage.memory": "16MB", "mqtt.mqueue.max_length": 0}

    def fill(self, publisher):
        """Until the store is full; how many messages it took."""
        count = 0
        while not self.full():
            self.publish(publisher, LARGE, count % 65535 + 1)
            count += self.puback(publisher) == SUCCESS
        return count

    def full(self):
        return "storage_full: " in self.server.output

    def test_a_full_store_refuses_until_it_has_been_emptied(self):
        self.absent()
        publisher = self.publisher()
        with self.probe():
            count = self.fill(publisher)
            self.assert_logged(f"storage_full: {self.server.storage}: the store takes .* raise storage.max_bytes")
            self.publish(publisher, b"refused")
            self.assertEqual(self.puback(publisher), QUOTA_EXCEEDED)
            with self.publisher(V311) as peer:
                self.publish(peer, b"refused", version=V311)
                peer.ping()
            self.persistent("new", SERVER_BUSY).close()
            with self.persistent("subscriber") as subscriber:
                self.assertEqual(self.subscribe(subscriber, "more"), QUOTA_EXCEEDED)
                self.assertEqual(len(self.receive(subscriber, count)), count)
            self.assert_logged("storage_full: it is over")
            self.assertGreater(self.moved("storage/compactions"), 0)
        self.acknowledged(publisher, b"again")
        self.restart()
        with self.persistent("subscriber") as subscriber:
            self.assertEqual(self.receive(subscriber, 1), [b"again"])


class DroppingStoreTest(DiskTest):
    settings = FullStoreTest.settings | {"storage.full": "drop"}
    fill, full = FullStoreTest.fill, FullStoreTest.full

    def test_a_full_store_lets_go_of_what_nobody_is_there_for(self):
        self.absent()
        present = self.subscribed("present")
        publisher = self.publisher()
        sent = self.fill(publisher)
        self.assertEqual(len(self.receive(present, sent)), sent)
        self.acknowledged(publisher, b"for those who are there", 2)
        self.assertEqual(self.receive(present, 1), [b"for those who are there"])
        self.wait_moved("messages/dropped/storage_full")
        self.assert_logged("message dropped: client_id=subscriber .*storage_full")
        kept = sent + 1 - self.moved("messages/dropped/storage_full")
        self.assertGreater(kept, 0)
        with self.persistent("subscriber") as subscriber:
            self.assertEqual(len(self.receive(subscriber, kept)), kept)
        self.assert_logged("storage_full: it is over")
        self.acknowledged(publisher, b"again", 3)
        with self.persistent("subscriber") as subscriber:
            self.assertEqual(self.receive(subscriber, 1), [b"again"])
