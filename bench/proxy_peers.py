"""The proxies that bench/proxy.py compares, and the servers behind them: one worker each, HTTP/1.1 kept alive towards
nginx, HTTP/2 towards nghttpd, no log of requests."""
import base64
import itertools
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import time

from agent_scale import make_certificate

GRPC_PATH = "/hitless.Test/WhoAmI"
HTTP_PORT, GRPC_PORT = 8000, 8001
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def start(command, log):
    with open(log, "w") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, preexec_fn=raise_limit)


def raise_limit():
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))


def stop(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def await_port(process, port, log):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nobody listens at port {port}: {pathlib.Path(log).read_text()}")


class Backends:
    def __init__(self, directory):
        raise_limit()  # This process has the clients' descriptors.
        self.key, self.certificate = make_certificate(directory)
        both = f"{directory}/both.pem"
        pathlib.Path(both).write_text(pathlib.Path(self.certificate).read_text() + pathlib.Path(self.key).read_text())
        self.both = both
        self.message = f"{directory}/message"
        pathlib.Path(self.message).write_bytes(bytes(5))  # gRPC's prefix of an empty message
        root = pathlib.Path(f"{directory}/root")
        answer = root / GRPC_PATH[1:]
        answer.parent.mkdir(parents=True)
        answer.write_bytes(bytes(5))
        config = f"{directory}/backend.conf"
        pathlib.Path(config).write_text(nginx_frame(f"{directory}/backend", f"""
  server {{ listen {HTTP_PORT} backlog=4096; keepalive_requests 1000000000; keepalive_timeout 1h; location / {{ return 200 "ok"; }} }}
"""))
        self.processes = [
            start(["nginx", "-c", config], f"{directory}/backend.log"),
            start(["nghttpd", "--no-tls", "-n", "1", "--trailer", "grpc-status: 0", "-d", str(root), str(GRPC_PORT)],
                  f"{directory}/nghttpd.log")]
        await_port(self.processes[0], HTTP_PORT, f"{directory}/backend.log")
        await_port(self.processes[1], GRPC_PORT, f"{directory}/nghttpd.log")

    def stop(self):
        for process in self.processes:
            stop(process)


class Peer:
    def __init__(self, name, command, ports, directory, backends):
        self.name, self.ports, self.message = name, ports, backends.message
        self.log = f"{directory}/{min(ports.values())}.log"
        self.process = start(command, self.log)

    def await_ports(self):
        for port in self.ports.values():
            await_port(self.process, port, self.log)

    def stop(self):
        stop(self.process)


def nginx_frame(prefix, servers):
    return f"""
daemon off; worker_processes 1; pid {prefix}.pid; error_log stderr; worker_rlimit_nofile {FILES};
events {{ worker_connections {FILES}; }}
http {{
  access_log off; client_body_temp_path {prefix}-body; proxy_temp_path {prefix}-proxy;
  fastcgi_temp_path {prefix}-fastcgi; uwsgi_temp_path {prefix}-uwsgi; scgi_temp_path {prefix}-scgi;
{servers}}}
"""


def nginx(directory, ports, backends):
    config = f"{directory}/nginx.conf"
    often = "keepalive_requests 1000000000; keepalive_timeout 1h;"
    http = 'location / { proxy_pass http://http; proxy_http_version 1.1; proxy_set_header Connection ""; }'
    tls = f"ssl_certificate {backends.certificate}; ssl_certificate_key {backends.key};"
    pathlib.Path(config).write_text(nginx_frame(f"{directory}/nginx", f"""
  upstream http {{ server 127.0.0.1:{HTTP_PORT}; keepalive 256; keepalive_requests 1000000000; }}
  upstream grpc {{ server 127.0.0.1:{GRPC_PORT}; keepalive 256; keepalive_requests 1000000000; }}
  server {{ listen {ports["plain"]} backlog=4096; {often} {http} }}
  server {{ listen {ports["h2"]} http2 backlog=4096; {often} {http} }}
  server {{ listen {ports["tls"]} ssl http2; {often} {tls} {http} }}
  server {{ listen {ports["grpc"]} http2; {often} location / {{ grpc_pass grpc://grpc; }} }}
"""))
    return ["nginx", "-c", config]


def haproxy(directory, ports, backends):
    config = f"{directory}/haproxy.cfg"
    pathlib.Path(config).write_text(f"""
global
  nbthread 1
  maxconn {FILES // 2 - 100}
defaults
  mode http
  timeout client 1h
  timeout server 1h
  timeout connect 5s
  http-reuse always
frontend plain
  bind 127.0.0.1:{ports["plain"]}
  bind 127.0.0.1:{ports["h2"]}
  bind 127.0.0.1:{ports["tls"]} ssl crt {backends.both} alpn h2,http/1.1
  default_backend http
frontend grpc
  bind 127.0.0.1:{ports["grpc"]} proto h2
  default_backend grpc
backend http
  server one 127.0.0.1:{HTTP_PORT}
backend grpc
  server one 127.0.0.1:{GRPC_PORT} proto h2
""")
    return ["haproxy", "-db", "-f", config]


def nghttpx(directory, ports, backends):
    config = f"{directory}/nghttpx.conf"
    pathlib.Path(config).write_text("")
    return ["nghttpx", "--conf", config, "--single-process", "-n", "1", "--accesslog-file=/dev/null", "--errorlog-file=/dev/stderr",
            "--frontend-read-timeout=1h", "--frontend-http2-read-timeout=1h", "--no-ocsp",
            *(f"--frontend=127.0.0.1,{ports[name]};no-tls" for name in ("plain", "h2")),
            f"--frontend=127.0.0.1,{ports['tls']}", f"--backend=127.0.0.1,{HTTP_PORT}", backends.key, backends.certificate]


def nghttpx_grpc(directory, ports, backends):
    config = f"{directory}/nghttpx-grpc.conf"
    pathlib.Path(config).write_text("")
    return ["nghttpx", "--conf", config, "--single-process", "-n", "1", "--accesslog-file=/dev/null",
            f"--frontend=127.0.0.1,{ports['grpc']};no-tls", f"--backend=127.0.0.1,{GRPC_PORT};;proto=h2"]


def h2o(directory, ports, backends):
    config = f"{directory}/h2o.conf"
    pathlib.Path(config).write_text(f"""
num-threads: 1
max-connections: {FILES}
user: root
http1-request-timeout: 3600
http2-idle-timeout: 3600
proxy.timeout.keepalive: 3600000
listen: {{host: 127.0.0.1, port: {ports["plain"]}}}
listen: {{host: 127.0.0.1, port: {ports["h2"]}}}
listen: {{host: 127.0.0.1, port: {ports["tls"]}, ssl: {{certificate-file: {backends.certificate}, key-file: {backends.key}}}}}
hosts:
  default:
    paths:
      /: {{proxy.reverse.url: "http://127.0.0.1:{HTTP_PORT}/"}}
""")
    return ["h2o", "-c", config]


def gateway_file(ports, backends):
    encoded = [base64.b64encode(pathlib.Path(path).read_bytes()).decode() for path in (backends.certificate, backends.key)]
    text = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {{name: hitless}}
spec: {{controllerName: hitless.io/gateway}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge}}
spec:
  gatewayClassName: hitless
  listeners:
  - {{name: plain, port: {ports["plain"]}, protocol: HTTP}}
  - {{name: h2, port: {ports["h2"]}, protocol: HTTP}}
  - {{name: tls, port: {ports["tls"]}, protocol: HTTPS, tls: {{certificateRefs: [{{name: bench}}]}}}}
  - {{name: grpc, port: {ports["grpc"]}, protocol: HTTP}}
