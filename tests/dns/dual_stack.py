"""The embedded API server gives Services IPv4 addresses only. This stands before it and gives agents those of a
Service's annotation `addresses`, as the API server of a cluster with both families would."""
import http.server
import json
import socket
import ssl
import subprocess
import threading

ANNOTATION = "addresses"


def families_of(addresses):
    if addresses == ["None"]:
        return ["IPv4", "IPv6"]
    return ["IPv6" if ":" in address else "IPv4" for address in addresses]


def translated(thing):
    addresses = thing.get("metadata", {}).get("annotations", {}).get(ANNOTATION)
    if addresses:
        addresses = addresses.split()
        thing["spec"] |= {"clusterIP": addresses[0], "clusterIPs": addresses, "ipFamilies": families_of(addresses)}
    return thing


def translated_body(body):
    thing = json.loads(body)
    for item in [thing, thing.get("object", {}), *thing.get("items", [])]:
        translated(item)
    return json.dumps(thing).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.pass_on()

    do_POST = do_PATCH = do_PUT = do_GET

    def log_message(self, *_):
        pass

    def pass_on(self):
        connection = self.server.place.connect_to_api()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kept = ("Authorization", "Content-Type", "Accept")
        headers = {name: self.headers[name] for name in kept if self.headers[name]}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        self.send_response(response.status)
        self.send_header("Content-Type", response.headers["Content-Type"])
        if "watch=" in self.path and response.status == 200:
            return self.stream(response)
        body = response.read()
        if self.command == "GET" and response.status == 200:
            body = translated_body(body)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, response):
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for line in response:
                line = translated_body(line) + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True


def certificate(directory):
    """Signed by the API server's own authority."""
    command = f"""openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {directory}/dual.key
        -out {directory}/dual.crt -subj /CN=dual -addext subjectAltName=IP:127.0.0.1 -CA {directory}/api/pki/ca.crt
        -CAkey {directory}/api/pki/ca.key"""
    subprocess.run(command.split(), check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{directory}/dual.crt", f"{directory}/dual.key")
    return context


def start(place):
    """From now on the agents of this place see both families."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket.close()
    plain = place.socket(socket.AF_INET, socket.SOCK_STREAM, None)
    plain.bind(("127.0.0.1", 0))
    plain.listen(64)
    server.place, server.daemon_threads = place, True
    server.handle_error = lambda *_: None  # Agents are killed in the middle of a request.
    server.socket = certificate(place.directory).wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
    server.server_address = server.socket.getsockname()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    text = open(place.kubeconfig).read().replace(f":{place.api_port}", f":{server.server_address[1]}")
    place.kubeconfig = str(place.directory / "dual-kubeconfig")
    open(place.kubeconfig, "w").write(text)
    return server
