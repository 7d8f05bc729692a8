# SPDX-License-Identifier: Apache-2.0
"""Shared subscriptions: every message goes to exactly one member."""
import unittest

from support import mosquitto
from support.client import V5, Client
from support.sluice import ServerTest

MESSAGES = 20


class SharedTest(ServerTest):
    def each_message_once(self, prefix, version):
        options = [*mosquitto.address(self.server), "-V", version]
        members = [mosquitto.Subscriber(*options, "-q", 1, "-t", prefix + self.name, "-t", self.name + "/end")
                   for _ in range(2)]
        with Client(self.server.port()) as publisher:
            for number in range(MESSAGES):
                publisher.publish(self.name, str(number), 1)
            publisher.publish(self.name + "/end", "end", 1)
        parts = []
        for member in members:
            self.assertTrue(member.wait_for(r'^\{.*"payload": ?"end"'))
            parts.append([int(payload) for payload in mosquitto.payloads(member.kill()) if payload != "end"])
        self.assertEqual(sorted(parts[0] + parts[1]), list(range(MESSAGES)))
        for part in parts:
            self.assertEqual(part, sorted(part))
            self.assertTrue(part, "a member got nothing")

    def test_share(self):
        self.each_message_once("$share/group/", "mqttv5")

    def test_share_of_older_clients(self):
        self.each_message_once("$share/group/", "mqttv311")

    def test_queue(self):
        self.each_message_once("$queue/", "mqttv311")

    def test_two_groups_get_a_message_each(self):
        with Client(self.server.port(), version=V5) as one, Client(self.server.port(), version=V5) as other:
            one.subscribe("$share/one/" + self.name, 1)
            other.subscribe("$share/other/" + self.name, 1)
            mosquitto.publish(*mosquitto.address(self.server), "-t", self.name, "-m", "x", "-q", 1)
            self.assertEqual((one.receive().payload, other.receive().payload), (b"x", b"x"))


if __name__ == "__main__":
    unittest.main()
