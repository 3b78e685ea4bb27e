#include <fmt/format.h>

#include <algorithm>

#include "app/agent/metric_samples.h"
#include "app/version.h"

namespace hitless::app {
namespace {

double secondsOf(WallTime time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1e9;
}
double secondsOf(nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e9;
}

void addByCode(const std::map<int, std::uint64_t>& answers, Samples& to) {
  for (const auto& [code, count] : answers) {
    to.add(count, fmt::format("code=\"{}\"", code));
  }
}

nanoseconds contactAge(const Scrape& scrape) {
  MonoTime latest = scrape.metrics.started;
  for (const auto& [resource, time] : scrape.metrics.lastNews) {
    latest = std::max(latest, time);
  }
  return scrape.now - latest;
}

/// Every metric there is. Names that kube-proxy has too mean the same as there.
constexpr Metric kMetrics[] = {
    {"kubeproxy_sync_proxy_rules_duration_seconds", "histogram", "ip_family",
     "How long a sync took",
     [](const Scrape& s, Samples& to) { to.addForBoth(s.metrics.syncSeconds); }},
    {"kubeproxy_sync_full_proxy_rules_duration_seconds", "histogram", "ip_family",
     "How long a sync took that compared everything with the kernel",
     [](const Scrape& s, Samples& to) { to.addForBoth(s.metrics.fullSyncSeconds); }},
    {"kubeproxy_sync_partial_proxy_rules_duration_seconds", "histogram", "ip_family",
     "How long a sync took that wrote a difference",
     [](const Scrape& s, Samples& to) { to.addForBoth(s.metrics.partialSyncSeconds); }},
    {"kubeproxy_network_programming_duration_seconds", "histogram", "ip_family",
     "From the change of a pod or Service that triggered an EndpointSlice to the commit",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.programmingSeconds); }},
    {"kubeproxy_sync_proxy_rules_last_timestamp_seconds", "gauge", "ip_family",
     "When the rules were last committed",
     [](const Scrape& s, Samples& to) { to.addForBoth(secondsOf(s.metrics.lastSync)); }},
    {"kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds", "gauge", "ip_family",
     "When a sync was last asked for",
     [](const Scrape& s, Samples& to) { to.addForBoth(secondsOf(s.metrics.lastQueued)); }},
    {"kubeproxy_sync_proxy_rules_endpoint_changes_total", "counter", "",
     "Changes of EndpointSlices seen",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.endpointChanges); }},
    {"kubeproxy_sync_proxy_rules_endpoint_changes_pending", "gauge", "",
     "Changes of EndpointSlices that are not in the kernel yet",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.endpointChangesPending); }},
    {"kubeproxy_sync_proxy_rules_service_changes_total", "counter", "", "Changes of Services seen",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.serviceChanges); }},
    {"kubeproxy_sync_proxy_rules_service_changes_pending", "gauge", "",
     "Changes of Services that are not in the kernel yet",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.serviceChangesPending); }},
    {"kubeproxy_sync_proxy_rules_no_local_endpoints_total", "gauge", "ip_family, traffic_policy",
     "Service ports with a Local traffic policy that have endpoints, but none on this node",
     [](const Scrape& s, Samples& to) {
       to.add(s.metrics.noLocalInternal, "traffic_policy=\"internal\"");
       to.add(s.metrics.noLocalExternal, "traffic_policy=\"external\"");
     }},
    {"kubeproxy_sync_proxy_rules_nftables_sync_failures_total", "counter", "ip_family",
     "Syncs that failed",
     [](const Scrape& s, Samples& to) { to.addForBoth(s.metrics.syncFailures); }},
    {"kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total", "counter", "ip_family",
     "Always 0: a sync leaves nothing to clean up later",
     [](const Scrape&, Samples& to) { to.addForBoth(0.0); }},
    {"kubeproxy_proxy_healthz_total", "counter", "code", "Answers of /healthz",
     [](const Scrape& s, Samples& to) { addByCode(s.metrics.healthzAnswers, to); }},
    {"kubeproxy_proxy_livez_total", "counter", "code", "Answers of /livez",
     [](const Scrape& s, Samples& to) { addByCode(s.metrics.livezAnswers, to); }},
    {"kubeproxy_conntrack_reconciler_sync_duration_seconds", "histogram", "ip_family",
     "How long it took to look for stale connections",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.flowCleaningSeconds); }},
    {"kubeproxy_conntrack_reconciler_deleted_entries_total", "counter", "ip_family",
     "Stale connections deleted: of UDP, and attempts to reach removed endpoints",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.staleFlowsDeleted); }},
    {"hitless_syncs_full_total", "counter", "", "Syncs that read the kernel's table back first",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.fullSyncs); }},
    {"hitless_syncs_partial_total", "counter", "", "Syncs that wrote a difference",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.partialSyncs); }},
    {"hitless_rules_generation", "counter", "", "Commits that changed the kernel's table",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.generation); }},
    {"hitless_elements_written_total", "counter", "", "Set and map elements written to the kernel",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.elementsWritten); }},
    {"hitless_foreign_changes_total", "counter", "",
     "Transactions of other programs that touched our table",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.foreignChanges); }},
    {"hitless_foreign_changes_lost_total", "counter", "",
     "Times that the kernel had more notifications than could be read",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.monitorOverruns); }},
    {"hitless_heals_total", "counter", "", "Syncs that put right what other programs had changed",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.heals); }},
    {"hitless_watermark", "gauge", "",
     "The EndpointSlice resourceVersion up to which the kernel holds everything",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.watermark); }},
    {"hitless_synced", "gauge", "", "1 after the first full sync",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.synced ? 1.0 : 0.0); }},
    {"hitless_snapshot_age_seconds", "gauge", "resource",
     "How long ago the watch of a resource said anything, if only that nothing has changed; the "
     "API server does so about once a minute",
     [](const Scrape& s, Samples& to) {
       for (const auto& [resource, time] : s.metrics.lastNews) {
         to.add(secondsOf(s.now - time), fmt::format("resource=\"{}\"", resource));
       }
     }},
    {"hitless_api_contact_age_seconds", "gauge", "",
     "How long ago the API server said anything by any watch; since the start if it never did",
     [](const Scrape& s, Samples& to) { to.add(secondsOf(contactAge(s))); }},
    {"hitless_gates_held", "gauge", "", "Pods whose SIGTERM is held now",
     [](const Scrape& s, Samples& to) { to.add(std::uint64_t{s.metrics.gatesHeld}); }},
    {"hitless_gate_wait_seconds", "histogram", "reason",
     "How long SIGTERM was held, by why it was released",
     [](const Scrape& s, Samples& to) {
       for (const auto& [reason, histogram] : s.metrics.gateSeconds) {
         to.add(histogram, fmt::format("reason=\"{}\"", reason));
       }
     }},
    {"hitless_departed_addresses_total", "counter", "turn",
     "What became of the addresses of pods that went: parked, forwarded, tombstoned, released, "
     "second-chance-begun, second-chance-ended",
     [](const Scrape& s, Samples& to) {
       for (const auto& [turn, count] : s.metrics.addressTurns) {
         to.add(count, fmt::format("turn=\"{}\"", turn));
       }
     }},
    {"hitless_departed_flows_reset_total", "counter", "",
     "Clients of pods that are gone whose connections were to be reset",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.flowsReset); }},
    {"hitless_departed_syns_released_total", "counter", "",
     "Attempts to connect that waited for a pod and were sent on",
     [](const Scrape& s, Samples& to) { to.add(s.metrics.synsReleased); }},
    {"hitless_build_info", "gauge", "version", "Always 1",
     [](const Scrape&, Samples& to) { to.add(1.0, fmt::format("version=\"{}\"", kVersion)); }},
    {"process_cpu_seconds_total", "counter", "", "User and system CPU time",
     [](const Scrape& s, Samples& to) { to.add(s.process.cpuSeconds); }},
    {"process_resident_memory_bytes", "gauge", "", "Resident memory",
     [](const Scrape& s, Samples& to) { to.add(s.process.residentBytes); }},
    {"process_virtual_memory_bytes", "gauge", "", "Virtual memory",
     [](const Scrape& s, Samples& to) { to.add(s.process.virtualBytes); }},
    {"process_open_fds", "gauge", "", "Open file descriptors",
     [](const Scrape& s, Samples& to) { to.add(s.process.openFds); }},
    {"process_max_fds", "gauge", "", "How many file descriptors may be open",
     [](const Scrape& s, Samples& to) { to.add(s.process.maxFds); }},
    {"process_start_time_seconds", "gauge", "", "When the agent started",
     [](const Scrape& s, Samples& to) { to.add(s.process.startTimeSeconds); }},
};

}  // namespace

