#include "sys/netlink/link.h"

#include <fmt/format.h>
#include <linux/netlink.h>

#include "core/netlink/link_codec.h"
#include "sys/netlink/socket.h"

namespace hitless::sys {

class Links::Impl {
 public:
  explicit Impl(NetlinkSocket socket) : socket_(std::move(socket)) {}

  std::uint32_t sequence() { return socket_.nextSequence(); }
  Status request(const netlink::Bytes& message, const std::string& what) {
    return socket_.request(message, what);
  }
  Result<std::uint32_t> index(const std::string& name) {
    std::uint32_t found = 0;
    const auto message = netlink::getLink(name, sequence());
    TRY_VOID(socket_.request(message, fmt::format("look up interface {}", name),
                             [&](const netlink::Message& answer) {
                               found = netlink::linkIndexOf(answer);
                               return Status{};
                             }));
    return found;
  }

 private:
  NetlinkSocket socket_;
};

Links::Links(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Links::Links(Links&&) noexcept = default;
Links& Links::operator=(Links&&) noexcept = default;
Links::~Links() = default;

Result<Links> Links::open() {
  return Links(std::make_unique<Impl>(TRY(NetlinkSocket::open(NETLINK_ROUTE))));
}

Status Links::addBridge(const std::string& name) {
  return impl_->request(netlink::newBridge(name, impl_->sequence()),
                        fmt::format("add bridge {}", name));
}

Status Links::addVeth(const std::string& name, const std::string& peer, int peerNetns) {
  return impl_->request(netlink::newVeth(name, peer, peerNetns, impl_->sequence()),
                        fmt::format("add veth pair {}/{}", name, peer));
}

Status Links::setUp(const std::string& name) {
  TRY_VOID(impl_->request(netlink::setLinkUp(name, impl_->sequence()),
                          fmt::format("set interface {} up", name)));
  return settle(name);
}

Status Links::setDown(const std::string& name) {
  TRY_VOID(impl_->request(netlink::setLinkDown(name, impl_->sequence()),
                          fmt::format("set interface {} down", name)));
  return settle(name);
}

Status Links::settle(const std::string& name) {
  return impl_->index(name).map([](std::uint32_t) {});
}

Status Links::setMaster(const std::string& name, const std::string& bridge, bool hairpin) {
  const std::uint32_t master = TRY(impl_->index(bridge));
  TRY_VOID(impl_->request(netlink::setLinkMaster(name, master, impl_->sequence()),
                          fmt::format("make {} a port of bridge {}", name, bridge)));
  const std::uint32_t port = TRY(impl_->index(name));
  return impl_->request(netlink::setPortHairpin(port, hairpin, impl_->sequence()),
                        fmt::format("set hairpin mode of bridge port {}", name));
}

Status Links::addAddress(const std::string& name, const Cidr& address) {
  const std::uint32_t index = TRY(impl_->index(name));
  return impl_->request(netlink::newAddress(index, address, impl_->sequence()),
                        fmt::format("add address {} to {}", address.text(), name));
}

Status Links::addRoute(const Cidr& destination, const IpAddress& gateway) {
  return impl_->request(netlink::newRoute({destination, &gateway, 0}, impl_->sequence()),
                        fmt::format("add route {} via {}", destination.text(), gateway.text()));
}

Status Links::addLinkRoute(const Cidr& destination, const std::string& device) {
  const std::uint32_t index = TRY(impl_->index(device));
  return impl_->request(netlink::newRoute({destination, nullptr, index}, impl_->sequence()),
                        fmt::format("add route {} through {}", destination.text(), device));
}

Status Links::addDefaultRoute(const IpAddress& gateway) {
  const IpAddress any = gateway.isV4() ? IpAddress{} : IpAddress::v6({});
  return addRoute(Cidr{any, 0}, gateway);
}

Status Links::removeRoute(const Cidr& destination) {
  return impl_->request(netlink::deleteRoute(destination, impl_->sequence()),
                        fmt::format("remove route {}", destination.text()));
}

Status Links::remove(const std::string& name) {
  auto removed = impl_->request(netlink::deleteLink(name, impl_->sequence()),
                                fmt::format("remove interface {}", name));
  if (!removed && removed.error().osError == ENODEV) {
    removed.error().kind = ErrorKind::kNotFound;
  }
  return removed;
}

Result<bool> Links::exists(const std::string& name) {
  const auto index = impl_->index(name);
  if (!index && index.error().osError == ENODEV) {
    return false;
  }
  return index.map([](std::uint32_t value) { return value != 0; });
}

}  // namespace hitless::sys
