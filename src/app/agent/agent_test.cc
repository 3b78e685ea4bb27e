#include "app/agent/agent.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include "core/nft/memory_dataplane.h"
#include "core/rules/names.h"
#include "sys/clock/real_clock.h"
#include "sys/http/client.h"

namespace hitless::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// An API server without WatchList that answers lists from a table and keeps watches open until
/// told otherwise.
class FakeApi : public sys::KubeClient {
 public:
  explicit FakeApi(boost::asio::io_context& io) : io_(io) {}

  std::map<std::string, std::vector<std::string>> objects;  ///< plural -> items
  std::vector<std::string> posted;
  int revision = 1;

  void send(Request request, Done done) override {
    const std::string plural = pluralOf(request.target);
    std::string body = "{}";
    if (request.method == "POST") {
      posted.push_back(request.body);
    } else {
      body = fmt::format(R"({{"metadata":{{"resourceVersion":"{}"}},"items":[{}]}})", revision,
                         fmt::join(objects[plural], ","));
    }
    const bool answer = !unavailable.contains(plural);
    boost::asio::post(io_, [done, body, answer] {
      answer ? done(sys::HttpResponse{200, body}) : done(fail(ErrorKind::kUnavailable, "not yet"));
    });
  }

  std::unique_ptr<Stream> stream(std::string target, nanoseconds, OnLine line, OnEnd end) override {
    if (target.find("sendInitialEvents") != std::string::npos) {
      boost::asio::post(io_, [end] { end(sys::HttpResponse{422, "{}"}); });
      return std::make_unique<Stream>();
    }
    const std::string plural = pluralOf(target);
    lines_[plural].push_back(std::move(line));
    return std::make_unique<Stream>();
  }

  void push(const std::string& plural, const std::string& type, const std::string& object) {
    for (const OnLine& line : lines_[plural]) {
      line(fmt::format(R"({{"type":"{}","object":{}}})", type, object));
    }
  }

  std::set<std::string> unavailable;

 private:
  static std::string pluralOf(const std::string& target) {
    const std::string path = target.substr(0, target.find('?'));
    return path.substr(path.rfind('/') + 1);
  }

  boost::asio::io_context& io_;
  std::map<std::string, std::vector<OnLine>> lines_;
};

class NothingUntaken : public drain::UntakenConnections {
 public:
  std::optional<std::size_t> count(const IpAddress&) override { return 0; }
};

class NoFlows : public conntrack::FlowTable {
 public:
  Result<std::vector<conntrack::Flow>> dump() override { return std::vector<conntrack::Flow>{}; }
  Result<std::optional<conntrack::Flow>> find(const conntrack::Tuple&) override {
    return std::nullopt;
  }
  Status remove(const conntrack::Flow&) override { return {}; }
  Status clearLabel(const conntrack::Flow&, unsigned) override { return {}; }
};

class Recorder : public timeline::Sink {
 public:
  void record(const timeline::Event& event) override { events.push_back(event); }
  std::vector<timeline::Event> events;
  std::size_t count(timeline::What what) const {
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [&](const auto& event) { return event.what == what; }));
  }
};

std::string node(const std::string& name, const std::string& ip) {
  return fmt::format(
      R"({{"metadata":{{"name":"{}","resourceVersion":"1"}},"spec":{{"podCIDRs":["10.1.1.0/24"]}},
    "status":{{"addresses":[{{"type":"InternalIP","address":"{}"}}],
    "conditions":[{{"type":"Ready","status":"True"}}]}}}})",
      name, ip);
}
const std::string kService =
    R"({"metadata":{"namespace":"default","name":"web","resourceVersion":"1"},
  "spec":{"type":"ClusterIP","clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"],"selector":{"app":"web"},
  "ports":[{"port":80,"targetPort":8080,"protocol":"TCP"}]}})";
