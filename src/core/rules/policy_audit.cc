#include "core/rules/policy_audit.h"

#include <fmt/format.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <algorithm>
#include <set>

#include "core/nft/diff.h"

namespace hitless::rules {
namespace {

using policy::Connection;
using policy::End;
using policy::Evaluator;

constexpr std::size_t kShown = 5;
constexpr std::uint16_t kSourcePort = 40000;

/// Addresses that are no pod's: RFC 5737 and RFC 3849 keep them for documentation.
const IpAddress& elsewhere(IpFamily family) {
  static const IpAddress v4 = IpAddress::parse("198.51.100.7").value();
  static const IpAddress v6 = IpAddress::parse("2001:db8::7").value();
  return family == IpFamily::kV4 ? v4 : v6;
}

/// What can be asked about: ends and ports that some policy could mean.
class Samples {
 public:
  Samples(const Evaluator& evaluator, const std::string& node, Rng& rng)
      : evaluator_(evaluator), rng_(rng) {
    for (const policy::Pod& pod : evaluator.state().pods) {
      for (const IpAddress& address : pod.ips) {
        if (pod.selectable() && evaluator.owner(address) == &pod) {
          all_.push_back({&pod, address});
          if (pod.node == node) {
            own_.push_back({&pod, address});
          }
        }
      }
      for (const policy::NamedPort& port : pod.ports) {
        ports_.emplace(port.protocol, port.port);
      }
    }
    ports_.emplace(policy::Protocol::kTcp, std::uint16_t{80});
    for (const policy::Policy& policy : evaluator.state().policies) {
      for (const auto* rules : {&policy.ingress, &policy.egress}) {
        if (*rules) {
          addPorts(**rules);
        }
      }
    }
    portList_.assign(ports_.begin(), ports_.end());
  }

  bool any() const { return !own_.empty(); }

  Connection draw() {
    const End own = pick(own_);
    std::vector<End> others;
    for (int tries = 0; tries < 8 && others.empty(); ++tries) {
      const End& other = pick(all_);
      if (other.address->family() == own.address->family()) {
        others.push_back(other);
      }
    }
    const bool outside = others.empty() || rng_.below(8) == 0;
    const End other = outside ? End{nullptr, elsewhere(own.address->family())} : others.front();
    const auto& [protocol, port] = pick(portList_);
    return rng_.below(2) == 0 ? Connection{own, other, protocol, port}
                              : Connection{other, own, protocol, port};
  }

 private:
  void addPorts(const policy::Rules& rules) {
    for (const policy::Rule& rule : rules) {
      for (std::size_t i = 0; rule.ports && i < rule.ports->size(); ++i) {
        const policy::PortMatch& match = (*rule.ports)[i];
        if (const auto* range = std::get_if<policy::PortRange>(&match.port)) {
          ports_.emplace(match.protocol, range->first);
          ports_.emplace(match.protocol, range->last);
        }
      }
    }
  }

  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[static_cast<std::size_t>(rng_.below(list.size()))];
  }

  const Evaluator& evaluator_;
  Rng& rng_;
  std::vector<End> own_;
  std::vector<End> all_;
  std::set<std::pair<policy::Protocol, std::uint16_t>> ports_;
  std::vector<std::pair<policy::Protocol, std::uint16_t>> portList_;
};

std::string textOf(const End& end) {
  return end.pod == nullptr ? end.address->text()
                            : fmt::format("{} ({})", end.pod->text(), end.address->text());
}

std::string textOf(const Connection& connection) {
  return fmt::format("{} -> {} {}/{}", textOf(connection.from), textOf(connection.to),
                     connection.port, service::name(connection.protocol));
}

}  // namespace

Result<nft::WalkOutcome> walkPolicies(const nft::Ruleset& table, const Connection& connection) {
  const auto& from = connection.from.address;
  const auto& to = connection.to.address;
  if (!from || !to || from->family() != to->family()) {
    return invalid("rules decide by addresses, and an end has none of the other's family");
  }
  return nft::walk(table, nft::HookPoint::kForward,
                   nft::opening(static_cast<std::uint8_t>(connection.protocol), *from, kSourcePort,
                                *to, connection.port));
}

bool allowedOn(const std::string& node, const Evaluator& evaluator, const Connection& connection) {
  const policy::Verdict verdict = evaluator.evaluate(connection);
  const auto isHere = [&](const End& end) { return end.pod != nullptr && end.pod->node == node; };
  return (!isHere(connection.from) || verdict.egress.allowed()) &&
         (!isHere(connection.to) || verdict.ingress.allowed());
}

PolicyAudit auditPolicies(const nft::Ruleset& present, const nft::Ruleset& wanted,
                          const Evaluator& evaluator, const std::string& node, Rng& rng,
                          std::size_t samples) {
  PolicyAudit out;
  const nft::Transaction missing = nft::diff(present, wanted);
  out.operations = missing.operations.size();
  for (std::size_t i = 0; i < std::min(kShown, out.operations); ++i) {
    out.differences.push_back(nft::describe(missing.operations[i]));
  }
  Samples source(evaluator, node, rng);
  std::set<std::string> mismatches;
  for (std::size_t i = 0; source.any() && i < samples; ++i) {
    const Connection connection = source.draw();
    const auto outcome = walkPolicies(present, connection);
    ++out.sampled;
    const bool wantedVerdict = allowedOn(node, evaluator, connection);
    if (!outcome) {
      mismatches.insert(fmt::format("{}: {}", textOf(connection), outcome.error().text()));
    } else if (outcome->accepted() != wantedVerdict) {
      mismatches.insert(fmt::format("{}: the kernel's rules {}, policies {}", textOf(connection),
                                    nft::render(*outcome),
                                    wantedVerdict ? "allow it" : "do not allow it"));
    }
  }
  out.mismatches.assign(mismatches.begin(), mismatches.end());
  return out;
}

}  // namespace hitless::rules
