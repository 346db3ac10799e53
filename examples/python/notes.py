# SPDX-License-Identifier: Apache-2.0
"""notes CONFIG: keeps short texts. `POST /notes` keeps its body and answers with a number, `GET /notes/NUMBER` gives it back, `DELETE` forgets
it. The configuration says on which port it listens, where its database lies, and how long a note may be."""

import configparser
import http.server
import re
import signal
import sqlite3
import sys
import threading


class Store:
    """The database: one connection, and who uses it holds the lock."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.run("create table if not exists notes (number integer primary key autoincrement, text text not null)")

    def run(self, statement, *values):
        with self.lock, self.db:
            cursor = self.db.execute(statement, values)
            return cursor.fetchone(), cursor.lastrowid, cursor.rowcount

    def keep(self, text):
        return self.run("insert into notes (text) values (?)", text)[1]

    def get(self, number):
        row = self.run("select text from notes where number = ?", number)[0]
        return row and row[0]

    def forget(self, number):
        return self.run("delete from notes where number = ?", number)[2] == 1


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 10
    store = None
    longest = 0

    def answer(self, status, text=""):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def number(self):
        match = re.fullmatch(r"/notes/([0-9]{1,18})", self.path)
        return int(match[1]) if match else None

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if self.path != "/notes":
            return self.answer(404)
        if not re.fullmatch(r"[0-9]{1,9}", length):
            return self.answer(411)
        if int(length) > self.longest:
            return self.answer(413)
        try:
            text = self.rfile.read(int(length)).decode()
        except UnicodeDecodeError:
            return self.answer(400)
        return self.answer(201, f"{self.store.keep(text)}\n")

    def do_GET(self):
        text = self.store.get(self.number())
        return self.answer(404) if text is None else self.answer(200, text)

    def do_DELETE(self):
        return self.answer(200 if self.store.forget(self.number()) else 404)

    def log_message(self, format, *values):
        # Without the client's name, which would be looked up.
        print((format % values).encode("unicode_escape").decode(), flush=True)


def main():
    config = configparser.ConfigParser()
    with open(sys.argv[1], encoding="utf-8") as file:
        config.read_file(file)
    notes = config["notes"]
    Handler.store = Store(notes["database"])
    Handler.longest = notes.getint("longest")
    server = http.server.ThreadingHTTPServer(("", notes.getint("port")), Handler)
    # shutdown() waits for serve_forever(), which this thread is in.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"notes: on port {notes.getint('port')}", flush=True)
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
