"""What a cluster expects of its service proxy: configuration, health, health check ports, metrics."""
import json
import re

import pytest

from place import KUBECTL, NODE, SERVICE, eventually, slice_of

BALANCER = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.10
  externalTrafficPolicy: Local
  healthCheckNodePort: PORT
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
"""
TAINTED = NODE.replace("podCIDRs: [10.1.1.0/24]",
                       "podCIDRs: [10.1.1.0/24], taints: [{key: ToBeDeletedByClusterAutoscaler, effect: NoSchedule}]")
CONFIG = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"


def local_slice(*addresses):
    return slice_of(*addresses).replace("conditions:", "nodeName: n1, conditions:")


def write(place, text):
    path = place.directory / "kube-proxy.yaml"
    path.write_text(text)
    return str(path)


def synced(place, address="127.0.0.1:9470"):
    return eventually(lambda: place.status("/readyz", address) == 200)


def test_a_wrong_configuration_names_the_line_and_the_key(place):
    path = write(place, CONFIG + "nftables:\n  minSyncPeriodd: 1s\n")
    done = place.attempt("agent", "--config", path)
    assert done.returncode == 1
    assert f"{path}:4:3: unknown key nftables.minSyncPeriodd (did you mean nftables.minSyncPeriod?)" in done.stderr
    done = place.attempt("agent", "--config", write(place, CONFIG + "mode: iptables\n"))
    assert "mode 'iptables' is not what this proxy does" in done.stderr
    done = place.attempt("agent", "--node-name", "n1", "--proxy-mode", "ipvs")
    assert "--proxy-mode" in done.stderr and done.returncode == 1
    done = place.attempt("agent", "--config", "/nowhere.yaml")
    assert done.returncode == 1 and "/nowhere.yaml" in done.stderr


def test_the_file_configures_and_a_flag_beats_it(place):
    path = write(place, CONFIG + f"""
