#include "core/departed/succession.h"

namespace hitless::departed {
namespace {

using service::Endpoint;

/// Of one hostname: who may be or stay its heir, by family.
struct Found {
  std::map<IpAddress, const Endpoint*> present;  ///< Does not terminate.
};

void choose(std::optional<Succession::Heir>& heir, IpFamily family, const Found& found,
            std::uint32_t departed) {
  if (heir) {
    const auto kept = found.present.find(heir->ip);
    if (kept != found.present.end() && kept->second->pod == heir->pod && heir->pod != departed) {
      return;
    }
    heir.reset();
  }
  for (const auto& [ip, endpoint] : found.present) {
    if (ip.family() == family && endpoint->ready && endpoint->pod != departed) {
      heir = Succession::Heir{ip, endpoint->pod};
      return;
    }
  }
}

}  // namespace

void Successions::follow(const Name& name, std::uint32_t pod) {
  names_[name.service][name.hostname].departed = pod;
}

void Successions::vacate(const Name& name, std::uint32_t pod, MonoTime now) {
  Succession& succession = names_[name.service][name.hostname];
  if (succession.departed == pod) {
    succession.vacantFrom = now;
  }
}

const Succession* Successions::find(const Name& name) const {
  const auto service = names_.find(name.service);
  if (service == names_.end()) {
    return nullptr;
  }
  const auto host = service->second.find(name.hostname);
  return host == service->second.end() ? nullptr : &host->second;
}

void Successions::look(const service::ServiceName& name, const service::ServiceState* state) {
  const auto hosts = names_.find(name);
  if (hosts == names_.end()) {
    return;
  }
  std::map<std::string_view, Found> found;
  if (state != nullptr) {
    for (const auto& [key, slice] : state->slices) {
      for (std::size_t i = 0; i < slice->hostnames.size(); ++i) {
        const Endpoint& endpoint = slice->endpoints[i];
        if (!endpoint.terminating && hosts->second.contains(slice->hostnames[i])) {
          found[slice->hostnames[i]].present[endpoint.ip] = &endpoint;
        }
      }
    }
  }
  for (auto& [hostname, succession] : hosts->second) {
    choose(succession.v4, IpFamily::kV4, found[hostname], succession.departed);
    choose(succession.v6, IpFamily::kV6, found[hostname], succession.departed);
  }
}

void Successions::retain(const std::set<Name>& names) {
  for (auto& [service, hosts] : names_) {
    std::erase_if(hosts, [&](const auto& entry) {
      return !names.contains({service, entry.first});
    });
  }
  std::erase_if(names_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace hitless::departed
