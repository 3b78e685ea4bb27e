#include "core/drain/peers.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "testing/gate_fixture.h"

namespace hitless::drain {
namespace {

namespace sample = testing::gate;

/// The same said without any index.
struct PlainPeers {
  struct Peer {
    bool ready = false;
    std::uint64_t watermark = 0;
  };
  std::uint64_t own = 0;
  std::map<std::string, Peer> peers;

  std::vector<std::string> behind(std::uint64_t revision) const {
    std::vector<std::string> names;
    if (own < revision) {
      names.emplace_back("n0");
    }
    for (const auto& [name, peer] : peers) {
      if (peer.ready && peer.watermark < revision) {
        names.push_back(name);
      }
    }
    return names;
  }
  std::size_t live() const {
    return 1 +
           static_cast<std::size_t>(std::count_if(
               peers.begin(), peers.end(), [](const auto& entry) { return entry.second.ready; }));
  }
};

void change(Peers& peers, PlainPeers& plain, unsigned choice, MonoTime now) {
  const std::string name = fmt::format("n{}", 1 + choice / 8 % 4);
  const std::uint64_t watermark = choice / 64 % 6;
  switch (choice % 8) {
    case 0:
      peers.apply(sample::full({sample::node("n0"), sample::node(name)}));
      plain.peers = {{name, {true, plain.peers[name].watermark}}};
      break;
    case 1:
      peers.apply(sample::erase(sample::node(name), 1));
      plain.peers.erase(name);
      break;
    case 2:
      peers.setOwn(watermark);
      plain.own = watermark;
      break;
    case 3:
      peers.failed(name, now);
      break;
    case 4:
    case 5:
      peers.apply(sample::upsert(sample::node(name, choice % 2 == 0)));
      plain.peers[name].ready = choice % 2 == 0;
      break;
    default:
      peers.answered(name, watermark, now);
      if (const auto peer = plain.peers.find(name); peer != plain.peers.end()) {
        peer->second.watermark = std::max(peer->second.watermark, watermark);
      }
  }
}

/// Whatever nodes do, the indices say what the nodes say.
RC_GTEST_PROP(Peers, AgreeWithAPlainList, (const std::vector<std::uint16_t>& choices)) {
  Peers peers("n0");
  PlainPeers plain;
  MonoTime now{};
  for (const std::uint16_t choice : choices) {
    change(peers, plain, choice, now);
    now += seconds(1);
    for (std::uint64_t revision = 0; revision < 7; ++revision) {
      const std::vector<std::string> behind = plain.behind(revision);
      RC_ASSERT(peers.behind(revision) == behind);
      RC_ASSERT(peers.acknowledged(revision) == behind.empty());
    }
    RC_ASSERT(peers.live() == plain.live());
    for (const Ask& ask : peers.ask(3, now)) {
      RC_ASSERT(plain.peers.at(ask.node).ready);
      RC_ASSERT(plain.peers.at(ask.node).watermark < 3);
      RC_ASSERT(ask.address.size() > 0U);
    }
    RC_ASSERT(peers.ask(3, now).empty());
  }
}

TEST(Peers, ANodeThatIsNotReadyForAMomentIsNotAskedTwice) {
  Peers peers("n0");
  peers.apply(sample::full({sample::node("n1")}));
  EXPECT_EQ(peers.ask(5, MonoTime{}).size(), 1U);
  peers.apply(sample::upsert(sample::node("n1", false)));
  peers.apply(sample::upsert(sample::node("n1", true)));
  EXPECT_TRUE(peers.ask(5, MonoTime{} + seconds(60)).empty()) << "its answer is still to come";
  peers.failed("n1", MonoTime{});
  EXPECT_TRUE(peers.ask(5, MonoTime{}).empty());
  EXPECT_EQ(peers.ask(5, *peers.nextRetry(5)).size(), 1U);
}

}  // namespace
}  // namespace hitless::drain
