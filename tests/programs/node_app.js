// SPDX-License-Identifier: Apache-2.0
// What many programs in JavaScript do ("works"), and what this one has no business to ("attacks").
'use strict';
const assert = require('assert');
const child_process = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const net = require('net');
const util = require('util');
const zlib = require('zlib');
const { Worker } = require('worker_threads');

const data = '/var/lib/app';

async function serves() {
	const server = http.createServer((request, response) => response.end(request.url.slice(1)));
	await new Promise((resolve) => server.listen(8000, '127.0.0.1', resolve));
	const ask = (i) => new Promise((resolve, reject) => {
		http.get(`http://127.0.0.1:8000/${i}`, (response) => {
			let body = '';
			response.on('data', (part) => body += part).on('end', () => resolve(body));
		}).on('error', reject);
	});
	const answers = await Promise.all([...Array(50).keys()].map(ask));
	assert.deepStrictEqual(answers, [...Array(50).keys()].map(String));
	await new Promise((resolve) => server.close(resolve));
}

async function keepsFiles() {
	const { promises } = fs;
	await promises.mkdir(`${data}/a/b`, { recursive: true });
	await promises.writeFile(`${data}/a/b/new`, 'x'.repeat(100000));
	await promises.rename(`${data}/a/b/new`, `${data}/kept`);
	await promises.copyFile(`${data}/kept`, `${data}/copied`);
	await promises.appendFile(`${data}/kept`, 'y');
	assert.strictEqual((await promises.readFile(`${data}/kept`)).length, 100001);
	assert.deepStrictEqual(await promises.readdir(data), ['a', 'copied', 'kept']);
	const packed = zlib.gzipSync(fs.readFileSync(`${data}/kept`));
	assert(zlib.gunzipSync(packed).length === 100001);
	const file = await promises.open(`${data}/kept`, 'r+');
	await file.truncate(10);
	await file.sync();
	await file.close();
	await promises.rm(data + '/a', { recursive: true });
	fs.unlinkSync(`${data}/kept`);
}

async function works() {
	await serves();
	await keepsFiles();
	const worker = new Worker('require("worker_threads").parentPort.postMessage(6 * 7)', { eval: true });
	assert.strictEqual(await new Promise((resolve) => worker.once('message', resolve)), 42);
	await util.promisify(crypto.pbkdf2)('a', 'b', 1000, 20, 'sha256');
	const { stdout } = await util.promisify(child_process.execFile)(process.execPath, ['-p', '1 + 1']);
	assert.strictEqual(stdout, '2\n');
	const child = child_process.spawn(process.execPath, ['-e', 'setTimeout(() => {}, 100000)']);
	child.kill();
	assert.strictEqual(await new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal))), 'SIGTERM');
	return 'all done';
}

async function attacks() {
	const done = [];
	try {
		fs.readFileSync('/srv/secret');
		done.push('read');
	} catch (e) {}
	// Nobody listens there.
	const code = await new Promise((resolve) => net.connect(9, '127.0.0.1').on('error', (e) => resolve(e.code)));
	if (code === 'ECONNREFUSED')
		done.push('connected');
	if (!child_process.spawnSync('/usr/bin/id').error)
		done.push('executed');
	return done.join(' ');
}

({ works, attacks })[process.argv[2]]().then(console.log);
