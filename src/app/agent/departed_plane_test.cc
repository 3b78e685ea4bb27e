#include "app/agent/departed_plane.h"

#include <gtest/gtest.h>

#include <chrono>

#include "app/agent/service_plane.h"
#include "core/nft/diff.h"
#include "core/rules/names.h"
#include "sys/netlink/address_monitor.h"
#include "sys/netlink/conntrack.h"
#include "sys/netlink/nft_dataplane.h"
#include "sys/netlink/raw_packets.h"
#include "testing/result.h"
#include "testing/service_node.h"
#include "testing/services.h"

/// What clients of a pod that goes see, in the kernel: clients are pods of this node and its own
/// processes.
namespace hitless::app {
namespace {

using testing::Dual;
using testing::EndpointSpec;
using testing::Host;
using testing::inNamespaces;
using testing::kClusterIp;
using testing::kNode;
using testing::kPodA;
using testing::kPodB;
using testing::kPodC;
using testing::kPodX;
using testing::kPodY;
using testing::Visit;

std::vector<IpAddress> machineAddresses() {
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

TEST(DepartedTable, WhatIsAppliedIsReadBack) {
  inNamespaces([] {
    auto dataplane = sys::NftDataplane::open(std::string(rules::names::kDepartedTable));
    ASSERT_OK(dataplane);
    departed::Directions directions;
    const IpAddress ip = kPodX.in(IpFamily::kV4);
    directions.gone = directions.parked = {ip, kPodX.in(IpFamily::kV6)};
    directions.forwarded[ip] = kPodY.in(IpFamily::kV4);
    directions.names[ip] = "default/db-0 in db";
    const nft::Ruleset wanted = rules::departedTable(directions, {});
    ASSERT_OK(dataplane->apply(nft::diff({}, wanted)));
    EXPECT_TRUE(dataplane->read() == wanted);
    EXPECT_NE(testing::outputOf("nft list table inet hitless-departed")
                  .find("dnat ip to ip daddr map @forwarded-v4"),
              std::string::npos);
  });
}

class DepartedAddresses : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, DepartedAddresses, testing::kBothFamilies, testing::familyName);

TEST_P(DepartedAddresses, OfADeadPodRefuseNewConnections) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1")});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-x:8080 sees pod-a");
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-x:8080 sees pod-a");  // It drains.
    place.silence();
    place.web({});
    for (const Dual& client : {kPodA, kNode}) {
      EXPECT_EQ(place.tcp(client, kPodX), "refused");
      EXPECT_EQ(place.udp(client, kPodX), "refused");
    }
  });
}

TEST_P(DepartedAddresses, OfAPodWhoseEndIsLearntTogetherWithItsTermination) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1")});
    place.silence();
    place.tell(Place::webSlice({place.endpoint(kPodX, "web-1/1", true)}));
    place.web({});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "refused");
  });
}

TEST_P(DepartedAddresses, OfADeadPodEndTheConnectionsThatWaitForIt) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1")});
    const Visit pod = place.open(kPodA, kClusterIp, 80);
    const Visit direct = place.open(kPodA, kPodX);
    const Visit node = place.open(kNode, kClusterIp, 80);
    EXPECT_EQ(pod.endpoint + direct.endpoint + node.endpoint, "pod-xpod-xpod-x");
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    place.silence();
    place.web({});
    for (const Visit* visit : {&pod, &direct, &node}) {
      EXPECT_EQ(place.ending(visit->client), ECONNRESET);
    }
    EXPECT_GE(place.resets, 3U);
  });
}

TEST_P(DepartedAddresses, OfAPodThatIsNotReadyOrNotSelectedAreLeftAlone) {
  inNamespaces([] {
    Place place(GetParam());
    EndpointSpec unready = place.endpoint(kPodX, "web-1/1");
    place.web({unready});
    const Visit visit = place.open(kPodA, kClusterIp, 80);
    unready.ready = unready.serving = false;
    place.web({unready});
    place.web({});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-x:8080 sees pod-a");
    EXPECT_EQ(::send(visit.client.get(), "x", 1, MSG_NOSIGNAL), 1);
    EXPECT_TRUE(testing::readable(visit.server.get()));
  });
}

TEST_P(DepartedAddresses, AreServedAtOnceWhenAnotherPodHasThem) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1")});
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    place.web({});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "refused");
    place.web({place.endpoint(kPodX, "web-2/2")});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-x:8080 sees pod-a");
    // A pod of this node that is no endpoint of anything.
    place.web({place.endpoint(kPodX, "web-2/2"), place.endpoint(kPodB, "pod-b/pod-b", true)});
    const std::string podB = kPodB.text(GetParam());
    place.plane().applyPods(testing::erased(testing::ownPod("pod-b/pod-b", podB), 5));
    place.sync();
    EXPECT_EQ(place.tcp(kPodA, kPodB), "refused");
    place.plane().applyPods(testing::upsert(testing::ownPod("job/7", podB), 6));
    place.sync();
    EXPECT_EQ(place.tcp(kPodA, kPodB), "pod-b:8080 sees pod-a");
  });
}

