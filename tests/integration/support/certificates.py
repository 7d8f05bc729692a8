# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, by scripts/make-certs, and servers with a TLS listener that uses them."""
import fcntl
import os
import pathlib
import ssl
import subprocess
import tempfile

from support import mosquitto
from support.sluice import SOURCE, SSL, ServerTest

LISTENER = "listener.ssl.external"


_temporary = tempfile.TemporaryDirectory(prefix="sluice-certs-")


def certificates(name="own"):
    """A folder with cacert.pem, cert.pem, key.pem, client-cert.pem and client-key.pem that nobody changes.

    Each name has a CA of its own. Made once for all test programs that have the same SLUICE_TEST_CERTS."""
    base = pathlib.Path(os.environ.get("SLUICE_TEST_CERTS", _temporary.name))
    base.mkdir(parents=True, exist_ok=True)
    folder = base / name
    with open(base / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            subprocess.run([SOURCE / "scripts/make-certs", folder], check=True, capture_output=True)
            (folder / "made").touch()
    return folder


class TlsServerTest(ServerTest):
    """A server with TCP and TLS; `tls` are further keys of the TLS listener."""

    tls = {}

    @classmethod
    def setUpClass(cls):
        cls.certs = certificates()
        cls.settings = cls.settings | cls.tls_settings()
        super().setUpClass()

    @classmethod
    def tls_settings(cls):
        keys = {"keyfile": cls.certs / "key.pem", "certfile": cls.certs / "cert.pem"} | cls.tls
        return {LISTENER: "127.0.0.1:0"} | {f"{LISTENER}.{key}": value for key, value in keys.items()}

    def secure(self, *more):
        """Options of mosquitto's clients for the TLS listener."""
        return [*mosquitto.address(self.server, SSL), "--cafile", self.certs / "cacert.pem", *more]

    def own_certificate(self):
        return ["--cert", self.certs / "client-cert.pem", "--key", self.certs / "client-key.pem"]

    def context(self, version=None):
        """A client's context that trusts the CA, for one version of TLS if it is given."""
        context = ssl.create_default_context(cafile=str(self.certs / "cacert.pem"))
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context
