#pragma once

#include <map>
#include <memory>

#include "core/load/channel/balancer.h"
#include "core/load/channel/resolution_pacer.h"
#include "core/load/failure.h"

namespace hitless::load {

/// An attempt to connect that failed, as an RPC that waited for it reports it.
struct DialFailure {
  Cause cause = Cause::kConnectionRefused;
  Address address;
  MonoTime started{};
  std::string errorName;
  std::optional<Endpoint> backend;
  std::string detail;
  /// "10.0.0.1:80: connection refused"
  std::string text() const;
};

/// A time in which RPCs had to wait for a channel that had been READY.
struct Outage {
  MonoTime lost{};
  std::uint64_t attempts = 0;
  std::string lastError;
};

/// The client's side of a name: resolution, policy, subchannels with their back-off. A state
/// machine that is told what happens and when; it opens nothing itself.
class Channel : private Balancer::Host {
 public:
  /// What the channel needs to have done. May not call the channel back at once.
  class Link {
   public:
    virtual ~Link() = default;
    /// To be answered by onAddresses() or onNoAddress().
    virtual void resolve(Channel& channel) = 0;
    /// To be answered by onReady() or onDialFailed().
    virtual void connect(Channel& channel, SubchannelId id, const Address& address,
                         MonoTime now) = 0;
    /// The subchannel is no more: an attempt is to be given up, a connection to be closed when its
    /// last stream ends.
    virtual void drop(Channel& channel, SubchannelId id) = 0;
    /// The channel is READY again after this.
    virtual void recovered(Channel& channel, const Outage& outage, MonoTime now) = 0;
  };

  /// All must outlive the channel. The index is the owner's own.
  Channel(std::size_t index, const ChannelOptions& options, Rng& rng, Link& link);

  std::size_t index() const { return index_; }
  Connectivity state() const { return state_; }
  const ChannelOptions& options() const { return options_; }
  /// An RPC wants to be sent and the channel is not READY.
  void want(MonoTime now);
  /// Where an RPC goes while the channel is READY.
  std::optional<SubchannelId> pick() { return balancer_->pick(); }

  void onAddresses(const std::vector<Address>& addresses, MonoTime now);
  void onNoAddress(std::string why, MonoTime now);
  void onReady(SubchannelId id, MonoTime now);
  void onDialFailed(SubchannelId id, DialFailure failure, MonoTime now);
  /// The connection was closed, or takes no new streams.
  void onLost(SubchannelId id, MonoTime now);

  std::optional<MonoTime> deadline() const;
  /// Does what is due. To be called when the deadline has passed.
  void tick(MonoTime now);
  /// Attempts that have had their time. The caller ends them with onDialFailed().
  std::vector<SubchannelId> overdue(MonoTime now) const;

  /// Why RPCs fail in TRANSIENT_FAILURE: the last attempt, or without one the name.
  const std::optional<DialFailure>& lastFailure() const { return lastFailure_; }
  const std::string& resolutionError() const { return resolutionError_; }
  /// The end of the shortest back-off; nullopt if an attempt is under way.
  std::optional<MonoTime> backoffUntil() const;
  /// The address that is being tried longest, and since when.
  std::optional<std::pair<Address, MonoTime>> dialling() const;
  const std::optional<Outage>& outage() const { return outage_; }

 private:
  struct Subchannel {
    Address address;
    Connectivity state = Connectivity::kIdle;
    Backoff backoff;
    MonoTime started{};      ///< Of the attempt.
    MonoTime nextAttempt{};  ///< Not before.
    MonoTime connectBy{};
  };

  SubchannelId subchannel(const Address& address) override;
  Connectivity stateOf(SubchannelId id) const override;
  void connect(SubchannelId id) override;
  void requestResolution() override;
  void update(Connectivity state) override;

  void change(SubchannelId id, Connectivity state);
  void dropUnused();

  std::size_t index_;
  ChannelOptions options_;
  Rng& rng_;
  Link& link_;
  ResolutionPacer resolution_;
  std::unique_ptr<Balancer> balancer_;
  std::map<SubchannelId, Subchannel> subchannels_;
  SubchannelId lastId_ = 0;
  Connectivity state_ = Connectivity::kIdle;
  MonoTime now_{};
  bool wanted_ = false;    ///< There was an RPC.
  bool resolved_ = false;  ///< There were addresses.
  bool everReady_ = false;
  std::optional<DialFailure> lastFailure_;
  std::string resolutionError_;
  std::optional<Outage> outage_;
};

}  // namespace hitless::load
