#include "core/dns/cache.h"

#include <algorithm>

namespace hitless::dns {
namespace {

using Part = Lifetime::Part;

std::uint32_t number(seconds value) {
  return static_cast<std::uint32_t>(value.count());
}

}  // namespace

Cache::Cache(const CacheOptions& options, Rng& rng)
    : options_(options),
      hash_(rng.next(), rng.next()),
      success_(options.successCapacity, options.maxBytes),
      denial_(options.denialCapacity, options.maxBytes) {}

CacheEntry* Cache::find(std::uint64_t hash, const CacheKey& key, Part& part) {
  part = Part::kSuccess;
  if (CacheEntry* entry = success_.find(hash, key)) {
    return entry;
  }
  part = Part::kDenial;
  return denial_.find(hash, key);
}

Lifetime Cache::lifetime(const ReplySummary& reply, Type type) const {
  const auto within = [](std::uint32_t ttl, seconds least, seconds most) {
    return std::min(std::max(ttl, number(least)), number(most));
  };
  if (reply.truncated || isMetaType(type)) {
    return {};
  }
  if (reply.rcode == static_cast<std::uint16_t>(Rcode::kServFail)) {
    return {Part::kDenial, number(options_.servfailTtl)};
  }
  const bool found = reply.rcode == static_cast<std::uint16_t>(Rcode::kNoError);
  if (!found && reply.rcode != static_cast<std::uint16_t>(Rcode::kNxDomain)) {
    return {};
  }
  // An answer of aliases only, with a SOA, denies the alias's target (RFC 2308 2.2).
  if (!found || (!reply.answersType && reply.denialTtl)) {
    if (!reply.denialTtl) {
      return {};
    }
    const std::uint32_t ttl = std::min(*reply.denialTtl, reply.ttl.value_or(*reply.denialTtl));
    return {Part::kDenial, within(ttl, options_.denialMinTtl, options_.denialMaxTtl)};
  }
  if (reply.counts[0] == 0) {
    return {};  // A referral, or nothing at all: neither says for how long.
  }
  return {Part::kSuccess, within(*reply.ttl, options_.successMinTtl, options_.successMaxTtl)};
}

void Cache::store(const CacheKey& key, KeptReply reply, const Lifetime& lifetime, MonoTime now) {
  if (lifetime.part == Part::kNone || lifetime.ttl.value_or(0) == 0) {
    return;
  }
  if (reply.rcode() == Rcode::kServFail && holdStale(key, now)) {
    return;
  }
  CacheEntry entry;
  entry.reply = std::move(reply);
  entry.hash = hash_(key);
  entry.flags = key.flags;
  entry.ttl = *lifetime.ttl;
  entry.expires = now + seconds(entry.ttl);
  Part oldPart{};
  if (const CacheEntry* old = find(entry.hash, key, oldPart)) {
    entry.lastAsked = old->lastAsked;
    entry.asked = old->asked;
    entry.recent = old->recent;
  }
  if (lifetime.part == Part::kSuccess) {
    denial_.erase(entry.hash, key);
    counters_.successEvictions += success_.put(std::move(entry));
  } else {
    success_.erase(entry.hash, key);
    counters_.denialEvictions += denial_.put(std::move(entry));
  }
}

bool Cache::usableStale(const CacheEntry& entry, MonoTime now) const {
  return entry.expires <= now && now < entry.expires + options_.staleUpTo &&
         entry.reply.rcode() != Rcode::kServFail;
}

CacheEntry* Cache::findStale(const CacheKey& key, MonoTime now) {
  Part part{};
  CacheEntry* entry = find(hash_(key), key, part);
  return entry != nullptr && usableStale(*entry, now) ? entry : nullptr;
}

bool Cache::hasStale(const CacheKey& key, MonoTime now) {
  return findStale(key, now) != nullptr;
}

bool Cache::holdStale(const CacheKey& key, MonoTime now) {
  CacheEntry* entry = findStale(key, now);
  if (entry == nullptr) {
    return false;
  }
  entry->failing = true;
  entry->retryAt = now + options_.staleRetry;
  return true;
}

std::size_t Cache::writeStale(const CacheEntry& entry, const Asker& asker,
                              std::span<std::uint8_t> out) {
  ++counters_.servedStale;
  const auto why = entry.reply.rcode() == Rcode::kNxDomain ? ExtendedError::kStaleNxDomain
                                                           : ExtendedError::kStaleAnswer;
  return entry.reply.write(asker, number(options_.staleTtl), why, out);
}

std::size_t Cache::answerStale(const Asker& asker, const CacheKey& key, MonoTime now,
                               std::span<std::uint8_t> out) {
  const CacheEntry* entry = findStale(key, now);
  return entry == nullptr ? 0 : writeStale(*entry, asker, out);
}

bool Cache::wantsPrefetch(CacheEntry& entry, std::uint32_t left, MonoTime now) const {
  if (options_.prefetchAmount == 0) {
    return false;
  }
  const bool paused = entry.asked == 0 || now - entry.lastAsked > options_.prefetchPause;
  entry.asked = paused ? 1 : entry.asked + 1;
  entry.lastAsked = now;
  return entry.asked >= options_.prefetchAmount &&
         std::uint64_t{left} * 100 <= std::uint64_t{entry.ttl} * options_.prefetchPercentage + 99;
}

Cache::Hit Cache::answer(const Asker& asker, const CacheKey& key, MonoTime now,
                         std::span<std::uint8_t> out) {
  ++counters_.requests;
  Part part{};
  CacheEntry* entry = find(hash_(key), key, part);
  const bool fresh = entry != nullptr && now < entry->expires;
  if (!fresh && (entry == nullptr || !entry->failing || !usableStale(*entry, now))) {
    ++counters_.misses;
    return {};
  }
  ++(part == Part::kSuccess ? counters_.successHits : counters_.denialHits);
  entry->recent = true;
  Hit hit;
  if (fresh) {
    const auto left =
        static_cast<std::uint32_t>(std::chrono::ceil<seconds>(entry->expires - now).count());
    hit.refresh = wantsPrefetch(*entry, left, now);
    hit.size = entry->reply.write(asker, left, ExtendedError::kNone, out);
  } else {
    hit.refresh = true;
    hit.size = writeStale(*entry, asker, out);
  }
  hit.refresh = hit.refresh && now >= entry->retryAt;
  if (hit.refresh) {
    entry->retryAt = now + options_.staleRetry;
  }
  return hit;
}

}  // namespace hitless::dns
