#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "core/service/endpoints.h"

namespace hitless::departed {

/// What the node is to do with packets to the addresses of pods that go: a value, from which
/// rules/departed_table.h makes the table.
struct Directions {
  /// New TCP connections of this node's pods wait; those of the node's own processes to
  /// `parkedFromNode`. A pod of this node is only in the first until its SIGTERM: the kubelet
  /// calls its hooks.
  std::set<IpAddress> parked;
  std::set<IpAddress> parkedFromNode;
  /// New connections of any protocol go to another address.
  std::map<IpAddress, IpAddress> forwarded;
  /// Nobody is there: what goes there is answered with a reset or an ICMP error; of the node's own
  /// processes what goes to `goneFromNode`. There pods of this node are left out: the kubelet may
  /// probe the next pod of that address before its status, and so we, can tell of it.
  std::set<IpAddress> gone;
  std::set<IpAddress> goneFromNode;
  /// New TCP connections that another node has translated to a port of a pod of this node that
  /// goes: to another endpoint of the same Services.
  std::map<service::Target, service::Target> secondChances;
  /// Pods of this node.
  std::set<IpAddress> ownPods;
  /// Whose an address was, for people and for the agent that comes after this one: see
  /// describe().
  std::map<IpAddress, std::string> names;
  bool operator==(const Directions&) const = default;
};

/// "default/web-1"; of a pod with a name of its own "default/db-0 in db", with the headless Service
/// that has it.
struct Whose {
  std::string pod;
  std::string service;  ///< Empty: none.
};
std::string describe(const Whose& whose);
Whose parseWhose(std::string_view text);

/// What became of an address, for the timeline.
enum class Turn {
  kParked,
  kForwarded,
  kTombstone,
  kReleased,
  kSecondChanceBegun,
  kSecondChanceEnded,
};

/// "parked", "forwarded", "tombstoned", "released", "second-chance-begun", "second-chance-ended"
std::string_view name(Turn turn);

struct Happening {
  Turn turn = Turn::kReleased;
  IpAddress ip;
  std::string pod;  ///< "namespace/name"
  /// The successor's address; why it was released: "reused", "expired"; of a second chance whose
  /// and where, "10.1.2.3:8080 to 10.1.3.4:8080", and at its end whose.
  std::string detail;
  bool operator==(const Happening&) const = default;
};

}  // namespace hitless::departed
