# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Servers that are not watched: files by HTTP, and by HTTPS with a certificate of its own.
mkdir site home
export HOME=$WORK/home
plain=http://127.0.0.1:$PORT1
secure=https://localhost:$PORT2

servers() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
		-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
	/usr/bin/python3 - "$PORT1" "$PORT2" >servers.log 2>&1 <<-'END' &
		import functools, http.server, ssl, sys, threading
		class Handler(http.server.SimpleHTTPRequestHandler):
		    def do_PUT(self):
		        n = int(self.headers.get("Content-Length", 0))
		        self.send_response(200 if len(self.rfile.read(n)) == n else 400)
		        self.end_headers()
		    do_POST = do_PUT
		    def do_GET(self):
		        if not self.path.startswith("/moved/"):
		            return super().do_GET()
		        self.send_response(302)
		        self.send_header("Location", self.path[6:])
		        self.send_header("Set-Cookie", "seen=1")
		        self.end_headers()
		handler = functools.partial(Handler, directory="site")
		plain = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler)
		secure = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), handler)
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		context.load_cert_chain("cert.pem", "key.pem")
		secure.socket = context.wrap_socket(secure.socket, server_side=True)
		threading.Thread(target=plain.serve_forever).start()
		secure.serve_forever()
	END
	servers=$!
	until_ok 30 nc -z 127.0.0.1 "$PORT2"
	until_ok 30 /usr/bin/curl -sf "$plain/"
	chmod 644 cert.pem
}

it() { # CURL-ARGUMENT…
	local who=()
	[ "$(id -u)" != 0 ] || who=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups)
	"${who[@]}" "$PROGRAM" -sS "$@"
}
