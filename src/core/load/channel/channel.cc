#include "core/load/channel/channel.h"

#include <algorithm>

#include "core/load/channel/on_demand.h"
#include "core/load/channel/pick_first.h"
#include "core/load/channel/round_robin.h"

namespace hitless::load {
namespace {

std::unique_ptr<Balancer> makeBalancer(const ChannelOptions& options, Balancer::Host& host) {
  if (options.onDemand) {
    return std::make_unique<OnDemand>(host);
  }
  if (options.balancing == Balancing::kRoundRobin) {
    return std::make_unique<RoundRobin>(host);
  }
  return std::make_unique<PickFirst>(host);
}

}  // namespace

std::string DialFailure::text() const {
  return address.endpoint.text() + ": " + std::string(info(cause).title) +
         (detail.empty() ? "" : ": " + detail);
}

Channel::Channel(std::size_t index, const ChannelOptions& options, Rng& rng, Link& link)
    : index_(index),
      options_(options),
      rng_(rng),
      link_(link),
      resolution_(options_, rng),
      balancer_(makeBalancer(options_, *this)) {}

void Channel::want(MonoTime now) {
  now_ = now;
  if (everReady_ && !outage_ && state_ != Connectivity::kReady) {
    outage_ = Outage{now, 0, {}};
  }
  if (!wanted_) {
    wanted_ = true;
    state_ = Connectivity::kConnecting;
    requestResolution();
  }
  balancer_->exitIdle();
}

// --- what happens --------------------------------------------------------------------------------

void Channel::onAddresses(const std::vector<Address>& addresses, MonoTime now) {
  now_ = now;
  resolved_ = true;
  resolutionError_.clear();
  resolution_.finished(true, now);
  for (const Address& address : addresses) {
    for (auto& [id, existing] : subchannels_) {
      if (existing.address.endpoint == address.endpoint) {
        existing.address = address;
      }
    }
  }
  balancer_->onAddresses(addresses);
  dropUnused();
}

void Channel::onNoAddress(std::string why, MonoTime now) {
  now_ = now;
  resolutionError_ = std::move(why);
  resolution_.finished(options_.onDemand, now);
  if (outage_) {
    outage_->lastError = resolutionError_;
  }
  if (!resolved_) {
    update(Connectivity::kTransientFailure);
  }
  balancer_->onNoAddress();
  dropUnused();
}

void Channel::onReady(SubchannelId id, MonoTime now) {
  now_ = now;
  change(id, Connectivity::kReady);
}

void Channel::onDialFailed(SubchannelId id, DialFailure failure, MonoTime now) {
  now_ = now;
  if (outage_) {
    outage_->lastError = failure.text();
  }
  lastFailure_ = std::move(failure);
  change(id, Connectivity::kTransientFailure);
}

void Channel::onLost(SubchannelId id, MonoTime now) {
  now_ = now;
  if (const auto found = subchannels_.find(id); found != subchannels_.end()) {
    found->second.backoff.reset();
  }
  change(id, Connectivity::kIdle);
}

void Channel::change(SubchannelId id, Connectivity state) {
  const auto found = subchannels_.find(id);
  if (found == subchannels_.end()) {
    return;
  }
  found->second.state = state;
  balancer_->onState(id);
  dropUnused();
}

// --- time ----------------------------------------------------------------------------------------

std::optional<MonoTime> Channel::deadline() const {
  std::optional<MonoTime> next = resolution_.deadline();
  for (const auto& [id, subchannel] : subchannels_) {
    if (subchannel.state == Connectivity::kTransientFailure) {
      next = std::min(next.value_or(subchannel.nextAttempt), subchannel.nextAttempt);
    } else if (subchannel.state == Connectivity::kConnecting) {
      next = std::min(next.value_or(subchannel.connectBy), subchannel.connectBy);
    }
  }
  return next;
}

void Channel::tick(MonoTime now) {
  now_ = now;
  if (resolution_.tick(now)) {
    link_.resolve(*this);
  }
  std::vector<SubchannelId> rested;
  for (const auto& [id, subchannel] : subchannels_) {
    if (subchannel.state == Connectivity::kTransientFailure && subchannel.nextAttempt <= now) {
      rested.push_back(id);
    }
  }
  for (const SubchannelId id : rested) {
    change(id, Connectivity::kIdle);
  }
}

std::vector<SubchannelId> Channel::overdue(MonoTime now) const {
  std::vector<SubchannelId> out;
  for (const auto& [id, subchannel] : subchannels_) {
    if (subchannel.state == Connectivity::kConnecting && subchannel.connectBy <= now) {
      out.push_back(id);
    }
  }
  return out;
}

std::optional<MonoTime> Channel::backoffUntil() const {
  std::optional<MonoTime> until;
  for (const auto& [id, subchannel] : subchannels_) {
    if (subchannel.state == Connectivity::kConnecting) {
      return std::nullopt;
    }
    if (subchannel.state == Connectivity::kTransientFailure) {
      until = std::min(until.value_or(subchannel.nextAttempt), subchannel.nextAttempt);
    }
  }
  return until;
}

std::optional<std::pair<Address, MonoTime>> Channel::dialling() const {
  std::optional<std::pair<Address, MonoTime>> out;
  for (const auto& [id, subchannel] : subchannels_) {
    if (subchannel.state == Connectivity::kConnecting &&
        (!out || subchannel.started < out->second)) {
      out = {subchannel.address, subchannel.started};
    }
  }
  return out;
}

// --- what the policy asks for --------------------------------------------------------------------

SubchannelId Channel::subchannel(const Address& address) {
  for (const auto& [id, existing] : subchannels_) {
    if (existing.address.endpoint == address.endpoint) {
      return id;
    }
  }
  const SubchannelId id = ++lastId_;
  subchannels_.emplace(
      id, Subchannel{address, Connectivity::kIdle, Backoff(options_, rng_), {}, {}, {}});
  return id;
}

Connectivity Channel::stateOf(SubchannelId id) const {
  return subchannels_.at(id).state;
}

void Channel::connect(SubchannelId id) {
  Subchannel& subchannel = subchannels_.at(id);
  if (subchannel.state != Connectivity::kIdle) {
    return;
  }
  subchannel.state = Connectivity::kConnecting;
  subchannel.started = now_;
  subchannel.nextAttempt = subchannel.backoff.next(now_);
  subchannel.connectBy = std::max(subchannel.nextAttempt, now_ + options_.connectTimeout);
  if (outage_) {
    ++outage_->attempts;
  }
  link_.connect(*this, id, subchannel.address, now_);
}

void Channel::requestResolution() {
  if (resolution_.request(now_)) {
    link_.resolve(*this);
  }
}

void Channel::update(Connectivity state) {
  state_ = state;
  if (state != Connectivity::kReady) {
    return;
  }
  everReady_ = true;
  if (outage_) {
    const Outage over = *outage_;
    outage_.reset();
    link_.recovered(*this, over, now_);
  }
}

void Channel::dropUnused() {
  for (auto at = subchannels_.begin(); at != subchannels_.end();) {
    if (balancer_->uses(at->first)) {
      ++at;
      continue;
    }
    const Connectivity state = at->second.state;
    const SubchannelId id = at->first;
    at = subchannels_.erase(at);
    if (state == Connectivity::kConnecting || state == Connectivity::kReady) {
      link_.drop(*this, id);
    }
  }
}

}  // namespace hitless::load
