#include "core/load/channel/channel.h"

#include <gtest/gtest.h>

#include "core/load/channel/channel_fixture.h"

namespace hitless::load {
namespace {

/// A case of the table "MEASURED": the old pod says goodbye at 0, the cluster's data change at 2 s.
struct Case {
  const char* what;
  double age;  ///< Of the channel when its connection is lost.
  std::function<Answer(const Endpoint&, double)> network;
  std::function<std::vector<Endpoint>(double)> names;
  double least;  ///< When RPCs succeed again, at the earliest and at the latest.
  double most;
  int failedLeast;
  int failedMost;
};

constexpr double kUpdate = 2;

Answer vip(Answer before, double time) {
  return time < 0 || time >= kUpdate ? Answer::kAccept : before;
}
/// A serves until 0, B always.
Answer pods(Answer dead, const Endpoint& address, double time) {
  return address == kB || time < 0 ? Answer::kAccept : dead;
}
std::vector<Endpoint> nameChangesAt(double change, double time) {
  return {time < change ? kA : kB};
}

const Case kCases[] = {
    {"C1: the dead address behind a VIP is a black hole", 35,
     [](const Endpoint&, double t) { return vip(Answer::kNothing, t); },
     [](double) { return std::vector{kA}; }, 20, 21.2, 18, 20},
    {"C3: the dead address behind a VIP refuses", 35,
     [](const Endpoint&, double t) { return vip(Answer::kRefuse, t); },
     [](double) { return std::vector{kA}; }, 2.2, 3.1, 20, 30},
    {"C6: the VIP is right before the goodbye", 35,
     [](const Endpoint&, double) { return Answer::kAccept; },
     [](double) { return std::vector{kA}; }, 0, 0.2, 0, 0},
    {"H1: headless, a black hole", 35,
     [](const Endpoint& a, double t) { return pods(Answer::kNothing, a, t); },
     [](double t) { return nameChangesAt(kUpdate, t); }, 30, 31.5, 110, 130},
    {"H2: headless, refused", 35,
     [](const Endpoint& a, double t) { return pods(Answer::kRefuse, a, t); },
     [](double t) { return nameChangesAt(kUpdate, t); }, 30, 31.5, 285, 305},
    {"H3: as H2, the channel is 2 s old", 2,
     [](const Endpoint& a, double t) { return pods(Answer::kRefuse, a, t); },
     [](double t) { return nameChangesAt(kUpdate, t); }, 28, 29.5, 265, 285},
    {"H2b: as H2, the name is right before the goodbye", 35,
     [](const Endpoint& a, double t) { return pods(Answer::kRefuse, a, t); },
     [](double t) { return nameChangesAt(0, t); }, 0, 1.8, 0, 10},
};

TEST(LoadChannel, ComesBackWhenGrpcsOwnClientDoes) {
  for (const Case& row : kCases) {
    Simulation simulation;
    simulation.network = row.network;
    simulation.names = row.names;
    simulation.until(-row.age);
    simulation.open();
    EXPECT_TRUE(simulation.rpc()) << row.what;
    simulation.until(0);
    simulation.lose(kA);
    const auto seen = simulation.rpcs(60);
    EXPECT_GE(seen.recovered, row.least) << row.what;
    EXPECT_LE(seen.recovered, row.most) << row.what;
    EXPECT_GE(seen.failed, row.failedLeast) << row.what;
    EXPECT_LE(seen.failed, row.failedMost) << row.what;
    ASSERT_EQ(simulation.outages.size(), 1U) << row.what;
    EXPECT_EQ(simulation.outages[0].lost, kStart) << row.what;
  }
}

TEST(LoadChannel, BacksOffFromTheStartOfEachAttempt) {
  Simulation simulation;
  simulation.options.backoffJitter = 0;
  simulation.network = [](const Endpoint&, double) { return Answer::kRefuse; };
  simulation.until(0);
  simulation.open();
  EXPECT_FALSE(simulation.rpc());
  simulation.until(30);
  std::vector<std::string> dials;
  for (const std::string& line : simulation.log) {
    if (line.find("dial") != std::string::npos) {
      dials.push_back(line.substr(0, line.find(' ')));
    }
  }
  EXPECT_EQ(dials, (std::vector<std::string>{"0.0", "1.0", "2.6", "5.2", "9.3", "15.8", "26.3"}));
}

TEST(LoadChannel, BackoffIsBoundedAndJitters) {
  const ChannelOptions options;
  testing::FakeRng rng;
  Backoff backoff(options, rng);
  EXPECT_EQ(backoff.next(kStart) - kStart, seconds{1});
  double last = 1;
  bool jitters = false;
  for (int i = 0; i < 100; ++i) {
    const double wait = inSeconds(backoff.next(kStart) - kStart);
    last = std::min(last * 1.6, 120.0);
    EXPECT_GE(wait, last * 0.8 - 1e-6);
    EXPECT_LE(wait, last * 1.2 + 1e-6);
    jitters = jitters || std::abs(wait - last) > 0.05 * last;
  }
  EXPECT_TRUE(jitters);
  backoff.reset();
  EXPECT_EQ(backoff.next(kStart) - kStart, seconds{1});
}

TEST(LoadChannel, AsksForTheNameOnceInAnIntervalHoweverOftenItIsWanted) {
  const ChannelOptions options;
  testing::FakeRng rng;
  ResolutionPacer pacer(options, rng);
  EXPECT_TRUE(pacer.request(kStart));
  EXPECT_FALSE(pacer.request(kStart)) << "a question is under way";
  pacer.finished(true, kStart + seconds{1});
  EXPECT_FALSE(pacer.request(kStart + seconds{2}));
  EXPECT_EQ(pacer.deadline(), kStart + seconds{30});
  EXPECT_FALSE(pacer.tick(kStart + seconds{29}));
  EXPECT_TRUE(pacer.tick(kStart + seconds{30}));
  pacer.finished(false, kStart + seconds{31});
  EXPECT_EQ(pacer.deadline(), kStart + seconds{32}) << "after a failure: the back-off";
  EXPECT_FALSE(pacer.request(kStart + seconds{31}));
  EXPECT_TRUE(pacer.tick(kStart + seconds{32}));
}

TEST(LoadChannel, PickFirstTriesTheAddressesInOrderAndKeepsOne) {
  Simulation simulation;
  simulation.names = [](double) { return std::vector{kA, kB}; };
  simulation.network = [](const Endpoint& a, double) {
    return a == kA ? Answer::kRefuse : Answer::kAccept;
  };
  simulation.until(0);
  simulation.open();
  EXPECT_TRUE(simulation.rpc());
  simulation.until(5);
  EXPECT_EQ(simulation.log,
            (std::vector<std::string>{"0.0 ask", "0.0 dial 10.0.0.1", "0.0 dial 10.0.0.2"}));
  ASSERT_EQ(simulation.connected().size(), 1U);
}

TEST(LoadChannel, PickFirstStaysIdleUntilItIsWanted) {
  Simulation simulation;
  simulation.until(0);
  simulation.open();
  EXPECT_TRUE(simulation.rpc());
  simulation.until(40);
  simulation.lose(kA);
  simulation.until(100);
  EXPECT_EQ(simulation.channel().state(), Connectivity::kIdle);
  EXPECT_EQ(simulation.log, (std::vector<std::string>{"0.0 ask", "0.0 dial 10.0.0.1", "40.0 ask"}));
  EXPECT_TRUE(simulation.outages.empty()) << "nobody had to wait";
}

TEST(LoadChannel, PickFirstMovesToNewAddressesOnlyWhenTheOldIsLost) {
  Simulation simulation;
  simulation.until(0);
  simulation.open();
  EXPECT_TRUE(simulation.rpc());
  // The name's new address is known before the connection is lost.
  simulation.channel().onAddresses({{kA, {}}, {kB, {}}}, kStart);
  EXPECT_TRUE(simulation.rpc());
  EXPECT_EQ(simulation.connected().begin()->second, kA);
  simulation.network = [](const Endpoint& a, double) {
    return a == kA ? Answer::kRefuse : Answer::kAccept;
  };
  simulation.names = [](double) { return std::vector{kA, kB}; };
  simulation.lose(kA);
  EXPECT_TRUE(simulation.rpc());
  EXPECT_EQ(simulation.connected().begin()->second, kB);
}

TEST(LoadChannel, RoundRobinUsesAllThatAreReadyAndReconnectsByItself) {
  Simulation simulation;
  simulation.options.balancing = Balancing::kRoundRobin;
  simulation.names = [](double) { return std::vector{kA, kB}; };
  simulation.until(0);
  simulation.open();
  EXPECT_TRUE(simulation.rpc());
  simulation.until(1);
  ASSERT_EQ(simulation.connected().size(), 2U);
  const auto first = simulation.channel().pick();
  const auto second = simulation.channel().pick();
  EXPECT_NE(first, second);
  EXPECT_EQ(simulation.channel().pick(), first);

  simulation.network = [](const Endpoint& a, double) {
    return a == kA ? Answer::kRefuse : Answer::kAccept;
  };
  simulation.lose(kA);
  const auto seen = simulation.rpcs(10);
  EXPECT_EQ(seen.failed, 0) << "B goes on";
  simulation.network = [](auto&&...) { return Answer::kAccept; };
  simulation.until(40);
  EXPECT_EQ(simulation.connected().size(), 2U);
  EXPECT_TRUE(simulation.outages.empty());
}

TEST(LoadChannel, RoundRobinDropsAddressesThatTheNameLost) {
  Simulation simulation;
  simulation.options.balancing = Balancing::kRoundRobin;
  simulation.names = [](double t) { return t < 0 ? std::vector{kA} : std::vector{kB}; };
  simulation.until(-35);
  simulation.open();
  EXPECT_TRUE(simulation.rpc());
  simulation.until(0);
  simulation.network = [](const Endpoint& a, double) {
    return a == kA ? Answer::kRefuse : Answer::kAccept;
  };
  simulation.lose(kA);
  simulation.until(1);
  ASSERT_EQ(simulation.connected().size(), 1U);
  EXPECT_EQ(simulation.connected().begin()->second, kB);
}

TEST(LoadChannel, ANameWithoutAddressesFailsRpcsUntilItHasSome) {
  Simulation simulation;
  simulation.names = [](double t) { return t < 5 ? std::vector<Endpoint>{} : std::vector{kA}; };
  simulation.until(0);
  simulation.open();
  EXPECT_FALSE(simulation.rpc());
  EXPECT_EQ(simulation.channel().resolutionError(), "no such name");
  const auto seen = simulation.rpcs(20);
  EXPECT_GT(seen.recovered, 5);
  EXPECT_LT(seen.recovered, 12);
}

TEST(LoadChannel, APlainHttp2ClientAsksAndDialsForEachNewConnectionAndOnlyThen) {
  Simulation simulation;
  simulation.options = channelOptions(*parseLoadSpec("h2c://web"));
  simulation.network = [](const Endpoint&, double t) {
    return t < 1 ? Answer::kRefuse : Answer::kAccept;
  };
  simulation.until(0);
  simulation.open();
  EXPECT_FALSE(simulation.rpc());
  simulation.until(1);
  EXPECT_TRUE(simulation.rpc());
  EXPECT_EQ(simulation.log, (std::vector<std::string>{"0.0 ask", "0.0 dial 10.0.0.1", "1.0 ask",
                                                      "1.0 dial 10.0.0.1"}));
  simulation.until(2);
  simulation.lose(kA);
  simulation.until(50);
  EXPECT_EQ(simulation.log.size(), 4U);
  EXPECT_TRUE(simulation.rpc());
  EXPECT_EQ(simulation.log.back(), "50.0 dial 10.0.0.1");
}

}  // namespace
}  // namespace hitless::load
