# SPDX-License-Identifier: Apache-2.0
"""Who may publish and subscribe where: the rules of acl.conf, read again on SIGHUP."""
import unittest

from support import mosquitto
from support.client import V5, V31, V311, Client
from support.sluice import ServerTest

DENIED = {V31: 0x80, V311: 0x80, V5: 0x87}


class AclTest(ServerTest):
    acl = """%% comments, and every kind of "who"
{allow, {user, "admin"}, pubsub, ["closed/#"]}.
{allow, {client, "probe"}, publish, ["closed/probe"]}.
{deny, all, pubsub, ["closed/#"]}.
{deny, all, publish, ["silent/#"]}.
{deny, all, subscribe, ["deaf/#", {eq, "#"}]}.
{allow, all, pubsub, ["home/%u/#", "device/%c/#"]}.
{deny, all, pubsub, ["home/#", "device/#"]}.
{deny, {ipaddr, "127.0.0.0/8"}, subscribe, ["remote/#"]}.
{allow, all}.
"""

    def test_a_denied_publish_of_mqtt5_is_told(self):
        for qos, packet in ((1, "PUBACK"), (2, "PUBREC")):
            _, output = mosquitto.run("mosquitto_pub", *mosquitto.address(self.server), "-V", "mqttv5", "-d", "-q", qos,
                                      "-t", "silent/t", "-m", "x")
            self.assertRegex(output, packet + r".*(RC:135|rc135|\(135\))|[Nn]ot authori[sz]ed")

    def test_a_denied_publish_of_older_clients_is_acknowledged_and_dropped(self):
        for version in (V31, V311):
            with Client(self.server.port()) as watcher, Client(self.server.port(), version=version) as client:
                watcher.subscribe("silent/#", 2)
                watcher.subscribe("end", 1)
                for qos in (0, 1, 2):
                    client.publish("silent/t", "x", qos)
                client.publish("end", "", 1)
                self.assertEqual(watcher.receive().topic, "end")

    def test_a_denied_subscription_is_told_and_gets_nothing(self):
        for version, reason in DENIED.items():
            with Client(self.server.port(), version=version) as client:
                self.assertEqual(client.subscribe("deaf/t", 1), [reason])
                self.assertEqual(client.subscribe("deaf/+", 1), [reason])
                self.assertEqual(client.subscribe("end", 1), [1])
                client.publish("deaf/t", "", 1)
                client.publish("end", "", 1)
                self.assertEqual(client.receive().topic, "end")

    def test_eq_is_the_filter_itself(self):
        with Client(self.server.port()) as client:
            self.assertEqual(client.subscribe("#"), [0x80])
            self.assertEqual(client.subscribe("+/#"), [0])

    def test_by_user(self):
        for user, reason in (("admin", 1), ("guest", 0x80), (None, 0x80)):
            with Client(self.server.port(), user=user) as client:
                self.assertEqual(client.subscribe("closed/t", 1), [reason])

    def test_by_client_id(self):
        with Client(self.server.port(), user="admin") as watcher, Client(self.server.port(), "probe") as probe:
            watcher.subscribe("closed/#", 1)
            probe.publish("closed/other", "dropped", 1)
            probe.publish("closed/probe", "delivered", 1)
            self.assertEqual(watcher.receive().payload, b"delivered")
            self.assertEqual(probe.subscribe("closed/probe"), [0x80])

    def test_own_names_in_topics(self):
        with Client(self.server.port(), "d1", user="eve") as client:
            for topic, reason in (("home/eve/t", 0), ("home/adam/t", 0x80), ("device/d1/t", 0), ("device/d2/t", 0x80)):
                self.assertEqual(client.subscribe(topic), [reason], topic)

    def test_by_address(self):
        with Client(self.server.port()) as client:
            self.assertEqual(client.subscribe("remote/t"), [0x80])

    def test_a_will_is_checked_too(self):
        with Client(self.server.port(), user="admin") as watcher:
            watcher.subscribe("silent/#", 1)
            watcher.subscribe("end", 1)
            Client(self.server.port(), will={"topic": "silent/t", "payload": "x", "qos": 1}).drop()
            Client(self.server.port(), will={"topic": "end", "payload": "x", "qos": 1}).drop()
            self.assertEqual(watcher.receive().topic, "end")


class AclReloadTest(ServerTest):
    acl = "{allow, all}.\n"

    def test_new_rules_hold_for_who_is_connected(self):
        with Client(self.server.port()) as client:
            self.assertEqual(client.subscribe("t", 1), [1])
            self.server.write("acl.conf", '{deny, all, pubsub, ["t", "u"]}.\n{allow, all}.\n')
            self.server.reload()
            self.assertEqual(client.subscribe("t", 1), [0x80])
            self.assertEqual(client.subscribe("u", 1), [0x80])
            self.server.write("acl.conf", self.acl)
            self.server.reload()
            self.assertEqual(client.subscribe("t", 1), [1])

    def test_a_broken_file_is_reported_and_the_old_rules_stay(self):
        with Client(self.server.port()) as client:
            self.server.write("acl.conf", "{allow, all}.\n{deny, everybody}.\n")
            self.server.reload()
            self.assertRegex(self.server.output, r"not reloaded: .*acl\.conf:2")
            self.assertEqual(client.subscribe("t", 1), [1])
            self.server.write("acl.conf", self.acl)
            self.server.reload()


class NomatchTest(ServerTest):
    settings = {"mqtt.acl_nomatch": "deny"}
    acl = '{allow, all, pubsub, ["open/#"]}.\n'

    def test_what_no_rule_names_is_denied(self):
        with Client(self.server.port()) as client:
            self.assertEqual(client.subscribe("open/t"), [0])
            self.assertEqual(client.subscribe("other"), [0x80])


if __name__ == "__main__":
    unittest.main()
