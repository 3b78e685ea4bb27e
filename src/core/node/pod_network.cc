#include "core/node/pod_network.h"

#include <fmt/format.h>

namespace hitless::node {

Result<IpAddress> AddressPool::take() {
  const std::uint32_t size = cidr_.length >= 32 ? 1u : 1u << (32 - cidr_.length);
  if (size < 4) {
    return fail(ErrorKind::kInvalid, fmt::format("the pod network {} is too small", cidr_.text()),
                "give the node a pod CIDR of /30 or larger");
  }
  const std::uint32_t usable = size - 3;
  for (std::uint32_t tried = 0; tried < usable; ++tried) {
    const std::uint32_t offset = next_;
    next_ = next_ + 1 >= size - 1 ? 2 : next_ + 1;
    if (used_.insert(offset).second) {
      return cidr_.at(offset);
    }
  }
  return fail(ErrorKind::kUnavailable,
              fmt::format("all {} addresses of {} are in use", usable, cidr_.text()),
              "run fewer pods on this node or give it a larger pod CIDR");
}

void AddressPool::giveBack(const IpAddress& address) {
  if (address.isV4() && cidr_.contains(address)) {
    used_.erase(address.v4HostOrder() - cidr_.address.v4HostOrder());
  }
}

std::string hostInterface(std::string_view podUid) {
  // FNV-1a, 64 bit.
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : podUid) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return fmt::format("hl{:011x}", hash >> 20);
}

Routes routesTo(const std::vector<kube::Node>& nodes, std::string_view self) {
  Routes out;
  for (const kube::Node& node : nodes) {
    if (node.meta.name == self || node.internalIPs.empty()) {
      continue;
    }
    const auto gateway = IpAddress::parse(node.internalIPs.front());
    for (const std::string& text : node.podCIDRs) {
      const auto cidr = Cidr::parse(text);
      if (gateway && cidr && cidr->address.family() == gateway->family()) {
        out.emplace(cidr->masked(), *gateway);
      }
    }
  }
  return out;
}

RouteChange routeChange(const Routes& have, const Routes& want) {
  RouteChange out;
  for (const auto& [cidr, gateway] : have) {
    const auto it = want.find(cidr);
    if (it == want.end() || it->second != gateway) {
      out.remove.push_back(cidr);
    }
  }
  for (const auto& [cidr, gateway] : want) {
    const auto it = have.find(cidr);
    if (it == have.end() || it->second != gateway) {
      out.add.emplace(cidr, gateway);
    }
  }
  return out;
}

}  // namespace hitless::node
