#include "sys/dns/upstream_io.h"

#include <gtest/gtest.h>

#include "sys/clock/real_clock.h"
#include "testing/dns_server.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using namespace hitless::testing;
using dns::ByteView;
using dns::Rcode;
using dns::Transport;

const DnsReply kAddress{{a(60, "10.0.0.1")}};

struct UpstreamIo : ::testing::Test {
  void begin(DnsServer::Script script) { begin(std::move(script), dns::ForwardOptions{}); }
  void begin(DnsServer::Script script, dns::ForwardOptions options) {
    server.emplace(io, std::move(script));
    options.policy = dns::UpstreamPolicy::kSequential;
    forwarding.emplace(io, clock, rng, std::move(options));
    use({server->address()});
  }
  void use(std::vector<dns::UpstreamAddress> servers) {
    ASSERT_OK(forwarding->setUpstreams({{dns::Name{}, std::move(servers)}}));
  }
  /// A port of the machine at which nobody listens.
  dns::UpstreamAddress nobody() {
    const DnsServer gone(io, nullptr);
    return gone.address();
  }
  void ask(const DnsAsk& what, Transport via = Transport::kUdp) {
    const AskedQuery asked(what);
    forwarding->ask(asked.query, via, [this](ByteView message) { got.emplace_back(message); });
  }
  /// Runs until so many answers are there, for 4 s at most.
  void run(std::size_t answers) {
    const MonoTime end = clock.mono() + seconds(4);
    while (got.size() < answers && clock.mono() < end) {
      io.run_one_for(milliseconds(20));
      io.restart();
    }
    ASSERT_GE(got.size(), answers);
  }
  void runFor(milliseconds duration) {
    io.run_for(duration);
    io.restart();
  }

  boost::asio::io_context io{1};
  RealClock clock;
  RealRng rng;
  std::optional<DnsServer> server;
  std::optional<Forwarding> forwarding;
  std::vector<ReadAnswer> got;
};

TEST_F(UpstreamIo, AsksByUdpAndAnswersFromTheCacheThen) {
  begin([](ByteView query, Transport) { return reply(query, kAddress); });
  ask({"Web.example.", dns::Type::kA, 7});
  EXPECT_TRUE(got.empty());
  run(1);
  EXPECT_EQ(got[0].id, 7);
  EXPECT_EQ(got[0].counts[0], 1);
  const AskedQuery again({"web.example.", dns::Type::kA, 8});
  Bytes out(dns::kMaxUdpSize);
  EXPECT_GT(forwarding->answerFromCache(again.query, Transport::kUdp, clock.mono(), out), 0U);
  EXPECT_EQ(server->queries, 1);
  EXPECT_EQ(forwarding->stats().successEntries, 1U);
  EXPECT_EQ(forwarding->stats().cache.successHits, 1U);
}

TEST_F(UpstreamIo, UsesAnotherPortAndIdForEachQuestion) {
  begin([](ByteView query, Transport) { return reply(query, kAddress); });
  for (int i = 0; i < 200; ++i) {
    ask({"n" + std::to_string(i) + ".example."});
    run(static_cast<std::size_t>(i) + 1);
  }
  const std::set<std::uint16_t> ports(server->ports.begin(), server->ports.end());
  const std::set<std::uint16_t> ids(server->ids.begin(), server->ids.end());
  EXPECT_GT(ports.size(), 190U);  // Of 28,000: a few may meet.
  EXPECT_GT(ids.size(), 190U);
  int neighbours = 0;
  for (const std::uint16_t port : ports) {
    neighbours += ports.contains(static_cast<std::uint16_t>(port + 2)) ? 1 : 0;
  }
  EXPECT_LT(neighbours, 20);  // And they are no sequence.
}

