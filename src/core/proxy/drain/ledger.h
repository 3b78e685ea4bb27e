#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/kube/json.h"
#include "core/proxy/drain/mode.h"
#include "core/proxy/request_record.h"

namespace hitless::proxy {

/// What became of a request that was in flight when a drain began, or came during it.
enum class Fate : std::uint8_t {
  kCompleted,  ///< Answered from here, whatever the answer.
  kMoved,      ///< Replayed elsewhere because its upstream went.
  kCut,        ///< Ended by us, unanswered or half answered.
};

std::string_view name(Fate fate);

/// The account of a drain: how many requests ended how, and which were cut. Written to the log at
/// EXIT, and shown by the admin endpoint.
class Ledger {
 public:
  struct Entry {
    Fate fate = Fate::kCut;
    std::string method;  ///< Empty: a connection of bytes.
    std::string authority;
    std::string path;
    nanoseconds age{};
    std::string upstream;  ///< Its address, and its pod if it is one.
    std::uint64_t bytesSent = 0;
    std::string requestId;
    bool operator==(const Entry&) const = default;
  };

  /// Those that are counted, but not kept one by one: completed ones, and more than so many.
  static constexpr std::size_t kMostEntries = 1000;

  void add(const RequestRecord& record, Fate fate);
  /// Adds what another worker has written down.
  void merge(const Ledger& other);

  std::uint64_t count(Fate fate) const { return counts_[static_cast<std::size_t>(fate)]; }
  /// Moved and cut ones, in the order in which they came.
  const std::vector<Entry>& entries() const { return entries_; }
  /// How long a request took that was cut, when it was; 0 if none was. It would have taken longer.
  nanoseconds oldestCut() const { return oldestCut_; }

  /// A grace period that is shorter than this would cut such a request again; nullopt if none was
  /// cut. A lower bound and no more: how long a cut request would have taken is not known.
  std::optional<nanoseconds> graceNeeded(nanoseconds graceGiven, nanoseconds reserve) const;

 private:
  std::uint64_t counts_[3] = {};
  nanoseconds oldestCut_{};
  std::vector<Entry> entries_;
};

/// Lines for a log: counts, what was cut, and what grace period would have been needed. Text that
/// came from outside is escaped.
std::string renderLedger(const Ledger& ledger, const DrainSettings& settings);
kube::json::object ledgerToJson(const Ledger& ledger, const DrainSettings& settings);

}  // namespace hitless::proxy
