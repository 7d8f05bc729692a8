# SPDX-License-Identifier: Apache-2.0
"""Subscribers with persistent sessions: what they received, what they have not acknowledged, what must come again."""
import collections

import wire

from .client import Client
from .streams import Part

# Packet ids are remembered for so many connections.
GENERATIONS = 6


class Received:
    """A message whose exchange is not over: QoS 1 until the PUBACK leaves, QoS 2 until the PUBREL comes."""

    def __init__(self, key, qos):
        self.key = key
        self.qos = qos
        self.answered = False
        # Of QoS 1, and its publisher had no PUBACK when the connection was lost: the server promised nothing yet, and may
        # know it again or not.
        self.uncertain = False


class Subscriber(Client):
    """Subscribes `filters` with `qos`; `judges` by stream's name. `slow`: acknowledgements wait for up to so long."""

    def __init__(self, load, name, version, qos, filters, judges, slow=0):
        super().__init__(load, name, version)
        self.qos = qos
        self.filters = filters
        self.judges = judges
        self.slow = slow
        self.subscribed = False
        self.pong = False
        self.exchanges = {}       # by packet id, in the order of arrival
        self._answers = collections.deque()
        self._answer_at = 0
        self._due_again = {}      # what the last connection left behind
        self._ids = collections.deque([{}], maxlen=GENERATIONS)

    def ready(self):
        return self.up and self.subscribed

    def on_connected(self, resumed):
        self._ids.append({})
        if not resumed:
            self.exchanges.clear()
            self.subscribed = False
        self._due_again = {i: e for i, e in self.exchanges.items() if not e.uncertain}
        if self.filters and not self.subscribed:
            self.send(wire.subscribe(self.filters, 1, self.version, options=self.qos))
        else:
            self.subscribed = True

    def on_lost(self):
        self._answers.clear()
        for exchange in self.exchanges.values():
            name, number = exchange.key
            exchange.uncertain |= exchange.qos == 1 and number in self.load.streams[name].outstanding

    def on_packet(self, kind, body):
        packet_id = int.from_bytes(body[:2], "big")
        if kind == wire.SUBACK:
            if any(code != self.qos for code in body[2 if self.version != wire.V5 else 3:]):
                self.violation(f"SUBACK {bytes(body).hex()}")
            self.on_suback(packet_id)
        elif kind == wire.PUBREL:
            self._on_pubrel(packet_id)
        elif kind == wire.PINGRESP:
            self.pong = True
        else:
            super().on_packet(kind, body)

    def on_suback(self, _):
        self.subscribed = True

    def _on_pubrel(self, packet_id):
        exchange = self.exchanges.get(packet_id)
        # None: it was released before, and its PUBCOMP did not reach the server.
        if exchange is not None:
            if not exchange.answered:
                self.violation(f"PUBREL for the packet id {packet_id} without a PUBREC: {self._describe(exchange.key)}")
            del self.exchanges[packet_id]
        self._due_again.pop(packet_id, None)
        self.send(wire.ack(wire.PUBCOMP, packet_id))

    def _describe(self, key):
        name, number = key
        return self.load.streams[name].describe(number)

    def on_publish(self, publish):
        self.load.count("delivered")
        self.load.count("delivered_again", publish.dup)
        key = self._key(publish)
        if key is None:
            return
        known = self.exchanges.get(publish.packet_id)
        if known is not None and known.uncertain:
            if known.key != key:
                # Gone with the kill, and its packet id is used anew: this message is behind all others.
                del self.exchanges[publish.packet_id]
            known = None
        if known is not None:
            self._on_known(known, key, publish)
        if known is None or publish.qos == 1:
            self._on_new(key, publish)
        if known is None or known.key != key:
            known = self.exchanges[publish.packet_id] = Received(key, publish.qos)
        if self.slow:
            self._answers.append(publish.packet_id)
        else:
            self._answer(publish.packet_id)

    def _key(self, publish):
        """Stream and number of a message, None for one that is broken."""
        name, number, _ = (publish.payload.split(b" ", 2) + [b"", b""])[:3]
        stream = self.load.streams.get(name.decode(errors="replace"))
        judge = stream and self.judges.get(stream.name)
        if judge is None or not number.isdigit():
            self.violation(f"a message that is not for it on {publish.topic}: {publish.payload[:60]}")
            return None
        number = int(number)
        what = stream.describe(number)
        if publish.payload != stream.payload(number) or publish.topic != stream.topic:
            self.violation(f"not as it was sent: {what}, on {publish.topic} {len(publish.payload)} bytes")
        if self.version == wire.V5 and publish.properties != stream.properties(number):
            self.violation(f"properties not as they were sent: {what}: {publish.properties}")
        if publish.retain:
            self.violation(f"came with RETAIN: {what}")
        if publish.qos != min(stream.qos, self.qos):
            self.violation(f"came with QoS {publish.qos}: {what}")
        return stream.name, number

    def _on_known(self, known, key, publish):
        what, packet_id = self._describe(known.key), publish.packet_id
        if known.key != key:
            self.violation(f"packet id {packet_id}, DUP={publish.dup:d}, for {self._describe(key)}; the exchange of "
                           f"{what} with this packet id is not over")
        elif not publish.dup:
            self.violation(f"came again without DUP, packet id {packet_id}: {what}")
        elif packet_id not in self._due_again:
            self.violation(f"came again although the connection goes on, packet id {packet_id}: {what}")
        if packet_id in self._due_again:
            earlier = [i for i, e in self._due_again.items() if not e.answered]
            earlier = earlier[:earlier.index(packet_id)] if packet_id in earlier else []
            if earlier:
                self.violation(f"came again out of order, packet id {packet_id}: {what}; received before it, and not "
                               f"yet again: packet ids {earlier[:5]}")
            del self._due_again[packet_id]

    def _on_new(self, key, publish):
        name, number = key
        wrong = self.judges[name].arrived(self, number, publish)
        if wrong:
            self.violation(f"{wrong} [packet id {publish.packet_id}, DUP={publish.dup:d}]")
        ids = [packet_id for generation in self._ids for packet_id in generation.get(key, ())]
        # A message that its publisher sent again may be there twice, with two packet ids.
        if publish.dup and ids and publish.packet_id not in ids and not self.load.streams[name].resent[number]:
            self.violation(f"came again with packet id {publish.packet_id}, before it was {ids}: {self._describe(key)}")
        self._ids[-1].setdefault(key, []).append(publish.packet_id)

    def _answer(self, packet_id):
        exchange = self.exchanges.get(packet_id)
        if exchange is None:
            return
        exchange.answered = True
        self.send(wire.ack(wire.PUBREC if exchange.qos == 2 else wire.PUBACK, packet_id))
        if exchange.qos == 1:
            del self.exchanges[packet_id]

    def tick(self, now):
        if self._answers and now >= self._answer_at:
            self._answer_at = now + self.load.random.uniform(0, self.slow)
            while self._answers:
                self._answer(self._answers.popleft())
            self.flush()

    def unfinished(self):
        """For people: what the server still owes."""
        for packet_id, exchange in self.exchanges.items():
            if exchange.uncertain:
                continue
            owed = "no PUBREL came" if exchange.answered else "it did not come again"
            yield f"packet id {packet_id}: {owed}: {self._describe(exchange.key)}"


