#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "testing/fake_rng.h"
#include "testing/policy_history.h"

/// Random clusters: after each change the tables of all nodes do to packets what the policies say,
/// are what nodes that have just started would write, and the connections that are no longer
/// allowed are among those that are to be judged again.
namespace hitless::rules {
namespace {

using policy::Evaluator;
using testing::NodeVerdict;
using testing::PolicyHistory;
using testing::PolicyNodes;

constexpr int kHistories = 25;
constexpr int kEvents = 60;
constexpr std::size_t kConnections = 150;

/// Where a connection is judged: by which node, and in which hook of it.
struct Place {
  std::string node;
  nft::HookPoint hook = nft::HookPoint::kForward;
};

struct Attempt {
  nft::WalkPacket packet;
  std::vector<Place> places;
};

/// The addresses that connections begin and end at, and the nodes that they pass.
class Ends {
 public:
  Ends() {
    for (std::uint64_t node = 1; node <= PolicyHistory::kNodes; ++node) {
      addresses_.push_back({PolicyHistory::nodeAddress(node), PolicyHistory::nodeName(node), true});
      // One more than pods ever have.
      for (std::uint64_t slot = 0; slot <= PolicyHistory::kSlots; ++slot) {
        const auto [v4, v6] = PolicyHistory::podAddresses(node, slot);
        addresses_.push_back({v4, PolicyHistory::nodeName(node), false});
        addresses_.push_back({v6, PolicyHistory::nodeName(node), false});
      }
    }
    for (const char* outside : {"192.0.2.1", "192.0.2.200", "203.0.113.5", "2001:db8::1"}) {
      addresses_.push_back({*IpAddress::parse(outside), {}, false});
    }
  }

  Attempt attempt(testing::RandomPolicies& random) const {
    for (;;) {
      const Where& from = addresses_[random.below(addresses_.size())];
      const Where& to = addresses_[random.below(addresses_.size())];
      const bool passesNodes = !from.node.empty() || !to.node.empty();
      if (from.address.family() == to.address.family() && passesNodes && !(from.self && to.self)) {
        return {nft::opening(static_cast<std::uint8_t>(random.protocol()), from.address, 40000,
                             to.address, random.port()),
                placesOf(from, to)};
      }
    }
  }

 private:
  struct Where {
    IpAddress address;
    std::string node;
    bool self = false;  ///< The node's own.
  };

  static std::vector<Place> placesOf(const Where& from, const Where& to) {
    std::vector<Place> out;
    if (!from.node.empty() && !from.self) {
      const bool toOwn = to.self && to.node == from.node;
      out.push_back({from.node, toOwn ? nft::HookPoint::kInput : nft::HookPoint::kForward});
    }
    // What the node itself sends is not forwarded there.
    if (!to.node.empty() && !to.self && to.node != from.node) {
      out.push_back({to.node});
    }
    return out;
  }

  std::vector<Where> addresses_;
};

policy::Connection connectionOf(const nft::WalkPacket& packet, const Evaluator& evaluator) {
  return {{evaluator.owner(packet.source), packet.source},
          {evaluator.owner(packet.destination), packet.destination},
          static_cast<policy::Protocol>(packet.protocol),
          packet.destinationPort};
}

std::string describe(const nft::WalkPacket& packet) {
  return fmt::format("{} > {} port {} protocol {}", packet.source.text(), packet.destination.text(),
                     packet.destinationPort, packet.protocol);
}

class Cluster {
 public:
  explicit Cluster(std::uint64_t seed)
      : rng_(seed),
        random_(rng_),
        options_(optionsOf(random_)),
        history_(rng_),
        nodes_(PolicyHistory::nodeNames(), options_) {
    nodes_.list(history_.lists());
  }

  void run() {
    std::vector<std::string> story;
    for (int i = 0; i < kEvents && !::testing::Test::HasFailure(); ++i) {
      const Attempts before = ask();
      const PolicyHistory::Event event = history_.next();
      story.push_back(event.text);
      SCOPED_TRACE(join(story, "\n"));
      std::map<std::string, PolicyReceipt> receipts;
      for (const std::string& name : PolicyHistory::nodeNames()) {
        event.apply(nodes_.at(name).book());
        receipts[name] = nodes_.at(name).sync();
      }
      nodes_.each([](testing::PolicyNode& node) { node.expectAsFresh(); });
      compare(before, receipts);
    }
  }

