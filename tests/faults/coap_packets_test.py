# SPDX-License-Identifier: Apache-2.0
"""CoAP: datagrams that are wrong, cut short, too large, or come again; bodies that are announced and never come."""
import struct
import unittest

import coap_swarm
import coap_wire
import wire
from coap_fault import CoapFaultTest
from coap_wire import (BLOCK1, CON, GET, NON, PAYLOAD, PUT, RST, SIZE1, ACK, block, header, option, ping, request,
                       uint)
from fault_server import wait_until

MALFORMED, IGNORED, DUPLICATES = "coap/messages/malformed", "coap/messages/ignored", "coap/messages/duplicates"
MEGABYTE, GIGABYTE = 1024 ** 2, 1024 ** 3
PATH = option(11, b"mqtt") + option(0, b"t")
LARGEST = 65507  # what UDP over IPv4 carries

# No CoAP message for want of a header, or of another version: nobody is answered. The token's length says 8.
SILENT = [("nothing at all", b""), ("one byte", b"\x40"), ("three bytes", b"\x40\x01\x00")] + \
         [(f"version {version}", header(GET, 1, version=version) + PATH) for version in (0, 2, 3)]

# Name, code, what follows the header: a Reset if it is confirmable, else silence [RFC 7252 4.2, 4.3].
MALFORMED_BODIES = [
    ("a delta of 15", GET, PATH + b"\xf0"),
    ("a length of 15", GET, PATH + b"\x0f"),
    ("a delta of 13 and nothing behind it", GET, b"\xd0"),
    ("a delta of 14 and half of what follows", GET, b"\xe0\x00"),
    ("a length of 13 and nothing behind it", GET, b"\x0d"),
    ("a length of 14 and half of what follows", GET, b"\x0e\x00"),
    ("a length of 13 past the end", GET, b"\xbd\xff" + b"x" * 267),
    ("a length of 14 past the end", GET, b"\xbe\xff\xff" + b"x" * 300),
    ("a short length past the end", GET, b"\xb5mqtt"),
    ("a delta beyond 65535", GET, b"\xe0\xff\xff"),
    ("deltas whose sum is beyond 65535", GET, option(60000) + option(5536)),
    ("many deltas whose sum is beyond 65535", GET, option(268) * 245),
    ("a payload marker without payload", PUT, PATH + PAYLOAD),
    ("an empty message with a payload", 0, PAYLOAD + b"x"),
    ("an empty message with an option", 0, PATH),
    ("more options than any message has", GET, option(11) + option(0) * 1000),
] + [(f"the reserved class {code >> 5}", code, PATH) for code in (1 << 5, 6 << 5, 6 << 5 | 31, 7 << 5, 7 << 5 | 1)]

# Messages that are right and make no sense: nothing is answered.
STRAY = [
    ("an acknowledgement of nothing", header(0, 9, ACK)),
    ("an acknowledgement with a response to nothing", header(2 << 5 | 5, 9, ACK) + PAYLOAD + b"x"),
    ("an acknowledgement with a request", header(GET, 9, ACK) + PATH),
    ("a Reset with a request", header(PUT, 9, RST) + PATH),
    ("an empty message that is not confirmable", header(0, 9, NON)),
    ("a response to nothing", header(2 << 5 | 5, 9, NON) + PAYLOAD + b"x"),
]


