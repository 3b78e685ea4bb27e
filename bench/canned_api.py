"""An API server of ready-made answers: as large a cluster as one likes, at next to no cost for the server."""
import json
import socket
import ssl
import threading
import urllib.parse

PAGE = 500


def service(number):
    """Service s-NUMBER, as kube-apiserver sends one, managedFields and all."""
    name = f"s-{number}"
    return {
        "metadata": {
            "name": name, "namespace": "default", "uid": f"00000000-0000-4000-8000-{number:012d}",
            "resourceVersion": str(1000 + number), "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"app": name, "team": "bench"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{" + "x" * 300 + "}"},
            "managedFields": [{"manager": "kubectl", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
                               "fieldsV1": {"f:spec": {"f:ports": {}, "f:selector": {}}}}]},
        "spec": {"clusterIP": cluster_ip(number), "clusterIPs": [cluster_ip(number)], "type": "ClusterIP",
                 "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "sessionAffinity": "None",
                 "internalTrafficPolicy": "Cluster", "selector": {"app": name},
                 "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]},
        "status": {"loadBalancer": {}}}


def endpoint_slice(number, endpoints, moved=0, revision=None):
    """Its slices' only one; `moved` gives its last endpoint another address."""
    name = f"s-{number}"
    first = number * endpoints
    items = []
    for i in range(endpoints):
        offset = first + i + (100_000_000 + moved if moved and i == endpoints - 1 else 0)
        items.append({"addresses": [pod_ip(offset)], "nodeName": f"node-{i % 100 + 2}", "zone": "a",
                      "conditions": {"ready": True, "serving": True, "terminating": False},
                      "targetRef": {"kind": "Pod", "name": f"{name}-{i}", "namespace": "default",
                                    "uid": f"00000000-0000-4000-9000-{offset:012d}"}})
    return {
        "metadata": {
            "name": f"{name}-abcde", "namespace": "default", "uid": f"00000000-0000-4000-a000-{number:012d}",
            "resourceVersion": str(revision or 100_000 + number), "generation": 3,
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"app": name, "team": "bench", "kubernetes.io/service-name": name,
                       "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "Service", "name": name, "controller": True,
                                 "uid": f"00000000-0000-4000-8000-{number:012d}", "blockOwnerDeletion": True}],
            "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "fieldsType": "FieldsV1",
                               "apiVersion": "discovery.k8s.io/v1", "fieldsV1": {"f:endpoints": {}, "f:ports": {}}}]},
        "addressType": "IPv4", "endpoints": items,
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}


def ipv4(number):
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def cluster_ip(number):
    return ipv4((10 << 24 | 96 << 16) + 10 + number)


def pod_ip(offset):
    return ipv4((11 << 24) + offset)


NODE = {"metadata": {"name": "node-1", "resourceVersion": "5"}, "spec": {"podCIDR": "10.244.1.0/24"},
        "status": {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                   "conditions": [{"type": "Ready", "status": "True"}]}}


class Collection:
    def __init__(self, objects, revision, kind):
        self.revision = revision
        self.kind = kind
        texts = [json.dumps(item, separators=(",", ":")) for item in objects]
        self.pages = []
        for begin in range(0, max(1, len(texts)), PAGE):
            more = begin + PAGE < len(texts)
            self.pages.append((
                '{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"%d"%s},"items":[%s]}' % (
                    revision, ',"continue":"%d"' % (begin // PAGE + 1) if more else "",
                    ",".join(texts[begin:begin + PAGE]))).encode())
        self.texts = texts
        self.watcher = None
        self.watching = threading.Event()

    def initial_events(self):
        for begin in range(0, len(self.texts), PAGE):
            yield "".join('{"type":"ADDED","object":%s}\n' % text for text in self.texts[begin:begin + PAGE]).encode()
        yield json.dumps({"type": "BOOKMARK", "object": {"kind": self.kind, "metadata": {
            "resourceVersion": str(self.revision), "annotations": {"k8s.io/initial-events-end": "true"}}}}).encode() + b"\n"


class CannedApi:
    """Serves collections {path: Collection} on a TLS port of 127.0.0.1; events are pushed by hand."""

    def __init__(self, directory, certificate, key, collections):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.collections = collections
        self.bytes_sent = 0
        self.listener = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True,
                                            do_handshake_on_connect=False)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            data = b""
            while True:
                while b"\r\n\r\n" not in data:
                    more = connection.recv(65536)
                    if not more:
                        return
                    data += more
                head, data = data.split(b"\r\n\r\n", 1)
                length = [int(line.split(b":")[1]) for line in head.split(b"\r\n")
                          if line.lower().startswith(b"content-length")]
                while length and len(data) < length[0]:
                    data += connection.recv(65536)
                data = data[length[0]:] if length else data
                if not self.answer(connection, head.split(b" ", 2)[1].decode()):
                    return
        except OSError:
            pass

    def answer(self, connection, target):
        """False when the connection is used up."""
        url = urllib.parse.urlparse(target)
        query = dict(urllib.parse.parse_qsl(url.query))
        collection = self.collections.get(url.path)
        if collection is None:
            body = b'{"kind":"Status","status":"Failure","code":404,"message":"not here"}'
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            return True
        if query.get("watch") in ("true", "1"):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            collection.watcher = connection
            if query.get("sendInitialEvents") == "true":
                for part in collection.initial_events():
                    self.chunk(connection, part)
            collection.watching.set()
            threading.Event().wait()
        body = collection.pages[int(query.get("continue", "0"))]
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                           % (len(body), body))
        return True

    @staticmethod
    def chunk(connection, data):
        connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def push(self, path, event):
        """Sends prepared bytes of an event to whoever watches the collection."""
        self.chunk(self.collections[path].watcher, event)
