# SPDX-License-Identifier: Apache-2.0
"""CoAP: whatever happens to a client while its requests are being worked on, each of them is answered, and nothing of
them stays."""
import contextlib
import os
import signal
import unittest

from coap_fault import CoapFaultTest
from coap_wire import ACK, CON, DELETE, GET, POST, PUT, header, request
from fault_server import SANITIZED

MEGABYTE = 1024 ** 2
SCALE = 10 if SANITIZED else 1


class OpenRequestsTest(CoapFaultTest):
    PAIRS = 50
    settings = {"storage.sync": "always", "coap.dedup.max_entries": 200}  # answers remembered are not to be measured

    @contextlib.contextmanager
    def in_one_turn(self):
        """What is sent meanwhile comes to the server all at once."""
        os.kill(self.server.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.server.pid, signal.SIGCONT)

    def answers(self, client, tokens):
        """The codes of the answers by token; fails unless there is one for each."""
        codes = {}
        while len(codes) < len(tokens):
            message = client.receive()
            self.assertIsNotNone(message, f"no answer to {sorted(set(tokens) - set(codes))}")
            if message.kind == CON:
                client.send(header(0, message.mid, ACK))
            if message.token:
                codes[message.token] = message.code
        return codes

    def check(self, client, pairs):
        """Sends two requests for each pair in one turn of the server."""
        tokens = []
        with self.in_one_turn():
            for number, pair in enumerate(pairs):
                for which, (code, path, payload) in zip(b"ab", pair):
                    tokens.append(bytes([which, number]))
                    client.send(request(code, path, payload, client.next_mid(), token=tokens[-1]))
        codes = self.answers(client, tokens)
        self.wait_for_gauge("coap/requests/pending", 0)
        return codes

    def opened(self, client, name):
        """The token of a client in connection mode."""
        return client.ask(POST, f"mqtt/connection?clientid={name}").payload.decode()

    def test_a_client_that_is_displaced_while_it_comes_in(self):
        client = self.coap()
        codes = self.check(client, [((PUT, f"mqtt/{self.name}?c=d{n}", b"x"), (PUT, f"mqtt/{self.name}?c=d{n}&u=u", b"x"))
                                    for n in range(self.PAIRS)])
        self.assertLessEqual(set(codes.values()), {"2.04", "5.03"})
        self.assertTrue(all(codes[b"b%c" % n] == "2.04" for n in range(self.PAIRS)), codes)

    def test_a_client_that_says_goodbye_while_it_searches(self):
        client = self.coap()
        for path in ("ps?c=s{}", ".well-known/core?c=s{}"):
            tokens = [self.opened(client, f"s{n}") for n in range(self.PAIRS)]
            codes = self.check(client, [((GET, path.format(n), b""),
                                         (DELETE, f"mqtt/connection?clientid=s{n}&token={tokens[n]}", b""))
                                        for n in range(self.PAIRS)])
            self.assertTrue(all(codes[b"b%c" % n] == "2.02" for n in range(self.PAIRS)), codes)

    def test_a_client_that_says_goodbye_before_its_publish_is_safe(self):
        client = self.coap()
        tokens = [self.opened(client, f"g{n}") for n in range(self.PAIRS)]
        codes = self.check(client, [((PUT, f"mqtt/{self.name}/{n}?c=g{n}&qos=1&retain=1", b"x"),
                                     (DELETE, f"mqtt/connection?clientid=g{n}&token={tokens[n]}", b""))
                                    for n in range(self.PAIRS)])
        self.assertTrue(all(codes[b"b%c" % n] == "2.02" for n in range(self.PAIRS)), codes)

    def test_searches_leave_nothing(self):
        client = self.coap()
        self.assertEqual(client.ask(GET, "ps?c=polls").code, "2.05")
        before = self.server.rss()
        for _ in range(20_000 // SCALE):
            client.ask(GET, "ps?c=polls")
        self.assert_memory(before, 2 * MEGABYTE, "searches that are over")


if __name__ == "__main__":
    unittest.main()
