#pragma once

#include <gtest/gtest.h>

#include <chrono>

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

/// A node of real namespaces that looks after the addresses of pods that go.
namespace hitless::app::departed_fixture {

using testing::Dual;
using testing::EndpointSpec;
using testing::Host;
using testing::kClusterIp;
using testing::kPodA;
using testing::kPodB;
using testing::kPodC;
using testing::Visit;

inline std::vector<IpAddress> machineAddresses() {
  auto monitor = sys::AddressMonitor::open();
  return monitor ? monitor->read().value_or(std::vector<IpAddress>{}) : std::vector<IpAddress>{};
}

/// A node with a ServicePlane and what looks after the addresses of pods that go.
class Place {
 public:
  explicit Place(IpFamily family, rules::DepartedTableOptions options = {})
      : family_(family), options_(options) {
    start();
  }

  /// An agent that has just started and has listed everything.
  void start() {
    if (departed_) {
      departed_->stop();
    }
    plane_.reset();
    departed_.emplace(DepartedPlane::Parts{io_, departedTable_, conntrack_, worker_, &packets_,
                                           &log_, machineAddresses},
                      "node-1", options_);
    plane_.emplace(serviceTable_,
                   PlaneOptions{.node = "node-1",
                                .pods = rules::podsIn({*Cidr::parse("10.244.0.0/16"),
                                                       *Cidr::parse("fd00:244::/32")})},
                   nullptr, &*departed_);
    departed_->onHappening = [this](const auto& what) { happenings.push_back(what); };
    departed_->onReleased = [this](std::size_t syns) { released += syns; };
    departed_->onReset = [this](std::size_t reset, std::size_t) { resets += reset; };
    departed_->start();
    list();
  }

  EndpointSpec endpoint(const Dual& pod, const std::string& name, bool terminating = false) const {
    EndpointSpec made{pod.text(family_), pod.host == Host::kOther ? "node-2" : "node-1"};
    made.ready = !terminating;
    made.terminating = terminating;
    made.pod = name;
    return made;
  }
  EndpointSpec named(const Dual& pod, const std::string& name, bool terminating = false) const {
    EndpointSpec made = endpoint(pod, name, terminating);
    made.hostname = name.substr(0, name.find('/'));
    return made;
  }

  /// The endpoints of Service `web`.
  static kube::ObjectPtr webSlice(const std::vector<EndpointSpec>& endpoints) {
    return testing::slice("web", endpoints, {{"http", "TCP", testing::kTcpPort}});
  }
  void web(const std::vector<EndpointSpec>& endpoints) { show(webSlice(endpoints)); }
  /// Of the headless Service `db`.
  void db(const std::vector<EndpointSpec>& endpoints) {
    show(testing::headless(testing::slice("db", endpoints)));
  }
  void show(const kube::ObjectPtr& slice) {
    tell(slice);
    sync();
  }
  /// The agent is told, and has other things to do.
  void tell(const kube::ObjectPtr& slice) {
    shown_[std::string(kube::text(*slice, {"metadata", "name"}))] = slice;
    plane_->applySlices(testing::upsert(slice, ++revision_));
  }
  void sync() { ASSERT_OK(plane_->sync(now)); }

  /// Lets timers and copies of packets come until `done()`.
  template <class Done>
  bool await(Done done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done() && std::chrono::steady_clock::now() < limit) {
      io_.restart();
      io_.run_for(std::chrono::milliseconds(5));
    }
    return done();
  }
  /// With which error a connection, or the attempt, ends; 0 if it does not.
  int ending(const sys::Fd& fd) {
    return await([&] { return testing::readable(fd.get(), 0, POLLIN | POLLHUP); }) ? errorOf(fd)
                                                                                   : 0;
  }
  static int errorOf(const sys::Fd& fd) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }

  Visit open(const Dual& from, const Dual& to, std::uint16_t port = testing::kTcpPort) {
    return visits_.tcp(from, to.in(family_), port);
  }
  std::string tcp(const Dual& from, const Dual& to) { return open(from, to).outcome; }
  std::string udp(const Dual& from, const Dual& to) {
    return visits_.udp(from, to.in(family_), testing::kUdpPort).outcome;
  }
  sys::Fd dial(const Dual& from, const Dual& to) {
    return network_.at(from.host, [&] {
      return testing::startConnecting(SOCK_STREAM, to.in(family_), testing::kTcpPort);
    });
  }
  bool connected(const sys::Fd& fd) {
    return testing::readable(fd.get(), 0, POLLOUT) && errorOf(fd) == 0;
  }

  /// The pods of node-2 fall silent, as when it loses power.
  void silence() const {
    network_.at(Host::kOther, [] {
      EXPECT_EQ(testing::outputOf("nft 'add table inet t; add chain inet t c { type filter hook "
                                  "prerouting priority -400; policy drop; }; add chain inet t o { "
                                  "type filter hook output priority -400; policy drop; }'"),
                "");
      return 0;
    });
  }

  MonoTime now{seconds(1000)};
  std::vector<departed::Happening> happenings;
  std::size_t released = 0;
  std::size_t resets = 0;
  ServicePlane& plane() { return *plane_; }

 private:
  void list() {
    std::vector<kube::ObjectPtr> own;
    for (const Dual& pod : {kPodA, kPodB, kPodC}) {
      own.push_back(testing::ownPod(fmt::format("{0}/{0}", pod.name), pod.text(family_)));
    }
    plane_->applyPods(testing::full(own));
    plane_->applyNodes(testing::full({}));
    plane_->applyServices(testing::full(
        {testing::service("db", "None"),
         testing::service("web", fmt::format("{},{}", kClusterIp.v4, kClusterIp.v6))}));
    std::vector<kube::ObjectPtr> slices;
    for (const auto& [name, slice] : shown_) {
      slices.push_back(slice);
    }
    plane_->applySlices(testing::full(slices));
  }

  IpFamily family_;
  rules::DepartedTableOptions options_;
  boost::asio::io_context io_;
  testing::ServiceNetwork network_;
  testing::Visits visits_{network_};
  sys::NftDataplane serviceTable_ = *sys::NftDataplane::open(std::string(rules::names::kTable));
  sys::NftDataplane departedTable_ =
      *sys::NftDataplane::open(std::string(rules::names::kDepartedTable));
  sys::Conntrack conntrack_ = *sys::Conntrack::open();
  sys::Conntrack allFlows_ = *sys::Conntrack::open();
  FlowWorker worker_{io_, allFlows_};
  sys::RawPackets packets_ = *sys::RawPackets::open(rules::DepartedTableOptions{}.untrackedMark);
  sys::PacketLog log_ = *sys::PacketLog::open(rules::DepartedTableOptions{}.logGroup);
  std::optional<DepartedPlane> departed_;
  std::optional<ServicePlane> plane_;
  std::map<std::string, kube::ObjectPtr> shown_;
  std::uint64_t revision_ = 1;
};

}  // namespace hitless::app::departed_fixture
