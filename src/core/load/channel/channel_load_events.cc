#include "core/load/channel/channel_load.h"
#include "core/load/channel/grpc_status.h"
#include "core/load/channel/verdict.h"

/// The half of ChannelLoad that hears of things.
namespace hitless::load {

// --- names ---------------------------------------------------------------------------------------

void ChannelLoad::onResolved(std::size_t channel, const std::vector<IpAddress>& addresses,
                             MonoTime now) {
  const HostPort& host = hostOf(channel);
  const bool asked = asksNameServer(spec_, host.host);
  std::vector<Address> out;
  for (const IpAddress& ip : addresses) {
    out.push_back({{ip, host.port}, asked ? std::optional(now) : std::nullopt});
  }
  slots_[channel].channel->onAddresses(out, now);
  touch(channel);
}

void ChannelLoad::onNotResolved(std::size_t channel, std::string why, MonoTime now) {
  slots_[channel].channel->onNoAddress(std::move(why), now);
  touch(channel);
}

// --- connections ---------------------------------------------------------------------------------

void ChannelLoad::onConnected(ConnectionId id, const Endpoint& source, MonoTime) {
  if (Connection* connection = find(id)) {
    connection->established = true;
    connection->source = source;
    touch(*connection);
  }
}

void ChannelLoad::onBytes(ConnectionId id, std::string_view bytes, MonoTime now) {
  Connection* const connection = find(id);
  if (connection == nullptr || connection->state == Connection::State::kClosing) {
    return;
  }
  Http2Session& session = *connection->session;
  session.feed(bytes);
  touch(*connection);
  if (connection->state == Connection::State::kDialling && session.ready()) {
    connection->state = Connection::State::kServing;
    const Backend backend = lookup_.find(connection->source, connection->address.endpoint);
    if (backend.kind == Backend::Kind::kDirect || backend.kind == Backend::Kind::kTranslated) {
      connection->backend = backend.endpoint;
    }
    channelOf(*connection).onReady(connection->subchannel, now);
    touch(connection->channel);
  }
  if (connection->state == Connection::State::kServing && session.goaway()) {
    connection->state = Connection::State::kDraining;
    channelOf(*connection).onLost(connection->subchannel, now);
    touch(connection->channel);
  }
  session.output();  // what can no longer be sent ends here
  for (const StreamEnd& end : session.takeEnded()) {
    onStreamEnd(*connection, end, now);
  }
  if (!session.error().empty()) {
    broke(*connection, {Phase::kReadingResponse}, now);
  }
}

void ChannelLoad::onClosed(ConnectionId id, const Symptom& symptom, MonoTime now) {
  Connection* const connection = find(id);
  if (connection == nullptr) {
    return;
  }
  if (connection->state == Connection::State::kClosing) {
    return close(*connection);
  }
  if (connection->state != Connection::State::kDialling && connection->streams.empty()) {
    recorder_.closedIdle();
  }
  broke(*connection, symptom, now);
}

/// The connection is no more, and all that was on it.
void ChannelLoad::broke(Connection& connection, const Symptom& symptom, MonoTime now) {
  if (connection.state == Connection::State::kDialling) {
    Symptom early = symptom;
    early.phase =
        symptom.phase == Phase::kConnecting ? Phase::kConnecting : Phase::kAwaitingResponse;
    return dialFailed(connection, early, now);
  }
  const bool serving = connection.state == Connection::State::kServing;
  connection.state = Connection::State::kClosing;
  touch(connection);
  if (serving) {
    channelOf(connection).onLost(connection.subchannel, now);
    touch(connection.channel);
  }
  const bool malformed = !connection.session->error().empty();
  for (const auto& [stream, index] : std::exchange(connection.streams, {})) {
    const Rpc& rpc = rpcs_[index];
    Symptom own = symptom;
    own.phase = phaseOf(connection, rpc);
    Failure failure =
        describe(rpc, malformed ? Cause::kMalformedResponse : classify(own), recorder_, now);
    addConnection(failure, connection, rpc, recorder_);
    failure.errorName = errorNameOf(symptom);
    failure.detail = connection.session->error();
    lose(index, std::move(failure), {kGrpcUnavailable, "connection lost"}, now);
  }
}

void ChannelLoad::dialFailed(Connection& connection, const Symptom& symptom, MonoTime now) {
  DialFailure dial = describeDial(connection, symptom, lookup_);
  connection.state = Connection::State::kClosing;
  touch(connection);
  channelOf(connection).onDialFailed(connection.subchannel, std::move(dial), now);
  touch(connection.channel);
}

void ChannelLoad::close(Connection& connection) {
  wire_.close(connection.id());
  connection.session.reset();
  connection.streams.clear();
  connection.state = Connection::State::kUnused;
  ++connection.generation;
  unusedConnections_.push_back(connection.index);
}

std::string_view ChannelLoad::output(ConnectionId id) {
  Connection* const connection = find(id);
  return connection == nullptr ? std::string_view{} : connection->session->output();
}

void ChannelLoad::wrote(ConnectionId id, std::size_t count, MonoTime now) {
  Connection* const connection = find(id);
  if (connection == nullptr) {
    return;
  }
  connection->session->take(count);
  if (!connection->session->output().empty()) {
    return;
  }
  for (const std::int32_t stream : std::exchange(connection->unwritten, {})) {
    const auto rpc = connection->streams.find(stream);
    if (rpc != connection->streams.end()) {
      rpcs_[rpc->second].written = now;
    }
  }
}

// --- outages -------------------------------------------------------------------------------------

void ChannelLoad::recovered(Channel& channel, const Outage& outage, MonoTime now) {
  record(channel.index(), outage, now, now);
}

void ChannelLoad::record(std::size_t channel, const Outage& outage, std::optional<MonoTime> back,
                         MonoTime now) {
  Reconnect out;
  out.host = hostOf(channel).text();
  out.lost = recorder_.wall(outage.lost);
  if (back) {
    out.back = recorder_.wall(*back);
  }
  out.duration = now - outage.lost;
  out.attempts = outage.attempts;
  out.lastError = outage.lastError;
  recorder_.reconnected(std::move(out));
}

// --- places --------------------------------------------------------------------------------------

Connection* ChannelLoad::find(ConnectionId id) {
  if (id.index >= connections_.size()) {
    return nullptr;
  }
  Connection& connection = connections_[id.index];
  const bool same =
      connection.generation == id.generation && connection.state != Connection::State::kUnused;
  return same ? &connection : nullptr;
}

std::optional<std::size_t> ChannelLoad::connectionOf(std::size_t channel, SubchannelId id) const {
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    const Connection& connection = connections_[i];
    const bool current = connection.state == Connection::State::kDialling ||
                         connection.state == Connection::State::kServing;
    if (current && connection.channel == channel && connection.subchannel == id) {
      return i;
    }
  }
  return std::nullopt;
}

void ChannelLoad::touch(std::size_t channel) {
  if (!std::exchange(slots_[channel].touched, true)) {
    touchedChannels_.push_back(channel);
  }
}

void ChannelLoad::touch(Connection& connection) {
  if (!std::exchange(connection.touched, true)) {
    touchedConnections_.push_back(connection.index);
  }
}

}  // namespace hitless::load
