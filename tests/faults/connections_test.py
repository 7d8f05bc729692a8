# SPDX-License-Identifier: Apache-2.0
"""Slow readers, silent peers, half-open connections, and a table of file descriptors that is full."""
import resource
import socket
import struct
import time
import unittest

import wire
from fault_server import FaultTest, wait_until
from wire import DEADLINE, V5, V311, Peer, connect, publish, subscribe

MEGABYTE = 1024 * 1024


def reset(peer):
    """Closes with RST instead of FIN."""
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


class SlowReaderTest(FaultTest):
    OUTBOUND, QUEUE, PAYLOAD = 256 * 1024, 100, 8192
    settings = {"mqtt.client.outbound_buffer": OUTBOUND, "mqtt.mqueue.max_length": QUEUE,
                "mqtt.session.max_inflight": 10, "listener.tcp.external.sndbuf": "16KB",
                "listener.tcp.external.send_timeout": "2s", "listener.tcp.external.close_timeout": "1s"}

    def flood(self, publisher, count, qos):
        """Publishes `count` messages and waits until all of them have been taken."""
        payload = b"x" * self.PAYLOAD
        for n in range(count):
            publisher.send(publish(self.name, payload, qos, n + 1))
            if qos:
                publisher.expect(wire.PUBACK)
        publisher.ping()

    def subscriber(self, qos, **more):
        peer = self.peer(connect(self.name, keep_alive=0), subscribe([self.name], options=qos), **more).accepted()
        peer.expect(wire.SUBACK)
        return peer

    def test_a_client_that_does_not_read_qos0(self):
        before = self.server.rss()
        with self.probe(), self.client("publisher") as publisher:
            slow = self.subscriber(0, receive_buffer=4096)
            self.flood(publisher, 2000, 0)
            self.assert_memory(before, 4 * self.OUTBOUND + 2 * MEGABYTE, "mqtt.client.outbound_buffer")
            self.wait_moved("messages/dropped/slow_reader", 1000)
            self.wait_moved("listeners/send_timeouts")
            wait_until(lambda: self.server.stats()["clients/count"] == 3, "the slow client has been closed")
            slow.close()
        self.assert_logged(r"message dropped: client_id=\S+ topic=\S+ reason=slow_reader: "
                           r".*mqtt\.client\.outbound_buffer")
        self.assert_logged(r"peer takes no data: peer=\S+ listener=mqtt:tcp:external "
                           r"key=listener\.tcp\.external\.send_timeout")

    def test_a_client_that_does_not_read_qos1(self):
        before = self.server.rss()
        with self.probe(), self.client("publisher") as publisher:
            slow = self.subscriber(1, receive_buffer=4096)
            self.flood(publisher, 1000, 1)
            self.assert_memory(before, 2 * (self.QUEUE + 10) * (self.PAYLOAD + 512) + 4 * self.OUTBOUND + 2 * MEGABYTE,
                               "mqtt.mqueue.max_length + mqtt.session.max_inflight")
            self.wait_moved("messages/dropped/queue_full", 800)
            wait_until(lambda: self.server.stats()["clients/count"] == 3, "the slow client has been closed")
            slow.close()
        self.assert_logged(r"queue full: client_id=\S+ topic=\S+ queued=100 of 100: .*mqtt\.mqueue\.max_length")

    def test_a_client_that_reads_and_never_acknowledges(self):
        """It gets what fits into its window; the rest waits in its queue, of which the oldest give way."""
        with self.probe(), self.client("publisher") as publisher, self.subscriber(1) as peer:
            self.flood(publisher, 300, 1)
            numbers = [self.number(peer.expect(wire.PUBLISH)) for _ in range(10)]
            peer.ping()
            self.assertEqual(self.moved("messages/dropped/queue_full"), 300 - 10 - self.QUEUE)
            for number in numbers:
                peer.send(wire.ack(wire.PUBACK, number))
            for _ in range(self.QUEUE):
                peer.send(wire.ack(wire.PUBACK, self.number(peer.expect(wire.PUBLISH))))
            peer.ping()
            self.assertEqual(self.moved("messages/dropped"), 300 - 10 - self.QUEUE)

    def number(self, body):
        """The packet id of a PUBLISH."""
        return struct.unpack_from("!H", body, 2 + len(self.name))[0]

    def test_a_client_that_reads_again_in_time_goes_on(self):
        """What waits for it comes in order and whole."""
        with self.probe(), self.client("publisher") as publisher:
            slow = self.subscriber(1, receive_buffer=4096)
            for n in range(100):
                publisher.send(publish(self.name, struct.pack("!I", n) * 1000, 1, n + 1))
                publisher.expect(wire.PUBACK)
            for n in range(100):
                body = slow.expect(wire.PUBLISH)
                self.assertEqual(body[4 + len(self.name):], struct.pack("!I", n) * 1000)
                slow.send(wire.ack(wire.PUBACK, self.number(body)))
        self.assertEqual(self.moved("messages/dropped"), 0)


