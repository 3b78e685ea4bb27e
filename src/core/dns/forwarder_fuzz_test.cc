#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/dns/forwarder_fixture.h"

namespace hitless::dns {
namespace {

using namespace hitless::testing;

/// A link and a sink that only remember.
struct Recorder : UpstreamLink, AnswerSink {
  void sendUdp(ExchangeId exchange, const UpstreamAddress&, ByteView message) override {
    open.emplace_back(exchange, Bytes(message.begin(), message.end()));
  }
  void sendTcp(ExchangeId exchange, const UpstreamAddress& to, ByteView message) override {
    sendUdp(exchange, to, message);
  }
  void cancel(ExchangeId exchange) override {
    std::erase_if(open, [&](const auto& sent) { return sent.first == exchange; });
  }
  void answer(AskToken token, ByteView message) override {
    const auto number = static_cast<std::size_t>(token);
    RC_ASSERT(number < limits.size());
    RC_ASSERT(!answered[number]);
    answered[number] = true;
    RC_ASSERT(message.size() <= limits[number]);
    RC_ASSERT(!ReadAnswer(message).broken);
  }
  std::vector<std::pair<ExchangeId, Bytes>> open;
  std::vector<std::size_t> limits;
  std::vector<bool> answered;
};

/// A reply that is nearly right, or nothing but noise.
Bytes anyReply(const Bytes& query) {
  const int kind = *rc::gen::inRange(0, 8);
  if (kind == 0) {
    return *rc::gen::arbitrary<Bytes>();
  }
  DnsReply what{{cname(300, "b.example."), a(60, "10.0.0.1", "b.example.")},
                {},
                {},
                *rc::gen::element(Rcode::kNoError, Rcode::kNoError, Rcode::kNxDomain,
                                  Rcode::kServFail, Rcode::kFormErr),
                *rc::gen::element<std::uint16_t>(0, 0, kFlagTruncated, kFlagAuthenticData),
                *rc::gen::arbitrary<bool>()};
  if (*rc::gen::arbitrary<bool>()) {
    what.answers.clear();
    what.authority.push_back(soa(*rc::gen::element(0U, 5U, 900U, 0xffffffffU), 30));
  }
  what.answers.resize(what.answers.size() * (*rc::gen::element(1U, 1U, 40U)), a(7, "10.0.0.2"));
  Bytes out = reply(query, what);
  if (kind < 5) {
    return out;
  }
  const auto edits = *rc::gen::container<std::vector<std::pair<std::uint16_t, std::uint8_t>>>(
      rc::gen::arbitrary<std::pair<std::uint16_t, std::uint8_t>>());
  for (const auto& [at, value] : edits) {
    out[at % out.size()] = value;
  }
  if (kind == 7) {
    out.resize(*rc::gen::inRange<std::size_t>(0, out.size() + 1));
  }
  return out;
}

RC_GTEST_PROP(DnsForwarderProperty, AnswersEachQuestionOnceWhateverComesFromUpstream, ()) {
  Recorder recorder;
  FakeRng rng(*rc::gen::arbitrary<std::uint64_t>());
  FakeClock clock;
  ForwardOptions options;
  options.cache.successCapacity = options.cache.denialCapacity = 3;
  options.cache.prefetchAmount = 1;
  options.maxConcurrent = 6;
  Forwarder forwarder(options, rng, recorder, recorder);
  RC_ASSERT(forwarder.setUpstreams({{Name{}, {server(1), server(2)}}}));
  const int steps = *rc::gen::inRange(0, 60);
  for (int step = 0; step < steps; ++step) {
    const int move = *rc::gen::inRange(0, 5);
    if (move <= 1) {
      const AskedQuery asked({*rc::gen::element<std::string>("a.", "B.example.", "b.example."),
                              *rc::gen::element(Type::kA, Type::kAny), 1, kFlagRecursionDesired,
                              *rc::gen::element(-1, 512, 4096), *rc::gen::arbitrary<bool>()});
      const auto via = *rc::gen::element(Transport::kUdp, Transport::kTcp);
      const std::size_t room = *rc::gen::inRange<std::size_t>(0, 600);
      const std::unique_ptr<std::uint8_t[]> out(new std::uint8_t[room]);
      const std::size_t size =
          forwarder.answerFromCache(asked.query, via, clock.mono(), {out.get(), room});
      RC_ASSERT(size <= room);
      if (size == 0) {
        recorder.limits.push_back(asked.query.limit(via));
        recorder.answered.push_back(false);
        forwarder.ask(asked.query, via, AskToken(recorder.limits.size() - 1), clock.mono());
      }
    } else if (move <= 3 && !recorder.open.empty()) {
      const auto which = *rc::gen::inRange<std::size_t>(0, recorder.open.size());
      const auto [exchange, query] = recorder.open[which];
      const ExactBytes bytes(anyReply(query));
      if (forwarder.onReply(exchange, bytes.view(), clock.mono())) {
        std::erase_if(recorder.open, [&](const auto& sent) { return sent.first == exchange; });
      }
    } else {
      clock.advance(milliseconds(*rc::gen::element(1, 500, 2000, 20000)));
      forwarder.onTime(clock.mono());
    }
  }
  clock.advance(seconds(5));
  forwarder.onTime(clock.mono());
  clock.advance(seconds(5));
  forwarder.onTime(clock.mono());
  for (const bool answered : recorder.answered) {
    RC_ASSERT(answered);
  }
  RC_ASSERT(forwarder.waiting() == 0U);
  RC_ASSERT(forwarder.cache().successEntries() <= 3U);
  forwarder.stop();
  RC_ASSERT(recorder.open.empty());
}

}  // namespace
}  // namespace hitless::dns
