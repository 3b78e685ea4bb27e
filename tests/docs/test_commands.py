"""Every command of the documentation works: each ```sh block is run as it stands.

A page's blocks run one after the other in one shell, from the project's root, with a run directory of their own
and build/ first in PATH. `git clone` and `cd` lines are what the reader has done already.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "ARCHITECTURE.md", *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
DONE_ALREADY = ("git clone", "cd ")


def commands(page):
    lines = [line for block in BLOCK.findall(page.read_text()) for line in block.splitlines()]
    return "\n".join(line for line in lines if not line.startswith(DONE_ALREADY))


@pytest.mark.parametrize("page", [page for page in PAGES if BLOCK.search(page.read_text())],
                         ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of(page):
    directory = tempfile.mkdtemp(prefix="hitless-docs-")
    environment = dict(os.environ, HITLESS_RUN_DIR=directory, PATH=f"{ROOT}/build:{os.environ['PATH']}")
    try:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands(page)], cwd=ROOT, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
        assert done.returncode == 0, done.stdout[-4000:]
    finally:
        subprocess.run([f"{ROOT}/build/hitless", "down"], env=environment, capture_output=True)
        shutil.rmtree(directory, ignore_errors=True)
