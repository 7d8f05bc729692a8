# SPDX-License-Identifier: Apache-2.0
"""What a listener's keys do."""
import socket
import struct
import unittest

from support import mosquitto
from support.client import Client
from support.sluice import ServerTest

CONNECT = bytes.fromhex("10 10 00 04 4d515454 04 02 003c 0004") + b"face"
CONNACK = bytes.fromhex("20 02 00 00")


def exchange(port, *parts):
    """Sends the parts and gives the first four octets of the answer; fewer when the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        try:
            while len(answer) < 4 and (more := connection.recv(4 - len(answer))):
                answer += more
        except ConnectionResetError:
            pass
        return answer


class ListenerTest(ServerTest):
    def test_ipv6(self):
        server = self.start({"listener.tcp.external": "[::1]:0"})
        self.assertRegex(server.address(), r"^\[::1\]:\d+$")
        with Client(server.port(), host="::1") as client:
            client.subscribe(self.name)
            mosquitto.publish("-h", "::1", "-p", server.port(), "-t", self.name, "-m", "six")
            self.assertEqual(client.receive().payload, b"six")

    def test_several_of_one_kind_share_the_topics(self):
        server = self.start({"listener.tcp.second": "127.0.0.1:0", "listener.tcp.third": "[::1]:0"})
        ports = [("127.0.0.1", server.port()), ("127.0.0.1", server.port("mqtt:tcp:second")),
                 ("::1", server.port("mqtt:tcp:third"))]
        with Client(server.port()) as client:
            client.subscribe(self.name)
            for host, port in ports:
                mosquitto.publish("-h", host, "-p", port, "-t", self.name, "-m", str(port))
                self.assertEqual(client.receive().payload, str(port).encode())

    def test_mountpoint(self):
        server = self.start({"listener.tcp.second": "127.0.0.1:0", "listener.tcp.second.mountpoint": "tenant/%c/"})
        with Client(server.port()) as outside, Client(server.port("mqtt:tcp:second"), "device") as inside:
            outside.subscribe("tenant/#")
            inside.subscribe("down/+")
            inside.publish("up", "1", 1)
            self.assertEqual(outside.receive().topic, "tenant/device/up")
            outside.publish("tenant/device/down/x", "2", 1)
            self.assertEqual(inside.receive().topic, "down/x")

    def test_a_session_belongs_to_its_mountpoint(self):
        server = self.start({"listener.tcp.external.mountpoint": "%u/", "mqtt.acl_file": "",
                             "listener.tcp.second": "127.0.0.1:0"})
        with Client(server.port(), "device", user="alice", clean=False) as alice:
            alice.subscribe("t/#", 1)
        with Client(server.port("mqtt:tcp:second")) as outside:
            outside.publish("alice/t/1", "for alice", 1)
            with Client(server.port(), "device", user="bob", clean=False) as bob:
                self.assertFalse(bob.session_present)
                bob.subscribe("t/#", 1)
                outside.publish("alice/t/2", "for alice", 1)
                outside.publish("bob/t/3", "for bob", 1)
                self.assertEqual(bob.receive().payload, b"for bob")
            with Client(server.port(), "device", user="bob", clean=False) as bob:
                self.assertTrue(bob.session_present)

    def test_max_clients(self):
        server = self.start({"listener.tcp.external.max_clients": 2})
        with Client(server.port()) as first, Client(server.port()):
            self.assertEqual(exchange(server.port(), CONNECT), b"")
            first.publish(self.name, "the others stay", 1)

    def test_access_deny(self):
        server = self.start({"listener.tcp.external.access.1": "deny 127.0.0.0/8",
                             "listener.tcp.external.access.2": "allow all"})
        self.assertEqual(exchange(server.port(), CONNECT), b"")

    def test_access_is_tried_in_order(self):
        server = self.start({"listener.tcp.external.access.1": "allow 127.0.0.1",
                             "listener.tcp.external.access.2": "deny all"})
        self.assertEqual(exchange(server.port(), CONNECT), CONNACK)


class ProxyProtocolTest(ServerTest):
    settings = {"listener.tcp.external.proxy_protocol": "on", "listener.tcp.external.proxy_protocol_timeout": "1s"}
    acl = '{deny, {ipaddr, "192.0.2.0/24"}, subscribe, ["t"]}.\n{allow, all}.\n'

    def may_subscribe(self, header):
        """Whether the client that `header` announces may subscribe; None when the connection is refused."""
        subscribe = bytes.fromhex("82 06 0001 0001 74 00")
        with socket.create_connection(("127.0.0.1", self.server.port()), timeout=20) as connection:
            connection.sendall(header + CONNECT + subscribe)
            answer = b""
            while len(answer) < 9 and (more := connection.recv(9 - len(answer))):
                answer += more
        if not answer:
            return None
        self.assertEqual(answer[:8], CONNACK + bytes.fromhex("90 03 0001"))
        return answer[8] == 0

    @staticmethod
    def version2(source):
        addresses = socket.inet_aton(source) + socket.inet_aton("127.0.0.1") + struct.pack("!HH", 4711, 1883)
        return b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack("!H", len(addresses)) + addresses

    def test_version_1(self):
        self.assertIs(self.may_subscribe(b"PROXY TCP4 198.51.100.1 127.0.0.1 4711 1883\r\n"), True)
        self.assertIs(self.may_subscribe(b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 1883\r\n"), False)

    def test_version_2(self):
        self.assertIs(self.may_subscribe(self.version2("198.51.100.1")), True)
        self.assertIs(self.may_subscribe(self.version2("192.0.2.7")), False)

    def test_no_header_no_connection(self):
        self.assertEqual(exchange(self.server.port(), CONNECT), b"")

    def test_a_silent_peer_is_not_waited_for(self):
        self.assertEqual(exchange(self.server.port()), b"")


if __name__ == "__main__":
    unittest.main()
