# SPDX-License-Identifier: Apache-2.0
"""1,000 messages at QoS 2 each way over connections that break in the middle: exactly once, and in order."""
import unittest

from support.client import V5, V311, Client, properties
from support.relay import CuttingRelay
from support.sluice import ServerTest

MESSAGES = 1000
CUTS = (2_003, 5_003, 9_011, 13_007)  # bytes after which each of the first connections breaks


class ExactlyOnceTest(ServerTest):
    # Everything may wait for a receiver that is away.
    settings = {"mqtt.mqueue.max_length": 10_000}

    def options(self, version):
        return {"version": version, "clean": False, "reconnect": True,
                "connect": properties("CONNECT", SessionExpiryInterval=600) if version == V5 else None}

    def send_and_check(self, publisher, receiver):
        mids = [publisher.publish(self.name, str(number), 2, wait=False) for number in range(MESSAGES)]
        for mid in mids:
            publisher.await_published(mid)
        received = [int(message.payload) for message in receiver.receive(MESSAGES)]
        self.assertEqual(received, list(range(MESSAGES)))
        publisher.publish(self.name, "end", 2)
        self.assertEqual(receiver.receive().payload, b"end")

    def broken_publisher(self, version):
        with CuttingRelay(self.server.port(), CUTS) as relay, Client(self.server.port()) as receiver:
            receiver.subscribe(self.name, 2)
            with Client(relay.port, self.name + "-p", **self.options(version)) as publisher:
                self.send_and_check(publisher, receiver)
            self.assertEqual(relay.cuts, len(CUTS))

    def broken_receiver(self, version):
        with CuttingRelay(self.server.port(), CUTS) as relay, Client(self.server.port()) as publisher:
            with Client(relay.port, self.name + "-r", **self.options(version)) as receiver:
                receiver.subscribe(self.name, 2)
                self.send_and_check(publisher, receiver)
            self.assertEqual(relay.cuts, len(CUTS))

    def test_publisher_reconnects(self):
        self.broken_publisher(V311)

    def test_receiver_reconnects(self):
        self.broken_receiver(V311)

    def test_receiver_of_mqtt5_reconnects(self):
        self.broken_receiver(V5)


if __name__ == "__main__":
    unittest.main()
