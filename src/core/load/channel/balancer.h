#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/load/backend_lookup.h"
#include "core/load/spec.h"

namespace hitless::load {

/// gRPC's connectivity states (doc/connectivity-semantics-and-api.md), of channels and subchannels.
enum class Connectivity : std::uint8_t { kIdle, kConnecting, kReady, kTransientFailure };

/// An address that a name had, and since when that is known.
struct Address {
  Endpoint endpoint;
  std::optional<MonoTime> resolved;  ///< The reply came then; absent if nobody was asked.
  bool operator==(const Address&) const = default;
};

using SubchannelId = std::uint32_t;

/// A load balancing policy of gRPC: which of a name's addresses a channel connects to, which one an
/// RPC goes to, and what state the channel shows.
class Balancer {
 public:
  /// What a policy can do to its channel. Nothing here calls the policy back.
  class Host {
   public:
    virtual ~Host() = default;
    /// The subchannel of this address; made if there is none.
    virtual SubchannelId subchannel(const Address& address) = 0;
    virtual Connectivity stateOf(SubchannelId id) const = 0;
    /// Starts an attempt to connect, if it is idle.
    virtual void connect(SubchannelId id) = 0;
    virtual void requestResolution() = 0;
    virtual void update(Connectivity state) = 0;
  };

  virtual ~Balancer() = default;
  virtual void onAddresses(const std::vector<Address>& addresses) = 0;
  /// The name could not be resolved. Addresses that were known before stay good.
  virtual void onNoAddress() {}
  virtual void onState(SubchannelId id) = 0;
  /// An RPC is waiting.
  virtual void exitIdle() = 0;
  /// Where the next RPC goes while the channel is READY.
  virtual std::optional<SubchannelId> pick() = 0;
  /// False: the subchannel is not needed any more.
  virtual bool uses(SubchannelId id) const = 0;
};

}  // namespace hitless::load
