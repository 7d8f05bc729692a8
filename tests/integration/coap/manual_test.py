# SPDX-License-Identifier: Apache-2.0
"""What the manual and its successors print for CoAP, with libcoap's client."""
import re
import unittest

from coap.coap_client import TCP, UDP, CoapTest, run
from support import mosquitto


class ManualTest(CoapTest):
    def subscriber(self, topic, *more):
        return mosquitto.Subscriber(*mosquitto.address(self.server), "-t", topic, *more)

    def test_the_manuals_form(self):
        subscriber = self.subscriber("hello", "-C", 1)
        run("-m", "post", "-e", "qos=0&retain=0&message=payload&topic=hello", self.uri("mqtt"))
        self.assertEqual(mosquitto.payloads(subscriber.messages()), ["payload"])

    def test_put_publishes(self):
        for path in (f"mqtt/{self.name}/a/b?c=c1", f"mqtt/{self.name}%2Fa%2Fb?c=c2&qos=1"):
            subscriber = self.subscriber(f"{self.name}/a/b", "-C", 1)
            self.assertEqual(self.ask("put", path, "-e", "text").code, "2.04")
            self.assertEqual(mosquitto.payloads(subscriber.messages()), ["text"])

    def test_get_reads_what_is_retained(self):
        mosquitto.publish(*mosquitto.address(self.server), "-r", "-t", self.name, "-m", "kept", "-q", 1)
        self.assertEqual(self.read(f"mqtt/{self.name}?c=c1"), "kept")
        self.assertEqual(self.ask("get", f"mqtt/{self.name}/none?c=c1").code, "4.04")

    def test_retain_and_expiry(self):
        self.assertEqual(self.ask("put", f"mqtt/{self.name}?c=c1&retain=1&expiry=100", "-e", "kept").code, "2.04")
        response = self.ask("get", f"mqtt/{self.name}?c=c1")
        self.assertRegex(response.output, r"Max-Age:(100|9\d)")

    def test_what_is_refused(self):
        for method, path, code in (("get", "mqtt/a", "4.00"), ("put", "mqtt/?c=c1", "4.00"),
                                   ("delete", "mqtt/a?c=c1", "4.05"), ("post", "mqtt/a?c=c1", "4.05"),
                                   ("get", "elsewhere?c=c1", "4.04"), ("put", "mqtt/a?c=c1&qos=3", "4.00")):
            with self.subTest(method=method, path=path):
                self.assertEqual(self.ask(method, path).code, code)

    def test_content_format_is_mqtts_content_type(self):
        subscriber = self.subscriber(self.name, "-C", 1, "-V", 5)
        self.ask("put", f"mqtt/{self.name}?c=c1&retain=1", "-t", "50", "-e", "{}")
        self.assertEqual(subscriber.messages()[0]["properties"]["content-type"], "application/json")
        self.assertIn("Content-Format:application/json", self.ask("get", f"mqtt/{self.name}?c=c1").output)

    def test_publish_subscribe_draft(self):
        topic = self.name
        created = self.ask("post", "ps/?c=c1", "-t", "40", "-e", f"<{topic}>;ct=42")
        self.assertEqual(created.code, "2.01")
        self.assertIn("Location-Path:ps", created.output)
        self.assertEqual(self.ask("get", f"ps/{topic}?c=c1").code, "2.07")
        self.assertEqual(self.ask("put", f"ps/{topic}?c=c1", "-t", "42", "-e", "one").code, "2.04")
        self.assertEqual(self.read(f"ps/{topic}?c=c2"), "one")
        self.assertEqual(self.ask("put", f"ps/{topic}?c=c1", "-t", "50", "-e", "{}").code, "4.00")
        self.assertEqual(self.ask("post", f"ps/{topic}/new?c=c1", "-t", "50", "-e", "{}").code, "2.01")
        self.assertIn(f"</ps/{topic}>;ct=42", self.read("ps?c=c1"))
        self.assertEqual(self.ask("delete", f"ps/{topic}?c=c1").code, "2.02")
        self.assertEqual(self.ask("get", f"ps/{topic}/new?c=c1").code, "4.04")
        self.assertEqual(self.ask("delete", f"ps/{topic}?c=c1").code, "4.04")

    def test_mqtt_sees_what_ps_publishes_and_the_other_way_round(self):
        self.ask("put", f"ps/{self.name}?c=c1", "-t", "42", "-e", "from ps")
        subscriber = self.subscriber(self.name, "-C", 1)
        self.assertEqual(subscriber.messages()[0]["payload"], "from ps")
        mosquitto.publish(*mosquitto.address(self.server), "-r", "-t", self.name, "-m", "from mqtt", "-q", 1)
        self.assertEqual(self.read(f"ps/{self.name}?c=c1"), "from mqtt")

    def test_discovery(self):
        links = self.read(".well-known/core")
        self.assertIn("</mqtt>", links)
        self.assertIn("</ps>", links)
        self.assertEqual(self.read(".well-known/core?rt=core.ps"), '</ps>;rt="core.ps";ct=40')
        self.ask("put", f"ps/{self.name}?c=c1", "-t", "42", "-e", "value")
        topic = f'</ps/{self.name}>;ct=42;rt="core.ps.data";obs'
        self.assertNotIn(self.name, self.read(".well-known/core"), "topics are for clients that say who they are")
        everything = self.read(".well-known/core?c=c1").split(",</ps/")
        self.assertEqual(everything[0], links)
        self.assertIn(topic.removeprefix("</ps/"), everything)
        self.assertEqual(self.read(f".well-known/core?c=c1&href=/ps/{self.name}"), topic)
        self.assertEqual(self.read(f"ps?c=c1&href=/ps/{self.name}"), topic)

    def test_connection_mode(self):
        token = self.read("mqtt/connection?clientid=c9&username=u&password=p")
        self.assertNotRegex(token, r"[0-9a-f]{32}", "a GET opens nothing")
        token = run("-m", "post", self.uri("mqtt/connection?clientid=c9&username=u&password=p")).strip()
        self.assertRegex(token, r"[0-9a-f]{32}")
        self.assertEqual(self.ask("put", f"mqtt/connection?clientid=c9&token={token}").code, "2.04")
        self.assertEqual(self.ask("put", f"mqtt/{self.name}?clientid=c9&token={token}", "-e", "x").code, "2.04")
        self.assertEqual(self.ask("put", f"mqtt/{self.name}?clientid=c9&token=wrong", "-e", "x").code, "4.01")
        self.assertEqual(self.ask("delete", f"mqtt/connection?clientid=c9&token={token}").code, "2.02")
        self.assertEqual(self.ask("put", f"mqtt/connection?clientid=c9&token={token}").code, "4.01")


