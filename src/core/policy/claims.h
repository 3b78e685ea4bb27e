#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ip.h"
#include "base/ip_hash.h"

namespace hitless::policy {

/// What a container runtime says of a pod of this node that is about to start.
struct Claim {
  std::string ns;
  std::string name;
  std::string uid;  ///< Empty: not told, any pod of that name is meant.
  std::vector<IpAddress> addresses;
  std::string pod() const { return ns + "/" + name; }
};

/// Who has been given which address on this node. A later claim of the same pod, or for the same
/// address, takes the earlier one's place.
class Claims {
 public:
  /// Both give the addresses that may be somebody else's now.
  std::set<IpAddress> add(Claim claim);
  /// Takes nothing if another sandbox of that name has claimed since.
  std::set<IpAddress> remove(const std::string& pod, const std::string& uid);

  /// Of "namespace/name"; nullptr if there is none.
  const Claim* of(const std::string& pod) const;
  const Claim* on(const IpAddress& address) const;
  void addAddressesTo(std::set<IpAddress>& out) const;

 private:
  std::map<std::string, Claim> claims_;  ///< By "namespace/name".
  std::unordered_map<IpAddress, std::string, IpAddressHash> by_;
};

}  // namespace hitless::policy
