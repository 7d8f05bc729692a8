# SPDX-License-Identifier: Apache-2.0
"""Bodies in blocks with libcoap's client."""
import unittest

from coap.coap_client import TCP, UDP, CoapTest, Observer
from support import mosquitto


def text_of(size):
    return "".join(f"{i:07d}\n" for i in range(size // 8))


class BlocksTest(CoapTest):
    settings = CoapTest.settings | {"retainer.max_payload_size": "1MB", "coap.max_body_size": "100KB"}

    def test_there_and_back(self):
        body = text_of(50_000)
        path = self.server.write("body", body)
        for listener in (UDP, TCP):
            for size in (16, 64, 1024):
                with self.subTest(listener=listener, size=size):
                    topic = f"{self.name}/{size}"
                    text = body[: size * 20]
                    path = self.server.write("body", text)
                    put = self.ask("put", f"mqtt/{topic}?c=c1&retain=1", "-b", size, "-f", path, listener=listener)
                    self.assertEqual(put.code, "2.04")
                    self.assertEqual(self.read(f"mqtt/{topic}?c=c2", "-b", size, listener=listener), text.rstrip("\n"))
                    self.assertEqual(self.read(f"mqtt/{topic}?c=c2", listener=listener), text.rstrip("\n"))

    def test_too_large(self):
        path = self.server.write("large", text_of(200_000))
        self.assertEqual(self.ask("put", f"mqtt/{self.name}?c=c1", "-f", path).code, "4.13")

    def test_a_large_notification_is_fetched_whole(self):
        observer = Observer(self.uri(f"mqtt/{self.name}?c=o&qos=1"))
        body = text_of(5000)
        path = self.server.write("large", body)
        mosquitto.publish(*mosquitto.address(self.server), "-t", self.name, "-f", path, "-q", 1)
        observer.expect(f"{len(body) // 8 - 1:07d}")
        observer.kill()


if __name__ == "__main__":
    unittest.main()