class Emq2Test(CoapTest):
    settings = CoapTest.settings | {"coap.compat": "emq2"}

    def test_get_is_a_keep_alive_and_empty(self):
        mosquitto.publish(*mosquitto.address(self.server), "-r", "-t", self.name, "-m", "kept", "-q", 1)
        response = self.ask("get", f"mqtt/{self.name}?c=c1")
        self.assertEqual(response.code, "2.05")
        self.assertNotIn("kept", response.output)

    def test_location_is_one_segment(self):
        created = self.ask("post", "ps/?c=c1", "-t", "40", "-e", f"<{self.name}>;ct=42")
        self.assertTrue(re.search(r"Location-Path:/?ps/", created.output) or "%2F" in created.output, created.output)

    def test_links_are_the_two_of_then(self):
        self.assertEqual(self.read(".well-known/core"), "</mqtt>,</ps>")


class OneListenerTest(CoapTest):
    """A listener that speaks as EMQ did, beside others that do not."""

    settings = CoapTest.settings | {"coap.bind.udp.2": "127.0.0.1:0", "coap.bind.udp.2.compat": "emq2",
                                    "coap.bind.tcp.1.compat": "emq4"}

    def test_each_speaks_its_own(self):
        strict = '</mqtt>;rt="core.mqtt",</ps>;rt="core.ps";ct=40'
        mosquitto.publish(*mosquitto.address(self.server), "-r", "-t", self.name, "-m", "kept", "-q", 1)
        for listener, links, kept in ((UDP, strict, "kept"), ("coap:udp:2", "</mqtt>,</ps>", ""),
                                      (TCP, "</mqtt>,</ps>", "")):
            with self.subTest(listener):
                self.assertEqual(self.read(".well-known/core", listener=listener), links)
                self.assertEqual(self.read(f"mqtt/{self.name}?c=c1", listener=listener), kept)


if __name__ == "__main__":
    unittest.main()
