#include "core/load/channel/channel_load.h"

#include <algorithm>

#include "core/load/channel/verdict.h"

namespace hitless::load {

ChannelLoad::ChannelLoad(const LoadSpec& spec, Rng& rng, Wire& wire, Recorder& recorder,
                         BackendLookup& lookup)
    : spec_(spec),
      hosts_(hostsOf(spec)),
      wire_(wire),
      recorder_(recorder),
      lookup_(lookup),
      options_(channelOptions(spec)),
      slots_(spec.connections * hosts_.size()) {
  for (const HostPort& host : hosts_) {
    requests_.push_back(http2Request(spec, host.text()));
  }
  Channel::Link& link = *this;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].channel = std::make_unique<Channel>(i, options_, rng, link);
  }
}

// --- requests ------------------------------------------------------------------------------------

void ChannelLoad::start(MonoTime scheduled, MonoTime now) {
  const std::size_t rpc = rpcs_.acquire();
  rpcs_[rpc].scheduled = scheduled;
  rpcs_[rpc].client = turn_++ % spec_.connections;
  recorder_.sent(scheduled, now);
  recorder_.outstanding(rpcs_.inUse());
  begin(rpc, now);
}

/// An attempt with a time limit of its own.
void ChannelLoad::begin(std::size_t rpc, MonoTime now) {
  rpcs_[rpc].serial = ++serials_;
  deadlines_.push_back({now + spec_.timeout, {rpc, rpcs_[rpc].serial}});
  dispatch(rpc, now);
}

void ChannelLoad::dispatch(std::size_t index, MonoTime now) {
  Rpc& rpc = rpcs_[index];
  rpc.connection.reset();
  rpc.written.reset();
  Slot& slot = slotOf(rpc);
  Channel& channel = *slot.channel;
  if (channel.state() == Connectivity::kReady && send(index, slot)) {
    return;
  }
  if (channel.state() == Connectivity::kTransientFailure && !options_.onDemand) {
    return refuse(index, channel, false, now);
  }
  slot.queue.push_back({index, rpc.serial});
  channel.want(now);
}

/// False: the connection that was picked is about to be found broken.
bool ChannelLoad::send(std::size_t index, Slot& slot) {
  const auto subchannel = slot.channel->pick();
  const auto at = subchannel ? connectionOf(slot.channel->index(), *subchannel) : std::nullopt;
  const auto stream = at ? connections_[*at].session->submit() : std::nullopt;
  if (!stream) {
    return false;
  }
  Connection& connection = connections_[*at];
  rpcs_[index].connection = at;
  rpcs_[index].stream = *stream;
  connection.firstStream = connection.firstStream == 0 ? *stream : connection.firstStream;
  connection.streams[*stream] = index;
  connection.unwritten.push_back(*stream);
  touch(connection);
  return true;
}

/// The channel's state may have changed: its queue is sent, fails, or goes on waiting.
void ChannelLoad::serve(Slot& slot, MonoTime now) {
  const bool failed = slot.channel->state() == Connectivity::kTransientFailure;
  if (!failed && slot.channel->state() == Connectivity::kConnecting) {
    return;
  }
  for (std::size_t left = slot.queue.size(); left > 0; --left) {
    const RpcRef ref = slot.queue.front();
    slot.queue.pop_front();
    if (stale(ref)) {
      continue;
    }
    failed ? refuse(ref.index, *slot.channel, true, now) : dispatch(ref.index, now);
  }
}

std::optional<MonoTime> ChannelLoad::deadline() const {
  std::optional<MonoTime> next;
  const auto consider = [&next](std::optional<MonoTime> time) {
    next = time ? std::min(next.value_or(*time), *time) : next;
  };
  for (const Slot& slot : slots_) {
    consider(slot.channel->deadline());
  }
  if (!deadlines_.empty()) {
    consider(deadlines_.front().time);
  }
  return next;
}

/// Channels come first: an RPC whose time ends with the attempt that it waits for has failed by the
/// attempt.
void ChannelLoad::tick(MonoTime now) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Channel& channel = *slots_[i].channel;
    const auto due = channel.deadline();
    if (!due || *due > now) {
      continue;
    }
    for (const SubchannelId id : channel.overdue(now)) {
      if (const auto at = connectionOf(i, id)) {
        dialFailed(connections_[*at], {Phase::kConnecting, 0, true}, now);
      }
    }
    channel.tick(now);
    touch(i);
  }
  settle(now);
  while (!deadlines_.empty() && (stale(deadlines_.front().rpc) || deadlines_.front().time <= now)) {
    const Deadline due = deadlines_.front();
    deadlines_.pop_front();
    if (!stale(due.rpc)) {
      expire(due.rpc.index, now);
    }
  }
}

void ChannelLoad::settle(MonoTime now) {
  while (!touchedChannels_.empty() || !known_.empty()) {
    for (const auto& [channel, address] : std::exchange(known_, {})) {
      onResolved(channel, {address}, now);
    }
    for (const std::size_t channel : std::exchange(touchedChannels_, {})) {
      slots_[channel].touched = false;
      serve(slots_[channel], now);
    }
  }
  for (const std::uint32_t index : std::exchange(touchedConnections_, {})) {
    Connection& connection = connections_[index];
    connection.touched = false;
    if (connection.established && connection.session && !connection.session->output().empty()) {
      wire_.write(connection.id());
    }
    const bool over =
        connection.state == Connection::State::kDraining && connection.session->open() == 0;
    if (over || connection.state == Connection::State::kClosing) {
      close(connection);
    }
  }
}

void ChannelLoad::finish(MonoTime now) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (const auto& outage = slots_[i].channel->outage()) {
      record(i, *outage, std::nullopt, now);
    }
  }
}

// --- what the channels ask for -------------------------------------------------------------------

void ChannelLoad::resolve(Channel& channel) {
  const std::size_t index = channel.index();
  const std::string& host = hostOf(index).host;
  const auto written = IpAddress::parse(host);
  const auto named = spec_.names.find(host);
  if (written || named != spec_.names.end()) {
    known_.emplace_back(index, written ? *written : named->second);
    return;
  }
  wire_.resolve(index, host);
}

void ChannelLoad::connect(Channel& channel, SubchannelId id, const Address& address, MonoTime now) {
  if (unusedConnections_.empty()) {
    unusedConnections_.push_back(static_cast<std::uint32_t>(connections_.size()));
    connections_.emplace_back();
  }
  const std::uint32_t index = unusedConnections_.back();
  unusedConnections_.pop_back();
  Connection& connection = connections_[index];
  Connection fresh;
  fresh.state = Connection::State::kDialling;
  fresh.index = index;
  fresh.generation = connection.generation;
  fresh.touched = connection.touched;
  fresh.channel = channel.index();
  fresh.subchannel = id;
  fresh.address = address;
  fresh.started = now;
  fresh.session = std::make_unique<Http2Session>(requests_[fresh.channel % hosts_.size()]);
  connection = std::move(fresh);
  recorder_.opened();
  wire_.connect(connection.id(), address.endpoint);
}

void ChannelLoad::drop(Channel& channel, SubchannelId id) {
  if (const auto at = connectionOf(channel.index(), id)) {
    Connection& connection = connections_[*at];
    connection.state = connection.state == Connection::State::kServing
                           ? Connection::State::kDraining
                           : Connection::State::kClosing;
    touch(connection);
  }
}

}  // namespace hitless::load