  std::size_t denied() const { return denied_; }
  std::size_t cut() const { return cut_; }

 private:
  /// An attempt, and whether each of its places lets it pass.
  struct Asked {
    Attempt attempt;
    std::vector<bool> passed;
  };
  using Attempts = std::vector<Asked>;

  static PolicyTableOptions optionsOf(testing::RandomPolicies& random) {
    PolicyTableOptions options;
    options.reject = random.one(2);
    options.judgeOwnNode = random.one(2);
    return options;
  }

  NodeVerdict judge(const Place& place, const nft::WalkPacket& packet) {
    return nodes_.at(place.node).judge(place.hook, packet);
  }

  Attempts ask() {
    Attempts out;
    for (std::size_t i = 0; i < kConnections; ++i) {
      Asked asked{ends_.attempt(random_), {}};
      for (const Place& place : asked.attempt.places) {
        asked.passed.push_back(judge(place, asked.attempt.packet).outcome.accepted());
      }
      out.push_back(std::move(asked));
    }
    return out;
  }

  void compare(const Attempts& before, const std::map<std::string, PolicyReceipt>& receipts) {
    const Evaluator evaluator(history_.state(), {!options_.judgeOwnNode});
    for (const Asked& asked : before) {
      const nft::WalkPacket& packet = asked.attempt.packet;
      bool allowed = true;
      std::vector<NodeVerdict> verdicts;
      for (std::size_t i = 0; i < asked.attempt.places.size(); ++i) {
        const Place& place = asked.attempt.places[i];
        const NodeVerdict verdict = judge(place, packet);
        const bool passes = verdict.outcome.accepted();
        allowed = allowed && passes;
        verdicts.push_back(verdict);
        if (asked.passed[i] && !passes) {
          ++cut_;
          EXPECT_TRUE(doubted(receipts.at(place.node), packet))
              << describe(packet) << " is not to be judged again on " << place.node;
        }
      }
      denied_ += allowed ? 0 : 1;
      const policy::Connection connection = connectionOf(packet, evaluator);
      if (endedAtNobody(verdicts)) {
        EXPECT_EQ(connection.to.pod, nullptr) << describe(packet);
        EXPECT_FALSE(evaluator.state().policies.empty());
        continue;
      }
      EXPECT_EQ(allowed, evaluator.evaluate(connection).allowed()) << describe(packet) << "\n"
                                                                   << textOf(verdicts);
    }
  }

  /// What no pod has, policies say nothing about.
  static bool endedAtNobody(const std::vector<NodeVerdict>& verdicts) {
    return std::any_of(verdicts.begin(), verdicts.end(), [](const NodeVerdict& verdict) {
      const auto& steps = verdict.outcome.steps;
      return !steps.empty() && steps.back().comment == "nobody is there yet";
    });
  }

  static std::string textOf(const std::vector<NodeVerdict>& verdicts) {
    std::string out;
    for (const NodeVerdict& verdict : verdicts) {
      out +=
          fmt::format("{}: {}\n{}\n", verdict.node, nft::render(verdict.outcome), verdict.lines());
    }
    return out;
  }

  static bool doubted(const PolicyReceipt& receipt, const nft::WalkPacket& packet) {
    const auto in = [&](const IpAddress& address) {
      return receipt.doubt.addresses.contains(address) || receipt.left.contains(address);
    };
    return receipt.doubt.all || in(packet.source) || in(packet.destination);
  }

  testing::FakeRng rng_;
  testing::RandomPolicies random_;
  PolicyTableOptions options_;
  PolicyHistory history_;
  PolicyNodes nodes_;
  Ends ends_;
  std::size_t denied_ = 0;
  std::size_t cut_ = 0;
};

TEST(PolicyTableHistory, ConnectionsMeetWhatPoliciesSay) {
  std::size_t denied = 0;
  std::size_t cut = 0;
  for (std::uint64_t seed = 1; seed <= kHistories; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Cluster cluster(seed);
    cluster.run();
    denied += cluster.denied();
    cut += cluster.cut();
    if (::testing::Test::HasFailure()) {
      return;
    }
  }
  // Else nothing has been tried.
  constexpr std::size_t kAttempts = kConnections * kEvents * kHistories;
  EXPECT_GT(denied, kAttempts / 20);
  EXPECT_LT(denied, kAttempts * 19 / 20);
  EXPECT_GT(cut, kHistories);
}

}  // namespace
}  // namespace hitless::rules
