import itertools
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from server import ApiServer, Kubectl, kubectls  # noqa: E402

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server():
    server = ApiServer()
    yield server
    server.stop()


@pytest.fixture(params=kubectls() or [pytest.param("", marks=pytest.mark.skip(reason="no kubectl here"))],
                ids=os.path.basename)
def kubectl(request, server):
    """Each kubectl version in turn."""
    return Kubectl(request.param, server)


@pytest.fixture
def namespace(server):
    """A fresh namespace."""
    name = f"test-{next(_numbers)}"
    status, _ = server.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    assert status == 201
    return name