class Visitor(Subscriber):
    """Mostly away. In a round it may come at some time, and leave before the round ends."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self._come_at = self._leave_at = None

    def plan(self, now):
        random = self.load.random
        # In a run of a thousand rounds what waits for it must not grow and grow.
        far_behind = sum(judge.behind() for judge in self.judges.values()) > 10000
        self._come_at = now + random.uniform(0, 0.5) if far_behind or random.random() < 0.4 else None
        self._leave_at = now + random.uniform(0.1, 1) if not far_behind and random.random() < 0.6 else None

    def stay(self):
        self._leave_at = None

    def tick(self, now):
        if self._come_at is not None and now >= self._come_at and self.load.port is not None:
            self._come_at = None
            if self.socket is None:
                self.connect(self.load.port)
        if self._leave_at is not None and now >= self._leave_at and self.ready():
            self._leave_at = None
            self.leave(polite=self.load.random.random() < 0.5)
        super().tick(now)


class Changing(Subscriber):
    """Subscribes and unsubscribes `topics`; one request at a time, asked again after a kill when nobody answered."""

    def __init__(self, load, name, version, topics, qos, streams):
        super().__init__(load, name, version, qos, [], {s.name: Part(s) for s in streams})
        self._topics = topics
        self._request = None   # topic, whether it subscribes, packet id
        self._last_id = 0
        self._next_at = 0

    def _parts(self, topic):
        return [judge for judge in self.judges.values() if judge.stream.topic == topic]

    def on_connected(self, resumed):
        if not resumed:
            for judge in self.judges.values():
                judge.subscribed = False
        super().on_connected(resumed)
        if self._request is not None:
            self._ask(*self._request[:2])

    def _ask(self, topic, wanted):
        self._last_id = self._last_id % 65535 + 1
        self._request = topic, wanted, self._last_id
        for part in self._parts(topic):
            part.asked()
        if wanted:
            self.send(wire.subscribe([topic], self._last_id, self.version, options=self.qos))
        else:
            self.send(wire.unsubscribe([topic], self._last_id, self.version))

    def on_packet(self, kind, body):
        if kind == wire.UNSUBACK:
            self._answered(False, int.from_bytes(body[:2], "big"))
        else:
            super().on_packet(kind, body)

    def on_suback(self, packet_id):
        self._answered(True, packet_id)

    def _answered(self, subscribed, packet_id):
        if self._request is None or self._request[1:] != (subscribed, packet_id):
            self.violation(f"an answer to no request, packet id {packet_id}")
            return
        for part in self._parts(self._request[0]):
            part.subscribed = subscribed
        self._request = None
        self.load.count("subscriptions_changed")

    def tick(self, now):
        super().tick(now)
        if self.up and self._request is None and now >= self._next_at and not self.load.draining:
            self._next_at = now + self.load.random.uniform(0, 0.1)
            topic = self.load.random.choice(self._topics)
            parts = self._parts(topic)
            # The specification lets the server drop what still waits for an ended subscription: first it must come.
            if all(part.complete() for part in parts):
                self._ask(topic, not parts[0].subscribed)
                self.flush()
