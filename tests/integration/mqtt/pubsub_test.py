# SPDX-License-Identifier: Apache-2.0
"""Messages between mosquitto_pub and mosquitto_sub: every version, every QoS, TCP and TLS; MQTT 5 properties."""
import itertools
import time
import unittest

from support import mosquitto
from support.certificates import TlsServerTest
from support.client import V5, Client
from support.sluice import ServerTest

VERSIONS = ("mqttv31", "mqttv311", "mqttv5")


class VersionsTest(TlsServerTest):
    def each_version_and_qos(self, options):
        for version, qos in itertools.product(VERSIONS, (0, 1, 2)):
            with self.subTest(version=version, qos=qos):
                topic = f"{self.name}/{version}/{qos}"
                subscriber = mosquitto.Subscriber(*options, "-V", version, "-q", qos, "-t", topic, "-C", 1)
                mosquitto.publish(*options, "-V", version, "-q", qos, "-t", topic, "-m", f"{version} at {qos}")
                (message,) = subscriber.messages()
                self.assertEqual((message["topic"], message["qos"], message["retain"], message["payload"]),
                                 (topic, qos, 0, f"{version} at {qos}"))

    def test_tcp(self):
        self.each_version_and_qos(mosquitto.address(self.server))

    def test_tls(self):
        self.each_version_and_qos(self.secure())

    def test_versions_understand_each_other_at_the_lower_qos(self):
        options = mosquitto.address(self.server)
        for sender, receiver in itertools.permutations(VERSIONS, 2):
            with self.subTest(sender=sender, receiver=receiver):
                topic = f"{self.name}/{sender}/{receiver}"
                subscriber = mosquitto.Subscriber(*options, "-V", receiver, "-q", 1, "-t", topic, "-C", 1)
                mosquitto.publish(*options, "-V", sender, "-q", 2, "-t", topic, "-m", sender)
                (message,) = subscriber.messages()
                self.assertEqual((message["qos"], message["payload"]), (1, sender))


class PropertiesTest(ServerTest):
    def test_properties_reach_the_subscriber_in_their_order(self):
        with Client(self.server.port(), version=V5) as subscriber:
            subscriber.subscribe(self.name)
            mosquitto.publish(*mosquitto.address(self.server), "-V", "mqttv5", "-t", self.name, "-m", "21.5",
                              "-D", "publish", "user-property", "room", "kitchen",
                              "-D", "publish", "user-property", "floor", "1",
                              "-D", "publish", "user-property", "room", "cellar",
                              "-D", "publish", "content-type", "text/plain",
                              "-D", "publish", "response-topic", "answer/here",
                              "-D", "publish", "correlation-data", "request-7",
                              "-D", "publish", "payload-format-indicator", "1")
            seen = subscriber.receive().properties
        self.assertEqual(seen.ContentType, "text/plain")
        self.assertEqual(seen.ResponseTopic, "answer/here")
        self.assertEqual(seen.CorrelationData, b"request-7")
        self.assertEqual(seen.PayloadFormatIndicator, 1)
        self.assertEqual(seen.UserProperty, [("room", "kitchen"), ("floor", "1"), ("room", "cellar")])

    def test_expiry_is_told_and_counts_down(self):
        options = [*mosquitto.address(self.server), "-V", "mqttv5"]
        mosquitto.publish(*options, "-t", self.name, "-m", "stale", "-r",
                          "-D", "publish", "message-expiry-interval", "1000")
        subscriber = mosquitto.Subscriber(*options, "-t", self.name, "-C", 1)
        left = subscriber.messages()[0]["properties"]["message-expiry-interval"]
        self.assertTrue(900 < left <= 1000, left)

    def test_an_expired_message_is_not_delivered(self):
        options = [*mosquitto.address(self.server), "-V", "mqttv5"]
        away = [*options, "-c", "-i", self.name, "-q", 1, "-x", 600, "-t", self.name]
        mosquitto.run("mosquitto_sub", *away, "-E")
        for text, more in (("short", ["-D", "publish", "message-expiry-interval", "1"]), ("long", [])):
            mosquitto.publish(*options, "-q", 1, "-t", self.name, "-m", text, *more)
        # A retained message with the same expiry, published later, tells when the second has passed.
        clock = self.name + "/clock"
        mosquitto.publish(*options, "-t", clock, "-m", "x", "-r", "-D", "publish", "message-expiry-interval", "1")
        deadline = time.monotonic() + mosquitto.DEADLINE
        while mosquitto.run("mosquitto_sub", *options, "-t", clock, "-C", 1, "-W", 1)[0] == 0:
            self.assertLess(time.monotonic(), deadline, "a retained message does not expire")
        subscriber = mosquitto.Subscriber(*away, "-C", 1)
        self.assertEqual(mosquitto.payloads(subscriber.messages()), ["long"])


if __name__ == "__main__":
    unittest.main()