class DatagramTest(CoapFaultTest):
    """coap.max_datagram is at its default."""

    def between_pings(self, client, datagram):
        """What the server says to a datagram, if anything."""
        client.ping()
        mid = 50_000
        client.send(datagram, ping(mid))
        messages = []
        while (message := client.receive()) is not None and (message.kind, message.mid) != (RST, mid):
            messages.append(message)
        self.assertIsNotNone(message, "no answer to a ping")
        return messages

    def check(self, client, name, datagram, counter, kinds):
        before = self.server.metric(counter)
        messages = self.between_pings(client, datagram)
        self.assertEqual([message.kind for message in messages], kinds, name)
        self.assertEqual(self.server.metric(counter), before + 1, f"{name}: {counter}")
        return messages

    def test_what_is_no_message(self):
        client, other = self.coap(), self.coap()
        with self.probe():
            for name, datagram in SILENT:
                with self.subTest(case=name):
                    self.check(client, name, datagram, MALFORMED, [])
            for name, code, body in MALFORMED_BODIES:
                for kind, kinds in ((CON, [RST]), (NON, []), (ACK, []), (RST, [])):
                    with self.subTest(case=name, kind=kind):
                        self.check(client, name, header(code, 7, kind) + body, MALFORMED, kinds)
            for length in range(9, 16):
                datagram = bytes([0x40 | length, GET, 0, 7]) + b"t" * length + PATH
                with self.subTest(token_length=length):
                    self.check(client, f"a token of {length}", datagram, MALFORMED, [RST])
            self.put(other, "and others are served")
        self.assert_logged(r"datagram ignored: peer=127\.0\.0\.1:\d+ listener=\S+ reason=")

    def test_what_makes_no_sense(self):
        client, other = self.coap(), self.coap()
        with self.probe():
            for name, datagram in STRAY:
                with self.subTest(case=name):
                    self.check(client, name, datagram, IGNORED, [])
            # A response that wants to be confirmed is reset, a critical option that nobody knows refused.
            self.check(client, "a response", header(2 << 5 | 5, 10) + PAYLOAD + b"x", IGNORED, [RST])
            for number in (9, 65001):
                bad = PATH + option(number - 11, b"x") if number > 11 else option(number) + option(2, b"mqtt")
                answers = self.check(client, "option", header(GET, number) + bad, "coap/requests/bad_option", [ACK])
                self.assertEqual(answers[0].code, "4.02")
                self.check(client, "option", header(GET, number + 1, NON) + bad, "coap/requests/bad_option", [RST])
            self.put(other, "and others are served")

    def test_a_put_cut_at_every_length(self):
        """It still is a message, and answered, or it is rejected; what is published is what came."""
        payload = b"a payload of some length"
        whole = request(PUT, f"mqtt/{self.name}/of/levels?c=cut&qos=0&expiry=100", payload, token=b"12345678",
                        more=[(coap_wire.CONTENT_FORMAT, b""), (2000, b"x" * 20), (2008, b"y" * 300)])
        reader, client, rejected, empty = self.client(), self.coap(), 0, 0
        reader.send(wire.subscribe([f"{self.name}/#"]))
        reader.expect(wire.SUBACK)
        with self.probe():
            for length in range(len(whole)):
                datagram = whole[:2] + struct.pack("!H", length) + whole[4:] if length > 4 else whole
                messages = self.between_pings(client, datagram[:length])
                if length >= 4 and not messages:
                    messages = [client.receive()]  # a client comes in first, which may take longer than a ping
                    self.assertIsNotNone(messages[0], f"the first {length} bytes: no answer")
                self.assertEqual(len(messages), length >= 4, f"the first {length} bytes: {messages}")
                rejected += not messages or messages[0].kind == RST
                empty += length < len(whole) - len(payload) and [message.code for message in messages] == ["2.04"]
        self.assertEqual(self.moved(MALFORMED), rejected)
        self.assertGreater(rejected, len(whole) - len(payload) - 12)
        published = [reader.expect(wire.PUBLISH) for _ in range(empty + len(payload) - 1)]
        self.assertEqual([body[2 + len(wire.topic(body)):] for body in published],
                         [b""] * empty + [payload[:length] for length in range(1, len(payload))])
        reader.ping()

    def test_garbage(self):
        # A multiplier that reaches every octet: the same bytes in each run.
        state, datagrams = 12345, []
        for number in range(3000):
            data = bytearray(struct.pack("!BBH", 0x40 | number % 9, 1 + number % 4, number) if number & 1 else b"")
            for _ in range(state >> 16 & 63):
                state = (state * 1103515245 + 12345) % 2**31
                data.append(state >> 16 & 255)
            state = (state * 1103515245 + 12345) % 2**31
            datagrams.append((coap_swarm.FIRST + number % 100, bytes(data)))
        swarm, client = self.swarm(), self.coap()
        with self.probe():
            for _ in range(10):
                for begin in range(0, len(datagrams), 100):
                    swarm.send(datagrams[begin:begin + 100])
                    client.ping()  # the socket's buffer is empty again, however slow the machine
                self.put(client, "and others are served")
        self.assertGreater(self.moved(MALFORMED), 10_000)
        self.assertEqual(self.moved("udp/dropped/kernel"), 0)

    def test_larger_than_a_datagram_may_be(self):
        client = self.coap()
        with self.probe():
            for size in (2049, 9000, LARGEST):
                messages = self.between_pings(client, request(PUT, "mqtt/large?c=large").ljust(size, b"x"))
                self.assertEqual(messages, [])
            self.put(client, "and it goes on")
        self.assertEqual(self.moved("udp/dropped/truncated"), 3)
        self.assert_logged(r"coap\.max_datagram")


