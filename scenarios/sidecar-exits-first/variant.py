"""One variant of the incident, from its objects to its pod's end."""

import http.client
import json
import threading
import time

import kubernetes

NAME, GATEWAY = "graceful-shutdown-app", "gateway.default"
READY_SECONDS, GONE_SECONDS = 60, 90
# The request is on its way for so long before the Deployment is scaled.
HEAD_START = 1
ROUTES = ("gateway.networking.k8s.io", "v1")


class Variant:
    """`drain` and `form` are what the annotations of docs/proxy-injection.md say."""

    def __init__(self, drain, form, grace, expected):
        self.drain, self.form, self.grace, self.expected = drain, form, grace, expected
        self.name = f"{drain}-{form}-{grace}s".replace(":", "-").replace(".", "-")
        self.host = f"{self.name}.example"


def without(thing, *fields):
    return {key: value for key, value in thing.items() if key not in fields}


class Run:
    def __init__(self, api, variant, delay):
        self.api, self.variant, self.delay = api, variant, delay
        self.core, self.apps = kubernetes.client.CoreV1Api(api), kubernetes.client.AppsV1Api(api)
        self.custom = kubernetes.client.CustomObjectsApi(api)
        self.status = self.body = self.error = self.trouble = None
        self.asked = self.asked_ns = self.answered = self.scaled = self.gone = None
        self.gateway, self.report, self.lines = {}, [], []

    def carry_out(self):
        try:
            self.make()
            pod = self.await_pod()
            self.await_answer()
            idle = self.idle_connection(pod.status.pod_ip)
            follower = threading.Thread(target=self.follow, args=(pod.metadata.name,), daemon=True)
            follower.start()
            request = threading.Thread(target=self.request, daemon=True)
            request.start()
            time.sleep(HEAD_START)
            self.scaled = time.monotonic()
            self.apps.patch_namespaced_deployment_scale(NAME, self.variant.name, {"spec": {"replicas": 0}})
            self.await_end(pod.metadata.name)
            request.join(self.delay + READY_SECONDS)
            follower.join(5)
            idle.close()
            self.read_gateway()
            self.report = [line for line in self.lines if "cut after" in line][:3]
        except Exception as error:  # Whatever it is, the others go on, and this is told at the end.
            self.trouble = f"{type(error).__name__}: {error}"

    def make(self):
        """The objects of app.yaml again, in a namespace of their own, with this variant's annotations."""
        namespace, variant = self.variant.name, self.variant
        self.core.create_namespace({"metadata": {"name": namespace}})
        model = self.api.sanitize_for_serialization(self.apps.read_namespaced_deployment(NAME, "default"))
        template = model["spec"]["template"]
        template["metadata"]["annotations"].update({"hitless.io/drain": variant.drain, "hitless.io/sidecar": variant.form})
        template["spec"]["terminationGracePeriodSeconds"] = variant.grace
        self.apps.create_namespaced_deployment(namespace, {"metadata": {"name": NAME}, "spec": model["spec"]})
        service = self.api.sanitize_for_serialization(self.core.read_namespaced_service(NAME, "default"))
        self.core.create_namespaced_service(namespace, {"metadata": {"name": NAME}, "spec": without(
            service["spec"], "clusterIP", "clusterIPs")})
        route = self.custom.get_namespaced_custom_object(*ROUTES, "default", "httproutes", NAME)
        route["spec"]["hostnames"] = [variant.host]
        self.custom.create_namespaced_custom_object(*ROUTES, namespace, "httproutes", {
            "apiVersion": "/".join(ROUTES), "kind": "HTTPRoute", "metadata": {"name": NAME}, "spec": route["spec"]})

    def await_pod(self):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            for pod in self.core.list_namespaced_pod(self.variant.name).items:
                ready = [one.status for one in pod.status.conditions or [] if one.type == "Ready"]
                if ready == ["True"]:
                    return pod
            time.sleep(0.05)
        raise TimeoutError(f"no pod was ready within {READY_SECONDS} s")

    def ask(self, path, timeout, method="GET"):
        connection = http.client.HTTPConnection(GATEWAY, 80, timeout=timeout)
        try:
            connection.request(method, path, headers={"Host": self.variant.host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def await_answer(self):
        """Until the gateway knows the route and the endpoint; its connection to the pod stays, idle."""
        deadline, last = time.monotonic() + READY_SECONDS, None
        while time.monotonic() < deadline:
            try:
                last = self.ask("/", 5)
                if last[0] == 200:
                    return
            except OSError as error:
                last = error
            time.sleep(0.1)
        raise TimeoutError(f"the gateway did not answer for {self.variant.host}: {last}")

    def idle_connection(self, address):
        """A client that keeps its connection to the pod alive and asks nothing more."""
        connection = http.client.HTTPConnection(address, 8080, timeout=10)
        connection.request("GET", "/", headers={"Host": self.variant.host})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise ConnectionError(f"the pod itself answered {answer.status}")
        return connection

    def request(self):
        """A POST: nobody may send it again whom the connection's end does not tell that it was not processed (RFC 9110, 9.2.2)."""
        self.asked, self.asked_ns = time.monotonic(), time.time_ns()
        try:
            self.status, self.body = self.ask(f"/delay/{self.delay:g}", self.delay + READY_SECONDS, "POST")
        except OSError as error:
            self.error = f"{type(error).__name__}: {error}"
        self.answered = time.monotonic()

    def await_end(self, name):
        deadline = time.monotonic() + GONE_SECONDS
        while time.monotonic() < deadline:
            try:
                self.core.read_namespaced_pod(name, self.variant.name)
            except kubernetes.client.ApiException as error:
                if error.status == 404:
                    self.gone = time.monotonic()
                    return
                raise
            time.sleep(0.02)

    def follow(self, name):
        """What the proxy writes, until it ends: afterwards its pod is gone."""
        try:
            log = self.core.read_namespaced_pod_log(name, self.variant.name, container="hitless-proxy", follow=True,
                                                    _preload_content=False)
            for line in log:
                self.lines.append(line.decode(errors="replace").strip())
        except (kubernetes.client.ApiException, OSError):
            pass

    def read_gateway(self):
        """The gateway's line about the request."""
        deadline = time.monotonic() + 5
        while not self.gateway and time.monotonic() < deadline:
            for pod in self.core.list_namespaced_pod("default", label_selector="app=gateway").items:
                for line in self.core.read_namespaced_pod_log(pod.metadata.name, "default").splitlines():
                    if self.variant.host in line and "/delay/" in line:
                        self.gateway = json.loads(line)
            time.sleep(0.1)
