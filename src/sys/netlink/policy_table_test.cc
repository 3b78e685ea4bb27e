#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "core/nft/diff.h"
#include "core/rules/policy_programmer.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/cyclonus.h"
#include "testing/fake_rng.h"
#include "testing/pod_probes.h"
#include "testing/policy_history.h"

/// The table of the NetworkPolicies in the kernel, and real connections.
namespace hitless::sys {
namespace {

using testing::CyclonusStep;
using testing::inNamespaces;
using testing::Passage;
using testing::PodProbe;
using testing::PolicyHistory;

constexpr const char* kNode = "node-1";

bool tracksSctp() {
  return ::access(testing::kTracksSctp, F_OK) == 0;
}

/// A node's agent as far as its policies go, with the kernel.
class KernelNode {
 public:
  policy::Book& book() { return book_; }
  void sync() {
    const auto receipt = programmer_.sync();
    ASSERT_TRUE(receipt) << receipt.error().text();
  }
  void expectAsPlanned() {
    const auto read = dataplane_.read();
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_TRUE(*read == programmer_.wanted())
        << nft::render(nft::diff(*read, programmer_.wanted()), *read);
  }

 private:
  policy::Book book_{kNode};
  NftDataplane dataplane_ = *NftDataplane::open(std::string(rules::names::kPolicyTable));
  rules::PolicyProgrammer programmer_{dataplane_, book_, {}};
};

testing::PolicyLists listsOf(const CyclonusStep& step) {
  testing::PolicyLists lists;
  lists.policies = step.policies;
  for (const auto& [name, labels] : step.state.namespaces) {
    lists.namespaces.push_back(testing::namespaceObject(name, labels));
  }
  for (policy::Pod pod : step.state.pods) {
    pod.node = kNode;
    lists.pods.push_back(testing::objectOf(pod));
  }
  lists.nodes.push_back(testing::nodeObject({kNode, {}}, {"192.168.0.0/16"}));
  return lists;
}

/// One host for each address that a pod has in any step.
std::vector<std::vector<IpAddress>> hostsOf(const std::vector<CyclonusStep>& steps) {
  std::set<IpAddress> addresses;
  for (const CyclonusStep& step : steps) {
    for (const policy::Pod& pod : step.state.pods) {
      addresses.insert(pod.ips.begin(), pod.ips.end());
    }
  }
  std::vector<std::vector<IpAddress>> hosts;
  for (const IpAddress& address : addresses) {
    hosts.push_back({address});
  }
  return hosts;
}

struct Asked {
  std::vector<PodProbe> probes;
  std::vector<bool> allowed;
  std::vector<std::string> names;
};

/// What is recorded of a step; a pod is never kept from itself.
Asked askedIn(const CyclonusStep& step, const testing::PodNetwork& network, bool sctp) {
  Asked asked;
  std::set<std::string> blocked;
  for (const std::string& line : step.blocked) {
    blocked.insert(line.substr(0, line.find(' ')));
  }
  for (const policy::Pod& from : step.state.pods) {
    for (const policy::Pod& to : step.state.pods) {
      for (const testing::CyclonusProbe& probe : step.probes) {
        if (probe.protocol == policy::Protocol::kSctp && !sctp) {
          continue;
        }
        asked.probes.push_back(
            {network.hostOf(from.ips.front()).value(), to.ips.front(), probe.protocol, probe.port});
        asked.names.push_back(testing::cyclonusLine(from, to, probe));
        asked.allowed.push_back(&from == &to || !blocked.contains(asked.names.back()));
      }
    }
  }
  return asked;
}

void compareAll(const std::vector<CyclonusStep>& steps, bool sctp) {
  const testing::PodNetwork network(hostsOf(steps));
  testing::PodProbes probes(network, {80, 81});
  KernelNode node;
  std::size_t verdicts = 0;
  for (const CyclonusStep& step : steps) {
    SCOPED_TRACE(step.description);
    listsOf(step).applyTo(node.book());
    node.sync();
    node.expectAsPlanned();
    const Asked asked = askedIn(step, network, sctp);
    const auto passages = probes.run(asked.probes);
    for (std::size_t i = 0; i < passages.size(); ++i) {
      EXPECT_EQ(passages[i], asked.allowed[i] ? Passage::kPassed : Passage::kRefused)
          << asked.names[i];
    }
    verdicts += passages.size();
    if (::testing::Test::HasFailure()) {
      return;  // The first step that fails says enough.
    }
  }
  EXPECT_EQ(verdicts, sctp ? testing::kCyclonusVerdicts : testing::kCyclonusVerdicts * 2 / 3 + 81);
}

TEST(PolicyTable, RecordedVerdictsAreWhatConnectionsMeet) {
  const auto steps = testing::cyclonusSteps();
  if (!steps) {
    GTEST_SKIP() << "no recorded verdicts";
  }
  inNamespaces([&] { compareAll(*steps, tracksSctp()); });
}

/// The hosts that a history's pods are on, all behind the router, which is node-1; and one outside.
std::vector<std::vector<IpAddress>> hostsOfHistories() {
  std::vector<std::vector<IpAddress>> hosts = {
      {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")}};
  for (std::uint64_t node = 1; node <= PolicyHistory::kNodes; ++node) {
    for (std::uint64_t slot = 0; slot < PolicyHistory::kSlots; ++slot) {
      const auto [v4, v6] = PolicyHistory::podAddresses(node, slot);
      hosts.push_back({v4, v6});
    }
  }
  return hosts;
}

/// Connections of a random cluster, as far as they pass node-1.
class HistoryProbes {
 public:
  HistoryProbes(const testing::PodNetwork& network, testing::RandomPolicies& random)
      : network_(network), random_(random), sctp_(tracksSctp()) {}

  Asked ask(const policy::Evaluator& evaluator) {
    constexpr std::size_t kConnections = 150;
    Asked asked;
    std::set<std::string> known;
    for (std::size_t i = 0; i < kConnections; ++i) {
      const auto from = random_.below(network_.size());
      const auto to = random_.below(network_.size());
      const bool v6 = random_.one(2);
      const policy::Connection connection{end(evaluator, from, v6), end(evaluator, to, v6),
                                          random_.protocol(), random_.port()};
      const PodProbe probe{from, *connection.to.address, connection.protocol, connection.port};
      std::string name =
          fmt::format("{} > {} port {} protocol {}", connection.from.address->text(),
                      connection.to.address->text(), probe.port, static_cast<int>(probe.protocol));
      const bool possible = sctp_ || probe.protocol != policy::Protocol::kSctp;
      if (possible && from != to && isKnown(connection.from) && isKnown(connection.to) &&
          known.insert(name).second) {
        asked.probes.push_back(probe);
        asked.allowed.push_back(passes(evaluator, connection));
        asked.names.push_back(std::move(name));
      }
    }
    return asked;
  }

 private:
  policy::End end(const policy::Evaluator& evaluator, std::size_t host, bool v6) const {
    const IpAddress& address = network_.addresses(host)[v6 ? 1 : 0];
    return {evaluator.owner(address), address};
  }
  /// What comes from unknown pods is not answered, so that there is nothing to wait for.
  bool isKnown(const policy::End& end) const {
    return end.pod != nullptr || network_.hostOf(*end.address) == 0U;
  }
  /// What other nodes say of their pods is not this one's business.
  static bool passes(const policy::Evaluator& evaluator, const policy::Connection& connection) {
    const auto local = [](const policy::End& end) {
      return end.pod != nullptr && end.pod->node == kNode;
    };
    const policy::Verdict verdict = evaluator.evaluate(connection);
    return (!local(connection.from) || verdict.egress.allowed()) &&
           (!local(connection.to) || verdict.ingress.allowed());
  }

  const testing::PodNetwork& network_;
  testing::RandomPolicies& random_;
  bool sctp_;
};

void followHistory(std::uint64_t seed, const testing::PodNetwork& network,
                   testing::PodProbes& probes, std::map<Passage, std::size_t>& seen) {
  constexpr int kEvents = 60;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  testing::FakeRng rng(seed);
  testing::RandomPolicies random(rng);
  PolicyHistory history(rng);
  HistoryProbes connections(network, random);
  KernelNode node;
  history.lists().applyTo(node.book());
  node.sync();
  for (int i = 0; i < kEvents && !::testing::Test::HasFailure(); ++i) {
    const PolicyHistory::Event event = history.next();
    event.apply(node.book());
    node.sync();
    node.expectAsPlanned();
    const policy::Evaluator evaluator(history.state());
    const Asked asked = connections.ask(evaluator);
    const auto passages = probes.run(asked.probes);
    for (std::size_t at = 0; at < passages.size(); ++at) {
      ++seen[passages[at]];
      EXPECT_EQ(passages[at], asked.allowed[at] ? Passage::kPassed : Passage::kRefused)
          << asked.names[at] << " after " << event.text;
    }
  }
}

TEST(PolicyTable, RandomHistoriesAreWhatConnectionsMeet) {
  inNamespaces([] {
    const testing::PodNetwork network(hostsOfHistories());
    testing::PodProbes probes(network, {53, 80, 81, 8080, 65535});
    std::map<Passage, std::size_t> seen;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      followHistory(seed, network, probes, seen);
    }
    EXPECT_GT(seen[Passage::kPassed], 1000U);
    EXPECT_GT(seen[Passage::kRefused], 1000U);
  });
}

}  // namespace
}  // namespace hitless::sys
