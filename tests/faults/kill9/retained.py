# SPDX-License-Identifier: Apache-2.0
"""Retained messages that are set and cleared, and who looks at them after each kill."""
import time

import wire

from .client import Client
from .streams import Stream

ALL = "retained/#"
DEADLINE = 10


class RetainedStream(Stream):
    """`history` begins with the message that was acknowledged last; the others were sent after it."""

    def __init__(self, topic, version, clears):
        super().__init__(topic, 1, version)
        self._clears = clears
        self._history = [0]

    def empty(self, number):
        return number == 0 or self._clears and number % 5 in (0, 3)

    def payload(self, number):
        return b"" if self.empty(number) else super().payload(number)

    def properties(self, _):
        return b""

    def retained(self, _):
        return True

    def next(self):
        number = super().next()
        self._history.append(number)
        return number

    def again(self, number):
        super().again(number)
        self._history.append(number)

    def acknowledged(self, number):
        super().acknowledged(number)
        if number in self._history:
            latest = len(self._history) - 1 - self._history[::-1].index(number)
            del self._history[:latest]

    def allowed(self):
        """What may lie there now: payloads, empty where nothing may lie there."""
        return {self.payload(number) for number in self._history}

    def explain(self):
        def name(number):
            return f"{number} (none)" if self.empty(number) else str(number)
        return f"the last acknowledged is {name(self._history[0])}, sent after it {list(map(name, self._history[1:]))}"


class Looker(Client):
    """Connects with clean start, reads all retained messages and is `done`."""

    clean = True

    def __init__(self, load, name, version, streams):
        super().__init__(load, name, version)
        self._streams = {stream.topic: stream for stream in streams}
        self._found = {}
        self._pong = False
        self._end = 0
        self.done = False

    def look(self, port):
        self._found = {}
        self._pong = self.done = False
        self._end = time.monotonic() + DEADLINE
        self.connect(port)

    def on_connected(self, resumed):
        self.send(wire.subscribe([ALL], 1, self.version, options=1) + wire.PING)

    def on_publish(self, publish):
        stream = self._streams.get(publish.topic)
        if publish.qos:
            self.send(wire.ack(wire.PUBACK, publish.packet_id))
        if stream is None or not publish.retain or publish.topic in self._found:
            self.violation(f"an unexpected message on {publish.topic}: {publish.payload[:60]}")
            return
        self._found[publish.topic] = publish.payload
        if publish.payload not in stream.allowed():
            self.violation(f"the retained message of {publish.topic} is {publish.payload[:60]}; {stream.explain()}")

    def on_packet(self, kind, body):
        if kind == wire.PINGRESP:
            self._pong = True
        elif kind != wire.SUBACK:
            super().on_packet(kind, body)

    def tick(self, now):
        if not self.up or self.done:
            return
        missing = [s for s in self._streams.values() if s.topic not in self._found and b"" not in s.allowed()]
        if not missing and self._pong or now > self._end:
            for stream in missing:
                self.violation(f"no retained message on {stream.topic}; {stream.explain()}")
            self.done = True
            self.load.count("retained_checks")
            self.leave(polite=True)