class LargeDatagramTest(CoapFaultTest):
    """As large as UDP has them."""

    settings = {"coap.max_datagram": 65535}

    def test_thousands_of_options(self):
        head, client, other = header(GET, 1), self.coap(), self.coap()
        bodies = [option(11) + option(0) * 65000, option(15) + option(0, b"a") * 32000, option(1, b"x" * 65000),
                  option(2048, b"x") + b"\x01x" * 32000, PATH + option(60000) + b"\x00" * 60000]
        with self.probe():
            for _ in range(20):
                for body in bodies:
                    client.send(head + body)
                    client.ping()
            before = self.server.rss()
            for _ in range(100):
                for body in bodies:
                    client.send(head + body)
                    client.ping()
                self.put(other, "and others are served")
            self.assert_memory(before, 4 * MEGABYTE, "nothing is kept of them")
        self.assertGreaterEqual(self.moved(MALFORMED), 120 * 3)

    def test_the_largest_body_in_one_datagram(self):
        client = self.coap()
        path = f"mqtt/{self.name}?c=one"
        with self.probe():
            for number in range(200):
                if number == 50:
                    before = self.server.rss()
                self.assertEqual(client.ask(PUT, path, b"x" * 65000).code, "2.04")
            self.assert_memory(before, 4 * MEGABYTE, "what is published is gone")


class DuplicateTest(CoapFaultTest):
    ADDRESSES = 1000

    def published(self, reader, count):
        payloads = []
        for _ in range(count):
            body = reader.expect(wire.PUBLISH)
            payloads.append(body[2 + len(wire.topic(body)):])
        reader.ping()
        return payloads

    def reader(self):
        reader = self.client()
        reader.send(wire.subscribe([self.name]))
        reader.expect(wire.SUBACK)
        return reader

    def test_one_message_id_from_many_addresses(self):
        """An id belongs to its address: each publishes, and what comes again publishes nothing."""
        reader, swarm = self.reader(), self.swarm()
        datagrams = [(coap_swarm.FIRST + n, request(PUT, f"mqtt/{self.name}?c=c{n}", b"%d" % n, mid=4711))
                     for n in range(self.ADDRESSES)]
        with self.probe():
            for _ in range(3):
                swarm.send(datagrams)
            seen = self.published(reader, self.ADDRESSES)
        self.assertEqual(sorted(map(int, seen)), list(range(self.ADDRESSES)))
        self.assertEqual(swarm.answered(), {"2.04": 3 * self.ADDRESSES})
        self.assertEqual(self.moved(DUPLICATES), 2 * self.ADDRESSES)
        self.assertEqual(self.moved("coap/messages/published"), self.ADDRESSES)

    def test_one_request_again_and_again(self):
        reader, client = self.reader(), self.coap()
        datagram = request(PUT, f"mqtt/{self.name}?c=one&qos=1", b"once", mid=1, token=b"token")
        with self.probe():
            answers = [client.answer_to(datagram, lambda message: message.kind == ACK) for _ in range(500)]
            self.assertEqual(self.published(reader, 1), [b"once"])
        self.assertEqual(answers, [answers[0]] * 500)
        self.assertEqual(answers[0].code, "2.04")
        self.assertEqual(self.moved(DUPLICATES), 499)

    def test_all_at_once(self):
        """The duplicates come before the answer has left: still one publish, and the same answer."""
        reader, swarm = self.reader(), self.swarm()
        datagram = request(PUT, f"mqtt/{self.name}?c=one&qos=2", b"once", mid=1)
        with self.probe():
            swarm.send([(coap_swarm.FIRST, datagram)] * 120)
            self.assertEqual(self.published(reader, 1), [b"once"])
            wait_until(lambda: swarm.read() or swarm.answers, "it is answered")
        self.assertEqual(set(swarm.answered()), {"2.04"})
        self.assertEqual(self.moved(DUPLICATES), 119)


