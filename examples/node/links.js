// SPDX-License-Identifier: Apache-2.0
// links CONFIG: short names of long addresses. `POST /links` with an address answers with a name, and `GET /NAME` leads there. The configuration
// says on which port it listens, in which file it keeps them, and how long an address may be.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');

const config = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const links = new Map(Object.entries(fs.existsSync(config.links) ? JSON.parse(fs.readFileSync(config.links, 'utf8')) : {}));

// Whole, or as it was; one after the other.
let saved = Promise.resolve();
function save() {
	saved = saved.catch(() => {}).then(async () => {
		await fs.promises.writeFile(`${config.links}.new`, JSON.stringify(Object.fromEntries(links)));
		await fs.promises.rename(`${config.links}.new`, config.links);
	});
	return saved;
}

function isAddress(text) {
	try {
		return ['http:', 'https:'].includes(new URL(text).protocol);
	} catch {
		return false;
	}
}

async function body(request) {
	let text = '';
	request.setEncoding('utf8');
	for await (const part of request) {
		text += part;
		if (text.length > config.longest) return null;
	}
	return text;
}

async function keep(request) {
	const text = await body(request);
	if (text === null) return { status: 413 };
	if (!isAddress(text)) return { status: 400 };
	const name = crypto.randomBytes(6).toString('base64url');
	links.set(name, new URL(text).href);
	await save();
	return { status: 201, text: `${name}\n` };
}

async function answer(request) {
	if (request.method === 'POST' && request.url === '/links') return keep(request);
	const address = request.method === 'GET' && links.get(request.url.slice(1));
	return address ? { status: 302, headers: { Location: address } } : { status: 404 };
}

const server = http.createServer(async (request, response) => {
	let answered;
	try {
		answered = await answer(request);
	} catch (error) {
		console.error(`links: ${error.message}`);
		answered = { status: 500 };
	}
	console.log(`${answered.status} ${request.method} ${request.url}`);
	response.writeHead(answered.status, { Connection: 'close', ...answered.headers });
	response.end(answered.text);
});

process.on('SIGTERM', () => server.close());
server.listen(config.port, () => console.log(`links: on port ${config.port}`));
