# SPDX-License-Identifier: Apache-2.0
"""CoAP: observers that are silent, slow, come again, or observe the same thing twice are not forgotten."""
import time
import unittest

from coap_fault import CoapFaultTest
from coap_wire import ACCEPT, ACK, CON, GET, OBSERVE, RST, StreamClient, header, request, value_of
from fault_server import wait_until
from wire import publish

HALF = 1 << 23


class ObserversTest(CoapFaultTest):
    listeners = CoapFaultTest.listeners | {"coap.bind.tcp.1": "127.0.0.1:0"}
    settings = {"coap.keepalive": "2s", "coap.ack_timeout": "60s"}  # nothing is sent again by itself

    def register(self, client, path, token):
        answer = client.answer_to(request(GET, path, mid=client.next_mid(), token=token, more=[(OBSERVE, b"")]),
                                  lambda message: message.token == token and message.kind == ACK)
        self.assertEqual(answer.code, "2.05", answer)
        return answer

    def publish(self, payload, qos=0, level=""):
        """To the test's topic, or to a level below it."""
        publisher = self.client(f"{self.name}-publisher")
        publisher.send(publish(self.name + level, payload, qos=qos))
        publisher.ping()

    def notification(self, client, answers=ACK):
        """The next one; pings on the way are answered, and so is the notification unless `answers` is None."""
        while True:
            message = client.receive()
            self.assertIsNotNone(message, "no notification")
            if message.kind == CON and message.code == "0.00":
                client.send(header(0, message.mid, RST))
                continue
            if message.kind == CON and answers is not None:
                client.send(header(0, message.mid, answers))
            return message

    def test_one_that_only_answers(self):
        """It says nothing by itself for longer than the keep-alive interval, but that it is there when it is asked."""
        client = self.coap()
        self.register(client, f"mqtt/{self.name}?c=quiet", b"q")
        for _ in range(4):
            message = client.receive()
            self.assertIsNotNone(message, "nobody asks")
            self.assertEqual((message.kind, message.code), (CON, "0.00"))
            client.send(header(0, message.mid, RST))
        self.publish(b"news")
        self.assertEqual(self.notification(client).payload, b"news")

    def wait_until_away(self, client_id):
        wait_until(lambda: not self.server.api(f"clients/{client_id}")["objects"], f"{client_id} is away")

    def test_one_that_does_not_answer(self):
        client = self.coap()
        self.register(client, f"mqtt/{self.name}?c=dead&qos=1", b"d")
        self.wait_until_away("dead")
        self.publish(b"kept", qos=1)
        client.send(request(GET, f"mqtt/{self.name}/other?c=dead", mid=client.next_mid()))
        self.assertEqual({self.notification(client).payload for _ in range(2)}, {b"", b"kept"})
        self.publish(b"news", qos=1)
        self.assertEqual(self.notification(client).payload, b"news")

    def test_one_that_resets_its_last_observation(self):
        """It is a client without observations then, and not away before the whole interval is over."""
        client = self.coap()
        self.register(client, f"mqtt/{self.name}?c=done&qos=1", b"d")
        self.publish(b"last", qos=1)
        begin = time.monotonic()
        self.notification(client, answers=RST)
        self.wait_until_away("done")
        self.assertGreaterEqual(time.monotonic() - begin, 2)

    def test_one_whose_connection_says_nothing(self):
        """What it observed over that ended with it, and goes to no other place under its token [RFC 8323 7.4]."""
        stream = StreamClient(self.server.port("coap:tcp:1"))
        self.addCleanup(stream.close)
        stream.request(GET, f"mqtt/{self.name}?c=stream&qos=1", b"s", [(OBSERVE, b"")])
        self.assertEqual(stream.receive().code, "2.05")
        self.wait_until_away("stream")
        self.publish(b"for nobody", qos=1)
        client = self.coap()
        self.register(client, f"mqtt/{self.name}/other?c=stream&qos=1", b"o")
        self.publish(b"news", qos=1, level="/other")
        self.assertEqual(self.notification(client).payload, b"news")

    def test_one_whose_window_was_full_when_it_went(self):
        client = self.coap()
        self.register(client, f"mqtt/{self.name}?c=full", b"f")
        for number in range(20):
            self.publish(b"%d" % number)
        self.wait_until_away("full")
        back = self.coap()
        self.assertEqual(back.ask(GET, f"mqtt/{self.name}/other?c=full").code, "4.04")
        for number in range(20):
            self.publish(b"again %d" % number)
            self.assertEqual(self.notification(back).payload, b"again %d" % number)

    def test_two_observations_of_the_same_messages(self):
        client = self.coap()
        self.register(client, f"mqtt/{self.name}?c=twice", b"a")
        self.register(client, f"mqtt/+?c=twice", b"b")
        for number in range(40):
            self.publish(b"%d" % number)
            pair = [self.notification(client) for _ in range(2)]
            self.assertEqual({message.token for message in pair}, {b"a", b"b"})
            self.assertEqual({message.payload for message in pair}, {b"%d" % number})

    def test_one_that_registers_again_while_it_is_notified(self):
        """Its answer has a later number than the notification on its way, which is sent anew: what it had would look
        old, be acknowledged and be lost."""
        client = self.coap()
        path = f"mqtt/{self.name}?c=again&qos=1"
        self.register(client, path, b"r")
        self.publish(b"one", qos=1)
        first = self.notification(client, answers=None)
        client.send(request(GET, path, mid=client.next_mid(), token=b"r", more=[(OBSERVE, b"")]))
        messages = {message.kind: message for message in (self.notification(client), self.notification(client))}
        answer, second = messages[ACK], messages[CON]
        self.assertEqual((first.payload, second.payload), (b"one", b"one"))
        self.assertNotEqual(first.mid, second.mid)
        answered, number = (int.from_bytes(value_of(one, OBSERVE), "big") for one in (answer, second))
        self.assertTrue(0 < (number - answered) % (2 * HALF) < HALF, (answered, number))
        self.publish(b"two", qos=1)
        self.assertEqual(self.notification(client).payload, b"two")

    def forget(self, client, path, token):
        client.answer_to(request(GET, path, mid=client.next_mid(), token=token, more=[(OBSERVE, b"\1")]),
                         lambda message: message.token == token and message.kind == ACK)

    def test_one_that_turns_to_another_topic(self):
        """Nothing of the topic that it has left comes under the token of the next one, and nothing waits for it."""
        client = self.coap()
        for token in (b"next", b"first"):  # another token, and the same once more
            name = f"{self.name}/{token.decode()}"
            self.register(client, f"mqtt/{name}?c=turns&qos=1", b"first")
            publisher = self.client("publisher")
            for number in range(1, 4):
                publisher.send(publish(name, b"left", qos=1, packet_id=number))
            publisher.ping()
            self.assertEqual(self.notification(client, answers=None).payload, b"left")
            if token != b"first":
                self.forget(client, f"mqtt/{name}?c=turns", b"first")
            self.register(client, f"mqtt/{self.name}?c=turns&qos=1", token)
            self.publish(b"wanted", qos=1)
            message = self.notification(client)
            self.assertEqual((message.token, message.payload), (token, b"wanted"))
            self.forget(client, f"mqtt/{self.name}?c=turns", token)

    def test_one_that_resets_what_it_has_left_already(self):
        client = self.coap()
        self.register(client, f"mqtt/{self.name}/left?c=late", b"left")
        self.publish(b"old", level="/left")
        old = self.notification(client)
        self.forget(client, f"mqtt/{self.name}/left?c=late", b"left")
        self.register(client, f"mqtt/{self.name}?c=late", b"kept")
        client.send(header(0, old.mid, RST))
        client.ping()
        self.publish(b"news")
        self.assertEqual(self.notification(client).payload, b"news")

    def test_one_that_registers_again_elsewhere(self):
        """It gets no more there than it sent until it has shown that it is there, and what it confirms then is that
        message and no other."""
        client, elsewhere, third = self.coap(), self.coap(), self.coap()
        path = f"mqtt/{self.name}?c=roams&qos=1"
        self.register(client, path, b"r")
        self.publish(b"1" * 900, qos=1)
        ping = client.receive()
        client.send(header(0, ping.mid, RST))  # it is here
        self.assertEqual(self.notification(client, answers=None).payload, b"1" * 900)
        elsewhere.send(request(GET, path, mid=elsewhere.next_mid(), token=b"r", more=[(OBSERVE, b"")]))
        messages = {message.code: message for message in (elsewhere.receive(), elsewhere.receive())}
        self.assertEqual(set(messages), {"0.00", "2.05"}, "nothing large goes where nobody may be")
        self.publish(b"2", qos=1)
        elsewhere.send(header(0, messages["0.00"].mid, RST))
        message = self.notification(elsewhere)
        self.assertEqual(message.payload, b"1" * 900)
        message = self.notification(elsewhere, answers=None)
        self.assertEqual(message.payload, b"2")
        third.send(request(GET, f"mqtt/{self.name}/other?c=roams", mid=third.next_mid()))
        self.assertIn(b"2", {self.notification(third).payload for _ in range(2)}, "it has not been confirmed")

    def test_one_that_moves_while_it_is_asked(self):
        """What its earlier place was asked for is not waited for any more."""
        client, elsewhere = self.coap(), self.coap()
        self.register(client, f"mqtt/{self.name}?c=asked&qos=1", b"a")
        self.publish(b"1" * 900, qos=1)
        self.assertEqual(client.receive().code, "0.00")
        elsewhere.send(request(GET, f"mqtt/{self.name}/other?c=asked", mid=elsewhere.next_mid()))
        self.assertEqual({self.notification(elsewhere).payload for _ in range(2)}, {b"", b"1" * 900})
        self.publish(b"2", qos=1)
        self.assertEqual(self.notification(elsewhere).payload, b"2")

    def test_one_that_leaves_a_topic_and_its_place(self):
        """What was on its way for a topic that it observes no more stops nothing."""
        client, elsewhere = self.coap(), self.coap()
        self.register(client, f"mqtt/{self.name}?c=moves&qos=1", b"kept")
        self.register(client, f"mqtt/{self.name}/left?c=moves&qos=1", b"left")
        self.publish(b"old", qos=1, level="/left")
        self.assertEqual(self.notification(client, answers=None).payload, b"old")
        self.forget(client, f"mqtt/{self.name}/left?c=moves", b"left")
        elsewhere.ask(GET, f"mqtt/{self.name}?c=moves")
        self.publish(b"news", qos=1)
        self.assertEqual(self.notification(elsewhere).payload, b"news")

    def test_one_that_wants_another_format_of_what_is_on_its_way(self):
        client = self.coap()
        self.register(client, f"mqtt/{self.name}?c=format&qos=1", b"kept")
        self.register(client, f"mqtt/{self.name}/json?c=format&qos=1", b"json")
        self.publish(b"bytes", qos=1, level="/json")
        self.assertEqual(self.notification(client, answers=None).payload, b"bytes")
        client.send(request(GET, f"mqtt/{self.name}/json?c=format&qos=1", mid=client.next_mid(), token=b"json",
                            more=[(OBSERVE, b""), (ACCEPT, b"\x32")]))
        self.assertEqual({self.notification(client).code for _ in range(2)}, {"2.05", "4.06"})
        self.publish(b"news", qos=1)
        self.assertEqual(self.notification(client).payload, b"news")


if __name__ == "__main__":
    unittest.main()
