// SPDX-License-Identifier: Apache-2.0
// A page in headless Chromium connects over WebSocket, subscribes, publishes and shows the message.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { startSluice } from './sluice.mjs';

const limit = { timeout: 120_000 };
const chromiumArguments = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const mqttjs = join(dirname(createRequire(import.meta.url).resolve('mqtt/package.json')), 'dist/mqtt.min.js');

const page = (address) => `<!doctype html><title>Sluice</title><ul id="messages"></ul><p id="state"></p>
<script src="/mqtt.min.js"></script><script>
  const state = (text) => { document.getElementById('state').textContent = text; };
  const client = mqtt.connect('${address}', { reconnectPeriod: 0, protocolVersion: 5 });
  client.on('connect', () => client.subscribe('page/+', () => client.publish('page/one', 'hello from the page')));
  client.on('message', (topic, payload) => {
    const line = document.createElement('li');
    line.textContent = topic + ': ' + payload;
    document.getElementById('messages').append(line);
  });
  client.on('close', () => state('closed'));
</script>`;

let browser;
let sluice;
let pages;

/** Serves the page; its port is part of the page's origin. */
async function servePages() {
  const script = await readFile(mqttjs);
  const web = createServer((request, response) => {
    if (request.url === '/mqtt.min.js') {
      response.setHeader('Content-Type', 'text/javascript').end(script);
    } else {
      response.setHeader('Content-Type', 'text/html').end(page(`ws://127.0.0.1:${sluice.ports['mqtt:ws:external']}/mqtt`));
    }
  });
  web.listen(0);
  await once(web, 'listening');
  return web;
}

before(async () => {
  pages = await servePages();
  sluice = await startSluice({
    'listener.ws.external.origins': `http://127.0.0.1:${pages.address().port}`,
    'listener.ws.external.deflate': 'on',
  });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    chromiumSandbox: false,
    args: chromiumArguments,
  });
});

after(async () => {
  await browser?.close();
  pages?.close();
  if (sluice) assert.equal(await sluice.stop(), 0, sluice.output());
});

test('a page shows the message that it published', limit, async () => {
  const tab = await browser.newPage();
  await tab.goto(`http://127.0.0.1:${pages.address().port}/`);
  const line = tab.locator('#messages li');
  await line.first().waitFor({ timeout: 60_000 });
  assert.deepEqual(await line.allTextContents(), ['page/one: hello from the page']);
  await tab.close();
});

test('a page of an origin that is not listed gets no connection', limit, async () => {
  const tab = await browser.newPage();
  await tab.goto(`http://localhost:${pages.address().port}/`);
  await tab.getByText('closed').waitFor({ timeout: 60_000 });
  assert.equal(await tab.locator('#messages li').count(), 0);
  await tab.close();
});
