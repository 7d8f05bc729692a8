# SPDX-License-Identifier: Apache-2.0
"""Who may connect: users by name, by client id, and nobody in particular."""
import hashlib
import unittest

from support import mosquitto
from support.client import V5, V31, V311, Client
from support.sluice import ServerTest

BAD_PASSWORD = {V31: 4, V311: 4, V5: 0x86}


class UsernameTest(ServerTest):
    plugins = ("emq_auth_username",)
    settings = {
        "mqtt.allow_anonymous": "false",
        "auth.user.1.username": "alice", "auth.user.1.password": "wonderland",
        "auth.user.2.username": "feng@emqtt.io", "auth.user.2.password": "public",
    }

    def connack(self, user, password, version=V311):
        with Client(self.server.port(), user=user, password=password, version=version) as client:
            return client.connack

    def test_right_password(self):
        for version in (V31, V311, V5):
            self.assertEqual(self.connack("alice", "wonderland", version), 0)
            self.assertEqual(self.connack("feng@emqtt.io", "public", version), 0)

    def test_wrong_password(self):
        for version, expected in BAD_PASSWORD.items():
            self.assertEqual(self.connack("alice", "public", version), expected)
            self.assertEqual(self.connack("alice", None, version), expected)

    def test_unknown_user(self):
        for version, expected in BAD_PASSWORD.items():
            self.assertEqual(self.connack("bob", "wonderland", version), expected)

    def test_nobody(self):
        status, output = mosquitto.run("mosquitto_pub", *mosquitto.address(self.server), "-t", "t", "-m", "x")
        self.assertEqual(status, 5, output)
        self.assertRegex(output.lower(), "not authori[sz]ed")

    def test_kinds_of_hash(self):
        kept = {"plain": "secret"} | {name: hashlib.new(name, b"secret").hexdigest() for name in ("md5", "sha256")}
        for kind, password in kept.items():
            with self.subTest(kind=kind):
                server = self.start(self.settings | {"auth.user.password_hash": kind, "auth.user.1.password": password},
                                    plugins=self.plugins)
                mosquitto.publish(*mosquitto.address(server), "-u", "alice", "-P", "secret", "-t", "t", "-m", "x")
                status, output = mosquitto.run("mosquitto_pub", *mosquitto.address(server), "-u", "alice",
                                               "-P", "wrong", "-t", "t", "-m", "x")
                self.assertNotEqual(status, 0, output)


class SuperuserTest(ServerTest):
    plugins = ("emq_auth_username",)
    acl = "{deny, all}.\n"
    settings = {"auth.user.1.username": "root", "auth.user.1.password": "secret", "auth.user.1.superuser": "on",
                "auth.user.2.username": "user", "auth.user.2.password": "secret"}

    def test_no_acl_holds_for_one(self):
        with Client(self.server.port(), user="user", password="secret", version=V5) as user:
            self.assertEqual(user.subscribe("t", 1), [0x87])
        with Client(self.server.port(), user="root", password="secret", version=V5) as root:
            self.assertEqual(root.subscribe("t", 1), [1])
            root.publish("t", b"x", 1)
            self.assertEqual(root.receive().payload, b"x")


class ClientIdTest(ServerTest):
    plugins = ("emq_auth_clientid",)
    settings = {"mqtt.allow_anonymous": "false",
                "auth.client.1.clientid": "dev:devid", "auth.client.1.password": "passwd2"}

    def publish(self, client_id, password):
        return mosquitto.run("mosquitto_pub", *mosquitto.address(self.server), "-i", client_id, "-u", "anything",
                             "-P", password, "-t", "t", "-m", "x")

    def test_known(self):
        status, output = self.publish("dev:devid", "passwd2")
        self.assertEqual(status, 0, output)

    def test_wrong_password(self):
        status, output = self.publish("dev:devid", "passwd1")
        self.assertNotEqual(status, 0, output)

    def test_unknown(self):
        status, output = self.publish("dev:other", "passwd2")
        self.assertNotEqual(status, 0, output)


class AnonymousTest(ServerTest):
    plugins = ("emq_auth_username",)
    settings = {"auth.user.1.username": "alice", "auth.user.1.password": "wonderland"}

    def test_whom_no_plugin_knows_may_connect(self):
        for options in ([], ["-u", "somebody", "-P", "x"], ["-u", "alice", "-P", "wonderland"]):
            mosquitto.publish(*mosquitto.address(self.server), *options, "-t", "t", "-m", "x")

    def test_a_known_user_needs_the_password(self):
        status, output = mosquitto.run("mosquitto_pub", *mosquitto.address(self.server), "-u", "alice", "-P", "x",
                                       "-t", "t", "-m", "x")
        self.assertNotEqual(status, 0, output)

    def test_nobody_may_where_it_is_off(self):
        server = self.start({"mqtt.allow_anonymous": "false"})
        for version, reason in (("mqttv31", 5), ("mqttv311", 5), ("mqttv5", 0x87)):
            status, output = mosquitto.run("mosquitto_pub", *mosquitto.address(server), "-V", version, "-d", "-t", "t",
                                           "-m", "x")
            self.assertNotEqual(status, 0, output)
            self.assertIn(f"received CONNACK ({reason})", output)


if __name__ == "__main__":
    unittest.main()
