#include "core/dns/upstreams.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::dns {
namespace {

Status check(const std::vector<UpstreamGroup>& groups) {
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string zone = groups[i].zone.text();
    if (groups[i].servers.size() > kMaxUpstreams) {
      return invalid(fmt::format("more than {} upstreams for \"{}\"", kMaxUpstreams, zone),
                     "leave some out");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (groups[j].zone == groups[i].zone) {
        return invalid(fmt::format("the upstreams for \"{}\" are given twice", zone),
                       "put them into one list");
      }
    }
  }
  return {};
}

}  // namespace

std::string UpstreamAddress::text() const {
  return address.isV4() ? fmt::format("{}:{}", address.text(), port)
                        : fmt::format("[{}]:{}", address.text(), port);
}

std::vector<UpstreamAddress> upstreamsOf(const std::vector<IpAddress>& nameservers,
                                         const std::vector<UpstreamAddress>& own) {
  std::vector<UpstreamAddress> out;
  const auto in = [](const std::vector<UpstreamAddress>& list, const UpstreamAddress& address) {
    return std::find(list.begin(), list.end(), address) != list.end();
  };
  for (const IpAddress& nameserver : nameservers) {
    const UpstreamAddress address{nameserver};
    if (out.size() < kMaxUpstreams && !in(own, address) && !in(out, address)) {
      out.push_back(address);
    }
  }
  return out;
}

void Durations::add(nanoseconds duration) {
  std::size_t bucket = 0;
  while (bucket < kBuckets && duration > bound(bucket)) {
    ++bucket;
  }
  ++counts[bucket];
  sum += duration;
}

Status Upstreams::set(std::vector<UpstreamGroup> groups) {
  TRY_VOID(check(groups));
  std::vector<Upstream> all;
  for (const UpstreamGroup& group : groups) {
    for (const UpstreamAddress& address : group.servers) {
      const bool known = std::any_of(all.begin(), all.end(), [&](const Upstream& upstream) {
        return upstream.address == address;
      });
      if (!known) {
        const Upstream* old = find(address);
        all.push_back(old != nullptr ? *old : Upstream{});
        all.back().address = address;
      }
    }
  }
  all_ = std::move(all);
  groups_ = std::move(groups);
  return {};
}

std::vector<UpstreamAddress> Upstreams::order(std::string_view name, Rng& rng) {
  const UpstreamGroup* best = nullptr;
  for (const UpstreamGroup& group : groups_) {
    const bool longer = best == nullptr || group.zone.wire().size() > best->zone.wire().size();
    if (longer && within(name, group.zone.wire())) {
      best = &group;
    }
  }
  if (best == nullptr) {
    return {};
  }
  std::vector<UpstreamAddress> out = best->servers;
  if (policy_ == UpstreamPolicy::kRandom) {
    for (std::size_t i = out.size(); i > 1; --i) {
      std::swap(out[i - 1], out[rng.below(i)]);
    }
  } else if (policy_ == UpstreamPolicy::kRoundRobin && !out.empty()) {
    std::rotate(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(turn_++ % out.size()),
                out.end());
  }
  return out;
}

Upstream* Upstreams::find(const UpstreamAddress& address) {
  const auto at = std::find_if(all_.begin(), all_.end(), [&](const Upstream& upstream) {
    return upstream.address == address;
  });
  return at == all_.end() ? nullptr : &*at;
}

bool Upstreams::isDown(const UpstreamAddress& address) const {
  const Upstream* upstream = const_cast<Upstreams*>(this)->find(address);
  return upstream != nullptr && maxFails_ > 0 && upstream->failedProbes >= maxFails_;
}

bool Upstreams::areDown(const std::vector<UpstreamAddress>& servers) const {
  return !servers.empty() &&
         std::all_of(servers.begin(), servers.end(),
                     [&](const UpstreamAddress& address) { return isDown(address); });
}

}  // namespace hitless::dns
