# SPDX-License-Identifier: Apache-2.0
"""CoAP: observers that are silent, slow, come again, or observe the same thing twice are not forgotten."""
import unittest

from coap_fault import CoapFaultTest
from coap_wire import ACK, CON, GET, OBSERVE, RST, header, request, value_of
from wire import publish

HALF = 1 << 23


class ObserversTest(CoapFaultTest):
    settings = {"coap.keepalive": "2s", "coap.ack_timeout": "60s"}  # nothing is sent again by itself

    def register(self, client, path, token):
        answer = client.answer_to(request(GET, path, mid=client.next_mid(), token=token, more=[(OBSERVE, b"")]),
                                  lambda message: message.token == token and message.kind == ACK)
        self.assertEqual(answer.code, "2.05", answer)
        return answer

    def publish(self, payload, qos=0):
        publisher = self.client(f"{self.name}-publisher")
        publisher.send(publish(self.name, payload, qos=qos))
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
        self.assertEqual(self.moved("coap/clients/gone_away"), 0)
        self.publish(b"news")
        self.assertEqual(self.notification(client).payload, b"news")

    def test_one_that_does_not_answer(self):
        client = self.coap()
        self.register(client, f"mqtt/{self.name}?c=dead", b"d")
        self.wait_moved("coap/clients/gone_away")
        self.wait_for_gauge("coap/notifications/crowded", 0)

    def test_one_whose_window_was_full_when_it_went(self):
        client = self.coap()
        self.register(client, f"mqtt/{self.name}?c=full", b"f")
        for number in range(20):
            self.publish(b"%d" % number)
        self.wait_moved("coap/clients/gone_away")
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


if __name__ == "__main__":
    unittest.main()
