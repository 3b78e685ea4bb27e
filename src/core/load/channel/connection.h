#pragma once

#include <memory>
#include <unordered_map>

#include "core/load/channel/channel.h"
#include "core/load/channel/http2_session.h"

namespace hitless::load {

/// A connection of the load; the generation tells those apart that used the same slot.
struct ConnectionId {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  bool operator==(const ConnectionId&) const = default;
};

/// The transport of a subchannel, and what is left of it after the subchannel gave it up.
struct Connection {
  enum class State {
    kUnused,
    kDialling,  ///< TCP, then HTTP/2's SETTINGS.
    kServing,   ///< Takes new streams.
    kDraining,  ///< Only finishes what it has.
    kClosing,   ///< To be closed; nothing is expected of it.
  };

  State state = State::kUnused;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  std::size_t channel = 0;
  SubchannelId subchannel = 0;
  Address address;
  MonoTime started{};
  bool established = false;  ///< By TCP.
  Endpoint source;
  std::optional<Endpoint> backend;
  std::unique_ptr<Http2Session> session;
  std::unordered_map<std::int32_t, std::size_t> streams;  ///< To the request.
  std::vector<std::int32_t> unwritten;                    ///< The kernel has not taken them whole.
  std::int32_t firstStream = 0;
  bool touched = false;  ///< Waits for settle().

  ConnectionId id() const { return {index, generation}; }
};

}  // namespace hitless::load
