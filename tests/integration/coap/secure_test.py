# SPDX-License-Identifier: Apache-2.0
"""DTLS and TLS with libcoap's client."""
import unittest

from coap.coap_client import DTLS, TLS, CoapTest, Observer, run
from support import mosquitto
from support.certificates import certificates


class PskTest(CoapTest):
    @classmethod
    def setUpClass(cls):
        folder = certificates()
        cls.settings = cls.settings | {"coap.bind.dtls.1": "127.0.0.1:0", "coap.dtls.certfile": folder / "cert.pem",
                                       "coap.dtls.keyfile": folder / "key.pem", "psk.file": folder / "psk"}
        (folder / "psk").write_text("device:736563726574\n")
        super().setUpClass()

    def test_a_key_proves_the_client(self):
        key = ("-u", "device", "-k", "secret")
        self.assertEqual(self.ask("put", f"mqtt/{self.name}?c=c1&retain=1", "-e", "kept", *key, listener=DTLS).code, "2.04")
        self.assertEqual(self.read(f"mqtt/{self.name}", *key, listener=DTLS), "kept", "the identity is the client id")

    def test_observing(self):
        observer = Observer(self.uri(f"mqtt/{self.name}?c=o&qos=1", DTLS), "-u", "device", "-k", "secret")
        mosquitto.publish(*mosquitto.address(self.server), "-t", self.name, "-m", "hidden-from-others", "-q", 1)
        observer.expect("hidden-from-others")
        observer.kill()

    def test_other_keys_are_refused(self):
        for user, key in (("device", "wrong"), ("stranger", "secret")):
            output = run("-B", "3", "-v", "7", "-m", "get", "-u", user, "-k", key, self.uri(f"mqtt/{self.name}?c=c1", DTLS))
            self.assertNotIn("process incoming", output)


class CertificateTest(CoapTest):
    @classmethod
    def setUpClass(cls):
        cls.certs = certificates()
        cls.settings = cls.settings | {
            "coap.bind.dtls.1": "127.0.0.1:0", "coap.bind.tls.1": "127.0.0.1:0",
            "coap.dtls.certfile": cls.certs / "cert.pem", "coap.dtls.keyfile": cls.certs / "key.pem",
            "coap.dtls.cacertfile": cls.certs / "cacert.pem", "coap.dtls.verify": "verify_peer",
            "coap.dtls.fail_if_no_peer_cert": "true"}
        super().setUpClass()

    def own(self):
        return ("-c", self.certs / "client-cert.pem", "-j", self.certs / "client-key.pem", "-C",
                self.certs / "cacert.pem", "-n")

    def test_both_sides_prove_themselves(self):
        for listener in (DTLS, TLS):
            with self.subTest(listener=listener):
                response = self.ask("put", f"mqtt/{self.name}?c=c1", "-e", "x", *self.own(), listener=listener)
                self.assertEqual(response.code, "2.04", response.output)

    def test_no_certificate_no_service(self):
        for listener in (DTLS, TLS):
            with self.subTest(listener=listener):
                output = run("-B", "3", "-v", "7", "-m", "get", "-n", self.uri(f"mqtt/{self.name}?c=c1", listener))
                self.assertNotIn("process incoming", output)


if __name__ == "__main__":
    unittest.main()
