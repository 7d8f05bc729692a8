# SPDX-License-Identifier: Apache-2.0
"""Floods: of CONNECT, of SUBSCRIBE, of topics, of user properties, of retained messages, of QoS 2 without PUBREL."""
import itertools
import pathlib
import struct
import tempfile
import unittest

import wire
from fault_server import FaultServer, FaultTest, wait_until
from wire import V5, V311, Peer, connect, publish, subscribe, user_property

MEGABYTE = 1024 * 1024
QUOTA_EXCEEDED = 0x97


def batches(items, size):
    items = iter(items)
    while batch := list(itertools.islice(items, size)):
        yield batch


class ConnectFloodTest(FaultTest):
    MAX_SESSIONS = 40
    FLOOD = 1000
    settings = {"mqtt.max_sessions": MAX_SESSIONS, "listener.tcp.external.max_clients": 100}

    def test_more_sessions_than_allowed(self):
        with self.probe():
            present = 2  # the probe pair's
            for number in range(present, self.MAX_SESSIONS):
                self.client(f"{self.name}{number}")
            for version, code in ((V311, 3), (V5, QUOTA_EXCEEDED)):
                with self.subTest(version=version), self.peer(connect("one more", version)) as peer:
                    self.assertEqual(peer.expect(wire.CONNACK)[1], code)
                    self.assertEqual(peer.rest(), [])
        self.assertEqual(self.moved("sessions/refused"), 2)
        self.assert_logged(r"client refused: .*mqtt\.max_sessions")

    def test_connects_with_one_client_id(self):
        """Each takes the session over from the one before: nothing piles up."""
        with self.probe():
            before = self.server.rss()
            for batch in batches(range(self.FLOOD), 20):
                peers = [self.peer(connect(self.name, keep_alive=0)) for _ in batch]
                for peer in peers:
                    peer.accepted()
                for peer in peers[:-1]:
                    self.assertEqual(peer.rest(), [])
                for peer in peers:
                    peer.close()
            self.assert_memory(before, 2 * MEGABYTE, "one session at a time")
        self.assertGreaterEqual(self.moved("sessions/taken_over"), self.FLOOD // 2)
        self.assert_logged(r'client disconnected: client_id=\S+ peer=\S+ reason="session taken over" by=\S+; if this')
        wait_until(lambda: self.server.stats()["sessions/count"] == 0, "nobody is left")

    def test_connects_that_come_and_go(self):
        with self.probe():
            self.come_and_go(self.FLOOD // 2)
            before = self.server.rss()
            self.come_and_go(self.FLOOD)
            self.assert_memory(before, 2 * MEGABYTE, "who is gone costs nothing")
        self.assertGreaterEqual(self.moved("packets/connect"), self.FLOOD)
        wait_until(lambda: self.server.listener()["current_clients"] == 0, "no connection is kept")

    def come_and_go(self, count):
        for number in range(count):
            with Peer(self.server.port(), connect(f"{self.name}{number}", will=("will", "x" * 500))) as peer:
                peer.accepted()
                peer.send(wire.packet(wire.DISCONNECT))
                peer.rest()

    def test_more_connections_than_allowed(self):
        with self.probe():
            peers = [self.peer() for _ in range(98)]
            wait_until(lambda: self.server.listener()["current_clients"] == 100, "every place is taken")
            for _ in range(20):
                with self.peer() as peer:
                    peer.send_while_open(connect("one more"))
                    self.assertEqual(peer.rest(), [])
            for peer in peers[:5]:
                peer.close()
            wait_until(lambda: self.server.listener()["current_clients"] < 100, "places are free again")
            self.client("now there is room")
        self.assertEqual(self.moved("listeners/refused/full"), 20)
        self.assert_logged(r"connection refused: peer=\S+ listener=mqtt:tcp:external "
                           r"key=listener\.tcp\.external\.max_clients")
        self.assertGreaterEqual(self.server.listener()["shutdown_count"]["max_clients"], 20)

    def test_connects_above_the_rate_wait(self):
        server = FaultServer({"listener.tcp.external.max_conn_rate": 50})
        self.addCleanup(server.stop)
        with self.probe(server):
            peers = [Peer(server.port(), connect(f"{self.name}{number}")) for number in range(100)]
            for peer in peers:
                peer.accepted()
                peer.close()


class SubscribeFloodTest(FaultTest):
    MAX_SUBSCRIPTIONS = 10_000
    settings = {"mqtt.session.max_subscriptions": MAX_SUBSCRIPTIONS, "mqtt.max_filters_per_packet": 1000}

    def test_more_subscriptions_than_allowed(self):
        with self.probe():
            for version, code in ((V311, 0x80), (V5, QUOTA_EXCEEDED)):
                with self.subTest(version=version), self.client(version=version) as peer:
                    granted = refused = 0
                    for batch in batches((f"{version}/{n}" for n in range(self.MAX_SUBSCRIPTIONS + 1000)), 500):
                        peer.send(subscribe(batch, version=version))
                        codes = peer.expect(wire.SUBACK)[2 + (version == V5):]
                        granted += codes.count(0)
                        refused += codes.count(code)
                    self.assertEqual((granted, refused), (self.MAX_SUBSCRIPTIONS, 1000))
                    # What is there already may still be changed.
                    peer.send(subscribe([f"{version}/0"], version=version, options=1))
                    self.assertEqual(peer.expect(wire.SUBACK)[-1], 1)
            wait_until(lambda: self.server.stats()["subscriptions/count"] == 1, "their subscriptions went with them")
        self.assertEqual(self.moved("subscriptions/refused"), 2000)
        self.assert_logged(r"subscription refused: client_id=\S+ subscriptions=10000; raise "
                           r"mqtt\.session\.max_subscriptions")

    def test_more_filters_in_a_packet_than_allowed(self):
        filters = [f"f/{n}" for n in range(1001)]
        with self.probe():
            for version, reason in ((V311, None), (V5, QUOTA_EXCEEDED)):
                for packet in (subscribe, wire.unsubscribe):
                    with self.subTest(version=version, packet=packet), self.client(version=version) as peer:
                        peer.send(packet(filters, version=version))
                        self.assertEqual(wire.disconnect_reason(peer.rest()), reason)
        self.assertEqual(self.moved("packets/over_limit"), 4)
        self.assert_logged(r"client disconnected: .* why=\"more filters than mqtt\.max_filters_per_packet\"")
        wait_until(lambda: self.server.stats()["subscriptions/count"] == 0, "none of them was taken")

    def test_subscribing_and_unsubscribing_again_and_again(self):
        filters = [f"{self.name}/{n}/+" for n in range(200)]
        with self.probe(), self.client() as peer:
            for round_number in range(100):
                if round_number == 20:
                    before = self.server.rss()
                peer.send(subscribe(filters), wire.unsubscribe(filters))
                peer.expect(wire.SUBACK)
                peer.expect(wire.UNSUBACK)
            self.assert_memory(before, MEGABYTE, "nothing is left of what was unsubscribed")
        self.assertEqual(self.moved("packets/unsubscribe"), 100)

    def test_filters_that_make_every_publish_expensive(self):
        """All 8,192 filters of thirteen levels "+" or "x" match one topic."""
        levels = 13
        filters = ["/".join(texts) for texts in itertools.product("+x", repeat=levels)]
        with self.probe(), self.client("greedy") as peer, self.client("other") as other:
            for batch in batches(filters, 512):
                peer.send(subscribe(batch))
                peer.expect(wire.SUBACK)
            topic = "/".join("x" * levels)
            for number in range(10):
                other.send(publish(topic, b"", 1, number + 1))
                other.expect(wire.PUBACK)
                self.assertEqual(peer.expect(wire.PUBLISH)[2:2 + len(topic)], topic.encode())
        self.assertEqual(self.moved("routes/expensive_matches"), 10)
        self.assert_logged(r"expensive match: topic=x/x/\S+ compared=\d+; .*mqtt\.session\.max_subscriptions")


class ManySubscriptionsTest(FaultTest):
    """100,000 subscriptions of one client, as fast as it can, in packets that are as large as the server allows."""

    COUNT, BATCH = 100_000, 4000

    def test_100000_subscriptions(self):
        with self.probe():
            self.client("warm")
            before = self.server.rss()
            peer = self.client()
            for number, batch in enumerate(batches((f"many/{n}/+" for n in range(self.COUNT)), self.BATCH)):
                peer.send(subscribe(batch, number + 1))
                self.assertEqual(set(peer.expect(wire.SUBACK)[2:]), {0})
            self.assertEqual(self.server.stats()["subscriptions/count"], self.COUNT + 1)
            self.assert_memory(before, self.COUNT * 1024, "no more than 1 KB each")
            full = self.server.rss()
            other = self.client("publisher")
            for n in range(0, self.COUNT, 1000):
                other.send(publish(f"many/{n}/x"))
                topic = f"many/{n}/x".encode()
                self.assertEqual(peer.expect(wire.PUBLISH)[2:2 + len(topic)], topic)
            peer.close()
            wait_until(lambda: self.server.stats()["subscriptions/count"] == 1, "its subscriptions went with it")
            # Again: memory that was freed is used again.
            peer = self.client()
            for number, batch in enumerate(batches((f"many/{n}/+" for n in range(self.COUNT)), self.BATCH)):
                peer.send(subscribe(batch, number + 1))
                peer.expect(wire.SUBACK)
            self.assert_memory(full, self.COUNT * 100, "a second round uses the memory of the first")
            peer.close()
            wait_until(lambda: self.server.stats()["subscriptions/count"] == 1, "its subscriptions went with it")

    def test_subscriptions_while_much_is_retained(self):
        """Each wildcard looks through the retained messages: that work is spread over many turns."""
        retained, filters = 2000, 2000
        with self.client("retainer") as peer:
            for n in range(retained):
                peer.send(publish(f"kept/{n}/a/b", b"x", retain=True))
            peer.ping()
        with self.probe(), self.client() as peer:
            peer.send(subscribe([f"+/+/a/{n}" for n in range(filters)]))
            self.assertEqual(set(peer.expect(wire.SUBACK)[2:]), {0})
            peer.send(subscribe(["kept/#"], 2))
            received = 0
            while received < retained:
                first, _ = peer.receive()
                received += first >> 4 == wire.PUBLISH
        wait_until(lambda: self.server.stats()["subscriptions/count"] == 0, "its subscriptions went with it")


class ReplayFloodTest(FaultTest):
    """Each subscription asks for what is retained, and waits for it when its client takes nothing more."""

    RETAINED, LENGTH = 40, 10
    settings = {"mqtt.mqueue.max_length": LENGTH, "mqtt.session.max_subscriptions": 60_000, "mqtt.acl_file": ""}

    def setUp(self):
        super().setUp()
        with self.client("retainer") as peer:
            for n in range(self.RETAINED):
                peer.send(publish(f"kept/{n}", b"x", retain=True, qos=1, packet_id=n + 1))
                peer.expect(wire.PUBACK)

    def blocked(self, wire_properties=b""):
        """A client that takes one message and acknowledges none; some are in its queue, the others wait."""
        peer = self.client(version=V5, wire=b"\x21\x00\x01")
        peer.send(subscribe(["kept/#"], version=V5, options=1, wire=wire_properties))
        self.assertEqual(peer.expect(wire.SUBACK)[-1], 1)
        return peer, peer.expect(wire.PUBLISH)

    def test_the_same_wildcard_again_and_again(self):
        """What is due for it is due once."""
        with self.probe(), self.client(version=V5) as peer:
            peer.send(subscribe(["kept/#"] * 500, version=V5))
            self.assertEqual(list(peer.expect(wire.SUBACK)[3:]), [0] * 500)
            for _ in range(self.RETAINED):
                peer.expect(wire.PUBLISH)
            peer.send(wire.PING)
            peer.expect(wire.PINGRESP)

    def test_what_was_given_up_is_not_due_any_more(self):
        """[MQTT-3.10.4-2], also when the filter is subscribed to again, without a wish for what is retained."""
        with self.probe(), self.client(version=V5) as peer:
            peer.send(subscribe(["kept/#"], version=V5) + wire.unsubscribe(["kept/#"], 2, V5) +
                      subscribe(["kept/#"], 3, version=V5, options=0x20) + wire.PING)
            for kind in (wire.SUBACK, wire.UNSUBACK, wire.SUBACK, wire.PINGRESP):
                peer.expect(kind)

    def test_a_replaced_subscription_says_how_the_rest_is_sent(self):
        """[MQTT-3.8.4-3]: its QoS and its identifier."""
        peer, body = self.blocked(b"\x0b\x07")
        peer.send(subscribe(["kept/#"], 2, version=V5, options=0x20, wire=b"\x0b\x09"))
        peer.expect(wire.SUBACK)
        acknowledged = 1
        peer.send(wire.ack(wire.PUBACK, wire.packet_id(body)))
        for _ in range(self.RETAINED - 1):
            first, body = peer.receive()
            self.assertEqual(first >> 4, wire.PUBLISH)
            qos = first >> 1 & 3
            self.assertIn(b"\x0b\x09" if qos == 0 else b"\x0b\x07", body)
            if qos:
                acknowledged += 1
                peer.send(wire.ack(wire.PUBACK, wire.packet_id(body)))
        self.assertLessEqual(acknowledged, self.LENGTH)

    def test_giving_up_many_of_them_at_once(self):
        """Takes no time that others would notice."""
        filters = [f"f/{n}" for n in range(50_000)]
        with self.probe():
            peer, _ = self.blocked()
            for batch in batches(filters, 1000):
                peer.send(subscribe(batch, version=V5))
                peer.expect(wire.SUBACK)
            for batch in batches(filters[:10_000], 1000):
                peer.send(wire.unsubscribe(batch, version=V5))
                self.assertEqual(set(peer.expect(wire.UNSUBACK)[3:]), {0})
            peer.close()
            wait_until(lambda: self.server.stats()["subscriptions/count"] <= 1, "its subscriptions went with it")


class ReplayToAbsentTest(FaultTest):
    RETAINED = 100
    settings = {"mqtt.mqueue.max_length": 10}

    def test_what_has_no_room_in_the_queue_waits_for_the_client(self):
        with self.client("retainer") as peer:
            for n in range(self.RETAINED):
                peer.send(publish(f"kept/{n}", b"x", retain=True, qos=1, packet_id=n + 1))
                peer.expect(wire.PUBACK)
        with self.client("away", clean=False) as peer:
            peer.send(subscribe(["kept/#"], options=1) + wire.packet(wire.DISCONNECT))
            peer.rest()
        wait_until(lambda: self.server.stats()["clients/count"] == 0, "it is away")
        with self.probe(), self.client("away", clean=False) as peer:
            topics = set()
            while len(topics) < self.RETAINED:
                body = peer.expect(wire.PUBLISH)
                topics.add(wire.topic(body))
                peer.send(wire.ack(wire.PUBACK, wire.packet_id(body)))
        self.assertEqual(self.moved("messages/dropped"), 0)


class TopicFloodTest(FaultTest):
    settings = {"mqtt.max_topic_levels": 16}

    def test_a_new_topic_for_every_message(self):
        """Nobody subscribes: nothing is kept of a topic, neither in the router nor in the client's ACL cache."""
        with self.probe(), self.client() as peer:
            self.flood(peer, 0, 20_000)
            before = self.server.rss()
            self.flood(peer, 20_000, 100_000)
            self.assert_memory(before, MEGABYTE, "topics without subscribers are forgotten")
        self.assertGreaterEqual(self.moved("messages/no_subscribers"), 100_000)

    def flood(self, peer, begin, end):
        for batch in batches(range(begin, end), 2000):
            peer.send(*(publish(f"flood/{n}/of/topics", b"x" * 16) for n in batch))
            peer.ping()

    def test_topic_aliases_are_bounded(self):
        with self.probe(), self.client(version=V5) as peer:
            for n in range(5000):
                alias = b"\x23" + struct.pack("!H", n % 16 + 1)
                peer.send(publish(f"alias/{n}/" + "x" * 200, version=V5, wire=alias))
            peer.ping()
            before = self.server.rss()
            for n in range(5000):
                alias = b"\x23" + struct.pack("!H", n % 16 + 1)
                peer.send(publish(f"alias/{n}/" + "y" * 200, version=V5, wire=alias))
            peer.ping()
            self.assert_memory(before, MEGABYTE, "mqtt.max_topic_alias topics at most")

    def test_more_levels_than_allowed(self):
        deep = "/".join("abcdefghijklmnopq")
        with self.probe():
            for version, qos, reason in ((V311, 0, None), (V311, 1, None), (V5, 0, 0x90)):
                with self.subTest(version=version, qos=qos), self.client(version=version) as peer:
                    peer.send(publish(deep, b"", qos, 1, version))
                    self.assertEqual(wire.disconnect_reason(peer.rest()), reason)
            with self.client(version=V5) as peer:
                peer.send(publish(deep, b"", 1, 1, V5), subscribe([deep], 2, V5))
                self.assertEqual(peer.expect(wire.PUBACK)[2], 0x90)
                self.assertEqual(peer.expect(wire.SUBACK)[-1], 0x8F)
        self.assertEqual(self.moved("packets/protocol_error"), 3)
        self.assert_logged(r"client disconnected: .* why=\"[^\"]*mqtt\.max_topic_levels")


    def test_a_limit_that_is_lowered_while_somebody_is_beyond_it(self):
        """It holds for what comes; what was accepted before still can be given up, one by one or by leaving."""
        deep = "/".join("abcdefghijkl")
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "emq_retainer.conf")
            file.write_text("mqtt.max_topic_levels = 32\n")
            server = FaultServer({"mqtt.plugins.etc_dir": folder})
            self.addCleanup(server.stop)
            with self.probe(server), Peer(server.port(), connect(self.name, keep_alive=0)) as peer:
                peer.accepted()
                peer.send(subscribe([deep + "/1", deep + "/2", f"$share/group/{deep}"]))
                self.assertEqual(peer.expect(wire.SUBACK)[2:], b"\0\0\0")
                file.write_text("mqtt.max_topic_levels = 8\n")
                server.reload()
                peer.send(subscribe([deep]), wire.unsubscribe([deep + "/1"], 2))
                self.assertEqual(peer.expect(wire.SUBACK)[2:], b"\x80")
                peer.expect(wire.UNSUBACK)
                peer.send(wire.packet(wire.DISCONNECT))
                peer.rest()
                wait_until(lambda: server.stats()["subscriptions/count"] == 1, "its subscriptions went with it")


class PropertyFloodTest(FaultTest):
    settings = {"mqtt.max_user_properties": 10, "mqtt.max_packet_size": "64KB"}

    def test_more_user_properties_than_allowed(self):
        ten, eleven = user_property() * 10, user_property() * 11
        with self.probe():
            with self.client(version=V5, wire=ten) as peer:
                peer.send(publish("t", b"", 1, 1, V5, wire=ten), subscribe(["t"], 2, V5, wire=ten))
                peer.expect(wire.PUBACK)
                peer.expect(wire.SUBACK)
            for packet in (publish("t", version=V5, wire=eleven), publish("t", b"", 1, 1, V5, wire=eleven),
                           subscribe(["t"], 1, V5, wire=eleven), wire.unsubscribe(["t"], 1, V5, wire=eleven)):
                with self.subTest(packet=packet[0]), self.client(version=V5) as peer:
                    peer.send(packet)
                    self.assertEqual(wire.disconnect_reason(peer.rest()), QUOTA_EXCEEDED)
            for packet in (connect("eleven", V5, wire=eleven),
                           connect("eleven", V5, will=("will", "gone"), will_wire=eleven)):
                with self.peer(packet) as peer:
                    self.assertEqual(peer.expect(wire.CONNACK)[1], QUOTA_EXCEEDED)
                    self.assertEqual(peer.rest(), [])
        self.assertEqual(self.moved("packets/over_limit"), 6)
        self.assert_logged(r"client disconnected: .* why=\"more user properties than mqtt\.max_user_properties\"")

    def test_packets_full_of_properties(self):
        """As many as fit into the largest packet: the connection ends, and nothing is left."""
        flood = publish("t", version=V5, wire=user_property() * 8000)
        with self.probe():
            for n in range(100):
                if n == 20:
                    before = self.server.rss()
                with self.client(version=V5) as peer:
                    peer.send_while_open(flood)
                    self.assertEqual(wire.disconnect_reason(peer.rest()), QUOTA_EXCEEDED)
            self.assert_memory(before, MEGABYTE, "packets that were refused")
        self.assertEqual(self.moved("packets/over_limit"), 100)


class RetainedFloodTest(FaultTest):
    MAX_MESSAGES, MAX_PAYLOAD = 1000, 1024
    settings = {"retainer.max_message_num": MAX_MESSAGES, "retainer.max_payload_size": MAX_PAYLOAD}

    def test_more_retained_messages_than_allowed(self):
        payload = b"x" * self.MAX_PAYLOAD
        own = self.server.stats()["retained/count"]  # of the server itself: outside the limit
        with self.probe(), self.client() as peer:
            before = self.server.rss()
            for batch in batches(range(20_000), 500):
                peer.send(*(publish(f"kept/{n}", payload, 1, n % 65535 + 1, retain=True) for n in batch))
                for _ in batch:
                    peer.expect(wire.PUBACK)
            self.assertEqual(self.server.stats()["retained/count"], own + self.MAX_MESSAGES)
            self.assert_memory(before, 3 * self.MAX_MESSAGES * (self.MAX_PAYLOAD + 512) + 4 * MEGABYTE,
                               "max_message_num x max_payload_size")
            # The messages that are there can be replaced and cleared, and make room for others.
            peer.send(publish("kept/0", b"new", 1, 1, retain=True), publish("kept/1", b"", 1, 2, retain=True),
                      publish("further", b"new", 1, 3, retain=True), subscribe(["kept/0", "further"], 4))
            kinds = [peer.receive()[0] >> 4 for _ in range(6)]
            self.assertEqual(sorted(kinds), [wire.PUBLISH] * 2 + [wire.PUBACK] * 3 + [wire.SUBACK])
        self.assertGreater(self.moved("retained/dropped"), 18_000)
        self.assert_logged(r"message not retained: topic=kept/\d+ .*raise retainer\.max_message_num")

    def test_a_retained_message_larger_than_allowed(self):
        with self.probe(), self.client("reader") as reader, self.client() as peer:
            reader.send(subscribe(["large"]))
            reader.expect(wire.SUBACK)
            peer.send(publish("large", b"x" * (self.MAX_PAYLOAD + 1), 1, 1, retain=True))
            peer.expect(wire.PUBACK)
            reader.expect(wire.PUBLISH)  # it is delivered
            peer.send(subscribe(["large"], 2))
            peer.expect(wire.SUBACK)
            peer.ping()  # and not kept
        self.assertEqual(self.moved("retained/dropped"), 1)
        self.assert_logged(r"message not retained: topic=large size=1025 limit=1024 raise retainer\.max_payload_size")


class Qos2FloodTest(FaultTest):
    settings = {"mqtt.session.max_awaiting_rel": 100, "mqtt.receive_maximum": 200}

    def test_messages_that_are_never_released(self):
        with self.probe():
            with self.client(version=V311) as peer:
                peer.send(*(publish("t", b"x", 2, n + 1) for n in range(500)), wire.PING)
                answers = [peer.receive()[0] >> 4 for _ in range(101)]
                self.assertEqual(answers, [wire.PUBREC] * 100 + [wire.PINGRESP])
        self.assertEqual(self.moved("messages/qos2/dropped"), 400)
        self.assert_logged(r"message refused: client_id=\S+ awaiting_rel=100; .*mqtt\.session\.max_awaiting_rel")

    def test_more_than_receive_maximum(self):
        """An MQTT 5 client is told in CONNACK how many there may be, so one more is its fault."""
        with self.probe(), self.peer(connect(self.name, V5)) as peer:
            self.assertIn(b"\x21" + struct.pack("!H", 100), peer.expect(wire.CONNACK))
            peer.send(*(publish("t", b"x", 2, n + 1, V5) for n in range(101)))
            packets = peer.rest()
            self.assertEqual([first >> 4 for first, _ in packets], [wire.PUBREC] * 100 + [wire.DISCONNECT])
            self.assertEqual(wire.disconnect_reason(packets), 0x93)
        self.assertEqual(self.moved("packets/over_limit"), 1)


if __name__ == "__main__":
    unittest.main()
