# SPDX-License-Identifier: Apache-2.0
"""Observations with libcoap's client; the messages come from mosquitto_pub."""
import re
import socket
import unittest

from coap.coap_client import TCP, CoapTest, Observer
from support import mosquitto


def free_port():
    """A UDP port of the loopback that nobody has at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ObserveTest(CoapTest):
    def publish(self, topic, payload, *more):
        mosquitto.publish(*mosquitto.address(self.server), "-t", topic, "-m", payload, "-q", 1, *more)

    def test_every_qos_and_a_wildcard(self):
        for qos in (0, 1):
            observer = Observer(self.uri(f"mqtt/{self.name}/%2B/x?c=o{qos}&qos={qos}"))
            for i in range(10):
                self.publish(f"{self.name}/{i}/x", f"message-{i}-")
            for i in range(10):
                observer.expect(f"message-{i}-")
            observer.kill()

    def test_what_is_retained_comes_with_the_answer(self):
        self.publish(self.name, "kept-before", "-r")
        observer = Observer(self.uri(f"mqtt/{self.name}?c=o"))
        observer.expect("kept-before")
        self.publish(self.name, "and-after")
        observer.expect("and-after")
        observer.kill()

    def test_over_tcp(self):
        observer = Observer(self.uri(f"mqtt/{self.name}?c=o", TCP))
        for i in range(20):
            self.publish(self.name, f"message-{i}-")
        for i in range(20):
            observer.expect(f"message-{i}-")
        observer.kill()

    def test_a_topic_of_ps(self):
        self.ask("put", f"ps/{self.name}?c=c1", "-t", "42", "-e", "first-value")
        observer = Observer(self.uri(f"ps/{self.name}?c=o"))
        observer.expect("first-value")
        self.ask("put", f"ps/{self.name}?c=c1", "-t", "42", "-e", "second-value")
        observer.expect("second-value")
        self.ask("delete", f"ps/{self.name}?c=c1")
        observer.expect(r"4\.04")
        observer.kill()

    def test_a_topic_of_ps_without_a_value(self):
        self.ask("post", "ps/?c=c1", "-t", "40", "-e", f"<{self.name}>;ct=42")
        observer = Observer(self.uri(f"ps/{self.name}?c=o"))
        self.ask("delete", f"ps/{self.name}?c=c1")
        observer.expect(r"4\.04")
        observer.kill()

    def test_a_topic_of_ps_is_cleared_once(self):
        """Also one that would exist without its value."""
        watcher = mosquitto.Subscriber(*mosquitto.address(self.server), "-t", self.name)
        self.ask("put", f"ps/{self.name}?c=c1", "-t", "42", "-O", "14,0x3c", "-e", "value")
        self.ask("delete", f"ps/{self.name}?c=c1")
        self.publish(self.name, "end")
        self.assertEqual([message["payload"] or "" for message in watcher.wait_for_messages(3)], ["value", "", "end"])
        watcher.kill()

    def test_a_shared_group_gets_each_message_once(self):
        observers = [Observer(self.uri(f"mqtt/%24share/g/{self.name}?c=o{i}&qos=1")) for i in range(2)]
        for i in range(10):
            self.publish(self.name, f"message-{i}-")
        for observer in observers:
            observer.expect(r"message-\d-", 5)
        seen = "".join(observer.kill() for observer in observers)
        for i in range(10):
            self.assertEqual(len(re.findall(rf"message-{i}-", seen)), 1, seen)


class ReturningTest(CoapTest):
    settings = CoapTest.settings | {"coap.ack_timeout": "100ms", "coap.max_retransmit": 1}

    def test_messages_wait_for_a_client_that_comes_back_from_another_port(self):
        uri = self.uri(f"mqtt/{self.name}?c=mover&qos=1")
        observer = Observer(uri, "-T", "tok")
        mosquitto.publish(*mosquitto.address(self.server), "-t", self.name, "-m", "before", "-q", 1)
        observer.expect("before")
        observer.kill()
        for i in range(5):
            mosquitto.publish(*mosquitto.address(self.server), "-t", self.name, "-m", f"away-{i}-", "-q", 1)
        observer = Observer(uri, "-T", "tok")
        for i in range(5):
            observer.expect(f"away-{i}-")
        observer.kill()

    def test_messages_wait_over_a_restart_of_the_server(self):
        port = {"coap.bind.udp.1": f"127.0.0.1:{free_port()}"}
        server = self.start(self.settings | port | {"storage.sync": "always"}, plugins=self.plugins)
        uri = f"coap://{port['coap.bind.udp.1']}/mqtt/{self.name}"
        observer = Observer(f"{uri}?c=stayer&qos=1", "-T", "tok")
        address = mosquitto.address(server)
        mosquitto.publish(*address, "-t", self.name, "-m", "before", "-q", 1)
        observer.expect("before")
        server.kill()
        server.start_again()
        address = mosquitto.address(server)
        mosquitto.publish(*address, "-t", self.name, "-m", "meanwhile", "-q", 1)
        # A sign of life from another port, about something else: what was observed comes to that port.
        returned = Observer(f"{uri}/other?c=stayer", "-T", "other")
        # The client does not know the token any more, so it only logs what it gets.
        returned.expect("m e a n w h i l e")
        returned.kill()
        observer.kill()


if __name__ == "__main__":
    unittest.main()