TEST_P(DepartedAddresses, ThatDialOutGetTheirAnswers) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    place.web({});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "refused");
    const auto from = Dual{"pod-x", kPodX.v4, kPodX.v6, Host::kOther, false};
    EXPECT_EQ(place.tcp(from, kPodA), "pod-a:8080 sees pod-x");
  });
}

TEST_P(DepartedAddresses, OfANameLeadToItsNextPod) {
  inNamespaces([] {
    Place place(GetParam());
    place.db({place.named(kPodX, "db-0/1")});
    place.db({place.named(kPodX, "db-0/1", true)});
    place.db({place.named(kPodY, "db-0/2")});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-y:8080 sees pod-a");
    EXPECT_EQ(place.tcp(kNode, kPodX), "pod-y:8080 sees node");
    EXPECT_EQ(place.udp(kPodA, kPodX), "pod-y:5353 sees pod-a");
    // A second restart: both old addresses lead to the third pod, which is on this node.
    place.db({place.named(kPodY, "db-0/2", true)});
    place.db({place.named(kPodB, "pod-b/pod-b"), place.named(kPodC, "db-0/pod-c")});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-c:8080 sees pod-a");
    EXPECT_EQ(place.tcp(kPodA, kPodY), "pod-c:8080 sees pod-a");
    place.now += seconds(121);
    place.sync();
    EXPECT_EQ(place.tcp(kPodA, kPodY), "pod-y:8080 sees pod-a");
  });
}

TEST_P(DepartedAddresses, OfANameKeepConnectionsWaitingForItsNextPod) {
  inNamespaces([] {
    Place place(GetParam());
    place.db({place.named(kPodX, "db-0/1")});
    place.db({place.named(kPodX, "db-0/1", true)});
    const sys::Fd early = place.dial(kPodA, kPodX);
    place.db({});
    const sys::Fd pod = place.dial(kPodA, kPodX);
    const sys::Fd node = place.dial(kNode, kPodX);
    EXPECT_EQ(place.tcp(kPodA, kPodX), "no answer");
    place.db({place.named(kPodY, "db-0/2")});
    EXPECT_TRUE(place.await(
        [&] { return place.connected(early) && place.connected(pod) && place.connected(node); }));
    EXPECT_EQ(place.released, 4U);
  });
}

TEST_P(DepartedAddresses, WaitNoLongerThanTheyMay) {
  inNamespaces([] {
    Place place(GetParam());
    place.db({place.named(kPodX, "db-0/1")});
    place.db({place.named(kPodX, "db-0/1", true)});
    place.db({});
    const sys::Fd pod = place.dial(kPodA, kPodX);
    const sys::Fd node = place.dial(kNode, kPodX);
    EXPECT_EQ(place.plane().deadline(), place.now + seconds(10));
    place.now += seconds(10);
    place.sync();
    EXPECT_EQ(place.ending(pod), ECONNREFUSED);
    EXPECT_EQ(place.ending(node), ECONNREFUSED);
  });
}

TEST_P(DepartedAddresses, AreForgottenByTheKernelAlone) {
  inNamespaces([] {
    rules::DepartedTableOptions options;
    options.times = {.park = {}, .forward = {}, .tombstone = milliseconds(1)};
    options.margin = milliseconds(100);
    Place place(GetParam(), options);
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    place.web({});
    // From here on no agent does anything.
    EXPECT_TRUE(place.await([&] { return place.tcp(kPodA, kPodX) == "pod-x:8080 sees pod-a"; }));
  });
}

TEST_P(DepartedAddresses, AreKnownToTheAgentThatComesNext) {
  inNamespaces([] {
    Place place(GetParam());
    place.db({place.named(kPodX, "db-0/1", true)});
    place.db({});
    place.start();
    place.sync();
    const sys::Fd pod = place.dial(kPodA, kPodX);
    EXPECT_FALSE(testing::readable(pod.get(), 50, POLLOUT));
    place.db({place.named(kPodY, "db-0/2")});
    EXPECT_TRUE(place.await([&] { return place.connected(pod); }));
  });
}

TEST_P(DepartedAddresses, AreRestoredAfterAForeignHand) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    place.web({});
    EXPECT_EQ(testing::outputOf("nft flush ruleset"), "");
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-x:8080 sees pod-a");
    place.plane().distrust();
    place.sync();
    EXPECT_EQ(place.tcp(kPodA, kPodX), "refused");
  });
}

}  // namespace
}  // namespace hitless::app
