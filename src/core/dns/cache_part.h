#pragma once

#include <vector>

#include "base/clock.h"
#include "core/dns/cache_key.h"
#include "core/dns/kept_reply.h"

namespace hitless::dns {

/// A reply in the cache. Times are whole seconds of life from the moment it was stored.
struct CacheEntry {
  KeptReply reply;
  std::uint64_t hash = 0;
  MonoTime expires{};
  MonoTime lastAsked{};     ///< For prefetch.
  MonoTime retryAt{};       ///< A failing entry is refreshed no earlier.
  std::uint32_t ttl = 0;    ///< Seconds, when it was stored.
  std::uint32_t asked = 0;  ///< Times in a row without a pause, for prefetch.
  std::uint8_t flags = 0;   ///< Of its CacheKey.
  bool recent = false;      ///< Used since the clock's hand last came by.
  bool failing = false;     ///< Its last refresh failed: it is served stale without waiting.

  CacheKey key() const { return {reply.name(), reply.type(), reply.klass(), flags}; }
};

/// A bounded set of replies: an open hash table over a dense array, with CLOCK eviction (an entry
/// that was used since the hand last passed gets a second chance). Everything takes constant time.
class CachePart {
 public:
  /// `capacity` entries (0 keeps nothing) of together `maxBytes` at most.
  CachePart(std::size_t capacity, std::size_t maxBytes)
      : capacity_(capacity), maxBytes_(maxBytes) {}

  /// nullptr if absent. Valid until the next put() or erase().
  CacheEntry* find(std::uint64_t hash, const CacheKey& key);
  /// Takes in or replaces; returns how many others had to go.
  std::size_t put(CacheEntry entry);
  bool erase(std::uint64_t hash, const CacheKey& key);

  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::uint32_t kEmpty = 0xffffffff;

  static std::size_t cost(const CacheEntry& entry);
  std::size_t home(std::uint64_t hash) const { return hash & (table_.size() - 1); }
  /// The table's place that holds this entry's number.
  std::size_t placeOf(std::uint32_t number) const;
  void link(std::uint32_t number);
  void unlink(std::size_t place);
  void remove(std::uint32_t number);
  std::uint32_t victim();
  void grow();

  std::size_t capacity_;
  std::size_t maxBytes_;
  std::size_t bytes_ = 0;
  std::size_t hand_ = 0;
  std::vector<CacheEntry> entries_;
  std::vector<std::uint32_t> table_;  ///< Numbers of entries; a power of two, at most half full.
};

}  // namespace hitless::dns
