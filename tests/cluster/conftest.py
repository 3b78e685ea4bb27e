import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from embedded import Cluster  # noqa: E402


@pytest.fixture(scope="module")
def cluster():
    cluster = Cluster("--nodes", "3")
    yield cluster
    cluster.down()