std::string render(const Scrape& scrape) {
  std::string out;
  const auto add = [&](const Metric& metric) {
    out += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", metric.name, metric.type, metric.help);
    Samples samples(out, metric.name);
    metric.collect(scrape, samples);
  };
  std::for_each(std::begin(kMetrics), std::end(kMetrics), add);
  if (scrape.dns != nullptr) {
    std::for_each(dnsMetrics().begin(), dnsMetrics().end(), add);
  }
  if (scrape.policy != nullptr) {
    std::for_each(policyMetrics().begin(), policyMetrics().end(), add);
  }
  return out;
}

std::string renderMetricsPage() {
  std::string out =
      "# Metrics\n\n"
      "`hitless agent` serves these at `/metrics` of `metricsBindAddress` (127.0.0.1:10249 unless "
      "configured otherwise) and of its own port. Names that begin with `kubeproxy_` have the "
      "names, types and labels of kube-proxy's and mean the same, so that dashboards and alerts go "
      "on working; those of the name server have CoreDNS's. One transaction programs both address "
      "families: what kube-proxy counts by "
      "`ip_family` shows the same number for both unless it belongs to one of them.\n\n"
      "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  const auto add = [&](const Metric& metric) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", metric.name, metric.type, metric.labels,
                       metric.help);
  };
  std::for_each(std::begin(kMetrics), std::end(kMetrics), add);
  std::for_each(dnsMetrics().begin(), dnsMetrics().end(), add);
  std::for_each(policyMetrics().begin(), policyMetrics().end(), add);
  return out;
}

}  // namespace hitless::app
