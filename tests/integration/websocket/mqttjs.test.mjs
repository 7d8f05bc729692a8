// SPDX-License-Identifier: Apache-2.0
// MQTT.js, and its WebSocket library alone, against the running server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import mqtt from 'mqtt';
import { WebSocket } from 'ws';
import { startSluice } from './sluice.mjs';

let server;
const opened = [];
const limit = { timeout: 60_000 };

before(async () => {
  server = await startSluice({
    'listener.ws.deflating': '127.0.0.1:0',
    'listener.ws.deflating.deflate': 'on',
    'listener.ws.deflating.path': '/packed',
  });
});

after(async () => {
  for (const client of opened) client.end(true);
  assert.equal(await server.stop(), 0, server.output());
});

function url(scheme, listener = 'external', path = '/mqtt') {
  const kind = scheme === 'mqtt' ? 'tcp' : scheme;
  return `${scheme}://127.0.0.1:${server.ports[`mqtt:${kind}:${listener}`]}${scheme === 'mqtt' ? '' : path}`;
}

async function connect(address, options = {}) {
  const client = mqtt.connect(address, { reconnectPeriod: 0, connectTimeout: 20_000, ca: server.ca, ...options });
  opened.push(client);
  await once(client, 'connect');
  return client;
}

/** Publishes and waits until the message has come back through a subscription. */
async function roundTrip(client, topic, payload, qos) {
  const [granted] = await client.subscribeAsync(topic, { qos });
  assert.equal(granted.qos, qos);
  const arrival = once(client, 'message');
  await client.publishAsync(topic, payload, { qos });
  const [gotTopic, gotPayload, packet] = await arrival;
  assert.equal(gotTopic, topic);
  assert.ok(gotPayload.equals(Buffer.from(payload)));
  assert.equal(packet.qos, qos);
}

const versions = [
  ['3.1', { protocolId: 'MQIsdp', protocolVersion: 3 }],
  ['3.1.1', { protocolVersion: 4 }],
  ['5.0', { protocolVersion: 5 }],
];

for (const scheme of ['ws', 'wss']) {
  for (const [name, options] of versions) {
    test(`MQTT ${name} over ${scheme}, every QoS`, limit, async () => {
      const client = await connect(url(scheme), { clientId: `c-${scheme}-${name}`, ...options });
      for (const qos of [0, 1, 2]) await roundTrip(client, `t/${scheme}/${name}/${qos}`, `payload ${qos}`, qos);
      await client.endAsync();
    });
  }
}

test('MQTT-6.0.0-2: packets do not care about frames', limit, async () => {
  const client = await connect(url('ws'), { protocolVersion: 5 });
  await roundTrip(client, 'frames/large', Buffer.alloc(60_000, 'x'), 1);
  await client.subscribeAsync('frames/many');
  let count = 0;
  const all = new Promise((resolve) => {
    client.on('message', (topic) => { if (topic === 'frames/many' && ++count === 500) resolve(); });
  });
  for (let i = 0; i < 500; i += 1) client.publish('frames/many', `message ${i}`);
  await all;
});

test('WebSocket and TCP clients meet', limit, async () => {
  const web = await connect(url('ws'));
  const tcp = await connect(url('mqtt'));
  await web.subscribeAsync('meet/#');
  const arrival = once(web, 'message');
  await tcp.publishAsync('meet/here', 'from tcp', { qos: 1 });
  assert.equal(String((await arrival)[1]), 'from tcp');
});

test('a client that vanishes leaves its will', limit, async () => {
  const watcher = await connect(url('ws'));
  await watcher.subscribeAsync('wills/#');
  const victim = await connect(url('ws'), { will: { topic: 'wills/victim', payload: 'gone', qos: 1 } });
  const arrival = once(watcher, 'message');
  victim.stream.destroy();
  assert.equal(String((await arrival)[1]), 'gone');
});

test('a session is resumed over WebSocket, also on another shard', limit, async () => {
  const publisher = await connect(url('mqtt'));
  for (let round = 0; round < 6; round += 1) {
    const client = mqtt.connect(url('ws'), { clientId: 'resumed', clean: false, reconnectPeriod: 0 });
    opened.push(client);
    const arrival = round > 0 ? once(client, 'message') : undefined;
    const [connack] = await once(client, 'connect');
    assert.equal(connack.sessionPresent, round > 0);
    if (round === 0) await client.subscribeAsync('resume/me', { qos: 1 });
    if (arrival) assert.equal(String((await arrival)[1]), `while away ${round}`);
    await roundTrip(client, `resume/here/${round}`, 'x', 1);
    await client.endAsync();
    await publisher.publishAsync('resume/me', `while away ${round + 1}`, { qos: 1 });
  }
});

test('permessage-deflate where the listener has it', limit, async () => {
  const wsOptions = { perMessageDeflate: true };
  const client = await connect(url('ws', 'deflating', '/packed'), { wsOptions, protocolVersion: 5 });
  const payload = Buffer.alloc(50_000, 'compressible ');
  for (let round = 0; round < 3; round += 1) await roundTrip(client, `packed/${round}`, payload, 1);
  const packed = new WebSocket(url('ws', 'deflating', '/packed'), ['mqtt'], wsOptions);
  await once(packed, 'open');
  assert.match(packed.extensions, /permessage-deflate/);
  packed.close();
  const plain = new WebSocket(url('ws'), ['mqtt'], wsOptions);
  await once(plain, 'open');
  assert.equal(plain.extensions, '');
  plain.close();
});

test('MQTT-6.0.0-1: a text frame ends the connection with 1003', limit, async () => {
  const socket = new WebSocket(url('ws'), ['mqtt']);
  await once(socket, 'open');
  socket.send('text');
  const [code] = await once(socket, 'close');
  assert.equal(code, 1003);
});

test('MQTT-6.0.0-3 and -4: one of the offered subprotocols is chosen, none is refused', limit, async () => {
  for (const offered of ['mqtt', 'mqttv3.1', 'mqttv3.1.1']) {
    const socket = new WebSocket(url('ws'), ['amqp', offered]);
    await once(socket, 'open');
    assert.equal(socket.protocol, offered);
    socket.close();
  }
  const refused = new WebSocket(url('ws'), ['amqp']);
  const [error] = await once(refused, 'error');
  assert.match(error.message, /400/);
});

test('health checks', limit, async () => {
  for (const path of ['/status', '/mqtt/status']) {
    const answer = await fetch(url('ws').replace('ws:', 'http:').replace('/mqtt', path));
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /running/);
  }
  const other = await fetch(url('ws').replace('ws:', 'http:').replace('/mqtt', '/elsewhere'));
  assert.equal(other.status, 404);
  assert.match(await other.text(), /\/mqtt/);
});

test('SIGTERM closes WebSocket clients in order', limit, async () => {
  const own = await startSluice();
  const address = `ws://127.0.0.1:${own.ports['mqtt:ws:external']}/mqtt`;
  const idle = new WebSocket(address, ['mqtt']);
  await once(idle, 'open');
  const client = await connect(address, { protocolVersion: 5 });
  const goodbye = once(client, 'disconnect');
  const closed = once(idle, 'close');
  assert.equal(await own.stop(), 0, own.output());
  assert.equal((await goodbye)[0].reasonCode, 0x8b);
  assert.equal((await closed)[0], 1001);
});
