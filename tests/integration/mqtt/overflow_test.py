# SPDX-License-Identifier: Apache-2.0
"""Queues that are full: what publishers, subscribers and operators get to know of it, by mqtt.session.overflow."""
import http.client
import json
import socket
import struct
import unittest

from support.client import V5, V311, Client
from support.sluice import ServerTest

NODE = "sluice@127.0.0.1"
LIMIT = 5
DEADLINE = 20
CONNACK, PUBACK, PUBREC, PINGRESP, SUBACK = 0x20, 0x40, 0x50, 0xD0, 0x90
RETAINED = 0x33  # PUBLISH at QoS 1 with RETAIN
QUOTA_EXCEEDED = 0x97


class Wire:
    """A client that sends and reads packets of less than 128 bytes as they are."""

    def __init__(self, port, client_id, version, clean=True):
        self._version = version
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        properties = b"\x00" if version == 5 else b""
        self.send(0x10, b"\x00\x04MQTT" + bytes([version, clean << 1]) + b"\x00\x3c" + properties + self._text(client_id))
        assert self.read()[0] == CONNACK

    @staticmethod
    def _text(text):
        return struct.pack("!H", len(text)) + text.encode()

    def send(self, first, body=b""):
        self._socket.sendall(bytes([first, len(body)]) + body)

    def publish(self, topic, payload, qos, packet_id, retain=False):
        properties = b"\x00" if self._version == 5 else b""
        self.send(0x30 | qos << 1 | retain, self._text(topic) + struct.pack("!H", packet_id) + properties + payload)

    def ping(self):
        self.send(0xC0)

    def subscribe(self, topic, packet_id, qos=0):
        self.send(0x82, struct.pack("!H", packet_id) + self._text(topic) + bytes([qos]))

    def disconnect(self):
        """Returns when the server knows of it."""
        self.send(0xE0)
        assert self.read() is None
        self.close()

    def read(self):
        """First byte and body of the next packet; None at the end of the connection."""
        head = self._exactly(2)
        return None if head is None else (head[0], self._exactly(head[1]))

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                return None
            data += more
        return data

    def close(self):
        self._socket.close()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(self._path)


def active_alarms(server):
    """The ids of the list that operators get."""
    connection = UnixConnection(server.folder / "sluice.sock")
    connection.request("GET", f"/api/v2/nodes/{NODE}/alarms")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return {alarm["id"]: alarm for alarm in answer["result"]}


class OverflowCase(ServerTest):
    def away(self, retained=False):
        """The session named as the test, subscribed to a topic of that name, without its client; which has had the
        retained message."""
        client = Wire(self.server.port(), self.name, 4, clean=False)
        client.subscribe(self.name, 1, qos=1)
        self.assertEqual(client.read()[0], SUBACK)
        if retained:
            first, body = client.read()
            self.assertEqual(first, RETAINED)
            client.send(PUBACK, body[2 + len(self.name):][:2])
        client.disconnect()

    def back(self):
        return Client(self.server.port(), self.name, clean=False)

    def wire(self, version, client_id="publisher"):
        client = Wire(self.server.port(), f"{self.name}-{client_id}", version)
        self.addCleanup(client.close)
        return client

    def fill(self, count=LIMIT):
        with Client(self.server.port()) as publisher:
            for number in range(count):
                publisher.publish(self.name, str(number), 1)

    def watch_alarms(self):
        watcher = Client(self.server.port())
        self.addCleanup(watcher.disconnect)
        watcher.subscribe(f"$SYS/brokers/{NODE}/alarms/queue_full/{self.name}/+")
        return watcher

    def lines(self):
        """What the log says of it, at least one line."""
        self.server.wait_for_output(f"queue full: client_id={self.name} ", DEADLINE)
        return [line for line in self.server.output.splitlines() if "queue full:" in line and self.name in line]


