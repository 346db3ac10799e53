// SPDX-License-Identifier: Apache-2.0
// Notes that are kept as files: PUT, GET and DELETE of /NAME, a list of them at /, and their digests, which a thread makes, at /digests.
'use strict';
const http = require('http'), fs = require('fs'), path = require('path');
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto'), zlib = require('zlib');

const folder = process.env.NOTES;

if (!isMainThread) {
	const digests = {};
	for (const name of fs.readdirSync(workerData))
		digests[name] = crypto.createHash('sha256').update(fs.readFileSync(path.join(workerData, name))).digest('hex');
	parentPort.postMessage(digests);
} else {
	const answer = (res, status, body) => { res.statusCode = status; res.end(body); };
	const server = http.createServer((req, res) => {
		const file = path.join(folder, path.basename(req.url));
		if (req.url === '/')
			return fs.readdir(folder, (err, names) => answer(res, err ? 500 : 200, JSON.stringify(names)));
		if (req.url === '/digests')
			return new Worker(__filename, { workerData: folder }).on('message', (m) => answer(res, 200, JSON.stringify(m)));
		if (req.method === 'DELETE')
			return fs.unlink(file, (err) => answer(res, err ? 404 : 204));
		if (req.method !== 'PUT')
			return fs.readFile(file, (err, data) => err ? answer(res, 404) : answer(res, 200, req.headers.packed ? zlib.gzipSync(data) : data));
		const made = fs.createWriteStream(file + '.tmp');
		req.pipe(made).on('finish', () => fs.rename(file + '.tmp', file, (err) => answer(res, err ? 500 : 201)));
	});
	server.listen(Number(process.argv[2]), '127.0.0.1');
	process.on('SIGTERM', () => { server.close(); server.closeAllConnections(); });
}
