"""An API server that has nothing, knows no WatchList, and notes every request.

recorder.py PORT CERTIFICATE KEY LOG
"""
import http.server
import json
import ssl
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def note(self):
        with open(sys.argv[4], "a") as log:
            log.write(f"{self.command} {self.path} {self.headers.get('Authorization')}\n")

    def do_GET(self):
        self.note()
        if "sendInitialEvents" in self.path:
            self.answer(422, {"kind": "Status", "code": 422})
        elif "watch=true" in self.path:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.rfile.read(1)  # Until the client leaves.
        else:
            self.answer(200, {"metadata": {"resourceVersion": "1"}, "items": []})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.note()
        self.answer(409, {"kind": "Status", "code": 409})  # It keeps nothing.

    do_PUT = do_PATCH = do_POST

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = True
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
