#include "sys/dns/upstream_tcp.h"

#include <gtest/gtest.h>

#include <optional>

#include "testing/dns_server.h"

namespace hitless::sys {
namespace {

using namespace hitless::testing;
using dns::ByteView;
using dns::ExchangeId;
using dns::Transport;

struct UpstreamTcp : ::testing::Test, ExchangeEvents {
  void begin(DnsServer::Script script, nanoseconds idle = seconds(10)) {
    server.emplace(io, std::move(script));
    tcp.emplace(io, *this, idle);
  }
  bool onReply(ExchangeId exchange, ByteView message) override {
    if (dns::readU16(message, 4) == 0) {
      return false;  // Not to that question.
    }
    replies[static_cast<int>(exchange)] = {message.begin(), message.end()};
    return true;
  }
  void onFailure(ExchangeId exchange) override { failed.insert(static_cast<int>(exchange)); }

  void send(int exchange, std::uint16_t id) {
    tcp->send(ExchangeId(exchange), server->address(), message({"web.example.", {}, id}));
  }
  void run(std::size_t ends) {
    for (int i = 0; i < 200 && replies.size() + failed.size() < ends; ++i) {
      io.run_one_for(milliseconds(20));
      io.restart();
    }
    EXPECT_EQ(replies.size() + failed.size(), ends);
  }
  void runFor(milliseconds duration) {
    io.run_for(duration);
    io.restart();
  }

  boost::asio::io_context io{1};
  std::optional<DnsServer> server;
  std::optional<TcpExchanges> tcp;
  std::map<int, Bytes> replies;
  std::set<int> failed;
};

std::optional<Bytes> address(ByteView query, Transport) {
  return reply(query, {{a(60, "10.0.0.1")}});
}

TEST_F(UpstreamTcp, SendsManyQuestionsOverOneConnection) {
  begin(address);
  for (int i = 0; i < 20; ++i) {
    send(i, static_cast<std::uint16_t>(1000 + i));
  }
  run(20);
  EXPECT_EQ(server->accepted, 1);
  EXPECT_EQ(tcp->counters().misses, 1U);
  EXPECT_EQ(tcp->counters().hits, 19U);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(dns::readU16(replies[i], 0), 1000 + i);
  }
}

TEST_F(UpstreamTcp, TakesLargeRepliesInPieces) {
  begin([](ByteView query, Transport) {
    DnsReply many;
    many.answers.assign(3500, a(60, "10.0.0.1"));
    return std::optional(reply(query, many));
  });
  send(1, 1);
  send(2, 2);
  run(2);
  EXPECT_EQ(ReadAnswer(replies[1]).counts[0], 3500);
  EXPECT_EQ(ReadAnswer(replies[2]).counts[0], 3500);
}

TEST_F(UpstreamTcp, ClosesAnIdleConnection) {
  begin(address, milliseconds(30));
  send(1, 1);
  run(1);
  EXPECT_EQ(tcp->connections(), 1U);
  runFor(milliseconds(100));
  EXPECT_EQ(tcp->connections(), 0U);
  send(2, 2);
  run(2);
  EXPECT_EQ(server->accepted, 2);
}

TEST_F(UpstreamTcp, SendsAgainWhatAClosedConnectionLost) {
  begin(address);
  send(1, 1);
  run(1);
  server->closeConnections();  // The upstream tired of waiting; we do not know yet.
  send(2, 2);
  run(2);
  EXPECT_TRUE(replies.contains(2));
  EXPECT_EQ(server->accepted, 2);
}

TEST_F(UpstreamTcp, FailsWhenNewConnectionsAreClosedToo) {
  begin([this](ByteView, Transport) {
    server->closeConnections();
    return std::nullopt;
  });
  send(1, 1);
  run(1);
  EXPECT_TRUE(failed.contains(1));
  EXPECT_EQ(tcp->connections(), 0U);
}

TEST_F(UpstreamTcp, LeavesAConnectionThatMayBeDead) {
  bool silent = true;
  begin([&](ByteView query, Transport via) { return silent ? std::nullopt : address(query, via); });
  send(1, 1);
  send(2, 2);
  runFor(milliseconds(30));
  EXPECT_TRUE(tcp->cancel(ExchangeId(1)));
  EXPECT_FALSE(tcp->cancel(ExchangeId(1)));
  EXPECT_EQ(tcp->connections(), 0U);
  silent = false;
  send(3, 3);
  run(1);
  EXPECT_TRUE(replies.contains(3));
  EXPECT_EQ(server->accepted, 2);
  tcp->cancelAll();
  EXPECT_EQ(tcp->connections(), 0U);
  runFor(milliseconds(20));
  EXPECT_FALSE(failed.contains(2));
}

TEST_F(UpstreamTcp, GoesOnAfterMessagesThatAreNoReply) {
  int asked = 0;
  begin([&](ByteView query, Transport via) {
    if (++asked == 1) {
      return std::optional(Bytes{});  // Not even a header.
    }
    return asked == 2 ? std::optional(Bytes(12)) : address(query, via);
  });
  send(1, 0);
  send(2, 0);
  send(3, 0);
  run(1);
  EXPECT_EQ(replies.size(), 1U);  // The same ID: the first that takes it gets it.
}

}  // namespace
}  // namespace hitless::sys
