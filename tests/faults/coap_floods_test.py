# SPDX-License-Identifier: Apache-2.0
"""CoAP: floods from more addresses than anybody has, none of which is there: requests, bodies that are begun, clients,
observations; and what comes back to those addresses."""
import subprocess
import time
import unittest

import coap_swarm
import coap_wire
import wire
from coap.coap_client import PROGRAM
from coap_fault import CoapFaultTest
from coap_wire import BLOCK1, BLOCK2, GET, NON, OBSERVE, POST, PUT, block, header, option, request
from fault_server import SANITIZED, wait_until
from wire import DEADLINE, publish

MEGABYTE = 1024 ** 2
# What sanitizers slow down is made shorter.
SCALE = 10 if SANITIZED else 1
# The most that an entry of a table takes, with what finds it.
PEER, REMEMBERED, CLIENT = 350, 200, 4096


class AddressFloodTest(CoapFaultTest):
    COUNT = 1_000_000 // SCALE
    MAX_PEERS = 50_000 // SCALE
    MAX_REMEMBERED = 100_000 // SCALE
    settings = {"coap.max_peers": MAX_PEERS, "coap.dedup.max_entries": MAX_REMEMBERED, "mqtt.mqueue.max_length": 10}

    def setUp(self):
        super().setUp()
        with self.client("keeper") as keeper:
            keeper.send(publish("large", b"x" * 1000, 1, 1, retain=True))
            keeper.expect(wire.PUBACK)

    def flood(self, count, datagrams):
        """Sends them from as many addresses, each once, while a real client goes on being served."""
        swarm, client, before = self.swarm(), self.coap(), self.server.rss()
        step = count // 10
        with self.probe():
            for begin in range(0, count, step):
                swarm.send((coap_swarm.FIRST + n, datagrams[n % len(datagrams)]) for n in range(begin, begin + step))
                self.put(client, "and others are served")
        self.assertLessEqual(swarm.received, 3 * swarm.sent)
        self.assertLessEqual(self.gauge("coap/peers/count"), self.MAX_PEERS)
        self.assertGreaterEqual(self.moved("coap/peers/evicted"), count - self.MAX_PEERS)
        self.assert_memory(before, self.MAX_PEERS * PEER + self.MAX_REMEMBERED * REMEMBERED + 8 * MEGABYTE,
                           "peers and requests that are remembered")
        wait_until(lambda: self.moved("coap/duplicates/forgotten") >= count - self.MAX_REMEMBERED, "it is counted")
        return swarm

    def test_requests_from_a_million_addresses(self):
        swarm = self.flood(self.COUNT, [
            request(GET, "mqtt/large?c=flood"), request(GET, ".well-known/core", kind=NON),
            request(GET, "mqtt/nothing?c=flood", kind=NON), request(PUT, "mqtt/flood?c=flood", b"x"), header(GET, 1)])
        answers = swarm.answered()
        self.assertEqual(answers, {code: self.COUNT // 5 * times for code, times in
                                   (("4.01", 1), ("2.05", 1), ("4.04", 2), ("2.04", 1))})
        self.assertEqual(self.moved("coap/requests/challenged"), self.COUNT // 5)


class AmplificationTest(CoapFaultTest):
    """What comes back to an address of which nothing is known, all retransmissions included."""

    OBSERVERS = 1000
    settings = {"coap.ack_timeout": "100ms", "coap.max_retransmit": 3}

    REQUESTS = [
        ("discovery", request(GET, ".well-known/core")), ("the root", header(GET)),
        ("a large value", request(GET, "mqtt/large?c=a")), ("a list", request(GET, "ps?c=a")),
        ("a later block", request(GET, "mqtt/large?c=a", more=[(BLOCK2, block(1, False))])),
        ("a small block", request(GET, "mqtt/large?c=a", more=[(BLOCK2, block(0, False, 0))])),
        ("a value with a long token", request(GET, "mqtt/large?c=a", token=b"12345678")),
        ("an observation of a large value", request(GET, "mqtt/large?c=a", more=[(OBSERVE, b"")], token=b"1")),
        ("an observation of everything", request(GET, "mqtt/#?c=b", more=[(OBSERVE, b"")], token=b"1")),
        ("a diagnosis", request(PUT, "mqtt/?c=a")), ("another diagnosis", request(GET, "x")),
        ("an option that is not known", header(GET) + option(9)), ("a class that is reserved", header(0x20)),
        ("a ping", header(0)), ("a connection", request(POST, "mqtt/connection?clientid=d")),
        ("a form", request(POST, "mqtt", b"topic=a")), ("a body that is too large",
                                                        request(PUT, "mqtt/x?c=a", b"x" * 16, more=[
                                                            (BLOCK1, block(2**20 - 1, True, 0))])),
        ("a block", request(PUT, "mqtt/x?c=a", b"x" * 16, more=[(BLOCK1, block(0, True, 0))])),
    ]

    def setUp(self):
        super().setUp()
        with self.client("keeper") as keeper:
            for n in range(50):
                keeper.send(publish(f"large/{n}" if n else "large", b"x" * 1000, 1, n + 1, retain=True))
                keeper.expect(wire.PUBACK)

    def test_each_request(self):
        """Ten times each, in both kinds, so that one that is paid for by another is not overlooked."""
        for number, (name, datagram) in enumerate(self.REQUESTS):
            for kind in (coap_wire.CON, NON):
                with self.subTest(request=name, kind=kind):
                    swarm = self.swarm()
                    timeouts = self.server.metric("coap/messages/timeouts")
                    first = bytes([datagram[0] | kind << 4])
                    swarm.send((coap_swarm.FIRST + 100 * number + kind, first + datagram[1:2] + mid.to_bytes(2, "big") +
                                datagram[4:]) for mid in range(10))
                    # What is sent unasked is given up when nobody acknowledges it.
                    if self.server.metric("coap/notifications/sent") + self.server.metric("coap/notifications/probes"):
                        wait_until(lambda: self.server.metric("coap/messages/timeouts") > timeouts or
                                   "observation" not in name, "it is given up")
                    swarm.read()
                    self.assertLessEqual(swarm.received, 3 * swarm.sent, swarm.answered())

    def test_observations(self):
        """Each observer gets notifications until what it sent is used up three times, and is asked whether it is there.
        Nobody says so: all of them are away, and what comes waits in their sessions."""
        swarm = self.swarm()
        with self.probe():
            swarm.send((coap_swarm.FIRST + n, request(GET, f"mqtt/watched?c=o{n}&qos={n % 2}", more=[(OBSERVE, b"")],
                                                      token=b"1")) for n in range(self.OBSERVERS))
            wait_until(lambda: swarm.read() or swarm.answered() == {"2.05": self.OBSERVERS}, "all of them observe")
            with self.client("publisher") as publisher:
                for number in range(20):
                    publisher.send(publish("watched", b"x" * (20 if number < 3 else 900), 1, number + 1))
                    publisher.expect(wire.PUBACK)
            wait_until(lambda: swarm.read() or self.moved("coap/clients/gone_away") == self.OBSERVERS, "all are away")
        swarm.read()
        self.assertLessEqual(swarm.received, 3 * swarm.sent, swarm.answered())
        self.assertGreaterEqual(self.moved("coap/notifications/probes"), self.OBSERVERS // 2)


class ClientFloodTest(CoapFaultTest):
    """Each address is a client of its own: all of them are known until their keep-alive is over."""

    COUNT = 50_000 // SCALE
    MAX_CLIENTS = 5_000
    settings = {"coap.max_clients": MAX_CLIENTS, "coap.session.expiry_interval": "0s", "coap.max_peers": 20_000}

    def test_more_clients_than_allowed(self):
        swarm, known = self.swarm(), self.coap()
        self.put(known, "known before")
        before = self.server.rss()
        with self.probe():
            for begin in range(0, self.COUNT, 5000):
                swarm.send((coap_swarm.FIRST + n, request(PUT, f"mqtt/flood?c=c{n}", b"x"))
                           for n in range(begin, min(begin + 5000, self.COUNT)))
                self.put(known, "known before")
            coap_swarm.settle(swarm, lambda: sum(swarm.answers.values()) == self.COUNT)
        # Clients hold their peers' places, and stand before nobody else.
        self.assertEqual(self.moved("coap/peers/refused"), 0)
        refused = self.COUNT - self.MAX_CLIENTS + 1
        self.assertEqual(swarm.answered(), {"2.04": self.MAX_CLIENTS - 1, "5.03": refused})
        self.assertEqual(self.moved("coap/clients/too_many"), refused)
        self.assertEqual(self.gauge("coap/clients/count"), self.MAX_CLIENTS)
        self.assert_memory(before, self.MAX_CLIENTS * CLIENT + 20_000 * PEER + self.COUNT * REMEMBERED + 8 * MEGABYTE,
                           "coap.max_clients of them")
        self.assert_logged(r"coap\.max_clients")


class SilenceTest(CoapFaultTest):
    """A client that was heard of once and has nothing that would be lost goes with its keep-alive; one that observes
    stays."""

    COUNT = 20_000 // SCALE
    settings = {"coap.keepalive": "3s", "coap.max_peers": 50_000}

    def test_who_falls_silent(self):
        observer = self.coap()
        observer.answer_to(request(GET, f"mqtt/{self.name}?c=observer&qos=1", mid=observer.next_mid(), token=b"seen",
                                   more=[(OBSERVE, b"")]), lambda message: message.token == b"seen")
        swarm = self.swarm()
        with self.probe():
            swarm.send((coap_swarm.FIRST + n, request((PUT, GET)[n % 2], f"mqtt/flood?c=c{n}", b"" if n % 2 else b"x"))
                       for n in range(self.COUNT))
            coap_swarm.settle(swarm, lambda: sum(swarm.answers.values()) == self.COUNT)
            self.assertEqual(self.moved("coap/clients/entered"), self.COUNT + 1)
            self.wait_for_gauge("coap/clients/count", 1)
        self.assertEqual(self.gauge("sessions/count"), 1)
        self.put(self.coap(), "kept for it")
        observer.send(request(GET, "mqtt?c=observer", mid=observer.next_mid(), token=b"back"))
        answers = []
        while len(answers) < 2:
            message = observer.receive()
            if message is None or message.code != "0.00":  # the server asks whether it is there
                answers.append(message)
        self.assertEqual({message.token for message in answers if message}, {b"back", b"seen"}, answers)
        self.assertIn(b"kept for it", [message.payload for message in answers], answers)


class EchoAlwaysTest(CoapFaultTest):
    """With coap.echo = always a request from an address that is only claimed makes no client, no body, no publish."""

    COUNT = 50_000 // SCALE
    settings = {"coap.echo": "always"}

    def test_nothing_comes_of_it(self):
        swarm, client = self.swarm(largest=2048), self.coap()
        with self.probe():
            swarm.send((coap_swarm.FIRST + n, request(PUT, f"mqtt/flood?c=c{n}", b"x" * 1024, more=more))
                       for n in range(self.COUNT // 2) for more in ((), [(BLOCK1, block(0, True))]))
            swarm.send((coap_swarm.FIRST + self.COUNT + n, request(GET, f"mqtt/flood?c=g{n}", more=[(OBSERVE, b"")]))
                       for n in range(self.COUNT // 2))
            self.put(client, "it has proved its address")
            self.assertEqual(client.upload(f"mqtt/{self.name}?c=other", b"x" * 50_000).code, "2.04")
        self.assertEqual(set(swarm.answered()), {"4.01"})
        self.assertEqual(self.gauge("coap/blocks/uploads"), 0)
        self.assertEqual(self.moved("coap/messages/published"), 2)
        self.assertEqual(self.gauge("coap/clients/count"), 1)


class BodyFloodTest(CoapFaultTest):
    COUNT = 100_000 // SCALE
    TOTAL = 16 * MEGABYTE // SCALE
    settings = {"coap.block.total_bytes": TOTAL}

    def first_blocks(self, begin, end):
        return ((coap_swarm.FIRST + n, request(PUT, f"mqtt/flood?c=c{n}", b"x" * 1024, more=[(BLOCK1, block(0, True))]))
                for n in range(begin, end))

    def uploads(self):
        """libcoap's client with a body of 50 blocks, again and again until it is taken: 5.03 says Max-Age."""
        body = self.server.write("body", "x" * 50_000)
        uri = f"coap://127.0.0.1:{self.server.port('coap:udp:1')}/mqtt/{self.name}?c=real"
        # A file, not a pipe: nobody reads while the client runs, and it says much.
        printed = self.enterContext(open(self.server.folder / "printed", "w+", encoding="utf-8"))
        process = subprocess.Popen([PROGRAM, "-B", str(DEADLINE), "-v", "7", "-m", "put", "-b", "1024", "-f", body, uri],
                                   stdout=printed, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        return process, printed

    @staticmethod
    def is_taken(printed):
        printed.seek(0)
        return "process incoming 2.04 response" in printed.read()

    def real_upload(self):
        process, printed = self.uploads()
        process.wait(timeout=DEADLINE + 10)
        return self.is_taken(printed)

    def test_100000_half_done_bodies(self):
        """What has stalled for a while makes room."""
        swarm, before = self.swarm(largest=2048), self.server.rss()
        with self.probe():
            swarm.send(self.first_blocks(0, self.COUNT))
            answers = swarm.answered()
            most = self.TOTAL // 1024
            self.assertEqual(set(answers), {"2.31", "4.01"})
            self.assertLessEqual(answers["2.31"], most)
            self.assertEqual(self.moved("coap/blocks/no_room"), answers["4.01"])
            self.assertLessEqual(self.gauge("coap/blocks/uploads"), most)
            self.assert_memory(before, self.TOTAL + self.COUNT * (PEER + REMEMBERED) + 8 * MEGABYTE,
                               "coap.block.total_bytes, and each address with its request")
            wait_until(self.real_upload, "a real client gets its body in")
        self.assert_logged(r"coap\.block\.total_bytes")
        self.assertGreater(self.moved("coap/blocks/given_up"), 0)

    def test_a_real_client_during_the_attack(self):
        """The flood goes on all the time, from new addresses; the client tries again as 5.03 asks it to."""
        swarm, begin, end = self.swarm(largest=2048), self.TOTAL // 1024, time.monotonic() + DEADLINE
        done = False
        with self.probe():
            swarm.send(self.first_blocks(0, begin))
            while not done and time.monotonic() < end:
                real, printed = self.uploads()
                while real.poll() is None and time.monotonic() < end:
                    swarm.send(self.first_blocks(begin, begin + 200))
                    begin += 200
                real.kill()
                real.wait()
                done = self.is_taken(printed)
        self.assertTrue(done, f"no body came in beside {begin} that were begun")


if __name__ == "__main__":
    unittest.main()
