# SPDX-License-Identifier: Apache-2.0
"""CoAP over DTLS: floods of ClientHellos, handshakes that nobody goes on with, garbage, wrong keys."""
import os
import socket
import struct
import subprocess
import unittest

import coap_swarm
from coap.coap_client import PROGRAM
from coap_fault import CoapFaultTest
from fault_server import SANITIZED, wait_until
from support.certificates import certificates
from wire import DEADLINE

DTLS = "coap:dtls:1"
MEGABYTE = 1024 ** 2
SCALE = 10 if SANITIZED else 1
HANDSHAKE, CLIENT_HELLO, HELLO_VERIFY_REQUEST = 22, 1, 3
PSK_SUITES = struct.pack("!3H", 0x00A8, 0xC0A8, 0x00AE)
AN_SSL = 64 * 1024  # bytes that OpenSSL takes for a handshake, more or less


def client_hello(cookie=b"", number=0):
    """A record with a whole ClientHello of DTLS 1.2 that offers suites with PSK."""
    body = b"\xfe\xfd" + b"r" * 32 + b"\0" + bytes([len(cookie)]) + cookie + \
        struct.pack("!H", len(PSK_SUITES)) + PSK_SUITES + b"\1\0" + b"\0\4" + b"\0\x17\0\0"
    message = bytes([CLIENT_HELLO]) + len(body).to_bytes(3, "big") + struct.pack("!H", number) + b"\0\0\0" + \
        len(body).to_bytes(3, "big") + body
    return bytes([HANDSHAKE]) + b"\xfe\xfd\0\0" + number.to_bytes(6, "big") + struct.pack("!H", len(message)) + message


def cookie_of(datagram):
    """Of a HelloVerifyRequest; None if it is something else."""
    if len(datagram) < 28 or datagram[0] != HANDSHAKE or datagram[13] != HELLO_VERIFY_REQUEST:
        return None
    return datagram[28:28 + datagram[27]]


