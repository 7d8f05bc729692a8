# SPDX-License-Identifier: Apache-2.0
"""TLS with mosquitto's clients and Python's ssl: one-way, mutual, versions, pre-shared keys, new certificates."""
import pathlib
import shutil
import socket
import ssl
import tempfile
import unittest

from support import mosquitto
from support.certificates import LISTENER, TlsServerTest, certificates
from support.client import V5, Client
from support.sluice import SSL, ServerTest


class OneWayTest(TlsServerTest):
    def test_the_name_in_the_certificate_is_checked(self):
        for host in ("localhost", "127.0.0.1"):
            with self.subTest(host=host), socket.create_connection(("127.0.0.1", self.server.port(SSL))) as raw:
                with self.context().wrap_socket(raw, server_hostname=host) as connection:
                    self.assertEqual(dict(pair for pairs in connection.getpeercert()["subject"] for pair in pairs)
                                     ["commonName"], "localhost")

    def test_between_tls_and_tcp(self):
        with Client(self.server.port()) as plain:
            plain.subscribe(self.name, 1)
            mosquitto.publish(*self.secure(), "-t", self.name, "-m", "from TLS", "-q", 1)
            self.assertEqual(plain.receive().payload, b"from TLS")

    def test_a_client_that_trusts_another_ca_goes_away_and_harms_nobody(self):
        status, output = mosquitto.run("mosquitto_pub", *mosquitto.address(self.server, SSL), "--cafile",
                                       certificates("stranger") / "cacert.pem", "-t", self.name, "-m", "x")
        self.assertNotEqual(status, 0, output)
        mosquitto.publish(*self.secure(), "-t", self.name, "-m", "x", "-q", 1)

    def test_a_client_without_tls_is_refused(self):
        status, output = mosquitto.run("mosquitto_pub", *mosquitto.address(self.server, SSL), "-t", "t", "-m", "x")
        self.assertNotEqual(status, 0, output)

    def test_large_messages(self):
        payload = bytes(range(256)) * 240
        with Client(self.server.port(SSL), tls=self.context(), host="localhost", version=V5) as client:
            client.subscribe(self.name, 2)
            client.publish(self.name, payload, 2)
            self.assertEqual(client.receive().payload, payload)


class MutualTest(TlsServerTest):
    acl = ('{allow, {user, "client"}, pubsub, ["certified/#"]}.\n'
           '{deny, all, pubsub, ["certified/#"]}.\n{allow, all}.\n')

    @classmethod
    def tls_settings(cls):
        cls.tls = {"verify": "verify_peer", "fail_if_no_peer_cert": "on", "cacertfile": cls.certs / "cacert.pem",
                   "peer_cert_as_username": "cn"}
        return super().tls_settings()

    def test_with_a_certificate(self):
        mosquitto.publish(*self.secure(*self.own_certificate()), "-t", self.name, "-m", "x", "-q", 1)

    def test_without_a_certificate(self):
        status, output = mosquitto.run("mosquitto_pub", *self.secure(), "-t", self.name, "-m", "x", "-q", 1)
        self.assertNotEqual(status, 0, output)

    def test_with_a_certificate_of_another_ca(self):
        stranger = certificates("stranger")
        status, output = mosquitto.run("mosquitto_pub", *self.secure(), "--cert", stranger / "client-cert.pem",
                                       "--key", stranger / "client-key.pem", "-t", self.name, "-m", "x", "-q", 1)
        self.assertNotEqual(status, 0, output)

    def test_the_certificate_is_the_user(self):
        options = ["-V", "mqttv5", "-d", "-q", 1, "-t", "certified/t", "-m", "x"]
        # Another name in CONNECT does not count.
        certified = mosquitto.publish(*self.secure(*self.own_certificate()), "-u", "other", *options)
        self.assertNotIn("RC:135", certified)
        _, plain = mosquitto.run("mosquitto_pub", *mosquitto.address(self.server), "-u", "other", *options)
        self.assertIn("RC:135", plain)


class VersionsTest(TlsServerTest):
    def negotiate(self, server, version):
        with socket.create_connection(("127.0.0.1", server.port(SSL)), timeout=20) as raw:
            with self.context(version).wrap_socket(raw, server_hostname="localhost") as connection:
                return connection.version()

    def test_both_versions(self):
        self.assertEqual(self.negotiate(self.server, ssl.TLSVersion.TLSv1_2), "TLSv1.2")
        self.assertEqual(self.negotiate(self.server, ssl.TLSVersion.TLSv1_3), "TLSv1.3")

    def test_one_version_only(self):
        for key, version, other in (("tlsv1.3", ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2),
                                    ("tlsv1.2", ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)):
            with self.subTest(key=key):
                server = self.start(self.tls_settings() | {f"{LISTENER}.tls_versions": key})
                self.negotiate(server, version)
                with self.assertRaises(ssl.SSLError):
                    self.negotiate(server, other)

    def test_sessions_are_resumed(self):
        context = self.context(ssl.TLSVersion.TLSv1_2)
        session = None
        for reused in (False, True):
            with socket.create_connection(("127.0.0.1", self.server.port(SSL)), timeout=20) as raw:
                with context.wrap_socket(raw, server_hostname="localhost", session=session) as connection:
                    self.assertIs(connection.session_reused, reused)
                    session = connection.session


