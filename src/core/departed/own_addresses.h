#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/ip.h"
#include "core/watch/update.h"

namespace hitless::departed {

/// The pods of this node by their addresses, from the watch of the node's own pods: what they say
/// of an address is never late. Pods of the host's network have none of their own.
class OwnAddresses {
 public:
  struct Pod {
    std::uint32_t id = 0;  ///< service::podId()
    std::string name;      ///< "namespace/name"
    std::vector<IpAddress> ips;
    bool secondChance = true;  ///< Annotation hitless.io/second-chance is not "false".
    bool going = false;        ///< It has a deletionTimestamp.
    bool over = false;         ///< Its containers have ended for good: others may get the address.
  };

  struct News {
    std::vector<Pod> going;  ///< Have begun to terminate.
    std::vector<Pod> gone;
    bool moved = false;  ///< Some address has another pod, or none.
  };
  News apply(const watch::Update& update);
  /// The id of the pod that has the address now; 0 if there is none.
  std::uint32_t at(const IpAddress& ip) const;
  /// Whether the pod that has the address now wants no second chance for connections to it.
  bool declines(const IpAddress& ip) const { return declining_.contains(ip); }
  const std::set<IpAddress>& all() const { return all_; }

 private:
  bool index();

  std::map<std::string, Pod> pods_;  ///< By UID.
  std::map<IpAddress, std::uint32_t> ids_;
  std::set<IpAddress> all_;
  std::set<IpAddress> declining_;
};

/// The addresses of all nodes, which are never a pod's alone.
class NodeAddresses {
 public:
  void apply(const watch::Update& update);
  bool contains(const IpAddress& ip) const { return all_.contains(ip); }

 private:
  std::map<std::string, std::vector<IpAddress>> nodes_;
  std::set<IpAddress> all_;
};

}  // namespace hitless::departed
