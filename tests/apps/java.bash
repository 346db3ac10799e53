# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# A server of HTTP with a pool of threads, that keeps words in a file, logs, and collects its garbage.
policy=profiles/apps/java.pale
program=$(readlink -f /usr/bin/java)
user=www-data
attacks=$all_acts
# Landlock does not grant a file of the process's own in /proc that pale's own is not.
inexact='overblocked write /proc/self/coredump_filter'
refused="read /srv/secret
create /opt/app/evil.jar
connect tcp 127.0.0.1:9
exec .*/lib/jspawnhelper"

set_up() {
	install -d -o www-data /opt/app /var/lib/app /var/log/app
	cat >/run/App.java <<-'END'
		import com.sun.net.httpserver.*;
		import java.io.*;
		import java.net.*;
		import java.nio.channels.*;
		import java.nio.file.*;
		import java.util.*;
		import java.util.concurrent.*;
		import java.util.logging.*;

		public class App {
			static final Path kept = Path.of("/var/lib/app/kept");
			static final Logger log = Logger.getLogger("app");

			static synchronized String keep(String word) throws IOException {
				try (FileChannel c = FileChannel.open(kept, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
					FileLock lock = c.lock()) {
					c.write(java.nio.ByteBuffer.wrap((word + "\n").getBytes()));
				}
				log.info("kept " + word);
				return word;
			}

			static String turn() throws IOException {
				Files.copy(kept, Path.of("/var/lib/app/new"), StandardCopyOption.REPLACE_EXISTING);
				Files.move(Path.of("/var/lib/app/new"), kept, StandardCopyOption.ATOMIC_MOVE);
				byte[][] garbage = new byte[64][];
				for (int i = 0; i < 2000; i++)
					garbage[i % 64] = new byte[100000];
				return "" + Files.readAllLines(kept).size();
			}

			static String attack(String act) throws Exception {
				try {
					switch (act) {
					case "read": Files.readString(Path.of("/srv/secret")); break;
					case "written": new FileOutputStream("/opt/app/evil.jar").close(); break;
					case "connected": new Socket("127.0.0.1", 9).close(); break;
					case "executed": new ProcessBuilder("id").start().waitFor(); break;
					}
				} catch (IOException e) {
					return "";
				}
				return act + "\n";
			}

			public static void main(String[] args) throws Exception {
				FileHandler handler = new FileHandler("/var/log/app/app.log", 1 << 20, 1, true);
				handler.setFormatter(new SimpleFormatter());
				log.setUseParentHandlers(false);
				log.addHandler(handler);
				HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
				server.setExecutor(Executors.newFixedThreadPool(8));
				server.createContext("/", exchange -> {
					String path = exchange.getRequestURI().getPath(), word = path.replaceAll(".*/", ""), answer;
					try {
						answer = path.startsWith("/keep/") ? keep(word) : path.startsWith("/attack/") ? attack(word) :
							path.equals("/turn") ? turn() : "";
					} catch (Exception e) {
						answer = e.toString();
					}
					exchange.sendResponseHeaders(200, answer.isEmpty() ? -1 : answer.getBytes().length);
					exchange.getResponseBody().write(answer.getBytes());
					exchange.close();
				});
				server.start();
				Runtime.getRuntime().addShutdownHook(new Thread(() -> System.err.println("it ends")));
			}
		}
	END
	javac -d /run/classes /run/App.java
	jar --create --file /opt/app/app.jar --main-class App -C /run/classes .
}

start() {
	cd /opt/app
	daemon "$@" "$program" -Xmx128m -Xlog:gc:file=/var/log/app/gc.log -jar /opt/app/app.jar
	in_time curl -sf -o /dev/null http://127.0.0.1:8080/
}

exercise() {
	curl -sS --fail -o /dev/null --parallel --parallel-max 8 'http://127.0.0.1:8080/keep/[1-100]'
	is 100 curl -sS --fail http://127.0.0.1:8080/turn
	is 100 curl -sS --fail http://127.0.0.1:8080/turn
	logged 'kept 100' /var/log/app/app.log
	logged Pause /var/log/app/gc.log
}

attack() {
	curl -sS 'http://127.0.0.1:8080/attack/{read,written,connected,executed}' | grep -v '^--' || true
}

stop() {
	ends TERM
	logged "it ends" $log
}
