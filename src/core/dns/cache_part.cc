#include "core/dns/cache_part.h"

#include <utility>

namespace hitless::dns {
namespace {

constexpr std::size_t kLeastTable = 64;
/// How far the hand goes before it takes what it points to, so that one insertion is bounded.
constexpr int kHandSteps = 16;

}  // namespace

std::size_t CachePart::cost(const CacheEntry& entry) {
  return sizeof(CacheEntry) + entry.reply.footprint();
}

CacheEntry* CachePart::find(std::uint64_t hash, const CacheKey& key) {
  if (table_.empty()) {
    return nullptr;
  }
  const std::size_t mask = table_.size() - 1;
  for (std::size_t place = home(hash); table_[place] != kEmpty; place = (place + 1) & mask) {
    CacheEntry& entry = entries_[table_[place]];
    if (entry.hash == hash && entry.key() == key) {
      return &entry;
    }
  }
  return nullptr;
}

std::size_t CachePart::placeOf(std::uint32_t number) const {
  std::size_t place = home(entries_[number].hash);
  while (table_[place] != number) {
    place = (place + 1) & (table_.size() - 1);
  }
  return place;
}

void CachePart::link(std::uint32_t number) {
  std::size_t place = home(entries_[number].hash);
  while (table_[place] != kEmpty) {
    place = (place + 1) & (table_.size() - 1);
  }
  table_[place] = number;
}

/// Linear probing's deletion without marks: what follows moves up if it may (Knuth 6.4, R).
void CachePart::unlink(std::size_t place) {
  const std::size_t mask = table_.size() - 1;
  std::size_t hole = place;
  for (std::size_t next = (hole + 1) & mask; table_[next] != kEmpty; next = (next + 1) & mask) {
    const std::size_t wanted = home(entries_[table_[next]].hash);
    if (((next - wanted) & mask) >= ((next - hole) & mask)) {
      table_[hole] = table_[next];
      hole = next;
    }
  }
  table_[hole] = kEmpty;
}

void CachePart::remove(std::uint32_t number) {
  bytes_ -= cost(entries_[number]);
  unlink(placeOf(number));
  const auto last = static_cast<std::uint32_t>(entries_.size() - 1);
  if (number != last) {
    table_[placeOf(last)] = number;
    entries_[number] = std::move(entries_[last]);
  }
  entries_.pop_back();
}

bool CachePart::erase(std::uint64_t hash, const CacheKey& key) {
  const CacheEntry* entry = find(hash, key);
  if (entry != nullptr) {
    remove(static_cast<std::uint32_t>(entry - entries_.data()));
  }
  return entry != nullptr;
}

std::uint32_t CachePart::victim() {
  for (int step = 0; step < kHandSteps; ++step) {
    hand_ = hand_ + 1 < entries_.size() ? hand_ + 1 : 0;
    if (!std::exchange(entries_[hand_].recent, false)) {
      break;
    }
  }
  return static_cast<std::uint32_t>(hand_);
}

void CachePart::grow() {
  table_.assign(table_.empty() ? kLeastTable : table_.size() * 2, kEmpty);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    link(i);
  }
}

std::size_t CachePart::put(CacheEntry entry) {
  const std::size_t size = cost(entry);
  erase(entry.hash, entry.key());
  if (capacity_ == 0 || size > maxBytes_) {
    return 0;
  }
  std::size_t evicted = 0;
  for (; entries_.size() >= capacity_ || bytes_ + size > maxBytes_; ++evicted) {
    remove(victim());
  }
  if ((entries_.size() + 1) * 2 > table_.size()) {
    grow();
  }
  entries_.push_back(std::move(entry));
  bytes_ += size;
  link(static_cast<std::uint32_t>(entries_.size() - 1));
  return evicted;
}

}  // namespace hitless::dns