std::string slice(int revision, bool terminating) {
  return fmt::format(
      R"({{"metadata":{{"namespace":"default","name":"web-x","resourceVersion":"{}","labels":{{
    "kubernetes.io/service-name":"web","endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io"}}}},
    "addressType":"IPv4","ports":[{{"port":8080,"protocol":"TCP","name":""}}],
    "endpoints":[{{"addresses":["10.1.1.5"],"nodeName":"n1","targetRef":{{"kind":"Pod","uid":"u1"}},
    "conditions":{{"ready":{},"serving":true,"terminating":{}}}}}]}})",
      revision, !terminating, terminating);
}
std::string pod(int revision, bool deleted) {
  return fmt::format(
      R"({{"metadata":{{"namespace":"default","name":"web-1","uid":"u1","resourceVersion":"{}",
    "labels":{{"app":"web"}},"annotations":{{"hitless.io/gate":"g1"}}{}}},
    "status":{{"podIP":"10.1.1.5","conditions":[{{"type":"Ready","status":"True"}}]}}}})",
      revision,
      deleted ? R"(,"deletionTimestamp":"2026-11-21T00:00:30Z","deletionGracePeriodSeconds":30)"
              : "");
}

std::uint16_t freePort() {
  const int fd = *sys::listenTcp("127.0.0.1", 0);
  const std::uint16_t port = *sys::boundPort(fd);
  ::close(fd);
  return port;
}

/// One agent over a fake API server and an in-memory data plane, with real HTTP on loopback.
struct Node {
  Node(boost::asio::io_context& io, const std::string& name, const std::string& bind,
       std::uint16_t port)
      : api(io),
        worker(io, flows),
        plane(kernel, {name}),
        agent({io, api, clock, rng, timeline, plane, flows, worker, untaken},
              options(name, bind, port)) {}

  static AgentOptions options(const std::string& name, const std::string& bind,
                              std::uint16_t port) {
    AgentOptions out;
    out.nodeName = name;
    out.port = port;
    out.bind = {bind};
    return out;
  }

  FakeApi api;
  sys::RealClock clock;
  sys::RealRng rng;
  Recorder timeline;
  nft::MemoryDataplane kernel{std::string(rules::names::kTable)};
  NoFlows flows;
  FlowWorker worker;
  NothingUntaken untaken;
  ServicePlane plane;
  Agent agent;
};

struct AgentTest : ::testing::Test {
  boost::asio::io_context io;
  std::uint16_t port = freePort();
  Node first{io, "n1", "127.0.0.2", port};

  void fill(Node& node_) {
    node_.api.objects["services"] = {kService};
    node_.api.objects["endpointslices"] = {slice(10, false)};
    node_.api.objects["nodes"] = {node("n1", "127.0.0.2"), node("n2", "127.0.0.3")};
    node_.api.objects["pods"] = {pod(9, false)};
    node_.api.revision = 10;
  }

  template <class Condition>
  bool runUntil(Condition condition, nanoseconds limit = seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io.run_for(milliseconds(5));
    }
    return condition();
  }

  struct Answer {
    std::optional<Result<sys::HttpResponse>> got;
  };
  std::shared_ptr<Answer> get(const std::string& target, const std::string& host = "127.0.0.2") {
    auto answer = std::make_shared<Answer>();
    sys::PlainRequest request;
    request.host = host;
    request.port = port;
    request.target = target;
    request.timeout = seconds(30);
    sys::sendPlain(io, std::move(request), [answer](Result<sys::HttpResponse> response) {
      answer->got = std::move(response);
    });
    return answer;
  }
  std::string body(const std::string& target, const std::string& host = "127.0.0.2") {
    const auto answer = get(target, host);
    EXPECT_TRUE(runUntil([&] { return answer->got.has_value(); }));
    return answer->got && *answer->got ? (*answer->got)->body : "";
  }
  std::uint64_t watermark(const std::string& host) {
    const auto parsed = kube::parseJson(body("/v1/watermark", host));
    return parsed ? static_cast<std::uint64_t>(kube::integer(parsed->as_object(), {"watermark"}))
                  : 0;
  }
};

