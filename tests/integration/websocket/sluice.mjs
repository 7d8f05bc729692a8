// SPDX-License-Identifier: Apache-2.0
// Starts the server on free ports of the loopback, with its files in a temporary folder, and ends it.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const binary = process.env.SLUICE_BIN ?? process.env.SLUICE_BINARY;
const source = process.env.SLUICE_SOURCE_DIR;
const startDeadline = 60_000;

function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SLUICE|EMQ)_/.test(name)));
}

/** "sluice is running: mqtt:ws:external=127.0.0.1:4711 … pid=1" as { 'mqtt:ws:external': 4711, … } */
function parseStartLine(line) {
  const ports = {};
  for (const [, name, port] of line.matchAll(/(\S+)=\S+:(\d+)(?=\s)/g)) ports[name] = Number(port);
  return ports;
}

/** Development certificates in `folder`; returns the CA. */
export async function makeCertificates(folder) {
  await promisify(execFile)(join(source, 'scripts/make-certs'), [folder]);
  return readFile(join(folder, 'cacert.pem'));
}

/** A running server: `ports` by listener, `ca` of its certificates, `output()` so far, `stop()` → exit code. */
export async function startSluice(options = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-ws-'));
  const ca = await makeCertificates(join(folder, 'certs'));
  const settings = {
    'listener.tcp.external': '127.0.0.1:0',
    'listener.tcp.internal': 'off',
    'listener.ssl.external': 'off',
    'listener.ws.external': '127.0.0.1:0',
    'listener.wss.external': '127.0.0.1:0',
    'listener.wss.external.keyfile': join(folder, 'certs/key.pem'),
    'listener.wss.external.certfile': join(folder, 'certs/cert.pem'),
    'coap.bind.udp.1': 'off',
    'coap.bind.dtls.1': 'off',
    'listener.api.mgmt': 'off',
    'log.syslog': 'off',
    'node.data_dir': folder,
    'log.dir': folder,
    ...options,
  };
  const args = ['-c', join(source, 'etc/sluice.conf')];
  for (const [key, value] of Object.entries(settings)) args.push('-o', `${key}=${value}`);
  const child = spawn(binary, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ended = new Promise((resolve) => {
    child.on('error', (error) => { output += error.message; resolve(-1); });
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  const running = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        const line = output.match(/^sluice is running:.*\n/m);
        if (line) resolve(line[0]);
      });
    }
  });
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, startDeadline); });
  const line = await Promise.race([running, ended.then(() => undefined), late]);
  clearTimeout(timer);
  if (!line) {
    child.kill('SIGKILL');
    throw new Error(`the server did not start:\n${output}`);
  }
  return {
    ports: parseStartLine(line),
    ca,
    output: () => output,
    async stop() {
      child.kill('SIGTERM');
      const code = await ended;
      await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
}
