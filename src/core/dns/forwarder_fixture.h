#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/dns/forwarder.h"
#include "testing/dns_messages.h"
#include "testing/fake_clock.h"
#include "testing/fake_rng.h"

namespace hitless::dns {

using hitless::testing::AskedQuery;
using hitless::testing::Bytes;
using hitless::testing::DnsAsk;
using hitless::testing::DnsReply;
using hitless::testing::FakeClock;
using hitless::testing::FakeRng;
using hitless::testing::ReadAnswer;

inline UpstreamAddress server(int number) {
  return {*IpAddress::parse("192.0.2." + std::to_string(number)), 53};
}

/// A forwarder between askers and upstreams that are played by a test.
class ForwarderFixture : public ::testing::Test, public UpstreamLink, public AnswerSink {
 protected:
  struct Sent {
    ExchangeId exchange;
    UpstreamAddress to;
    Bytes message;
    Transport via;

    bool isProbe() const { return message.size() == 17 && message[12] == 0; }
    bool hasEdns() const { return readU16(message, 10) == 1; }
  };
  /// Whether an upstream answers, and what; called for probes too.
  using Upstreamer = std::function<std::optional<DnsReply>(const Sent&)>;

  void SetUp() override { start({}); }

  void start(const ForwardOptions& options, int servers = 1, bool sequential = true) {
    ForwardOptions changed = options;
    if (sequential) {
      changed.policy = UpstreamPolicy::kSequential;
    }
    forwarder.emplace(changed, rng, *this, *this);
    useServers(servers);
  }
  void useServers(int count) {
    UpstreamGroup all;
    for (int i = 1; i <= count; ++i) {
      all.servers.push_back(server(i));
    }
    ASSERT_TRUE(forwarder->setUpstreams({all}));
  }

  // UpstreamLink and AnswerSink.
  void sendUdp(ExchangeId exchange, const UpstreamAddress& to, ByteView message) override {
    open.push_back({exchange, to, {message.begin(), message.end()}, Transport::kUdp});
    history.push_back(open.back());
  }
  void sendTcp(ExchangeId exchange, const UpstreamAddress& to, ByteView message) override {
    sendUdp(exchange, to, message);
    open.back().via = history.back().via = Transport::kTcp;
  }
  void cancel(ExchangeId exchange) override {
    EXPECT_EQ(std::erase_if(open, [&](const Sent& sent) { return sent.exchange == exchange; }), 1U);
  }
  void answer(AskToken token, ByteView message) override {
    const auto [at, fresh] = answers.emplace(static_cast<int>(token), message);
    EXPECT_TRUE(fresh) << "a second answer";
    EXPECT_FALSE(at->second.broken);
  }

  /// As the name server does it: from the cache, or by asking. The token of the question.
  int ask(const DnsAsk& what, Transport transport = Transport::kUdp) {
    const AskedQuery asked(what);
    EXPECT_EQ(asked.fault, QueryFault::kNone);
    const int token = ++tokens;
    asks[token] = what;
    Bytes out(transport == Transport::kTcp ? kMaxMessage : kMaxUdpSize);
    const std::size_t size = forwarder->answerFromCache(asked.query, transport, clock.mono(), out);
    if (size > 0) {
      answer(AskToken(token), ByteView(out).first(size));
    } else {
      forwarder->ask(asked.query, transport, AskToken(token), clock.mono());
    }
    return token;
  }
  const ReadAnswer* answerTo(int token) {
    const auto at = answers.find(token);
    return at == answers.end() ? nullptr : &at->second;
  }
  std::optional<Rcode> rcodeOf(int token) {
    const ReadAnswer* got = answerTo(token);
    return got == nullptr ? std::nullopt : std::optional(got->rcode());
  }

  /// The exchange that was begun last, probes left out.
  Sent& last() {
    const auto at =
        std::find_if(open.rbegin(), open.rend(), [](const Sent& sent) { return !sent.isProbe(); });
    EXPECT_NE(at, open.rend()) << "nothing was asked";
    return *at;
  }
  bool give(const Sent& sent, const Bytes& bytes) {
    const ExchangeId exchange = sent.exchange;
    // As a link does it, which forgets an exchange that is over.
    const bool taken = forwarder->onReply(exchange, bytes, clock.mono());
    if (taken) {
      std::erase_if(open, [&](const Sent& other) { return other.exchange == exchange; });
    }
    return taken;
  }
  bool give(const Sent& sent, const DnsReply& what) {
    return give(sent, hitless::testing::reply(sent.message, what));
  }
  void refuseConnection(const Sent& sent) {
    const ExchangeId exchange = sent.exchange;
    std::erase_if(open, [&](const Sent& other) { return other.exchange == exchange; });
    forwarder->onFailure(exchange, clock.mono());
  }

  /// Lets time go by in the steps that the forwarder asks for.
  void advance(nanoseconds by) {
    const MonoTime end = clock.mono() + by;
    for (;;) {
      play();
      const auto next = forwarder->deadline();
      if (!next || *next > end) {
        break;
      }
      clock.advance(std::max(*next - clock.mono(), nanoseconds(0)));
      forwarder->onTime(clock.mono());
    }
    clock.advance(end - clock.mono());
  }
  /// The scripted upstreams answer what is open.
  void play() {
    for (bool again = upstreamer != nullptr; again;) {
      again = false;
      for (const Sent& sent : std::vector<Sent>(open)) {
        const bool there = std::any_of(open.begin(), open.end(), [&](const Sent& other) {
          return other.exchange == sent.exchange;
        });
        const auto what = there ? upstreamer(sent) : std::nullopt;
        again = (what && give(sent, *what)) || again;
      }
    }
  }
  /// From now on only these servers answer, each with an address for 60 s.
  void alive(std::set<int> numbers) {
    upstreamer = [numbers](const Sent& sent) -> std::optional<DnsReply> {
      for (const int number : numbers) {
        if (sent.to == server(number)) {
          return DnsReply{{hitless::testing::a(60, "10.0.0.1")}};
        }
      }
      return std::nullopt;
    };
  }
  /// Asks for a name that nobody asked for yet.
  int askNew() { return ask({"n" + std::to_string(++names) + ".example."}); }
  std::size_t probes() const {
    return static_cast<std::size_t>(std::count_if(history.begin(), history.end(),
                                                  [](const Sent& sent) { return sent.isProbe(); }));
  }
  std::size_t asked() const { return history.size() - probes(); }

  FakeClock clock;
  FakeRng rng;
  std::optional<Forwarder> forwarder;
  Upstreamer upstreamer;
  std::vector<Sent> open;
  std::vector<Sent> history;
  std::map<int, ReadAnswer> answers;
  std::map<int, DnsAsk> asks;
  int tokens = 0;
  int names = 0;
};

}  // namespace hitless::dns
