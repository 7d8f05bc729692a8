# SPDX-License-Identifier: Apache-2.0
"""Wills: published when a client dies, not when it says goodbye; delayed where MQTT 5 asks for it."""
import time
import unittest

from support import mosquitto
from support.client import V5, Client, properties
from support.sluice import ServerTest


class WillTest(ServerTest):
    def dying(self, *options):
        """A mosquitto_sub with a will."""
        return mosquitto.Subscriber(*mosquitto.address(self.server), "-t", "nothing", "--will-topic", self.name,
                                    "--will-payload", "gone", "--will-qos", 1, *options)

    def test_a_killed_client_leaves_its_will(self):
        for version in ("mqttv31", "mqttv311", "mqttv5"):
            with self.subTest(version=version), Client(self.server.port()) as watcher:
                watcher.subscribe(self.name, 1)
                self.dying("-V", version).kill()
                will = watcher.receive()
                self.assertEqual((will.payload, will.qos, will.retain), (b"gone", 1, False))

    def test_a_retained_will_is_retained(self):
        with Client(self.server.port()) as watcher:
            watcher.subscribe(self.name, 1)
            self.dying("--will-retain").kill()
            watcher.receive()
        with Client(self.server.port()) as later:
            later.subscribe(self.name, 1)
            self.assertTrue(later.receive().retain)

    def test_no_will_after_disconnect(self):
        with Client(self.server.port()) as watcher:
            watcher.subscribe(self.name, 1)
            Client(self.server.port(), will={"topic": self.name, "payload": "gone", "qos": 1}).disconnect()
            watcher.publish(self.name, "marker", 1)
            self.assertEqual(watcher.receive().payload, b"marker")

    def test_a_delayed_will_comes_after_its_delay(self):
        with Client(self.server.port(), version=V5) as watcher:
            watcher.subscribe(self.name, 1)
            subscriber = self.dying("-V", "mqttv5", "-c", "-x", 600, "-i", self.name,
                                    "-D", "will", "will-delay-interval", "1")
            killed = time.monotonic()
            subscriber.kill()
            watcher.receive()
            self.assertGreaterEqual(time.monotonic() - killed, 0.9)

    def test_a_client_that_returns_in_time_keeps_its_will_back(self):
        session = properties("CONNECT", SessionExpiryInterval=600)
        delay = properties("WILLMESSAGE", WillDelayInterval=2)
        with Client(self.server.port(), version=V5) as watcher:
            watcher.subscribe(self.name + "/#", 1)
            for name, delayed in (("back", delay), ("lost", delay)):
                will = {"topic": f"{self.name}/{name}", "payload": "gone", "qos": 1, "properties": delayed}
                Client(self.server.port(), name, V5, connect=session, will=will).drop()
            with Client(self.server.port(), "back", V5, clean=False, connect=session) as back:
                self.assertTrue(back.session_present)
                # The will of the other, that left later, is the first thing to come: the first one's time is over too.
                self.assertEqual(watcher.receive().topic, f"{self.name}/lost")
                watcher.publish(f"{self.name}/marker", "", 1)
                self.assertEqual(watcher.receive().topic, f"{self.name}/marker")


if __name__ == "__main__":
    unittest.main()
