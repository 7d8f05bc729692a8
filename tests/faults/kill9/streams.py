# SPDX-License-Identifier: Apache-2.0
"""Streams of numbered messages, and what each kind of subscriber must see of them."""
import bisect
import collections

import wire

FILL = bytes(range(33, 123)) * 250


class Stream:
    """The messages of one publisher on one topic with one QoS: 1, 2, 3…"""

    def __init__(self, topic, qos, version):
        self.topic = topic
        self.qos = qos
        self.version = version
        self.name = f"{topic}@{qos}"
        self.sent = 0
        self.outstanding = set()            # sent, neither PUBACK nor PUBREC has come
        self.resent = collections.Counter()  # how often a number was sent again, with DUP
        self.parts = []                     # who is subscribed only sometimes
        self._begins = []                   # what `sent` was when each round began

    def begin_round(self):
        self._begins.append(self.sent)

    def next(self):
        self.sent += 1
        self.outstanding.add(self.sent)
        for part in self.parts:
            part.sent(self.sent)
        return self.sent

    def acknowledged(self, number):
        self.outstanding.discard(number)

    def again(self, number):
        self.resent[number] += 1

    def payload(self, number):
        """Anybody can compute it again: most are small, some are large."""
        size = number * 37 % 64
        if number % 40 == 7:
            size = 4000
        elif number % 400 == 9:
            size = 20000
        return f"{self.name} {number} ".encode() + FILL[:size]

    def properties(self, number):
        return wire.user_property("number", str(number)) if self.version == wire.V5 else b""

    def retained(self, _):
        return False

    def describe(self, number):
        """What is known of a message, for people."""
        if number > self.sent:
            return f"{self.name} {number} (never sent)"
        sent = f"sent in round {bisect.bisect_left(self._begins, number)}"
        again = f", sent again {self.resent[number]} times" if number in self.resent else ""
        kind = "PUBREC" if self.qos == 2 else "PUBACK"
        state = f"no {kind} has come" if number in self.outstanding else f"its {kind} has come"
        return f"{self.name} {number} ({sent}{again}, {state})"

    def describe_range(self, numbers):
        numbers = list(numbers)
        more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
        return ", ".join(map(self.describe, numbers[:3])) + more


class _Judge:
    """What one subscriber (or group) sees of one stream."""

    def __init__(self, stream):
        self.stream = stream
        self._repeats = collections.Counter()

    def missing(self):
        """The acknowledged messages that have not come."""
        raise NotImplementedError

    def behind(self):
        """How many messages have not come, acknowledged or not."""
        raise NotImplementedError

    def complete(self):
        return next(self.missing(), None) is None

    def repeated(self, number, publish):
        """A message that was here before, and is not the one known by its packet id. Says what is wrong, or None."""
        stream = self.stream
        if publish.qos == 2:
            return f"QoS 2 message twice: {stream.describe(number)}"
        if publish.dup:
            return None
        self._repeats[number] += 1
        # The server knows a QoS 2 message again by its packet id; one of QoS 1 that is sent again is a new one to it.
        if stream.qos == 2 or self._repeats[number] > stream.resent[number]:
            return f"came again without DUP, and its publisher had not sent it again: {stream.describe(number)}"
        return None


class Whole(_Judge):
    """Subscribed from the first message to the last: everything comes, in order."""

    def __init__(self, stream):
        super().__init__(stream)
        self.last = 0

    def arrived(self, _, number, publish):
        last = self.last
        if number <= last:
            return self.repeated(number, publish)
        self.last = number
        if number > last + 1:
            return (f"lost or overtaken: {self.stream.describe_range(range(last + 1, number))}; "
                    f"{number} came after {last}")
        return None

    def behind(self):
        return self.stream.sent - self.last

    def missing(self):
        return (n for n in range(self.last + 1, self.stream.sent + 1) if n not in self.stream.outstanding)


class Part(_Judge):
    """Subscribed at times. `subscribed`: True after SUBACK, False after UNSUBACK, None while that is unknown."""

    def __init__(self, stream):
        super().__init__(stream)
        stream.parts.append(self)
        self.subscribed = False
        self._last = 0
        self._seen = set()
        self._must = set()
        self._never = set()

    def sent(self, number):
        if self.subscribed is True:
            self._must.add(number)
        elif self.subscribed is False:
            self._never.add(number)

    def asked(self):
        """SUBSCRIBE or UNSUBSCRIBE leaves: the server may see the messages under way before it or after it."""
        self.subscribed = None
        self._must -= self.stream.outstanding
        self._never -= self.stream.outstanding

    def arrived(self, _, number, publish):
        stream = self.stream
        if number in self._seen:
            return self.repeated(number, publish)
        self._seen.add(number)
        self._must.discard(number)
        if number in self._never:
            return f"came although it was sent after the UNSUBACK: {stream.describe(number)}"
        if number < self._last and not stream.resent[number]:
            return f"order: {stream.describe(number)} came after {self._last}"
        self._last = max(self._last, number)
        overtaken = sorted(n for n in self._must if n < number and n not in stream.outstanding)
        if overtaken:
            self._must.difference_update(overtaken)
            return f"lost or overtaken after the SUBACK: {stream.describe_range(overtaken)}; {number} has come"
        return None

    def missing(self):
        return iter(sorted(n for n in self._must if n not in self.stream.outstanding))


class Shared(_Judge):
    """A shared group: each message reaches a member; one of QoS 2 only one member, once."""

    def __init__(self, stream):
        super().__init__(stream)
        self._floor = 0       # all up to this have come
        self._above = set()
        self._last = {}       # by member

    def arrived(self, member, number, publish):
        if number <= self._floor or number in self._above:
            return self.repeated(number, publish)
        self._above.add(number)
        while self._floor + 1 in self._above:
            self._floor += 1
            self._above.discard(self._floor)
        last = self._last.get(member, 0)
        self._last[member] = max(last, number)
        if number < last and not self.stream.resent[number]:
            return f"order within a member of the group: {self.stream.describe(number)} came after {last}"
        return None

    def behind(self):
        return self.stream.sent - self._floor

    def missing(self):
        return (n for n in range(self._floor + 1, self.stream.sent + 1)
                if n not in self._above and n not in self.stream.outstanding)