TEST_F(UpstreamIo, DoesNotSeeWhatOthersSend) {
  begin([this](ByteView query, Transport) {
    // The right ID and question, to the right port, but from elsewhere.
    boost::asio::ip::udp::socket other(io, {boost::asio::ip::address_v4::loopback(), 0});
    const Bytes forged = reply(query, {{a(60, "10.6.6.6")}, {soa(60, 60)}});
    other.send_to(boost::asio::buffer(forged),
                  {boost::asio::ip::address_v4::loopback(), *server->ports.rbegin()});
    return reply(query, kAddress);
  });
  ask({"web.example."});
  run(1);
  EXPECT_EQ(got[0].counts[1], 0);
  EXPECT_EQ(forwarding->stats().forward.drops, 0U);
}

TEST_F(UpstreamIo, AsksByTcpForWhatUdpCannotHold) {
  begin([](ByteView query, Transport via) {
    DnsReply many;
    if (via == Transport::kUdp) {
      many.flags = dns::kFlagTruncated;
    } else {
      many.answers.assign(500, a(60, "10.0.0.1"));
    }
    return reply(query, many);
  });
  ask({"web.example."}, Transport::kTcp);
  ask({"other.example."});
  run(2);
  EXPECT_EQ(got[0].counts[0], 500);
  EXPECT_TRUE(got[1].truncated());
  EXPECT_LE(got[1].size, dns::kPlainUdpSize);
  EXPECT_EQ(server->accepted, 1);
  EXPECT_EQ(forwarding->stats().connections.hits, 1U);
}

TEST_F(UpstreamIo, GoesToTheNextUpstreamAtOnceWhenAPortIsClosed) {
  begin([](ByteView query, Transport) { return reply(query, kAddress); });
  use({nobody(), server->address()});
  const MonoTime start = clock.mono();
  ask({"web.example."});
  run(1);
  EXPECT_EQ(got[0].rcode(), Rcode::kNoError);
  EXPECT_LT(clock.mono() - start, milliseconds(1500));
}

TEST_F(UpstreamIo, FailsWhenNobodyListens) {
  begin(nullptr);
  use({nobody()});
  ask({"web.example."});
  EXPECT_TRUE(got.empty());
  run(1);
  EXPECT_EQ(got[0].rcode(), Rcode::kServFail);
}

TEST_F(UpstreamIo, WaitsForASilentUpstreamByTheClock) {
  dns::ForwardOptions options;
  options.readTimeout = milliseconds(50);
  options.totalTimeout = milliseconds(120);
  begin([](ByteView, Transport) { return std::nullopt; }, options);
  const MonoTime start = clock.mono();
  ask({"web.example."});
  run(1);
  EXPECT_EQ(got[0].rcode(), Rcode::kServFail);
  EXPECT_GE(clock.mono() - start, milliseconds(100));
}

TEST_F(UpstreamIo, AnswersNeverBeforeAskReturns) {
  begin(nullptr);
  use({});
  ask({"web.example."});
  EXPECT_TRUE(got.empty());
  run(1);
  EXPECT_EQ(got[0].rcode(), Rcode::kServFail);
}

TEST_F(UpstreamIo, LetsAReplyAskAgain) {
  begin([](ByteView query, Transport) { return reply(query, kAddress); });
  const AskedQuery asked({"web.example."});
  forwarding->ask(asked.query, Transport::kUdp, [this](ByteView message) {
    got.emplace_back(message);
    ask({"other.example."});
  });
  run(2);
  EXPECT_EQ(got[1].question, std::string("\5other\7example\0", 15));
}

TEST_F(UpstreamIo, StopsWithQuestionsOnTheirWay) {
  begin([](ByteView, Transport via) {
    return via == Transport::kTcp ? std::nullopt : std::optional(Bytes{});
  });
  ask({"web.example."});
  ask({"other.example."});
  runFor(milliseconds(20));
  forwarding->stop();
  runFor(milliseconds(20));
  forwarding.reset();
  runFor(milliseconds(20));
  EXPECT_TRUE(got.empty());
}

}  // namespace
}  // namespace hitless::sys
