# SPDX-License-Identifier: Apache-2.0
"""Sessions that outlive their connection, and the end of a connection as the client sees it."""
import unittest

from support import mosquitto
from support.client import V5, V311, Client, properties
from support.sluice import ServerTest


class SessionTest(ServerTest):
    def test_the_offline_queue_comes_in_order(self):
        options = mosquitto.address(self.server)
        for version, session in (("mqttv31", ["-c"]), ("mqttv311", ["-c"]), ("mqttv5", ["-c", "-x", 600])):
            with self.subTest(version=version):
                topic = f"{self.name}/{version}"
                away = [*options, "-V", version, *session, "-i", version, "-q", 1, "-t", topic]
                status, output = mosquitto.run("mosquitto_sub", *away, "-E")
                self.assertEqual(status, 0, output)
                with Client(self.server.port()) as publisher:
                    for number in range(30):
                        publisher.publish(topic, str(number), 1)
                received = mosquitto.Subscriber(*away, "-C", 30).messages()
                self.assertEqual([int(payload) for payload in mosquitto.payloads(received)], list(range(30)))

    def test_a_clean_start_forgets(self):
        session = properties("CONNECT", SessionExpiryInterval=600)
        with Client(self.server.port(), self.name, V5, connect=session) as first:
            first.subscribe(self.name, 1)
        with Client(self.server.port(), self.name, V5, clean=False, connect=session) as second:
            self.assertTrue(second.session_present)
        with Client(self.server.port(), self.name, V5, connect=session) as third:
            self.assertFalse(third.session_present)
            third.publish(self.name, "to nobody", 1)
            third.subscribe(self.name, 1)
            third.publish(self.name, "marker", 1)
            self.assertEqual(third.receive().payload, b"marker")

    def test_expiry_zero_ends_with_the_connection(self):
        with Client(self.server.port(), self.name, V5):
            pass
        with Client(self.server.port(), self.name, V5, clean=False) as second:
            self.assertFalse(second.session_present)

    def test_takeover(self):
        old = mosquitto.Subscriber(*mosquitto.address(self.server), "-V", "mqttv5", "-i", self.name, "-t", self.name)
        with Client(self.server.port(), self.name, V5) as new:
            self.assertTrue(old.wait_for(r"[Rr]eceived DISCONNECT \(142\)"))  # 0x8E
            new.publish(self.name, "the new one works", 1)
        old.kill()

    def test_takeover_of_an_older_client_closes_it(self):
        old = Client(self.server.port(), self.name, V311)
        with Client(self.server.port(), self.name, V311) as new:
            old.await_end()
            new.publish(self.name, "the new one works", 1)

    def test_the_assigned_client_id_is_told_and_unique(self):
        ids = set()
        for _ in range(3):
            with Client(self.server.port(), "", V5) as client:
                ids.add(client.connack_properties.AssignedClientIdentifier)
        self.assertEqual(len(ids), 3)


class ShutdownTest(ServerTest):
    def test_sigterm_says_goodbye(self):
        server = self.start()
        modern = mosquitto.Subscriber(*mosquitto.address(server), "-V", "mqttv5", "-t", "t")
        older = Client(server.port())
        server.terminate()
        self.assertTrue(modern.wait_for(r"[Rr]eceived DISCONNECT \(139\)"))  # 0x8B
        older.await_end()
        modern.kill()


if __name__ == "__main__":
    unittest.main()
