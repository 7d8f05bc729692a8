# SPDX-License-Identifier: Apache-2.0
"""Large packets, and clients that go past a limit."""
import socket
import time
import unittest

from support.client import V5, V311, Client
from support.sluice import ServerTest

MAX_PACKET = 64 * 1024


class LimitsTest(ServerTest):
    def test_a_large_payload_passes_unchanged(self):
        payload = bytes(range(256)) * 240
        for version in (V311, V5):
            with self.subTest(version=version), Client(self.server.port(), version=version) as client:
                for qos in (0, 1, 2):
                    client.subscribe(f"{self.name}/{qos}", qos)
                    client.publish(f"{self.name}/{qos}", payload, qos)
                    self.assertEqual(client.receive().payload, payload)

    def test_mqtt5_clients_are_told_the_largest_packet(self):
        with Client(self.server.port(), version=V5) as client:
            self.assertEqual(client.connack_properties.MaximumPacketSize, MAX_PACKET)

    def test_a_packet_too_large_ends_the_connection_with_0x95(self):
        # mosquitto_pub and paho heed the maximum that they were told.
        with socket.create_connection(("127.0.0.1", self.server.port()), timeout=20) as connection:
            connection.sendall(bytes.fromhex("10 11 0004 4d515454 05 02 003c 00 0004") + b"huge")
            connection.sendall(bytes.fromhex("30 81 80 04"))  # a PUBLISH of 64 KB and one octet is announced
            answer = b""
            while more := connection.recv(4096):
                answer += more
        connack_size = 2 + answer[1]
        self.assertEqual(answer[0], 0x20)
        self.assertEqual(answer[connack_size], 0xE0)
        self.assertEqual(answer[connack_size + 2], 0x95)

    def test_a_packet_too_large_of_an_older_client_ends_the_connection(self):
        with Client(self.server.port()) as other:
            client = Client(self.server.port())
            client.publish(self.name, b"x" * MAX_PACKET, 1, wait=False)
            client.await_end()
            other.publish(self.name, "others go on", 1)

    def test_publish_rate(self):
        server = self.start({"mqtt.client.max_publish_rate": 20})
        with Client(server.port()) as client:
            began = time.monotonic()
            for mid in [client.publish(self.name, str(number), 1, wait=False) for number in range(50)]:
                client.await_published(mid)
            # At least the messages past the first second's must have waited; all of them arrive.
            self.assertGreater(time.monotonic() - began, 0.9)

    def test_byte_rate(self):
        server = self.start({"listener.tcp.external.rate_limit": "10,20"})
        with Client(server.port()) as client:
            began = time.monotonic()
            client.publish(self.name, b"x" * 50_000, 1)
            # 10 KB at once, about 40 KB more at 20 KB a second.
            self.assertGreater(time.monotonic() - began, 1.0)


if __name__ == "__main__":
    unittest.main()
