#pragma once

#include <chrono>
#include <optional>

#include "app/agent/departed_plane.h"
#include "app/agent/service_plane.h"
#include "core/rules/names.h"
#include "sys/netlink/address_monitor.h"
#include "sys/netlink/conntrack.h"
#include "sys/netlink/nft_dataplane.h"
#include "sys/netlink/raw_packets.h"
#include "testing/result.h"
#include "testing/service_node.h"
#include "testing/services.h"
#include "testing/tcp_watch.h"

/// Two nodes with the rules of an agent each, one of which may be late.
namespace hitless::app {

using testing::Dual;
using testing::EndpointSpec;
using testing::Host;
using testing::kClusterIp;
using testing::kPodA;
using testing::kPodB;
using testing::kPodC;
using testing::kPodX;
using testing::kPodY;
using testing::TcpWatch;
using testing::Visit;

inline std::vector<IpAddress> machineAddresses() {
  auto monitor = sys::AddressMonitor::open();
  return monitor ? monitor->read().value_or(std::vector<IpAddress>{}) : std::vector<IpAddress>{};
}

/// An agent's planes on a node, in whose network namespace it is made.
class NodeRules {
 public:
  NodeRules(boost::asio::io_context& io, std::string node, IpFamily family, std::vector<Dual> pods,
            rules::DepartedTableOptions options)
      : family_(family), pods_(std::move(pods)), worker_(io, allFlows_) {
    departed_.emplace(DepartedPlane::Parts{io, departedTable_, conntrack_, worker_, &packets_,
                                           nullptr, machineAddresses},
                      node, options);
    departed_->onReset = [this](std::size_t reset, std::size_t) { resets += reset; };
    plane_.emplace(serviceTable_,
                   PlaneOptions{.node = std::move(node),
                                .pods = rules::podsIn({*Cidr::parse("10.244.0.0/16"),
                                                       *Cidr::parse("fd00:244::/32")})},
                   nullptr, &*departed_);
    std::vector<kube::ObjectPtr> own;
    for (const Dual& pod : pods_) {
      own.push_back(object(pod));
    }
    plane_->applyPods(testing::full(own));
    plane_->applyNodes(testing::full({}));
    plane_->applyServices(testing::full(
        {testing::service("web", fmt::format("{},{}", kClusterIp.v4, kClusterIp.v6))}));
    plane_->applySlices(testing::full({}));
  }
  ~NodeRules() { departed_->stop(); }
  NodeRules(const NodeRules&) = delete;
  NodeRules& operator=(const NodeRules&) = delete;

  void show(const kube::ObjectPtr& slice) {
    plane_->applySlices(testing::upsert(slice, ++revision_));
    sync();
  }
  void erase(const Dual& pod) {
    plane_->applyPods(testing::erased(object(pod), ++revision_));
    sync();
  }
  void sync() { ASSERT_OK(plane_->sync(now)); }
  std::optional<MonoTime> deadline() const { return plane_->deadline(); }

  MonoTime now{seconds(1000)};
  std::size_t resets = 0;

 private:
  kube::ObjectPtr object(const Dual& pod) const {
    return testing::ownPod(fmt::format("{0}/{0}", pod.name), pod.text(family_));
  }

  IpFamily family_;
  std::vector<Dual> pods_;
  sys::NftDataplane serviceTable_ = *sys::NftDataplane::open(std::string(rules::names::kTable));
  sys::NftDataplane departedTable_ =
      *sys::NftDataplane::open(std::string(rules::names::kDepartedTable));
  sys::Conntrack conntrack_ = *sys::Conntrack::open();
  sys::Conntrack allFlows_ = *sys::Conntrack::open();  ///< Of the worker's thread.
  FlowWorker worker_;
  sys::RawPackets packets_ = *sys::RawPackets::open(rules::DepartedTableOptions{}.untrackedMark);
  std::optional<DepartedPlane> departed_;
  std::optional<ServicePlane> plane_;
  std::uint64_t revision_ = 1;
};

/// Both nodes of a ServiceNetwork, each with an agent.
class TwoNodes {
 public:
  explicit TwoNodes(IpFamily family, rules::DepartedTableOptions options = {}) : family_(family) {
    start(options);
    network_.at(Host::kOther, [&] {
      for (const char* version : {"ipv4", "ipv6"}) {
        EXPECT_TRUE(testing::writeProcFile(
            fmt::format("/proc/sys/net/{}/conf/all/forwarding", version).c_str(), "1"));
      }
      other.emplace(io_, "node-2", family, std::vector{kPodX, kPodY}, options);
      return 0;
    });
  }
  /// An agent of node-1 that has just started.
  void start(rules::DepartedTableOptions options = {}) {
    node.emplace(io_, "node-1", family_, std::vector{kPodA, kPodB, kPodC}, options);
  }

  EndpointSpec at(const Dual& pod) const {
    EndpointSpec made{pod.text(family_), pod.host == Host::kOther ? "node-2" : "node-1"};
    made.pod = fmt::format("{0}/{0}", pod.name);
    return made;
  }
  EndpointSpec going(const Dual& pod) const {
    EndpointSpec made = at(pod);
    made.ready = false;
    made.terminating = true;
    return made;
  }
  static kube::ObjectPtr web(const std::vector<EndpointSpec>& endpoints) {
    return testing::slice("web", endpoints, {{"http", "TCP", testing::kTcpPort}});
  }
  void both(const std::vector<EndpointSpec>& endpoints) {
    node->show(web(endpoints));
    other->show(web(endpoints));
  }

  Visit open(const Dual& from, const Dual& to, std::uint16_t port = testing::kTcpPort) {
    return visits_.tcp(from, to.in(family_), port);
  }
  /// Through the Service.
  Visit call(const Dual& from) { return open(from, kClusterIp, 80); }
  std::string service(const Dual& from) { return call(from).outcome; }
  std::string tcp(const Dual& from, const Dual& to) { return open(from, to).outcome; }

  sys::Fd dial(const Dual& from) {
    return network_.at(from.host, [&] {
      return testing::startConnecting(SOCK_STREAM, kClusterIp.in(family_), 80);
    });
  }
  static bool alive(const Visit& visit) {
    std::array<char, 2> bytes{};
    return ::send(visit.client.get(), "x", 1, MSG_NOSIGNAL) == 1 &&
           testing::readable(visit.server.get()) &&
           ::recv(visit.server.get(), bytes.data(), bytes.size(), 0) == 1;
  }
  int ending(const Visit& visit) {
    const int fd = visit.client.get();
    EXPECT_TRUE(await([&] { return testing::readable(fd, 0, POLLIN | POLLHUP); }));
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }
  template <class Done>
  bool await(Done done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done() && std::chrono::steady_clock::now() < limit) {
      io_.restart();
      io_.run_for(std::chrono::milliseconds(5));
    }
    return done();
  }
  template <class Body>
  auto at(Host host, Body body) const {
    return network_.at(host, body);
  }
  TcpWatch watch(Host host, const char* interface) const {
    return at(host, [&] { return TcpWatch(interface); });
  }

 private:
  IpFamily family_;
  boost::asio::io_context io_;
  testing::ServiceNetwork network_;
  testing::Visits visits_{network_};

 public:
  std::optional<NodeRules> node;   ///< Of node-1.
  std::optional<NodeRules> other;  ///< Of node-2.
};

}  // namespace hitless::app
