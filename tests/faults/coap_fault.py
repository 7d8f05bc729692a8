# SPDX-License-Identifier: Apache-2.0
"""A test class whose server speaks CoAP over UDP."""
import coap_swarm
import coap_wire
from fault_server import FaultTest, wait_until
from wire import DEADLINE

UDP = "coap:udp:1"


class CoapFaultTest(FaultTest):
    plugins = ("emq_coap",)
    listeners = {"coap.bind.udp.1": "127.0.0.1:0"}

    @classmethod
    def setUpClass(cls):
        cls.settings = cls.listeners | cls.settings
        super().setUpClass()

    def coap(self, **more):
        """A client that is closed when the test ends."""
        client = coap_wire.Client(self.server.port(UDP), **more)
        self.addCleanup(client.close)
        return client

    def swarm(self, **more):
        swarm = coap_swarm.Swarm(self.server.port(UDP), **more)
        self.addCleanup(swarm.close)
        return swarm

    def put(self, client, text, path=None):
        """Publishes and fails unless that is accepted."""
        answer = client.ask(coap_wire.PUT, path or f"mqtt/{self.name}?c=other&qos=1", text.encode())
        self.assertEqual(answer.code, "2.04", answer)

    def gauge(self, name):
        return self.server.stats()[name]

    def wait_for_gauge(self, name, value):
        wait_until(lambda: self.gauge(name) == value, f"{name} is {value}, within {DEADLINE} s")
