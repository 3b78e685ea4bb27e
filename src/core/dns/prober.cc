#include "core/dns/prober.h"

#include <algorithm>

#include "core/dns/upstream_query.h"

namespace hitless::dns {
namespace {

/// Sets a probe's exchanges apart from a question's.
constexpr std::uint64_t kProbeBit = std::uint64_t{1} << 63;

}  // namespace

const UpstreamAddress* Prober::find(ExchangeId exchange) const {
  if ((static_cast<std::uint64_t>(exchange) & kProbeBit) == 0) {
    return nullptr;
  }
  for (const auto& [address, probe] : probes_) {
    if (probe.exchange == exchange) {
      return &address;
    }
  }
  return nullptr;
}

void Prober::suspect(const UpstreamAddress& address, MonoTime now) {
  if (options_.maxFails == 0 || upstreams_.find(address) == nullptr || probes_.contains(address)) {
    return;
  }
  send(address, probes_[address], now);
}

void Prober::stop(Probe& probe) {
  if (probe.exchange) {
    link_.cancel(*probe.exchange);
    probe.exchange.reset();
  }
}

void Prober::trust(const UpstreamAddress& address) {
  if (Upstream* upstream = upstreams_.find(address)) {
    upstream->failedProbes = 0;
  }
  const auto at = probes_.find(address);
  if (at != probes_.end()) {
    stop(at->second);
    probes_.erase(at);
  }
}

void Prober::forgetOthers() {
  for (auto at = probes_.begin(); at != probes_.end();) {
    if (upstreams_.find(at->first) == nullptr) {
      stop(at->second);
      at = probes_.erase(at);
    } else {
      ++at;
    }
  }
}

void Prober::send(const UpstreamAddress& address, Probe& probe, MonoTime now) {
  probe.exchange = ExchangeId{kProbeBit | ++nextExchange_};
  probe.messageId = static_cast<std::uint16_t>(rng_.next());
  probe.at = now + options_.probeTimeout;
  const auto message = probeQuery(probe.messageId);
  if (options_.forceTcp) {
    link_.sendTcp(*probe.exchange, address, message);
  } else {
    link_.sendUdp(*probe.exchange, address, message);
  }
}

void Prober::failed(const UpstreamAddress& address, Probe& probe, MonoTime now) {
  probe.exchange.reset();
  probe.at = now + options_.probeInterval;
  if (Upstream* upstream = upstreams_.find(address)) {
    ++upstream->failedProbes;
    ++upstream->healthcheckFailures;
  }
}

bool Prober::onReply(ExchangeId exchange, ByteView reply) {
  const UpstreamAddress address = *find(exchange);
  Probe& probe = probes_.at(address);
  const auto sent = probeQuery(probe.messageId);
  // Whatever it says, it is there.
  if (reply.size() < kHeaderSize || readU16(reply, 0) != probe.messageId ||
      !echoesQuestion(reply, ByteView(sent).subspan(kHeaderSize))) {
    return false;
  }
  probe.exchange.reset();
  trust(address);
  return true;
}

void Prober::onFailure(ExchangeId exchange, MonoTime now) {
  const UpstreamAddress address = *find(exchange);
  failed(address, probes_.at(address), now);
}

std::optional<MonoTime> Prober::deadline() const {
  std::optional<MonoTime> out;
  for (const auto& [address, probe] : probes_) {
    out = std::min(out.value_or(probe.at), probe.at);
  }
  return out;
}

void Prober::onTime(MonoTime now) {
  for (auto& [address, probe] : probes_) {
    if (probe.at > now) {
      continue;
    }
    if (probe.exchange) {
      link_.cancel(*probe.exchange);
      failed(address, probe, now);
    } else {
      send(address, probe, now);
    }
  }
}

}  // namespace hitless::dns
