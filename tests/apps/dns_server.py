# SPDX-License-Identifier: Apache-2.0
"""A name server for who is a resolver's other side: dns_server.py ADDRESS PORT ANSWER says ANSWER, an address, to each question by UDP and TCP."""
import socket
import socketserver
import sys
import threading


def answer_to(question):
    end = question.index(0, 12) + 5  # of the question's name, type and class
    is_a = question[end - 4 : end - 2] == b"\0\1"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(sys.argv[3]) if is_a else b""
    return question[:2] + b"\x85\x80\0\1\0" + bytes([is_a]) + b"\0\0\0\0" + question[12:end] + answer


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        question, server = self.request
        server.sendto(answer_to(question), self.client_address)


class Stream(socketserver.StreamRequestHandler):
    def handle(self):
        while length := self.rfile.read(2):
            answer = answer_to(self.rfile.read(int.from_bytes(length, "big")))
            self.wfile.write(len(answer).to_bytes(2, "big") + answer)


at = (sys.argv[1], int(sys.argv[2]))
threading.Thread(target=socketserver.ThreadingUDPServer(at, Datagram).serve_forever).start()
socketserver.ThreadingTCPServer(at, Stream).serve_forever()
