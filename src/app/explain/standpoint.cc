#include "app/explain/standpoint.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::app {
namespace {

using service::Origin;

service::NodeView viewOf(const kube::Node& node, const std::string& proxyName) {
  service::NodeView view{node.meta.name, proxyName, std::string(node.zone()), {}};
  for (const std::string& text : node.internalIPs) {
    if (const auto address = IpAddress::parse(text)) {
      view.addresses.push_back(*address);
    }
  }
  return view;
}

bool hasPod(const kube::Node& node, const IpAddress& address) {
  return std::any_of(node.podCIDRs.begin(), node.podCIDRs.end(), [&](const std::string& text) {
    const auto network = Cidr::parse(text);
    return network && network->contains(address);
  });
}

bool owns(const kube::Node& node, const IpAddress& address) {
  return std::any_of(node.internalIPs.begin(), node.internalIPs.end(),
                     [&](const std::string& text) { return IpAddress::parse(text) == address; });
}

class StandpointFinder {
 public:
  StandpointFinder(const ExplainOptions& options, const ExplainedCluster& cluster)
      : options_(options), cluster_(cluster) {}

  Result<Standpoint> find() const {
    Standpoint found;
    found.node = TRY(defaultNode());
    if (options_.from == "pod" || options_.from == "node" || options_.from == "external") {
      found.source.origin = options_.from == "pod"    ? Origin::kPod
                            : options_.from == "node" ? Origin::kNode
                                                      : Origin::kExternal;
      return found;
    }
    if (const auto address = IpAddress::parse(options_.from)) {
      return fromAddress(std::move(found), *address);
    }
    return fromPod(std::move(found));
  }

 private:
  Result<service::NodeView> defaultNode() const {
    for (const kube::Node& node : cluster_.nodes) {
      if (options_.node.empty() || node.meta.name == options_.node) {
        return viewOf(node, options_.proxyName);
      }
    }
    if (!options_.node.empty() && !cluster_.nodes.empty()) {
      return fail(ErrorKind::kNotFound, fmt::format("there is no node '{}'", options_.node));
    }
    return service::NodeView{options_.node, options_.proxyName};
  }

  Standpoint fromAddress(Standpoint found, const IpAddress& address) const {
    found.source = {Origin::kExternal, address};
    for (const kube::Node& node : cluster_.nodes) {
      if (hasPod(node, address) || owns(node, address)) {
        found.source.origin = hasPod(node, address) ? Origin::kPod : Origin::kNode;
        if (options_.node.empty()) {
          found.node = viewOf(node, options_.proxyName);
        } else if (node.meta.name != options_.node) {
          found.source.origin = Origin::kExternal;  // It comes to the asked node from another one.
        }
      }
    }
    return found;
  }

  Result<Standpoint> fromPod(Standpoint found) const {
    const auto slash = options_.from.find('/');
    const std::string ns = slash == std::string::npos ? "default" : options_.from.substr(0, slash);
    const std::string name = options_.from.substr(slash == std::string::npos ? 0 : slash + 1);
    for (const kube::Pod& pod : cluster_.pods) {
      if (pod.meta.name == name && (pod.meta.ns.empty() ? "default" : pod.meta.ns) == ns) {
        for (const kube::Node& node : cluster_.nodes) {
          if (node.meta.name == pod.nodeName) {
            found.node = viewOf(node, options_.proxyName);
          }
        }
        found.node.name = pod.nodeName;
        found.source = {pod.hostNetwork ? Origin::kNode : Origin::kPod,
                        pod.podIPs.empty() ? std::nullopt : IpAddress::parse(pod.podIPs[0])};
        return found;
      }
    }
    return fail(ErrorKind::kNotFound,
                fmt::format("--from '{}' is neither pod, node, external, an IP address, nor a pod "
                            "NAMESPACE/NAME that is known",
                            options_.from));
  }

  const ExplainOptions& options_;
  const ExplainedCluster& cluster_;
};

}  // namespace

Result<Standpoint> standpoint(const ExplainOptions& options, const ExplainedCluster& cluster) {
  return StandpointFinder(options, cluster).find();
}

}  // namespace hitless::app
