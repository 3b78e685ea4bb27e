#pragma once

#include <deque>

#include "core/load/channel/connection.h"
#include "core/load/channel/rpc_table.h"
#include "core/load/recorder.h"

namespace hitless::load {

/// What a load on channels needs of the world. Nothing here calls the load back at once.
class Wire {
 public:
  virtual ~Wire() = default;
  /// Begins a connection, to be answered by onConnected() or onClosed().
  virtual void connect(ConnectionId id, const Endpoint& destination) = 0;
  /// There are bytes to write: output() and wrote().
  virtual void write(ConnectionId id) = 0;
  /// Ends a connection, or the attempt to make one. Nothing more is to be said of it.
  virtual void close(ConnectionId id) = 0;
  /// To be answered by onResolved() or onNotResolved() for this channel.
  virtual void resolve(std::size_t channel, const std::string& host) = 0;
};

/// The requests of a load by HTTP/2 or gRPC: clients with a channel to each host, which take turns.
/// An RPC waits while its channel connects, fails as UNAVAILABLE when the channel cannot connect,
/// and then is tried on the next host. What the server did not process is sent once more (gRFC A6,
/// RFC 9113 8.7). Pure: it is told what happens, and calls the wire.
///
/// After any number of on...(), start() and tick(), settle() must be called.
class ChannelLoad : private Channel::Link {
 public:
  /// All must outlive the load.
  ChannelLoad(const LoadSpec& spec, Rng& rng, Wire& wire, Recorder& recorder,
              BackendLookup& lookup);

  /// A request that was due at `scheduled` is sent.
  void start(MonoTime scheduled, MonoTime now);
  std::size_t outstanding() const { return rpcs_.inUse(); }

  void onConnected(ConnectionId id, const Endpoint& source, MonoTime now);
  void onBytes(ConnectionId id, std::string_view bytes, MonoTime now);
  void onClosed(ConnectionId id, const Symptom& symptom, MonoTime now);
  void onResolved(std::size_t channel, const std::vector<IpAddress>& addresses, MonoTime now);
  void onNotResolved(std::size_t channel, std::string why, MonoTime now);

  /// Empty if there is nothing to write.
  std::string_view output(ConnectionId id);
  void wrote(ConnectionId id, std::size_t count, MonoTime now);

  std::optional<MonoTime> deadline() const;
  void tick(MonoTime now);
  /// Sends what can be sent and closes what is over.
  void settle(MonoTime now);
  /// No more will happen: records what is not over.
  void finish(MonoTime now);

 private:
  struct Slot {
    std::unique_ptr<Channel> channel;
    std::deque<RpcRef> queue;  ///< Requests that wait for it.
    bool touched = false;
  };
  struct Deadline {
    MonoTime time;
    RpcRef rpc;
  };

  void resolve(Channel& channel) override;
  void connect(Channel& channel, SubchannelId id, const Address& address, MonoTime now) override;
  void drop(Channel& channel, SubchannelId id) override;
  void recovered(Channel& channel, const Outage& outage, MonoTime now) override;

  const HostPort& hostOf(std::size_t channel) const { return hosts_[channel % hosts_.size()]; }
  Slot& slotOf(const Rpc& rpc) { return slots_[rpc.client * hosts_.size() + rpc.host]; }
  Connection* find(ConnectionId id);
  std::optional<std::size_t> connectionOf(std::size_t channel, SubchannelId id) const;
  Channel& channelOf(const Connection& connection) { return *slots_[connection.channel].channel; }
  void touch(std::size_t channel);
  void touch(Connection& connection);
  void record(std::size_t channel, const Outage& outage, std::optional<MonoTime> back,
              MonoTime now);

  void begin(std::size_t rpc, MonoTime now);
  void dispatch(std::size_t rpc, MonoTime now);
  bool send(std::size_t rpc, Slot& slot);
  void serve(Slot& slot, MonoTime now);
  void close(Connection& connection);
  bool stale(const RpcRef& ref) { return rpcs_[ref.index].serial != ref.serial; }

  void dialFailed(Connection& connection, const Symptom& symptom, MonoTime now);
  void onStreamEnd(Connection& connection, const StreamEnd& end, MonoTime now);
  void broke(Connection& connection, const Symptom& symptom, MonoTime now);
  void refuse(std::size_t rpc, const Channel& channel, bool waited, MonoTime now);
  void expire(std::size_t rpc, MonoTime now);
  void lose(std::size_t rpc, Failure failure, GrpcStatus status, MonoTime now);

  const LoadSpec& spec_;
  const std::vector<HostPort> hosts_;
  std::vector<Http2Request> requests_;  ///< By host.
  Wire& wire_;
  Recorder& recorder_;
  BackendLookup& lookup_;
  ChannelOptions options_;
  std::vector<Slot> slots_;  ///< By client, then host.
  std::deque<Connection> connections_;
  std::vector<std::uint32_t> unusedConnections_;
  std::vector<std::uint32_t> touchedConnections_;
  std::vector<std::size_t> touchedChannels_;
  RpcTable rpcs_;
  std::deque<Deadline> deadlines_;  ///< All have the same length, so they are in order.
  std::vector<std::pair<std::size_t, IpAddress>> known_;  ///< Answers that nobody is asked for.
  std::uint64_t serials_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace hitless::load