class DtlsTest(CoapFaultTest):
    MAX_HANDSHAKES = 200
    FLOOD = 100_000 // SCALE
    HALF_DONE = 5_000 // SCALE

    @classmethod
    def setUpClass(cls):
        folder = certificates()
        keys = folder / "psk"
        keys.write_text("device:736563726574\n")
        cls.settings = {"coap.bind.dtls.1": "127.0.0.1:0", "coap.dtls.certfile": folder / "cert.pem",
                        "coap.dtls.keyfile": folder / "key.pem", "psk.file": keys, "coap.dtls.handshake_timeout": "2s",
                        "dtls.max_handshakes": cls.MAX_HANDSHAKES}
        super().setUpClass()

    def real(self, user="device", key="secret", seconds=DEADLINE):
        uri = f"coaps://127.0.0.1:{self.server.port(DTLS)}/mqtt/{self.name}?c=real"
        return subprocess.Popen([PROGRAM, "-B", str(seconds), "-v", "7", "-m", "put", "-e", "x", "-u", user, "-k", key,
                                 uri], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                text=True)

    def is_served(self, real):
        output, _ = real.communicate(timeout=DEADLINE + 10)
        return "process incoming 2.04 response" in output

    def many(self):
        """A socket that sends from any address of the loopback, and tells to which one an answer came."""
        many = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(many.close)
        many.setsockopt(socket.IPPROTO_IP, coap_swarm.IP_PKTINFO, 1)
        many.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * MEGABYTE)
        many.bind(("0.0.0.0", 0))
        many.settimeout(DEADLINE)
        return many

    def send_from(self, many, source, datagram):
        control = [(socket.IPPROTO_IP, coap_swarm.IP_PKTINFO, struct.pack("=i", 0) + struct.pack("!I4x", source))]
        many.sendmsg([datagram], control, 0, ("127.0.0.1", self.server.port(DTLS)))

    def half_done(self, many, first, count):
        """As many handshakes that go on until the server has said who it is; then nobody answers. Batch by batch."""
        for begin in range(first, first + count, 50):
            sources = range(begin, min(begin + 50, first + count))
            for source in sources:
                self.send_from(many, source, client_hello())
            answered = 0
            while answered < len(sources):
                data, ancillary, _, _ = many.recvmsg(2048, 64)
                cookie = cookie_of(data)
                if cookie is None:
                    continue
                answered += 1
                source = struct.unpack("!I", ancillary[0][2][8:12])[0]
                self.send_from(many, source, client_hello(cookie, 1))

    def flood(self, datagrams, counter, by):
        """From one address each, no more at once than the socket's buffer holds; the counter tells how far it is."""
        many, sent, received = self.many(), 0, 0
        many.setblocking(False)
        for number in range(by):
            self.send_from(many, coap_swarm.FIRST + number, datagrams[number % len(datagrams)])
            sent += len(datagrams[number % len(datagrams)])
            if number % 100 == 99:
                self.wait_moved(counter, number + 1)
                received += self.drain(many)
        self.wait_moved(counter, by)
        return sent, received + self.drain(many)

    @staticmethod
    def drain(many):
        received = 0
        try:
            while True:
                received += len(many.recv(2048))
        except BlockingIOError:
            return received

    def test_hellos_without_a_cookie(self):
        """Nothing is kept of them, and no more goes back than came."""
        self.flood([client_hello()], "dtls/cookies/sent", 1000)
        before, begun = self.server.rss(), self.server.metric("dtls/handshakes/begun")
        self._before = self.server.metrics()
        with self.probe():
            real = self.real()
            sent, received = self.flood([client_hello()], "dtls/cookies/sent", self.FLOOD)
            self.assertTrue(self.is_served(real), "a real client comes in")
            self.assert_memory(before, 4 * MEGABYTE, "a stateless answer")
        self.assertLessEqual(received, sent)
        self.assertGreater(received, 0)
        self.assertEqual(self.server.metric("dtls/handshakes/begun"), begun + 1, "the real client's")

    def test_handshakes_that_nobody_goes_on_with(self):
        """The oldest gives way; a real client is quicker than that."""
        many, before = self.many(), self.server.rss()
        with self.probe():
            self.half_done(many, coap_swarm.FIRST, self.HALF_DONE // 2)
            real = self.real()
            number = self.HALF_DONE // 2
            while real.poll() is None or number < self.HALF_DONE:
                self.half_done(many, coap_swarm.FIRST + number, 50)
                number += 50
            self.assertTrue(self.is_served(real), "a real client comes in")
        self.wait_moved("dtls/handshakes/displaced", self.HALF_DONE - self.MAX_HANDSHAKES - 50)
        self.assert_memory(before, self.MAX_HANDSHAKES * AN_SSL + 8 * MEGABYTE, "dtls.max_handshakes of them")
        self.wait_moved("dtls/handshakes/timeouts")
        self.assert_logged(r"DTLS limit reached: key=dtls\.max_handshakes value=200 ")

    def test_cookies_of_others(self):
        many = self.many()
        self.send_from(many, coap_swarm.FIRST, client_hello())
        cookie = cookie_of(many.recv(2048))
        with self.probe():
            self.flood([client_hello(cookie, 1), client_hello(b"x" * len(cookie), 1)], "dtls/cookies/bad", 1000)
        self.assertLessEqual(self.moved("dtls/handshakes/begun"), 1)

    def test_garbage(self):
        hello = client_hello()
        records = [b"", b"\x16", os.urandom(200), hello[:-1], hello[:20], hello[:11] + b"\xff\xff" + hello[13:],
                   b"\x17\xfe\xfd\0\1" + bytes(6) + b"\0\x10" + b"x" * 16,
                   b"\x15\xfe\xfd\0\0" + bytes(6) + b"\0\2\2\x28",
                   b"\x14\xfe\xfd\0\0" + bytes(6) + b"\0\1\1", b"\x16\3\1" + bytes(60),
                   hello[:13] + b"\x0e" + hello[14:]]
        count = 20_000 // SCALE // len(records) * len(records)
        with self.probe():
            before = self.server.rss()
            real = self.real()
            self.flood(records, "dtls/records_dropped", count)
            self.assertTrue(self.is_served(real), "a real client comes in")
            self.assert_memory(before, 4 * MEGABYTE, "nothing is kept of garbage")

    def test_wrong_keys(self):
        with self.probe():
            attempts = [self.real(user, key, 4) for user, key in (("device", "wrong"), ("stranger", "secret"))]
            self.assertTrue(self.is_served(self.real()), "the right key opens")
            for attempt in attempts:
                self.assertFalse(self.is_served(attempt))
        wait_until(lambda: self.moved("dtls/handshakes/failed") + self.moved("dtls/handshakes/timeouts") >= 2,
                   "both are counted")
        self.assert_logged(r"DTLS handshake failed: peer=127\.0\.0\.1:\d+ listener=coap:dtls:1 key=coap\.\S+ reason=")


if __name__ == "__main__":
    unittest.main()
