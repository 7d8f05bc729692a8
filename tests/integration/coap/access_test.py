# SPDX-License-Identifier: Apache-2.0
"""Who may do what, with libcoap's client."""
import unittest

from coap.coap_client import CoapTest


class AccessTest(CoapTest):
    plugins = ("emq_coap", "emq_auth_username")
    settings = CoapTest.settings | {"mqtt.allow_anonymous": "false", "auth.user.1.username": "known",
                                    "auth.user.1.password": "right"}
    acl = '{deny, all, publish, ["secret/#"]}.\n{deny, all, subscribe, ["hidden/#"]}.\n{allow, all}.\n'

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

    def test_the_manuals_form_needs_anonymous_clients(self):
        self.assertEqual(self.ask("post", "mqtt", "-e", "topic=a&message=b").code, "4.01")


if __name__ == "__main__":
    unittest.main()
