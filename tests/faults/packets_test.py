# SPDX-License-Identifier: Apache-2.0
"""Packets that are wrong, cut short, or too large."""
import re
import unittest

import wire
from fault_server import FaultTest, wait_until
from wire import V5, V31, V311, block, connect, packet, publish, subscribe, unsubscribe, user_property

MALFORMED, PROTOCOL, TOO_LARGE = "packets/malformed", "packets/protocol_error", "packets/too_large"

# What a connected client sends: name, bytes, the reason code that an MQTT 5 client is told, the counter.
BOTH = [
    ("reserved packet type 0", packet(0), 0x81, MALFORMED),
    ("SUBSCRIBE with flags 0", packet(wire.SUBSCRIBE, b"\0\1" + block("t") + b"\0"), 0x81, MALFORMED),
    ("UNSUBSCRIBE with flags 0", packet(wire.UNSUBSCRIBE, b"\0\1" + block("t")), 0x81, MALFORMED),
    ("PUBREL with flags 0", packet(wire.PUBREL, b"\0\1"), 0x81, MALFORMED),
    ("PUBACK with flags 2", packet(wire.PUBACK, b"\0\1", 2), 0x81, MALFORMED),
    ("PINGREQ with flags 1", packet(wire.PINGREQ, b"", 1), 0x81, MALFORMED),
    ("DISCONNECT with flags 1", packet(wire.DISCONNECT, b"", 1), 0x81, MALFORMED),
    ("a length of five octets", b"\x30\x80\x80\x80\x80\x01", 0x81, MALFORMED),
    ("a length of more octets than needed", b"\xc0\x80\x00", 0x81, MALFORMED),
    ("PINGREQ with a body", packet(wire.PINGREQ, b"x"), 0x81, MALFORMED),
    ("QoS 3", packet(wire.PUBLISH, block("t") + b"\0\1\0", 6), 0x81, MALFORMED),
    ("DUP with QoS 0", packet(wire.PUBLISH, block("t") + b"\0", 8), 0x81, MALFORMED),
    ("a length that only the longest packet has", b"\x30\xff\xff\xff\x7f", 0x95, TOO_LARGE),
    ("a second CONNECT", connect("second"), 0x82, PROTOCOL),
    ("CONNACK from a client", b"\x20\x02\0\0", 0x82, PROTOCOL),
    ("SUBACK from a client", b"\x90\x03\0\1\0", 0x82, PROTOCOL),
    ("PINGRESP from a client", b"\xd0\0", 0x82, PROTOCOL),
    ("PUBACK without a packet id", packet(wire.PUBACK), 0x81, MALFORMED),
    ("PUBACK with packet id 0", packet(wire.PUBACK, b"\0\0"), 0x82, PROTOCOL),
    ("PUBLISH without a body", packet(wire.PUBLISH), 0x81, MALFORMED),
    ("a topic longer than the packet", packet(wire.PUBLISH, b"\0\x09abc"), 0x81, MALFORMED),
]


def of_version(version):
    """The cases whose bytes depend on the version."""
    def properties(wire_bytes=b""):
        return wire.properties(version, wire_bytes)

    def subscription(text, options=0, identifier=b"\0\1"):
        return packet(wire.SUBSCRIBE, identifier + properties() + block(text) + bytes([options]), 2)

    cases = BOTH + [
        ("a topic that is not UTF-8", publish(b"a\xc3\x28", version=version), 0x81, MALFORMED),
        ("a surrogate in a topic", publish(b"a\xed\xa0\x80", version=version), 0x81, MALFORMED),
        ("NUL in a topic", publish(b"a\0b", version=version), 0x81, MALFORMED),
        ("# in a topic", publish("a/#", version=version), 0x90, PROTOCOL),
        ("+ in a topic", publish("a/+/b", version=version), 0x90, PROTOCOL),
        ("an empty topic", publish("", version=version), 0x82, PROTOCOL),
        ("PUBLISH with packet id 0", publish("t", b"", 1, 0, version), 0x82, PROTOCOL),
        ("PUBLISH of QoS 2 with packet id 0", publish("t", b"", 2, 0, version), 0x82, PROTOCOL),
        ("SUBSCRIBE without filters", subscribe([], version=version), 0x82, PROTOCOL),
        ("UNSUBSCRIBE without filters", unsubscribe([], version=version), 0x82, PROTOCOL),
        ("SUBSCRIBE with packet id 0", subscription("t", 0, b"\0\0"), 0x82, PROTOCOL),
        ("an empty filter", subscription(""), 0x82, PROTOCOL),
        ("a filter that is not UTF-8", subscription(b"\xff"), 0x81, MALFORMED),
        ("NUL in a filter", subscription(b"a\0"), 0x81, MALFORMED),
        ("QoS 3 in SUBSCRIBE", subscription("t", 3), 0x82, PROTOCOL),
        ("reserved options in SUBSCRIBE", subscription("t", 0xC0), 0x81, MALFORMED),
        ("SUBSCRIBE without options", packet(wire.SUBSCRIBE, b"\0\1" + properties() + block("t"), 2), 0x81, MALFORMED),
    ]
    return cases if version == V5 else cases + [("AUTH before MQTT 5", packet(wire.AUTH), 0x81, MALFORMED)]


