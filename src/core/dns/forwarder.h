#pragma once

#include "core/dns/flight_table.h"
#include "core/dns/forward_options.h"
#include "core/dns/prober.h"
#include "core/dns/reply_verdict.h"
#include "core/dns/upstream_link.h"

namespace hitless::dns {

/// Resolves names that are not the cluster's: from the cache, or by asking upstreams. It does no
/// I/O itself: it is told what time it is and what came in, and says through a link what to send.
///
/// The question goes upstream in the first asker's case. No case of our own is rolled (dns0x20):
/// ID and port are random already, upstreams are near, and some servers answer in lower case, which
/// would need yet another retry; whoever rolls a case of his own sees it kept all the way.
class Forwarder {
 public:
  /// All of them must outlive it.
  Forwarder(ForwardOptions options, Rng& rng, UpstreamLink& link, AnswerSink& sink);

  /// May be called at any time; questions on their way go on with the upstreams they had.
  Status setUpstreams(std::vector<UpstreamGroup> groups);

  /// The size of the answer that it wrote to `out`, cut to the asker's limit and to the size of
  /// `out` (which for TCP should have kMaxMessage bytes); 0: ask(). May begin to refresh what it
  /// answered from.
  std::size_t answerFromCache(const Query& query, Transport transport, MonoTime now,
                              std::span<std::uint8_t> out);
  /// Answers a question that answerFromCache() did not answer, sooner or later but within the
  /// total timeout. Questions for no kind of record, and those of another class, are REFUSED. So
  /// is what is too much. Without upstreams it is SERVFAIL, not REFUSED as by a CoreDNS without
  /// forward: upstreams may come, and musl does not take REFUSED for an answer.
  void ask(const Query& query, Transport transport, AskToken token, MonoTime now);

  /// What came for an exchange. False: that was not it, the exchange goes on; true: it is over.
  bool onReply(ExchangeId exchange, ByteView reply, MonoTime now);
  /// Nothing will come: the exchange is over. Unknown exchanges do not matter.
  void onFailure(ExchangeId exchange, MonoTime now);

  /// When onTime() is to be called next.
  std::optional<MonoTime> deadline() const;
  void onTime(MonoTime now);

  /// Ends everything that is on its way; those who wait get no answer.
  void stop();

  const Cache& cache() const { return cache_; }
  const Upstreams& upstreams() const { return upstreams_; }
  const ForwardCounters& counters() const { return counters_; }
  std::size_t waiting() const { return waiting_; }

 private:
  bool busy() const;
  Flight* launch(const CacheKey& key, ByteView question, MonoTime now);
  void refresh(const CacheKey& key, ByteView question, MonoTime now);
  void join(Flight& flight, AskToken token, const Asker& asker, MonoTime now);
  void answerError(AskToken token, const Asker& asker, Rcode rcode, ExtendedError why);
  bool answerStale(AskToken token, const Asker& asker, const CacheKey& key, MonoTime now);
  void serveStale(Flight& flight, MonoTime now);

  void pick(Flight& flight);
  void nextTry(Flight& flight, MonoTime now);
  void send(Flight& flight, Transport via, bool plain, MonoTime now);
  void noteEdns(const Flight& flight, Rcode rcode, MonoTime now);
  void tryFailed(Flight& flight, MonoTime now);
  void act(Flight& flight, ByteView reply, const Judgement& judgement, MonoTime now);
  void tryOthers(Flight& flight, ByteView reply, const ReplySummary& summary, MonoTime now);
  void giveUp(Flight& flight, MonoTime now);
  void complete(Flight& flight, KeptReply reply, const Lifetime& lifetime, MonoTime now);
  std::vector<Waiter> land(Flight& flight);

  const ForwardOptions options_;
  Rng& rng_;
  UpstreamLink& link_;
  AnswerSink& sink_;
  Cache cache_;
  Upstreams upstreams_;
  Prober prober_;
  FlightTable flights_;
  ForwardCounters counters_;
  std::uint64_t nextExchange_ = 0;
  std::size_t waiting_ = 0;
  std::vector<std::uint8_t> buffer_;  ///< For the answer that is being given.
};

}  // namespace hitless::dns