---
apiVersion: v1
kind: Secret
metadata: {{name: bench}}
type: kubernetes.io/tls
data: {{tls.crt: {encoded[0]}, tls.key: {encoded[1]}}}
"""
    parts = {"http": ("HTTPRoute", ["plain", "h2", "tls"], HTTP_PORT), "grpc": ("GRPCRoute", ["grpc"], GRPC_PORT)}
    for name, (kind, sections, port) in parts.items():
        parents = ", ".join(f"{{name: edge, sectionName: {section}}}" for section in sections)
        text += f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
  parentRefs: [{parents}]
  rules: [{{backendRefs: [{{name: {name}, port: 80}}]}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{ports: [{{port: 80}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{{port: {port}}}]
endpoints: [{{addresses: [127.0.0.1]}}]
"""
    return text


def hitless(program):
    def command(directory, ports, backends):
        routes = f"{directory}/routes-{ports['plain']}.yaml"
        pathlib.Path(routes).write_text(gateway_file(ports, backends))
        return [program, "proxy", "gateway", "--routes", routes, "--workers", "1", "--access-log", "off", "--admin", "off",
                "--status-port", "0", "--http-port", "0", "--https-port", "0"]

    return command


NEXT = itertools.count(9000)
HTTP_NAMES, ALL_NAMES = ("plain", "h2", "tls"), ("plain", "h2", "tls", "grpc")


def kinds():
    """(name, command, names of its ports)"""
    found = [("hitless", hitless(os.environ["HITLESS"]), ALL_NAMES)]
    if base := os.environ.get("HITLESS_BENCH_BASE"):
        found.append(("hitless (base)", hitless(base), ALL_NAMES))
    return found + [("haproxy", haproxy, ALL_NAMES), ("nginx", nginx, ALL_NAMES), ("nghttpx", nghttpx, HTTP_NAMES),
                    ("nghttpx", nghttpx_grpc, ("grpc",)), ("h2o", h2o, HTTP_NAMES)]


def start_peers(directory, backends, running, kind=None):
    """Adds them to `running`, which the caller stops."""
    for name, command, names in [kind] if kind else kinds():
        ports = {port: next(NEXT) for port in names}
        running.append(Peer(name, command(directory, ports, backends), ports, directory, backends))
    for peer in running:
        peer.await_ports()