ONLY_V5 = [
    ("an unknown property", publish("t", version=V5, wire=b"\x7f\0"), 0x81, MALFORMED),
    ("a property of another packet", publish("t", version=V5, wire=b"\x11\0\0\0\1"), 0x81, MALFORMED),
    ("a property twice", publish("t", version=V5, wire=b"\x01\0\x01\0"), 0x82, PROTOCOL),
    ("a property cut short", publish("t", version=V5, wire=b"\x02\0\0"), 0x81, MALFORMED),
    ("a payload format of 2", publish("t", version=V5, wire=b"\x01\2"), 0x82, PROTOCOL),
    ("properties longer than the packet", packet(wire.PUBLISH, block("t") + b"\x7f"), 0x81, MALFORMED),
    ("a property length of five octets", packet(wire.PUBLISH, block("t") + b"\x80\x80\x80\x80\1"), 0x81, MALFORMED),
    ("a user property that is not UTF-8", publish("t", version=V5, wire=user_property(b"\xff")), 0x81, MALFORMED),
    ("topic alias 0", publish("t", version=V5, wire=b"\x23\0\0"), 0x94, PROTOCOL),
    ("a topic alias above the maximum", publish("t", version=V5, wire=b"\x23\xff\xff"), 0x94, PROTOCOL),
    ("a topic alias that was never set", publish("", version=V5, wire=b"\x23\0\1"), 0x82, PROTOCOL),
    ("a wildcard in Response Topic", publish("t", version=V5, wire=b"\x08" + block("a/#")), 0x82, PROTOCOL),
    ("a Subscription Identifier from a client", publish("t", version=V5, wire=b"\x0b\1"), 0x82, PROTOCOL),
    ("text that is not UTF-8", publish("t", b"\xff", version=V5, wire=b"\x01\1"), 0x99, PROTOCOL),
    ("Subscription Identifier 0", subscribe(["t"], version=V5, wire=b"\x0b\0"), 0x82, PROTOCOL),
    ("Subscription Identifier twice", subscribe(["t"], version=V5, wire=b"\x0b\1\x0b\1"), 0x82, PROTOCOL),
    ("retain handling 3", subscribe(["t"], version=V5, options=0x30), 0x82, PROTOCOL),
    ("No Local on a shared subscription", subscribe(["$share/g/t"], version=V5, options=4), 0x82, PROTOCOL),
    ("a reason code that PUBACK does not have", packet(wire.PUBACK, b"\0\1\x01\0"), 0x82, PROTOCOL),
    ("an unknown reason in DISCONNECT", packet(wire.DISCONNECT, b"\x03\0"), 0x82, PROTOCOL),
    ("AUTH without a method in CONNECT", packet(wire.AUTH), 0x82, PROTOCOL),
    ("a session expiry that CONNECT did not ask for", packet(wire.DISCONNECT, b"\0\x05\x11\0\0\0\1"), 0x82, PROTOCOL),
]

