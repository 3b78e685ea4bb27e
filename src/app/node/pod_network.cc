#include "app/node/pod_network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "sys/container/fd.h"

namespace hitless::app {
namespace {

constexpr const char* kBridge = "cni0";

Status setSysctl(const std::string& name, const std::string& value) {
  const std::string path = "/proc/sys/net/ipv4/" + name;
  const sys::Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid() || ::write(fd.get(), value.data(), value.size()) < 0) {
    return tl::unexpected<Error>(osError("cannot set a sysctl").about(path));
  }
  return {};
}

struct Sysctl {
  const char* name;
  const char* value;
};

constexpr Sysctl kSysctls[] = {
    {"ip_forward", "1"},
    // Pods send everything to the gateway on purpose; it must not point them at each other.
    {"conf/all/send_redirects", "0"},
    {"conf/cni0/send_redirects", "0"},
    // Translated replies come from where the kernel did not send to.
    {"conf/all/rp_filter", "0"},
    {"conf/default/rp_filter", "0"},
    {"conf/cni0/rp_filter", "0"},
};

/// In the pod's namespace.
Status configurePod(const IpAddress& address, const IpAddress& gateway) {
  sys::Links links = TRY(sys::Links::open());
  TRY_VOID(links.setUp("lo"));
  TRY_VOID(links.addAddress("eth0", {address, 32}));
  TRY_VOID(links.setUp("eth0"));
  TRY_VOID(links.addLinkRoute({gateway, 32}, "eth0"));
  return links.addDefaultRoute(gateway);
}

}  // namespace

Result<PodNetwork> PodNetwork::create(const Cidr& podCidr) {
  PodNetwork network(podCidr, TRY(sys::Links::open()));
  sys::Links& links = network.links_;
  if (!TRY(links.exists(kBridge))) {
    TRY_VOID(links.addBridge(kBridge));
    TRY_VOID(links.addAddress(kBridge, network.pool_.gateway()));
  }
  TRY_VOID(links.setUp(kBridge));
  for (const Sysctl& sysctl : kSysctls) {
    TRY_VOID(setSysctl(sysctl.name, sysctl.value));
  }
  return network;
}

Result<IpAddress> PodNetwork::take(const std::string& podUid) {
  const IpAddress address = TRY(pool_.take());
  addresses_.insert_or_assign(podUid, address);
  return address;
}

Status PodNetwork::connect(const std::string& podUid, const sys::Sandbox& sandbox) {
  const std::string port = node::hostInterface(podUid);
  TRY_VOID(links_.addVeth(port, "eth0", sandbox.network()));
  TRY_VOID(links_.setMaster(port, kBridge, false));
  const IpAddress address = addresses_.at(podUid);
  const IpAddress gateway = pool_.gateway().address;
  return sandbox.enterNetwork([&] { return configurePod(address, gateway); });
}

Status PodNetwork::open(const std::string& podUid) {
  const std::string port = node::hostInterface(podUid);
  TRY_VOID(links_.setUp(port));
  // The pod's end gave the port its carrier, and the first port gave the bridge its own. Until the
  // kernel acts on that, which may take a second, the pod's first packets are dropped.
  TRY_VOID(links_.settle(port));
  return links_.settle(kBridge);
}

void PodNetwork::detach(const std::string& podUid) {
  const auto it = addresses_.find(podUid);
  if (it == addresses_.end()) {
    return;
  }
  // kNotFound: it has gone with the pod's namespace.
  (void)links_.remove(node::hostInterface(podUid));
  pool_.giveBack(it->second);
  addresses_.erase(it);
}

Status PodNetwork::setRoutes(const node::Routes& wanted) {
  const node::RouteChange change = node::routeChange(routes_, wanted);
  for (const Cidr& cidr : change.remove) {
    const Status removed = links_.removeRoute(cidr);
    if (!removed && removed.error().kind != ErrorKind::kNotFound) {
      return removed;
    }
    routes_.erase(cidr);
  }
  for (const auto& [cidr, gateway] : change.add) {
    const Status added = links_.addRoute(cidr, gateway);
    if (!added && added.error().kind != ErrorKind::kConflict) {
      return added;
    }
    routes_.insert_or_assign(cidr, gateway);
  }
  return {};
}

}  // namespace hitless::app