class AnnouncedBodyTest(CoapFaultTest):
    """A body of 1 GB is announced, by its size or by the number of a block, and never sent."""

    ROUNDS = 3000

    def announce(self, client, number, more=(), size=1024):
        return client.ask(PUT, f"mqtt/{self.name}?c=big", b"x" * size, [(BLOCK1, block(number, True)), *more])

    def test_it_is_refused(self):
        client = self.coap()
        with self.probe():
            for number, more, code in ((0, [(SIZE1, uint(GIGABYTE))], "4.13"), (0, [(SIZE1, uint(2**32 - 1))], "4.13"),
                                       (2**20 - 1, (), "4.13"), (2**20 - 1, [(SIZE1, uint(GIGABYTE))], "4.13"),
                                       (1024, (), "4.13"), (1023, (), "4.08"), (1, (), "4.08")):
                with self.subTest(number=number, more=more):
                    answer = self.announce(client, number, more)
                    self.assertEqual(answer.code, code)
                    if code == "4.13":
                        self.assertEqual(coap_wire.value_of(answer, SIZE1), uint(MEGABYTE), "what would do")
        self.assertEqual(self.moved("coap/blocks/too_large"), 5)
        self.assertEqual(self.moved("coap/blocks/incomplete"), 2)
        self.assertEqual(self.gauge("coap/blocks/uploads"), 0)

    def test_it_grows_beyond_the_limit(self):
        """It says nothing of its size; it ends where the limit is, and nothing is left of it."""
        client = self.coap()
        with self.probe():
            answer = client.upload(f"mqtt/{self.name}?c=big", b"x" * (MEGABYTE + 1024))
        self.assertEqual(answer.code, "4.13")
        self.wait_for_gauge("coap/blocks/uploads", 0)

    def test_it_costs_no_memory(self):
        swarm = self.swarm(largest=2048)
        body = b"x" * 1024

        def datagrams(begin, count):
            for n in range(begin, begin + count):
                for mid, number in enumerate((0, 2**20 - 1, 1023)):
                    more = [(BLOCK1, block(number, True))] + ([(SIZE1, uint(GIGABYTE))] if number == 0 else [])
                    yield coap_swarm.FIRST + n % 100, request(PUT, f"mqtt/{self.name}?c=big", body, n % 20000 * 3 + mid,
                                                              more=more)
        with self.probe():
            swarm.send(datagrams(0, self.ROUNDS))
            before = self.server.rss()
            swarm.send(datagrams(self.ROUNDS, self.ROUNDS))
            self.assert_memory(before, 4 * MEGABYTE, "remembered requests, and nothing of the bodies")
        self.assertEqual(swarm.answered(), {"4.13": 4 * self.ROUNDS, "4.08": 2 * self.ROUNDS})

    def test_blocks_that_are_none(self):
        client = self.coap()
        cases = [(block(0, True, 7), 1024), (block(0, True), 1000), (block(0, True), 0), (b"\xff" * 3, 1024)]
        with self.probe():
            for value, size in cases:
                with self.subTest(value=value.hex(), size=size):
                    answer = client.ask(PUT, f"mqtt/{self.name}?c=big", b"x" * size, [(BLOCK1, value)])
                    self.assertEqual(answer.code, "4.00")
            # An option of a length that it never has is as good as unknown: Block1 is critical.
            self.assertEqual(client.ask(PUT, f"mqtt/{self.name}?c=big", b"x", [(BLOCK1, b"\xff" * 4)]).code, "4.02")
            self.put(client, "and it goes on")


if __name__ == "__main__":
    unittest.main()
