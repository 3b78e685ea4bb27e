import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "deploy"))

from component import copy_deploy  # noqa: E402
from hook import Webhook  # noqa: E402
from server import ApiServer, Kubectl, kubectls  # noqa: E402


@pytest.fixture
def server(tmp_path):
    """An API server with deploy/ and its webhook component applied."""
    if not kubectls():
        pytest.skip("no kubectl here")
    server = ApiServer()
    folder = copy_deploy(tmp_path / "deploy", server)
    (folder / "kustomization.yaml").write_text("components: [webhook]\nresources: [namespace.yaml]\n")
    server.kubectl = Kubectl(kubectls()[-1], server)
    server.kubectl("apply", "-k", str(folder), "--validate=strict")
    yield server
    server.stop()


@pytest.fixture
def start(server):
    """Starts replicas, which end with the test."""
    started = []

    def start(*arguments, **options):
        started.append(Webhook(server, *arguments, **options))
        return started[-1]

    yield start
    for webhook in started:
        webhook.stop()
