"""What others do to an agent's rules and to the agent itself."""
import json
import signal
import subprocess

import pytest

from place import HITLESS, NODE, SERVICE, eventually, slice_of


@pytest.fixture
def serving(place):
    """An agent whose rules lead to one endpoint, and the log of it in place.said()."""
    place.process = place.logged_agent()
    place.apply(NODE)
    place.apply(SERVICE)
    place.apply(slice_of("10.1.1.5"))
    assert eventually(lambda: "10.1.1.5" in place.rules())
    assert eventually(lambda: place.metric("hitless_synced") == 1)
    place.before = place.rules()
    return place


def healed(place, times):
    return eventually(lambda: place.metric("hitless_heals_total") == times and place.rules() == place.before)


def test_a_flushed_ruleset_is_restored_and_its_culprit_named(serving):
    serving.nft("flush", "ruleset")
    assert healed(serving, 1), serving.said()
    assert "(nft) changed" in serving.said() and "restored the service rules" in serving.said()


def test_a_deleted_table_and_a_deleted_element_are_restored(serving):
    serving.nft("delete", "table", "inet", "hitless")
    assert healed(serving, 1), serving.said()
    serving.nft("flush", "set", "inet", "hitless", "cluster-ips-v4")
    assert healed(serving, 2), serving.said()


def test_foreign_additions_to_the_table_are_removed(serving):
    serving.nft("add", "chain", "inet", "hitless", "mine")
    assert healed(serving, 1), serving.said()
    assert "(nft) added a chain" in serving.said()


def test_other_tables_are_none_of_our_business(serving):
    syncs = serving.metric("hitless_syncs_full_total")
    serving.nft("add table inet other; add chain inet other c; delete table inet other")
    serving.apply(slice_of("10.1.1.5", "10.1.1.6"))
    assert eventually(lambda: "10.1.1.6" in serving.rules())
    assert serving.metric("hitless_foreign_changes_total") == 0
    assert serving.metric("hitless_syncs_full_total") == syncs


def test_a_storm_of_flushes_ends_with_whole_rules(serving):
    subprocess.run(serving.enter + ["sh", "-c", "for i in $(seq 100); do nft flush ruleset; done"], check=True)
    assert eventually(lambda: serving.rules() == serving.before), serving.said()
    heals = serving.metric("hitless_heals_total")
    assert 1 <= heals < 50, "a storm is paced"


def test_a_repair_does_not_wait_for_the_sync_period(place):
    place.logged_agent("--min-sync-period", "10m")
    place.apply(NODE)
    assert eventually(lambda: place.status("/readyz") == 200)
    place.before = place.rules()
    place.apply(SERVICE)
    assert eventually(lambda: place.metric("kubeproxy_sync_proxy_rules_service_changes_pending") == 1)
    assert place.rules() == place.before, "the change waits"
    place.nft("flush", "ruleset")
    assert eventually(lambda: "10.96.0.10" in place.rules()), place.said()
    assert place.metric("hitless_heals_total") == 1


def test_a_second_agent_is_told_of_the_first(serving):
    second = serving.attempt("agent", "--node-name", "n1", "--kubeconfig", serving.kubeconfig)
    assert second.returncode == 1
    assert f"process {serving.process.pid} " in second.stderr and "stop the other one first" in second.stderr
    serving.process.send_signal(signal.SIGKILL)
    serving.process.wait()
    serving.process = serving.logged_agent()
    serving.apply(slice_of("10.1.1.7"))
    assert eventually(lambda: "10.1.1.7" in serving.rules()), serving.said()


def test_cleanup_refuses_while_an_agent_runs(serving):
    refused = serving.attempt("agent", "--cleanup")
    assert refused.returncode == 1
    assert f"process {serving.process.pid} " in refused.stderr and "--force" in refused.stderr
    assert serving.rules() == serving.before
    # By force it is somebody else's change like any other, so the agent heals it.
    assert serving.attempt("agent", "--cleanup", "--force").returncode == 0
    assert healed(serving, 1), serving.said()
    serving.process.terminate()
    serving.process.wait()
    assert serving.rules() == serving.before
    assert serving.attempt("agent", "--cleanup").returncode == 0
    assert serving.rules() == ""


def test_without_privilege_it_says_what_is_needed(place):
    dropped = subprocess.run(
        place.enter + ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", HITLESS, "agent", "--node-name",
                       "n1", "--kubeconfig", place.kubeconfig], text=True, capture_output=True, timeout=60)
    assert dropped.returncode == 1
    assert "CAP_NET_ADMIN is needed" in dropped.stderr, dropped.stderr


def test_the_rules_stay_while_the_api_server_is_away(serving):
    api = serving.processes[0]
    api.send_signal(signal.SIGSTOP)
    assert eventually(lambda: serving.metric("hitless_api_contact_age_seconds") > 1)
    assert serving.rules() == serving.before
    serving.nft("flush", "ruleset")
    assert healed(serving, 1), "healing needs no API server"
    assert serving.status("/livez") == 200 and serving.status("/healthz") == 200
    api.send_signal(signal.SIGCONT)
    serving.apply(slice_of("10.1.1.8"))
    assert eventually(lambda: "10.1.1.8" in serving.rules(), 60)


@pytest.mark.parametrize("fault", [signal.SIGSTOP, signal.SIGKILL], ids=["silent", "gone"])
def test_a_lost_api_server_changes_nothing(serving, fault):
    serving.api.send_signal(fault)
    assert json.loads(serving.ask("/v1/watermark"))["synced"]
    # What is not the API server's business goes on, from what it said last.
    serving.nft("delete", "table", "inet", "hitless")
    assert healed(serving, 1), serving.said()
    assert json.loads(serving.ask("/healthz"))["healthy"]
    assert serving.process.poll() is None
