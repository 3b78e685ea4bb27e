#include "app/agent/metric_samples.h"

namespace hitless::app {
namespace {

constexpr Metric kMetrics[] = {
    {"hitless_network_policies", "gauge", "", "NetworkPolicies known",
     [](const Scrape& s, Samples& to) { to.add(s.policy->policies); }},
    {"hitless_network_policy_rules", "gauge", "", "Rules in the table hitless-policy",
     [](const Scrape& s, Samples& to) { to.add(s.policy->rules); }},
    {"hitless_network_policy_elements", "gauge", "", "Elements of all sets and maps of that table",
     [](const Scrape& s, Samples& to) { to.add(s.policy->elements); }},
    {"hitless_network_policy_isolated_addresses", "gauge", "",
     "Addresses of this node's pods that some policy isolates",
     [](const Scrape& s, Samples& to) { to.add(s.policy->isolatedAddresses); }},
    {"hitless_network_policy_syncs_total", "counter", "",
     "Commits, also those that found nothing to change",
     [](const Scrape& s, Samples& to) { to.add(s.policy->syncs); }},
    {"hitless_network_policy_sync_failures_total", "counter", "", "Commits that failed",
     [](const Scrape& s, Samples& to) { to.add(s.policy->syncFailures); }},
    {"hitless_network_policy_elements_written_total", "counter", "",
     "Elements written, replaced or deleted",
     [](const Scrape& s, Samples& to) { to.add(s.policy->elementsWritten); }},
    {"hitless_network_policy_sync_duration_seconds", "histogram", "", "How long a commit took",
     [](const Scrape& s, Samples& to) { to.add(s.policy->syncSeconds); }},
    {"hitless_network_policy_programming_duration_seconds", "histogram", "",
     "From the first news of an object to the commit that has it",
     [](const Scrape& s, Samples& to) { to.add(s.policy->latencySeconds); }},
    {"hitless_network_policy_pod_wait_seconds", "histogram", "",
     "How long pods that start have waited for their isolation",
     [](const Scrape& s, Samples& to) { to.add(s.policy->claimSeconds); }},
    {"hitless_network_policy_connections_rejudged_total", "counter", "",
     "Connections that were judged anew because policies or pods have changed",
     [](const Scrape& s, Samples& to) { to.add(s.policy->flowsRejudged); }},
    {"hitless_network_policy_connections_cut_total", "counter", "",
     "Of these, TCP connections that were found forbidden",
     [](const Scrape& s, Samples& to) { to.add(s.policy->flowsCut); }},
    {"hitless_network_policy_audits_total", "counter", "",
     "Comparisons of the kernel with the plan and the evaluator",
     [](const Scrape& s, Samples& to) { to.add(s.policy->audits); }},
    {"hitless_network_policy_differences_total", "counter", "",
     "Changes that it took to make the kernel as planned again, found by audits",
     [](const Scrape& s, Samples& to) { to.add(s.policy->differences); }},
    {"hitless_network_policy_mismatches_total", "counter", "",
     "Sampled connections about which the kernel's rules say another thing than the evaluator",
     [](const Scrape& s, Samples& to) { to.add(s.policy->mismatches); }},
};

}  // namespace

std::span<const Metric> policyMetrics() {
  return kMetrics;
}

}  // namespace hitless::app
