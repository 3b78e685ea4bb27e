import contextlib
import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "agent"))  # place.py

from nameplace import new_place  # noqa: E402


@pytest.fixture
def place():
    with contextlib.closing(new_place()) as place:
        yield place
