#include "core/control/controllers/slice_layout.h"

#include <algorithm>
#include <map>

namespace hitless::control {
namespace {

/// nullopt if the pod is no endpoint: finished, without an address yet, or on a node that is gone.
std::optional<kube::Endpoint> endpointOf(const ServiceState& state, const kube::Pod& pod,
                                         std::string_view addressType) {
  const kube::Service& service = *state.service;
  const auto zone = state.zones.find(pod.nodeName);
  const bool nodeGone = !pod.nodeName.empty() && zone == state.zones.end();
  if (pod.finished() || (nodeGone && !service.publishNotReadyAddresses)) {
    return std::nullopt;
  }
  kube::Endpoint endpoint;
  endpoint.addresses = addressesOf(pod, addressType);
  if (endpoint.addresses.empty()) {
    return std::nullopt;
  }
  endpoint.serving = pod.ready();
  endpoint.terminating = pod.meta.terminating();
  endpoint.ready = service.publishNotReadyAddresses || (endpoint.serving && !endpoint.terminating);
  endpoint.hostname = hostnameFor(service, pod);
  endpoint.nodeName = pod.nodeName;
  endpoint.zone = zone == state.zones.end() ? std::string() : zone->second;
  endpoint.targetKind = "Pod";
  endpoint.targetName = pod.meta.name;
  endpoint.targetNamespace = pod.meta.ns;
  endpoint.targetUid = pod.meta.uid;
  return endpoint;
}

/// What stays the same while an endpoint's conditions change.
using Identity = std::pair<std::string, std::vector<std::string>>;

Identity identityOf(const kube::Endpoint& endpoint) {
  return {endpoint.targetUid, endpoint.addresses};
}

/// Lays out one port group.
class GroupLayout {
 public:
  explicit GroupLayout(PortGroup group) : ports_(std::move(group.ports)) {
    for (kube::Endpoint& endpoint : group.endpoints) {
      Identity identity = identityOf(endpoint);
      order_.push_back(identity);
      waiting_.emplace(std::move(identity), std::move(endpoint));
    }
  }

  const std::vector<kube::EndpointPort>& ports() const { return ports_; }

  /// Keeps what is still wanted of an existing slice.
  void keep(const Ref<kube::EndpointSlice>& slice) {
    SliceContent content{slice, ports_, {}};
    for (const kube::Endpoint& endpoint : slice->endpoints) {
      const auto it = waiting_.find(identityOf(endpoint));
      if (it != waiting_.end() && content.endpoints.size() < kMaxEndpointsPerSlice) {
        content.endpoints.push_back(std::move(it->second));
        waiting_.erase(it);
      }
    }
    contents_.push_back(std::move(content));
  }

  void placeRest() {
    for (SliceContent& content : contents_) {
      if (content.changed() && !content.endpoints.empty()) {
        fill(content);
      }
    }
    while (!waiting_.empty()) {
      SliceContent* content = bestFit();
      if (content == nullptr) {
        content = &contents_.emplace_back(SliceContent{nullptr, ports_, {}});
      }
      fill(*content);
    }
  }

  std::vector<SliceContent> take() && { return std::move(contents_); }

 private:
  void fill(SliceContent& content) {
    for (; next_ < order_.size() && content.endpoints.size() < kMaxEndpointsPerSlice; ++next_) {
      const auto it = waiting_.find(order_[next_]);
      if (it != waiting_.end()) {
        content.endpoints.push_back(std::move(it->second));
        waiting_.erase(it);
      }
    }
  }

  /// The fullest slice that can take all that waits, or nullptr: a slice that could take only a
  /// part would be one write more than a new slice needs. Emptied slices are candidates too.
  SliceContent* bestFit() {
    SliceContent* best = nullptr;
    for (SliceContent& content : contents_) {
      const bool fits = content.endpoints.size() + waiting_.size() <= kMaxEndpointsPerSlice;
      if (fits && (best == nullptr || content.endpoints.size() > best->endpoints.size())) {
        best = &content;
      }
    }
    return best;
  }

  std::vector<kube::EndpointPort> ports_;
  std::map<Identity, kube::Endpoint> waiting_;
  std::vector<Identity> order_;
  std::size_t next_ = 0;  ///< Everything in order_ before it is placed.
  std::vector<SliceContent> contents_;
};

GroupLayout* layoutFor(std::vector<GroupLayout>& layouts, const kube::EndpointSlice& slice) {
  const auto it = std::find_if(layouts.begin(), layouts.end(), [&slice](const GroupLayout& group) {
    return group.ports() == slice.ports;
  });
  return it == layouts.end() ? nullptr : &*it;
}

/// Gives new contents the surplus slices, and one empty content a slice if nothing else remains.
void recycle(SliceLayout& layout) {
  if (layout.contents.empty()) {
    layout.contents.emplace_back();
  }
  for (SliceContent& content : layout.contents) {
    if (content.slice == nullptr && !layout.surplus.empty()) {
      content.slice = layout.surplus.front();
      layout.surplus.erase(layout.surplus.begin());
    }
  }
}

}  // namespace

bool SliceContent::changed() const {
  return slice == nullptr || slice->ports != ports || slice->endpoints != endpoints;
}

std::vector<PortGroup> desiredGroups(const ServiceState& state, std::string_view addressType) {
  std::vector<PortGroup> groups;
  for (const Ref<kube::Pod>& pod : state.pods) {
    auto endpoint = endpointOf(state, *pod, addressType);
    if (!endpoint) {
      continue;
    }
    auto ports = targetPorts(*state.service, *pod);
    auto it = std::find_if(groups.begin(), groups.end(),
                           [&ports](const PortGroup& group) { return group.ports == ports; });
    if (it == groups.end()) {
      it = groups.insert(groups.end(), PortGroup{std::move(ports), {}});
    }
    it->endpoints.push_back(std::move(*endpoint));
  }
  return groups;
}

SliceLayout layOut(std::vector<PortGroup> groups,
                   const std::vector<Ref<kube::EndpointSlice>>& existing) {
  std::vector<GroupLayout> layouts;
  for (PortGroup& group : groups) {
    layouts.emplace_back(std::move(group));
  }
  SliceLayout out;
  for (const Ref<kube::EndpointSlice>& slice : existing) {
    if (GroupLayout* group = layoutFor(layouts, *slice)) {
      group->keep(slice);
    } else {
      out.surplus.push_back(slice);
    }
  }
  for (GroupLayout& group : layouts) {
    group.placeRest();
    for (SliceContent& content : std::move(group).take()) {
      if (content.endpoints.empty()) {
        out.surplus.push_back(content.slice);
      } else {
        out.contents.push_back(std::move(content));
      }
    }
  }
  recycle(out);
  return out;
}

}  // namespace hitless::control
