# SPDX-License-Identifier: Apache-2.0
"""CoAP: what goes past a limit of one client or of all, its answer, its counter, and the log line that says what to
raise."""
import unittest

import coap_swarm
import coap_wire
import wire
from coap_fault import CoapFaultTest
from coap_wire import ACK, BLOCK1, CON, DELETE, GET, OBSERVE, POST, PUT, block, header, request, value_of
from wire import publish

MAX_AGE = 14


class LimitsTest(CoapFaultTest):
    MAX_HELD, MAX_CLIENTS, MAX_OBSERVATIONS, MAX_CREATED, MAX_PENDING, PER_PEER = 4, 20, 3, 5, 16, 2
    settings = {"coap.notify.max_held": MAX_HELD, "coap.max_clients": MAX_CLIENTS, "coap.ps.max_created": MAX_CREATED,
                "coap.max_observations": MAX_OBSERVATIONS, "coap.max_pending": MAX_PENDING,
                "coap.block.per_peer": PER_PEER, "storage.sync": "always"}

    def observe(self, client, path, token=b"t"):
        return client.answer_to(request(GET, path, mid=client.next_mid(), token=token, more=[(OBSERVE, b"")]),
                                lambda message: message.token == token)

    def leave(self, client_id, client):
        """Its place is free again: the client ends its session."""
        token = client.ask(POST, f"mqtt/connection?clientid={client_id}").payload.decode()
        self.assertEqual(client.ask(DELETE, f"mqtt/connection?clientid={client_id}&token={token}").code, "2.02")

    def prove(self, client):
        """It is where it says (Echo): what it observes is not held back for want of that."""
        self.assertEqual(client.ask(PUT, f"mqtt/{self.name}/large?c=prover&retain=1", b"x" * 900).code, "2.04")
        self.assertEqual(client.ask(GET, f"mqtt/{self.name}/large?c=prover").code, "2.05")
        self.leave("prover", client)

    def test_messages_for_a_silent_observer(self):
        """Of QoS 0 the latest are held, the oldest goes."""
        client, total = self.coap(), 100
        self.prove(client)
        self.assertEqual(self.observe(client, f"mqtt/{self.name}?c=silent&qos=0").code, "2.05")
        with self.probe(), self.client() as publisher:
            for number in range(total):
                publisher.send(publish(self.name, b"%d" % number))
            publisher.ping()
            self.wait_moved("coap/notifications/superseded", total - 4 - self.MAX_HELD)
            seen, kinds = [], []
            while len(seen) < 4 + self.MAX_HELD:
                message = client.receive()
                self.assertIsNotNone(message, seen)
                if message.kind == CON:
                    client.send(header(0, message.mid, ACK))
                if int(message.payload) not in seen:
                    seen.append(int(message.payload))
                    kinds.append(message.kind)
        self.assertEqual(seen, [0, 1, 2, 3, *range(total - self.MAX_HELD, total)])
        self.assertEqual(self.moved("coap/notifications/superseded"), total - 4 - self.MAX_HELD)
        self.leave("silent", client)
        self.assert_logged(r"coap\.notify\.max_held")

    def test_clients(self):
        client, other = self.coap(), self.coap()
        path = f"mqtt/{self.name}?c=k"
        with self.probe():
            known = self.gauge("coap/clients/count")
            for number in range(self.MAX_CLIENTS - known):
                self.assertEqual(client.ask(PUT, path + str(number), b"x").code, "2.04")
            for _ in range(5):
                answer = other.ask(PUT, f"mqtt/{self.name}?c=late", b"x")
                self.assertEqual(answer.code, "5.03")
                self.assertTrue(value_of(answer, MAX_AGE))
            self.assertEqual(client.ask(PUT, path + "0", b"x").code, "2.04", "who is known goes on")
            self.leave("k0", client)
            self.assertEqual(other.ask(PUT, f"mqtt/{self.name}?c=late", b"x").code, "2.04", "a place is free again")
        for number in range(1, self.MAX_CLIENTS - known):
            self.leave(f"k{number}", client)
        self.leave("late", other)
        self.assertEqual(self.moved("coap/clients/too_many"), 5)
        self.assert_logged(r"coap\.max_clients")

    def test_observations(self):
        """A server that takes no more observers answers the GET [RFC 7641 4.1]."""
        client = self.coap()
        for number in range(self.MAX_OBSERVATIONS + 2):
            answer = self.observe(client, f"mqtt/{self.name}/{number}?c=eager", b"t%d" % number)
            self.assertEqual(answer.code, "2.05")
            self.assertEqual(value_of(answer, OBSERVE) is not None, number < self.MAX_OBSERVATIONS)
        self.assertEqual(self.moved("coap/observations/refused"), 2)
        self.assertEqual(self.gauge("coap/observations/count"), self.MAX_OBSERVATIONS)
        self.leave("eager", client)
        self.assert_logged(r"coap\.max_observations")

    def test_topics_without_a_value(self):
        client, codes = self.coap(), []
        for number in range(self.MAX_CREATED + 2):
            link = f"<{self.name}{number}>;ct=42".encode()
            codes.append(client.ask(POST, "ps/?c=creator", link, [(coap_wire.CONTENT_FORMAT, b"\x28")]).code)
        self.assertEqual(codes[:self.MAX_CREATED], ["2.01"] * self.MAX_CREATED)
        self.assertEqual(set(codes[self.MAX_CREATED:]), {"4.29"})
        self.assertEqual(client.ask(DELETE, f"ps/{self.name}0?c=creator").code, "2.02")
        self.leave("creator", client)
        self.assert_logged(r"coap\.ps\.max_created")

    def test_requests_that_are_being_worked_on(self):
        """Publishes of QoS 1 that the store has to keep, all at once: those beyond the limit are to come later."""
        with self.client("keeper", clean=False) as keeper:
            keeper.send(wire.subscribe([self.name], options=1))
            keeper.expect(wire.SUBACK)
            keeper.send(wire.packet(wire.DISCONNECT))
            keeper.rest()
        swarm, count, rounds = self.swarm(), 120, 5
        swarm.send([(coap_swarm.FIRST, request(PUT, f"mqtt/{self.name}?c=busy", b"x", mid=60000))])
        with self.probe():
            for turn in range(rounds):
                swarm.send((coap_swarm.FIRST, request(PUT, f"mqtt/{self.name}?c=busy&qos=1", b"x", turn * count + n))
                           for n in range(count))
            coap_swarm.settle(swarm, lambda: sum(swarm.answers.values()) == rounds * count + 1)
        answers = swarm.answered()
        self.assertEqual(set(answers), {"2.04", "5.03"}, answers)
        self.assertEqual(self.moved("coap/requests/refused"), answers["5.03"])
        self.wait_for_gauge("coap/requests/pending", 0)
        self.assert_logged(r"coap\.max_pending")

    def test_requests_of_a_client_that_is_let_in(self):
        """None is lost without an answer, and what is published is published in the order in which it came."""
        reader, swarm, count = self.client(), self.swarm(), 100
        reader.send(wire.subscribe([self.name]))
        reader.expect(wire.SUBACK)
        with self.probe():
            swarm.send((coap_swarm.FIRST + 1, request(PUT, f"mqtt/{self.name}?c=hasty", b"%d" % n, mid=n))
                       for n in range(count))
            coap_swarm.settle(swarm, lambda: sum(swarm.answers.values()) == count)
        answers = swarm.answered()
        self.assertLessEqual(set(answers), {"2.04", "4.29"})
        self.assertEqual(self.moved("coap/clients/waiting_refused"), answers.get("4.29", 0))
        published = [reader.expect(wire.PUBLISH)[2 + len(self.name):] for _ in range(answers["2.04"])]
        numbers = [int(payload) for payload in published]
        self.assertEqual(numbers, sorted(numbers))

    def test_bodies_of_one_peer(self):
        """One more begins, and the oldest is given up: it has to begin again."""
        client = self.coap()
        for number in range(self.PER_PEER + 1):
            answer = client.ask(PUT, f"mqtt/{self.name}/{number}?c=b", b"x" * 1024, [(BLOCK1, block(0, True))])
            self.assertEqual(answer.code, "2.31")
        self.assertEqual(self.gauge("coap/blocks/uploads"), self.PER_PEER)
        codes = [client.ask(PUT, f"mqtt/{self.name}/{number}?c=b", b"x", [(BLOCK1, block(1, False))]).code
                 for number in range(self.PER_PEER + 1)]
        self.assertEqual(codes, ["4.08"] + ["2.04"] * self.PER_PEER)
        self.assertEqual(self.gauge("coap/blocks/uploads"), 0)
        self.assertEqual(self.moved("coap/blocks/given_up"), 1)


if __name__ == "__main__":
    unittest.main()
