#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "base/ip.h"

namespace hitless::sys {

/// Network interfaces, addresses and routes of one network namespace, by rtnetlink. An object
/// belongs to the namespace that its thread was in when it was opened, whichever one the thread is
/// in later.
class Links {
 public:
  static Result<Links> open();
  Links(Links&&) noexcept;
  Links& operator=(Links&&) noexcept;
  ~Links();

  /// A bridge with STP off and forward delay 0. kConflict if the name is taken.
  Status addBridge(const std::string& name);
  /// A veth pair; the peer is made directly inside the namespace `peerNetns` (an fd; -1 = this
  /// one).
  Status addVeth(const std::string& name, const std::string& peer, int peerNetns);
  /// Settles the interface itself; of a veth pair the other end may need settle() afterwards.
  Status setUp(const std::string& name);
  /// The other end of a veth pair loses its carrier.
  Status setDown(const std::string& name);
  /// Makes the kernel act now on a carrier that came or went (since Linux 6.8). By itself it does
  /// so up to a second later, and until then a bridge port is disabled and a veth's packets are
  /// dropped.
  Status settle(const std::string& name);
  /// Makes `name` a port of `bridge`; hairpin lets it send back out of the port it came in.
  Status setMaster(const std::string& name, const std::string& bridge, bool hairpin);
  /// Adds address and prefix; IPv6 without duplicate address detection.
  Status addAddress(const std::string& name, const Cidr& address);
  Status addRoute(const Cidr& destination, const IpAddress& gateway);
  /// A route of scope link: `destination` is reached directly through `device`.
  Status addLinkRoute(const Cidr& destination, const std::string& device);
  Status addDefaultRoute(const IpAddress& gateway);
  /// kNotFound if it is not there.
  Status removeRoute(const Cidr& destination);
  /// kNotFound if it is not there.
  Status remove(const std::string& name);
  Result<bool> exists(const std::string& name);

 private:
  class Impl;
  explicit Links(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hitless::sys