# Instead of a CONNECT: name, bytes, the CONNACK that is due (None: the connection just ends), the counter.
FIRST_PACKETS = [
    ("PINGREQ before CONNECT", wire.PING, None, PROTOCOL),
    ("PUBLISH before CONNECT", publish("t"), None, PROTOCOL),
    ("the beginning of a PUBLISH before CONNECT", publish("t", b"xxx")[:5], None, PROTOCOL),
    ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", None, PROTOCOL),
    ("TLS", bytes.fromhex("16 03 01 02 00 01 00 01 fc 03 03") + bytes(64), None, MALFORMED),
    ("zeros", bytes(16), None, MALFORMED),
    ("a length of five octets", b"\x10\x80\x80\x80\x80\x01", None, MALFORMED),
    ("CONNECT above the maximum", b"\x10\xff\xff\xff\x7f", None, TOO_LARGE),
    ("CONNECT with flags in its header", b"\x11" + connect("x")[1:], None, MALFORMED),
    ("the reserved connect flag", connect("x", flags=1), None, MALFORMED),
    ("will QoS without a will", connect("x", flags=0x08), None, MALFORMED),
    ("will QoS 3", connect("x", flags=0x18, will=("w", "")), None, MALFORMED),
    ("a wildcard in the will's topic", connect("x", will=("w/#", "")), None, PROTOCOL),
    ("a password without a user name", connect("x", flags=0x40), None, PROTOCOL),
    ("an unknown protocol name", connect("x", name="MQXX"), None, PROTOCOL),
    ("an unknown level", connect("x", level=6), (0, 1), PROTOCOL),
    ("no body", packet(wire.CONNECT), None, MALFORMED),
    ("a client id that is not UTF-8", connect(b"\xff"), None, MALFORMED),
    ("5.0: the reserved connect flag", connect("x", V5, flags=1), (0, 0x81), MALFORMED),
    ("5.0: an unknown property", connect("x", V5, wire=b"\x7f\0"), (0, 0x81), MALFORMED),
    ("5.0: a property twice", connect("x", V5, wire=b"\x21\0\1\x21\0\1"), (0, 0x82), PROTOCOL),
    ("5.0: Receive Maximum 0", connect("x", V5, wire=b"\x21\0\0"), (0, 0x82), PROTOCOL),
    ("5.0: Maximum Packet Size 0", connect("x", V5, wire=b"\x27\0\0\0\0"), (0, 0x82), PROTOCOL),
    ("5.0: data without a method", connect("x", V5, wire=b"\x16\0\0"), (0, 0x82), PROTOCOL),
    ("5.0: NUL in the client id", connect(b"a\0", V5), (0, 0x81), MALFORMED),
]


class MalformedTest(FaultTest):
    def answered(self, name, counter, peer, begin):
        """Everything up to the end of the connection; the counter must move and the log must tell."""
        before = self.server.metric(counter)
        begin()
        packets = peer.rest()
        self.assertEqual(self.server.metric(counter), before + 1, f"{name}: {counter}")
        peer.close()
        return packets

    def check_connected(self, version, cases):
        for name, data, reason, counter in cases:
            with self.subTest(version=version, case=name), self.client(version=version) as peer:
                packets = self.answered(name, counter, peer, lambda: peer.send(data))
                self.assertEqual(wire.disconnect_reason(packets), reason if version == V5 else None, name)

    def test_what_a_connected_client_sends(self):
        with self.probe():
            for version in (V311, V5):
                self.check_connected(version, of_version(version))
            self.check_connected(V5, ONLY_V5)
        self.assert_logged(r"client disconnected: client_id=\S+ peer=127\.0\.0\.1:\d+ reason=\w+ why=\"[^\"]+\[[^\]]+\]\"")

    def test_the_first_packet(self):
        with self.probe():
            for name, data, answer, counter in FIRST_PACKETS:
                with self.subTest(case=name), self.peer() as peer:
                    packets = self.answered(name, counter, peer, lambda: peer.send(data))
                    self.assertEqual([(first, tuple(body[:2])) for first, body in packets],
                                     [] if answer is None else [(0x20, answer)], name)
        self.assert_logged(r"connection closed: peer=127\.0\.0\.1:\d+ .*why=\"[^\"]*CONNECT")

    def test_sluicectl_shows_the_counters(self):
        with self.client() as peer:
            peer.send(wire.PING, packet(0))
            peer.rest()
        shown = dict(re.split(r"\s*:\s*", line) for line in self.server.sluicectl("broker", "metrics").splitlines())
        for counter in (MALFORMED, PROTOCOL, TOO_LARGE, "packets/over_limit"):
            self.assertEqual(int(shown[counter]), self.server.metric(counter), counter)
        self.assertEqual(self.moved(MALFORMED), 1)

    def test_garbage(self):
        # A multiplier that reaches every octet: the same bytes in each run.
        state = 12345
        with self.probe():
            for _ in range(300):
                data = bytearray()
                for _ in range(40):
                    state = (state * 1103515245 + 12345) % 2**31
                    data.append(state >> 16 & 255)
                version = V5 if state & 1 else V311
                with self.peer(connect("garbage", version)) as peer:
                    peer.accepted()
                    # Whatever it means, what comes last cannot be waited for.
                    peer.send(bytes(data) + b"\0\0")
                    peer.socket.shutdown(1)
                    peer.rest()
        wait_until(lambda: self.server.stats()["clients/count"] == 0, "all of them are gone")


