#pragma once

#include <set>
#include <unordered_map>
#include <vector>

#include "core/dns/cache.h"
#include "core/dns/upstream_link.h"
#include "core/dns/upstream_query.h"

namespace hitless::dns {

/// Somebody who waits for a question that is on its way, with what its answer needs of its query.
struct Waiter {
  Waiter(AskToken who, const Asker& from);
  Waiter(Waiter&&) = default;
  Waiter& operator=(Waiter&&) = default;

  AskToken token;
  std::vector<std::uint8_t> question;  ///< What asker.question points to.
  Asker asker;
};

enum class FlightId : std::uint64_t {};

/// A question on its way, with all who wait for its answer.
struct Flight {
  FlightId id{};
  std::string name;  ///< What key.name points to.
  CacheKey key;
  UpstreamQuestion question;
  std::vector<Waiter> waiters;  ///< None if it only refreshes the cache.

  /// In the order of the tries; the one that is being tried, or was last, is at the back.
  std::vector<UpstreamAddress> servers;
  std::size_t triesLeft = 0;
  MonoTime ends{};
  std::optional<MonoTime> staleAt;  ///< Then the waiters get a stale answer.
  bool servedStale = false;
  /// A reply that is better than none: an error, or a truncated one.
  std::optional<KeptReply> fallback;
  Lifetime fallbackLifetime;

  // The try under way.
  std::optional<ExchangeId> exchange;
  Transport via = Transport::kUdp;
  std::uint16_t messageId = 0;
  bool plain = false;  ///< Without EDNS.
  MonoTime sentAt{};
  MonoTime tryEnds{};

  const UpstreamAddress& server() const { return servers.back(); }
};

/// The questions on their way, by key, by exchange and by the time at which something is to be
/// done. A Flight stays where it is until it is taken out.
class FlightTable {
 public:
  /// The key must not be there yet.
  Flight& add(const CacheKey& key);
  Flight* find(const CacheKey& key);
  Flight* find(ExchangeId exchange);
  Flight* find(FlightId id);
  void erase(FlightId id);

  /// Makes `exchange` the try under way; nullopt: there is none.
  void setExchange(Flight& flight, std::optional<ExchangeId> exchange);
  /// To be called after a change of the flight's times.
  void reschedule(Flight& flight);
  std::optional<MonoTime> earliest() const;
  /// The flight whose time comes first, if that is not after `now`.
  Flight* due(MonoTime now);

  std::size_t size() const { return flights_.size(); }
  std::vector<FlightId> ids() const;

 private:
  struct Timed {
    Flight flight;
    std::optional<MonoTime> wake;
  };
  static std::string textOf(const CacheKey& key);
  void unschedule(Timed& timed);

  std::uint64_t nextId_ = 0;
  std::unordered_map<FlightId, Timed> flights_;
  std::unordered_map<std::string, FlightId> byKey_;
  std::unordered_map<ExchangeId, FlightId> byExchange_;
  std::set<std::pair<MonoTime, FlightId>> times_;
};

}  // namespace hitless::dns
