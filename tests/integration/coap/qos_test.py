# SPDX-License-Identifier: Apache-2.0
"""Every QoS between CoAP and MQTT, both ways, each message once: libcoap's client and mosquitto's."""
import re
import unittest

from coap.coap_client import CoapTest, Observer
from support import mosquitto


class QosTest(CoapTest):
    COUNT = 10

    def test_from_coap_to_mqtt(self):
        """mosquitto_sub -q 2 gets each message with the QoS with which it was published."""
        address = mosquitto.address(self.server)
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                topic = f"{self.name}/{qos}"
                subscriber = mosquitto.Subscriber(*address, "-t", topic, "-q", 2)
                for i in range(self.COUNT):
                    put = self.ask("put", f"mqtt/{topic}?c=p&qos={qos}", "-e", f"message-{i}")
                    self.assertEqual(put.code, "2.04")
                mosquitto.publish(*address, "-t", topic, "-q", 2, "-m", "last")
                subscriber.wait_for_messages(self.COUNT + 1)
                messages = subscriber.kill()
                self.assertEqual(mosquitto.payloads(messages), [f"message-{i}" for i in range(self.COUNT)] + ["last"])
                self.assertEqual({message["qos"] for message in messages[:-1]}, {qos})

    def test_from_mqtt_to_an_observer(self):
        address = mosquitto.address(self.server)
        for published in (0, 1, 2):
            for observed in (0, 1, 2):
                with self.subTest(published=published, observed=observed):
                    topic = f"{self.name}/{published}/{observed}"
                    observer = Observer(self.uri(f"mqtt/{topic}?c=o{published}{observed}&qos={observed}"))
                    for i in range(self.COUNT):
                        mosquitto.publish(*address, "-t", topic, "-q", published, "-m", f"message-{i}-")
                    observer.expect(f"message-{self.COUNT - 1}-")
                    seen = re.findall(r"message-(\d+)-", observer.kill())
                    self.assertEqual(seen, [str(i) for i in range(self.COUNT)])


if __name__ == "__main__":
    unittest.main()
