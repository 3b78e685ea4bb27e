#include "app/explain/policy_kernel.h"

#include <fmt/format.h>

#include "core/rules/names.h"
#include "core/rules/policy_audit.h"
#include "sys/netlink/nft_dataplane.h"

namespace hitless::app {
namespace {

namespace json = kube::json;
using policy::Direction;

/// Whether the table isolates an address in a direction: else another node does, or nobody.
bool isolates(const nft::Ruleset& table, Direction direction, const policy::End& end) {
  const auto set = table.sets.find(rules::names::suffixed(direction == Direction::kIngress
                                                              ? rules::names::kIsolatedIngress
                                                              : rules::names::kIsolatedEgress,
                                                          end.address->family()));
  return set != table.sets.end() &&
         set->second.elements.contains(nft::Datum().address(*end.address));
}

/// What this node's rules ought to say, given which ends they are about.
bool expected(const nft::Ruleset& table, const policy::Answer& answer) {
  const auto& [probe, connection, verdict] = answer;
  return (verdict.egress.allowed() || !isolates(table, Direction::kEgress, connection.from)) &&
         (verdict.ingress.allowed() || !isolates(table, Direction::kIngress, connection.to));
}

}  // namespace

Result<nft::Ruleset> readPolicyTable() {
  const std::string name(rules::names::kPolicyTable);
  auto kernel = TRY(sys::NftDataplane::open(name));
  nft::Ruleset table = TRY(kernel.read());
  if (!table.table) {
    return fail(ErrorKind::kNotFound,
                fmt::format("the kernel has no table 'inet {}' in this network namespace: no agent "
                            "enforces NetworkPolicies here",
                            name));
  }
  return table;
}

Result<KernelAnswer> askKernel(const nft::Ruleset& table, const policy::Answer& answer) {
  const nft::WalkOutcome outcome = TRY(rules::walkPolicies(table, answer.connection));
  KernelAnswer out{outcome.accepted(), nft::render(outcome), nft::lines(outcome, table), {}};
  if (out.allowed != expected(table, answer)) {
    out.difference = out.allowed ? "policies do not allow it" : "policies allow it";
  }
  return out;
}

json::object jsonOf(const KernelAnswer& answer) {
  return {{"allowed", answer.allowed},
          {"verdict", answer.verdict},
          {"steps", json::array(answer.steps.begin(), answer.steps.end())},
          {"asPoliciesSay", answer.difference.empty()}};
}

std::string textOf(const KernelAnswer& answer) {
  std::string text = fmt::format("  rules of this node: {}{}\n", answer.verdict,
                                 answer.difference.empty() ? "" : ", but " + answer.difference);
  for (const std::string& step : answer.steps) {
    text += "    " + step + "\n";
  }
  return text;
}

}  // namespace hitless::app