class RefuseTest(OverflowCase):
    settings = {"mqtt.session.overflow": "refuse", "mqtt.session.refuse_timeout": "1s",
                "mqtt.mqueue.max_length": LIMIT}

    def test_an_mqtt5_publisher_is_told_and_nobody_gets_the_message(self):
        self.away()
        with Client(self.server.port()) as other:
            other.subscribe(self.name, 1)
            self.fill()
            publisher = self.wire(5)
            for qos, answer in ((1, PUBACK), (2, PUBREC)):
                publisher.publish(self.name, b"too much", qos, 1)
                self.assertEqual(publisher.read(), (answer, b"\x00\x01" + bytes([QUOTA_EXCEEDED])))
            other.receive(LIMIT)
            other.publish(self.name, "last", 0)
            self.assertEqual(other.receive().payload, b"last")
        with self.back() as client:
            self.assertEqual([int(message.payload) for message in client.receive(LIMIT)], list(range(LIMIT)))

    def test_an_older_publisher_is_not_answered_but_served_and_then_disconnected(self):
        self.away()
        self.fill()
        for qos in (1, 2):
            with self.subTest(qos=qos):
                publisher = self.wire(4, f"q{qos}")
                publisher.publish(self.name, b"too much", qos, 1)
                publisher.ping()
                self.assertEqual(publisher.read()[0], PINGRESP)
                publisher.subscribe("x", 2)
                self.assertEqual(publisher.read()[0], SUBACK)
                publisher.publish(f"{self.name}/elsewhere", b"", 1, 3)
                self.assertEqual(publisher.read(), (PUBACK, b"\x00\x03"))
                self.assertIsNone(publisher.read())
                self.assertIsNotNone(self.server.wait_for_output(
                    f"client disconnected: client_id={self.name}-q{qos} .*refuse_timeout", DEADLINE))

    def test_the_message_is_taken_once_there_is_room(self):
        self.away()
        self.fill()
        first = self.wire(4, "one")
        first.publish(self.name, b"again", 1, 7)
        self.assertIsNone(first.read())
        with self.back() as client:
            client.receive(LIMIT)
            second = self.wire(4, "two")
            second.publish(self.name, b"again", 1, 7)
            self.assertEqual(second.read(), (PUBACK, b"\x00\x07"))
            self.assertEqual(client.receive().payload, b"again")

    def test_who_sends_it_again_on_the_same_connection_stays(self):
        self.away()
        self.fill()
        publisher = self.wire(4)
        publisher.publish(self.name, b"again", 1, 7)
        publisher.ping()
        self.assertEqual(publisher.read()[0], PINGRESP)
        with self.back() as client:
            client.receive(LIMIT)
            publisher.publish(self.name, b"again", 1, 7)
            self.assertEqual(publisher.read(), (PUBACK, b"\x00\x07"))
            other = self.wire(4, "other")
            # Somebody who is refused later is disconnected later: the first one's time is over then.
            other.publish(self.name, b"once", 1, 8)
            self.assertEqual(other.read(), (PUBACK, b"\x00\x08"))
            client.receive(2)
        self.fill()
        other.publish(self.name, b"too much", 1, 9)
        self.assertIsNone(other.read())
        publisher.ping()
        self.assertEqual(publisher.read()[0], PINGRESP)

    def test_one_alarm_and_one_line(self):
        watcher = self.watch_alarms()
        self.away()
        self.fill()
        publisher = self.wire(5)
        for packet_id in range(1, 50):
            publisher.publish(self.name, b"", 1, packet_id)
            self.assertEqual(publisher.read()[1][2], QUOTA_EXCEEDED)
        raised = watcher.receive()
        self.assertTrue(raised.topic.endswith("/alert"))
        self.assertEqual(json.loads(raised.payload)["severity"], "error")
        self.assertIn(f"queue_full/{self.name}", active_alarms(self.server))
        self.assertEqual(len(self.lines()), 1)
        self.assertIn(f"topic={self.name}", self.lines()[0])
        with self.back() as client:
            client.receive(LIMIT)
            self.assertTrue(watcher.receive().topic.endswith("/clear"))
        self.assertNotIn(f"queue_full/{self.name}", active_alarms(self.server))
        self.assertEqual(watcher.waiting(), 0)

    def test_a_refused_message_is_not_retained(self):
        with Client(self.server.port()) as keeper:
            keeper.publish(self.name, "kept", 1, retain=True)
        self.away(retained=True)
        self.fill()
        publisher = self.wire(5)
        publisher.publish(self.name, b"refused", 1, 1, retain=True)
        self.assertEqual(publisher.read()[1][2], QUOTA_EXCEEDED)
        with Client(self.server.port()) as late:
            late.subscribe(self.name)
            self.assertEqual(late.receive().payload, b"kept")


class DropTest(OverflowCase):
    settings = {"mqtt.mqueue.max_length": LIMIT}

    def test_the_newest_are_kept_and_it_is_told_once(self):
        watcher = self.watch_alarms()
        self.away()
        with Client(self.server.port(), version=V5) as publisher:
            for number in range(4 * LIMIT):
                publisher.publish(self.name, str(number), 1)
        self.assertTrue(watcher.receive().topic.endswith("/alert"))
        alarms = active_alarms(self.server)
        self.assertEqual(alarms[f"queue_full/{self.name}"]["severity"], "error")
        self.assertIn(f"queue_high_watermark/{self.name}", alarms)
        self.assertEqual(len(self.lines()), 1)
        self.assertNotIn("message dropped:", self.server.output)
        with self.back() as client:
            received = [int(message.payload) for message in client.receive(LIMIT)]
            self.assertEqual(received, list(range(3 * LIMIT, 4 * LIMIT)))
            self.assertTrue(watcher.receive().topic.endswith("/clear"))
        self.assertNotIn(f"queue_full/{self.name}", active_alarms(self.server))

    def test_the_alarm_ends_with_the_session(self):
        watcher = self.watch_alarms()
        self.away()
        self.fill()
        self.fill()
        self.assertTrue(watcher.receive().topic.endswith("/alert"))
        with Client(self.server.port(), self.name, V311):
            self.assertTrue(watcher.receive().topic.endswith("/clear"))


class AwaitingReleaseTest(ServerTest):
    settings = {"mqtt.session.max_awaiting_rel": 1, "mqtt.session.refuse_timeout": "1s",
                "mqtt.session.await_rel_timeout": "0s"}

    def test_an_older_client_without_pubrel_is_disconnected(self):
        client = Wire(self.server.port(), self.name, 4)
        self.addCleanup(client.close)
        client.publish(self.name, b"", 2, 1)
        self.assertEqual(client.read(), (PUBREC, b"\x00\x01"))
        client.publish(self.name, b"", 2, 2)
        client.ping()
        self.assertEqual(client.read()[0], PINGRESP)
        self.assertIsNone(client.read())


if __name__ == "__main__":
    unittest.main()