class SilentPeerTest(FaultTest):
    settings = {"mqtt.client.idle_timeout": "1s", "listener.tcp.external.close_timeout": "500ms"}

    def test_no_connect(self):
        with self.probe():
            peers = [self.peer() for _ in range(50)]
            for peer in peers:
                self.assertEqual(peer.rest(), [])
            wait_until(lambda: self.server.listener()["current_clients"] == 2, "no connection is kept")
        self.assertEqual(self.moved("connections/idle_timeout"), 50)
        self.assert_logged(r"connection closed: peer=\S+ .*why=\"no CONNECT within mqtt\.client\.idle_timeout\"")

    def test_a_connect_that_trickles_in(self):
        """Octet by octet, each in good time, the whole too late."""
        with self.probe(), self.peer() as peer:
            began = time.monotonic()
            peer.socket.settimeout(0.2)
            ended = False
            for octet in connect("a client id that takes its time"):
                try:
                    peer.send_while_open(bytes([octet]))
                    ended = peer.socket.recv(1) == b""
                    break
                except socket.timeout:
                    self.assertLess(time.monotonic() - began, DEADLINE)
            self.assertTrue(ended)
            self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(self.moved("connections/idle_timeout"), 1)

    def test_no_packet_within_the_keep_alive_interval(self):
        with self.probe():
            for version, reason in ((V311, None), (V5, 0x8D)):
                with self.subTest(version=version), self.client(version=version, keep_alive=1) as peer:
                    began = time.monotonic()
                    self.assertEqual(wire.disconnect_reason(peer.rest()), reason)
                    self.assertGreater(time.monotonic() - began, 1.2)
        self.assertEqual(self.moved("connections/keepalive_timeout"), 2)
        self.assert_logged(r"client disconnected: client_id=\S+ peer=\S+ reason=\S+ why=\"no packet within")

    def test_a_connect_late_in_the_idle_time_has_its_whole_keep_alive(self):
        """The keep-alive interval begins with the CONNECT, not with the connection."""
        with self.probe(), self.peer() as peer:
            peer.socket.settimeout(0.8)
            with self.assertRaises(socket.timeout):
                peer.socket.recv(1)
            peer.socket.settimeout(DEADLINE)
            peer.send(connect("late", keep_alive=1))
            peer.accepted()
            began = time.monotonic()
            peer.rest()
            self.assertGreater(time.monotonic() - began, 1.2)


class HalfOpenTest(FaultTest):
    settings = {"listener.tcp.external.close_timeout": "500ms"}
    COUNT = 50

    def watch_wills(self, topic):
        peer = self.client("watcher", keep_alive=0)
        peer.send(subscribe([topic]))
        peer.expect(wire.SUBACK)
        return peer

    def test_peers_that_vanish(self):
        """They neither read nor close any more: keep-alive ends them, close_timeout frees their descriptors."""
        wills = self.watch_wills("vanished")
        with self.probe():
            descriptors = self.server.descriptors()
            peers = [self.client(f"{self.name}{n}", keep_alive=1, will=("vanished", str(n))) for n in range(self.COUNT)]
            self.assertGreaterEqual(self.server.descriptors(), descriptors + self.COUNT)
            for _ in range(self.COUNT):
                wills.expect(wire.PUBLISH)
            wait_until(lambda: self.server.descriptors() <= descriptors, "their descriptors are free again")
            for peer in peers:
                peer.close()
        self.assertEqual(self.moved("connections/keepalive_timeout"), self.COUNT)

    def test_connections_that_are_reset(self):
        wills = self.watch_wills("reset")
        with self.probe():
            descriptors = self.server.descriptors()
            for n in range(self.COUNT):
                peer = self.client(f"{self.name}{n}", will=("reset", str(n)))
                peer.send(subscribe(["#"]), publish("t", b"x", 1, 5))
                reset(peer)
                reset(self.peer(connect("half")[:7]))
            for _ in range(self.COUNT):
                wills.expect(wire.PUBLISH)
            wait_until(lambda: self.server.descriptors() <= descriptors, "their descriptors are free again")

    def test_peers_that_close_one_direction(self):
        wills = self.watch_wills("half closed")
        with self.probe():
            descriptors = self.server.descriptors()
            peers = [self.client(f"{self.name}{n}", will=("half closed", str(n))) for n in range(self.COUNT)]
            for peer in peers:
                peer.socket.shutdown(socket.SHUT_WR)
            for _ in range(self.COUNT):
                wills.expect(wire.PUBLISH)
            # They still hold their end: that costs nothing here.
            wait_until(lambda: self.server.descriptors() <= descriptors, "their descriptors are free again")


class DescriptorsTest(FaultTest):
    settings = {"node.shards": 2, "mqtt.client.idle_timeout": "1h"}
    LIMIT = 200

    def test_a_full_table(self):
        resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, (self.LIMIT, self.LIMIT))
        with self.probe():
            peers = self.fill()
            self.assertGreater(len(peers), self.LIMIT // 2)
            for peer in peers:
                peer.ping()
            self.refused_at_once()
            self.assert_idle(peers)
            for peer in peers[:20]:
                peer.close()
            wait_until(self.accepts, "places are free again")
            wait_until(lambda: self.moved("listeners/refused/exhausted") > 0, "they were counted")
        self.assert_logged(r"connections refused: listener=mqtt:tcp:external reason=\"Too many open files\" .*"
                           r"LimitNOFILE.*listener\.tcp\.external\.max_clients")

    def accepts(self):
        with Peer(self.server.port(), connect("again")) as peer:
            return peer.receive() is not None

    def fill(self):
        """Connects until no more is accepted; those that were."""
        peers = []
        while len(peers) < self.LIMIT:
            peer = self.peer()
            peer.send_while_open(connect(f"{self.name}{len(peers)}", keep_alive=0))
            if peer.receive() is None:
                return peers
            peers.append(peer)
        self.fail("the table never was full")

    def refused_at_once(self):
        for _ in range(20):
            with self.peer() as peer:
                self.assertIsNone(peer.receive())

    def assert_idle(self, peers):
        """With more of them knocking all the time, the server does not burn its cores."""
        began, used = time.monotonic(), self.server.cpu()
        while time.monotonic() - began < 1:
            self.refused_at_once()
            peers[0].ping()
        share = (self.server.cpu() - used) / (time.monotonic() - began)
        self.assertLess(share, 0.5, "CPU time of the server while its table is full")


if __name__ == "__main__":
    unittest.main()
