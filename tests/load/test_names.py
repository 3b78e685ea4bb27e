"""How a load finds addresses: its own questions to a name server, in a network of its own."""
import json
import pathlib
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def story():
    script = pathlib.Path(__file__).with_name("in_network.py")
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--net", sys.executable, script], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def test_a_failure_says_which_address_it_was_and_since_when(story):
    failures = story["stale"]["failures"]["list"]
    assert failures[0]["cause"] == "connection-refused"
    assert {failure["cause"] for failure in failures} == {"connection-refused", "rpc-unavailable-backoff"}
    assert failures[0]["destination"]["ip"] == "127.0.0.9"
    assert failures[0]["time"]["resolved"] <= failures[0]["time"]["connect"] <= failures[0]["time"]["failed"]
    plain = story["http stale"]["failures"]["list"][0]
    assert plain["cause"] == "connection-refused" and plain["destination"]["ip"] == "127.0.0.9"
    assert plain["time"]["resolved"] <= plain["time"]["connect"]


def test_round_robin_connects_to_all_addresses_and_pick_first_to_one(story):
    assert story["round robin"]["succeeded"] == 20 and story["round robin"]["connections"]["opened"] == 2
    assert story["pick first"]["succeeded"] == 20 and story["pick first"]["connections"]["opened"] == 1


def test_an_unknown_name(story):
    failure = story["unknown"]["failures"]["list"][0]
    assert failure["cause"] == "name-not-resolved" and failure["detail"] == "no address for bew.test."


def test_http_asks_for_each_new_connection(story):
    assert story["http"]["succeeded"] == 5 and story["http asked"] == 5
