import contextlib
import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "agent"))  # place.py

import dual_stack  # noqa: E402
from nameplace import NamePlace, dns_service, namespace, node  # noqa: E402


def new_place(dual=False):
    """A place with what the DNS Service needs; `dual`: agents see IPv6 addresses of Services too."""
    place = NamePlace()
    if dual:
        dual_stack.start(place)
    place.create(node(), namespace("shop"), dns_service())
    return place


@pytest.fixture
def place():
    with contextlib.closing(new_place()) as place:
        yield place
