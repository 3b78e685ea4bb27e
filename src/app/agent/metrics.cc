#include "app/agent/metrics.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::app {
namespace {

struct Scalar {
  const char* name;
  const char* type;
  const char* help;
  double (*value)(const AgentMetrics&);
};

double secondsOf(WallTime time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1e9;
}

/// Every metric with one value; the histograms are below.
constexpr Scalar kScalars[] = {
    {"kubeproxy_sync_proxy_rules_last_timestamp_seconds", "gauge",
     "When the rules were last committed",
     [](const AgentMetrics& m) { return secondsOf(m.lastSync); }},
    {"kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds", "gauge",
     "When a sync was last asked for",
     [](const AgentMetrics& m) { return secondsOf(m.lastQueued); }},
    {"kubeproxy_sync_proxy_rules_endpoint_changes_total", "counter",
     "Changes of EndpointSlices seen",
     [](const AgentMetrics& m) { return static_cast<double>(m.endpointChanges); }},
    {"kubeproxy_sync_proxy_rules_service_changes_total", "counter", "Changes of Services seen",
     [](const AgentMetrics& m) { return static_cast<double>(m.serviceChanges); }},
    {"kubeproxy_sync_proxy_rules_nftables_sync_failures_total", "counter",
     "Commits that the kernel refused",
     [](const AgentMetrics& m) { return static_cast<double>(m.syncFailures); }},
    {"hitless_syncs_full_total", "counter", "Syncs that read the kernel's table back first",
     [](const AgentMetrics& m) { return static_cast<double>(m.fullSyncs); }},
    {"hitless_syncs_partial_total", "counter", "Syncs that wrote a difference",
     [](const AgentMetrics& m) { return static_cast<double>(m.partialSyncs); }},
    {"hitless_elements_written_total", "counter", "Set and map elements written to the kernel",
     [](const AgentMetrics& m) { return static_cast<double>(m.elementsWritten); }},
    {"hitless_stale_flows_deleted_total", "counter",
     "Unreplied connections to removed endpoints deleted",
     [](const AgentMetrics& m) { return static_cast<double>(m.staleFlowsDeleted); }},
    {"hitless_watermark", "gauge",
     "The EndpointSlice resourceVersion up to which the kernel holds everything",
     [](const AgentMetrics& m) { return static_cast<double>(m.watermark); }},
    {"hitless_synced", "gauge", "1 after the first full sync",
     [](const AgentMetrics& m) { return m.synced ? 1.0 : 0.0; }},
    {"hitless_gates_held", "gauge", "Pods whose SIGTERM is held now",
     [](const AgentMetrics& m) { return static_cast<double>(m.gatesHeld); }},
};

std::string header(std::string_view name, std::string_view type, std::string_view help) {
  return fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

}  // namespace

Histogram::Histogram(double start, double factor, int count) {
  for (double bound = start; count > 0; --count, bound *= factor) {
    bounds_.push_back(bound);
  }
  counts_.resize(bounds_.size() + 1);
}

void Histogram::observe(nanoseconds value) {
  const double inSeconds = static_cast<double>(value.count()) / 1e9;
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), inSeconds);
  ++counts_[static_cast<std::size_t>(bucket - bounds_.begin())];
  sum_ += inSeconds;
}

std::string Histogram::render(const std::string& name, const std::string& labels) const {
  const std::string comma = labels.empty() ? "" : labels + ",";
  const std::string braces = labels.empty() ? "" : "{" + labels + "}";
  std::string out;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    total += counts_[i];
    const std::string bound = i < bounds_.size() ? fmt::format("{:.6g}", bounds_[i]) : "+Inf";
    out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, comma, bound, total);
  }
  return out + fmt::format("{0}_sum{1} {2:.9g}\n{0}_count{1} {3}\n", name, braces, sum_, total);
}

void AgentMetrics::observeGate(const std::string& reason, nanoseconds waited) {
  gateSeconds.try_emplace(reason, 0.001, 2, 16).first->second.observe(waited);
}

std::string AgentMetrics::render() const {
  std::string out;
  for (const Scalar& scalar : kScalars) {
    out += header(scalar.name, scalar.type, scalar.help);
    // A double holds whole numbers up to 2^53 exactly; resourceVersions stay far below.
    out += fmt::format("{} {:.17g}\n", scalar.name, scalar.value(*this));
  }
  out += header("kubeproxy_sync_proxy_rules_duration_seconds", "histogram", "How long a sync took");
  out += syncSeconds.render("kubeproxy_sync_proxy_rules_duration_seconds", "");
  out +=
      header("kubeproxy_network_programming_duration_seconds", "histogram",
             "From the change of a pod or Service that triggered an EndpointSlice to the commit");
  out += programmingSeconds.render("kubeproxy_network_programming_duration_seconds", "");
  out += header("hitless_gate_wait_seconds", "histogram",
                "How long SIGTERM was held, by why it was released");
  for (const auto& [reason, histogram] : gateSeconds) {
    out += histogram.render("hitless_gate_wait_seconds", fmt::format("reason=\"{}\"", reason));
  }
  return out;
}

}  // namespace hitless::app