TEST_F(AgentTest, WritesNothingUntilEverythingHasSynced) {
  fill(first);
  first.api.unavailable = {"endpointslices"};
  first.agent.start();
  EXPECT_THAT(body("/readyz"), HasSubstr("\"healthy\":false"));
  EXPECT_THAT(body("/livez"), HasSubstr("\"healthy\":true"));
  EXPECT_TRUE(first.kernel.ruleset() == nft::Ruleset{});
  EXPECT_THAT(body("/v1/watermark"), HasSubstr("\"synced\":false"));
  first.api.unavailable.clear();
  EXPECT_TRUE(runUntil([&] { return watermark("127.0.0.2") == 10; }));
  EXPECT_FALSE(first.kernel.ruleset() == nft::Ruleset{});
  EXPECT_EQ(first.timeline.count(timeline::What::kRulesCommitted), 1U);
  EXPECT_THAT(body("/readyz"), HasSubstr("\"healthy\":true"));
}

TEST_F(AgentTest, MovesTheWatermarkWithCommitsAndBookmarks) {
  fill(first);
  first.agent.start();
  ASSERT_TRUE(runUntil([&] { return watermark("127.0.0.2") == 10; }));
  const auto poll = get("/v1/watermark?at-least=14&wait=20s");
  io.run_for(milliseconds(20));
  EXPECT_FALSE(poll->got);
  first.api.push("endpointslices", "MODIFIED", slice(12, true));
  EXPECT_TRUE(runUntil([&] { return watermark("127.0.0.2") == 12; }));
  EXPECT_FALSE(poll->got);
  first.api.push("endpointslices", "BOOKMARK", R"({"metadata":{"resourceVersion":"15"}})");
  ASSERT_TRUE(runUntil([&] { return poll->got.has_value(); }));
  EXPECT_THAT((*poll->got)->body, HasSubstr("\"watermark\":15"));
  EXPECT_THAT(body("/v1/watermark?at-least=99&wait=30ms"), HasSubstr("\"watermark\":15"));
  EXPECT_THAT(body("/v1/watermark?at-least=x"), HasSubstr("resourceVersion"));
  EXPECT_THAT(body("/metrics"), HasSubstr("hitless_watermark 15\n"));
}

TEST_F(AgentTest, KeepsTheWatermarkWhileTheKernelRefuses) {
  fill(first);
  first.agent.start();
  ASSERT_TRUE(runUntil([&] { return watermark("127.0.0.2") == 10; }));
  first.kernel.refuseNext(ENOMEM);
  first.api.push("endpointslices", "DELETED", slice(12, false));
  ASSERT_TRUE(runUntil([&] { return first.agent.metrics().syncFailures == 1; }));
  EXPECT_EQ(first.agent.metrics().watermark, 10U);
  first.api.push("endpointslices", "BOOKMARK", R"({"metadata":{"resourceVersion":"15"}})");
  EXPECT_EQ(first.agent.metrics().watermark, 10U);
  ASSERT_TRUE(runUntil([&] { return first.agent.metrics().watermark == 15; }));
  EXPECT_EQ(first.agent.metrics().fullSyncs, 2U) << "trust was lost";
}

TEST_F(AgentTest, IsUnhealthyWhileAChangeWaitsTooLong) {
  Node node_{io, "n1", "127.0.0.9", port};
  AgentOptions options = Node::options("n1", "127.0.0.9", port);
  options.syncPeriod = milliseconds(5);
  Agent agent({io, node_.api, node_.clock, node_.rng, node_.timeline, node_.plane, node_.flows,
               node_.worker, node_.untaken},
              options);
  fill(node_);
  agent.start();
  const auto statusOf = [&](const std::string& path) {
    const auto answer = get(path, "127.0.0.9");
    runUntil([&] { return answer->got.has_value(); });
    return answer->got && *answer->got ? (*answer->got)->status : 0;
  };
  ASSERT_TRUE(runUntil([&] { return statusOf("/readyz") == 200; }));
  node_.kernel.refuseNext(ENOMEM);
  node_.api.push("endpointslices", "DELETED", slice(12, false));
  EXPECT_TRUE(runUntil([&] {
    node_.kernel.refuseNext(ENOMEM);
    return statusOf("/livez") == 503;
  }));
  EXPECT_GE(agent.metrics().livezAnswers.at(503), 1U);
  EXPECT_EQ(agent.metrics().endpointChangesPending, 1U);
  EXPECT_TRUE(runUntil([&] { return statusOf("/healthz") == 200; })) << "it has recovered";
  EXPECT_EQ(agent.metrics().endpointChangesPending, 0U);
  agent.stop();
}