hostnameOverride: somebody-else
clientConnection: {{kubeconfig: {place.kubeconfig}}}
clusterCIDR: 10.200.0.0/16
healthzBindAddress: 127.0.0.1:11256
metricsBindAddress: 127.0.0.1:11249
nftables: {{masqueradeAll: true}}
conntrack: {{udpTimeout: 77s, maxPerCore: 1}}
iptables: {{masqueradeBit: 14}}
""")
    place.apply(NODE)
    place.start("agent", "--config", path, "--node-name", "n1", "--pod-socket=none", "--healthz-bind-address", "127.0.0.1:12256",
                stdout=open(place.log, "ab"))
    assert synced(place, "127.0.0.1:12256"), place.said()
    assert place.status("/livez", "127.0.0.1:11256") == 0, "the flag beats the file"
    assert "hitless_watermark" in place.ask("/metrics", "127.0.0.1:11249")
    assert place.run("cat", "/proc/sys/net/netfilter/nf_conntrack_udp_timeout").strip() == "77"
    assert "iptables has no effect" in place.said()


def test_livez_stays_well_on_a_node_that_is_about_to_go(place):
    place.apply(NODE)
    place.agent()
    assert synced(place, "127.0.0.1:10256")
    assert place.status("/healthz", "127.0.0.1:10256") == 200
    place.apply(TAINTED)
    assert eventually(lambda: place.status("/healthz", "127.0.0.1:10256") == 503)
    assert place.status("/livez", "127.0.0.1:10256") == 200
    body = json.loads(place.ask("/healthz", "127.0.0.1:10256"))
    assert body["nodeEligible"] is False and body["lastUpdated"] and body["currentTime"]
    place.apply(NODE.replace("podCIDRs: [10.1.1.0/24]", "podCIDRs: [10.1.1.0/24], taints: []"))
    assert eventually(lambda: place.status("/healthz", "127.0.0.1:10256") == 200)
    assert place.metric('kubeproxy_proxy_healthz_total{code="503"}') >= 1
    assert place.metric('kubeproxy_proxy_livez_total{code="200"}') >= 1


@pytest.fixture
def balancer(place):
    """A service with a health check port on a node whose address is 192.0.2.1, and its agent."""
    place.run("ip", "address", "add", "192.0.2.1/32", "dev", "lo")
    place.apply(NODE)
    place.run(KUBECTL, "--kubeconfig", place.kubeconfig, "patch", "node", "n1", "--subresource=status", "-p",
              json.dumps({"status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}]}}))
    place.apply(BALANCER.replace("PORT", "31999"))
    place.apply(local_slice("10.1.1.5", "10.1.1.6"))
    return place


def health(place, port=31999):
    return json.loads(place.ask("/", f"192.0.2.1:{port}") or "{}")


def test_a_health_check_port_tells_a_load_balancer_about_local_endpoints(balancer):
    place = balancer
    place.agent()
    assert eventually(lambda: place.status("/", "192.0.2.1:31999") == 200)
    assert health(place) == {"service": {"namespace": "default", "name": "web"}, "localEndpoints": 2,
                             "serviceProxyHealthy": True}
    head = place.run("curl", "-si", "http://192.0.2.1:31999/any/path")
    assert re.search(r"(?im)^x-load-balancing-endpoint-weight: 2\r?$", head)
    # An endpoint that terminates takes no new connections, though it serves.
    place.apply(local_slice("10.1.1.5").replace("{ready: true}", "{ready: false, serving: true, terminating: true}"))
    assert eventually(lambda: place.status("/", "192.0.2.1:31999") == 503)
    assert health(place)["localEndpoints"] == 0
    # Endpoints of other nodes are none of ours.
    place.apply(slice_of("10.1.2.5").replace("conditions:", "nodeName: n2, conditions:"))
    series = 'kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family="IPv4",traffic_policy="external"}'
    assert eventually(lambda: place.metric(series) == 1)
    place.run(KUBECTL, "--kubeconfig", place.kubeconfig, "delete", "service", "web")
    assert eventually(lambda: place.status("/", "192.0.2.1:31999") == 0)


def test_a_taken_health_check_port_is_an_event_and_tried_again(balancer):
    place = balancer
    squatter = place.start_program("python3", "-m", "http.server", "31999", "--directory", str(place.directory))
    assert eventually(lambda: place.status("/", "192.0.2.1:31999") != 0)
    place.logged_agent()
    assert eventually(lambda: "FailedToStartServiceHealthcheck" in place.run(
        KUBECTL, "--kubeconfig", place.kubeconfig, "get", "events", "-o", "yaml"))
    assert "trying again" in place.said()
    squatter.kill()
    squatter.wait()
    assert eventually(lambda: place.status("/", "192.0.2.1:31999") == 200)
    assert health(place)["localEndpoints"] == 2


def test_node_port_networks_follow_the_machines_addresses(balancer):
    place = balancer
    place.agent("--nodeport-addresses", "198.51.100.0/24")
    assert synced(place)
    assert place.status("/", "192.0.2.1:31999") == 0, "the Node's own address is not asked for"
    place.run("ip", "address", "add", "198.51.100.7/32", "dev", "lo")
    assert eventually(lambda: place.status("/", "198.51.100.7:31999") == 200)
    assert "198.51.100.7" in place.rules()
    place.run("ip", "address", "add", "198.51.100.8/32", "dev", "lo")
    place.run("ip", "address", "del", "198.51.100.7/32", "dev", "lo")
    assert eventually(lambda: place.status("/", "198.51.100.8:31999") == 200)
    assert "198.51.100.8" in place.rules() and "198.51.100.7" not in place.rules()


def test_metrics_have_kube_proxys_names_and_types(place):
    place.apply(NODE)
    place.apply(SERVICE)
    place.apply(slice_of("10.1.1.5"))
    place.agent()
    assert synced(place)
    text = place.ask("/metrics", "127.0.0.1:10249")
    for family in ("IPv4", "IPv6"):
        assert f'kubeproxy_sync_proxy_rules_duration_seconds_count{{ip_family="{family}"}}' in text
    for line in ("# TYPE kubeproxy_sync_proxy_rules_no_local_endpoints_total gauge",
                 "# TYPE kubeproxy_network_programming_duration_seconds histogram",
                 "# TYPE kubeproxy_conntrack_reconciler_deleted_entries_total counter",
                 "kubeproxy_sync_proxy_rules_endpoint_changes_pending 0"):
        assert line + "\n" in text
    assert place.metric("process_resident_memory_bytes") > 1e6
    assert place.metric("process_open_fds") > 3
    assert place.metric('hitless_snapshot_age_seconds{resource="services"}') >= 0
    # Whoever reads the text format reads this: every sample belongs to the metric announced last.
    name = None
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name = line.split()[2]
        elif not line.startswith("#"):
            assert re.match(re.escape(name) + r'(_bucket|_sum|_count)?(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? \S+$', line)


def test_a_dry_run_prints_the_transaction_and_changes_nothing(place):
    place.apply(NODE)
    place.apply(SERVICE)
    place.apply(slice_of("10.1.1.5"))
    dry = place.attempt("agent", "--node-name", "n1", "--kubeconfig", place.kubeconfig, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "add table inet hitless" in dry.stdout and "10.1.1.5" in dry.stdout
    assert place.rules() == ""
    bridged = place.attempt("agent", "--node-name", "n1", "--kubeconfig", place.kubeconfig, "--dry-run",
                            "--detect-local-mode=BridgeInterface", "--pod-bridge-interface=cni7", "--masquerade-all=false")
    assert bridged.returncode == 0 and "cni7" in bridged.stdout
    place.agent()
    assert eventually(lambda: "10.1.1.5" in place.rules())
    again = place.attempt("agent", "--node-name", "n1", "--kubeconfig", place.kubeconfig, "--dry-run")
    assert again.stdout == "# the rules are as they should be\n", "it may run beside an agent"


def test_a_dry_run_needs_no_privilege(place):
    place.apply(NODE)
    place.apply(SERVICE)
    dry = place.attempt("agent", "--node-name", "n1", "--kubeconfig", place.kubeconfig, "--dry-run",
                        before=["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"])
    assert dry.returncode == 0, dry.stderr
    assert "add table inet hitless" in dry.stdout and "as if the kernel had none" in dry.stderr
