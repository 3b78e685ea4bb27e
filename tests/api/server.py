"""`hitless apiserver` as a test uses it."""
import glob
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
HITLESS = os.environ.get("HITLESS", str(ROOT / "build/hitless"))


def kubectls():
    """Every kubectl on this machine, oldest first."""
    found = sorted(glob.glob("/usr/lib/google-cloud-sdk/bin/kubectl.1.*"))
    return found or [path for path in [shutil.which("kubectl")] if path]


def eventually(check, timeout=20, what="the expected state"):
    """Waits until check() gives something true and returns that."""
    deadline = time.monotonic() + timeout
    last = None
    while time.monotonic() < deadline:
        last = check()
        if last:
            return last
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {timeout} s: {last!r}")


class ApiServer:
    """One server process with a directory of its own."""

    def __init__(self, *arguments, token="secret"):
        self.directory = tempfile.mkdtemp(prefix="hitless-api-")
        self.token = token
        started = time.monotonic()
        self.process = subprocess.Popen(
            [HITLESS, "apiserver", "--dir", self.directory, "--token", token, *arguments],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.start_seconds = time.monotonic() - started
        assert line.startswith("serving "), line
        self.url = line.split()[1].rstrip(",")
        self.host, self.port = self.url[len("https://"):].split(":")
        self.kubeconfig = f"{self.directory}/kubeconfig"
        self.tls = ssl.create_default_context(cafile=f"{self.directory}/pki/ca.crt")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=10)
        self.process.stdout.close()
        shutil.rmtree(self.directory, ignore_errors=True)
        return status

    def resident_kib(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1])

    def open(self, method, path, body=None, headers=None, timeout=20):
        """The raw response of one request; HTTP errors are responses too."""
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            return urllib.request.urlopen(request, context=self.tls, timeout=timeout)
        except urllib.error.HTTPError as error:
            return error

    def call(self, method, path, body=None, headers=None):
        """Status code and parsed JSON."""
        with self.open(method, path, body, headers) as response:
            return response.status, json.loads(response.read())

    def watch(self, path, count, timeout=20):
        """The first `count` events of a watch."""
        with self.open("GET", path, timeout=timeout) as stream:
            return [json.loads(stream.readline()) for _ in range(count)]


class Kubectl:
    """One kubectl version against one server, with a discovery cache of its own."""

    def __init__(self, binary, server):
        self.binary = binary
        self.server = server
        self.home = f"{server.directory}/home-{os.path.basename(binary)}"
        os.makedirs(self.home, exist_ok=True)
        self.environment = dict(os.environ, HOME=self.home, KUBECONFIG=server.kubeconfig)

    def run(self, *arguments, stdin=None, check=True, timeout=60, environment=None):
        done = subprocess.run([self.binary, *arguments], env={**self.environment, **(environment or {})},
                              input=stdin, text=True, capture_output=True, timeout=timeout)
        if check:
            assert done.returncode == 0, f"kubectl {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done

    def __call__(self, *arguments, **options):
        return self.run(*arguments, **options).stdout

    def start(self, *arguments):
        return subprocess.Popen([self.binary, *arguments], env=self.environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def json(self, *arguments):
        return json.loads(self(*arguments, "-o", "json"))

    def minor(self):
        return int(json.loads(self("version", "--client", "-o", "json"))["clientVersion"]["minor"].rstrip("+"))
