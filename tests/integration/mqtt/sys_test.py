# SPDX-License-Identifier: Apache-2.0
"""$SYS topics and presence as mosquitto_sub sees them."""
import json
import unittest

from support import mosquitto
from support.client import Client
from support.sluice import ServerTest

NODE = "$SYS/brokers/sluice@127.0.0.1/"


class SysTest(ServerTest):
    settings = {"mqtt.broker.sys_interval": "1s"}

    def test_figures_come_by_themselves(self):
        wanted = {NODE + topic for topic in ("uptime", "datetime", "stats/clients/count", "metrics/messages/received")}
        options = []
        for topic in sorted(wanted):
            options += ["-t", topic]
        subscriber = mosquitto.Subscriber(*mosquitto.address(self.server), *options, "-C", len(wanted))
        self.assertEqual({message["topic"] for message in subscriber.messages()}, wanted)

    def test_coming_and_going_of_a_client(self):
        subscriber = mosquitto.Subscriber(*mosquitto.address(self.server), "-t", NODE + "clients/guest/+", "-C", 2)
        with Client(self.server.port(), "guest", user="somebody"):
            pass
        came, went = subscriber.messages()
        self.assertEqual(came["topic"], NODE + "clients/guest/connected")
        self.assertEqual(went["topic"], NODE + "clients/guest/disconnected")
        told = json.loads(came["payload"])
        self.assertEqual((told["clientid"], told["username"], told["ipaddress"]), ("guest", "somebody", "127.0.0.1"))

    def test_a_leading_wildcard_does_not_match(self):
        with Client(self.server.port()) as everything, Client(self.server.port()) as figures:
            everything.subscribe("#")
            figures.subscribe(NODE + "uptime")
            figures.receive()
            figures.receive()
            everything.publish("end", "", 1)
            self.assertEqual(everything.receive().topic, "end")


if __name__ == "__main__":
    unittest.main()
