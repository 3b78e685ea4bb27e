"""An embedded cluster as a test uses it."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HITLESS = os.environ.get("HITLESS", str(ROOT / "build/hitless"))
KUBECTL = shutil.which("kubectl")
SCENARIOS = ROOT / "scenarios"


def eventually(check, timeout=30, what="the expected state"):
    """Waits until check() is true; its last exception or value is in the failure."""
    deadline = time.monotonic() + timeout
    last = None
    while time.monotonic() < deadline:
        try:
            last = check()
            if last:
                return last
        except (AssertionError, subprocess.CalledProcessError, KeyError, IndexError) as error:
            last = error
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come within {timeout} s: {last!r}")


class Cluster:
    """`hitless up` in a run directory of its own; `prefix` runs it as somebody else."""

    def __init__(self, *arguments, prefix=(), directory=None):
        self.directory = directory or tempfile.mkdtemp(prefix="hitless-test-")
        self.prefix = list(prefix)
        self.environment = dict(os.environ, HITLESS_RUN_DIR=self.directory, HOME=self.directory)
        self.output = self.hitless("up", *arguments).stdout
        self.info = json.load(open(f"{self.directory}/default/cluster.json"))

    def hitless(self, *arguments, check=True, timeout=180):
        done = subprocess.run(self.prefix + [HITLESS, *arguments], env=self.environment, text=True,
                              capture_output=True, timeout=timeout)
        if check and done.returncode != 0:
            log = pathlib.Path(f"{self.directory}/default/cluster.log")
            raise AssertionError(f"hitless {' '.join(arguments)}: {done.stdout}{done.stderr}"
                                 f"{log.read_text() if log.exists() else ''}")
        return done

    def kubectl(self, *arguments, check=True, stdin=None, binary=None, timeout=120):
        return subprocess.run([binary or KUBECTL, "--kubeconfig", self.info["kubeconfig"], *arguments],
                              env=self.environment, text=True, capture_output=True, check=check, input=stdin,
                              timeout=timeout)

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json").stdout)

    def run(self, *command, check=True, node=None):
        return self.hitless("run", *(["--node", node] if node else []), "--", *command, check=check)

    def down(self):
        self.hitless("down", check=False)
        shutil.rmtree(self.directory, ignore_errors=True)


def cluster_processes():
    """Command lines of hitless processes that belong to a cluster, by pid."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            argv = open(f"/proc/{entry}/cmdline", "rb").read().split(b"\0")
        except OSError:
            continue
        if argv and os.path.basename(argv[0]) in (b"hitless", b"hitless-testapp"):
            found[int(entry)] = b" ".join(argv).decode().strip()
    return found