class TruncatedTest(FaultTest):
    @staticmethod
    def packets(version):
        return [publish("some/topic", b"payload", 1, 7, version, wire=b"\x01\1" + user_property()),
                publish("some/topic", b"payload", 2, 8, version, retain=True),
                subscribe(["a/+", "b/#"], 9, version), unsubscribe(["a/+"], 10, version),
                wire.ack(wire.PUBACK, 3), wire.ack(wire.PUBREC, 3), wire.ack(wire.PUBREL, 3), wire.ack(wire.PUBCOMP, 3),
                wire.PING, packet(wire.DISCONNECT)]

    @staticmethod
    def connects():
        return [connect("cut", V31), connect("cut", V311, will=("will/cut", "gone")),
                connect("cut", V5, will=("will/cut", "gone"), wire=b"\x11\0\0\0\x0a" + user_property())]

    def test_the_connection_ends_within_a_packet(self):
        with self.probe():
            for data in self.connects():
                for length in range(len(data)):
                    with self.peer(data[:length]):
                        pass
            for version in (V311, V5):
                for data in self.packets(version):
                    for length in range(1, len(data)):
                        with self.client(version=version) as peer:
                            peer.send(data[:length])
        wait_until(lambda: self.server.listener()["current_clients"] == 0, "no connection is kept")
        self.assertEqual(self.server.stats()["sessions/count"], 0)

    def test_a_half_closed_connection_gets_its_answers_and_ends(self):
        with self.probe():
            for version in (V311, V5):
                with self.client(version=version) as peer:
                    peer.send(publish("t", b"", 1, 5, version), wire.PING, publish("t", b"half", version=version)[:4])
                    peer.socket.shutdown(1)
                    kinds = [first >> 4 for first, _ in peer.rest()]
                    self.assertEqual(kinds, [wire.PUBACK, wire.PINGRESP])
        wait_until(lambda: self.server.listener()["current_clients"] == 0, "no connection is kept")

    def test_a_packet_that_ends_within_a_field(self):
        """Cut at each length, with a length in the header that says so: it still is a packet, or it is malformed."""
        ended = 0
        with self.probe():
            for version in (V311, V5):
                for data in self.packets(version):
                    for length in range(len(data) - 2):
                        with self.client(version=version) as peer:
                            peer.send(packet(data[0] >> 4, data[2:2 + length], data[0] & 15), wire.PING)
                            kinds = [first >> 4 for first, _ in self.until_ping(peer)]
                            ended += wire.PINGRESP not in kinds
            for data in self.connects():
                for length in range(len(data) - 2):
                    with self.peer(packet(wire.CONNECT, data[2:2 + length])) as peer:
                        packets = peer.rest()
                        self.assertLessEqual(len(packets), 1)
                        self.assertTrue(all(first == 0x20 and body[1] != 0 for first, body in packets), packets)
                        ended += 1
        self.assertGreater(ended, 200)
        self.assertEqual(self.moved(MALFORMED) + self.moved(PROTOCOL), ended)

    @staticmethod
    def until_ping(peer):
        packets = []
        while (taken := peer.receive()) is not None:
            packets.append(taken)
            if taken[0] >> 4 == wire.PINGRESP:
                break
        return packets


class OversizedTest(FaultTest):
    MAX_PACKET = 16 * 1024
    CLIENTS = 50
    settings = {"mqtt.max_packet_size": f"{MAX_PACKET}"}

    def test_the_largest_packet_passes_and_one_octet_more_does_not(self):
        overhead = len(publish("t", b"x" * 10000, 1)) - 10000
        with self.probe():
            for version, reason in ((V311, None), (V5, 0x95)):
                more = overhead + (version == V5)
                with self.subTest(version=version), self.client(version=version) as peer:
                    peer.send(publish("t", b"x" * (self.MAX_PACKET - more), 1, 1, version))
                    peer.expect(wire.PUBACK)
                    peer.send(publish("t", b"x" * (self.MAX_PACKET - more + 1), 1, 2, version))
                    self.assertEqual(wire.disconnect_reason(peer.rest()), reason)
        self.assertEqual(self.moved(TOO_LARGE), 2)
        self.assert_logged(r"client disconnected: .* why=\"[^\"]*mqtt\.max_packet_size")

    def test_a_packet_that_is_announced_and_never_comes_costs_no_memory(self):
        """The largest packets that are allowed, all of them short of one octet: no more memory than what was sent."""
        data = publish("t", b"x" * (self.MAX_PACKET - 6))[:-1]
        self.client("warm")
        before = self.server.rss()
        with self.probe():
            peers = [self.client(f"{self.name}{number}") for number in range(self.CLIENTS)]
            announced = self.server.rss()
            for peer in peers:
                peer.send(data[:4])
            for peer in peers:
                self.assertLessEqual(self.server.rss() - announced, 2 * 1024 * 1024)
            for peer in peers:
                peer.send(data[4:])
            wait_until(lambda: self.moved("bytes/received") >= self.CLIENTS * len(data), "all has been read")
            self.assert_memory(before, 2 * self.CLIENTS * self.MAX_PACKET + 4 * 1024 * 1024,
                               "clients x mqtt.max_packet_size, and as much again for growing buffers")
            for peer in peers:
                peer.close()
            wait_until(lambda: self.server.stats()["clients/count"] == 3, "they are gone")


if __name__ == "__main__":
    unittest.main()
