#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/service/endpoints.h"
#include "core/service/snapshot.h"

namespace hitless::departed {

/// Which endpoint takes the new connections that other nodes, whose rules are late, still send to a
/// pod of this node that goes: one that serves every Service that has sent there, as nothing tells
/// which of them a connection was made to. Knows endpoints of this node and of no known one; what
/// it costs depends on them and on the pods that go, not on the cluster.
class SecondChances {
 public:
  explicit SecondChances(std::string node) : node_(std::move(node)) {}

  /// An endpoint has come into a slice of a Service, or has left it.
  void add(const service::ServiceName& name, const service::Slice& slice, std::size_t index);
  void remove(const service::ServiceName& name, const service::Slice& slice, std::size_t index);

  /// A pod of this node goes. Once look() has seen which Services its address is an endpoint of, it
  /// stays known until the address is forgotten or another pod's.
  void follow(const IpAddress& ip, std::uint32_t pod);
  /// Forgets all addresses but these.
  void retain(const std::set<IpAddress>& ips);

  /// Takes in a snapshot in which these Services may differ. True if a choice may have changed.
  bool look(const service::Snapshot& snapshot, const std::set<service::ServiceName>& touched);

  /// By port of the address; a port without a substitute is left out.
  using ByPort = std::map<std::uint16_t, service::Target>;
  const ByPort& of(const IpAddress& ip) const;

 private:
  /// A port of a Service, by name, as its slices have it.
  using PortName = std::pair<service::ServiceName, std::string>;

  struct Going {
    std::uint32_t pod = 0;
    bool fresh = true;  ///< Not looked at yet.
    std::map<std::uint16_t, std::set<PortName>> ports;
    std::set<service::ServiceName> services;  ///< Of `ports`.
    ByPort chosen;
  };
  /// Who may take the connections of one port.
  struct Pool {
    std::set<service::Target> targets;
    std::set<service::Target> local;  ///< Those on this node.
    bool localOnly = false;
  };

  bool ours(const service::Slice& slice, std::size_t index) const;
  bool concerns(const IpAddress& ip, const Going& going,
                const std::set<service::ServiceName>& touched) const;
  void associate(const IpAddress& ip, Going& going, const service::Snapshot& snapshot) const;
  std::optional<Pool> poolOf(const IpAddress& ip, const PortName& port,
                             const service::Snapshot& snapshot) const;
  Pool commonPool(const IpAddress& ip, const std::set<PortName>& ports,
                  const service::Snapshot& snapshot) const;
  void choose(const IpAddress& ip, Going& going, const service::Snapshot& snapshot) const;

  std::string node_;
  /// By endpoint, in how many slices of which Services.
  std::map<IpAddress, std::map<service::ServiceName, std::uint32_t>> uses_;
  std::map<IpAddress, Going> going_;
};

}  // namespace hitless::departed
