# SPDX-License-Identifier: Apache-2.0
"""A publisher with a persistent session: it sends again what was not acknowledged, and says what was."""
import math

import wire

from .client import Client


class Flight:
    """A message under way. `received`: its PUBREC has come."""

    def __init__(self, stream, number):
        self.stream = stream
        self.number = number
        self.received = False


class Publisher(Client):
    """`window` messages under way at most, `rate` a second (inf: as many as the window lets)."""

    def __init__(self, load, name, version, streams, window=10):
        super().__init__(load, name, version)
        self.streams = streams
        self.window = window
        self.rate = math.inf
        self.flights = {}
        self.stopped = False
        self._next_id = 0
        self._begin = None
        self._sent = 0

    def on_connected(self, resumed):
        for packet_id, flight in self.flights.items():
            if flight.received:
                self.send(wire.ack(wire.PUBREL, packet_id))
            else:
                flight.stream.again(flight.number)
                self._transmit(packet_id, flight, dup=True)
        self.load.count("published_again", sum(not flight.received for flight in self.flights.values()))
        self._begin = None
        self._sent = 0

    def _transmit(self, packet_id, flight, dup):
        stream, number = flight.stream, flight.number
        self.send(wire.publish(stream.topic, stream.payload(number), stream.qos, packet_id, self.version,
                               retain=stream.retained(number), dup=dup, wire=stream.properties(number)))

    def tick(self, now):
        if not self.up or self.stopped:
            return
        self._begin = self._begin or now
        while len(self.flights) < self.window and self._sent <= (now - self._begin) * self.rate:
            self._sent += 1
            self._publish(self.load.random.choice(self.streams))
            if self._sent % 64 == 0:
                break
        self.flush()

    def _publish(self, stream):
        while True:
            self._next_id = self._next_id % 65535 + 1
            if self._next_id not in self.flights:
                break
        flight = self.flights[self._next_id] = Flight(stream, stream.next())
        self.load.count("published")
        self._transmit(self._next_id, flight, dup=False)

    def on_packet(self, kind, body):
        packet_id = int.from_bytes(body[:2], "big")
        reason = body[2] if len(body) > 2 else 0
        flight = self.flights.get(packet_id)
        if flight is None or kind not in (wire.PUBACK, wire.PUBREC, wire.PUBCOMP):
            self.violation(f"a packet of type {kind} for the packet id {packet_id}, which is not under way")
            return
        what = flight.stream.describe(flight.number)
        if reason >= 0x80 and kind != wire.PUBCOMP:
            self.violation(f"refused with {reason:#x}: {what}")
        if kind == wire.PUBACK and flight.stream.qos == 1:
            self._acknowledged(flight)
            del self.flights[packet_id]
        elif kind == wire.PUBREC and flight.stream.qos == 2:
            if not flight.received:
                flight.received = True
                self._acknowledged(flight)
            self.send(wire.ack(wire.PUBREL, packet_id))
        elif kind == wire.PUBCOMP and flight.received:
            del self.flights[packet_id]
        else:
            self.violation(f"a packet of type {kind} out of turn, packet id {packet_id}: {what}")

    def _acknowledged(self, flight):
        flight.stream.acknowledged(flight.number)
        self.load.count(f"acknowledged_qos{flight.stream.qos}")