class PskServer(TlsServerTest):
    """A server that knows one pre-shared key."""

    @classmethod
    def setUpClass(cls):
        file = tempfile.NamedTemporaryFile("w", suffix=".psk")
        cls.addClassCleanup(file.close)
        file.write("# keys of devices\ndevice:0a1b2c3d4e5f60718293\n")
        file.flush()
        cls.settings = {"psk.file": file.name}
        super().setUpClass()

    def publish_with(self, identity, key, *more):
        return mosquitto.run("mosquitto_pub", *mosquitto.address(self.server, SSL), "--psk-identity", identity,
                             "--psk", key, "-t", self.name, "-m", "x", "-q", 1, *more)


class PskTest(PskServer):
    tls = {"keyfile": "", "certfile": ""}

    def test_right_key(self):
        for version in ("tlsv1.2", "tlsv1.3"):
            with self.subTest(version=version), Client(self.server.port()) as client:
                client.subscribe(self.name, 1)
                status, output = self.publish_with("device", "0a1b2c3d4e5f60718293", "--tls-version", version)
                self.assertEqual(status, 0, output)
                self.assertEqual(client.receive().payload, b"x")

    def test_wrong_key(self):
        status, output = self.publish_with("device", "ffffffffffffffffffff")
        self.assertNotEqual(status, 0, output)

    def test_unknown_identity(self):
        for version in ("tlsv1.2", "tlsv1.3"):
            with self.subTest(version=version):
                status, output = self.publish_with("nobody", "0a1b2c3d4e5f60718293", "--tls-version", version)
                self.assertNotEqual(status, 0, output)
        self.assertRegex(self.server.output, "unknown pre-shared key: identity=nobody; psk.file has none of this name")


class PskBesideCertificateTest(PskServer):
    def test_a_client_with_a_key_uses_it(self):
        for version in ("tlsv1.2", "tlsv1.3"):
            with self.subTest(version=version):
                status, output = self.publish_with("device", "0a1b2c3d4e5f60718293", "--tls-version", version)
                self.assertEqual(status, 0, output)
                # A certificate in place of the key would satisfy this client: it is not what is asked for.
                status, output = self.publish_with("device", "ffffffffffffffffffff", "--tls-version", version)
                self.assertNotEqual(status, 0, output)

    def test_a_client_without_a_key_gets_the_certificate(self):
        mosquitto.publish(*self.secure(), "-t", self.name, "-m", "x", "-q", 1)


class ReloadTest(ServerTest):
    """A server and certificates for each test, which changes them."""

    @classmethod
    def setUpClass(cls):
        """No server for all."""

    @classmethod
    def tearDownClass(cls):
        """Nothing to end."""

    def certificate(self):
        """The certificate that a new connection sees."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.server.port(SSL)), timeout=20) as raw:
            with context.wrap_socket(raw) as connection:
                return connection.getpeercert(binary_form=True)

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.certs = pathlib.Path(folder.name) / "certs"
        shutil.copytree(certificates(), self.certs)
        self.server = self.start({LISTENER: "127.0.0.1:0", f"{LISTENER}.keyfile": self.certs / "key.pem",
                                  f"{LISTENER}.certfile": self.certs / "cert.pem"})

    def test_new_certificates_drop_nobody(self):
        trusting = ssl.create_default_context(cafile=str(self.certs / "cacert.pem"))
        before = self.certificate()
        with Client(self.server.port(SSL), tls=trusting, host="localhost") as client:
            client.subscribe(self.name, 1)
            for name in ("cacert.pem", "cert.pem", "key.pem"):
                shutil.copy(certificates("stranger") / name, self.certs / name)
            self.server.reload()
            self.assertNotEqual(self.certificate(), before)
            mosquitto.publish(*mosquitto.address(self.server, SSL), "--cafile", self.certs / "cacert.pem",
                              "-t", self.name, "-m", "by the new one", "-q", 1)
            self.assertEqual(client.receive().payload, b"by the new one")
            client.publish(self.name, "still there", 1)

    def test_a_broken_certificate_is_reported_and_the_old_one_stays(self):
        before = self.certificate()
        (self.certs / "cert.pem").write_text("no certificate\n")
        self.server.reload()
        self.assertRegex(self.server.output, f"not reloaded: {LISTENER}.certfile")
        self.assertEqual(self.certificate(), before)


if __name__ == "__main__":
    unittest.main()
