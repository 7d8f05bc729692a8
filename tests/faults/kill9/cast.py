# SPDX-License-Identifier: Apache-2.0
"""Who takes part in the load."""
from wire import V5, V311

from .publisher import Publisher
from .retained import Looker, RetainedStream
from .streams import Shared, Stream, Whole
from .subscriber import Changing, Subscriber, Visitor

RETAINED_TOPICS = 20
CHANGING_TOPICS = 8


def streams_of(topics, version):
    return [Stream(topic, qos, version) for topic in topics for qos in (1, 2)]


class Cast:
    """Four publishers with topics a, b, c of their own, each with QoS 1 and 2, and some of other kinds; and who is
    subscribed to them."""

    def __init__(self, load):
        self._load = load
        self.publishers = [self._publisher(f"p{n}", V5 if n % 2 else V311) for n in range(4)]
        own = self.streams = [stream for publisher in self.publishers for stream in publisher.streams]

        def whole(name, version, qos, filters, chosen, kind=Subscriber, **more):
            judges = {stream.name: Whole(stream) for stream in own if chosen(stream.topic)}
            return kind(load, name, version, qos, filters, judges, **more)

        self.online = [
            whole("online-q1-v3", V311, 1, ["k9/#"], lambda topic: True),
            whole("online-q2-v5", V5, 2, ["k9/#"], lambda topic: True),
            whole("online-q2-v3", V311, 2, ["k9/+/a"], lambda topic: topic.endswith("/a")),
            whole("slow-q1-v5", V5, 1, ["k9/p1/a"], lambda topic: topic == "k9/p1/a", slow=0.15),
            whole("slow-q2-v3", V311, 2, ["k9/p0/a"], lambda topic: topic == "k9/p0/a", slow=0.15),
            whole("slow-q2-v5", V5, 2, ["k9/p2/b"], lambda topic: topic == "k9/p2/b", slow=0.3)]
        self.visitors = [
            whole("visitor-q1-v3", V311, 1, ["k9/p0/#"], lambda topic: topic.startswith("k9/p0/"), Visitor),
            whole("visitor-q2-v5", V5, 2, ["k9/+/c"], lambda topic: topic.endswith("/c"), Visitor)]

        group = {stream.name: Shared(stream) for stream in own if stream.topic.endswith("/b")}
        shared = ["$share/group/k9/+/b"]
        self.online += [Subscriber(load, "member-q2-v5", V5, 2, shared, group),
                        Subscriber(load, "member-q1-v3", V311, 1, shared, group, slow=0.05)]
        self.visitors.append(Visitor(load, "member-visitor-q2-v5", V5, 2, shared, group))

        self._add_sparse()
        self._add_changing()
        self.retained = [RetainedStream(f"retained/{n}", V311, clears=n >= 15) for n in range(RETAINED_TOPICS)]
        self.retainer = Publisher(load, "retainer-v3", V311, self.retained)
        self.lookers = [Looker(load, "looker-v3", V311, self.retained), Looker(load, "looker-v5", V5, self.retained)]
        # The retainer connects when the retained messages have been looked at.
        self.all_publishers = self.publishers + [self.retainer]
        self.subscribers = self.online + self.visitors
        self.all = self.subscribers + self.all_publishers + self.lookers
        self.streams += self.retained

    def _publisher(self, name, version):
        return Publisher(self._load, name, version, streams_of([f"k9/{name}/{topic}" for topic in "abc"], version))

    def _add_sparse(self):
        """A topic with a message or two from one kill to the next; its subscribers are mostly away."""
        streams = streams_of(["sparse/a"], V5)
        self.sparse = Publisher(self._load, "sparse", V5, streams, window=1)
        self.publishers.append(self.sparse)
        self.streams += streams
        for name, version, qos in (("visitor-sparse-q1-v3", V311, 1), ("visitor-sparse-q2-v5", V5, 2)):
            judges = {stream.name: Whole(stream) for stream in streams}
            self.visitors.append(Visitor(self._load, name, version, qos, ["sparse/#"], judges))

    def _add_changing(self):
        topics = [f"changing/{n}" for n in range(CHANGING_TOPICS)]
        streams = streams_of(topics, V5)
        self.publishers.append(Publisher(self._load, "changes", V5, streams, window=5))
        self.streams += streams
        self.online += [Changing(self._load, "changing-q1-v3", V311, topics, 1, streams),
                        Changing(self._load, "changing-q2-v5", V5, topics, 2, streams)]

    def judges(self):
        """(who, judge); a group once."""
        seen = set()
        for subscriber in self.subscribers:
            for judge in subscriber.judges.values():
                if id(judge) not in seen:
                    seen.add(id(judge))
                    yield subscriber.name, judge