TEST_F(AgentTest, HoldsAHookUntilThePeerHasRemovedTheEndpoint) {
  Node second{io, "n2", "127.0.0.3", port};
  fill(first);
  fill(second);
  first.agent.start();
  second.agent.start();
  ASSERT_TRUE(
      runUntil([&] { return watermark("127.0.0.2") == 10 && watermark("127.0.0.3") == 10; }));

  const auto hook = get("/v1/gate/g1");
  first.api.push("pods", "MODIFIED", pod(11, true));
  first.api.push("endpointslices", "MODIFIED", slice(12, true));
  ASSERT_TRUE(runUntil([&] { return first.timeline.count(timeline::What::kGateHeld) == 1; }));
  ASSERT_TRUE(runUntil([&] { return watermark("127.0.0.2") == 12; }));
  EXPECT_FALSE(hook->got) << "the peer still sends to the pod";
  EXPECT_THAT(body("/metrics"), HasSubstr("hitless_gates_held 1\n"));

  second.api.push("endpointslices", "MODIFIED", slice(12, true));
  ASSERT_TRUE(runUntil([&] { return hook->got.has_value(); }));
  EXPECT_EQ((*hook->got)->status, 200);
  EXPECT_THAT((*hook->got)->body, HasSubstr("2 of 2 nodes removed the endpoint (revision 12)"));
  EXPECT_EQ(first.timeline.count(timeline::What::kGatePassed), 1U);
  ASSERT_EQ(first.api.posted.size(), 1U);
  EXPECT_THAT(first.api.posted[0], HasSubstr("\"reason\":\"GatePassed\""));
  EXPECT_THAT(body("/metrics"),
              HasSubstr("hitless_gate_wait_seconds_count{reason=\"Acknowledged\"} 1\n"));
}

TEST_F(AgentTest, AsksAPeerAgainThatWasAway) {
  fill(first);
  first.agent.start();
  ASSERT_TRUE(runUntil([&] { return watermark("127.0.0.2") == 10; }));
  const auto hook = get("/v1/gate/g1");
  first.api.push("pods", "MODIFIED", pod(11, true));
  first.api.push("endpointslices", "MODIFIED", slice(12, true));
  ASSERT_TRUE(runUntil([&] { return first.timeline.count(timeline::What::kGateHeld) == 1; }));

  Node second{io, "n2", "127.0.0.3", port};
  fill(second);
  second.api.objects["endpointslices"] = {slice(12, true)};
  second.api.revision = 13;
  second.agent.start();
  ASSERT_TRUE(runUntil([&] { return hook->got.has_value(); }));
  EXPECT_THAT((*hook->got)->body, HasSubstr("2 of 2 nodes"));
}

TEST_F(AgentTest, ListensOnTheNodesOwnAddresses) {
  Node node_{io, "n1", "127.0.0.9", port};
  AgentOptions options = Node::options("n1", "", port);
  options.bind.clear();
  Agent agent({io, node_.api, node_.clock, node_.rng, node_.timeline, node_.plane, node_.flows,
               node_.worker, node_.untaken},
              options);
  fill(node_);
  agent.start();
  EXPECT_TRUE(runUntil([&] { return body("/livez") != ""; }));
  EXPECT_THAT(body("/nothing"), HasSubstr("there is nothing at /nothing"));
  EXPECT_THAT(body("/v1/gate/"), HasSubstr("there is nothing"));
  agent.stop();
}

}  // namespace
}  // namespace hitless::app
