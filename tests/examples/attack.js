// SPDX-License-Identifier: Apache-2.0
// As attack.c.
{
	const { execSync } = require('child_process');
	const { openSync } = require('fs');
	const net = require('net');

	const say = (word) => console.error(`attack: ${word}`);
	const attempt = (word, act) => {
		try {
			act();
			say(word);
		} catch {}
	};
	attempt('read', () => openSync('/etc/shadow'));
	attempt('written', () => openSync(ATTACKED, 'r+'));
	attempt('executed', () => execSync('id', { stdio: 'ignore' }));

	const server = net.createServer((socket) => socket.destroy());
	const connect = () => {
		const client = net.connect(4444, '127.0.0.1', () => say('connected'));
		client.on('error', () => {});
		client.on('close', () => server.close());
	};
	server.on('error', connect);
	server.listen(4444, '127.0.0.1', () => {
		say('listened');
		connect();
	});
}
