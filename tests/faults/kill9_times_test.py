# SPDX-License-Identifier: Apache-2.0
"""Times that pass while the server is dead, and ends that must not be forgotten: delayed wills, expiry of sessions and
of messages, sessions that were ended before the kill."""
import struct
import time
import unittest

import wire
from fault_server import FaultTest, wait_until
from kill9.harness import durable_settings
from wire import V5, V311, connect, publish, subscribe

FOR_LONG = 1000
EARLIER = 0.1  # a clock that counts in tenths


def seconds(identifier, value):
    return bytes([identifier]) + struct.pack("!I", value)


def expiry(value):
    return seconds(0x11, value)


def will_delay(value):
    return seconds(0x18, value)


def message_expiry(value):
    return seconds(0x02, value)


class Kill9TimesTest(FaultTest):
    settings = durable_settings() | {"mqtt.session.expiry_interval": "1s"}

    def come(self, client_id, present, version=V5, keep=FOR_LONG, clean=False, **more):
        """Connects and checks whether the session is there."""
        peer = self.peer(connect(f"{self.name}-{client_id}", version, clean=clean,
                                 wire=expiry(keep) if version == V5 else b"", **more))
        body = peer.expect(wire.CONNACK)
        self.assertEqual((body[1], bool(body[0] & 1)), (0, present), f"{client_id}: reason code, session present")
        return peer

    def subscriber(self, client_id="subscriber", qos=1, **more):
        """A persistent subscriber of the test's topic, connected."""
        peer = self.come(client_id, False, **more)
        peer.send(subscribe([self.name], version=more.get("version", V5), options=qos))
        peer.expect(wire.SUBACK)
        return peer

    def leave(self, *peers, packet=b""):
        """The connections end, by themselves or with a DISCONNECT; the server has seen it."""
        for peer in peers:
            peer.send(packet)
            peer.close()
        wait_until(lambda: self.server.stats()["clients/count"] == 0, "nobody is connected")

    def settle(self):
        """What ends without an acknowledgement (CONNECT, DISCONNECT) is on disk when something later is acknowledged."""
        with self.peer(connect(f"{self.name}-settle", V5)).accepted() as peer:
            peer.send(publish("settle", self.name.encode(), 1, version=V5, retain=True))
            peer.expect(wire.PUBACK)

    def kill(self, until=None):
        """Kills the server and starts it again, at some time."""
        self.settle()
        self.server.kill()
        self.pass_until(until or 0.0)
        self.server.start_again()

    @staticmethod
    def pass_until(instant):
        """Time itself is the condition."""
        time.sleep(max(0.0, instant - time.monotonic()))

    def message(self, peer):
        """The next message of the topic: (properties, payload); acknowledged."""
        body = peer.expect(wire.PUBLISH)
        self.assertEqual(wire.topic(body), self.name.encode())
        peer.send(wire.ack(wire.PUBACK, wire.packet_id(body)))
        at = 4 + len(wire.topic(body))
        length = body[at]
        return bytes(body[at + 1:at + 1 + length]), bytes(body[at + 1 + length:])

    def publish(self, payload, **more):
        with self.peer(connect(f"{self.name}-publisher", V5)).accepted() as peer:
            peer.send(publish(self.name, payload, 1, version=V5, **more))
            peer.expect(wire.PUBACK)

    def assert_nothing(self, peer):
        """Nothing more comes than the answer to a PINGREQ."""
        peer.send(wire.PING)
        self.assertEqual(peer.receive()[0] >> 4, wire.PINGRESP)

    def leave_with_will(self, delay, **more):
        """A client with a will dies; when its connection ended. A persistent subscriber is away."""
        subscriber = self.subscriber()
        dying = self.come("dying", False, will=(self.name, b"will"), will_wire=will_delay(delay), flags=1 << 3, **more)
        self.leave(subscriber, dying)
        return time.monotonic()

    # Wills.

    def test_a_will_whose_time_comes_while_the_server_is_dead(self):
        ended = self.leave_with_will(delay=1)
        self.kill(until=ended + 1.5)
        self.assertEqual(self.message(self.come("subscriber", True)), (b"", b"will"))

    def test_a_will_whose_time_comes_after_the_restart(self):
        ended = self.leave_with_will(delay=2)
        self.kill()
        subscriber = self.come("subscriber", True)
        self.assertEqual(self.message(subscriber), (b"", b"will"))
        self.assertGreaterEqual(time.monotonic() - ended, 2 - EARLIER)
        self.assert_nothing(subscriber)

    def test_no_will_when_the_client_is_back_in_time(self):
        ended = self.leave_with_will(delay=2)
        self.kill()
        self.leave(self.come("dying", True), packet=wire.packet(wire.DISCONNECT))
        self.pass_until(ended + 2.5)
        self.publish(b"the time is over")
        self.assertEqual(self.message(self.come("subscriber", True)), (b"", b"the time is over"))

    def test_a_will_is_published_when_the_session_ends_while_the_server_is_dead(self):
        ended = self.leave_with_will(delay=FOR_LONG, keep=1)
        self.kill(until=ended + 1.5)
        self.assertEqual(self.message(self.come("subscriber", True)), (b"", b"will"))

    def test_a_will_is_published_once(self):
        ended = self.leave_with_will(delay=1)
        self.kill(until=ended + 1.5)
        subscriber = self.come("subscriber", True)
        self.assertEqual(self.message(subscriber), (b"", b"will"))
        self.assert_nothing(subscriber)
        self.leave(subscriber)
        self.kill()
        self.assert_nothing(self.come("subscriber", True))

    # Sessions.

    def test_a_session_that_expires_while_the_server_is_dead(self):
        self.leave(self.subscriber("short", keep=1), self.subscriber("short-v3", version=V311),
                   self.subscriber("long"), self.subscriber("for-ever", keep=0xFFFFFFFF))
        self.publish(b"queued")
        self.kill(until=time.monotonic() + 1.5)
        self.assert_nothing(self.come("short", False))
        self.assert_nothing(self.come("short-v3", False, version=V311))
        for client_id in ("long", "for-ever"):
            self.assertEqual(self.message(self.come(client_id, True)), (b"", b"queued"))

    def test_a_session_whose_time_has_begun_goes_on_to_expire_after_the_restart(self):
        self.leave(self.subscriber("short", keep=2))
        ended = time.monotonic()
        self.kill()
        self.pass_until(ended + 2.5)
        self.assert_nothing(self.come("short", False))

    def test_sessions_that_were_ended_do_not_come_back(self):
        self.leave(self.subscriber("clean-start"), self.subscriber("clean-start-v3", version=V311))
        self.leave(self.come("clean-start", False, clean=True, keep=0),
                   self.come("clean-start-v3", False, clean=True, version=V311))
        # Session Expiry Interval 0 in the DISCONNECT.
        ending = wire.packet(wire.DISCONNECT, b"\x00" + wire.properties(V5, expiry(0)))
        self.leave(self.subscriber("disconnect"), packet=ending)
        self.kill()
        for client_id, version in (("clean-start", V5), ("disconnect", V5), ("clean-start-v3", V311)):
            self.assert_nothing(self.come(client_id, False, version=version))

    # Messages.

    def test_messages_that_expire_while_the_server_is_dead(self):
        self.leave(self.subscriber())
        self.publish(b"short", wire=message_expiry(1))
        self.publish(b"long", wire=message_expiry(FOR_LONG))
        self.kill(until=time.monotonic() + 1.5)
        subscriber = self.come("subscriber", True)
        properties, payload = self.message(subscriber)
        self.assertEqual((payload, properties[0]), (b"long", 2))
        self.assertIn(int.from_bytes(properties[1:], "big"), range(FOR_LONG - 60, FOR_LONG))
        self.assert_nothing(subscriber)

    def test_retained_messages_that_expire_while_the_server_is_dead(self):
        self.publish(b"short", wire=message_expiry(1), retain=True)
        self.kill(until=time.monotonic() + 1.5)
        self.assert_nothing(self.subscriber("late"))
        self.publish(b"long", wire=message_expiry(FOR_LONG), retain=True)
        self.kill(until=time.monotonic() + 1.1)
        properties, payload = self.message(self.subscriber("later"))
        self.assertEqual((payload, properties[0]), (b"long", 2))
        self.assertLess(int.from_bytes(properties[1:], "big"), FOR_LONG)


if __name__ == "__main__":
    unittest.main()
