#include "core/dns/answer_repeater.h"

#include "core/dns/packet.h"

namespace hitless::dns {
namespace {

CacheOptions optionsFor(seconds keep) {
  CacheOptions options;
  options.successMaxTtl = keep;
  options.denialMaxTtl = keep;
  options.successMinTtl = seconds{1};
  options.denialMinTtl = seconds{1};
  options.servfailTtl = seconds{0};
  options.staleUpTo = seconds{0};
  return options;
}

}  // namespace

AnswerRepeater::AnswerRepeater(seconds keep, Rng& rng) : cache_(optionsFor(keep), rng) {}

std::size_t AnswerRepeater::repeat(const Query& query, Transport transport, MonoTime now,
                                   std::span<std::uint8_t> out) {
  return cache_.answer(askerOf(query, transport), keyOf(query), now, out).size;
}

void AnswerRepeater::keep(const Query& query, ByteView answer, MonoTime now) {
  const auto summary = summarize(answer);
  if (!summary) {
    return;
  }
  const Lifetime lifetime = cache_.lifetime(*summary, query.question.type);
  if (lifetime.part != Lifetime::Part::kNone) {
    cache_.store(keyOf(query), KeptReply(answer, *summary), lifetime, now);
  }
}

}  // namespace hitless::dns
