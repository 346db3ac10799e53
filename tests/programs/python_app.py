# SPDX-License-Identifier: Apache-2.0
# What many programs in Python do ("works"), and what this one has no business to ("attacks").
import asyncio
import concurrent.futures
import errno
import http.client
import http.server
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading

DATA = "/var/lib/app"


def serves():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({"sum": sum(request)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler)
    threading.Thread(target=server.serve_forever).start()

    def ask(n):
        connection = http.client.HTTPConnection("localhost", 8000)
        connection.request("POST", "/", json.dumps(list(range(n))))
        return json.load(connection.getresponse())["sum"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(50))) == [n * (n - 1) // 2 for n in range(50)]
    server.shutdown()
    server.server_close()


def starts_processes():
    again = [sys.executable, "-c", "import sys; print(sys.stdin.read()[::-1], end='')"]
    assert subprocess.run(again, input=b"abc", stdout=subprocess.PIPE).stdout == b"cba"
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    child.terminate()
    assert child.wait() == -15
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


async def runs_a_loop():
    async def echo(reader, writer):
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 8000)

    async def ask(i):
        reader, writer = await asyncio.open_connection("127.0.0.1", 8000)
        writer.write(b"%d\n" % i)
        assert await reader.readline() == b"%d\n" % i
        writer.close()

    await asyncio.gather(*map(ask, range(50)))
    server.close()
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(1)", stdout=subprocess.PIPE)
    assert (await child.communicate())[0] == b"1\n"
    assert await asyncio.to_thread(len, "abc") == 3


def keeps_files():
    with tempfile.NamedTemporaryFile("w", dir=DATA, delete=False) as f:
        f.write("x" * 100000)
        f.flush()
        os.fsync(f.fileno())
    os.rename(f.name, DATA + "/kept")
    assert os.listdir(DATA) == ["kept"]
    with sqlite3.connect(DATA + "/db") as db:
        db.execute("create table t (a)")
        db.executemany("insert into t values (?)", [(i,) for i in range(100)])
    assert db.execute("select count(*) from t").fetchone() == (100,)
    os.unlink(DATA + "/kept")


def attacks():
    for name, attack in {
        "read": lambda: open("/srv/secret"),
        "connected": lambda: socket.create_connection(("127.0.0.1", 9)),
        "executed": lambda: subprocess.run(["/usr/bin/id"], stdout=subprocess.DEVNULL),
    }.items():
        try:
            attack()
            yield name
        except OSError as e:
            # Nobody listens there.
            if e.errno == errno.ECONNREFUSED:
                yield name


if sys.argv[1] == "works":
    serves()
    starts_processes()
    asyncio.run(runs_a_loop())
    keeps_files()
    print("all done")
else:
    print(*attacks())
