# SPDX-License-Identifier: Apache-2.0
"""CoAP: more on its way to one peer than it can take. Who has to wait is not gone."""
import contextlib
import unittest

from coap_fault import CoapFaultTest
from coap_wire import ACK, CON, GET, OBSERVE, StreamClient, header, request
from wire import publish

TCP_COAP = "coap:tcp:1"


class CrowdTest(CoapFaultTest):
    CLIENTS = 30
    listeners = CoapFaultTest.listeners | {"coap.bind.tcp.1": "127.0.0.1:0"}
    settings = {"coap.max_waiting_messages": 4, "coap.stream.max_output": "1MB"}

    @contextlib.contextmanager
    def nobody_goes_away(self):
        yield
        self.assertEqual(self.moved("coap/clients/gone_away"), 0)
        self.wait_for_gauge("coap/notifications/crowded", 0)

    def observe(self, client, path, token):
        answer = client.answer_to(request(GET, path, mid=client.next_mid(), token=token, more=[(OBSERVE, b"")]),
                                  lambda message: message.token == token)
        self.assertEqual(answer.code, "2.05", answer)

    def confirm(self, client, count):
        """The tokens and payloads of the next notifications that are not repetitions."""
        seen = {}
        while len(seen) < count:
            message = client.receive()
            self.assertIsNotNone(message, f"{len(seen)} of {count} notifications")
            if message.kind == CON:
                client.send(header(0, message.mid, ACK))
            seen[message.kind, message.mid] = (message.token, message.payload)
        return list(seen.values())

    def publish(self, payload, qos=1, topic=None):
        publisher = self.client(f"{self.name}-publisher")
        publisher.send(publish(topic or self.name, payload, qos=qos))
        publisher.ping()

    def filters(self):
        """Filters that all match x/x/x/x/x below the test's name, with a token each."""
        for number in range(self.CLIENTS):
            levels = ("+" if number >> bit & 1 else "x" for bit in range(5))
            yield f"mqtt/{self.name}/{'/'.join(levels)}", b"%d" % number

    def test_many_clients_behind_one_socket(self):
        client = self.coap()
        tokens = [b"%d" % number for number in range(self.CLIENTS)]
        for token in tokens:
            self.observe(client, f"mqtt/{self.name}?c=behind{token.decode()}&qos=1", token)
        with self.probe(), self.nobody_goes_away():
            for text in (b"one", b"two"):
                self.publish(text)
                self.assertGreater(self.gauge("coap/notifications/crowded"), self.CLIENTS // 2)
                self.assertCountEqual(self.confirm(client, self.CLIENTS), [(token, text) for token in tokens])

    def test_many_observations_of_one_message(self):
        client = self.coap()
        for path, token in self.filters():
            self.observe(client, f"{path}?c=eager&qos=1", token)
        with self.probe(), self.nobody_goes_away():
            self.publish(b"one", topic=f"{self.name}/x/x/x/x/x")
            self.assertCountEqual(self.confirm(client, self.CLIENTS), [(token, b"one") for _, token in self.filters()])

    def stream(self):
        """A connection that is closed when the test ends."""
        stream = StreamClient(self.server.port(TCP_COAP))
        self.addCleanup(stream.close)
        return stream

    def crowd(self, stream, client_id):
        """Much is on its way to the connection, which does not read, and more waits."""
        for path, token in self.filters():
            stream.request(GET, f"{path}?c={client_id}&qos=0", token, [(OBSERVE, b"")])
            self.assertEqual(stream.receive().code, "2.05")
        for _ in range(200):
            self.publish(b"early " * 5000, qos=0, topic=f"{self.name}/x/x/x/x/x")
            if self.gauge("coap/notifications/crowded"):
                return
        self.fail("the connection takes everything")

    def read_latest(self, stream):
        """What the connection gets until each observation has its latest state."""
        self.publish(b"latest", qos=0, topic=f"{self.name}/x/x/x/x/x")
        messages, last = [], {}
        while set(last.values()) != {b"latest"} or len(last) < self.CLIENTS:
            messages.append(stream.receive())
            last[messages[-1].token] = messages[-1].payload[:6]
        return messages

    def test_a_connection_that_does_not_read(self):
        """Behind what it has not taken yet, each observation has its latest state."""
        slow = self.stream()
        with self.probe(), self.nobody_goes_away():
            self.crowd(slow, "slow")
            for _ in range(3):
                self.publish(b"later " * 5000, qos=0, topic=f"{self.name}/x/x/x/x/x")
            tokens = {message.token for message in self.read_latest(slow)}
        self.assertEqual(tokens, {token for _, token in self.filters()})

    def test_what_was_for_a_connection_that_is_over(self):
        """It goes to nobody else, though the next connection has its place and too much on its way."""
        client = self.coap()
        self.observe(client, f"mqtt/{self.name}?c=left&qos=1", b"secret")
        connections = self.gauge("coap/streams/count")
        first = self.stream()
        first.request(GET, f"mqtt/{self.name}/nothing?c=left", b"moved")
        self.assertEqual(first.receive().code, "4.04")
        first.close()
        self.wait_for_gauge("coap/streams/count", connections)
        second = self.stream()
        self.crowd(second, "next")
        self.publish(b"of the first")
        tokens = {message.token for message in self.read_latest(second)}
        self.assertEqual(tokens, {token for _, token in self.filters()})
        client.send(request(GET, f"mqtt/{self.name}/nothing?c=left", mid=client.next_mid(), token=b"back"))
        self.assertIn((b"secret", b"of the first"), self.confirm(client, 2))

    def test_a_peer_that_is_gone(self):
        """Its clients are not stuck with it: what waits for them comes where they are heard of again."""
        client = self.coap()
        tokens = [b"%d" % number for number in range(self.CLIENTS)]
        for token in tokens:
            self.observe(client, f"mqtt/{self.name}?c=lost{token.decode()}&qos=1", token)
        self.publish(b"kept")
        client.close()
        elsewhere = self.coap()
        for token in tokens:
            elsewhere.send(request(GET, f"mqtt/{self.name}?c=lost{token.decode()}", mid=elsewhere.next_mid()))
        kept = [one for one in self.confirm(elsewhere, 2 * self.CLIENTS) if one[0]]
        self.assertCountEqual(kept, [(token, b"kept") for token in tokens])


if __name__ == "__main__":
    unittest.main()
