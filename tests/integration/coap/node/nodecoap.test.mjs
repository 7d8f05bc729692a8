// SPDX-License-Identifier: Apache-2.0
// node-coap and, on the other side, MQTT.js against the running server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import coap from 'coap';
import mqtt from 'mqtt';
import { startSluice } from './sluice.mjs';

let server;
let broker;
const limit = { timeout: 60_000 };

before(async () => {
  // node-coap does not know the Echo option, so it could not show where it is before a large answer.
  server = await startSluice({
    'coap.bind.udp.1': '127.0.0.1:0', 'coap.echo': 'off', 'listener.ws.external': 'off', 'listener.wss.external': 'off',
  });
  broker = mqtt.connect(`mqtt://127.0.0.1:${server.ports['mqtt:tcp:external']}`);
  await once(broker, 'connect');
});

after(async () => {
  broker.end(true);
  assert.equal(await server.stop(), 0, server.output());
});

/** A request under way, from a port of its own; `options` as node-coap has them. */
function request(method, pathname, options = {}) {
  return coap.request({
    hostname: '127.0.0.1', port: server.ports['coap:udp:1'], method, pathname, query: 'c=node',
    agent: new coap.Agent(), ...options,
  });
}

async function ask(method, pathname, payload, options) {
  const asked = request(method, pathname, options);
  asked.end(payload);
  const [response] = await once(asked, 'response');
  return response;
}

test('a PUT reaches MQTT', limit, async () => {
  await broker.subscribeAsync('node/put');
  const message = once(broker, 'message');
  const response = await ask('PUT', '/mqtt/node/put', 'from node-coap');
  assert.equal(response.code, '2.04');
  const [topic, payload] = await message;
  assert.equal(`${topic} ${payload}`, 'node/put from node-coap');
});

test('a GET reads what is retained', limit, async () => {
  await broker.publishAsync('node/kept', 'kept', { retain: true, qos: 1 });
  const response = await ask('GET', '/mqtt/node/kept');
  assert.equal(response.code, '2.05');
  assert.equal(response.payload.toString(), 'kept');
  assert.equal(response.headers['Content-Format'], 'application/octet-stream');
});

test('an observer sees every message in order, until it closes', limit, async () => {
  const asked = request('GET', '/mqtt/node/seen', { observe: true, query: 'c=observer&qos=1' });
  asked.end();
  const [response] = await once(asked, 'response');
  const seen = [];
  const all = new Promise((resolve) => {
    response.on('data', (chunk) => {
      if (chunk.length > 0) seen.push(chunk.toString());
      if (seen.length === 20) resolve();
    });
  });
  for (let i = 0; i < 20; i += 1) await broker.publishAsync('node/seen', `message ${i}`, { qos: 1 });
  await all;
  assert.deepEqual(seen, Array.from({ length: 20 }, (_, i) => `message ${i}`));
  response.close();
});

test('a large body goes there and back in blocks', limit, async () => {
  const body = Buffer.from(Array.from({ length: 1000 }, (_, i) => `line ${i}\n`).join(''));
  const put = request('PUT', '/mqtt/node/large', { query: 'c=node&retain=1' });
  put.setOption('Block1', Buffer.of(0x06));
  put.end(body);
  const [stored] = await once(put, 'response');
  assert.equal(stored.code, '2.04');
  const response = await ask('GET', '/mqtt/node/large');
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), body.toString());
});

test('the publish-subscribe draft', limit, async () => {
  const created = await ask('POST', '/ps/', '<node-topic>;ct=0', { options: { 'Content-Format': 'application/link-format' } });
  assert.equal(created.code, '2.01');
  const put = await ask('PUT', '/ps/node-topic', 'value', { options: { 'Content-Format': 'text/plain' } });
  assert.equal(put.code, '2.04');
  assert.equal((await ask('GET', '/ps/node-topic')).payload.toString(), 'value');
  assert.equal((await ask('DELETE', '/ps/node-topic')).code, '2.02');
  assert.equal((await ask('GET', '/ps/node-topic')).code, '4.04');
});
