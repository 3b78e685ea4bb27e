import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from hook import ROOT, Webhook  # noqa: E402
from server import ApiServer, Kubectl, kubectls  # noqa: E402


@pytest.fixture
def server(tmp_path):
    """An API server with deploy/ and its webhook component applied."""
    if not kubectls():
        pytest.skip("no kubectl here")
    folder = tmp_path / "deploy"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text("components: [webhook]\nresources: [namespace.yaml]\n")
    (folder / "namespace.yaml").write_text((ROOT / "deploy/namespace.yaml").read_text())
    (folder / "webhook").mkdir()
    for file in (ROOT / "deploy/webhook").iterdir():
        (folder / "webhook" / file.name).write_text(file.read_text())
    server = ApiServer()
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
