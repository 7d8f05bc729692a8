# SPDX-License-Identifier: Apache-2.0
"""paho-mqtt with calls that wait for their answer, each with a deadline."""
import queue
import socket
import threading

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

DEADLINE = 30
V31, V311, V5 = paho.MQTTv31, paho.MQTTv311, paho.MQTTv5


def properties(packet, **values):
    """properties("CONNECT", SessionExpiryInterval=60)"""
    made = Properties(getattr(PacketTypes, packet))
    for name, value in values.items():
        setattr(made, name, value)
    return made


def code(reason):
    """A reason as a number, whichever way paho tells it."""
    return getattr(reason, "value", reason)


class Client:
    """One connection. `connack` is the answer's code; messages wait in a queue; reconnect=True lets paho reconnect."""

    def __init__(self, port, client_id="", version=V311, clean=True, user=None, password=None, tls=None, will=None,
                 connect=None, reconnect=False, host="127.0.0.1"):
        options = {} if version == V5 else {"clean_session": clean}
        self._paho = paho.Client(client_id, protocol=version, reconnect_on_failure=reconnect, **options)
        self._answers = {}
        self._changed = threading.Condition()
        self._received = queue.Queue()
        self._ended = queue.Queue()
        self._connacks = queue.Queue()
        self._paho.reconnect_delay_set(0.05, 0.2)
        self._paho.max_queued_messages_set(0)
        if user is not None:
            self._paho.username_pw_set(user, password)
        if tls is not None:
            self._paho.tls_set_context(tls)
        if will is not None:
            self._paho.will_set(**will)
        self._paho.on_connect = self._on_connect
        self._paho.on_disconnect = lambda *arguments: self._ended.put(code(arguments[2]))
        self._paho.on_subscribe = lambda *arguments: self._answer(arguments[2], arguments[3])
        self._paho.on_unsubscribe = lambda *arguments: self._answer(arguments[2], None)
        self._paho.on_publish = lambda *arguments: self._answer(arguments[2], None)
        self._paho.on_message = lambda client, data, message: self._received.put(message)
        more = {"clean_start": clean, "properties": connect} if version == V5 else {}
        self._paho.connect(host, port, keepalive=60, **more)
        self._paho.loop_start()
        self.session_present, self.connack, self.connack_properties = self._connacks.get(timeout=DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.disconnect()

    def _on_connect(self, _client, _data, flags, reason, *more):
        self._connacks.put((flags["session present"], code(reason), more[0] if more else None))

    def _answer(self, mid, value):
        with self._changed:
            self._answers[mid] = value
            self._changed.notify_all()

    def _await_answer(self, mid, what):
        with self._changed:
            if not self._changed.wait_for(lambda: mid in self._answers, DEADLINE):
                raise AssertionError(f"no answer to {what}")
            return self._answers.pop(mid)

    def subscribe(self, topic, qos=0, **options):
        """The codes of the SUBACK."""
        result, mid = self._paho.subscribe(topic, qos, **options)
        if result != paho.MQTT_ERR_SUCCESS:
            raise AssertionError(f"subscribe: {paho.error_string(result)}")
        return [code(reason) for reason in self._await_answer(mid, f"SUBSCRIBE {topic}")]

    def unsubscribe(self, topic):
        self._await_answer(self._paho.unsubscribe(topic)[1], f"UNSUBSCRIBE {topic}")

    def publish(self, topic, payload=b"", qos=0, retain=False, wait=True, **more):
        """Returns when the message is acknowledged; wait=False: at once, with the message id."""
        mid = self._paho.publish(topic, payload, qos, retain, **more).mid
        return self._await_answer(mid, f"PUBLISH {topic}") if wait else mid

    def await_published(self, mid):
        self._await_answer(mid, f"message {mid}")

    def receive(self, count=None):
        """The next message, or the next `count` of them."""
        try:
            if count is None:
                return self._received.get(timeout=DEADLINE)
            return [self._received.get(timeout=DEADLINE) for _ in range(count)]
        except queue.Empty:
            raise AssertionError("no message") from None

    def waiting(self):
        """How many messages have come and were not asked for. A round trip of the caller's makes that exact."""
        return self._received.qsize()

    def await_end(self):
        """Waits until the server has ended the connection; paho's reason."""
        try:
            return self._ended.get(timeout=DEADLINE)
        except queue.Empty:
            raise AssertionError("the connection did not end") from None

    def is_connected(self):
        return self._paho.is_connected()

    def drop(self):
        """Closes the socket without DISCONNECT."""
        sock = self._paho.socket()
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)
        self.await_end()
        self._paho.loop_stop()

    def disconnect(self):
        self._paho.disconnect()
        self._paho.loop_stop()
