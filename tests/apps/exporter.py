# SPDX-License-Identifier: Apache-2.0
"""exporter.py PORT FILE: says one figure to each who asks, and writes down how they did."""
import http.server
import sys


class Exporter(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[2], "a") as f:
            f.write(str(self.headers))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"words 7\n")

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Exporter).serve_forever()
