# SPDX-License-Identifier: Apache-2.0
"""Who may do what, with libcoap's client."""
import http.client
import json
import socket
import unittest

from coap.coap_client import DEADLINE, CoapTest
from support import mosquitto


class _Api(http.client.HTTPConnection):
    """The API on the server's own socket."""

    def __init__(self, server):
        super().__init__("localhost", timeout=DEADLINE)
        self._path = str(server.folder / "sluice.sock")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def entered(server):
    """How often CoAP clients have come in."""
    api = _Api(server)
    api.request("GET", "/api/v2/monitoring/metrics")
    metrics = json.loads(api.getresponse().read())["result"]
    api.close()
    return metrics.get("coap/clients/entered", 0)


USERS = {"mqtt.allow_anonymous": "false", "auth.user.1.username": "known", "auth.user.1.password": "right",
         "auth.user.2.username": "second", "auth.user.2.password": "other"}


class AccessTest(CoapTest):
    plugins = ("emq_coap", "emq_auth_username")
    settings = CoapTest.settings | USERS
    acl = ('{deny, all, publish, ["secret/#"]}.\n{deny, all, subscribe, ["hidden/#"]}.\n'
           '{deny, {user, "known"}, publish, ["guarded/#"]}.\n{deny, {user, "known"}, subscribe, ["veiled/#"]}.\n'
           '{allow, all}.\n')

    def test_credentials(self):
        for query, code in (("c=c1&u=known&p=right", "2.04"), ("c=c2&u=known&p=wrong", "4.01"), ("c=c3", "4.01"),
                            ("c=c1&u=known&p=wrong", "4.01"), ("c=c1&u=known&p=right", "2.04")):
            with self.subTest(query=query):
                self.assertEqual(self.ask("put", f"mqtt/{self.name}?{query}", "-e", "x").code, code)

    def test_rules(self):
        who = "c=c4&u=known&p=right"
        self.assertEqual(self.ask("put", f"mqtt/secret/x?{who}", "-e", "x").code, "4.03")
        self.assertEqual(self.ask("get", f"mqtt/hidden/x?{who}").code, "4.03")
        self.assertEqual(self.ask("get", f"mqtt/hidden/x?{who}", "-s", "1").code, "4.03")

    def test_rules_for_topics_without_a_value(self):
        known, second = "c=c5&u=known&p=right", "c=c6&u=second&p=other"
        create = ("-t", "40", "-e")
        for topic in ("guarded/t", "veiled/t"):
            self.assertEqual(self.ask("post", f"ps/?{second}", *create, f"<{topic}>;ct=42").code, "2.01")
        self.assertEqual(self.ask("post", f"ps/?{known}", *create, "<guarded/u>;ct=42").code, "4.03")
        self.assertEqual(self.ask("delete", f"ps/guarded?{known}").code, "4.03")
        self.assertEqual(self.ask("get", f"ps/guarded/t?{second}").code, "2.07")
        listed = self.read(f"ps?{known}")
        self.assertIn("</ps/guarded/t>", listed)
        self.assertNotIn("veiled", listed)
        self.assertIn("</ps/veiled/t>", self.read(f"ps?{second}"))
        self.assertEqual(self.ask("delete", f"ps/guarded?{second}").code, "2.02")
        self.assertEqual(self.ask("get", f"ps/guarded/t?{second}").code, "4.04")

    def put(self, user, password):
        path = f"mqtt/{self.name}?c=shared&u={user}&p={password}"
        self.assertEqual(self.ask("put", path, "-e", "x").code, "2.04")

    def test_two_users_with_one_client_id(self):
        """Who comes second takes the session over, and stays in it: only a change of user makes a client come in."""
        before = entered(self.server)
        self.put("known", "right")
        self.assertEqual(entered(self.server) - before, 1)
        for _ in range(3):
            self.put("second", "other")
            self.assertEqual(entered(self.server) - before, 2)
        for _ in range(3):
            self.put("known", "right")
            self.assertEqual(entered(self.server) - before, 3)
        self.assertEqual(self.ask("put", f"mqtt/{self.name}?c=shared&u=second&p=wrong", "-e", "x").code, "4.01")
        self.put("known", "right")
        self.assertEqual(entered(self.server) - before, 3, "who is refused takes nothing away")

    def test_the_manuals_form_needs_anonymous_clients(self):
        self.assertEqual(self.ask("post", "mqtt", "-e", "topic=a&message=b").code, "4.01")


class TokenTest(CoapTest):
    plugins = ("emq_coap", "emq_auth_username")
    settings = CoapTest.settings | USERS | {"coap.keepalive": "1s"}
    acl = "{allow, all}.\n"

    def test_a_token_stands_for_the_user_who_got_it(self):
        """Also where another one has taken over the session meanwhile."""
        away = mosquitto.Subscriber(*mosquitto.address(self.server), "-u", "known", "-P", "right", "-C", 1,
                                    "-t", "$SYS/brokers/+/clients/shared/disconnected")
        open_as_known = "mqtt/connection?clientid=shared&username=known&password=right"
        token = self.read(open_as_known, "-m", "post")
        self.assertEqual(self.ask("put", f"mqtt/{self.name}?clientid=shared&token={token}", "-e", "x").code, "2.04")
        self.assertEqual(len(away.messages()), 1)
        self.assertEqual(self.ask("get", "mqtt?c=shared&u=second&p=other").code, "2.05")
        self.assertEqual(self.ask("put", f"mqtt/{self.name}?clientid=shared&token={token}", "-e", "x").code, "4.01")


if __name__ == "__main__":
    unittest.main()
