#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/dns/message_writer.h"
#include "core/dns/query.h"
#include "core/dns/zone.h"

namespace hitless::dns {

/// What an answer depends on besides the zone and the query.
struct AnswerContext {
  Transport transport = Transport::kUdp;
  MonoTime now{};
  MonoTime contact{};        ///< When the API server last said anything.
  std::uint64_t random = 0;  ///< Decides the order of addresses.
  /// The query may wait for a name that is expected to appear.
  bool mayPark = false;
  /// The asker's search list if it has the cluster's, in wire form and order; else nullptr. A name
  /// that does not exist below the first is tried below the others.
  const std::vector<Name>* search = nullptr;
};

/// A name that stands for another.
struct Alias {
  Name owner;
  Name target;
};

/// An answer that needs others' names.
struct FollowUp {
  std::vector<Alias> chain;      ///< CNAMEs that go before the answer.
  std::vector<Name> candidates;  ///< The first is to be asked of an upstream.
  /// The candidates are a search list: the next is tried where one does not exist, and if none
  /// does, neither does the name that was asked for.
  bool search = false;
  std::uint32_t ttl = 0;  ///< Of the chain, seconds.
};

struct Outcome {
  enum class Action : std::uint8_t {
    kSend,     ///< `size` bytes of the buffer are the answer.
    kForward,  ///< Not the cluster's name.
    kFollow,   ///< Ask an upstream for followUp.candidates.front(), then followed().
    kPark,     ///< Answer again when the zone has changed, or without mayPark in the end.
  };
  Action action = Action::kSend;
  std::size_t size = 0;
  Rcode rcode = Rcode::kNoError;
  bool truncated = false;
  bool searched = false;  ///< The name was found in the asker's search list.
  FollowUp followUp;
};

/// Answers a query for a name of the cluster. `out` must hold the largest answer that the client
/// may get, and at least 512 bytes.
Outcome answer(const Zone& zone, const Query& query, const AnswerContext& context,
               std::span<std::uint8_t> out);

/// An answer without data to any query, also to one that could not be parsed whole.
std::size_t refuse(const Query& query, Rcode rcode, std::span<std::uint8_t> out,
                   ExtendedError why = ExtendedError::kNone);

/// Goes on after an upstream's reply for the first candidate; `reply` is empty if there is none.
Outcome followed(const Zone& zone, const Query& query, const AnswerContext& context,
                 FollowUp followUp, ByteView reply, std::span<std::uint8_t> out);

}  // namespace hitless::dns
