# SPDX-License-Identifier: Apache-2.0
"""Retained messages with mosquitto's clients."""
import unittest

from support import mosquitto
from support.sluice import ServerTest


class RetainedTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.options = mosquitto.address(self.server)

    def retained(self):
        """What a new subscriber of self.name/# gets before a marker that is not retained."""
        subscriber = mosquitto.Subscriber(*self.options, "-t", self.name + "/#")
        mosquitto.publish(*self.options, "-t", self.name + "/marker", "-m", "marker", "-q", 1)
        self.assertTrue(subscriber.wait_for(r'^\{.*"payload": ?"marker"'))
        return [(message["topic"].rpartition("/")[2], message["payload"], message["retain"])
                for message in subscriber.kill() if message["payload"] != "marker"]

    def test_set_replace_clear(self):
        topic = self.name + "/a"
        mosquitto.publish(*self.options, "-r", "-t", topic, "-m", "first", "-q", 1)
        self.assertEqual(self.retained(), [("a", "first", 1)])
        mosquitto.publish(*self.options, "-r", "-t", topic, "-m", "second", "-q", 1)
        self.assertEqual(self.retained(), [("a", "second", 1)])
        mosquitto.publish(*self.options, "-r", "-t", topic, "-n", "-q", 1)
        self.assertEqual(self.retained(), [])

    def test_a_live_message_has_no_retain_flag_and_a_later_one_has(self):
        subscriber = mosquitto.Subscriber(*self.options, "-t", self.name + "/a", "-C", 1)
        mosquitto.publish(*self.options, "-r", "-t", self.name + "/a", "-m", "x", "-q", 1)
        self.assertEqual(subscriber.messages()[0]["retain"], 0)
        self.assertEqual(self.retained(), [("a", "x", 1)])

    def test_retained_only(self):
        for part in ("a", "b"):
            mosquitto.publish(*self.options, "-r", "-t", f"{self.name}/{part}", "-m", part, "-q", 1)
        status, output = mosquitto.run("mosquitto_sub", *self.options, "-t", self.name + "/+", "--retained-only", "-v",
                                       "-W", 20, "-C", 2)
        self.assertEqual(status, 0, output)
        self.assertEqual(sorted(output.split("\n")), ["", f"{self.name}/a a", f"{self.name}/b b"])


if __name__ == "__main__":
    unittest.main()
